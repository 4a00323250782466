"""Pictures of recorded episodes, drawn by playing their actions again from their seed."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np

from smartplay.foreign import costly_setting, other_engine
from smartplay.records import EpisodeHeader, GameHeader, StepRecord
from smartplay.registry import find_card

FRAMES = 26
SIDE = 220
COLORS = 48


def why_no_pictures(game: str, plan: GameHeader) -> str:
    """Why a game cannot be drawn; empty if it can.

    A run folder may come from anyone, so only shipped games are played again, with settings that
    neither name code nor ask for a large world: a card of one's own, or such a setting, would do
    here what the folder says.
    """
    card = find_card(game)
    if card is None or plan.card.endswith(".toml") or card.source.endswith(".toml"):
        return "Only games that come with SmartPlay are drawn."
    if card.digest != plan.digest:
        return "The episode was played with another version of the game."
    reason = costly_setting(card, plan.settings)
    if reason:
        return f"The game is not drawn as it was played: {reason}."
    if other_engine(card, plan.settings):
        return "The game's world was made by another engine, which is not started for pictures."
    return ""


def draw_episode(
    game: str, plan: GameHeader, header: EpisodeHeader, steps: Sequence[StepRecord]
) -> dict[int, str]:
    """Pictures of up to `FRAMES` states, evenly spread.

    Args:
        game: The full id of a game that `why_no_pictures` has no objection to; what the steps call
            theirs is not used, since Gymnasium imports a module that stands in an id.
        plan: What the run played of it.
        header: What the agent read first.
        steps: The steps.

    Returns:
        Data addresses of the pictures by the number of steps taken; those from where the game no
        longer does what was recorded are left out, and all if it cannot be drawn.
    """
    wanted = set(np.linspace(0, len(steps), min(FRAMES, len(steps) + 1)).round().astype(int))
    found: dict[int, str] = {}
    try:
        env = gym.make(
            game,
            max_episode_steps=plan.steps,
            disable_env_checker=True,
            **plan.settings | {"render_mode": "rgb_array"},
        )
        try:
            text, _ = env.reset(seed=header.seed)
            for number in range(len(steps) + 1):
                if text != (steps[number - 1].observation if number else header.observation):
                    break
                if number in wanted:
                    found[number] = encode(env.render())
                if number < len(steps):
                    text = env.step(steps[number].action)[0]
        finally:
            env.close()
    except Exception:
        # A picture is an extra: whatever a game or a hostile setting does, the report goes on.
        return found
    return found


def encode(picture: Any) -> str:
    """A picture (array of height × width × 3 bytes) as a small PNG in a data address."""
    from PIL import Image

    image = Image.fromarray(np.asarray(picture, dtype=np.uint8))
    image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    # The octree keeps the colours of small figures, which the median cut gives up for shades of
    # the ground.
    image.quantize(COLORS, Image.Quantize.FASTOCTREE).save(buffer, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
