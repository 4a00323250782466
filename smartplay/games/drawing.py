"""One style for all pictures: a square canvas, a colour-blind-safe palette, clear type.

Colours are those of Okabe and Ito (2008), chosen to be told apart with every common kind of colour
blindness. A canvas holds shapes. They become pixels, drawn at twice their size and scaled down so
that edges are smooth, or an SVG document, which a page shows sharp at any size for a fraction of
the work.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import lru_cache
from html import escape
from typing import Any, NamedTuple, Protocol

import numpy as np
from PIL import Image, ImageDraw, ImageFont

SIZE = 400
_SCALE = 2
_LINE = 2

INK = "#1b1b1b"
PAPER = "#fbfaf7"
SHADE = "#dedbd2"
GREY = "#8a8780"
ORANGE = "#e69f00"
SKY = "#56b4e9"
GREEN = "#009e73"
YELLOW = "#f0e442"
BLUE = "#0072b2"
RED = "#d55e00"
PINK = "#cc79a7"
PALETTE = (BLUE, ORANGE, GREEN, PINK, SKY, RED, YELLOW, GREY)

Picture = np.ndarray[Any, np.dtype[np.uint8]]
Points = Sequence[tuple[float, float]]


class Canvas:
    """A picture of `SIZE` × `SIZE` pixels; coordinates are in pixels from the top left.

    Args:
        ground: A picture to draw over, which stays as it is.
    """

    def __init__(self, ground: Canvas | None = None) -> None:
        self._shapes: list[_Shape] = [*ground._shapes] if ground else []

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        fill: str | None = None,
        line: str | None = None,
        radius: float = 0,
    ) -> None:
        """Draw a rectangle with its top left corner at (x, y)."""
        self._shapes.append(_Box(x, y, width, height, fill, line, radius))

    def circle(
        self, x: float, y: float, radius: float, fill: str | None = None, line: str | None = None
    ) -> None:
        """Draw a circle around (x, y)."""
        self._shapes.append(_Circle(x, y, radius, fill, line))

    def line(self, points: Points, color: str = INK, width: float = 2) -> None:
        """Draw a line through the points."""
        self._shapes.append(_Line(tuple(points), color, width))

    def shape(self, points: Points, fill: str) -> None:
        """Fill a polygon."""
        self._shapes.append(_Polygon(tuple(points), fill))

    def text(
        self, x: float, y: float, text: str, size: int = 20, color: str = INK, anchor: str = "mm"
    ) -> None:
        """Write a line of text; its middle is at (x, y), or its left end with the anchor `"lm"`."""
        self._shapes.append(_Text(x, y, text, size, color, anchor))

    def pixels(self) -> Picture:
        """The picture as an array of shape (SIZE, SIZE, 3)."""
        image = Image.new("RGB", (SIZE * _SCALE, SIZE * _SCALE), PAPER)
        draw = ImageDraw.Draw(image)
        for shape in self._shapes:
            shape.paint(draw)
        small = image.resize((SIZE, SIZE), Image.Resampling.LANCZOS)
        return np.asarray(small, dtype=np.uint8)

    def svg(self) -> str:
        """The picture as an SVG document."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{SIZE}" height="{SIZE}" '
            f'font-family="Helvetica,Arial,sans-serif">'
            f'<rect width="{SIZE}" height="{SIZE}" fill="{PAPER}"/>'
            f"{''.join([_element(shape) for shape in self._shapes])}</svg>"
        )


class _Shape(Hashable, Protocol):
    def paint(self, draw: ImageDraw.ImageDraw) -> None:
        """Draw it at `_SCALE` times its size."""

    def svg(self) -> str:
        """Its SVG element."""


class _Box(NamedTuple):
    x: float
    y: float
    width: float
    height: float
    fill: str | None
    line: str | None
    radius: float

    def paint(self, draw: ImageDraw.ImageDraw) -> None:
        right, below = self.x + self.width, self.y + self.height
        corners = [_up(self.x), _up(self.y), _up(right), _up(below)]
        width = _LINE * _SCALE if self.line else 0
        draw.rounded_rectangle(corners, _up(self.radius), self.fill, self.line, width)

    def svg(self) -> str:
        inset = _LINE / 2 if self.line else 0  # a line is drawn within the box
        place = f'x="{_short(self.x + inset)}" y="{_short(self.y + inset)}"'
        width, height = (max(0, side - 2 * inset) for side in (self.width, self.height))
        size = f'width="{_short(width)}" height="{_short(height)}"'
        radius = f' rx="{_short(self.radius - inset)}"' if self.radius > inset else ""
        return f"<rect {place} {size}{radius}{_look(self.fill, self.line)}/>"


class _Circle(NamedTuple):
    x: float
    y: float
    radius: float
    fill: str | None
    line: str | None

    def paint(self, draw: ImageDraw.ImageDraw) -> None:
        x, y, radius = self.x, self.y, self.radius
        corners = [_up(x - radius), _up(y - radius), _up(x + radius), _up(y + radius)]
        draw.ellipse(corners, self.fill, self.line, _LINE * _SCALE if self.line else 0)

    def svg(self) -> str:
        radius = self.radius - (_LINE / 2 if self.line else 0)
        place = f'cx="{_short(self.x)}" cy="{_short(self.y)}" r="{_short(radius)}"'
        return f"<circle {place}{_look(self.fill, self.line)}/>"


class _Line(NamedTuple):
    points: Points
    color: str
    width: float

    def paint(self, draw: ImageDraw.ImageDraw) -> None:
        points = [(_up(x), _up(y)) for x, y in self.points]
        draw.line(points, self.color, _up(self.width), joint="curve")

    def svg(self) -> str:
        look = _look(None, self.color, self.width)
        return f'<polyline points="{_places(self.points)}" stroke-linejoin="round"{look}/>'


class _Polygon(NamedTuple):
    points: Points
    fill: str

    def paint(self, draw: ImageDraw.ImageDraw) -> None:
        draw.polygon([(_up(x), _up(y)) for x, y in self.points], self.fill)

    def svg(self) -> str:
        return f'<polygon points="{_places(self.points)}"{_look(self.fill, None)}/>'


class _Text(NamedTuple):
    x: float
    y: float
    text: str
    size: int
    color: str
    anchor: str

    def paint(self, draw: ImageDraw.ImageDraw) -> None:
        font = typeface(self.size * _SCALE)
        draw.text((_up(self.x), _up(self.y)), self.text, self.color, font, self.anchor)

    def svg(self) -> str:
        # The reader's font is another one: the text keeps the length it has in pixels.
        length, drop = _measured(self.text, self.size)
        x = self.x if self.anchor == "lm" else self.x - length / 2
        return (
            f'<text x="{_short(x)}" y="{_short(self.y + drop)}" font-size="{self.size}" '
            f'textLength="{_short(length)}" lengthAdjust="spacingAndGlyphs" fill="{self.color}">'
            f"{escape(self.text)}</text>"
        )


@lru_cache(4096)
def _element(shape: _Shape) -> str:
    """A shape's SVG element; most shapes of a picture are in the next one, too."""
    return shape.svg()


@lru_cache(64)
def typeface(size: int) -> ImageFont.FreeTypeFont:
    """The type of all pictures; it comes with Pillow."""
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont)
    return font


def ink_on(fill: str) -> str:
    """The colour, light or dark, in which type stands out more from a fill.

    Contrast as the Web Content Accessibility Guidelines 2.1 define it (relative luminance).
    """
    light, dark, own = (_luminance(color) for color in (PAPER, INK, fill))
    return PAPER if (light + 0.05) / (own + 0.05) > (own + 0.05) / (dark + 0.05) else INK


def _luminance(color: str) -> float:
    parts = [int(color[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _up(length: float) -> int:
    return round(length * _SCALE)


def _short(length: float) -> str:
    return f"{round(length, 2) + 0.0:g}"  # -0.0 as 0


def _places(points: Points) -> str:
    return " ".join(f"{_short(x)},{_short(y)}" for x, y in points)


def _look(fill: str | None, line: str | None, width: float = _LINE) -> str:
    stroke = f' stroke="{line}" stroke-width="{_short(width)}"' if line else ""
    return f' fill="{fill or "none"}"{stroke}'


@lru_cache(1024)
def _measured(text: str, size: int) -> tuple[float, float]:
    """A text's length, and how far its baseline lies below its middle."""
    font = typeface(size)
    above, below = font.getmetrics()
    return font.getlength(text), (above - below) / 2
