"""Tracks: results stand in one table only if they were played alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from smartplay.cards.card import GameCard
from smartplay.core import printable
from smartplay.games.registry import cards, get_card
from smartplay.records import GameHeader, RunHeader

PROTOCOL = 40
"""The most characters of a protocol's name."""


class Track(msgspec.Struct, frozen=True, kw_only=True):
    """How runs were played; all that may move a score besides the agent.

    Attributes:
        games: The games, `core` for the headline tasks.
        steps: Step limits, where they are not the cards'.
        episodes: Episodes per game, where there are fewer than the cards say.
        engine: Engines, where they are not the shipped ones.
        observation: What the agent was shown: `text`, `image` or `both`.
        settings: Other settings of games that are not the cards'.
        seed: The suite seed; runs are compared on the same episodes.
        protocol: How a language model was asked; empty for agents that ask none.
        repeats: How often each episode was played.
    """

    games: str
    steps: str
    episodes: str
    engine: str
    observation: str
    settings: str
    seed: int
    protocol: str
    repeats: int = 1

    @property
    def is_standard(self) -> bool:
        """Whether the headline tasks were played in full, as the cards have them."""
        changed = (self.steps, self.episodes, self.engine, self.settings)
        return self.games == "core" and not any(changed) and (self.seed, self.repeats) == (0, 1)

    @property
    def title(self) -> str:
        """A name for people."""
        games = "Core games" if self.games == "core" else self.games
        kind = "played in full" if not (self.steps or self.episodes) else "shortened"
        seen = {"text": "from text", "image": "from pictures", "both": "from text and pictures"}
        parts = [games, kind, seen.get(self.observation, self.observation)]
        parts += [self.protocol] if self.protocol else []
        parts += [f"engine {self.engine}"] if self.engine else []
        parts += [self.settings] if self.settings else []
        parts += [f"suite seed {self.seed}"] if self.seed else []
        parts += [f"each episode {self.repeats} times"] if self.repeats > 1 else []
        return printable.line(", ".join(parts))

    @property
    def details(self) -> str:
        """What is not as the cards say, in words."""
        parts = [f"Step limits: {self.steps}." if self.steps else ""]
        parts += [f"Fewer episodes: {self.episodes}." if self.episodes else ""]
        parts += ["Such games have no normalised scores."] if self.steps or self.settings else []
        return " ".join(filter(None, parts))

    def without_protocol(self) -> Track:
        """The track of agents that ask no model but play the same."""
        return msgspec.structs.replace(self, protocol="")


def track_of(header: RunHeader) -> Track:
    """The track of a verified run."""
    found = [(get_card(game), plan) for game, plan in header.games.items()]
    core = {card.id for card in cards() if card.core and card.playable}
    shown = sorted({str(plan.settings.get("observation", "text")) for _, plan in found})
    return Track(
        games="core" if set(header.games) == core else ", ".join(c.name for c, _ in found),
        steps=_listed({c.name: str(p.steps) for c, p in found if p.steps != c.steps}),
        episodes=_listed({c.name: str(p.episodes) for c, p in found if p.episodes < c.episodes}),
        engine=_listed({card.name: _engine(card, plan) for card, plan in found}),
        observation="+".join(shown),
        settings=_listed({card.name: _others(card, plan) for card, plan in found}),
        seed=header.seed,
        protocol=_protocol(header),
        repeats=header.repeats,
    )


def _listed(values: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items() if value)


def _changed(card: GameCard, plan: GameHeader) -> dict[str, Any]:
    return {k: v for k, v in plan.settings.items() if v != card.settings.get(k)}


def _engine(card: GameCard, plan: GameHeader) -> str:
    return str(_changed(card, plan).get("engine", ""))


def _others(card: GameCard, plan: GameHeader) -> str:
    own = _changed(card, plan)
    return " ".join(f"{k}={v}" for k, v in own.items() if k not in ("engine", "observation"))


def _protocol(header: RunHeader) -> str:
    protocol = header.agent_settings.get("protocol")
    if not isinstance(protocol, str):
        return ""
    parts = [
        f"{printable.line(protocol, PROTOCOL)} protocol",
        f"{header.retries} {'retry' if header.retries == 1 else 'retries'}",
    ]
    parts += ["constrained answers"] if header.agent_settings.get("constrained") else []
    return ", ".join(parts)
