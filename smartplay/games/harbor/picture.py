"""The picture of Harbor Days: a mole, the rounds as boats, the moves of the present round."""

from __future__ import annotations

from collections.abc import Sequence

from smartplay.games.drawing import BLUE, GREY, INK, SHADE, SKY, Canvas
from smartplay.games.harbor.kind import MOVES, ROUNDS

PER_ROW = 4


def harbor_picture(rounds: int, moves: int, actions: Sequence[str]) -> Canvas:
    """Draw the rounds as boats, dark if they were played; whether they were right is not shown."""
    canvas = Canvas()
    canvas.box(0, 70, 400, 260, SKY)
    canvas.box(0, 300, 400, 30, GREY, INK)
    canvas.text(200, 30, f"round {min(rounds + 1, ROUNDS)} of {ROUNDS}", 24)
    canvas.text(200, 55, f"{len(actions)} actions, {MOVES} moves each", 14)
    for k in range(ROUNDS):
        x, y = 30.0 + 95 * (k % PER_ROW), 115.0 + 65 * (k // PER_ROW)
        color = BLUE if k < rounds else SHADE
        canvas.shape([(x, y), (x + 60, y), (x + 48, y + 18), (x + 12, y + 18)], color)
        canvas.line([(x + 30, y), (x + 30, y - 30)])
        canvas.shape([(x + 32, y - 30), (x + 32, y - 4), (x + 54, y - 4)], color)
    for move in range(MOVES):
        canvas.circle(160 + 40 * move, 365, 10, INK if move < moves else SHADE)
    return canvas
