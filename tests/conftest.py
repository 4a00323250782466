"""Shared settings of the tests."""

import os
from collections.abc import Iterator

import gymnasium as gym
import pytest
from hypothesis import settings

from smartplay import registry

os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

settings.register_profile("smartplay", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("smartplay")


@pytest.fixture(autouse=True)
def _no_card_of_a_test_stays() -> Iterator[None]:
    """Forget the cards a test registers: they would belong to `all` in the tests after it."""
    known = registry._cards.copy()
    yield
    for full_id in registry._cards.keys() - known.keys():
        del registry._cards[full_id]
        for name in (full_id, full_id.removeprefix("smartplay/")):
            if name in gym.registry and "describer" in gym.registry[name].kwargs:
                del gym.registry[name]
