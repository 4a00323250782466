"""The nine capabilities as a radar: several runs, their intervals, random play and human."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import cycle

from markupsafe import Markup

from smartplay.report.build import Report
from smartplay.report.svg import dot, figure, line, path, series, text
from smartplay.scoring import CapabilityScore, Weights

WIDTH, HEIGHT = 460, 400
MIDDLE = (WIDTH / 2, 200.0)
RADIUS = 132.0

Point = tuple[float, float]


def radar(
    runs: Sequence[Sequence[CapabilityScore]],
    chance: Sequence[float | None],
    weights: Weights = "shipped",
) -> Markup:
    """Draw capability scores; a gap in an outline is a capability that was not measured.

    Args:
        runs: The nine scores of each run.
        chance: The nine scores of random play.
        weights: Which scores.
    """
    names = [score.capability for score in runs[0]]
    highest = [
        value
        for run in runs
        for score in run
        if (found := score.scores[weights]) is not None
        for value in (found.mean, found.high)
        if value is not None
    ]
    step = ring_step(max([1.0, *highest]))
    drawing = _Radar(len(names), step, math.ceil(round(max([1.0, *highest]) / step, 9)))
    parts = [*drawing.rings(), *(drawing.axis(k, name) for k, name in enumerate(names))]
    parts += drawing.outline(chance, "chance")
    for place, run in enumerate(runs):
        parts += drawing.run(place, run, weights, shift=place - (len(runs) - 1) / 2)
    for axis in range(len(names)):
        if all(run[axis].scores[weights] is None for run in runs):
            parts.append(drawing.word(axis, "not measured"))
    parts += drawing.ring_labels()
    return figure(WIDTH, HEIGHT, "Capability scores as a radar; the table has the numbers", parts)


def outlines(report: Report) -> list[Sequence[CapabilityScore]]:
    """What the radar of one run shows: its classic scores and, if played, its contrasts."""
    if not report.contrasts:
        return [report.capabilities]
    kept = [
        CapabilityScore(
            capability=score.capability,
            scores={"shipped": score.retention},
            reason=score.reason,
            covers={},
        )
        for score in report.contrasts
    ]
    return [report.capabilities, kept]


def ring_step(highest: float) -> float:
    """The distance of the rings, a fifth or more, such that there are at most eight."""
    step, factors = 0.2, cycle((2.5, 2, 2))
    while highest / step > 8:
        step *= next(factors)
    return step


class _Radar:
    """Places values on `axes` axes, across `rings` rings that lie `step` apart."""

    def __init__(self, axes: int, step: float, rings: int) -> None:
        self._axes, self._step, self._rings = axes, step, rings
        self._top = step * rings

    def _at(self, axis: float, value: float, aside: float = 0.0) -> Point:
        """A place on an axis, `aside` units to its clockwise side."""
        angle = 2 * math.pi * axis / self._axes - math.pi / 2
        reach = RADIUS * max(0.0, min(value, self._top * 1.3)) / self._top
        x = MIDDLE[0] + reach * math.cos(angle) - aside * math.sin(angle)
        return x, MIDDLE[1] + reach * math.sin(angle) + aside * math.cos(angle)

    def rings(self) -> list[Markup]:
        """Circles at every step, and one at 1, the human score."""
        values = sorted({*self._ring_values(), 1.0})
        return [
            dot(*MIDDLE, round(RADIUS * value / self._top, 1), _ring_kind(value))
            for value in values
        ]

    def ring_labels(self) -> list[Markup]:
        """The values of every other circle, between the first axis and the last."""
        parts = []
        for value in sorted({*self._ring_values()[1::2], 1.0}):
            if value == 1 or abs(value - 1) > 0.09 * self._top:
                x, y = self._at(-0.5, value)
                parts.append(text(x, y + 3, f"{value:g}", "note"))
        return parts

    def _ring_values(self) -> list[float]:
        return [round(self._step * (ring + 1), 9) for ring in range(self._rings)]

    def axis(self, axis: int, name: str) -> Markup:
        """An axis with its capability's name, in two lines."""
        x, y = self._at(axis, self._top)
        tx, ty = self._at(axis, self._top * 1.11)
        side = "middle" if abs(tx - MIDDLE[0]) < 20 else ("start" if tx > MIDDLE[0] else "end")
        lines = _two_lines(name)
        if side == "middle":
            ty -= 13 * (len(lines) - 1) if ty < MIDDLE[1] else -6
        words = [text(tx, ty + 4 + 14 * k, part, "label", side) for k, part in enumerate(lines)]
        return Markup("").join([line(*MIDDLE, x, y, "ring"), *words])

    def outline(self, values: Sequence[float | None], kind: str) -> list[Markup]:
        """Lines between neighbours that both have a value."""
        parts = []
        for axis, value in enumerate(values):
            other = values[(axis + 1) % self._axes]
            if value is not None and other is not None:
                parts.append(line(*self._at(axis, value), *self._at(axis + 1, other), kind))
        return parts

    def run(
        self, place: int, scores: Sequence[CapabilityScore], weights: Weights, shift: float
    ) -> list[Markup]:
        """A run's outline, its intervals (beside one another) and its means."""
        found = [score.scores[weights] for score in scores]
        means = [None if value is None else value.mean for value in found]
        aside = 5 * shift
        parts = []
        if None not in means:
            corners = [self._at(k, value or 0.0) for k, value in enumerate(means)]
            parts.append(path(corners, f"area {series(place)}", closed=True))
        parts += self.outline(means, f"trail {series(place)}")
        for axis, value in enumerate(found):
            if value is None:
                continue
            if value.low is not None and value.high is not None:
                ends = (*self._at(axis, value.low, aside), *self._at(axis, value.high, aside))
                parts.append(line(*ends, f"reach {series(place)}"))
            tip = f"{scores[axis].capability}: {value.mean:.2f}"
            parts.append(dot(*self._at(axis, value.mean, aside), 4, f"dot {series(place)}", tip))
        return parts

    def word(self, axis: int, words: str) -> Markup:
        """A word on an axis that has no value."""
        x, y = self._at(axis, self._top * 0.62)
        return text(x, y + 4, words, "note gap")


def _ring_kind(value: float) -> str:
    return "ring human" if value == 1 else "ring"


def _two_lines(name: str) -> list[str]:
    words = name.replace("/", "/ ").split()
    if len(words) == 1:
        return [name]
    splits = [(" ".join(words[:k]), " ".join(words[k:])) for k in range(1, len(words))]
    best = min(splits, key=lambda split: max(map(len, split)))
    return [part.replace("/ ", "/") for part in best]
