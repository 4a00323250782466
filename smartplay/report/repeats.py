"""What repeats show, as tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from smartplay.report.tables import NONE, Table
from smartplay.scores.repeats import RepeatScore, Spread, Tries

RELIABILITY = (
    "pass^k: the probability that k tries at the same episode all reach the goal. pass@k: that at "
    "least one does. Both are unbiased estimates from all plays of an episode, with 95 % intervals "
    "over episodes."
)
SPREAD = (
    "How much scores vary (standard deviations): between episodes, by the seed of the game, and "
    "between plays of the same episode, by what the agent draws (one-way random effects). None "
    "seen: scores vary no more between episodes than within them. More repeats shrink only what "
    "sampling adds to the error of a mean; more episodes shrink both."
)


def repeat_tables(repeats: Sequence[RepeatScore]) -> list[Table]:
    """The tables on repeats."""
    tried = ("Game", "k", "pass^k", "pass@k", "Episodes")
    spread = ("Game", "By the seed", "By sampling", "Seed's share of variance", "Plays")
    return [
        Table("Reliability", RELIABILITY, tried, list(_tries(repeats))),
        Table("Spread", SPREAD, spread, list(_spreads(repeats))),
    ]


def _tries(repeats: Sequence[RepeatScore]) -> Iterator[tuple[str, ...]]:
    for each in repeats:
        name = each.game.split("/")[-1]
        if not each.tries:
            yield name, NONE, "no goal", "no goal", NONE
        for one in _some(each.tries):
            yield name, str(one.k), f"{one.passed_all}", f"{one.passed_any}", str(one.episodes)


def _some(tries: Sequence[Tries]) -> list[Tries]:
    """One try, two, four and so on, and as many as there are."""
    return [one for one in tries if one.k & (one.k - 1) == 0 or one is tries[-1]]


def _spreads(repeats: Sequence[RepeatScore]) -> Iterator[tuple[str, ...]]:
    for each in repeats:
        if each.spread is not None:
            name, found = each.game.split("/")[-1], each.spread
            yield name, _by_seed(found), f"{found.sampling:.2g}", _share(found), str(found.plays)


def _by_seed(found: Spread) -> str:
    return f"{found.seed:.2g}" if found.seed else "none seen"


def _share(found: Spread) -> str:
    return "all scores are equal" if found.share is None else f"{100 * found.share:.0f} %"
