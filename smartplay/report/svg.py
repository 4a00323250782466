"""The elements of figures: inline SVG whose colours follow the page's style sheet.

A run's colour comes from its class (`s0`, `s1`, …).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from markupsafe import Markup

from smartplay.core.printable import line as printable_line

SERIES = 8


class Scale:
    """Maps values from `low` to `high` onto places from `start` to `end`.

    Its ticks are at whole numbers only if it is `whole`.
    """

    def __init__(
        self, low: float, high: float, start: float, end: float, whole: bool = False
    ) -> None:
        self.low, self.high = low, high if high > low else low + 1
        self.start, self.end, self._whole = start, end, whole

    def __call__(self, value: float) -> float:
        """The place of a value; values outside are kept at the edge."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1)

    def ticks(self, number: int = 5) -> list[float]:
        """About `number` round values within the scale."""
        rough = (self.high - self.low) / number
        power: float = 10.0 ** math.floor(math.log10(rough))
        step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= rough * 0.999)
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        ticks = [k * step for k in range(first, last + 1)]
        return [tick for tick in ticks if tick == int(tick)] if self._whole else ticks


def short(value: float) -> str:
    """A number in a few digits: `0.5`, `12`, `2 680`, `1.2e+07`."""
    if abs(value) >= 1e7:
        return f"{value:.2g}"
    if abs(value) >= 100 or value == int(value):
        return f"{round(value):,}".replace(",", " ")
    return f"{value:.3g}"


def figure(width: float, height: float, label: str, parts: Iterable[str | Markup]) -> Markup:
    """An SVG figure; `label` says in words what it shows."""
    return Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        round(width), round(height), printable_line(label), Markup("\n").join(parts)
    )


def unread_figure(width: float, height: float, parts: Iterable[Markup], kind: str = "") -> Markup:
    """An SVG figure beside a table that has its numbers and links.

    Screen readers skip it; otherwise they would read every element.
    """
    return Markup('<svg class="{}" viewBox="0 0 {} {}" aria-hidden="true">{}</svg>').format(
        kind, round(width), round(height), Markup("\n").join(parts)
    )


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Markup:
    """A straight line of a class of the style sheet."""
    return Markup('<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" class="{}"/>').format(
        x1, y1, x2, y2, kind
    )


def text(x: float, y: float, words: str, kind: str = "", anchor: str = "middle") -> Markup:
    """A line of text whose base line is at `y`."""
    return Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}" class="{}">{}</text>').format(
        x, y, anchor, kind, printable_line(words)
    )


def dot(x: float, y: float, radius: float, kind: str, tip: str = "") -> Markup:
    """A circle, with a tip to be seen under the pointer."""
    title = Markup("<title>{}</title>").format(printable_line(tip)) if tip else Markup()
    return Markup('<circle cx="{:.1f}" cy="{:.1f}" r="{}" class="{}">{}</circle>').format(
        x, y, radius, kind, title
    )


def path(points: Sequence[tuple[float, float]], kind: str, closed: bool = False) -> Markup:
    """Straight lines through points."""
    if not points:
        return Markup()
    way = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) + ("Z" if closed else "")
    return Markup('<path d="{}" class="{}"/>').format(way, kind)


def series(place: int) -> str:
    """The class of a run's colour."""
    return f"s{place % SERIES}"
