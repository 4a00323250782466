"""Vector environments as reinforcement learning uses them."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest

from smartplay import get_card
from smartplay.bench_vectors import vector_speed


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["sync", "async"])
def test_environments_of_a_group_start_alike_and_differ_by_their_actions(mode: str) -> None:
    envs = gym.make_vec("smartplay/RockPaperScissorBasic-v0", num_envs=6, vectorization_mode=mode)
    envs.reset(seed=[3, 3, 3, 4, 4, 4])  # type: ignore[arg-type]
    alike: list[np.ndarray] = []
    for _ in range(120):  # more than an episode: the next ones are alike as well
        told, rewards, *_ = envs.step(np.array([0, 0, 1, 0, 0, 1]))
        assert told[0] == told[1]
        assert told[3] == told[4]
        alike.append(rewards)
    envs.close()
    earned = np.array(alike)
    assert (earned[:, 0] == earned[:, 1]).all()
    assert (earned[:, 3] == earned[:, 4]).all()
    assert (earned[:, 0] != earned[:, 2]).any(), "actions make no difference"
    assert (earned[:, 0] != earned[:, 3]).any(), "seeds make no difference"


def test_the_speed_of_vectors_is_measured() -> None:
    speed = vector_speed(get_card("Hanoi3Disk"), 4, 0.01)
    assert (speed.game, speed.envs, speed.mode) == ("smartplay/Hanoi3Disk-v0", 4, "sync")
    assert speed.steps > 4
