"""What an agent lacks: it plays without help and with each aid, on the same episodes."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from smartplay.agents.aids import AIDS, PLACEBO
from smartplay.agents.catalog import find_agent
from smartplay.cards.card import GameCard
from smartplay.core.errors import UsageError
from smartplay.core.shown import Shown
from smartplay.games.registry import get_card
from smartplay.records.folder import RunFolder
from smartplay.runner import Limits, Played, run
from smartplay.runner.budget import left_of, used_up
from smartplay.runner.plan import slug
from smartplay.scores.aids import NONE, Gains, gains
from smartplay.scores.scoring import episode_means

EPISODES = 20
ARMS = (NONE, *(aid.name for aid in AIDS), PLACEBO.name)

Scores = dict[tuple[str, int], float]
"""Scores by game and seed."""


class Diagnosis(Shown, msgspec.Struct, frozen=True, kw_only=True):
    """What helped an agent.

    Attributes:
        agent: Who played.
        overall: Over all games that have a human score, or over the only game; every game weighs
            the same. None where neither is so.
        games: Game by game.
        units: What each game's scores are: `normalized` (0 is the card's minimum, 1 the human
            score), or `raw` where the way it was played has no such scale.
        runs: The run folder of each arm.
        unscored: Episodes that failed, by arm.
        stopped: Why not everything was played; None if it was. The same call goes on.
    """

    agent: str
    overall: Gains | None
    games: dict[str, Gains]
    units: dict[str, str]
    runs: dict[str, str]
    unscored: dict[str, int]
    stopped: str | None = None

    def __str__(self) -> str:
        lacking = "no common scale for all games" if self.games else "no episode scored in all arms"
        found = self.overall.verdict if self.overall else lacking
        return f"{self.agent}: {found}"


def diagnose(
    agent: str | Callable[..., Any],
    games: str = "crafter",
    *,
    out: str | Path | None = None,
    agent_settings: Mapping[str, Any] | None = None,
    episodes: int = EPISODES,
    limits: Limits | None = None,
    cache: str | Path | None = None,
    **options: Any,
) -> Diagnosis:
    """Find out which aid helps an agent most.

    Args:
        agent: As for `smartplay.run`.
        games: As for `smartplay.run`.
        out: A folder, by default one under `runs/`; it holds a run folder per arm. What is missing
            in them is played.
        agent_settings: Settings of the agent; its aids and ablations stay in every arm.
        episodes: Episodes per game and arm.
        limits: Most tokens, money and time of all arms together.
        cache: A file that keeps a model's replies; by default one in the folder, since an arm
            asks what another asked wherever its aid says nothing.
        **options: Further options of `smartplay.run`.

    Returns:
        The gain by each aid over the plain agent and over a placebo, paired by episode.

    Raises:
        UsageError: If something asked for does not exist, or no episode was scored in all arms.
    """
    settings = dict(agent_settings or {})
    whole = find_agent(agent, settings)
    folder = Path(out) if out is not None else Path("runs") / f"diagnosis-{slug(whole.name)}"
    given = list(whole.settings.get("aid", []))
    cache = (cache or folder / "replies") if whole.models else None
    limits = limits or Limits()
    started, runs, stopped = time.monotonic(), dict[str, Played](), None
    arms = [each for each in ARMS if each not in given]
    if arms == [NONE]:
        raise UsageError("the agent has every aid already, so there is none to try")
    for arm in arms:
        others = (RunFolder(folder / each) for each in ARMS if each != arm)
        left = left_of(limits, others, time.monotonic() - started)
        if used_up(left):
            stopped = f"what all arms together may cost is used up before the arm {arm}"
            break
        aided = settings if arm == NONE else settings | {"aid": [*given, arm]}
        folder.mkdir(parents=True, exist_ok=True)
        runs[arm] = run(
            find_agent(agent, aided), games, out=folder / arm, episodes=episodes, limits=left,
            cache=cache, **options,
        )  # fmt: skip
        if stopped := runs[arm].stopped:
            break
    return _diagnosis(whole.name, runs, stopped)


def _diagnosis(agent: str, runs: Mapping[str, Played], stopped: str | None) -> Diagnosis:
    tables = {arm: _scores(played) for arm, played in runs.items()}
    cards = _cards(runs[NONE]) if NONE in runs else {}
    normalized = {game: card.anchors.human is not None for game, card in cards.items()}
    found: dict[str, Gains] = {}
    weighed: dict[str, list[float]] = defaultdict(list)
    common = [key for key in tables.get(NONE, {}) if all(key in row for row in tables.values())]
    if not common and not stopped:
        empty = [str(runs[arm].path) for arm, table in tables.items() if not table]
        why = f"; `smartplay report {empty[0]}` says why" if empty else ""
        raise UsageError(f"no episode was scored in all arms, so there is nothing to compare{why}")
    names = list(dict.fromkeys(game for game, _ in common))
    pooled = [game for game in names if normalized[game]] or (names if len(names) == 1 else [])
    reaches = []
    for game in names:
        keys = [key for key in common if key[0] == game]
        rows = {arm: [table[key] for key in keys] for arm, table in tables.items()}
        reach = _reach(rows)
        found[game] = gains(rows, CAPABILITIES, reach)
        if game in pooled:
            share = sum(key[0] in pooled for key in common) / (len(pooled) * len(keys))
            reaches.append(share * reach)
            for arm, row in rows.items():
                weighed[arm] += [share * score for score in row]
    return Diagnosis(
        agent=agent,
        overall=gains(weighed, CAPABILITIES, max(reaches)) if pooled else None,
        games=found,
        units={game: "normalized" if normalized[game] else "raw" for game in names},
        runs={arm: str(played.path) for arm, played in runs.items()},
        unscored={arm: len(played.unscored) for arm, played in runs.items() if played.unscored},
        stopped=stopped,
    )


CAPABILITIES = {aid.name: str(aid.capability) for aid in AIDS}


def _reach(rows: Mapping[str, Sequence[float]]) -> float:
    """The largest difference of scores that was seen."""
    everything = [score for row in rows.values() for score in row]
    return max(everything) - min(everything)


def _cards(played: Played) -> dict[str, GameCard]:
    plans = played.header.games.items()
    return {game: get_card(game).as_played(plan.steps, plan.settings) for game, plan in plans}


def _scores(played: Played) -> Scores:
    """Scores by game and seed: normalised where the game has such a scale, else raw.

    Of an episode that was played several times, the mean.
    """
    cards, found = _cards(played), []
    for record in played.episodes:
        if record.score is not None:
            score = cards[record.game].normalized(record.score)
            found.append(((record.game, record.seed), record.score if score is None else score))
    return episode_means(found)
