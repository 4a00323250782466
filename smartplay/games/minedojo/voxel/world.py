"""The part of the endless world that is kept: some 4 x 4 squares in a ring of columns.

A column's place in the ring is `x * SPAN + z`, wrapped around. So the way from one column to
another is one number, wherever they are, and no two columns less than `SPAN` apart, in x and in z,
share a place.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from math import floor
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from smartplay.games.minedojo.voxel.blocks import AIR
from smartplay.games.minedojo.voxel.region import FLOOR, LEVELS, SIZE, Region

KEPT = 4
SPAN = KEPT * SIZE
COLUMNS = SPAN * SPAN  # a power of two, so that wrapping is a bit mask
_ROWS = COLUMNS // SIZE
HALF_WIDTH, HEIGHT = 0.3, 1.8  # of a body, in blocks
SWIMMING = 0.6  # of its speed on land
GRAVITY, DRAG = 0.08, 0.98
CLIMB_TICKS = 4  # how long the climb of a block takes
TWO_HIGH, THREE_HIGH = 0x0101, 0x010101  # as many levels of `World.stops`


Square = tuple[int, int]  # its columns (x, z) begin at `SIZE` times it


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


class _Stacks(dict[int, int]):
    """The solid levels of columns by their place, as `World.stops` tells them, once asked for."""

    def __init__(self, blocks: memoryview, solid: bytes) -> None:
        super().__init__()
        self._blocks, self._solid = blocks, solid

    def __missing__(self, column: int) -> int:
        stack = self._blocks[column * LEVELS : (column + 1) * LEVELS].tobytes()
        solid = self[column] = int.from_bytes(stack.translate(self._solid), "little")
        return solid


class Source(Protocol):
    """Where regions come from."""

    def region(self, west: int, north: int, width: int, length: int) -> Region:
        """The land of `width` times `length` columns, of which (west, north) is the first."""


class World:
    """Blocks and biomes of one world, made when needed, a bounded part kept.

    Whatever is read must have been asked for with `need`, and no two places read may lie more
    than two squares apart.

    Args:
        source: Makes the regions.
        matter: What their block numbers stand for.

    Attributes:
        blocks: Block numbers, flat: `LEVELS` of each column, the columns as in `column`.
        biome: Biome per column, indexed by `column`.
        surface: y of the ground per column, indexed likewise, int16.
        tops: How many levels of each column are not all air above, indexed likewise.
    """

    def __init__(self, source: Source, matter: Matter) -> None:
        self._source = source
        self.matter = matter
        self.blocks: NDArray[np.uint8] = np.zeros(COLUMNS * LEVELS, dtype=np.uint8)
        self.biome: NDArray[np.uint8] = np.zeros(COLUMNS, dtype=np.uint8)
        self.surface: NDArray[np.int16] = np.zeros(COLUMNS, dtype=np.int16)
        self.tops: NDArray[np.uint8] = np.zeros(COLUMNS, dtype=np.uint8)
        self._bytes, self._biomes = memoryview(self.blocks.data), memoryview(self.biome.data)
        self._grounds = memoryview(self.surface.data)
        self._stacks = _Stacks(self._bytes, matter.solid)
        self._holds: set[Square] = set()
        self._asked = (0, 0, 0, 0)  # first and end of the columns asked for last: they are held

    def need(self, west: float, north: float, east: float, south: float) -> None:
        """Make the land of every square that touches a rectangle of columns."""
        first_x, first_z, end_x, end_z = self._asked
        if first_x <= west and east < end_x and first_z <= north and south < end_z:
            return
        first_x, last_x = floor(west) // SIZE, floor(east) // SIZE
        first_z, last_z = floor(north) // SIZE, floor(south) // SIZE
        along_x, along_z = range(first_x, last_x + 1), range(first_z, last_z + 1)
        missing = [(x, z) for x in along_x for z in along_z if (x, z) not in self._holds]
        for rectangle in _rectangles(missing):
            self._make(*rectangle)
        self._asked = first_x * SIZE, first_z * SIZE, (last_x + 1) * SIZE, (last_z + 1) * SIZE

    def _make(self, west: int, north: int, east: int, south: int) -> None:
        """Make a rectangle of squares, and forget those whose places in the ring it may take."""
        width, length = east + 1 - west, south + 1 - north
        region = self._source.region(west * SIZE, north * SIZE, width * SIZE, length * SIZE)
        places = np.arange(west * SIZE, (east + 1) * SIZE)[:, None] * KEPT
        rows = (places + np.arange(north, south + 1)) & (_ROWS - 1)
        for kept, made in ((self.blocks, region.blocks), (self.biome, region.biome),
                           (self.surface, region.ground), (self.tops, region.tops)):  # fmt: skip
            kept.reshape(_ROWS, -1)[rows] = made.reshape(*rows.shape, -1)
        self._holds = {
            (x, z) for x, z in self._holds if max(east - x, x - west, south - z, z - north) < KEPT
        }
        self._holds.update((x, z) for x in range(west, east + 1) for z in range(north, south + 1))
        self._stacks.clear()

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

    def ground(self, x: int, z: int) -> int:
        """How high, as y, the ground of a column lies."""
        return self._grounds[(x * SPAN + z) & (COLUMNS - 1)]

    def numbers(
        self, ways: NDArray[np.intp], rise: int, x: int, y: int, z: int
    ) -> NDArray[np.uint8]:
        """The blocks at offsets from a place; below all regions they are as at their floor.

        Args:
            ways: `way` of each offset.
            rise: No offset's y is further from zero.
            x: Of the place.
            y: Of the place.
            z: Of the place.
        """
        column, level = self.column(x, z) * LEVELS, y - FLOOR
        if rise <= level < LEVELS - rise:
            return self.blocks.take(ways + (column + level), mode="wrap")
        ups = (ways + LEVELS // 2) % LEVELS - LEVELS // 2
        levels = ups + level
        inside = np.clip(levels, 0, LEVELS - 1)
        numbers = self.blocks.take(ways - ups + inside + column, mode="wrap")
        numbers[levels >= LEVELS] = AIR
        return numbers

    def box(self, x: int, y: int, z: int, radius: int) -> NDArray[np.uint8]:
        """The blocks within `radius` of a place each way, indexed `[x, y, z]`."""
        box = self.numbers(_box(radius), radius, x, y, z)
        if y - radius < FLOOR:
            box[:, : FLOOR - y + radius] = self.matter.rock
        return box

    def free(self, x: float, y: float, z: float) -> bool:
        """Whether a body fits with its feet at a point."""
        return fits(self.stops(x, z), y)

    def stops(self, x: float, z: float) -> int:
        """Where a body whose middle is there would be stopped: a byte, 0 or 1, for each level."""
        return self.stops_in(*columns_under(x, z))

    def stops_in(self, west: int, north: int, east: int, south: int) -> int:
        """The same of a body that touches some columns, at most two in a row."""
        stacks = self._stacks
        solid = stacks[(west * SPAN + north) & (COLUMNS - 1)]
        if south != north:
            solid |= stacks[(west * SPAN + south) & (COLUMNS - 1)]
        if east != west:
            solid |= stacks[(east * SPAN + north) & (COLUMNS - 1)]
            if south != north:
                solid |= stacks[(east * SPAN + south) & (COLUMNS - 1)]
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


def _rectangles(squares: Iterable[Square]) -> list[tuple[int, int, int, int]]:
    """Put squares, which come by x and then by z, together: west, north, east, south of each."""
    rows: list[tuple[int, int, int, int]] = []
    for x, z in squares:
        if rows and rows[-1][2:] == (x, z - 1):
            rows[-1] = (*rows[-1][:3], z)
        else:
            rows.append((x, z, x, z))
    found: list[tuple[int, int, int, int]] = []
    for west, north, east, south in rows:
        if found and found[-1][1:] == (north, west - 1, south):
            found[-1] = (found[-1][0], north, east, south)
        else:
            found.append((west, north, east, south))
    return found


def columns_under(x: float, z: float) -> tuple[int, int, int, int]:
    """The columns that a body touches whose middle is there: west, north, east, south."""
    return (
        floor(x - HALF_WIDTH),
        floor(z - HALF_WIDTH),
        floor(x + HALF_WIDTH),
        floor(z + HALF_WIDTH),
    )


def fits(stops: int, y: float) -> bool:
    """Whether a body has room with its feet at a height, where `World.stops` is known."""
    bottom = floor(y)
    body = THREE_HIGH if floor(y + HEIGHT) - bottom == 2 else TWO_HIGH
    return bottom >= FLOOR and not stops >> 8 * (bottom - FLOOR) & body


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
