"""Measures the anchors of Crafter's card: random play, doing nothing, the reference agent.

    python -m tests.crafter_anchors --episodes 50

Full episodes with seeds 0, 1, 2, ...; prints mean scores with 95 % intervals (normal), and the
success rate of each achievement.
"""

from __future__ import annotations

import argparse
import math
import random
import statistics
from collections.abc import Callable, Iterable
from typing import Any

import gymnasium as gym

import smartplay  # noqa: F401
from smartplay.agents.reference.crafter import CrafterReference
from smartplay.games.crafter.score import crafter_score, success_rates

Policy = Callable[[str], str]
Maker = Callable[[str, list[str], int], Policy]


def at_random(manual: str, actions: list[str], seed: int) -> Policy:
    """Uniformly random play."""
    rng = random.Random(seed)
    return lambda observation: rng.choice(actions)


def nothing(manual: str, actions: list[str], seed: int) -> Policy:
    """Always Noop."""
    return lambda observation: "Noop"


def reference(manual: str, actions: list[str], seed: int) -> Policy:
    """The reference agent."""
    return CrafterReference(manual, actions, seed).act


def measure(make: Maker, seeds: Iterable[int], steps: int | None) -> None:
    """Play and print."""
    env = gym.make("smartplay/Crafter-v0", length=steps)
    episodes = [_play(env, make, seed) for seed in seeds]
    for name in ("score", "achievements", "reward", "survival"):
        values = [float(episode[name]) for episode in episodes]
        mean, half = (
            statistics.mean(values),
            1.96 * statistics.stdev(values) / math.sqrt(len(values)),
        )
        print(f"  {name}: {mean:.2f} ({mean - half:.2f} to {mean + half:.2f})")
    rates = success_rates([episode["unlocked"] for episode in episodes])
    print(f"  Crafter score: {crafter_score(rates.values()):.2f} %")
    print("  " + ", ".join(f"{name} {rate:.0f}" for name, rate in rates.items()))


def _play(env: gym.Env[Any, Any], make: Maker, seed: int) -> dict[str, Any]:
    text, info = env.reset(seed=seed)
    act, over = make(info["manual"], info["actions"], seed), False
    while not over:
        text, _, terminated, truncated, info = env.step(info["actions"].index(act(text)))
        over = terminated or truncated
    state = info["state"]
    return {"score": info["score"], "unlocked": state["unlocked"], **state["scores"]}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--episodes", type=int, default=50)
    parser.add_argument("--steps", type=int, default=None)
    arguments = parser.parse_args()
    for maker in (at_random, nothing, reference):
        print(f"{maker.__name__}, {arguments.episodes} episodes:")
        measure(maker, range(arguments.episodes), arguments.steps)
