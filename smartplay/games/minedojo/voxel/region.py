"""The form in which a world's blocks come: rectangles of columns."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from smartplay.games.minedojo.voxel.blocks import AIR

SIZE = 64  # a region begins at a multiple of this many columns, and is as wide and long
FLOOR = 36  # the lowest y that is stored; below it all is rock
LEVELS = 96  # so y reaches 131; above it all is air


class Region(NamedTuple):
    """A rectangle of columns.

    Attributes:
        blocks: Block numbers, shape `(width, length, LEVELS)`, indexed `[x, z, y]`, uint8.
        biome: Index into `BIOMES` per column, shape `(width, length)`, uint8.
        ground: y of the highest block of soil, stone or ice per column, before trees, int16.
        tops: How many levels of each column are not all air above, uint8.
    """

    blocks: NDArray[np.uint8]
    biome: NDArray[np.uint8]
    ground: NDArray[np.int16]
    tops: NDArray[np.uint8]


def tops_of(blocks: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """`Region.tops`, of its blocks; no column is all air."""
    above = (blocks != AIR)[:, :, ::-1].argmax(axis=2)
    tops: NDArray[np.uint8] = (LEVELS - above).astype(np.uint8)
    return tops
