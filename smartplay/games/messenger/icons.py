"""What the twelve looks look like: small drawings in a unit square.

A drawing is a list of strokes: a polygon with a colour, a circle with a colour, or a line with a
colour and a width. Coordinates are from 0 to 1, x to the right and y down.
"""

from __future__ import annotations

from typing import NamedTuple

from smartplay.games.drawing import BLUE, GREEN, GREY, INK, ORANGE, PINK, RED, SHADE, SKY, YELLOW

Points = tuple[tuple[float, float], ...]


class Shape(NamedTuple):
    """A filled polygon."""

    color: str
    points: Points


class Dot(NamedTuple):
    """A filled circle."""

    color: str
    x: float
    y: float
    radius: float


class Stroke(NamedTuple):
    """A line; its width is in units of the square."""

    color: str
    width: float
    points: Points


Icon = tuple[Shape | Dot | Stroke, ...]


def _person(robe: str, *rest: Shape | Dot | Stroke) -> Icon:
    body = Shape(robe, ((0.5, 0.36), (0.82, 0.95), (0.18, 0.95)))
    return (body, Dot(ORANGE, 0.5, 0.34, 0.17), *rest)


ICONS: dict[str, Icon] = {
    "airplane": (
        Shape(SKY, ((0.42, 0.5), (0.05, 0.72), (0.05, 0.6), (0.42, 0.32))),
        Shape(SKY, ((0.58, 0.5), (0.95, 0.72), (0.95, 0.6), (0.58, 0.32))),
        Shape(SKY, ((0.5, 0.76), (0.72, 0.94), (0.28, 0.94))),
        Shape(BLUE, ((0.42, 0.18), (0.5, 0.04), (0.58, 0.18), (0.55, 0.92), (0.45, 0.92))),
    ),
    "mage": _person(
        BLUE,
        Shape(BLUE, ((0.5, 0.0), (0.72, 0.28), (0.28, 0.28))),
        Stroke(INK, 0.05, ((0.86, 0.3), (0.86, 0.95))),
        Dot(YELLOW, 0.86, 0.26, 0.09),
    ),
    "dog": (
        Stroke(ORANGE, 0.09, ((0.18, 0.55), (0.06, 0.34))),
        Shape(ORANGE, ((0.16, 0.48), (0.72, 0.48), (0.72, 0.74), (0.16, 0.74))),
        Shape(ORANGE, ((0.18, 0.7), (0.3, 0.7), (0.3, 0.95), (0.18, 0.95))),
        Shape(ORANGE, ((0.58, 0.7), (0.7, 0.7), (0.7, 0.95), (0.58, 0.95))),
        Dot(ORANGE, 0.74, 0.4, 0.17),
        Shape(ORANGE, ((0.76, 0.36), (0.97, 0.42), (0.97, 0.5), (0.76, 0.54))),
        Shape(INK, ((0.6, 0.24), (0.72, 0.24), (0.64, 0.52))),
        Dot(INK, 0.8, 0.36, 0.03),
    ),
    "bird": (
        Dot(RED, 0.45, 0.55, 0.24),
        Dot(RED, 0.68, 0.34, 0.15),
        Shape(YELLOW, ((0.8, 0.28), (0.98, 0.36), (0.8, 0.42))),
        Shape(RED, ((0.3, 0.5), (0.02, 0.52), (0.06, 0.74))),
        Shape(INK, ((0.3, 0.46), (0.58, 0.5), (0.36, 0.72))),
        Dot(INK, 0.71, 0.31, 0.03),
        Stroke(INK, 0.04, ((0.44, 0.78), (0.44, 0.95))),
        Stroke(INK, 0.04, ((0.54, 0.77), (0.54, 0.95))),
    ),
    "fish": (
        Shape(GREEN, ((0.04, 0.28), (0.36, 0.5), (0.04, 0.72))),
        Shape(
            GREEN,
            ((0.2, 0.5), (0.4, 0.28), (0.66, 0.24), (0.96, 0.5), (0.66, 0.76), (0.4, 0.72)),
        ),
        Shape(SKY, ((0.46, 0.42), (0.62, 0.5), (0.46, 0.58))),
        Dot(INK, 0.78, 0.44, 0.04),
    ),
    "scientist": _person(
        SHADE,
        Stroke(INK, 0.04, ((0.34, 0.34), (0.66, 0.34))),
        Dot(SKY, 0.42, 0.34, 0.07),
        Dot(SKY, 0.58, 0.34, 0.07),
        Shape(GREEN, ((0.84, 0.6), (0.98, 0.92), (0.7, 0.92))),
        Stroke(INK, 0.04, ((0.84, 0.48), (0.84, 0.64))),
    ),
    "thief": _person(
        INK,
        Shape(INK, ((0.32, 0.28), (0.68, 0.28), (0.68, 0.4), (0.32, 0.4))),
        Dot(YELLOW, 0.42, 0.34, 0.035),
        Dot(YELLOW, 0.58, 0.34, 0.035),
        Dot(GREY, 0.84, 0.78, 0.15),
    ),
    "ship": (
        Stroke(INK, 0.05, ((0.48, 0.06), (0.48, 0.66))),
        Shape(SHADE, ((0.53, 0.1), (0.88, 0.56), (0.53, 0.56))),
        Shape(GREY, ((0.43, 0.2), (0.43, 0.56), (0.16, 0.56))),
        Shape(RED, ((0.06, 0.64), (0.94, 0.64), (0.78, 0.92), (0.22, 0.92))),
    ),
    "ball": (
        Dot(PINK, 0.5, 0.52, 0.4),
        Stroke(YELLOW, 0.09, ((0.14, 0.42), (0.5, 0.56), (0.86, 0.42))),
        Stroke(YELLOW, 0.09, ((0.5, 0.14), (0.5, 0.9))),
    ),
    "robot": (
        Stroke(INK, 0.04, ((0.5, 0.2), (0.5, 0.06))),
        Dot(RED, 0.5, 0.06, 0.05),
        Shape(GREY, ((0.26, 0.18), (0.74, 0.18), (0.74, 0.48), (0.26, 0.48))),
        Dot(YELLOW, 0.39, 0.32, 0.06),
        Dot(YELLOW, 0.61, 0.32, 0.06),
        Shape(GREY, ((0.2, 0.53), (0.8, 0.53), (0.8, 0.82), (0.2, 0.82))),
        Stroke(GREY, 0.08, ((0.1, 0.54), (0.1, 0.78))),
        Stroke(GREY, 0.08, ((0.9, 0.54), (0.9, 0.78))),
        Shape(INK, ((0.28, 0.85), (0.44, 0.85), (0.44, 0.97), (0.28, 0.97))),
        Shape(INK, ((0.56, 0.85), (0.72, 0.85), (0.72, 0.97), (0.56, 0.97))),
    ),
    "queen": _person(
        PINK,
        Shape(
            YELLOW,
            (
                (0.3, 0.24),
                (0.28, 0.02),
                (0.4, 0.13),
                (0.5, 0.0),
                (0.6, 0.13),
                (0.72, 0.02),
                (0.7, 0.24),
            ),
        ),
    ),
    "sword": (
        Shape(GREY, ((0.9, 0.04), (0.96, 0.1), (0.42, 0.68), (0.32, 0.58))),
        Stroke(INK, 0.08, ((0.2, 0.5), (0.5, 0.8))),
        Stroke(ORANGE, 0.1, ((0.33, 0.67), (0.12, 0.88))),
        Dot(ORANGE, 0.1, 0.9, 0.07),
    ),
}

AGENT: Icon = (
    Shape(INK, ((0.5, 0.3), (0.78, 0.95), (0.22, 0.95))),
    Dot(INK, 0.5, 0.26, 0.2),
    Dot(YELLOW, 0.43, 0.24, 0.04),
    Dot(YELLOW, 0.57, 0.24, 0.04),
)
"""The agent: black, with bright eyes."""

LETTER: Icon = (
    Shape(YELLOW, ((0.5, 0.56), (1.0, 0.56), (1.0, 0.92), (0.5, 0.92))),
    Stroke(RED, 0.04, ((0.5, 0.56), (0.75, 0.76), (1.0, 0.56))),
)
"""What the agent holds when it has the message."""
