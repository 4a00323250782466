"""What the tests of the small games share."""

from __future__ import annotations

import math
from typing import Any

import gymnasium as gym

ARMS = {
    "BanditTwoArmedDeterministicFixed": (1.0, 0.0),
    "BanditTwoArmedHighLowFixed": (0.8, 0.2),
    "BanditTwoArmedHighHighFixed": (0.8, 0.9),
    "BanditTwoArmedLowLowFixed": (0.1, 0.2),
}


def make(name: str, **settings: Any) -> gym.Env[Any, Any]:
    return gym.make(f"smartplay/{name}-v0", disable_env_checker=True, **settings)


def near(count: int, of: int, probability: float) -> bool:
    """Whether a count lies within five standard deviations of its expectation."""
    spread = math.sqrt(of * probability * (1 - probability))
    return abs(count - of * probability) <= 5 * spread + 1e-9
