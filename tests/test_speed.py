"""Loose guards of speed: far below what a quiet machine does, so that only a blunder trips them."""

from __future__ import annotations

import random
import time

import gymnasium as gym
import pytest

from smartplay import bench

SMALL = ["BanditTwoArmedHighLowFixed", "RockPaperScissorBasic", "Hanoi3Disk"]
ATTEMPTS = 5


def steps_per_second(name: str, number: int = 3000) -> float:
    env = gym.make(f"smartplay/{name}-v0")
    env.reset(seed=0)
    draw = random.Random(0)
    actions = [draw.randrange(env.action_space.n) for _ in range(number)]  # type: ignore[attr-defined]
    started = time.process_time()
    for action in actions:
        *_, terminated, truncated, _ = env.step(action)
        if terminated or truncated:
            env.reset()
    return number / (time.process_time() - started)


@pytest.mark.parametrize("name", SMALL)
def test_small_games_are_fast(name: str) -> None:
    best = 0.0
    for _ in range(ATTEMPTS):
        best = max(best, steps_per_second(name))
        if best > 30_000:
            return
    pytest.fail(f"{name} makes {best:,.0f} steps/s; 100 000 were usual")


def test_the_runner_adds_little() -> None:
    best = 1.0
    for _ in range(ATTEMPTS):
        best = min(best, bench.runner_overhead())
        if best < 0.001:
            return
    pytest.fail(f"the runner adds {1000 * best:.2f} ms to a step; 1 ms is the limit")
