"""Figures of the HTML report.

Figures in a game's card are `WIDTH` units wide, about as wide as a phone, so that letters keep
their size there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Literal, NamedTuple

from markupsafe import Markup

from smartplay.report.details import EpisodeDetail, GameDetail
from smartplay.report.svg import (
    Scale,
    dot,
    figure,
    line,
    path,
    series,
    short,
    text,
    unread_figure,
)
from smartplay.scores.comparison import CostPoint
from smartplay.scores.intervals import Interval

WIDTH = 360
CURVE_WIDTH = 250
DIFFERENCE_WIDTH = 200
DOT_GAP = 7.0
COUNTED = 14
"""The tallest stack of dots without its height in words."""
_LETTER = 5.6


class Row(NamedTuple):
    """A run in a game's figures: its place, what to call it, its mean and its episodes."""

    run: int
    label: str
    score: Interval | None
    detail: GameDetail


def anchors_of(detail: GameDetail) -> list[tuple[str, float]]:
    """The known scores a game's result is compared with, lowest first."""
    names = ("random", "nothing", "trivial", "reference", "human", "optimum")
    found = [(name, getattr(detail.anchors, name)) for name in names]
    known = [(name, getattr(value, "mean", value)) for name, value in found if value is not None]
    return sorted(known, key=itemgetter(1))


def is_flat(detail: GameDetail) -> bool:
    """Whether all scored episodes of a game have the same score, so that dots say nothing."""
    return len({e.score for e in detail.episodes if e.score is not None}) < 2


def strip(rows: Sequence[Row]) -> Markup:
    """Every episode's score as a dot, the mean with its interval, and the anchors as lines."""
    alike = all(row.detail.anchors == rows[0].detail.anchors for row in rows)
    anchors = anchors_of(rows[0].detail) if alike else []
    scores = [e.score for row in rows for e in row.detail.episodes if e.score is not None]
    values = [*scores, *(value for _, value in anchors), rows[0].detail.anchors.min]
    scale = Scale(min(values), max(values), 26 if rows[0].label else 14, WIDTH - 14)
    labels = _stagger([(name, scale(value)) for name, value in anchors])
    y = 12.0 * (1 + max((level for _, _, level in labels), default=-1)) + 6
    dots: list[Markup] = []
    for row in rows:
        stacks = _stacks(row.detail.episodes, scale)
        height = min(27.0 + DOT_GAP * max(map(len, stacks), default=1), 110.0)
        dots += _strip_row(row, stacks, scale, y, height)
        y += height
    parts = [line(x, 12.0 * k + 13, x, y, f"anchor {name}") for name, x, k in labels]
    parts += [text(x, 12.0 * k + 10, name, "note", _side(x)) for name, x, k in labels]
    return unread_figure(WIDTH, y + 20, [*parts, *dots, *_axis(scale, y)])


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


def _stacks(episodes: Sequence[EpisodeDetail], scale: Scale) -> list[list[EpisodeDetail]]:
    """The scored episodes, those together whose dots would cover one another."""
    stacks: dict[int, list[EpisodeDetail]] = {}
    scored = (episode for episode in episodes if episode.score is not None)
    for episode in sorted(scored, key=lambda e: (e.score, e.key)):
        stacks.setdefault(round(scale(episode.score or 0.0) / DOT_GAP), []).append(episode)
    return list(stacks.values())


def _strip_row(
    row: Row, stacks: Sequence[Sequence[EpisodeDetail]], scale: Scale, y: float, height: float
) -> list[Markup]:
    """A run's dots, its mean, and in words how many dots a stack has that is too tall to count."""
    base = y + height - 20
    tallest = max(map(len, stacks), default=1)
    gap = min(DOT_GAP, (height - 34) / (tallest - 1)) if tallest > 1 else DOT_GAP
    kind = f"dot {series(row.run)}" + (" dense" if gap < DOT_GAP else "")
    parts, counts = [], []
    for stack in stacks:
        for place, episode in enumerate(stack):
            score = episode.score or 0.0
            tip = f"Episode {episode.label}: {short(score)}"
            mark = dot(scale(score), base - gap * place, 3.4, kind, tip)
            address = f"#{row.run}/{row.detail.game.split('/')[-1]}/{episode.label}/1"
            parts.append(Markup('<a href="{}" tabindex="-1">{}</a>').format(address, mark))
        if gap < DOT_GAP and len(stack) > COUNTED:
            x, top = scale(stack[-1].score or 0.0), base - gap * (len(stack) - 1)
            aside, anchor = (-7, "end") if x > WIDTH / 2 else (7, "start")
            counts.append(text(x + aside, top + 4, f"{len(stack)} episodes", "note", anchor))
    mean = [] if row.score is None else _mean(row.score, scale, base + 11, row.run)
    label = [text(0, base + 15, row.label, "note", "start")] if row.label else []
    return [*parts, *counts, *mean, *label]


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


def _frame(x: Scale, y: Scale, heights: int) -> list[Markup]:
    """About `heights` lines across with their values, and the axis with its own below."""
    parts = [line(x.start, y.start, x.end, y.start, "axis")]
    for tick in y.ticks(heights):
        parts += [line(x.start, y(tick), x.end, y(tick), "grid")]
        parts += [text(x.start - 5, y(tick) + 4, short(tick), "note", "end")]
    return parts + [text(x(tick), y.start + 15, short(tick), "note") for tick in x.ticks()]


def curves(rows: Sequence[Row], kind: Literal["score", "gain"]) -> Markup:
    """One list of the runs' curves over the steps of an episode, with a band for the interval."""
    drawn = [
        (row.run, curve.steps, getattr(curve, kind)) for row in rows if (curve := row.detail.curve)
    ]
    points = [point for *_, points in drawn for point in points]
    low, high = min(0.0, *(p.mean for p in points)), max(0.0, *(p.mean for p in points))
    high = high if high > low else low + 1
    room = (high - low) / 3
    edges = [edge for p in points for edge in (p.low, p.high) if edge is not None]
    inside = [edge for edge in edges if low - room <= edge <= high + room]
    y = Scale(min([low, *inside]), max([high, *inside]), 122, 10)
    x = Scale(0, max(steps[-1] for _, steps, _ in drawn), 34, CURVE_WIDTH - 10, whole=True)
    parts = _frame(x, y, 3)
    for run, steps, means in drawn:
        parts += _one_curve(list(zip(steps, means, strict=True)), x, y, run)
    words = "Mean score so far" if kind == "score" else "Mean score gained per step"
    return figure(CURVE_WIDTH, 140, f"{words}, by step of the episode", parts)


def _one_curve(
    points: Sequence[tuple[int, Interval]], x: Scale, y: Scale, run: int
) -> list[Markup]:
    solid = [(s, p.low, p.high) for s, p in points if p.low is not None and p.high is not None]
    band = [(x(step), y(high)) for step, _, high in solid]
    band += [(x(step), y(low)) for step, low, _ in reversed(solid)]
    trail = [(x(step), y(point.mean)) for step, point in points]
    marks = [dot(*trail[0], 2.5, f"dot {series(run)}")] if len(trail) == 1 else []
    kind = series(run)
    return [path(band, f"band {kind}", closed=True), path(trail, f"trail {kind}"), *marks]


def difference(mean: Interval, span: tuple[float, float], run: int, apart: bool) -> Markup:
    """A difference with its interval around 0, for a cell of a table that has the numbers.

    Args:
        mean: The difference.
        span: The ends of the scale.
        run: The run whose colour it has.
        apart: Whether the runs are told apart; hollow if not.
    """
    scale = Scale(*span, 8, DIFFERENCE_WIDTH - 8)
    parts = [line(scale.start, 10, scale.end, 10, "grid"), line(scale(0), 1, scale(0), 19, "axis")]
    marks = Markup("").join(_mean(mean, scale, 10, run))
    parts.append(marks if apart else Markup('<g class="tied">{}</g>').format(marks))
    return unread_figure(DIFFERENCE_WIDTH, 20, parts, "delta")


def difference_axis(span: tuple[float, float]) -> Markup:
    """The values at 0 and at the ends of the charts of `difference`, where there is room."""
    scale = Scale(*span, 8, DIFFERENCE_WIDTH - 8)
    ends = [(end, side) for end, side in zip(span, ("start", "end"), strict=True)
            if abs(scale(end) - scale(0)) > 40]  # fmt: skip
    places = [(0.0, "middle"), *ends]
    edge = {"start": 0.0, "middle": scale(0), "end": float(DIFFERENCE_WIDTH)}
    words = [text(edge[side], 10, f"{v:+g}" if v else "0", "note", side) for v, side in places]
    return unread_figure(DIFFERENCE_WIDTH, 12, words, "delta")


def scatter(points: Sequence[CostPoint], names: Mapping[int, str], unit: str) -> Markup:
    """Cost to the right, score upward; the front is a line through what nothing beats."""
    x = Scale(0, max([p.cost for p in points] + [1e-9]) * 1.08, 44, 500)
    scores = [p.score for p in points]
    y = Scale(min([0.0, *scores]), max([1.0, *scores]) * 1.05, 236, 12)
    stairs: list[tuple[float, float]] = []
    for point in sorted((p for p in points if p.front), key=lambda p: p.cost):
        stairs += [(x(point.cost), height) for _, height in stairs[-1:]]
        stairs.append((x(point.cost), y(point.score)))
    parts = [*_frame(x, y, 5), text(272, 270, unit, "note"), path(stairs, "front")]
    for point in points:
        left, top = x(point.cost), y(point.score)
        name = names[point.run]
        parts.append(dot(left, top, 6, f"dot {series(point.run)}", name))
        aside, anchor = (-10, "end") if left > 380 else (10, "start")
        parts.append(text(left + aside, top - 6, name[:28], "label", anchor))
    return figure(512, 276, "Score against cost", parts)
