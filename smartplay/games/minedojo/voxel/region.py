"""The form in which a world's blocks come: square regions of columns."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SIZE = 64
FLOOR = 36  # the lowest y that is stored; below it all is rock
LEVELS = 96  # so y reaches 131; above it all is air


class Region(NamedTuple):
    """One region.

    Attributes:
        blocks: Block numbers, shape `(SIZE, SIZE, LEVELS)`, indexed `[x, z, y]`, uint8.
        biome: Index into `BIOMES` per column, shape `(SIZE, SIZE)`, uint8.
        ground: y of the highest block of soil, stone or ice per column, before trees, int16.
    """

    blocks: NDArray[np.uint8]
    biome: NDArray[np.uint8]
    ground: NDArray[np.int16]
