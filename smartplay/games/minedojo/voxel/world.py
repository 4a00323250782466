"""The part of the endless world that is kept: a square of 4 x 4 regions that wraps around."""

from __future__ import annotations

from math import floor
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from smartplay.games.minedojo.voxel.blocks import AIR
from smartplay.games.minedojo.voxel.region import FLOOR, LEVELS, SIZE, Region

KEPT = 4
SPAN = KEPT * SIZE  # 256 columns: a power of two, so that wrapping is a bit mask
WRAP = SPAN - 1
HALF_WIDTH, HEIGHT = 0.3, 1.8  # of a body, in blocks


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
        blocks: Block numbers, flat; see `index`.
        biome: Biome per column, shape `(SPAN, SPAN)`, indexed by wrapped x and z.
        surface: y of the ground per column, indexed likewise.
    """

    def __init__(self, source: Source, matter: Matter) -> None:
        self._source = source
        self.matter = matter
        self._grid = np.zeros((SPAN, SPAN, LEVELS), dtype=np.uint8)
        self.blocks: NDArray[np.uint8] = self._grid.reshape(-1)
        self.biome = np.zeros((SPAN, SPAN), dtype=np.uint8)
        self.surface = np.zeros((SPAN, SPAN), dtype=np.int16)
        self._bytes = memoryview(self.blocks.data)
        self._holds: dict[tuple[int, int], tuple[int, int]] = {}

    def need(self, west: float, north: float, east: float, south: float) -> None:
        """Make every region that touches a rectangle of columns."""
        for rx in range(floor(west) // SIZE, floor(east) // SIZE + 1):
            for rz in range(floor(north) // SIZE, floor(south) // SIZE + 1):
                slot = rx % KEPT, rz % KEPT
                if self._holds.get(slot) != (rx, rz):
                    self._make(slot, rx, rz)

    def _make(self, slot: tuple[int, int], rx: int, rz: int) -> None:
        region = self._source.region(rx, rz)
        x, z = (slice(place * SIZE, place * SIZE + SIZE) for place in slot)
        self._grid[x, z] = region.blocks
        self.biome[x, z] = region.biome
        self.surface[x, z] = region.ground
        self._holds[slot] = rx, rz

    def block(self, x: int, y: int, z: int) -> int:
        """The block at a place."""
        level = y - FLOOR
        if level < 0:
            return self.matter.rock
        if level >= LEVELS:
            return AIR
        return self._bytes[((x & WRAP) * SPAN + (z & WRAP)) * LEVELS + level]

    def box(self, x: int, y: int, z: int, radius: int) -> NDArray[np.uint8]:
        """The blocks within `radius` of a place each way, indexed `[x, y, z]`."""
        span = np.arange(-radius, radius + 1)
        levels = span + (y - FLOOR)
        columns = self._grid[((x + span) & WRAP)[:, None], ((z + span) & WRAP)[None, :]]
        box: NDArray[np.uint8] = columns[:, :, np.clip(levels, 0, LEVELS - 1)]
        box[:, :, levels < 0] = self.matter.rock
        box[:, :, levels >= LEVELS] = AIR
        return box.transpose(0, 2, 1)

    def free(self, x: float, y: float, z: float) -> bool:
        """Whether a body fits with its feet at a point."""
        low = floor(y) - FLOOR
        if low < 0:
            return False
        high = min(floor(y + HEIGHT) - FLOOR, LEVELS - 1)
        west, east = floor(x - HALF_WIDTH) & WRAP, floor(x + HALF_WIDTH) & WRAP
        north, south = floor(z - HALF_WIDTH) & WRAP, floor(z + HALF_WIDTH) & WRAP
        data, solid = self._bytes, self.matter.solid
        for cx in (west,) if west == east else (west, east):
            for cz in (north,) if north == south else (north, south):
                column = (cx * SPAN + cz) * LEVELS
                for level in range(low, high + 1):
                    if solid[data[column + level]]:
                        return False
        return True

    def top(self, x: int, z: int) -> int:
        """Return y of the highest block of a column that is not air."""
        column = self._grid[x & WRAP, z & WRAP]
        return int(np.flatnonzero(column)[-1]) + FLOOR

    def from_above(
        self, x: int, z: int, radius: int
    ) -> tuple[NDArray[np.uint8], NDArray[np.int16]]:
        """Number and y of the topmost block of each column within `radius` of one each way."""
        span = np.arange(-radius, radius + 1)
        columns = self._grid[((x + span) & WRAP)[:, None], ((z + span) & WRAP)[None, :]]
        level = LEVELS - 1 - (columns[:, :, ::-1] != AIR).argmax(axis=2)
        tops = np.take_along_axis(columns, level[:, :, None], axis=2)[:, :, 0]
        return tops, (level + FLOOR).astype(np.int16)
