"""The inner loops that numba speeds up, where it is installed; the results are the same.

Compiled code is kept in numba's cache (beside this file, or in the user's cache folder), so that
only the first game ever waits for the compiler.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba
import numpy as np
from numpy.typing import NDArray

from smartplay.games.minedojo.voxel.region import FLOOR, LEVELS
from smartplay.games.minedojo.voxel.world import (
    CLIMB_TICKS,
    COLUMNS,
    DRAG,
    GRAVITY,
    HALF_WIDTH,
    HEIGHT,
    SPAN,
    SWIMMING,
)

Function = TypeVar("Function", bound=Callable[..., Any])
Floats = NDArray[np.float64]


def compiled(function: Function) -> Function:
    """The function, compiled on its first call; cached where a folder can be written."""
    jit: Callable[..., Any] = numba.njit
    try:
        made: Function = jit(cache=True)(function)
    except RuntimeError:
        made = jit(function)
    return made


@compiled
def layers(
    x: Floats,
    z: Floats,
    low_x: NDArray[np.int64],
    low_z: NDArray[np.int64],
    east: Floats,
    south: Floats,
    grid: bool,
    scale: float,
) -> Floats:
    """Noise at places or on a grid; see `noise.gradient_noise`.

    Args:
        x: Coordinates in lattice units, shape `(k, n)`.
        z: The same, shape `(k, m)`.
        low_x: The first lattice point of each layer.
        low_z: The same.
        east: The gradients' x by lattice point, shape `(k, wide, high)`.
        south: The gradients' z.
        grid: Whether every x meets every z; else they are pairs.
        scale: What all is multiplied by.
    """
    count, wide = x.shape
    high = z.shape[1] if grid else 1
    made = np.empty((count, wide, high))
    for k in range(count):
        for i in range(wide):
            floor_x = np.floor(x[k, i])
            fx = x[k, i] - floor_x
            u = fx * fx * fx * (fx * (fx * 6.0 - 15.0) + 10.0)
            a = int(floor_x) - low_x[k]
            for j in range(high):
                value = z[k, j] if grid else z[k, i]
                floor_z = np.floor(value)
                fz = value - floor_z
                v = fz * fz * fz * (fz * (fz * 6.0 - 15.0) + 10.0)
                b = int(floor_z) - low_z[k]
                north = east[k, a, b] * fx + south[k, a, b] * fz
                other = east[k, a + 1, b] * (fx - 1) + south[k, a + 1, b] * fz
                north = north + u * (other - north)
                below = east[k, a, b + 1] * fx + south[k, a, b + 1] * (fz - 1)
                other = east[k, a + 1, b + 1] * (fx - 1) + south[k, a + 1, b + 1] * (fz - 1)
                below = below + u * (other - below)
                made[k, i, j] = (north + v * (below - north)) * scale
    return made


@compiled
def follow(
    blocks: NDArray[np.uint8],
    ways: NDArray[np.int64],
    ups: NDArray[np.int64],
    ends: NDArray[np.int64],
    column: int,
    level: int,
) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """How many blocks each ray passes, and what it meets then; see `sight.cast`.

    Args:
        blocks: `World.blocks`.
        ways: `Paths.ways`.
        ups: `Paths.ups`.
        ends: `Paths.ends`.
        column: Where the eyes' column begins among the blocks.
        level: Of the eyes.
    """
    total = len(ways)
    place, numbers = np.zeros(total, np.int64), np.zeros(total, np.uint8)
    for ray in range(total):
        for i in range(ends[ray]):
            here = level + ups[ray, i]
            if here >= LEVELS:
                continue
            at = column + ways[ray, i] - ups[ray, i] + max(here, 0)
            if at < 0:
                at += len(blocks)
            elif at >= len(blocks):
                at -= len(blocks)
            if blocks[at]:
                place[ray], numbers[ray] = i, blocks[at]
                break
    return place, numbers


@compiled
def _free(
    blocks: NDArray[np.uint8], solid: NDArray[np.bool_], x: float, y: float, z: float
) -> bool:
    low = int(np.floor(y)) - FLOOR
    if low < 0:
        return False
    high = min(int(np.floor(y + HEIGHT)) - FLOOR, LEVELS - 1)
    for cx in range(int(np.floor(x - HALF_WIDTH)), int(np.floor(x + HALF_WIDTH)) + 1):
        for cz in range(int(np.floor(z - HALF_WIDTH)), int(np.floor(z + HALF_WIDTH)) + 1):
            column = ((cx * SPAN + cz) & (COLUMNS - 1)) * LEVELS
            for level in range(low, high + 1):
                if solid[blocks[column + level]]:
                    return False
    return True


@compiled
def _holds(blocks: NDArray[np.uint8], number: int, x: float, y: float, z: float) -> bool:
    level = int(np.floor(y)) - FLOOR
    if level < 0 or level >= LEVELS:
        return False
    column = (int(np.floor(x)) * SPAN + int(np.floor(z))) & (COLUMNS - 1)
    return bool(blocks[column * LEVELS + level] == number)


@compiled
def walk(
    blocks: NDArray[np.uint8],
    biome: NDArray[np.uint8],
    solid: NDArray[np.bool_],
    water: int,
    goal: NDArray[np.bool_],
    ways: Floats,
    ticks: int,
    posture: tuple[float, float, float, float, int],
) -> tuple[int, bool, tuple[float, float, float, float, int]]:
    """Walk; see `walker.Walker`, which says the same in Python.

    Args:
        blocks: `World.blocks`.
        biome: `World.biome`.
        solid: Whether a body is stopped, by block number.
        water: The number of water.
        goal: Whether it is the goal, by biome number.
        ways: (x, z) of one tick of each stretch, shape `(n, 2)`.
        ticks: Of a stretch.
        posture: `Walker.posture`.

    Returns:
        The ticks walked, whether the goal is reached, and the posture then.
    """
    x, y, z, fall, rest = posture
    count = 0
    for number in range(len(ways)):
        for _ in range(ticks):
            count += 1
            swims = _holds(blocks, water, x, y + 0.3, z)
            if rest:
                rest -= 1
            else:
                share = SWIMMING if swims else 1.0
                stands = swims or not _free(blocks, solid, x, y - 0.05, z)
                for axis in range(2):
                    if not ways[number, axis]:
                        continue
                    there_x, there_z = x, z
                    if axis:
                        there_z = z + ways[number, axis] * share
                    else:
                        there_x = x + ways[number, axis] * share
                    if _free(blocks, solid, there_x, y, there_z):
                        x, z = there_x, there_z
                    elif stands:
                        above = np.floor(y) + 1.0
                        if _free(blocks, solid, x, above, z) and _free(
                            blocks, solid, there_x, above, there_z
                        ):
                            x, y, z, rest = there_x, above, there_z, CLIMB_TICKS
            if swims:
                fall = 0.0
                if _holds(blocks, water, x, y + 0.5, z) and _free(blocks, solid, x, y + 0.2, z):
                    y += 0.2
            else:
                faster = (fall + GRAVITY) * DRAG
                if _free(blocks, solid, x, y - faster, z):
                    y, fall = y - faster, faster
                elif fall or y != np.floor(y):
                    y, fall = np.floor(y), 0.0
            column = (int(np.floor(x)) * SPAN + int(np.floor(z))) & (COLUMNS - 1)
            if goal[biome[column]]:
                return count, True, (x, y, z, fall, rest)
    return count, False, (x, y, z, fall, rest)
