"""The nine capabilities as a radar: in a page, in a file of its own, on the leaderboard."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from itertools import cycle

from markupsafe import Markup

from smartplay.cards.capabilities import Capability
from smartplay.core import printable
from smartplay.report.build import Report
from smartplay.report.svg import dot, figure, line, path, series, text
from smartplay.scores.statistics import Interval

WIDTH, HEIGHT = 460, 400
MIDDLE = (WIDTH / 2, 200.0)
RADIUS = 132.0
RIM = 1.4
NAMES = [str(capability) for capability in Capability]

Point = tuple[float, float]
Outline = Sequence[Interval | None]
"""The nine scores of a run, in the order of `Capability`; None where one was not measured."""

STYLE = """
text { fill: #1d1c1a; font-size: 11.5px }
.label { font-size: 12px }
.note { fill: #5a5750; font-size: 10.5px; paint-order: stroke; stroke: #fbfaf7; stroke-width: 3px }
.ring { stroke: #dedad0; fill: none }
.ring.human { stroke: #1d1c1a; stroke-width: 1.4 }
.chance { stroke: #5a5750; stroke-width: 2; stroke-dasharray: 4 4 }
.trail { stroke: #0072b2; stroke-width: 2.2 }
.reach { stroke: #0072b2; stroke-width: 4; stroke-linecap: round; opacity: .55 }
.area { fill: #0072b2; opacity: .1 }
.dot { fill: #0072b2; stroke: #fbfaf7 }
.s1 .trail, .s1 .reach { stroke: #d55e00 }
.s1 .area, .s1 .dot { fill: #d55e00 }
"""
LEGEND = 34
CLASSIC, CONTRAST = "classic weighted score", "contrast: hard over easy"
NAME_LENGTH = 24


def radar(runs: Sequence[Outline], chance: Sequence[float | None]) -> Markup:
    """Draw the scores of runs; a gap in an outline is a capability that was not measured.

    Args:
        runs: An outline per run.
        chance: The nine scores of random play.
    """
    drawing = _Radar(runs)
    parts = [*drawing.background(), *drawing.outline(chance, "chance")]
    for place, run in enumerate(runs):
        shift = place - (len(runs) - 1) / 2
        parts.append(Markup('<g class="{}">{}</g>').format(series(place), drawing.run(run, shift)))
    gaps = [axis for axis in range(len(NAMES)) if all(run[axis] is None for run in runs)]
    parts += [drawing.word(axis, "not measured") for axis in gaps]
    parts += drawing.ring_labels()
    return figure(WIDTH, HEIGHT, "Capability scores as a radar; the table has the numbers", parts)


def radar_of_choice(runs: Mapping[str, Outline]) -> Markup:
    """Draw many runs, each hidden in a group whose `data-key` names it, for a script to show.

    What is above `RIM` is drawn on the rim: one run of many must not make all others small.
    """
    capped = {key: [value and value.capped(RIM) for value in run] for key, run in runs.items()}
    drawing = _Radar(list(capped.values()))
    group = Markup('<g data-key="{}" display="none">{}</g>')
    parts = [*drawing.background(), *drawing.ring_labels()]
    parts += [group.format(key, drawing.run(run, 0)) for key, run in capped.items()]
    return figure(WIDTH, HEIGHT, "Capability scores as a radar; the tables have the numbers", parts)


def outlines(report: Report) -> list[Outline]:
    """What the radar of one run shows: its classic scores and, if played, its contrasts."""
    classic = [score.scores["shipped"] for score in report.capabilities]
    kept = [score.retention for score in report.contrasts]
    return [classic, kept] if kept else [classic]


def chance_of(report: Report) -> list[float | None]:
    """The nine scores of random play on a run's games."""
    return [report.chance["shipped"].get(name) for name in NAMES]


def radar_svg(report: Report) -> str:
    """Draw the capability scores of a report (weights: degree less one) and its contrasts."""
    chance, shown = chance_of(report), outlines(report)
    height = HEIGHT + LEGEND
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        'font-family="Helvetica, Arial, sans-serif">',
        f"<title>Capabilities of {escape(printable.line(report.agent))}</title>",
        f"<style>{STYLE}</style>",
        f'<rect width="{WIDTH}" height="{height}" fill="#fbfaf7"/>',
        f'<svg width="{WIDTH}" height="{HEIGHT}">{radar(shown, chance)}</svg>',
        *_legend(report.agent, len(shown) > 1, any(value is not None for value in chance)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _legend(agent: str, contrasts: bool, chance: bool) -> list[Markup]:
    name = printable.line(agent, NAME_LENGTH)
    y = HEIGHT + 14.0
    parts = [line(16, y, 40, y, "trail")]
    if contrasts:
        parts += [
            text(46, y + 4, CLASSIC, "label", "start"),
            Markup('<g class="s1">{}</g>').format(line(180, y, 204, y, "trail")),
            text(210, y + 4, CONTRAST, "label", "start"),
            text(8, 16, f"{name}, with 95 % intervals", "label", "start"),
        ]
    else:
        parts.append(text(46, y + 4, f"{name}, with 95 % intervals", "label", "start"))
        parts += [line(290, y, 312, y, "ring human"), text(317, y + 4, "human", "label", "start")]
    if chance:
        parts += [line(366, y, 388, y, "chance"), text(393, y + 4, "random play", "label", "start")]
    return parts


def ring_step(highest: float) -> float:
    """The distance of the rings, a fifth or more, such that there are at most eight."""
    step, factors = 0.2, cycle((2.5, 2, 2))
    while highest / step > 8:
        step *= next(factors)
    return step


class _Radar:
    """Places values on nine axes, across rings that hold all the runs' scores."""

    def __init__(self, runs: Sequence[Outline]) -> None:
        found = [value for run in runs for value in run if value is not None]
        ends = [end for value in found for end in (value.mean, value.high) if end is not None]
        highest = max([1.0, *ends])
        self._step = ring_step(highest)
        self._rings = math.ceil(round(highest / self._step, 9))
        self._top = self._step * self._rings

    def background(self) -> list[Markup]:
        """Rings and axes."""
        return [*self.rings(), *(self.axis(k, name) for k, name in enumerate(NAMES))]

    def _at(self, axis: float, value: float, aside: float = 0.0) -> Point:
        """A place on an axis, `aside` units to its clockwise side."""
        angle = 2 * math.pi * axis / len(NAMES) - math.pi / 2
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
        """The values of the circles, between the first axis and the last."""
        parts = []
        for value in sorted({*self._ring_values(), 1.0}):
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
            other = values[(axis + 1) % len(NAMES)]
            if value is not None and other is not None:
                parts.append(line(*self._at(axis, value), *self._at(axis + 1, other), kind))
        return parts

    def run(self, values: Outline, shift: float) -> Markup:
        """A run's outline, its intervals (beside one another) and its means."""
        means = [None if value is None else value.mean for value in values]
        aside = 5 * shift
        parts = []
        if None not in means:
            corners = [self._at(k, value or 0.0) for k, value in enumerate(means)]
            parts.append(path(corners, "area", closed=True))
        parts += self.outline(means, "trail")
        for axis, value in enumerate(values):
            if value is None:
                continue
            if value.low is not None and value.high is not None:
                ends = (*self._at(axis, value.low, aside), *self._at(axis, value.high, aside))
                parts.append(line(*ends, "reach"))
            tip = f"{NAMES[axis]}: {value.mean:.2f}"
            parts.append(dot(*self._at(axis, value.mean, aside), 4, "dot", tip))
        return Markup("\n").join(parts)

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
