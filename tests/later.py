"""Plays environments on and says what came of it; also in a process of its own, from a file."""

from __future__ import annotations

import hashlib
import pickle
import sys
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np


def bits(value: Any) -> Any:
    """Something to compare and print: arrays with their type and digest."""
    if isinstance(value, dict):
        return {key: bits(part) for key, part in value.items()}
    if isinstance(value, np.ndarray):
        digest = hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
        return value.dtype.str, value.shape, digest
    if isinstance(value, list | tuple):
        return [bits(part) for part in value]
    return value


def later(env: gym.Env[Any, Any], actions: list[int]) -> list[Any]:
    """All that comes of actions: what `step` gives, the last picture, the next random number."""
    told = []
    for action in actions:
        result = env.step(action)
        told.append(bits(result))
        if result[2] or result[3]:
            told.append(bits(env.reset()))
    if env.render_mode is not None:
        told.append(bits(env.render()))
    return [*told, float(env.unwrapped.np_random.random())]


if __name__ == "__main__":
    for envs, snapshot, actions in pickle.loads(Path(sys.argv[1]).read_bytes()):
        told = [later(env, actions) for env in envs]
        if snapshot is not None:
            fresh: Any = gym.make(envs[0].spec)
            fresh.restore(snapshot)
            told.append(later(fresh, actions))
        print(repr(told))
