"""What the page shows of a comparison: a table of games and thresholds by runs, and the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, copysign, floor, inf, log10
from typing import NamedTuple

from smartplay.report import wording
from smartplay.report.content import Report
from smartplay.report.tables import NONE
from smartplay.scores.comparison import Comparison, Difference, Subject, letters
from smartplay.scores.intervals import Interval
from smartplay.scores.thresholds import Threshold

NUMBERED = 3
"""More runs than these go by numbers: their names would not fit side by side."""


Span = tuple[float, float]


class Cell(NamedTuple):
    """A run's value, the ends of its interval, and the letters of those it cannot be told from."""

    value: str
    ends: str
    ties: str


class Line(NamedTuple):
    """A row of the table: its name, the game it leads to, a cell per run in the order shown.

    `difference` is that of two runs, `unit` how much of it is 1 in the chart; None if not drawn.
    """

    name: str
    game: str
    cells: list[Cell]
    difference: Difference | None
    unit: float | None


class Block(NamedTuple):
    """Rows with one scale: what they count, and the ends of their chart."""

    title: str
    lines: list[Line]
    span: Span


def best_first(reports: Sequence[Report], alike: bool) -> list[int]:
    """The places of the runs, best first; as given if they are two, or not played alike."""
    order = range(len(reports))
    if len(order) < 3 or not alike:
        return list(order)
    return sorted(order, key=lambda run: -_overall(reports[run]))


def _overall(report: Report) -> float:
    return -inf if report.overall is None else report.overall.mean


def blocks(comparison: Comparison, reports: Sequence[Report], order: Sequence[int]) -> list[Block]:
    """The rows of the table, those with one scale together; only two runs need their means here."""
    means = [r.overall for r in reports]
    overall = [_line(comparison.overall, "Mean normalised score", means, order, 1.0)]
    tested = {subject.name: subject for subject in comparison.thresholds}
    thresholds = [
        _line(tested.get(name), name, _reached(reports, name), order, 1.0)
        for name in dict.fromkeys(each.capability for r in reports for each in r.thresholds)
    ]
    games = [
        _line(subject, wording.name(subject.name), _scores(reports, subject.name), order,
              _unit(reports, subject.name), subject.name)
        for subject in comparison.games
    ]  # fmt: skip
    shared = _span_of([*overall, *games])
    found = [
        Block("", overall if len(order) == 2 else [], shared),
        Block("Thresholds, in levels", thresholds, _span_of(thresholds)),
        Block("Games, in points", games, shared),
    ]
    return [block for block in found if any(map(_is_measured, block.lines))]


def capability_lines(
    comparison: Comparison, reports: Sequence[Report], order: Sequence[int]
) -> Block:
    """The capabilities' rows."""
    lines = [
        _line(subject, subject.name, [_capability(r, subject.name) for r in reports], order, 1.0)
        for subject in comparison.capabilities
    ]
    return Block("", list(filter(_is_measured, lines)), _span_of(lines))


def _is_measured(line: Line) -> bool:
    return any(cell.value != NONE for cell in line.cells)


def _line(
    subject: Subject | None,
    name: str,
    values: Sequence[Interval | Threshold | None],
    order: Sequence[int],
    unit: float | None,
    game: str = "",
) -> Line:
    ties = subject.ties if subject and len(set(subject.ties)) > 1 else [""] * len(values)
    cells = [_cell(values[run], ties[run]) for run in order]
    difference = subject.differences[0] if subject and len(order) == 2 else None
    return Line(name, game, cells, difference, unit)


def _cell(value: Interval | Threshold | None, ties: str) -> Cell:
    if isinstance(value, Threshold):
        return Cell(*wording.levels(value), ties)
    mean, _, ends = wording.interval(value).partition(" ")
    return Cell(mean, ends, ties)


def _reached(reports: Sequence[Report], capability: str) -> list[Threshold | None]:
    found = [{each.capability: each for each in report.thresholds} for report in reports]
    return [own.get(capability) for own in found]


def _scores(reports: Sequence[Report], game: str) -> list[Interval | None]:
    found = [{each.game: each.score for each in report.games} for report in reports]
    return [own.get(game) for own in found]


def _capability(report: Report, name: str) -> Interval | None:
    found = (score.scores["shipped"] for score in report.capabilities if score.capability == name)
    return next(found, None)


def _unit(reports: Sequence[Report], game: str) -> float | None:
    """How many points of a game are 1 on its normalised scale."""
    for report in reports:
        for detail in report.details:
            if detail.game == game and detail.anchors.human is not None:
                return detail.anchors.human - detail.anchors.min
    return None


def _span_of(lines: Sequence[Line]) -> Span:
    drawn = [(line.difference, line.unit) for line in lines if line.unit and line.difference]
    return _span([end / unit for each, unit in drawn if each.mean for end in _ends(each.mean)])


def _ends(value: Interval) -> list[float]:
    return [end for end in (value.mean, value.low, value.high) if end is not None]


def _span(values: Sequence[float]) -> Span:
    """Ends with one digit that hold all values and 0."""
    low, high = _outward(min([0.0, *values])), _outward(max([0.0, *values]))
    return (low, high) if low < high else (-1.0, 1.0)


def _outward(end: float) -> float:
    """The next number with one digit, away from 0."""
    if not end:
        return end
    digit = 10.0 ** floor(log10(abs(end)))
    return copysign(round(ceil(abs(end) / digit - 1e-9) * digit, 9), end)


class Behind(NamedTuple):
    """How far a run is from the best one: the difference, and whether they are told apart."""

    mean: Interval
    apart: bool


def behind(comparison: Comparison, best: int) -> dict[int, Behind]:
    """Each run's mean normalised score minus that of one run, over the games both played alike."""
    found = {}
    for each in comparison.overall.differences:
        if each.mean is not None and best in (each.first, each.second):
            run = each.second if each.first == best else each.first
            mean = each.mean if each.second == best else each.mean.mirrored()
            found[run] = Behind(mean, each.apart)
    return found


def span_of(found: dict[int, Behind]) -> Span:
    """The ends of a chart of differences."""
    return _span([end for each in found.values() for end in _ends(each.mean)])


def tied_with(comparison: Comparison, best: int, order: Sequence[int]) -> list[int]:
    """The runs that cannot be told apart from one in the mean normalised score."""
    of = [set(letters(ties)) for ties in comparison.overall.ties]
    return [run for run in order if run != best and of[run] & of[best]]
