"""The picture of the contrasts: four doors, the choices so far below."""

from __future__ import annotations

from collections.abc import Sequence

from smartplay.games.drawing import BLUE, GREEN, INK, RED, SHADE, YELLOW, Canvas, ink_on

COLORS = (RED, GREEN, BLUE, YELLOW)
NAMES = ("red", "green", "blue", "yellow")
PER_ROW = 12


def doors_picture(chosen: Sequence[int]) -> Canvas:
    """Draw the doors; the one chosen last stands open."""
    canvas = Canvas()
    canvas.box(0, 290, 400, 4, INK)
    for door, color in enumerate(COLORS):
        x = 20.0 + 95 * door
        canvas.box(x, 90, 75, 200, SHADE if chosen and chosen[-1] == door else color, INK)
        if chosen and chosen[-1] == door:
            corners = [(x, 90), (x + 30, 104), (x + 30, 304), (x, 290)]
            canvas.shape([(float(a), float(b)) for a, b in corners], color)
        else:
            canvas.circle(x + 62, 195, 5, ink_on(color))
        canvas.text(x + 37, 76, NAMES[door], 20)
    canvas.text(200, 35, f"round {len(chosen) + 1}", 24)
    for k, door in enumerate(chosen[-2 * PER_ROW :]):
        x, y = 20 + 30.5 * (k % PER_ROW), 318 + 34 * (k // PER_ROW)
        canvas.box(x, y, 24, 24, COLORS[door], INK, 4)
        canvas.text(x + 12, y + 12, NAMES[door][0], 16, ink_on(COLORS[door]))
    return canvas
