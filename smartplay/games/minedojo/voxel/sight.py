"""Rays from the eyes, each followed from block to block until it meets something.

Rays start in the middle of the block the eyes are in, so the blocks a ray passes, counted from
there, are always the same: they are listed once per heading, and looking is looking them up.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from smartplay.games.minedojo.protocol import STEPS, VIEW_RANGE, turn, view_directions
from smartplay.games.minedojo.voxel.blocks import AIR
from smartplay.games.minedojo.voxel.fast import compiled_kernels
from smartplay.games.minedojo.voxel.region import FLOOR, LEVELS
from smartplay.games.minedojo.voxel.world import World, way

_STAGES = (0, 16)  # blocks along a ray looked at at once; most rays end among the first
_BALL = 0.87  # blocks: a little more than from the middle of a block to its corners


class Paths(NamedTuple):
    """The blocks every ray of a heading passes, in order, from the eyes' block.

    Attributes:
        heading: The heading.
        blocks: Offsets (x, y, z), shape `(rays, length, 3)`, int16.
        ways: The same as `world.way`, shape `(rays, length)`.
        columns: How far apart their columns are in `World.tops`, shape `(rays, length)`, int32.
        rises: How much higher they are, shape `(rays, length)`, int8.
        entry: Distance at which a ray enters each block, shape `(rays, length)`.
        ends: How many of a ray's blocks lie within the view's range, shape `(rays,)`.
        directions: Unit vectors, shape `(rays, 3)`.
    """

    heading: int
    blocks: NDArray[np.int16]
    ways: NDArray[np.intp]
    columns: NDArray[np.int32]
    rises: NDArray[np.int8]
    entry: NDArray[np.float64]
    ends: NDArray[np.intp]
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
    rises = blocks[:, :, 1].astype(np.int8)
    ends = (entry <= VIEW_RANGE).sum(axis=1)
    ways = way(blocks)
    columns = ((ways - rises) // LEVELS).astype(np.int32)
    return Paths(
        heading,
        blocks,
        ways,
        columns,
        rises,
        entry[:, :length].copy(),
        ends,
        directions,
    )


def cast(world: World, x: int, y: int, z: int, heading: int) -> Hits:
    """Follow all rays from the block of the eyes; the world must hold all they may meet."""
    rays = paths(heading)
    kernels = compiled_kernels()
    if kernels:
        way_along = rays.columns, rays.rises, rays.ends, rays.entry, rays.blocks
        column, level = world.column(x, z), y - FLOOR
        return Hits(*kernels.follow(world.blocks, world.tops, way_along, column, level))
    at, numbers = _follow(world, rays, x, y, z)
    distances = np.where(numbers == AIR, np.inf, rays.entry.take(at))
    return Hits(numbers, rays.blocks.reshape(-1, 3).take(at, axis=0), distances)


def _follow(
    world: World, rays: Paths, x: int, y: int, z: int
) -> tuple[NDArray[np.intp], NDArray[np.uint8]]:
    """Where in a flat `rays.ways` each ray ends, and what it meets there; if nothing, its start."""
    total, length = rays.ways.shape
    place, numbers = np.empty(total, dtype=np.intp), np.empty(total, dtype=np.uint8)
    going = every = np.arange(total)
    left = _below(rays.heading, world.levels + FLOOR - y)
    for begin, end in pairwise((*_STAGES, length)):
        ways, last = rays.ways[:, begin:end], rays.rises[:, end - 1]
        if begin:
            ways, last = ways.take(going, axis=0), last.take(going)
        low, high = int(last.min(initial=0)), int(last.max(initial=0))
        found = world.numbers(ways, low, high, x, y, z)
        first = (found != AIR).argmax(axis=1)
        met = found.take(every[: len(going)] * (end - begin) + first)
        first += begin
        met *= first < left
        place[going], numbers[going] = first, met
        still = (met == AIR) & (left > end)
        going, left = going[still], left[still]
    place *= numbers != AIR
    place += every * length
    return place, numbers


@lru_cache(maxsize=256)
def _below(heading: int, height: int) -> NDArray[np.intp]:
    """How many blocks of each ray to look at, if all that are not air lie lower than a height."""
    rays = paths(heading)
    low = rays.rises < height
    last = low.shape[1] - low[:, ::-1].argmax(axis=1)
    return np.where(low.any(axis=1), np.minimum(rays.ends, last), 0)


def boxed(
    heading: int, offset: tuple[int, int, int], limit: NDArray[np.float64]
) -> NDArray[np.bool_] | None:
    """Which rays meet a block-sized box before they have gone their limits.

    Args:
        heading: Index into `HEADINGS`.
        offset: The box's block, from the eyes' block.
        limit: Distance per ray at which it meets a block.

    Returns:
        A flag per ray; None if the box lies outside of the view.
    """
    if not _may_be_seen(heading, offset):
        return None
    safe = _divisors(heading)
    kernels = compiled_kernels()
    if kernels:
        some, which = kernels.meets(offset, safe, limit, float(VIEW_RANGE))
        return which if some else None
    aimed = _aimed(heading, offset, limit)
    if not aimed.size:
        return None
    centre, safe, nearer = np.array(offset)[:, None], safe[:, aimed], limit[aimed]
    one, other = (centre - 0.5) / safe, (centre + 0.5) / safe
    enter = np.minimum(one, other).max(axis=0)
    leave = np.maximum(one, other).min(axis=0)
    meets = (enter < np.minimum(nearer, VIEW_RANGE)) & (enter < leave) & (enter > 0.0)
    first = np.zeros(len(limit), dtype=np.bool_)
    first[aimed] = meets
    return first if meets.any() else None


def _aimed(
    heading: int, offset: tuple[int, int, int], limit: NDArray[np.float64]
) -> NDArray[np.intp]:
    """The rays that get as far as the ball about a box, and lead there; maybe a few too many."""
    square = sum(along * along for along in offset)
    ahead = paths(heading).directions @ np.array(offset, dtype=np.float64)
    far = limit > sqrt(square) - _BALL
    return np.flatnonzero((ahead > sqrt(max(square - _BALL * _BALL, 0.0))) & far)


def _may_be_seen(heading: int, offset: tuple[int, int, int]) -> bool:
    """Whether a box is so near, and so far ahead, that a ray could meet it."""
    x, y, z = offset
    ahead_x, ahead_z = STEPS[heading]
    ahead, aside = x * ahead_x + z * ahead_z, abs(x * ahead_z + z * ahead_x)
    widest, steepest = _spread()
    return (
        -1 <= ahead <= VIEW_RANGE + 1
        and aside <= widest * (ahead + 1) + 1
        and abs(y) <= steepest * (max(ahead, aside) * 1.5 + 2) + 1
    )


@lru_cache(maxsize=1)
def _spread() -> tuple[float, float]:
    """How far rays lead aside for each block ahead, and up or down for each block along."""
    x, y, z = np.abs(view_directions()).reshape(-1, 3).T
    return float((x / z).max()), float((y / np.hypot(x, z)).max())


@lru_cache(maxsize=4)
def _divisors(heading: int) -> NDArray[np.float64]:
    directions = paths(heading).directions
    return np.where(directions == 0.0, 1e-12, directions).T.copy()
