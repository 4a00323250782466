"""Tracks: one table holds only results that were played alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from smartplay import parsing
from smartplay.agents.methods import METHODS
from smartplay.agents.methods.method import settings_of
from smartplay.cards.card import GameCard
from smartplay.core import printable
from smartplay.games.registry import cards, get_card
from smartplay.records import GameHeader, RunHeader
from smartplay.runner.jobs import SEED_RULE

SHORT = 40
"""The most characters of a method's or an aid's name."""
RETRIES = 1
"""The settings of a run that does not say otherwise."""


class Track(msgspec.Struct, frozen=True, kw_only=True):
    """How runs were played; all that may move a score besides the agent.

    Attributes:
        games: The games, `core` for the headline tasks.
        steps: Step limits that differ from the cards'.
        episodes: Numbers of episodes per game that differ from the cards'.
        engine: Engines other than the shipped ones.
        observation: What the agent was shown: `text`, `image` or `both`.
        settings: Other settings of games that differ from the cards', history among them.
        seed: The suite seed; runs are compared on the same episodes.
        suite: The hash of the private suite that was played instead.
        split: The split, such as `train`, whose seeds were played instead.
        repeats: How often each episode was played.
        retries: How often the agent was asked again after an invalid reply.
        method: How a language model was asked, and through which adapter, if any; empty for agents
            that ask none.
        prompt: The variant of the prompt; empty for the plain one.
        history: How prompts showed the past, where it did not slide.
        aids: What the agent was helped with.
        ablations: What was taken away from the agent.
        attempts: Tries at an episode of which the last counts.
        memory: Whether the agent remembered earlier episodes.
        parser: The version of the parser that read the replies.
        seed_rule: How the episodes' seeds follow from the suite seed.
        measured: How levels were chosen, where thresholds were measured.
    """

    games: str
    steps: str
    episodes: str
    engine: str
    observation: str
    settings: str
    seed: int
    suite: str = ""
    split: str = ""
    repeats: int = 1
    retries: int = RETRIES
    method: str = ""
    prompt: str = ""
    history: str = ""
    aids: str = ""
    ablations: str = ""
    attempts: int = 1
    memory: bool = False
    parser: int = parsing.VERSION
    seed_rule: int = SEED_RULE
    measured: str = ""

    @property
    def is_trial(self) -> bool:
        """Whether a game was played with other step limits or numbers of episodes than its card's.

        Such runs stand apart: whoever chooses the numbers may choose those that suit best.
        """
        return bool(self.steps or self.episodes)

    @property
    def is_old(self) -> bool:
        """Whether the runs are records of version 0.1: no digest of replies, old seeds."""
        return self.seed_rule < SEED_RULE

    @property
    def is_standard(self) -> bool:
        """Whether the headline tasks were played in full, with nothing changed but the method."""
        plain = Track(
            games="core", steps="", episodes="", engine="", observation=self.observation,
            settings="", seed=0, method=self.method,
        )  # fmt: skip
        return self == plain

    @property
    def is_as_published(self) -> bool:
        """Whether the games, their lengths and what is shown of them are those of the paper."""
        changed = self.is_trial or self.settings or self.engine or self.measured or self.aids
        return self.games == "core" and self.observation == "text" and not changed

    @property
    def title(self) -> str:
        """A name for people."""
        seen = {"text": "from text", "image": "from pictures", "both": "from text and pictures"}
        parts = [
            "Core games" if self.games == "core" else self.games,
            self.measured or ("trial" if self.is_trial else "played in full"),
            seen.get(self.observation, self.observation),
            self.method,
            f"{self.retries} {'retry' if self.retries == 1 else 'retries'}",
            f"prompt {self.prompt}" if self.prompt else "",
            self.history,
            f"aid {self.aids}" if self.aids else "",
            f"ablation {self.ablations}" if self.ablations else "",
            f"{self.attempts} attempts" if self.attempts > 1 else "",
            "memory of earlier episodes" if self.memory else "",
            f"engine {self.engine}" if self.engine else "",
            self.settings,
            f"suite seed {self.seed}" if self.seed else "",
            f"private suite {self.suite[:8]}" if self.suite else "",
            f"seeds of the split {self.split}" if self.split else "",
            f"each episode {self.repeats} times" if self.repeats > 1 else "",
            "recorded by version 0.1" if self.is_old else "",
            "" if self.is_old or self.parser == parsing.VERSION else f"parser {self.parser}",
        ]
        return printable.line(", ".join(filter(None, parts)))

    @property
    def details(self) -> str:
        """What differs from the cards, in words."""
        parts = [
            f"Step limits: {self.steps}." if self.steps else "",
            f"Episodes: {self.episodes}." if self.episodes else "",
            "Games with other step limits or settings have no normalised scores."
            if self.steps or self.settings
            else "",
            "These runs were recorded by version 0.1, whose records do not show whether a reply "
            "was erased."
            if self.is_old
            else "",
        ]
        return " ".join(filter(None, parts))

    def without_method(self) -> Track:
        """The track of agents that ask no model but play the same."""
        return msgspec.structs.replace(self, method="", prompt="", history="", attempts=1)


def track_of(header: RunHeader, calls: bool = False, memory: bool = False) -> Track:
    """The track of a verified run.

    Args:
        header: What was played.
        calls: Whether it records calls to a language model.
        memory: Whether an episode began with a memory of earlier ones.
    """
    found = [(get_card(game), plan) for game, plan in header.games.items()]
    core = {card.id for card in cards() if card.core and card.playable}
    shown = sorted({str(plan.settings.get("observation", "text")) for _, plan in found})
    settings = header.agent_settings
    tried = [plan.settings.get("attempts", 1) for plan in header.games.values()]
    attempts = max((each for each in tried if type(each) is int), default=1)
    measured = header.measurement
    return Track(
        games="core" if set(header.games) == core else ", ".join(c.name for c, _ in found),
        steps=_listed({c.name: str(p.steps) for c, p in found if p.steps != c.steps}),
        episodes=""
        if measured is not None
        else _listed({c.name: str(p.episodes) for c, p in found if p.episodes != c.episodes}),
        engine=_listed({c.name: str(_changed(c, p).get("engine", "")) for c, p in found}),
        observation="+".join(shown),
        settings=_listed({card.name: _others(card, plan) for card, plan in found}),
        seed=header.seed,
        suite=header.suite,
        split=header.split,
        repeats=header.repeats,
        retries=header.retries,
        method=_method(header, calls),
        prompt=_named(settings.get("prompt")),
        history=_history(settings),
        aids=_named(settings.get("aid")),
        ablations=_named(settings.get("ablation", settings.get("lesion"))),
        attempts=max(attempts, 1),
        memory=memory,
        parser=header.parser,
        seed_rule=header.seed_rule,
        measured=""
        if measured is None
        else f"thresholds to ±{measured.width:g} levels, at most {measured.calls} calls",
    )


def _listed(values: Mapping[str, str]) -> str:
    """What games have in common once: `5 in A, B; 10 in C`."""
    names: dict[str, list[str]] = {}
    for name, value in values.items():
        if value:
            names.setdefault(value, []).append(name)
    return "; ".join(f"{value} in {', '.join(found)}" for value, found in names.items())


def _changed(card: GameCard, plan: GameHeader) -> dict[str, Any]:
    return {k: v for k, v in plan.settings.items() if v != card.settings.get(k)}


def _others(card: GameCard, plan: GameHeader) -> str:
    own = _changed(card, plan)
    return " ".join(
        f"{k}={v}" for k, v in own.items() if k not in ("engine", "observation", "attempts")
    )


def _named(value: Any) -> str:
    """A name or several, as an agent's settings have them; text from strangers."""
    names = value if isinstance(value, list) else [value]
    return ", ".join(printable.line(str(name), SHORT) for name in names[:SHORT] if name)


def _history(settings: Mapping[str, Any]) -> str:
    chunk, diff = settings.get("history_chunk"), settings.get("history_diff")
    parts = [
        f"history in chunks of {printable.line(str(chunk), SHORT)}" if chunk else "",
        "steps told as differences" if diff else "",
    ]
    return ", ".join(filter(None, parts))


def _method(header: RunHeader, calls: bool) -> str:
    settings = header.agent_settings
    name = settings.get("method") or settings.get("protocol")
    if not isinstance(name, str):
        return "method of its own" if calls or settings.get("models") else ""
    kind = "method" if settings.get("method") else "protocol"
    told = f"{printable.line(name, SHORT)} {kind}"
    own = settings_of(METHODS[name]) if name in METHODS else {}
    more = {key: printable.line(str(settings[key]), SHORT) for key in own if key in settings}
    told += f" ({', '.join(map(' '.join, more.items()))})" if more else ""
    models = settings.get("models")
    lent = models.values() if isinstance(models, dict) else []
    tables = [settings, *(each for each in lent if isinstance(each, dict))]
    held = any(table.get("constrained") for table in tables)
    told += ", constrained answers" if held else ""
    adapter = settings.get("adapter")
    return f"{told} through {printable.line(str(adapter), SHORT)}" if adapter else told
