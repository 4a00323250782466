"""Crafter's speed beside the `crafter` package, in one run and interleaved.

    python -m tests.crafter_speed

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
            **{name: env.step for name, env in envs.items()},
        }
        for name, start in starts.items():
            began = time.process_time()
            start()
            resets.setdefault(name, []).append(time.process_time() - began)
        spent = dict.fromkeys(moves, 0.0)
        for at in range(0, len(actions), BLOCK):
            for name, move in moves.items():
                _keep_alive(name, package, engine, envs)
                began = time.process_time()
                for action in actions[at : at + BLOCK]:
                    move(action)
                spent[name] += time.process_time() - began
        for name, seconds in spent.items():
            steps.setdefault(name, []).append(seconds / len(actions))
    _table("us a step", steps, 1e6)
    _table("ms a reset", resets, 1e3)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def _keep_alive(name: str, package: crafter.Env, engine: Engine, envs: dict[str, Any]) -> None:
    """Give back the vitals, so that no side plays on after a death."""
    full = {"health": 9, "food": 9, "drink": 9}
    if name == "package":
        package._player.inventory.update(full)
    elif name == "engine":
        engine.player.inventory.update(full)
    else:
        envs[name].unwrapped.game.player.inventory.update(full)


def _table(title: str, times: dict[str, list[float]], unit: float) -> None:
    base = statistics.median(times["package"])
    for name, values in times.items():
        middle = statistics.median(values)
        print(f"{name:>14}  {middle * unit:8.1f} {title}  {base / middle:6.1f} x")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    main(parser.parse_args().rounds)
