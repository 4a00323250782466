"""Tower of Hanoi: move a tower from the first rod to the last, one disk at a time."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from smartplay.games import drawing
from smartplay.text import Describer, Description, Turn

RODS = "ABC"
MOVES = ((0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1))


class HanoiEnv(gym.Env[np.ndarray[Any, np.dtype[np.int8]], int]):
    """Disks on three rods; all on the first at the start, all on the last at the goal.

    The observation gives, for each disk from the smallest to the largest, the rod it is on (0 to
    2). Actions index `MOVES`. A move that reaches the goal earns 100 and ends the episode, one
    that is not allowed costs 1 and changes nothing, every other earns 0.

    Args:
        disks: Number of disks, 1 or more.
        noise: Probability that a move is replaced by one drawn uniformly from all six.
        render_mode: `"rgb_array"` or None.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 4}  # noqa: RUF012
