"""Pictures of recorded episodes, drawn by playing them again."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import numpy as np

from smartplay.games.registry import get_card
from smartplay.records import EpisodeHeader, GameHeader, StepRecord
from smartplay.records.replay import Replay, other_engine, refusal

FRAMES = 26
SIDE = 220
COLORS = 48


def why_no_pictures(game: str, plan: GameHeader) -> str:
    """Why a game is not drawn; empty if it is."""
    reason = refusal(game, plan)
    if reason:
        return f"The game is not drawn: {reason}."
    if other_engine(get_card(game), plan.settings):
        return "The game's world was made by another engine, which is not started for pictures."
    return ""


def draw_episode(
    plan: GameHeader, header: EpisodeHeader, steps: Sequence[StepRecord]
) -> dict[int, str]:
    """Pictures of up to `FRAMES` states, evenly spread.

    Args:
        plan: What the run played of the game; `why_no_pictures` has no objection to it.
        header: What the agent read first.
        steps: The steps.

    Returns:
        The pictures by the number of steps taken, see `encode`; those from where the game no longer
        does what was recorded are left out, and all if it cannot be drawn.
    """
    wanted = set(np.linspace(0, len(steps), min(FRAMES, len(steps) + 1)).round().astype(int))
    found: dict[int, str] = {}
    try:
        with Replay.of(plan, header, steps) as replay:
            for moment in replay:
                if replay.departed is not None:
                    break
                if moment.number in wanted:
                    found[moment.number] = encode(replay.thumbnail(SIDE))
    except Exception:
        # A picture is an extra: whatever a game or a hostile setting does, the report goes on.
        return found
    return found


def encode(picture: Any) -> str:
    """A picture as text: a `Canvas` as SVG, an array of shape (…, …, 3) as a small PNG."""
    from PIL import Image

    from smartplay.games.drawing import Canvas

    if isinstance(picture, Canvas):
        return picture.svg()
    image = Image.fromarray(np.asarray(picture, dtype=np.uint8))
    if max(image.size) > 1.5 * SIDE:
        image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    # The octree keeps the colours of small figures, which the median cut gives up for shades of
    # the ground.
    small = image.quantize(COLORS, Image.Quantize.FASTOCTREE)
    small.save(buffer, "PNG", compress_level=3)  # the default takes twice as long for a tenth less
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def address(picture: str) -> str:
    """The data address of what `encode` gave, without a character that ends an attribute.

    The viewer makes the same of an episode's pictures: it takes a while, and few are looked at.
    """
    if picture.startswith("data:"):
        return picture
    return "data:image/svg+xml," + quote(picture, safe=" =:/,.-")
