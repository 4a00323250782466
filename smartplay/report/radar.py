"""The nine capabilities as a radar, in SVG.

A gap in the outline is a capability that was not measured; a bar along an axis is the 95 %
interval. The circle at 1 is the human score, the dashed outline random play.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from itertools import cycle

from smartplay.report.build import Report
from smartplay.report.wording import plain
from smartplay.scoring import CapabilityScore

WIDTH, HEIGHT = 760, 620
MIDDLE = (WIDTH / 2, 310.0)
RADIUS = 200.0
INK, FAINT, MAIN, CHANCE = "#1b1b1b", "#c9c6be", "#0072b2", "#8a8780"

Point = tuple[float, float]


def radar_svg(report: Report) -> str:
    """Draw the capability scores of a report (weights: degree less one)."""
    scores = report.capabilities
    means = [_mean(score) for score in scores]
    lows = [_end(score, "low") for score in scores]
    highs = [_end(score, "high") for score in scores]
    step = ring_step(highest := max([1.0, *(value for value in means + highs if value)]))
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
        *drawing.outline(means, MAIN, ""),
        *(drawing.bar(k, low, highs[k]) for k, low in enumerate(lows)),
        *(drawing.dot(k, mean) for k, mean in enumerate(means)),
        _legend(plain(report.agent), any(value is not None for value in chance)),
        "</svg>",
    ]
    return "\n".join(filter(None, parts)) + "\n"


def ring_step(highest: float) -> float:
    """The distance of the rings, a fifth or more, such that there are at most eight."""
    step, factors = 0.2, cycle((2.5, 2, 2))
    while highest / step > 8:
        step *= next(factors)
    return step


def _mean(score: CapabilityScore) -> float | None:
    found = score.scores["shipped"]
    return None if found is None else max(0.0, found.mean)


def _end(score: CapabilityScore, end: str) -> float | None:
    found = score.scores["shipped"]
    value = None if found is None else (found.low if end == "low" else found.high)
    return None if value is None else max(0.0, value)


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

    def bar(self, axis: int, low: float | None, high: float | None) -> str:
        """An interval along its axis."""
        if low is None or high is None:
            return ""
        (x1, y1), (x2, y2) = self._at(axis, low), self._at(axis, high)
        return (
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{MAIN}" '
            'stroke-width="7" stroke-opacity="0.35" stroke-linecap="round"/>'
        )

    def dot(self, axis: int, value: float | None) -> str:
        """A mean; where there is none, the word for it near the middle."""
        if value is None:
            x, y = self._at(axis, self._top * 0.5)
            return (
                f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle" font-size="11" '
                'fill="#5c5a55">not measured</text>'
            )
        x, y = self._at(axis, value)
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{MAIN}"/>'


def _legend(agent: str, chance: bool) -> str:
    name = agent if len(agent) <= 40 else agent[:37] + "..."
    parts = [
        f'<line x1="24" y1="590" x2="54" y2="590" stroke="{MAIN}" stroke-width="2.5"/>'
        f'<text x="62" y="595" fill="{INK}">{escape(name)}, with 95 % intervals</text>'
    ]
    if chance:
        parts.append(
            f'<line x1="470" y1="590" x2="500" y2="590" stroke="{CHANCE}" stroke-width="2.5" '
            f'stroke-dasharray="4 4"/><text x="508" y="595" fill="{INK}">random play</text>'
        )
    return "".join(parts)
