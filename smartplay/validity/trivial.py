"""Trivial policies: play that needs no understanding, to hold scores against."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import gymnasium as gym

CHOSEN_BY = 0.25
"""The share of episodes by which the best policy is chosen; it is measured on the others."""


class Seen(NamedTuple):
    """What a trivial policy looks at.

    Attributes:
        step: Steps taken so far.
        actions: Names of the actions.
        last: Number of the last action; that of a random one before the first step.
        reward: The reward it brought.
        text: The present observation.
    """

    step: int
    actions: Sequence[str]
    last: int
    reward: float
    text: str


Policy = Callable[[Seen], int]


def policies(actions: Sequence[str]) -> dict[str, Policy]:
    """The trivial policies of a game, by what they do."""
    number = len(actions)
    return {
        **{f"always action {k + 1}": partial(_always, k) for k in range(number)},
        "one action after the other": lambda seen: seen.step % number,
        "one action before the other": lambda seen: -seen.step % number,
        "a random action, repeated": lambda seen: seen.last,
        "repeat what was rewarded, else the next": partial(_shift, lose=1),
        "repeat what was not rewarded, else the next": partial(_shift, win=1),
        "the action named last in the text": partial(_named, shift=0),
        "the action after the one named last in the text": partial(_named, shift=1),
        "the action before the one named last in the text": partial(_named, shift=-1),
    }


def _always(action: int, seen: Seen) -> int:
    return action


def _shift(seen: Seen, win: int = 0, lose: int = 0) -> int:
    return (seen.last + (win if seen.reward > 0 else lose)) % len(seen.actions)


def _named(seen: Seen, shift: int) -> int:
    text = seen.text.lower()
    places = [text.rfind(name.lower()) for name in seen.actions]
    named = max(range(len(places)), key=places.__getitem__) if max(places) >= 0 else seen.last
    return (named + shift) % len(seen.actions)


def play(env: gym.Env[str, int], policy: str, seed: int) -> float:
    """The score that a policy ends an episode with."""
    text, info = env.reset(seed=seed)
    actions = info["actions"]
    act = policies(actions)[policy]
    seen = Seen(0, actions, random.Random(seed).randrange(len(actions)), 0.0, text)
    over = False
    while not over:
        action = act(seen)
        text, reward, terminated, truncated, info = env.step(action)
        seen = Seen(seen.step + 1, actions, action, float(reward), text)
        over = terminated or truncated
    return float(info["score"])


def best_policy(env: gym.Env[str, int], seeds: Sequence[int]) -> tuple[str, list[float]]:
    """Find the best trivial policy of a game.

    Args:
        env: The game, with its step limit.
        seeds: Seeds of episodes, two or more. The first `CHOSEN_BY` of them choose the policy.

    Returns:
        What the policy does, and its scores in the other episodes.
    """
    chosen = max(1, round(CHOSEN_BY * len(seeds)))
    _, info = env.reset(seed=seeds[0])
    means = {
        name: sum(play(env, name, seed) for seed in seeds[:chosen]) / chosen
        for name in policies(info["actions"])
    }
    best = max(means, key=means.__getitem__)
    scores = [play(env, best, seed) for seed in seeds[chosen:]]
    names = {f"always action {k}": f"always {name}" for k, name in enumerate(info["actions"], 1)}
    return names.get(best, best), scores
