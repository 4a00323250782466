"""The nine capabilities as a radar, in SVG.

Two lines, if contrasts were played: the classic weighted score, whose 1 is the human score, and
the retention of the contrasts, whose 1 is that nothing is lost. A gap in an outline is a capability
that was not measured; a bar along an axis is the 95 % interval. The dashed outline is random play.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from itertools import cycle

from smartplay.report.build import Report
from smartplay.report.wording import plain
from smartplay.statistics import Interval

WIDTH, HEIGHT = 760, 620
MIDDLE = (WIDTH / 2, 310.0)
RADIUS = 200.0
INK, FAINT, MAIN, CHANCE = "#1b1b1b", "#c9c6be", "#0072b2", "#8a8780"
CONTRAST = "#d55e00"

Point = tuple[float, float]


def radar_svg(report: Report) -> str:
    """Draw the capability scores of a report (weights: degree less one) and its contrasts."""
    scores = report.capabilities
    lines = [(MAIN, [score.scores["shipped"] for score in scores])]
    if report.contrasts:
        lines.append((CONTRAST, [score.retention for score in report.contrasts]))
    ends = [_at_least_0(found.high or found.mean) for _, row in lines for found in row if found]
    step = ring_step(highest := max([1.0, *ends]))
    chance = [report.chance["shipped"].get(score.capability) for score in scores]
    drawing = _Radar(len(scores), step, math.ceil(round(highest / step, 9)))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'font-family="Helvetica, Arial, sans-serif" font-size="15">',
        f"<title>Capabilities of {escape(plain(report.agent))}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fbfaf7"/>',
        *drawing.rings(),
        *(drawing.axis(k, score.capability) for k, score in enumerate(scores)),
        *drawing.outline(chance, CHANCE, "4 4"),
        *(part for color, row in lines for part in drawing.line(row, color)),
        *(drawing.gap(k) for k in range(len(scores)) if all(row[k] is None for _, row in lines)),
        _legend(report, any(value is not None for value in chance)),
        "</svg>",
    ]
    return "\n".join(filter(None, parts)) + "\n"


def ring_step(highest: float) -> float:
    """The distance of the rings, a fifth or more, such that there are at most eight."""
    step, factors = 0.2, cycle((2.5, 2, 2))
    while highest / step > 8:
        step *= next(factors)
    return step


def _at_least_0(value: float) -> float:
    return max(0.0, value)


class _Radar:
    """Places values on `axes` axes, across `rings` rings that lie `step` apart."""

    def __init__(self, axes: int, step: float, rings: int) -> None:
        self._axes, self._step, self._rings = axes, step, rings
        self._top = step * rings

    def _at(self, axis: int, value: float) -> Point:
        angle = 2 * math.pi * axis / self._axes - math.pi / 2
        reach = RADIUS * value / self._top
        return MIDDLE[0] + reach * math.cos(angle), MIDDLE[1] + reach * math.sin(angle)

    def rings(self) -> list[str]:
        """Circles at every step, labelled, and one at 1, the human score."""
        parts = []
        steps = {round(self._step * (ring + 1), 9) for ring in range(self._rings)}
        for value in sorted({*steps, 1.0}):
            strong = value == 1
            x, y = self._at(0, value)
            parts.append(
                f'<circle cx="{MIDDLE[0]:.1f}" cy="{MIDDLE[1]:.1f}" '
                f'r="{RADIUS * value / self._top:.1f}" fill="none" '
                f'stroke="{INK if strong else FAINT}" stroke-width="{1.5 if strong else 1}"/>'
            )
            label = "human 1.0" if strong else f"{value:.1f}"
            parts.append(
                f'<text x="{x + 4:.1f}" y="{y + 12:.1f}" font-size="11" fill="#5c5a55">'
                f"{label}</text>"
            )
        return parts

    def axis(self, axis: int, label: str) -> str:
        """An axis with its capability's name."""
        x, y = self._at(axis, self._top)
        tx, ty = self._at(axis, self._top * 1.08)
        side = "middle" if abs(tx - MIDDLE[0]) < 20 else ("start" if tx > MIDDLE[0] else "end")
        return (
            f'<line x1="{MIDDLE[0]:.1f}" y1="{MIDDLE[1]:.1f}" x2="{x:.1f}" y2="{y:.1f}" '
            f'stroke="{FAINT}"/>'
            f'<text x="{tx:.1f}" y="{ty + 5:.1f}" text-anchor="{side}" fill="{INK}">'
            f"{escape(label)}</text>"
        )

    def outline(self, values: Sequence[float | None], color: str, dash: str) -> list[str]:
        """Lines between neighbours that both have a value."""
        style = f'stroke="{color}" stroke-width="2.5"' + (
            f' stroke-dasharray="{dash}"' if dash else ""
        )
        lines = []
        for axis, value in enumerate(values):
            other = values[(axis + 1) % self._axes]
            if value is not None and other is not None:
                (x1, y1), (x2, y2) = self._at(axis, value), self._at(axis + 1, other)
                lines.append(
                    f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" {style}/>'
                )
        return lines

    def line(self, values: Sequence[Interval | None], color: str) -> list[str]:
        """An outline with its intervals and means."""
        means = [None if found is None else _at_least_0(found.mean) for found in values]
        parts = self.outline(means, color, "")
        for axis, found in enumerate(values):
            if found is not None and found.low is not None and found.high is not None:
                parts.append(self.bar(axis, found.low, found.high, color))
        for axis, mean in enumerate(means):
            if mean is not None:
                x, y = self._at(axis, mean)
                parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{color}"/>')
        return parts

    def bar(self, axis: int, low: float, high: float, color: str) -> str:
        """An interval along its axis."""
        (x1, y1), (x2, y2) = (self._at(axis, _at_least_0(end)) for end in (low, high))
        return (
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{color}" '
            'stroke-width="7" stroke-opacity="0.35" stroke-linecap="round"/>'
        )

    def gap(self, axis: int) -> str:
        """The word for what was not measured, on its axis."""
        x, y = self._at(axis, self._top * 0.5)
        return (
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle" font-size="11" '
            'fill="#5c5a55">not measured</text>'
        )


def _legend(report: Report, chance: bool) -> str:
    agent = plain(report.agent)
    name = agent if len(agent) <= 40 else agent[:37] + "..."
    entries = [(MAIN, "", f"{name}, with 95 % intervals", 24)]
    if report.contrasts:
        entries = [
            (MAIN, "", "classic weighted score", 24),
            (CONTRAST, "", "contrast: what is left (hard over easy)", 240),
        ]
    if chance:
        entries.append((CHANCE, ' stroke-dasharray="4 4"', "random play", 590))
    parts = [
        f'<line x1="{x}" y1="590" x2="{x + 30}" y2="590" stroke="{color}" stroke-width="2.5"'
        f'{dash}/><text x="{x + 38}" y="595" fill="{INK}">{escape(words)}</text>'
        for color, dash, words, x in entries
    ]
    if report.contrasts:
        parts.append(f'<text x="24" y="28" fill="{INK}">{escape(name)}, with 95 % intervals</text>')
    return "".join(parts)
