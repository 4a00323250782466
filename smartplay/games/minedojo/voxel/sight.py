"""Rays from the eyes, each followed from block to block until it meets something.

Rays start in the middle of the block the eyes are in, so the blocks a ray passes, counted from
there, are always the same: they are listed once per heading, and looking is looking them up.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from smartplay.games.minedojo.protocol import VIEW_RANGE, turn, view_directions
from smartplay.games.minedojo.voxel.blocks import AIR
from smartplay.games.minedojo.voxel.region import FLOOR, LEVELS
from smartplay.games.minedojo.voxel.world import SPAN, WRAP, World

_NEAR = 20  # blocks along a ray looked at first; most rays end there


class Paths(NamedTuple):
    """The blocks every ray of a heading passes, in order, from the eyes' block.

    Attributes:
        blocks: Offsets (x, y, z), shape `(rays, length, 3)`, int16.
        entry: Distance at which a ray enters each block; infinite beyond the view's range.
        directions: Unit vectors, shape `(rays, 3)`.
    """

    blocks: NDArray[np.int16]
    entry: NDArray[np.float64]
    directions: NDArray[np.float64]


class Hits(NamedTuple):
    """What the rays meet: block numbers, 0 for none; offsets from the eyes' block; distances."""

    numbers: NDArray[np.uint8]
    offsets: NDArray[np.int16]
    distances: NDArray[np.float64]


@lru_cache(maxsize=4)
def paths(heading: int) -> Paths:
    """List the blocks passed by the rays of a heading."""
    directions = turn(view_directions(), heading).reshape(-1, 3)
    planes = np.arange(VIEW_RANGE) + 0.5
    with np.errstate(divide="ignore"):
        crossings = planes[None, None, :] / np.abs(directions)[:, :, None]
    crossings = crossings.reshape(len(directions), -1)
    order = np.argsort(crossings, axis=1, kind="stable")
    entry = np.take_along_axis(crossings, order, axis=1)
    length = int((entry <= VIEW_RANGE).sum(axis=1).max())
    axis = order[:, :length] // VIEW_RANGE
    sign = np.sign(directions).astype(np.int16)
    moves = (axis[:, :, None] == np.arange(3)) * sign[:, None, :]
    blocks = np.cumsum(moves, axis=1, dtype=np.int16)
    entry = np.where(entry[:, :length] <= VIEW_RANGE, entry[:, :length], np.inf)
    return Paths(blocks, entry, directions)


def cast(world: World, x: int, y: int, z: int, heading: int) -> Hits:
    """Follow all rays from the block of the eyes; the world must hold all they may meet."""
    rays = paths(heading)
    total = len(rays.directions)
    numbers = np.zeros(total, dtype=np.uint8)
    place = np.zeros(total, dtype=np.int64)
    going = np.arange(total)
    length = rays.blocks.shape[1]
    for begin, end in ((0, _NEAR), (_NEAR, length)):
        met = _lookup(world, rays.blocks[going, begin:end], x, y, z)
        met &= rays.entry[going, begin:end] < np.inf
        first = met.argmax(axis=1)
        hit = met[np.arange(len(going)), first]
        place[going[hit]] = first[hit] + begin
        numbers[going[hit]] = 1
        going = going[~hit]
    every = np.arange(total)
    offsets = rays.blocks[every, place]
    seen = _numbers(world, offsets, x, y, z)
    distances = np.where(numbers > 0, rays.entry[every, place], np.inf)
    return Hits(numbers * seen, offsets, distances)


def _lookup(world: World, cells: NDArray[np.int16], x: int, y: int, z: int) -> NDArray[np.bool_]:
    there: NDArray[np.bool_] = _numbers(world, cells, x, y, z) != AIR
    return there


def _numbers(world: World, cells: NDArray[np.int16], x: int, y: int, z: int) -> NDArray[np.uint8]:
    # NumPy 1 would keep an array of int16 at 16 bits, whatever number is added, and wrap around.
    place = cells.astype(np.int64)
    column = ((place[..., 0] + x) & WRAP) * SPAN + ((place[..., 2] + z) & WRAP)
    level = place[..., 1] + (y - FLOOR)
    inside = np.clip(level, 0, LEVELS - 1)
    numbers: NDArray[np.uint8] = world.blocks[column * LEVELS + inside]
    numbers[level >= LEVELS] = AIR
    return numbers


def boxed(
    heading: int, offset: tuple[int, int, int], limit: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Which rays meet a block-sized box before they have gone their limits.

    Args:
        heading: Index into `HEADINGS`.
        offset: The box's block, from the eyes' block.
        limit: Distance per ray at which it meets a block.
    """
    directions = paths(heading).directions
    safe = np.where(directions == 0.0, 1e-12, directions)
    centre = np.array(offset, dtype=np.float64)
    one, other = (centre - 0.5) / safe, (centre + 0.5) / safe
    enter = np.minimum(one, other).max(axis=1)
    leave = np.maximum(one, other).min(axis=1)
    first: NDArray[np.bool_] = enter < np.minimum(limit, VIEW_RANGE)
    first &= (enter < leave) & (enter > 0.0)
    return first
