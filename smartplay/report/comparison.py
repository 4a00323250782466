"""A comparison of runs as tables and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from smartplay.report import wording
from smartplay.report.markdown import bullets, escape, table_lines
from smartplay.report.tables import NONE, Table
from smartplay.scores.comparison import Comparison, Difference, Subject, letters
from smartplay.scores.intervals import Interval
from smartplay.scores.sign_flips import ALPHA

MOST_PAIRS = 10
"""The most pairs of runs that a terminal lists one by one; for more it shows groups."""

GROUPS = (
    "Two runs share a letter if they were compared and cannot be told apart. Numbers stand for the "
    "runs of the first table."
)
DIFFERENCES = (
    "The first run minus the second, over the episodes that both have a score of, with a 95 % "
    "interval. p: how often alike runs would differ as much, by flipping the signs of the "
    "differences of episodes, corrected for all comparisons of the table."
)
LEVELS = (
    "The first run minus the second, in levels of the dial. The 95 % intervals hold together; an "
    "end is left open where a threshold lies beyond its dial."
)


def comparison_tables(comparison: Comparison, whole: bool = False) -> list[Table]:
    """The tables of a comparison.

    Args:
        comparison: The comparison.
        whole: Whether each pair of runs is listed, however many there are.
    """
    order = _ranking(comparison)
    rows = {
        "Overall": [comparison.overall],
        "Games": comparison.games,
        "Capabilities": comparison.capabilities,
        "Thresholds": comparison.thresholds,
    }
    found = [_runs(comparison, order)]
    for title, subjects in rows.items():
        if title != "Overall" and not any(d.mean for each in subjects for d in each.differences):
            continue
        several = len(comparison.runs) > 2
        if several and title != "Overall":
            found.append(_groups(title, subjects, order))
        few = len(comparison.overall.differences) <= MOST_PAIRS
        if whole or (few and (title == "Overall" or not several)):
            found.append(_differences(comparison, title, subjects, order))
    return [table for table in [*found, _suites(comparison)] if table.rows]


def comparison_markdown(comparison: Comparison) -> str:
    """The whole comparison."""
    parts = [f"# SmartPlay comparison of {len(comparison.runs)} runs"]
    for table in comparison_tables(comparison, whole=True):
        parts += [f"## {table.title}", escape(table.about), table_lines(table.header, table.rows)]
    if comparison.notes:
        parts += ["## What was left out", bullets(comparison.notes)]
    return "\n\n".join(parts) + "\n"


def resolution(difference: Difference, detect: float) -> str:
    """What the episodes of two runs with no clear difference could have detected, as sentences."""
    if difference.least_p is None:
        return ""
    episodes = "this episode" if difference.pairs == 1 else f"these {difference.pairs} episodes"
    told = f"The smallest p possible with {episodes} was {difference.least_p:.2g}."
    if difference.needed is None:
        return told
    return f"{told} A difference of {detect:g} takes about {difference.needed} of each game."


def _alike(comparison: Comparison) -> bool:
    """Whether all runs have a mean over the same games, so that their means rank them."""
    subjects = [comparison.overall, *comparison.games]
    met = all(each.mean for subject in subjects for each in subject.differences)
    return met and bool(comparison.means) and None not in comparison.means


def _ranking(comparison: Comparison) -> list[int]:
    """The places of the runs, best first: by their means, or else by their differences."""
    overall, ahead = comparison.overall, dict.fromkeys(range(len(comparison.runs)), 0.0)
    if _alike(comparison):
        ahead.update((run, mean or 0.0) for run, mean in enumerate(comparison.means))
    else:
        for each in overall.differences:
            if each.mean is not None:
                ahead[each.first] += each.mean.mean
                ahead[each.second] -= each.mean.mean
    return sorted(ahead, key=lambda run: (not overall.ties[run], -ahead[run], run))


def _runs(comparison: Comparison, order: Sequence[int]) -> Table:
    """The runs, best first if means rank them, with those that each is told apart from."""
    number = {run: place for place, run in enumerate(order, start=1)}
    above: dict[int, list[int]] = {run: [] for run in order}
    below: dict[int, list[int]] = {run: [] for run in order}
    for each in comparison.overall.differences:
        if each.apart and each.mean is not None:
            ahead = each.mean.mean > 0
            better, worse = (each.first, each.second) if ahead else (each.second, each.first)
            above[worse].append(number[better])
            below[better].append(number[worse])
    rows = [
        (
            str(number[run]),
            comparison.runs[run],
            _score(comparison, run),
            comparison.overall.ties[run] or NONE,
            _ranges(below[run]),
            _ranges(above[run]),
        )
        for run in order
    ]
    header = ("#", "Run", "Score", "Group", "Higher than", "Lower than")
    ranked = any(each.mean for each in comparison.overall.differences)
    by = "mean" if _alike(comparison) else "their differences in mean"
    title = f"Runs by {by} normalised score" if ranked else "Runs, as they were named"
    return Table(title, GROUPS, header, rows)


def _score(comparison: Comparison, run: int) -> str:
    mean = comparison.means[run] if comparison.means else None
    return NONE if mean is None else f"{mean:.2f}"


def _ranges(numbers: Sequence[int]) -> str:
    """Whole numbers, such as `1, 4-7`."""
    ordered = sorted(numbers)
    if not ordered:
        return NONE
    starts = [ordered[0], *(b for a, b in pairwise(ordered) if b > a + 1)]
    ends = [*(a for a, b in pairwise(ordered) if b > a + 1), ordered[-1]]
    return ", ".join(f"{a}" if a == b else f"{a}-{b}" for a, b in zip(starts, ends, strict=True))


def _name(subject: Subject, comparison: Comparison) -> str:
    if subject is comparison.overall:
        return "mean normalised score"
    return wording.name(subject.name) if subject in comparison.games else subject.name


def _groups(title: str, subjects: Sequence[Subject], order: Sequence[int]) -> Table:
    """Of each game or capability, how many pairs are told apart, and the groups of the others."""
    rows = []
    for subject in subjects:
        compared = [each for each in subject.differences if each.mean is not None]
        name = wording.name(subject.name) if title == "Games" else subject.name
        apart = f"{sum(each.apart for each in compared)} of {len(compared)}"
        rows.append((name, apart, "; ".join(_members(subject, order))))
    return Table(f"{title}: groups", GROUPS, ("In", "Pairs apart", "Not told apart"), rows)


def _members(subject: Subject, order: Sequence[int]) -> Iterator[str]:
    """The numbers of the runs of each group, best first; a run alone is no group."""
    groups: dict[str, list[int]] = {}
    for number, run in enumerate(order, start=1):
        for letter in letters(subject.ties[run]):
            groups.setdefault(letter, []).append(number)
    ordered = sorted(groups, key=lambda letter: (len(letter), letter))
    found = [_ranges(groups[letter]) for letter in ordered if len(groups[letter]) > 1]
    yield from found or [NONE]


def _differences(
    comparison: Comparison, title: str, subjects: Sequence[Subject], order: Sequence[int]
) -> Table:
    """The differences one by one, the run that stands first in the order less the other."""
    number = {run: place for place, run in enumerate(order, start=1)}
    two, levels = len(comparison.runs) == 2, title == "Thresholds"
    lacking = "nothing" if levels or title == "Games" else "no normalised score"
    rows = []
    for subject in subjects:
        for each in subject.differences:
            upper, lower = sorted((number[each.first], number[each.second]))
            mean = (
                each.mean
                if number[each.first] == upper or each.mean is None
                else each.mean.mirrored()
            )
            finding = f"{lacking} in common"
            if mean is not None:
                finding = _finding(each, mean, upper, comparison.detect)
            name = _name(subject, comparison) + ("" if two else f", {upper} - {lower}")
            pairs = str(each.pairs) if each.least_p is not None else NONE
            shown = NONE if mean is None else wording.signed(mean)
            rows.append((name, shown, pairs, p_value(each.corrected), finding))
    header = ("1 - 2, in" if two else "In", "Difference", "Pairs", "p", "Finding")
    return Table(f"{title}: differences", LEVELS if levels else DIFFERENCES, header, rows)


def _finding(difference: Difference, mean: Interval, upper: int, detect: float) -> str:
    if difference.apart:
        return f"{upper} is {'higher' if mean.mean > 0 else 'lower'}"
    more = resolution(difference, detect)
    return "not told apart" + (f". {more}" if more else "")


def p_value(value: float | None) -> str:
    """A p-value in two digits, or three where two would not show on which side of 5 % it is."""
    if value is None:
        return NONE
    if value < 0.001:
        return "< 0.001"
    return f"{value:.3f}" if abs(value - ALPHA) < 0.005 else f"{value:.2g}"


def _suites(comparison: Comparison) -> Table:
    """How much better an agent scores on public episodes than on private ones, game by game."""
    rows = []
    for gap in comparison.suite_gaps:
        overall = {} if gap.overall is None else {"overall, normalised": gap.overall}
        agent = f"{comparison.runs[gap.public]}, private suite {gap.suite[:8]}"
        rows += [(agent, wording.name(g), f"{v:+}") for g, v in (overall | gap.games).items()]
    about = "The mean score on the public suite minus that on the private one, with 95 % intervals."
    return Table("Public suite minus private suite", about, ("Agent", "In", "Difference"), rows)
