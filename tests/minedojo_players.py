"""Who walks in the tests of the biome game, and how a whole episode is played."""

from __future__ import annotations

import random
from typing import Any, NamedTuple, Protocol

import gymnasium as gym

from smartplay.games.minedojo.env import MinedojoEnv
from smartplay.games.minedojo.protocol import HEADINGS
from smartplay.games.minedojo.voxel.walking import WalkingEngine
from smartplay.games.registry import cards

IDS = [card.id for card in cards() if card.family == "minedojo"]


class Player(Protocol):
    """Names the next action."""

    def act(self, observation: str) -> str:
        """Answer an observation."""


class Result(NamedTuple):
    """An episode: whether the goal was found, after how many steps, and all texts."""

    found: bool
    steps: int
    texts: list[str]


class Wanderer:
    """Moves at random."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def act(self, observation: str) -> str:
        return f"Move {self._random.choice(HEADINGS).title()}"


class Straight:
    """Keeps the direction it drew."""

    def __init__(self, seed: int) -> None:
        self._heading = random.Random(seed).choice(HEADINGS).title()

    def act(self, observation: str) -> str:
        return f"Move {self._heading}"


class Guide:
    """Knows where the goal is, and goes round what is in the way."""

    def __init__(self, env: gym.Env[Any, Any], seed: int) -> None:
        native = env.unwrapped
        assert isinstance(native, MinedojoEnv)
        assert isinstance(native.engine, WalkingEngine)
        self._env, self._engine = native, native.engine
        self._random = random.Random(seed)
        self._detour: list[str] = []
        self._stuck = 0
        self._last = ""
        self._before = (float("inf"), float("inf"))

    def act(self, observation: str) -> str:
        (x, _, z), (goal_x, goal_z) = self._env.path[-1], self._engine.nearest_goal()
        dx, dz = goal_x - x, goal_z - z
        if not self._detour and abs(x - self._before[0]) + abs(z - self._before[1]) < 3.0:
            self._stuck += 1
            sides = ("North", "South") if self._last in ("East", "West") else ("West", "East")
            ahead = dz > 0 if sides[0] == "North" else dx > 0
            side = sides[ahead if self._random.random() < 0.7 else not ahead]
            self._detour = [self._last] + [side] * min(1 + self._stuck // 3, 4)
        elif not self._detour:
            self._stuck = 0
        self._before = x, z
        self._last = self._detour.pop() if self._detour else _towards(dx, dz)
        return f"Move {self._last}"


def _towards(dx: float, dz: float) -> str:
    if abs(dx) > abs(dz):
        return "East" if dx > 0 else "West"
    return "South" if dz > 0 else "North"


def play(env: gym.Env[Any, Any], player: Player, text: str, actions: list[str]) -> Result:
    """Play the episode that has just been reset to its end."""
    texts, steps, over = [text], 0, False
    info: dict[str, Any] = {"completed": False}
    while not over:
        choice = actions.index(player.act(texts[-1]))
        text, _, terminated, truncated, info = env.step(choice)
        texts.append(text)
        steps += 1
        over = terminated or truncated
    return Result(bool(info["completed"]), steps, texts)
