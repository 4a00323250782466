"""The picture of a walk: a shaded map from above with the way walked, north at the top."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from smartplay.games.minedojo.protocol import STEPS, Ground

RADIUS = 48
SIZE = 400
_SCALE = 2  # drawn at twice the size and scaled down, for smooth edges
_STRIP = 26


def draw_map(
    ground: Ground | None,
    path: Sequence[tuple[float, float, float]],
    heading: int,
    goal: str,
    size: int = SIZE,
) -> NDArray[np.uint8]:
    """Draw the surroundings.

    Args:
        ground: The surface up to `RADIUS` about the body; None where it cannot be had.
        path: Position (x, y, z) at the start and after each move.
        heading: Where the body looks.
        goal: What it looks for.
        size: Width and height in pixels; edges of smaller pictures are smoothed with less work.

    Returns:
        uint8 of shape `(size, size, 3)`.
    """
    from PIL import Image, ImageDraw

    from smartplay.games.drawing import INK, ORANGE, PAPER, PINK, RED, typeface

    side, scale = size * _SCALE, size / SIZE
    pixels = _shaded(ground) if ground else np.full((1, 1, 3), 200, dtype=np.uint8)
    image = Image.fromarray(pixels).resize((side, side), Image.Resampling.NEAREST)
    draw = ImageDraw.Draw(image)
    x, y, z = path[-1]
    block = side / (2 * RADIUS + 1)

    def on_map(place_x: float, place_z: float) -> tuple[float, float]:
        middle = side / 2
        west, north = np.floor(x) + 0.5, np.floor(z) + 0.5
        return middle + (place_x - west) * block, middle + (place_z - north) * block

    def wide(width: float) -> int:
        return round(width * scale)

    def dot(place: tuple[float, float], width: float, fill: str) -> None:
        (left, top), radius = place, width * scale
        corners = [left - radius, top - radius, left + radius, top + radius]
        draw.ellipse(corners, fill, INK, wide(2))

    def caption(text: str, x: float, anchor: str) -> None:
        place = x * _SCALE * scale, side - _STRIP / 2 * _SCALE * scale
        draw.text(place, text, INK, typeface(wide(14 * _SCALE)), anchor)

    for dx, dz in ground.creatures if ground else ():
        dot(on_map(np.floor(x) + dx + 0.5, np.floor(z) + dz + 0.5), 7, PINK)
    trail = [on_map(px, pz) for px, _, pz in path]
    if len(trail) > 1:
        draw.line(trail, INK, wide(9), joint="curve")
        draw.line(trail, ORANGE, wide(5), joint="curve")
    here = on_map(x, z)
    ahead_x, ahead_z = STEPS[heading]
    tip = here[0] + ahead_x * 26 * scale, here[1] + ahead_z * 26 * scale
    draw.line([here, tip], INK, wide(6))
    dot(here, 11, RED)
    draw.rectangle([0, side - wide(_STRIP * _SCALE), side, side], PAPER)
    caption(f"looking for {goal}", 8, "lm")
    caption(f"move {len(path) - 1}   x {x:.0f}  y {y:.0f}  z {z:.0f}", SIZE - 8, "rm")
    exact = size == SIZE
    small = image.resize((size, size), Image.Resampling.LANCZOS) if exact else image.reduce(_SCALE)
    return np.asarray(small, dtype=np.uint8)


def _shaded(ground: Ground) -> NDArray[np.uint8]:
    """Colours with slopes to the north-west lit and those to the south-east in shade."""
    heights = np.pad(ground.heights.astype(np.float64), ((1, 0), (1, 0)), mode="edge")
    slope = heights[1:, 1:] - 0.5 * (heights[:-1, 1:] + heights[1:, :-1])
    light = np.clip(1.0 + 0.09 * slope, 0.72, 1.22)
    shaded = np.clip(ground.colours * light[:, :, None], 0, 255).astype(np.uint8)
    return np.ascontiguousarray(shaded.transpose(1, 0, 2))
