"""The part of the endless world that is kept: some 4 x 4 regions in a ring of columns.

A column's place in the ring is `x * SPAN + z`, wrapped around. So the way from one column to
another is one number, whatever region they are in, and no two columns less than `SPAN` apart, in x
and in z, share a place.
"""

from __future__ import annotations

from functools import lru_cache
from math import floor
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from smartplay.games.minedojo.voxel.blocks import AIR
from smartplay.games.minedojo.voxel.fast import compiled_kernels
from smartplay.games.minedojo.voxel.region import FLOOR, LEVELS, SIZE, Region

KEPT = 4
SPAN = KEPT * SIZE
COLUMNS = SPAN * SPAN  # a power of two, so that wrapping is a bit mask
_ROWS = COLUMNS // SIZE
HALF_WIDTH, HEIGHT = 0.3, 1.8  # of a body, in blocks
SWIMMING = 0.6  # of its speed on land
GRAVITY, DRAG = 0.08, 0.98
CLIMB_TICKS = 4  # how long the climb of a block takes


class Matter(NamedTuple):
    """What a world's block numbers stand for.

    Attributes:
        solid: 256 flags, by block number: whether a body is stopped.
        water: The number of water.
        rock: The number of what lies below all regions.
        colours: Red, green and blue by block number, uint8 `(n, 3)`.
    """

    solid: bytes
    water: int
    rock: int
    colours: NDArray[np.uint8]

    @property
    def stops(self) -> NDArray[np.bool_]:
        """The same as `solid`, as an array."""
        return np.frombuffer(self.solid, dtype=np.bool_)


class Source(Protocol):
    """Where regions come from."""

    def region(self, rx: int, rz: int) -> Region:
        """The region whose columns start at `(rx * SIZE, rz * SIZE)`."""


class World:
    """Blocks and biomes of one world, made when needed, a bounded part kept.

    Whatever is read must have been asked for with `need`, and no two places read may lie more than
    two regions apart.

    Args:
        source: Makes the regions.
        matter: What their block numbers stand for.

    Attributes:
        blocks: Block numbers, flat: `LEVELS` of each column, the columns as in `column`.
        biome: Biome per column, indexed by `column`.
        surface: y of the ground per column, indexed likewise.
        levels: How many levels there are up to the highest block of all regions made so far that is
            not air.
        tops: How many levels of each column are not all air above; known with compiled kernels.
    """

    def __init__(self, source: Source, matter: Matter) -> None:
        self._source = source
        self.matter = matter
        self.blocks: NDArray[np.uint8] = np.zeros(COLUMNS * LEVELS, dtype=np.uint8)
        self.biome: NDArray[np.uint8] = np.zeros(COLUMNS, dtype=np.uint8)
        self.surface = np.zeros(COLUMNS, dtype=np.int16)
        self.tops: NDArray[np.uint8] = np.zeros(COLUMNS, dtype=np.uint8)
        self.levels = 0
        self._bytes, self._biomes = memoryview(self.blocks.data), memoryview(self.biome.data)
        self._digits = bytes(48 + bool(flag) for flag in matter.solid)
        self._solid: dict[int, int] = {}
        self._holds: dict[tuple[int, int], int] = {}

    def need(self, west: float, north: float, east: float, south: float) -> None:
        """Make every region that touches a rectangle of columns."""
        for rx in range(floor(west) // SIZE, floor(east) // SIZE + 1):
            for rz in range(floor(north) // SIZE, floor(south) // SIZE + 1):
                if (rx, rz) not in self._holds:
                    self._make(rx, rz)

    def _make(self, rx: int, rz: int) -> None:
        region = self._source.region(rx, rz)
        first = self.column(rx * SIZE, rz * SIZE) // SIZE
        for other, begin in list(self._holds.items()):
            apart = (begin - first) % _ROWS
            if apart % KEPT == 0 and min(apart, _ROWS - apart) < SPAN:
                del self._holds[other]
        rows = (first + np.arange(SIZE) * KEPT) % _ROWS
        tops = np.zeros(SIZE * SIZE, np.uint8)
        columns = region.blocks.reshape(-1, LEVELS)
        kernels = compiled_kernels()
        if kernels:
            kernels.measure(columns, columns.view(np.uint64), tops)
            levels = int(tops.max())
        else:
            levels = LEVELS - int((np.bitwise_or.reduce(columns)[::-1] != AIR).argmax())
        self.levels = max(self.levels, levels)
        for kept, made in ((self.blocks, region.blocks), (self.biome, region.biome),
                           (self.surface, region.ground), (self.tops, tops)):  # fmt: skip
            kept.reshape(_ROWS, -1)[rows] = made.reshape(SIZE, -1)
        self._holds[rx, rz] = first
        self._solid.clear()

    @staticmethod
    def column(x: int, z: int) -> int:
        """The place of a column in the ring."""
        return (x * SPAN + z) & (COLUMNS - 1)

    def block(self, x: int, y: int, z: int) -> int:
        """The block at a place."""
        level = y - FLOOR
        if level < 0:
            return self.matter.rock
        if level >= LEVELS:
            return AIR
        return self._bytes[((x * SPAN + z) & (COLUMNS - 1)) * LEVELS + level]

    def land(self, x: int, z: int) -> int:
        """The biome of a column."""
        return self._biomes[(x * SPAN + z) & (COLUMNS - 1)]

    def numbers(
        self, ways: NDArray[np.intp], low: int, high: int, x: int, y: int, z: int
    ) -> NDArray[np.uint8]:
        """The blocks at offsets from a place; below all regions they are as at their floor.

        Args:
            ways: `way` of each offset.
            low: No offset's y is less.
            high: No offset's y is more.
            x: Of the place.
            y: Of the place.
            z: Of the place.
        """
        column, level = self.column(x, z) * LEVELS, y - FLOOR
        if level + low >= 0 and level + high < LEVELS:
            return self.blocks.take(ways + (column + level), mode="wrap")
        ups = (ways + LEVELS // 2) % LEVELS - LEVELS // 2
        levels = ups + level
        inside = np.clip(levels, 0, LEVELS - 1)
        numbers = self.blocks.take(ways - ups + inside + column, mode="wrap")
        numbers[levels >= LEVELS] = AIR
        return numbers

    def box(self, x: int, y: int, z: int, radius: int) -> NDArray[np.uint8]:
        """The blocks within `radius` of a place each way, indexed `[x, y, z]`."""
        box = self.numbers(_box(radius), -radius, radius, x, y, z)
        if y - radius < FLOOR:
            box[:, : FLOOR - y + radius] = self.matter.rock
        return box

    def free(self, x: float, y: float, z: float) -> bool:
        """Whether a body fits with its feet at a point."""
        return fits(self.stops(x, z), y)

    def stops(self, x: float, z: float) -> int:
        """The levels, as bits, at which a body whose middle is there would be stopped."""
        west, north = floor(x - HALF_WIDTH), floor(z - HALF_WIDTH)
        east, south = floor(x + HALF_WIDTH), floor(z + HALF_WIDTH)
        touched = ((west * SPAN + north) & (COLUMNS - 1)) * 4 + (east - west) * 2 + south - north
        solid = self._solid.get(touched)
        if solid is None:
            solid = self._stack(west, north)
            if south != north:
                solid |= self._stack(west, south)
            if east != west:
                solid |= self._stack(east, north) | self._stack(east, south)
            self._solid[touched] = solid
        return solid

    def _stack(self, x: int, z: int) -> int:
        """The solid levels of a column, as bits."""
        column = self.column(x, z)
        solid = self._solid.get(column * 4)
        if solid is None:
            stack = bytes(self._bytes[column * LEVELS : (column + 1) * LEVELS])
            solid = self._solid[column * 4] = int(stack.translate(self._digits)[::-1], 2)
        return solid

    def top(self, x: int, z: int) -> int:
        """Return y of the highest block of a column that is not air."""
        column = self.column(x, z) * LEVELS
        return int(np.flatnonzero(self.blocks[column : column + LEVELS])[-1]) + FLOOR

    def from_above(
        self, x: int, z: int, radius: int
    ) -> tuple[NDArray[np.uint8], NDArray[np.int16]]:
        """Number and y of the topmost block of each column within `radius` of one each way."""
        span = np.arange(-radius, radius + 1)
        places = (x + span)[:, None] * SPAN + (z + span)
        columns = self.blocks.reshape(COLUMNS, LEVELS)[places & (COLUMNS - 1)]
        level = LEVELS - 1 - (columns[:, :, ::-1] != AIR).argmax(axis=2)
        tops = np.take_along_axis(columns, level[:, :, None], axis=2)[:, :, 0]
        return tops, (level + FLOOR).astype(np.int16)


def fits(stops: int, y: float) -> bool:
    """Whether a body has room with its feet at a height, where `World.stops` is known."""
    bottom = floor(y)
    body = 7 if floor(y + HEIGHT) - bottom == 2 else 3
    return bottom >= FLOOR and not stops >> (bottom - FLOOR) & body


def way(offsets: NDArray[Any]) -> NDArray[np.intp]:
    """How far apart in `World.blocks` places are whose offset is (x, y, z), on the last axis.

    As no offset is as high as half of `LEVELS`, its y follows from its way, too.
    """
    x, y, z = np.moveaxis(offsets.astype(np.intp), -1, 0)
    ways: NDArray[np.intp] = (x * SPAN + z) * LEVELS + y
    return ways


@lru_cache(4)
def _box(radius: int) -> NDArray[np.intp]:
    span = np.arange(-radius, radius + 1)
    return way(np.stack(np.meshgrid(span, span, span, indexing="ij"), axis=-1))
