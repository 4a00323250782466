"""Measures speed: of the games as text, of the `crafter` package beside them, of the runner."""

from __future__ import annotations

import asyncio
import math
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium as gym
import msgspec

from smartplay.cards.card import GameCard
from smartplay.games.base import TextGame
from smartplay.runner import run

EPISODES, STEPS, PAUSE = 20, 50, 0.05


class Speed(msgspec.Struct, frozen=True):
    """How fast a game runs on one core, text and info included.

    Attributes:
        game: The full id, or what was measured beside it.
        steps: Steps per second.
        resets: Resets per second.
        snapshot: Seconds that a snapshot and going back to it take together, in mid-episode; None
            where there are none.
    """

    game: str
    steps: float
    resets: float
    snapshot: float | None = None


class RunnerSpeed(msgspec.Struct, frozen=True):
    """What the runner adds.

    Attributes:
        concurrency: Episodes at once.
        agent: How the agent waits: `"async"` or `"thread"`.
        seconds: Time taken by `EPISODES` episodes of `STEPS` steps at `PAUSE` seconds a reply.
        ideal: Time of the replies alone at that concurrency.
    """

    concurrency: int
    agent: str
    seconds: float
    ideal: float


def game_speed(card: GameCard, seconds: float) -> Speed:
    """Play uniformly random actions through `gym.make`.

    Args:
        card: The game.
        seconds: How long to measure steps; resets and snapshots as long again.
    """
    env = gym.make(card.id)
    env.reset(seed=0)
    actions = int(env.action_space.n)  # type: ignore[attr-defined]
    draw = random.Random(0)
    choices = [draw.randrange(actions) for _ in range(1009)]
    spent_on_resets = 0.0
    count = 0
    started = time.perf_counter()
    while time.perf_counter() - started - spent_on_resets < seconds:
        for action in choices[:50]:
            _, _, terminated, truncated, _ = env.step(action)
            count += 1
            if terminated or truncated:
                before = time.perf_counter()
                env.reset()
                spent_on_resets += time.perf_counter() - before
        choices.append(choices.pop(0))
    steps = count / (time.perf_counter() - started - spent_on_resets)
    resets = _rate(env.reset, seconds)
    for action in choices[:10]:
        if any(env.step(action)[2:4]):
            env.reset()
    speed = Speed(card.id, steps, resets, 1 / _rate(lambda: _search(env), seconds))
    env.close()
    return speed


def _search(env: gym.Env[Any, Any]) -> None:
    assert isinstance(env, TextGame)
    env.restore(env.snapshot())


def crafter_package_speeds(seconds: float) -> list[Speed]:
    """The `crafter` package itself, which makes pictures and no text.

    Its noise gains from numba as well, where that is installed: so it is measured as it is here,
    and in a process of its own where numba compiles nothing.
    """
    code = (
        "import sys; from smartplay import bench; "
        "print(*bench.measure_crafter_package(float(sys.argv[1])))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(seconds)],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    plain = map(float, done.stdout.split())
    return [
        Speed("package crafter", *measure_crafter_package(seconds)),
        Speed("package crafter, no numba", *plain),
    ]


def measure_crafter_package(seconds: float) -> tuple[float, float]:
    """Steps and resets per second of the `crafter` package."""
    import crafter

    env = crafter.Env(seed=0)
    env.reset()
    draw = random.Random(0)
    count, spent = 0, 0.0
    while spent < seconds:
        before = time.perf_counter()
        over = env.step(draw.randrange(17))[2]
        spent += time.perf_counter() - before
        count += 1
        if over:
            env.reset()
    return count / spent, _rate(env.reset, seconds)


def runner_overhead() -> float:
    """Seconds the runner adds to a step of an agent that answers at once.

    The steps of an environment alone are taken off; records are written as in any run.
    """
    game, episodes, steps = "BanditTwoArmedHighLowFixed-v0", 20, 50
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        run(_first_action, game, episodes=episodes, concurrency=1, out=Path(folder) / "run")
        played = time.perf_counter() - started
    env = gym.make(f"smartplay/{game}")
    started = time.perf_counter()
    for _ in range(episodes):
        env.reset(seed=0)
        for _ in range(steps):
            env.step(0)
    return (played - (time.perf_counter() - started)) / (episodes * steps)


def runner_speed(concurrency: int, asynchronous: bool) -> RunnerSpeed:
    """Time a run of an agent that takes `PAUSE` seconds per reply."""
    agent = _waiting if asynchronous else _sleeping
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        run(
            agent,
            "BanditTwoArmedHighLowFixed-v0",
            episodes=EPISODES,
            steps=STEPS,
            concurrency=concurrency,
            out=Path(folder) / "run",
        )
        seconds = time.perf_counter() - started
    ideal = math.ceil(EPISODES / concurrency) * STEPS * PAUSE
    return RunnerSpeed(concurrency, "async" if asynchronous else "thread", seconds, ideal)


def _rate(action: Callable[[], object], seconds: float) -> float:
    count, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds or not count:
        action()
        count += 1
    return count / (time.perf_counter() - started)


def _first_action(prompt: str) -> str:
    return "Pull slot machine 1"


def _sleeping(prompt: str) -> str:
    time.sleep(PAUSE)
    return "Pull slot machine 1"


async def _waiting(prompt: str) -> str:
    await asyncio.sleep(PAUSE)
    return "Pull slot machine 1"
