"""One style for all pictures: a square canvas, a colour-blind-safe palette, clear type.

Colours are those of Okabe and Ito (2008), chosen to be told apart with every common kind of colour
blindness. Pictures are drawn at twice their size and scaled down, so edges are smooth.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

SIZE = 400
_SCALE = 2

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


class Canvas:
    """A picture of `SIZE` × `SIZE` pixels; coordinates are in pixels from the top left."""

    def __init__(self) -> None:
        self._image = Image.new("RGB", (SIZE * _SCALE, SIZE * _SCALE), PAPER)
        self._draw = ImageDraw.Draw(self._image)

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
        corners = [_up(x), _up(y), _up(x + width), _up(y + height)]
        self._draw.rounded_rectangle(corners, _up(radius), fill, line, 2 * _SCALE if line else 0)

    def circle(
        self, x: float, y: float, radius: float, fill: str | None = None, line: str | None = None
    ) -> None:
        """Draw a circle around (x, y)."""
        corners = [_up(x - radius), _up(y - radius), _up(x + radius), _up(y + radius)]
        self._draw.ellipse(corners, fill, line, 2 * _SCALE if line else 0)

    def line(self, points: list[tuple[float, float]], color: str = INK, width: float = 2) -> None:
        """Draw a line through the points."""
        self._draw.line([(_up(x), _up(y)) for x, y in points], color, _up(width), joint="curve")

    def shape(self, points: list[tuple[float, float]], fill: str) -> None:
        """Fill a polygon."""
        self._draw.polygon([(_up(x), _up(y)) for x, y in points], fill)

    def text(
        self, x: float, y: float, text: str, size: int = 20, color: str = INK, anchor: str = "mm"
    ) -> None:
        """Write a line of text; `anchor` as in Pillow, by default its middle is at (x, y)."""
        font = ImageFont.load_default(size * _SCALE)
        self._draw.text((_up(x), _up(y)), text, color, font, anchor)

    def pixels(self) -> Picture:
        """The picture as an array of shape (SIZE, SIZE, 3)."""
        small = self._image.resize((SIZE, SIZE), Image.Resampling.LANCZOS)
        return np.asarray(small, dtype=np.uint8)


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
