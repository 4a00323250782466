"""Measures vector environments, the form in which reinforcement learning plays the games.

Groups with the same seed, as group-wise policy gradients compare them, are made by seeding:

```python
envs = gym.make_vec("smartplay/Hanoi3Disk-v0", num_envs=64)
seeds = [seed for seed in range(8) for _ in range(8)]     # 8 groups of 8
observations, infos = envs.reset(seed=seeds)
```

Environments of one group then start alike, and differ by their actions alone. When an episode
ends, its environment goes on by itself with a world of its own, which is the same for the k-th
episode of all that were seeded alike; seed again to begin a new group.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import gymnasium as gym
import msgspec
import numpy as np

from smartplay.cards.card import GameCard

SIZES = (1, 64, 256)
ROUNDS = 5

Act = Callable[["np.ndarray[Any, np.dtype[np.int64]]"], None]
"""Takes an action in every environment, and begins an episode where one has ended."""


class VectorSpeed(msgspec.Struct, frozen=True):
    """How fast a vector environment runs, texts and infos included.

    Attributes:
        game: The full id.
        envs: Environments in it.
        steps: Steps per second of processor time, of all environments together.
        single: Its speed divided by that of as many single environments, resets counted in both.
    """

    game: str
    envs: int
    steps: float
    single: float


def vector_speed(card: GameCard, envs: int, seconds: float) -> VectorSpeed:
    """Play uniformly random actions through `gym.make_vec`, and beside it without it.

    Both take the same actions from the same seeds, in turns; figures are medians of `ROUNDS`.

    Args:
        card: The game.
        envs: How many environments.
        seconds: How long to measure each of the two.
    """
    vector = gym.make_vec(card.id, num_envs=envs)
    singles = [gym.make(card.id) for _ in range(envs)]
    actions = np.random.default_rng(0).integers(
        vector.single_action_space.n,  # type: ignore[attr-defined]
        size=(101, envs),
    )
    kinds: list[Act] = [vector.step, _in_turn(singles)]  # type: ignore[list-item]
    vector.reset(seed=0)
    for seed, env in enumerate(singles):
        env.reset(seed=seed)
    count = max(1, int(seconds / ROUNDS / _spent(vector.step, actions[:1])))  # type: ignore[arg-type]
    kinds[1](actions[0])
    spent = []
    for k in range(ROUNDS):
        rows = actions[[place % len(actions) for place in range(k * count, (k + 1) * count)]]
        spent.append([_spent(act, rows) for act in kinds])
    vector.close()
    for env in singles:
        env.close()
    speed = median(count * envs / own for own, _ in spent)
    return VectorSpeed(card.id, envs, speed, median(other / own for own, other in spent))


def _in_turn(envs: list[gym.Env[Any, Any]]) -> Act:
    over = [False] * len(envs)

    def act(actions: np.ndarray[Any, np.dtype[np.int64]]) -> None:
        for place, (env, action) in enumerate(zip(envs, actions.tolist(), strict=True)):
            if over[place]:
                env.reset()
                over[place] = False
            else:
                _, _, terminated, truncated, _ = env.step(action)
                over[place] = terminated or truncated

    return act


def _spent(act: Act, rows: np.ndarray[Any, np.dtype[np.int64]]) -> float:
    """Seconds of processor time."""
    started = time.process_time()
    for row in rows:
        act(row)
    return time.process_time() - started
