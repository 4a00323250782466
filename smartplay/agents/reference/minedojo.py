"""Finds a biome by reading the climate off the plants and walking to where the goal is likely."""

from __future__ import annotations

import random
import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from smartplay.games.minedojo.text import WINDS

Floats = NDArray[np.float64]
Span = tuple[float, float]

ANY: Span = (-9.0, 9.0)

# The climate each thing speaks for: warmth from 0 (berry bush) to 4 (aloe) and wetness from 0
# (dead bush) to 4 (horsetail), in the order the manual gives; None where it says nothing.
HINTS: dict[str, tuple[float | None, float | None]] = {
    "berry bush": (0.0, None),
    "cornflower": (1.0, None),
    "poppy": (2.0, None),
    "hibiscus": (3.0, None),
    "aloe": (4.0, None),
    "dead bush": (None, 0.0),
    "dry grass": (None, 1.0),
    "tall grass": (None, 2.0),
    "fern": (None, 3.0),
    "horsetail": (None, 4.0),
    "snow layer": (-0.3, None),
    "snow block": (-1.8, None),
    "packed ice": (-2.0, None),
    "ice": (-1.0, None),
    "spruce log": (0.0, 2.5),
    "podzol": (0.2, 3.0),
    "birch log": (1.6, 2.5),
    "oak log": (1.6, 2.8),
    "mud": (1.8, 4.2),
    "willow log": (1.8, 4.2),
    "acacia log": (3.3, 1.8),
    "kapok log": (4.2, 4.0),
    "cactus": (4.2, 1.0),
    "sandstone": (4.2, 1.0),
    "red sand": (4.4, -0.5),
    "terracotta": (4.4, -0.5),
}
# What each goal asks for: warmth, wetness, and height above the sea in units of 36 blocks.
GOALS: dict[str, tuple[Span, Span, Span]] = {
    "plains": ((0.4, 2.2), (0.6, 1.6), (0.1, 9.0)),
    "forest": ((0.4, 2.2), (2.4, 3.4), (0.1, 9.0)),
    "taiga": ((-1.2, 0.5), (2.0, 9.0), (0.1, 9.0)),
    "ice spikes": ((-9.0, -1.3), ANY, (0.1, 9.0)),
    "jungle": ((3.5, 9.0), (2.9, 9.0), (0.1, 9.0)),
    "desert": ((3.5, 9.0), (0.2, 1.6), (0.1, 9.0)),
    "ocean": (ANY, ANY, (-9.0, 0.0)),
    "beach": (ANY, ANY, (-9.0, 0.03)),
}
# What is at home in the goal, so that the goal must lie where it is seen.
TELLTALES: dict[str, set[str]] = {
    "plains": {"sheep", "cow", "horse"},
    "forest": {"pig", "deer", "hen"},
    "taiga": {"wolf", "fox", "moose"},
    "ice spikes": {"packed ice", "snow block"},
    "jungle": {"kapok log", "kapok leaves", "melon", "parrot", "monkey", "ocelot"},
    "desert": {"cactus", "camel", "scorpion"},
    "ocean": {"gull", "turtle", "crab", "dolphin", "squid"},
    "beach": {"gull", "turtle", "crab", "dolphin", "squid"},
}
AT_SEA = {"water", "ice", "sand", "gravel", "cod", "dolphin", "squid", "tuna", "seal"}
AT_SEA_HEIGHT = -0.25
COAST, SEA_LEVEL, BLOCKS_PER_UNIT = 0.1, 64.0, 36.0
NEAR_ENOUGH, PATIENCE = 10.0, 12
DIRECTIONS, STRETCH, HURRY = 24, 1, 450.0
AWAY = np.arange(1, 19) * 45.0  # blocks ahead at which a direction is judged
STEADY = 0.4  # how much rather straight on than turning aside
SWIMMING = 1.8  # times as long as walking

MOVES = ("north", "east", "south", "west")
_POSITION = re.compile(r"You are at x = (\S+), y = (\S+), z = ([-.\d]+)")
_THING = re.compile(r"^- ([\w ]+): (?:(\d+\.\d) blocks|in the block)", re.MULTILINE)
_SEEN_FAR = re.compile(r"^- ([\w ]+): (\d+\.\d) blocks ([a-z-]+)[^;]*; .*of the view", re.MULTILINE)
_MOVED = re.compile(r"and got (-?\d+\.\d) blocks")


class Field(NamedTuple):
    """A quantity that changes smoothly over the land: how to guess it from samples."""

    mean: float
    spread: float
    length: float
    noise: float
    sure: float = -9.0  # samples below this are three times as exact: there are no hills by the sea


WARMTH = Field(1.7, 1.3, 650.0, 0.4)
WETNESS = Field(2.0, 1.35, 580.0, 0.45)
HEIGHT = Field(0.34, 0.30, 350.0, 0.12, 0.2)
FIELDS = (WARMTH, WETNESS, HEIGHT)


class MinedojoReference:
    """Keeps a map of what was seen where, and heads for the likeliest place that is not far.

    Warmth, wetness and height above the sea are each taken as a smooth field, guessed everywhere
    from the samples along the way (Gaussian process regression, Rasmussen and Williams 2006).
    """

    title = "Finding a biome"

    def __init__(self, manual: str, actions: list[str], seed: int) -> None:
        goal = re.search(r"Your goal is to find this land: (.+?)\.", manual)
        self._name = goal.group(1) if goal else "plains"
        self._goal = GOALS[self._name]
        self._random = random.Random(seed)
        self._samples: tuple[list[Sample], ...] = ([], [], [])
        self._visited: list[tuple[float, float]] = []
        self._target: tuple[float, float] | None = None
        self._angle: float | None = None
        self._age = 0
        self._last = "north"
        self._detour: list[str] = []
        self._stuck = 0

    def act(self, observation: str) -> str:
        """Take in what is seen, and take a step to the place aimed at."""
        x, z = self._remember(observation)
        moved = _MOVED.search(observation)
        if moved and float(moved.group(1)) < 3.0:
            self._avoid(x, z)
        elif not self._detour:
            self._stuck = 0
        self._age += 1
        sighted = self._sighted(observation, x, z)
        if sighted:
            self._target, self._age = sighted, 0
        if self._target is None or self._age > PATIENCE or self._there(x, z):
            self._target, self._age = self._choose(x, z), 0
        self._last = self._detour.pop() if self._detour else self._towards(x, z)
        return f"Move {self._last.title()}"

    def _remember(self, observation: str) -> tuple[float, float]:
        place = _POSITION.search(observation)
        assert place is not None
        x, y, z = (float(value) for value in place.groups())
        seen: dict[str, float] = {}
        for name, distance in _THING.findall(observation):
            seen[name] = min(seen.get(name, 99.0), float(distance or 0.0))
        for field in (0, 1):
            hints = [
                (HINTS[name][field], 1.0 / (8.0 + away))
                for name, away in seen.items()
                if name in HINTS
            ]
            known = [(value, weight) for value, weight in hints if value is not None]
            if known:
                total = sum(weight for _, weight in known)
                mean = sum(value * weight for value, weight in known) / total
                self._samples[field].append((x, z, mean))
        height: float | None
        height = (y - SEA_LEVEL) / BLOCKS_PER_UNIT
        if seen.keys() <= AT_SEA:
            height = AT_SEA_HEIGHT
        elif height < COAST and "coast grass" not in seen:
            height = None  # low, but no coast: a river
        if height is not None:
            self._samples[2].append((x, z, height))
        self._visited.append((x, z))
        return x, z

    def _sighted(self, observation: str, x: float, z: float) -> tuple[float, float] | None:
        """Where the goal shows itself, if it does and we have not been there."""
        for name, distance, wind in _SEEN_FAR.findall(observation):
            if name in TELLTALES[self._name] and wind in WINDS:
                angle = WINDS.index(wind) * np.pi / 8
                far = float(distance) + 6.0
                place = x + far * float(np.sin(angle)), z - far * float(np.cos(angle))
                if all(np.hypot(place[0] - a, place[1] - b) > 16.0 for a, b in self._visited):
                    return place
        return None

    def _there(self, x: float, z: float) -> bool:
        assert self._target is not None
        return max(abs(self._target[0] - x), abs(self._target[1] - z)) < NEAR_ENOUGH

    def _choose(self, x: float, z: float) -> tuple[float, float]:
        """A place some way off in the direction in which the goal is likeliest and nearest."""
        angle = np.arange(DIRECTIONS)[:, None] * (2 * np.pi / DIRECTIONS)
        xs, zs = x + np.cos(angle) * AWAY, z + np.sin(angle) * AWAY
        chance = np.ones(xs.size)
        for samples, field, span in zip(self._samples, FIELDS, self._goal, strict=True):
            if span != ANY:
                chance *= _chance(samples, field, span, xs.ravel(), zs.ravel())
        height, _ = _guess(self._samples[2], HEIGHT, xs.ravel(), zs.ravel())
        been = np.array(self._visited)
        gap = np.hypot(xs.ravel()[:, None] - been[:, 0], zs.ravel()[:, None] - been[:, 1])
        chance *= np.clip(gap.min(axis=1) / 60.0, 0.05, 1.0)
        pace = np.where(height.reshape(xs.shape) < 0.0, SWIMMING, 1.0).cumsum(axis=1)
        way = (np.abs(xs - x) + np.abs(zs - z)) * pace / np.arange(1, len(AWAY) + 1)
        worth = (chance.reshape(xs.shape) * np.exp(-way / HURRY)).sum(axis=1)
        if self._angle is not None:  # turning back is seldom worth it
            worth *= 1.0 + STEADY * np.cos(angle[:, 0] - self._angle)
        best = int(np.argmax(worth))
        self._angle = float(angle[best, 0])
        return float(xs[best, STRETCH]), float(zs[best, STRETCH])

    def _towards(self, x: float, z: float) -> str:
        assert self._target is not None
        dx, dz = self._target[0] - x, self._target[1] - z
        if abs(dx) > abs(dz):
            return "east" if dx > 0 else "west"
        return "south" if dz > 0 else "north"

    def _avoid(self, x: float, z: float) -> None:
        """Go round what is in the way, farther each time, to the target's side first."""
        assert self._target is not None
        self._stuck += 1
        dx, dz = self._target[0] - x, self._target[1] - z
        if self._last in ("north", "south"):
            side = "east" if dx > 0 else "west"
        else:
            side = "south" if dz > 0 else "north"
        if self._stuck % 3 == 0:
            side = {"north": "south", "south": "north", "east": "west", "west": "east"}[side]
        if self._stuck > 4:
            side = self._random.choice(MOVES)
        self._detour = [self._last] + [side] * min(1 + self._stuck // 3, 4)


Sample = tuple[float, float, float]


def _chance(samples: list[Sample], field: Field, span: Span, xs: Floats, zs: Floats) -> Floats:
    """Chance that the field lies within a span at each of some places."""
    mean, spread = _guess(samples, field, xs, zs)
    return _below((span[1] - mean) / spread) - _below((span[0] - mean) / spread)


def _guess(samples: list[Sample], field: Field, xs: Floats, zs: Floats) -> tuple[Floats, Floats]:
    if not samples:
        return np.full(len(xs), field.mean), np.full(len(xs), field.spread)
    known = np.array(samples[-120:])
    x, z, value = known.T
    variance = field.spread**2

    def likeness(x0: Floats, z0: Floats, x1: Floats, z1: Floats) -> Floats:
        gap: Floats = (x0[:, None] - x1) ** 2 + (z0[:, None] - z1) ** 2
        return variance * np.exp(-gap / (2 * field.length**2))

    noise = np.where(value < field.sure, field.noise / 3, field.noise)
    among = likeness(x, z, x, z) + np.diag(noise**2)
    across = likeness(xs, zs, x, z)
    weights = np.linalg.solve(among, across.T)
    mean = field.mean + (value - field.mean) @ weights
    left = variance - (across * weights.T).sum(axis=1)
    return mean, np.sqrt(np.maximum(left, 0.01) + 0.03 * variance)


def _below(score: Floats) -> Floats:
    """Normal distribution function, by the logistic approximation of Bowling et al. (2009)."""
    cubic = np.clip(0.07056 * score**3 + 1.5976 * score, -60.0, 60.0)
    below: Floats = 1.0 / (1.0 + np.exp(-cubic))
    return below
