"""Figures of the HTML report.

Figures in a game's card are `WIDTH` units wide, about as wide as a phone, so that letters keep
their size there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from smartplay.core import printable
from smartplay.report.details import Curve, EpisodeDetail, GameDetail
from smartplay.report.svg import Scale, dot, figure, line, path, series, short, text
from smartplay.scores.comparison import ALPHA, CostPoint, Difference
from smartplay.scores.statistics import Interval

WIDTH = 360
CURVE_WIDTH = 250
DOT_GAP = 7.0
COUNTED = 14
_LETTER = 5.6


class Row(NamedTuple):
    """A run in a game's figures: its place among the runs, its mean and its episodes."""

    run: int
    score: Interval | None
    detail: GameDetail


def anchors_of(detail: GameDetail) -> list[tuple[str, float]]:
    """The known scores a game's result is compared with, lowest first."""
    anchors = detail.anchors
    found = [
        ("random", anchors.random.mean if anchors.random else None),
        ("nothing", anchors.nothing.mean if anchors.nothing else None),
        ("reference", anchors.reference.mean if anchors.reference else None),
        ("human", anchors.human),
        ("optimum", anchors.optimum),
    ]
    return sorted(((name, v) for name, v in found if v is not None), key=lambda pair: pair[1])


def strip(rows: Sequence[Row]) -> Markup:
    """Every episode's score as a dot, the mean with its interval, and the anchors as lines."""
    alike = all(row.detail.anchors == rows[0].detail.anchors for row in rows)
    anchors = anchors_of(rows[0].detail) if alike else []
    scores = [e.score for row in rows for e in row.detail.episodes if e.score is not None]
    values = [*scores, *(value for _, value in anchors), rows[0].detail.anchors.min]
    scale = Scale(min(values), max(values), 14, WIDTH - 14)
    labels = _stagger([(name, scale(value)) for name, value in anchors])
    top = 12.0 * (1 + max((level for _, _, level in labels), default=-1)) + 6
    parts: list[Markup] = []
    heights = [_row_height(row, scale) for row in rows]
    bottom = top + sum(heights)
    parts += [line(x, 12.0 * k + 13, x, bottom, f"anchor {name}") for name, x, k in labels]
    parts += [text(x, 12.0 * k + 10, name, "note", _side(x)) for name, x, k in labels]
    y = top
    for row, height in zip(rows, heights, strict=True):
        parts += _strip_row(row, scale, y, height)
        y += height
    parts += _axis(scale, bottom)
    label = f"Scores of {len(scores)} episodes as dots, with mean and 95 % interval"
    return figure(WIDTH, bottom + 20, label, parts)


def _side(x: float) -> str:
    return "start" if x < 40 else ("end" if x > WIDTH - 40 else "middle")


def _stagger(labels: Sequence[tuple[str, float]]) -> list[tuple[str, float, int]]:
    """Give each label the lowest level on which it touches no other."""
    ends: list[float] = []
    placed = []
    for name, x in labels:
        width = len(name) * _LETTER + 6
        left = {"start": x, "middle": x - width / 2, "end": x - width}[_side(x)]
        level = next((k for k, end in enumerate(ends) if left >= end), len(ends))
        ends[level : level + 1] = [left + width]
        placed.append((name, x, level))
    return placed


def _stacks(episodes: Sequence[EpisodeDetail], scale: Scale) -> list[tuple[EpisodeDetail, int]]:
    """Episodes with their place in the stack of dots that would cover one another."""
    heights: dict[int, int] = {}
    placed = []
    scored = (episode for episode in episodes if episode.score is not None)
    for episode in sorted(scored, key=lambda e: (e.score, e.episode, e.repeat)):
        column = round(scale(episode.score or 0.0) / DOT_GAP)
        placed.append((episode, heights.setdefault(column, 0)))
        heights[column] += 1
    return placed


def _row_height(row: Row, scale: Scale) -> float:
    tallest = max((place for _, place in _stacks(row.detail.episodes, scale)), default=0)
    return min(34.0 + DOT_GAP * tallest, 110.0)


def _strip_row(row: Row, scale: Scale, y: float, height: float) -> list[Markup]:
    base = y + height - 20
    stacks = _stacks(row.detail.episodes, scale)
    tallest = max((place for _, place in stacks), default=0)
    gap = min(DOT_GAP, (height - 34) / tallest) if tallest else 0.0
    kind = f"dot {series(row.run)}" + (" dense" if gap < DOT_GAP else "")
    parts = [
        Markup('<a href="#{}/{}/{}/1" tabindex="-1">{}</a>').format(
            row.run,
            row.detail.game.split("/")[-1],
            episode.label,
            dot(
                scale(episode.score or 0.0),
                base - gap * place,
                3.4,
                kind,
                f"Episode {episode.label}: {short(episode.score or 0.0)}",
            ),
        )
        for episode, place in stacks
    ]
    if gap < DOT_GAP and tallest:
        parts += _counts(stacks, scale, base, gap)
    if row.score is not None:
        parts += _mean(row.score, scale, base + 11, row.run)
    return parts


def _counts(
    stacks: Sequence[tuple[EpisodeDetail, int]], scale: Scale, base: float, gap: float
) -> list[Markup]:
    """How many dots are in each stack that is too tall to be counted."""
    tops: dict[int, tuple[float, int]] = {}
    for episode, place in stacks:
        x = scale(episode.score or 0.0)
        tops[round(x / DOT_GAP)] = (x, place)
    return [
        text(x + aside, base - gap * place + 4, f"{place + 1} episodes", "note", anchor)
        for x, place in tops.values()
        for aside, anchor in [(-7, "end") if x > WIDTH / 2 else (7, "start")]
        if place >= COUNTED
    ]


def _mean(value: Interval, scale: Scale, y: float, run: int) -> list[Markup]:
    parts = []
    if value.low is not None and value.high is not None:
        parts.append(line(scale(value.low), y, scale(value.high), y, f"reach {series(run)}"))
    x = scale(value.mean)
    diamond = [(x, y - 5.5), (x + 5.5, y), (x, y + 5.5), (x - 5.5, y)]
    return [*parts, path(diamond, f"mean {series(run)}", closed=True)]


def _axis(scale: Scale, y: float) -> list[Markup]:
    parts = [line(scale(scale.low), y, scale(scale.high), y, "axis")]
    for tick in scale.ticks():
        parts += [line(scale(tick), y, scale(tick), y + 4, "axis")]
        parts += [text(scale(tick), y + 15, short(tick), "note")]
    return parts


def curves(rows: Sequence[Row], kind: str) -> Markup:
    """Curves over the steps of an episode, with a band for the interval.

    Args:
        rows: The runs.
        kind: `"score"` or `"gain"`, a list of a `Curve`.
    """
    drawn = [(row.run, row.detail.curve) for row in rows if row.detail.curve is not None]
    means = [point.mean for _, curve in drawn for point in _points(curve, kind)]
    edges = [
        edge
        for _, curve in drawn
        for point in _points(curve, kind)
        for edge in (point.low, point.high)
        if edge is not None
    ]
    low, high = min([0.0, *means]), max([0.0, *means])
    high = high if high > low else low + 1
    inside = [edge for edge in edges if low - (high - low) / 3 <= edge <= high + (high - low) / 3]
    y = Scale(min([low, *inside]), max([high, *inside]), 122, 10)
    x = Scale(0, max(curve.steps[-1] for _, curve in drawn), 34, CURVE_WIDTH - 10)
    parts: list[Markup] = []
    for tick in y.ticks(3):
        parts += [line(34, y(tick), CURVE_WIDTH - 10, y(tick), "grid")]
        parts += [text(29, y(tick) + 4, short(tick), "note", "end")]
    for run, curve in drawn:
        parts += _one_curve(curve, kind, x, y, run)
    parts += [line(34, 122, CURVE_WIDTH - 10, 122, "axis")]
    parts += [text(x(tick), 136, short(tick), "note") for tick in x.ticks(5) if tick == int(tick)]
    words = "Mean score so far" if kind == "score" else "Mean score gained per step"
    return figure(CURVE_WIDTH, 140, f"{words}, by step of the episode", parts)


def _points(curve: Curve, kind: str) -> list[Interval]:
    return curve.score if kind == "score" else curve.gain


def _one_curve(curve: Curve, kind: str, x: Scale, y: Scale, run: int) -> list[Markup]:
    points = list(zip(curve.steps, _points(curve, kind), strict=True))
    solid = [(s, p.low, p.high) for s, p in points if p.low is not None and p.high is not None]
    band = [(x(step), y(high)) for step, _, high in solid]
    band += [(x(step), y(low)) for step, low, _ in reversed(solid)]
    trail = [(x(step), y(point.mean)) for step, point in points]
    marks = [dot(*trail[0], 2.5, f"dot {series(run)}")] if len(trail) == 1 else []
    return [
        path(band, f"band {series(run)}", closed=True),
        path(trail, f"trail {series(run)}"),
        *marks,
    ]


def forest(differences: Sequence[tuple[str, Difference]], unit: str) -> Markup:
    """Differences with their intervals around 0; pale where no difference is shown."""
    shown = [(label, d, d.mean) for label, d in differences if d.mean is not None]
    ends = [abs(v) for _, _, m in shown for v in (m.mean, m.low, m.high) if v is not None]
    reach = max(ends, default=0.0) or 1.0
    scale = Scale(-reach, reach, 146, WIDTH - 10)
    bottom = 22.0 * len(shown) + 4
    parts: list[Markup] = [line(scale(0), 2, scale(0), bottom, "axis")]
    for place, (label, difference, mean) in enumerate(shown):
        y = 22.0 * place + 14
        apart = difference.corrected is not None and difference.corrected < ALPHA
        ahead = difference.first if mean.mean >= 0 else difference.second
        parts.append(text(0, y + 4, label, "label" if apart else "label pale", "start"))
        mark = Markup("").join(_mean(mean, scale, y, ahead))
        parts.append(mark if apart else Markup('<g class="tied">{}</g>').format(mark))
    parts += _axis(scale, bottom)
    return figure(WIDTH, bottom + 20, f"Differences in {unit} with 95 % intervals", parts)


def scatter(points: Sequence[CostPoint], names: Sequence[str], unit: str) -> Markup:
    """Cost to the right, score upward; the front is a line through what nothing beats."""
    x = Scale(0, max([p.cost for p in points] + [1e-9]) * 1.08, 44, 500)
    scores = [p.score for p in points]
    y = Scale(min([0.0, *scores]), max([1.0, *scores]) * 1.05, 236, 12)
    parts: list[Markup] = []
    for tick in y.ticks():
        parts += [line(44, y(tick), 500, y(tick), "grid")]
        parts += [text(38, y(tick) + 4, short(tick), "note", "end")]
    parts += [text(x(tick), 252, short(tick), "note") for tick in x.ticks()]
    parts += [line(44, 236, 500, 236, "axis"), text(272, 270, unit, "note")]
    front = sorted((p for p in points if p.front), key=lambda p: p.cost)
    stairs: list[tuple[float, float]] = []
    for point in front:
        if stairs:
            stairs.append((x(point.cost), stairs[-1][1]))
        stairs.append((x(point.cost), y(point.score)))
    parts.append(path(stairs, "front"))
    for point in points:
        left, top = x(point.cost), y(point.score)
        name = names[point.run]
        parts.append(dot(left, top, 6, f"dot {series(point.run)}", name))
        aside, anchor = (-10, "end") if left > 380 else (10, "start")
        parts.append(text(left + aside, top + 4, name[:28], "label", anchor))
    return figure(512, 276, "Score against cost", parts)


def shares(parts: Sequence[tuple[str, float]], label: str) -> Markup:
    """Shares of a whole as one bar; what is left over stays pale."""
    x = 0.0
    bars = [Markup('<rect width="{}" height="12" class="whole"/>').format(WIDTH)]
    for kind, share in parts:
        bars.append(
            Markup('<rect x="{:.1f}" width="{:.1f}" height="12" class="cause {}"/>').format(
                x, WIDTH * share, printable.line(kind)
            )
        )
        x += WIDTH * share
    return figure(WIDTH, 12, label, bars)
