"""Where an episode starts: at a stated distance from the goal, never in it."""

from __future__ import annotations

from functools import lru_cache
from math import sqrt
from random import Random
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from smartplay.core.errors import GameError
from smartplay.games.minedojo.voxel.climate import GOALS, Climate
from smartplay.games.minedojo.voxel.fast import compiled_kernels
from smartplay.games.minedojo.voxel.lands import BIOME, CELL, SHORE

GRID = 16  # blocks between the places of a survey
GUARD = 96  # nearer than this the goal is looked for in every cell
_COARSE = 64
_SPREAD = 192  # a start lies up to this far from the origin, in x and in z
_WORLDS, _PLACES = 120, 24
_UNFIT = tuple(BIOME[name] for name in ("ocean", "deep ocean", "frozen ocean", "river"))


class Start(NamedTuple):
    """Where an episode starts.

    Attributes:
        world: The world's number.
        x: Of the starting column.
        z: Of the starting column.
        goals: Columns (x, z) in the goal biome known from the survey, shape `(n, 2)`.
    """

    world: int
    x: int
    z: int
    goals: NDArray[np.float64]


def goal_numbers(goal: str) -> NDArray[np.uint8]:
    """Numbers of the biomes that count as a goal."""
    return np.array([BIOME[name] for name in GOALS[goal]], dtype=np.uint8)


@lru_cache(64)
def find_start(seed: int, goal: str, nearest: float, farthest: float) -> Start:
    """Draw a world and a place in it.

    The goal's distance is that of the nearest of the places surveyed, every `GRID` blocks; within
    `GUARD` blocks (or `nearest`, if that is less) every cell is looked at.

    Raises:
        GameError: If no world drawn has such a place.
    """
    random = Random(seed)
    numbers = goal_numbers(goal)
    reach = _SPREAD + int(farthest) + GRID
    for _ in range(_WORLDS):
        world = random.getrandbits(31)
        climate = Climate(world)
        if not _places(climate, numbers, reach, _COARSE).size and goal != "beach":
            continue
        goals = _places(climate, numbers, reach, GRID)
        for _ in range(_PLACES if goals.size else 0):
            x, z = (random.randrange(-_SPREAD // CELL, _SPREAD // CELL) * CELL for _ in "xz")
            if nearest <= distance_to(goals, x, z) <= farthest and _fit(
                climate, numbers, x, z, int(min(GUARD, nearest))
            ):
                return Start(world, x, z, goals)
    raise GameError(
        f"no world with {goal} {nearest:g} to {farthest:g} blocks from the start in {_WORLDS} "
        "tries; widen the range from nearest to farthest"
    )


def distance_to(goals: NDArray[np.float64], x: float, z: float) -> float:
    """Distance from a place to the nearest of others, in blocks."""
    kernels = compiled_kernels()
    if kernels:
        return sqrt(kernels.nearest_square(goals, float(x), float(z)))
    return sqrt(((goals[:, 0] - x) ** 2 + (goals[:, 1] - z) ** 2).min())


def _places(
    climate: Climate, numbers: NDArray[np.uint8], reach: int, grid: int
) -> NDArray[np.float64]:
    axis = np.arange(-(reach // grid) - 1, reach // grid + 2) * grid
    return axis[np.argwhere(climate.where(numbers, axis, axis))].astype(np.float64, order="F")


def _fit(climate: Climate, numbers: NDArray[np.uint8], x: int, z: int, guard: int) -> bool:
    """Whether a place is dry land off the shore, with no goal within `guard` blocks."""
    here = climate.fields(np.array([x]), np.array([z]))
    if int(here.biome[0, 0]) in _UNFIT or here.inland[0, 0] < SHORE:
        return False
    span = np.arange(-guard // CELL, guard // CELL + 1) * CELL
    near = np.argwhere(climate.where(numbers, span + x, span + z))
    return not near.size or distance_to(span[near].astype(np.float64, order="F"), 0, 0) >= guard
