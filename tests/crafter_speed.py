"""Crafter's speed beside the `crafter` package, in one run and interleaved.

    python -m tests.crafter_speed
    python -m tests.crafter_speed --batch

Each round plays the same random actions on both sides, a few hundred steps at a time in turn, so
that what else the machine does weighs on both alike. Ratios are of medians over the rounds.
"""

from __future__ import annotations

import argparse
import random
import resource
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import crafter
import gymnasium as gym
import numpy as np

import smartplay  # noqa: F401
from smartplay.games.crafter.engine import Engine

BLOCK = 150


def main(rounds: int) -> None:
    """Print the table."""
    package = crafter.Env(length=None, seed=0)
    engine = Engine((64, 64), (9, 9), (64, 64))
    envs: dict[str, Any] = {
        "native": gym.make("smartplay/Crafter-v0").unwrapped,
        "text, nearest": gym.make("smartplay/Crafter-v0"),
        "text, full": gym.make("smartplay/Crafter-v0", describe="full"),
    }
    steps: dict[str, list[float]] = {}
    resets: dict[str, list[float]] = {}
    for number in range(rounds):
        package._seed, package._episode = number, 0
        actions = [random.Random(number).randrange(17) for _ in range(20 * BLOCK)]
        starts: dict[str, Callable[[], object]] = {
            "package": package.reset,
            "engine": partial(engine.reset, number, 1),
            **{name: partial(env.reset, seed=number) for name, env in envs.items()},
        }
        moves: dict[str, Callable[[int], object]] = {
            "package": package.step,
            "engine": engine.step,
            **{name: partial(_step, env) for name, env in envs.items()},
        }
        for name, start in starts.items():
            began = time.process_time()
            start()
            resets.setdefault(name, []).append(time.process_time() - began)
        spent = dict.fromkeys(moves, 0.0)
        for at in range(0, len(actions), BLOCK):
            for name, move in moves.items():
                _keep_alive(name, package, engine)
                began = time.process_time()
                for action in actions[at : at + BLOCK]:
                    move(action)
                spent[name] += time.process_time() - began
        for name, seconds in spent.items():
            steps.setdefault(name, []).append(seconds / len(actions))
    _table("us a step", steps, 1e6)
    _table("ms a reset", resets, 1e3)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def batch(rounds: int, worlds: int = 256, steps: int = 20) -> None:
    """Print the cost of a batch, and of as many native environments; new episodes included."""
    from smartplay.games.crafter.batch import CrafterBatch

    many = CrafterBatch(worlds)
    envs = [gym.make("smartplay/Crafter-v0").unwrapped for _ in range(worlds)]
    many.reset(seed=0)
    for seed, env in enumerate(envs):
        env.reset(seed=seed)
    rng, spent = np.random.default_rng(0), dict[str, list[float]]()
    for number in range(rounds + 1):
        taken = 0
        actions = rng.integers(17, size=(20 * steps, worlds))
        began = time.process_time()
        for row in actions:
            _, _, ends, _ = many.step(row)
            taken += worlds - int(ends.sum())
        middle = time.process_time()
        for row in actions[:steps].tolist():
            for env, action in zip(envs, row, strict=True):
                _step(env, action)
        end = time.process_time()
        if number:  # the first round compiles and leaves the common beginning behind
            spent.setdefault("batch", []).append((middle - began) / taken)
            spent.setdefault("native", []).append((end - middle) / (steps * worlds))
    _table("us a step", spent, 1e6, peer="native")


def _step(env: Any, action: int) -> None:
    """A step; a new episode after a death, as objects to heal would end the play by kernels."""
    if env.step(action)[2]:
        env.reset()


def _keep_alive(name: str, package: crafter.Env, engine: Engine) -> None:
    """Give back the vitals, so that no side plays on after a death."""
    full = {"health": 9, "food": 9, "drink": 9}
    if name == "package":
        package._player.inventory.update(full)
    elif name == "engine":
        engine.player.inventory.update(full)


def _table(title: str, times: dict[str, list[float]], unit: float, peer: str = "package") -> None:
    base = statistics.median(times[peer])
    for name, values in times.items():
        middle = statistics.median(values)
        print(f"{name:>14}  {middle * unit:8.1f} {title}  {base / middle:6.1f} x")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch", action="store_true", help="a batch beside native environments")
    options = parser.parse_args()
    (batch if options.batch else main)(options.rounds)
