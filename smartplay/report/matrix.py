"""The ablation matrix as a picture: nine ablations by nine contrasts."""

from __future__ import annotations

from html import escape

from smartplay.cards.capabilities import Capability
from smartplay.validity.matrix import KEPT, LOST, AblationMatrix

SHORT = {
    str(capability): short
    for capability, short in zip(
        Capability,
        ("long text", "reasoning", "instructions", "planning", "generalization", "odds",
         "learning", "mistakes", "space"),
        strict=True,
    )
}  # fmt: skip
CELL, LEFT, TOP = 74, 190, 96
INK, FAINT, PAPER, SHADE = "#1b1b1b", "#5c5a55", "#fbfaf7", "#dedbd2"
LOW, HIGH = (213, 94, 0), (0, 114, 178)


def matrix_svg(matrix: AblationMatrix) -> str:
    """Draw the matrix; blue is kept, orange is lost, a frame marks the diagonal."""
    number = len(matrix.ablations)
    width, height = LEFT + CELL * number + 20, TOP + CELL * number + 56
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        'font-family="Helvetica, Arial, sans-serif" font-size="13">',
        "<title>Retention of nine ablated agents on nine contrasts</title>",
        f'<rect width="{width}" height="{height}" fill="{PAPER}"/>',
        f'<text x="{LEFT}" y="26" font-size="15" fill="{INK}">What is left of each contrast '
        "(hard over easy)</text>",
        f'<text x="{LEFT - 12}" y="{TOP - 14}" text-anchor="end" fill="{FAINT}">ablation</text>',
    ]
    for k, name in enumerate(matrix.capabilities):
        x = LEFT + CELL * (k + 0.5)
        parts.append(_text(x, TOP - 14, SHORT[name], INK, 12))
    for row, name in enumerate(matrix.ablations):
        y = TOP + CELL * (row + 0.5) + 5
        parts.append(
            f'<text x="{LEFT - 12}" y="{y}" text-anchor="end" fill="{INK}">{escape(name)}</text>'
        )
        parts += [_cell(matrix, row, k) for k in range(number)]
    parts.append(
        f'<text x="{LEFT}" y="{height - 20}" font-size="12" fill="{FAINT}">Mean and 95 % interval, '
        f"{matrix.seeds} seeds. A row is clean if its framed cell is at most {LOST} and all others "
        f"at least {KEPT}.</text>"
    )
    return "\n".join([*parts, "</svg>"]) + "\n"


def _cell(matrix: AblationMatrix, row: int, column: int) -> str:
    x, y = LEFT + CELL * column, TOP + CELL * row
    mean, low, high = (part[row][column] for part in (matrix.retention, matrix.low, matrix.high))
    fill = SHADE if mean is None else _color(mean)
    frame = f' stroke="{INK}" stroke-width="3"' if row == column else ""
    parts = [
        f'<rect x="{x + 2}" y="{y + 2}" width="{CELL - 4}" height="{CELL - 4}" fill="{fill}"'
        f"{frame}/>"
    ]
    middle = x + CELL / 2
    if mean is None:
        parts.append(_text(middle, y + CELL / 2 + 4, "-", INK, 15))
        return "".join(parts)
    parts.append(_text(middle, y + CELL / 2, two_digits(mean), "#ffffff", 17))
    if low is not None and high is not None:
        ends = f"{two_digits(low)}, {two_digits(high)}"
        parts.append(_text(middle, y + CELL / 2 + 19, ends, "#ffffff", 11))
    return "".join(parts)


def two_digits(value: float) -> str:
    """Two digits after the point, and no minus before 0."""
    return f"{round(value, 2) + 0:.2f}"


def _text(x: float, y: float, text: str, color: str, size: int) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle" font-size="{size}" fill="{color}">'
        f"{escape(text)}</text>"
    )


def _color(value: float) -> str:
    share = min(1.0, max(0.0, value))
    mixed = [round(low + share * (high - low)) for low, high in zip(LOW, HIGH, strict=True)]
    return "#" + "".join(f"{part:02x}" for part in mixed)
