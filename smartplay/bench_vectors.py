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

import gymnasium as gym
import msgspec
import numpy as np

from smartplay.cards.card import GameCard

SIZES = (1, 64, 256)


class VectorSpeed(msgspec.Struct, frozen=True):
    """How fast a vector environment runs, texts and infos included.

    Attributes:
        game: The full id.
        envs: Environments in it.
        mode: `"sync"` for one after the other in this process, `"async"` for a process each.
        steps: Steps per second, of all environments together.
    """

    game: str
    envs: int
    mode: str
    steps: float


def vector_speed(card: GameCard, envs: int, seconds: float, mode: str = "sync") -> VectorSpeed:
    """Play uniformly random actions through `gym.make_vec`.

    Args:
        card: The game.
        envs: How many environments.
        seconds: How long to measure, after a first round of steps.
        mode: As `gym.make_vec` has it.
    """
    vector = gym.make_vec(card.id, num_envs=envs, vectorization_mode=mode)
    try:
        vector.reset(seed=0)
        actions = np.random.default_rng(0).integers(
            vector.single_action_space.n,  # type: ignore[attr-defined]
            size=(101, envs),
        )
        vector.step(actions[0])
        rounds, started = 0, time.perf_counter()
        while time.perf_counter() - started < seconds:
            vector.step(actions[rounds % len(actions)])
            rounds += 1
        return VectorSpeed(card.id, envs, mode, rounds * envs / (time.perf_counter() - started))
    finally:
        vector.close()
