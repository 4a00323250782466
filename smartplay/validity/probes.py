"""Probes: what a score owes to seeds that are known, and to the names of things."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from smartplay.cards.bounds import Bounds
from smartplay.core.errors import UsageError
from smartplay.games.registry import get_card
from smartplay.runner import Played, run
from smartplay.runner.suite import new_suite, write_suite
from smartplay.scores.intervals import Interval, mean_interval
from smartplay.validity.sensitivity import scores_over_chance
from smartplay.validity.study import bounds_over_chance

SUITE = "suite.json"


class Owed(msgspec.Struct, frozen=True, kw_only=True):
    """What a score over chance owes to seeds and names; 0 is to be expected of both.

    Attributes:
        episodes: Episodes in all arms.
        seeds: Mean score on the public seeds less that on private ones, each in its place.
        names: Mean score with the usual names less that with invented ones, in the same episodes.
    """

    episodes: int
    seeds: Interval
    names: Interval


class Probes(msgspec.Struct, frozen=True, kw_only=True):
    """What probes found.

    Attributes:
        agent: Who played.
        runs: The run folder of each arm.
        overall: Over all games; every episode weighs the same.
        games: Game by game.
    """

    agent: str
    runs: dict[str, str]
    overall: Owed
    games: dict[str, Owed]


def study_probes(
    agent: str | Callable[..., Any],
    games: str,
    out: Path,
    settings: Mapping[str, Any],
    **options: Any,
) -> Probes:
    """Play public episodes, private ones, and the private ones again with invented names.

    Args:
        agent: As for `smartplay.run`.
        games: As for `smartplay.run`; games without a random score or a best one are of no use.
        out: A folder; each arm's run goes into one of its name in there. The secret that private
            episodes are drawn from is made there once.
        settings: Settings of the agent.
        **options: Further options of `smartplay.run`.

    Raises:
        UsageError: If something asked for does not exist, or too few episodes were scored.
    """
    suite = out / SUITE
    if not suite.exists():
        out.mkdir(parents=True, exist_ok=True)
        write_suite(new_suite(), suite, 0o600)
    own = dict(settings)
    before = own.get("ablation", [])
    listed = [before] if isinstance(before, str) else list(before)
    arms: dict[str, dict[str, Any]] = {
        "public": {"agent_settings": own},
        "private": {"agent_settings": own, "suite": suite},
        "renamed": {"agent_settings": own | {"ablation": [*listed, "rename"]}, "suite": suite},
    }
    runs = {arm: run(agent, games, out=out / arm, **how, **options) for arm, how in arms.items()}
    scores = [scores_over_chance(played) for played in runs.values()]
    common = [key for key in scores[0] if all(key in row for row in scores)]
    if len(common) < 2:
        raise UsageError(
            "too few episodes have a score over chance in every arm; play more of them, with the "
            "steps and settings of their cards"
        )
    bounds = _bounds(runs["public"])

    def owed(keys: list[tuple[str, int]]) -> Owed:
        public, private, renamed = ([row[key] for key in keys] for row in scores)
        return Owed(
            episodes=len(keys),
            seeds=mean_interval([a - b for a, b in zip(public, private, strict=True)], bounds),
            names=mean_interval([a - b for a, b in zip(private, renamed, strict=True)], bounds),
        )

    return Probes(
        agent=runs["public"].header.agent,
        runs={arm: str(played.path) for arm, played in runs.items()},
        overall=owed(common),
        games={
            game: owed([key for key in common if key[0] == game])
            for game in dict.fromkeys(game for game, _ in common)
        },
    )


def _bounds(played: Played) -> Bounds:
    """How far two scores over chance can be apart, in either direction."""
    found = bounds_over_chance([get_card(game) for game in played.header.games])
    if found.low is None or found.high is None:
        return Bounds()
    return Bounds(found.low - found.high, found.high - found.low, found.distant)
