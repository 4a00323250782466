"""Rays from the eyes, each followed from block to block until it meets something.

Rays start in the middle of the block the eyes are in, so the blocks a ray passes, counted from
there, are always the same: they are listed once per heading, and looking is looking them up.
"""

from __future__ import annotations

from functools import lru_cache
from math import asin, atan2, ceil, degrees, floor, hypot
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from smartplay.games.minedojo.protocol import (
    STEPS,
    VIEW_COLUMNS,
    VIEW_HEIGHT,
    VIEW_RANGE,
    VIEW_ROWS,
    VIEW_WIDTH,
    turn,
    view_directions,
)
from smartplay.games.minedojo.voxel.blocks import AIR
from smartplay.games.minedojo.voxel.fast import compiled_kernels
from smartplay.games.minedojo.voxel.region import FLOOR, LEVELS
from smartplay.games.minedojo.voxel.world import World, way

_NEAR = 16  # blocks along each ray that are looked at anyway; most rays end among them
_EVERY = np.arange(VIEW_ROWS * VIEW_COLUMNS)
_FIRST_NEAR = _EVERY * _NEAR
_BALL = 0.87  # blocks: a little more than from the middle of a block to its corners
_EDGE = 0.708  # blocks: a little more than from the middle of a square to its corners


class Paths(NamedTuple):
    """The blocks every ray of a heading passes, in order, from the eyes' block.

    Attributes:
        heading: The heading.
        blocks: Offsets (x, y, z), shape `(rays, length, 3)`, int16.
        near: The first `_NEAR` of them as `world.way`, shape `(rays, _NEAR)`.
        far: The other ones likewise.
        columns: How far apart their columns are in `World.tops`, shape `(rays, length)`, int32.
        rises: How much higher they are, shape `(rays, length)`, int8.
        first: Where each ray begins in the flat blocks, shape `(rays,)`.
        entry: Distance at which a ray enters each block, shape `(rays, length)`.
        ends: How many of a ray's blocks lie within the view's range, shape `(rays,)`.
        directions: Unit vectors, shape `(rays, 3)`.
    """

    heading: int
    blocks: NDArray[np.int16]
    near: NDArray[np.intp]
    far: NDArray[np.intp]
    columns: NDArray[np.int32]
    rises: NDArray[np.int8]
    first: NDArray[np.intp]
    entry: NDArray[np.float64]
    ends: NDArray[np.intp]
    directions: NDArray[np.float64]


class Profile(NamedTuple):
    """How low the rays of a heading get in each of the columns they pass, after `_NEAR` blocks.

    Rays one above the other pass the same columns in the same order.

    Attributes:
        columns: How far apart in `World.tops` they are, shape `(VIEW_COLUMNS, n)`.
        lows: How much higher than the eyes' block the lowest block of a ray in a column is, shape
            `(VIEW_ROWS, VIEW_COLUMNS, n)`, int8; `LEVELS` where it does not get to.
    """

    columns: NDArray[np.int64]
    lows: NDArray[np.int16]


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
        ways[:, :_NEAR].copy(),
        ways[:, _NEAR:].copy(),
        columns,
        rises,
        _EVERY * length,
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
    """Where in a flat `rays.entry` each ray ends, or else begins, and what it meets there."""
    length = rays.entry.shape[1]
    found = world.numbers(rays.near, _rise(_NEAR), x, y, z)
    place = (found != AIR).argmax(axis=1)
    numbers = found.take(_FIRST_NEAR + place)
    going = np.flatnonzero((numbers == AIR) & _may_meet(world, rays.heading, x, y, z))
    if len(going):
        found = world.numbers(rays.far.take(going, axis=0), _rise(length), x, y, z)
        further = (found != AIR).argmax(axis=1)
        met = found.take(_EVERY[: len(going)] * (length - _NEAR) + further)
        further += _NEAR
        met *= further < rays.ends.take(going)
        place[going], numbers[going] = further, met
    place *= numbers != AIR
    place += rays.first
    return place, numbers


@lru_cache(maxsize=2)
def _rise(length: int) -> int:
    """How much rays rise or fall at most, over so many blocks within the view's range."""
    rays = paths(0)
    within = np.arange(length) < rays.ends[:, None]
    return int(np.abs(rays.rises[:, :length][within]).max())


def _may_meet(world: World, heading: int, x: int, y: int, z: int) -> NDArray[np.bool_]:
    """Which rays get lower than the top of a column, after `_NEAR` blocks."""
    columns, lows = _profile(heading)
    tops = world.tops.take(columns + world.column(x, z), mode="wrap").view(np.int8)
    tops -= np.int8(y - FLOOR)
    far: NDArray[np.bool_] = (lows < tops).argmax(axis=2).reshape(-1) > 0  # none in the first
    return far


@lru_cache(maxsize=4)
def _profile(heading: int) -> Profile:
    rays = paths(heading)
    ray, block = np.nonzero(np.arange(rays.entry.shape[1]) < rays.ends[:, None])
    across = np.abs(np.diff(rays.blocks[:, :, ::2], axis=1, prepend=0)).sum(axis=2)
    column = across.cumsum(axis=1)[ray, block] - 1
    lows = np.full((len(rays.ends), column.max() + 1), LEVELS, dtype=np.int8)
    far = block >= _NEAR
    np.minimum.at(lows, (ray[far], column[far]), rays.rises[ray[far], block[far]])
    columns = np.zeros((VIEW_COLUMNS, lows.shape[1]), dtype=np.int64)
    columns[ray % VIEW_COLUMNS, column] = rays.columns[ray, block]
    first = column[far].min() - 1
    lows = lows[:, first:].copy().reshape(VIEW_ROWS, VIEW_COLUMNS, -1)
    return Profile(columns[:, first:].copy(), lows)


def boxed(
    heading: int, offset: tuple[int, int, int], limit: NDArray[np.float64]
) -> NDArray[np.bool_] | None:
    """Which rays meet a block-sized box before they have gone their limits.

    Args:
        heading: Index into `HEADINGS`.
        offset: The box's block, from the eyes' block.
        limit: Distance per ray at which it meets a block.

    Returns:
        A flag per ray; None if no ray meets the box.
    """
    rows, columns = _window(heading, offset)
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return None
    safe = _divisors(heading)
    kernels = compiled_kernels()
    if kernels:
        some, which = kernels.meets(offset, safe, limit, float(VIEW_RANGE))
        return which if some else None
    nearer = np.minimum(limit.reshape(VIEW_ROWS, VIEW_COLUMNS)[rows, columns], VIEW_RANGE)
    if nearer.max() < hypot(*offset) - _BALL:  # hidden, as most of them are
        return None
    safe = safe.reshape(3, VIEW_ROWS, VIEW_COLUMNS)[:, rows, columns]
    centre = np.array(offset)[:, None, None]
    one, other = (centre - 0.5) / safe, (centre + 0.5) / safe
    enter = np.minimum(one, other).max(axis=0)
    leave = np.maximum(one, other).min(axis=0)
    meets = (enter < nearer) & (enter < leave) & (enter > 0.0)
    if not meets.any():
        return None
    first = np.zeros((VIEW_ROWS, VIEW_COLUMNS), dtype=np.bool_)
    first[rows, columns] = meets
    return first.reshape(-1)


def _window(heading: int, offset: tuple[int, int, int]) -> tuple[slice, slice]:
    """The rows and columns of the view in which a box may be seen, maybe a few too many."""
    x, y, z = offset
    (ahead_x, ahead_z), (right_x, right_z) = STEPS[heading], STEPS[(heading + 1) % 4]
    ahead, right = x * ahead_x + z * ahead_z, x * right_x + z * right_z
    away = hypot(ahead, right)
    near, far = max(away - _EDGE, 1e-9), away + _EDGE
    if away < 1.0:  # it stands above or below
        columns = slice(0, VIEW_COLUMNS)
    else:
        middle, aside = degrees(atan2(right, ahead)), degrees(asin(_EDGE / away))
        columns = _between(middle - aside, middle + aside, VIEW_WIDTH, VIEW_COLUMNS)
    top, bottom = y + 0.5, y - 0.5
    highest = degrees(atan2(top, near if top > 0 else far))
    lowest = degrees(atan2(bottom, far if bottom > 0 else near))
    return _between(-highest, -lowest, VIEW_HEIGHT, VIEW_ROWS), columns


def _between(first: float, last: float, wide: int, count: int) -> slice:
    """Which of some rays lie between two angles in degrees; the middle of the view is at zero."""
    apart, spare = wide / (count - 1), 0.01  # libraries differ by far less
    begin, end = (first - spare + wide / 2) / apart, (last + spare + wide / 2) / apart
    return slice(max(ceil(begin), 0), min(floor(end) + 1, count))


@lru_cache(maxsize=4)
def _divisors(heading: int) -> NDArray[np.float64]:
    directions = paths(heading).directions
    return np.where(directions == 0.0, 1e-12, directions).T.copy()
