"""Where land and sea, cold and heat, wet and dry lie, and the biome that follows from them.

Everything is decided per cell of 4 x 4 blocks, from noise with a span of hundreds of blocks, so a
wide area can be surveyed cheaply and exactly.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from smartplay.games.minedojo.voxel.noise import Floats, gradient_noise

CELL = 4
SEA_LEVEL = 63  # the y of the water's surface: the highest water block is one below
COAST = -0.34  # continental noise below this is sea
SHORE = 0.026  # how much above it is beach

BIOMES = (
    "ocean",
    "deep ocean",
    "frozen ocean",
    "river",
    "beach",
    "ice spikes",
    "snowy tundra",
    "snowy taiga",
    "taiga",
    "steppe",
    "mountains",
    "heath",
    "plains",
    "forest",
    "scrub",
    "swamp",
    "savanna",
    "jungle",
    "desert",
    "badlands",
)
BIOME = {name: number for number, name in enumerate(BIOMES)}

GOALS: dict[str, tuple[str, ...]] = {
    "plains": ("plains",),
    "forest": ("forest",),
    "ocean": ("ocean", "deep ocean", "frozen ocean"),
    "beach": ("beach",),
    "taiga": ("taiga", "snowy taiga"),
    "ice spikes": ("ice spikes",),
    "jungle": ("jungle",),
    "desert": ("desert",),
}

# The coldest first; each row lists, from dry to wet, the upper end of a biome's humidity.
_LAND: tuple[tuple[float, tuple[tuple[float, str], ...]], ...] = (
    (-0.50, ((9.0, "ice spikes"),)),
    (-0.34, ((0.0, "snowy tundra"), (9.0, "snowy taiga"))),
    (-0.12, ((-0.16, "steppe"), (0.02, "heath"), (9.0, "taiga"))),
    (
        0.14,
        ((-0.26, "steppe"), (-0.06, "plains"), (0.10, "heath"), (0.32, "forest"), (9.0, "swamp")),
    ),
    (0.34, ((-0.04, "savanna"), (0.22, "scrub"), (9.0, "swamp"))),
    (9.0, ((-0.34, "badlands"), (-0.06, "desert"), (0.20, "savanna"), (9.0, "jungle"))),
)
HIGH = 43.0  # land this far above the sea is mountains
PEAK = 116.0  # no ground is higher
FROST = -0.34  # water freezes below this temperature


class Fields(NamedTuple):
    """The climate over a grid of places; every array has the shape `(x, z)`.

    Attributes:
        temperature: From about -1 (coldest) to 1 (hottest).
        humidity: From about -1 (driest) to 1 (wettest).
        inland: Height above the coast in units of continental noise; negative at sea.
        height: y of the ground in blocks, smooth.
        biome: Index into `BIOMES`, uint8.
    """

    temperature: Floats
    humidity: Floats
    inland: Floats
    height: Floats
    biome: NDArray[np.uint8]


class Climate:
    """The climate of one world.

    Args:
        seed: The world's number; the same number gives the same world everywhere.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def fields(self, xs: NDArray[Any], zs: NDArray[Any]) -> Fields:
        """The climate at every pair of two increasing axes of block coordinates."""
        temperature = self._noise(1, xs, zs, (1700, 1.0), (330, 0.20))
        humidity = self._noise(2, xs, zs, (1450, 1.0), (290, 0.20))
        inland = self._noise(3, xs, zs, (1500, 1.0), (400, 0.15), (100, 0.035)) - COAST
        rough = np.maximum(self._noise(4, xs, zs, (700, 1.0)) - 0.1, 0.0)
        hills = self._noise(5, xs, zs, (170, 1.0), (58, 0.35))
        river = np.abs(self._noise(6, xs, zs, (520, 1.0), (120, 0.13)))
        height = _height(inland, rough, hills)
        height, wet = _carve(height, inland, river)
        biome = _biome(temperature, humidity, inland, height, wet)
        return Fields(temperature, humidity, inland, height, biome)

    def _noise(
        self, number: int, xs: NDArray[Any], zs: NDArray[Any], *octaves: tuple[float, float]
    ) -> Floats:
        total: Floats = np.zeros((len(xs), len(zs)))
        for place, (size, weight) in enumerate(octaves):
            seed = self._seed * 0x2545F491 + number * 0x9E3779B9 + place * 0x61C88647
            # Noise is zero at its lattice points: shifted, or all would be zero at the origin.
            shift_x, shift_z = seed % 7919, seed // 7919 % 7927
            total += weight * gradient_noise(seed, xs + shift_x, zs + shift_z, size)
        return total


def _height(inland: Floats, rough: Floats, hills: Floats) -> Floats:
    depth = np.clip(-inland, 0.0, 0.5)
    slope = np.clip(inland, 0.0, SHORE)
    rise = np.clip(inland - SHORE, 0.0, 0.9)
    ramp = np.clip((inland - SHORE) * 6.0, 0.0, 1.0)
    level = SEA_LEVEL + slope * 54.0 + rise * 36.0 - np.clip(depth * 70.0, 0.0, 22.0)
    level += ramp * hills * (4.0 + rough * 42.0) + ramp * rough * 26.0
    level = np.minimum(level, PEAK)
    return np.where(inland > 0.0, np.maximum(level, SEA_LEVEL + 0.3), level)


def _carve(height: Floats, inland: Floats, river: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Lower the land along rivers; also tell where the river's water is."""
    bed = SEA_LEVEL - 3.0
    valley = 1.0 - np.clip((river - 0.02) * 5.0, 0.0, 1.0)
    valley *= np.clip((SEA_LEVEL + 30.0 - height) * 0.08, 0.0, 1.0)  # no rivers in the heights
    carved = bed + (height - bed) * (1.0 - valley)
    low = (inland > SHORE) & (carved < height)
    return np.where(low, carved, height), low & (carved < SEA_LEVEL)


def _biome(
    temperature: Floats,
    humidity: Floats,
    inland: Floats,
    height: Floats,
    wet: NDArray[np.bool_],
) -> NDArray[np.uint8]:
    biome = np.zeros(temperature.shape, dtype=np.uint8)
    warmer = np.ones(temperature.shape, dtype=bool)
    for warmest, row in _LAND:
        here = warmer & (temperature < warmest)
        warmer &= ~here
        for wettest, name in reversed(row):
            biome[here & (humidity < wettest)] = BIOME[name]
    biome[height > SEA_LEVEL + HIGH] = BIOME["mountains"]
    biome[inland < SHORE] = BIOME["beach"]
    biome[wet] = BIOME["river"]
    sea = inland <= 0.0
    biome[sea] = BIOME["ocean"]
    biome[inland < -0.3] = BIOME["deep ocean"]
    biome[sea & (temperature < FROST)] = BIOME["frozen ocean"]
    return biome
