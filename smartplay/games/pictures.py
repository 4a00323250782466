"""Pictures of the small games."""

from __future__ import annotations

from collections.abc import Sequence

from smartplay.games.drawing import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PALETTE,
    RED,
    SHADE,
    Canvas,
    ink_on,
)


def bandit_picture(wins: Sequence[int], pulls: Sequence[int]) -> Canvas:
    """Machines side by side, each with a bar of wins and a bar of losses, named below."""
    canvas = Canvas()
    for x, color, name in ((90.0, GREEN, "won"), (230.0, RED, "lost")):
        canvas.box(x, 370, 20, 20, color)
        canvas.text(x + 30, 380, name, 20, anchor="lm")
    width = 380 / len(wins)
    longest = max(10, *pulls)
    for k, (won, pulled) in enumerate(zip(wins, pulls, strict=True)):
        middle = 10 + width * (k + 0.5)
        half = min(70.0, width * 0.42)
        canvas.box(middle - half, 50, 2 * half, 305, SHADE, INK, 12)
        canvas.text(middle, 25, str(k + 1), 28)
        for x, count, color in (
            (middle - half / 2, won, GREEN),
            (middle + half / 2, pulled - won, RED),
        ):
            height = 250 * count / longest
            canvas.box(x - half / 3, 345 - height, 2 * half / 3, height, color)
            canvas.text(x, 331 - height, str(count), 20 if half > 24 else 14)
    return canvas


def rock_paper_scissors_picture(rounds: Sequence[tuple[int, int]]) -> Canvas:
    """The last round above, the tally of the opponent's options below."""
    canvas = Canvas()
    for x, who in ((110, "you"), (290, "opponent")):
        canvas.text(x, 26, who, 22)
        canvas.circle(x, 115, 68, SHADE, INK)
    if rounds:
        for x, option in zip((110, 290), rounds[-1], strict=True):
            _draw_option(canvas, x, 115, option)
    canvas.text(200, 115, str(len(rounds)), 24)
    canvas.text(200, 215, "the opponent so far", 20)
    for option, name in enumerate(("rock", "paper", "scissors")):
        count = sum(other == option for _, other in rounds)
        y = 245 + 48 * option
        canvas.text(16, y + 17, name, 20, anchor="lm")
        canvas.box(115, y, 230 * count / max(10, len(rounds)), 34, PALETTE[option])
        canvas.text(125 + 230 * count / max(10, len(rounds)), y + 17, str(count), 20, anchor="lm")
    return canvas


def _draw_option(canvas: Canvas, x: float, y: float, option: int) -> None:
    if option == 0:
        corners = [(-40, 18), (-28, -24), (6, -38), (38, -14), (42, 22), (10, 38), (-24, 36)]
        canvas.shape([(x + dx, y + dy) for dx, dy in corners], BLUE)
    elif option == 1:
        canvas.box(x - 32, y - 42, 64, 84, ORANGE, INK, 4)
        for k in range(4):
            canvas.line([(x - 20, y - 24 + 16 * k), (x + 20, y - 24 + 16 * k)], INK)
    else:
        canvas.line([(x - 26, y - 44), (x + 20, y + 22)], GREEN, 9)
        canvas.line([(x + 26, y - 44), (x - 20, y + 22)], GREEN, 9)
        canvas.circle(x + 24, y + 30, 14, None, GREEN)
        canvas.circle(x - 24, y + 30, 14, None, GREEN)


def hanoi_picture(rods: Sequence[Sequence[int]], disks: int) -> Canvas:
    """Three rods with their disks; the largest disk is the widest."""
    canvas = Canvas()
    canvas.box(10, 350, 380, 10, INK)
    height = min(34.0, 250 / disks)
    for k, pile in enumerate(rods):
        middle = 74 + 126 * k
        canvas.box(middle - 4, 80, 8, 270, GREY)
        canvas.text(middle, 380, "ABC"[k], 22)
        for level, disk in enumerate(pile):
            half = 16 + 44 * disk / disks
            y = 350 - height * (level + 1)
            color = PALETTE[(disk - 1) % len(PALETTE)]
            canvas.box(
                middle - half, y, 2 * half, height - 2, color, INK if height > 8 else None, 4
            )
            if height > 18:
                canvas.text(middle, y + height / 2 - 1, str(disk), 20, ink_on(color))
    return canvas


def choices_picture(actions: Sequence[str], chosen: Sequence[int]) -> Canvas:
    """The actions below one another, the last choice in colour; the choices so far beside them."""
    canvas = Canvas()
    canvas.text(200, 28, f"round {len(chosen) + 1}", 24)
    height = 330 / len(actions)
    for k, name in enumerate(actions):
        y = 55 + height * k
        color = PALETTE[k] if chosen and chosen[-1] == k else SHADE
        canvas.box(12, y, 376, height - 12, color, INK, 8)
        canvas.text(28, y + height / 3 - 4, name, 18, ink_on(color), "lm")
        for place, _ in enumerate([choice for choice in chosen if choice == k]):
            canvas.circle(36 + 24 * place, y + height * 0.65, 8, INK)
    return canvas
