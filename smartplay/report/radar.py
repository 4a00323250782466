"""The nine capabilities as a radar: in a page, in a file of its own, on the leaderboard."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import cycle

from markupsafe import Markup

from smartplay.cards.capabilities import Capability
from smartplay.core import printable
from smartplay.report.content import Report, agent_name
from smartplay.report.rendering import templates
from smartplay.report.svg import dot, figure, line, path, series, text
from smartplay.scores.intervals import Interval

WIDTH, HEIGHT = 460, 400
MIDDLE = (WIDTH / 2, 200.0)
RADIUS = 132.0
RIM = 1.4
FARTHEST = 2.0
"""The highest value for which an interval widens the rings; beyond it, the interval leaves them."""
PAST = 1.06
"""How far it may run, in outermost rings: not into the capability's name."""
NAMES = [str(capability) for capability in Capability]
NAME_LENGTH = 24

Point = tuple[float, float]
Outline = Sequence[Interval | None]
"""The nine scores of a run, in the order of `Capability`; None where one was not measured."""


def radar(runs: Sequence[Outline], chance: Sequence[float | None]) -> Markup:
    """Draw the scores of runs; a gap in an outline is a capability that was not measured.

    Args:
        runs: An outline per run.
        chance: The nine scores of random play.
    """
    drawing = _Radar(runs)
    gaps = [all(run[axis] is None for run in runs) for axis in range(len(NAMES))]
    parts = [*drawing.background(gaps), *drawing.outline(chance, "chance")]
    for place, run in enumerate(runs):
        shift = place - (len(runs) - 1) / 2
        parts.append(Markup('<g class="{}">{}</g>').format(series(place), drawing.run(run, shift)))
    parts += drawing.ring_labels()
    return figure(WIDTH, HEIGHT, "Capability scores as a radar; the table has the numbers", parts)


def radar_of_choice(runs: Mapping[str, Outline]) -> Markup:
    """Draw many runs, each hidden in a group whose `data-key` names it, for a script to show.

    Values above `RIM` are drawn on the rim: one run of many must not make all others small.
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
    return (
        templates("smartplay.report")
        .get_template("radar.svg.j2")
        .render(
            agent=printable.line(agent_name(report)),
            name=printable.line(agent_name(report), NAME_LENGTH),
            radar=radar(shown, chance),
            contrasts=len(shown) > 1,
            chance=any(value is not None for value in chance),
        )
    )


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
        ends = [min(value.high, FARTHEST) for value in found if value.high is not None]
        highest = max([1.0, *(value.mean for value in found), *ends])
        step = ring_step(highest)
        number = math.ceil(round(highest / step, 9))
        self._top = step * number
        self._rings = sorted({*(round(step * (ring + 1), 9) for ring in range(number)), 1.0})

    def _at(self, axis: float, value: float, aside: float = 0.0) -> Point:
        """A place on an axis, `aside` units to its clockwise side."""
        angle = 2 * math.pi * axis / len(NAMES) - math.pi / 2
        reach = RADIUS * max(0.0, value) / self._top
        x = MIDDLE[0] + reach * math.cos(angle) - aside * math.sin(angle)
        return x, MIDDLE[1] + reach * math.sin(angle) + aside * math.cos(angle)

    def background(self, gaps: Sequence[bool] = (False,) * len(NAMES)) -> list[Markup]:
        """Circles at every step, one at 1, the human score, and the axes."""
        rings = [
            dot(*MIDDLE, round(RADIUS * value / self._top, 1), f"ring{' human' * (value == 1)}")
            for value in self._rings
        ]
        return rings + [self._axis(axis, gap) for axis, gap in enumerate(gaps)]

    def ring_labels(self) -> list[Markup]:
        """The values of the circles, between the first axis and the last."""
        apart = (v for v in self._rings if v == 1 or abs(v - 1) > 0.09 * self._top)
        places = [(value, *self._at(-0.5, value)) for value in apart]
        return [text(x, y + 3, f"{value:g}", "note") for value, x, y in places]

    def _axis(self, axis: int, gap: bool) -> Markup:
        """An axis with its capability's name, and whether that was not measured."""
        x, y = self._at(axis, self._top)
        tx, ty = self._at(axis, self._top * 1.11)
        side = "middle" if abs(tx - MIDDLE[0]) < 20 else ("start" if tx > MIDDLE[0] else "end")
        lines = [(words, "label") for words in _two_lines(NAMES[axis])]
        lines += [("not measured", "note gap")] * gap
        above = ty < MIDDLE[1]
        if side == "middle":
            ty -= 13 * (len(lines) - 1) if above else -6
        elif gap and above:
            ty -= 14
        told = [text(tx, ty + 4 + 14 * k, *part, side) for k, part in enumerate(lines)]
        return Markup("").join([line(*MIDDLE, x, y, "ring"), *told])

    def outline(self, values: Sequence[float | None], kind: str) -> list[Markup]:
        """Lines between neighbours that both have a value."""
        pairs = enumerate(zip(values, [*values[1:], values[0]], strict=True))
        return [
            line(*self._at(axis, value), *self._at(axis + 1, other), kind)
            for axis, (value, other) in pairs
            if value is not None and other is not None
        ]

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
                high = min(value.high, self._top * PAST)
                ends = (*self._at(axis, value.low, aside), *self._at(axis, high, aside))
                parts.append(line(*ends, "reach"))
            tip = f"{NAMES[axis]}: {value}"
            parts.append(dot(*self._at(axis, value.mean, aside), 4, "dot", tip))
        return Markup("\n").join(parts)


def _two_lines(name: str) -> list[str]:
    words = name.replace("/", "/ ").split()
    splits = [[" ".join(words[:k]), " ".join(words[k:])] for k in range(1, len(words))]
    best = min(splits, key=lambda split: max(map(len, split)), default=[name])
    return [part.replace("/ ", "/") for part in best]
