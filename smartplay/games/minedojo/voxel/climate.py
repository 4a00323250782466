"""Where land and sea, cold and heat, wet and dry lie, and the biome that follows from them.

Everything is decided per cell of 4 x 4 blocks, from noise with a span of hundreds of blocks, so a
wide area can be surveyed cheaply and exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from smartplay.games.minedojo.voxel.fast import compiled_kernels
from smartplay.games.minedojo.voxel.lands import (
    BIOME,
    BIOMES,
    COAST,
    FROST,
    HIGH,
    PEAK,
    SEA_LEVEL,
    SHORE,
)
from smartplay.games.minedojo.voxel.noise import Floats, gradient_noise

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
_WARMEST = np.array([warmest for warmest, _ in _LAND[:-1]])
_WETTEST = np.unique([wettest for _, row in _LAND for wettest, _ in row[:-1]])
_LANDS = np.array(
    [
        [BIOME[next(name for wet, name in row if wet > wettest)] for wettest in (-9.0, *_WETTEST)]
        for _, row in _LAND
    ],
    dtype=np.uint8,
)
"""Biomes by how many of `_WARMEST` and of `_WETTEST` are not above the place's values."""

# The noises, each a sum of octaves: their sizes in blocks and weights; the first weight is 1.
_NOISES: dict[str, tuple[tuple[int, float], ...]] = {
    "temperature": ((1700, 1.0), (330, 0.20)),
    "humidity": ((1450, 1.0), (290, 0.20)),
    "continent": ((1500, 1.0), (400, 0.15), (100, 0.035)),
    "rough": ((700, 1.0),),
    "hills": ((170, 1.0), (58, 0.35)),
    "river": ((520, 1.0), (120, 0.13)),
}
_NAMES = tuple(_NOISES)
_PLACES = [
    (number, place) for number, name in enumerate(_NAMES, 1) for place in range(len(_NOISES[name]))
]
_SIZES, _WEIGHTS = np.array([octave for name in _NAMES for octave in _NOISES[name]]).T
_OF_NAME = {
    name: [i for i, (number, _) in enumerate(_PLACES) if _NAMES[number - 1] == name]
    for name in _NAMES
}


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
        base = seed * 0x2545F491
        seeds = [base + number * 0x9E3779B9 + place * 0x61C88647 for number, place in _PLACES]
        # Noise is zero at its lattice points: shifted, or all would be zero at the origin.
        self._shift_x = np.array([seed % 7919 for seed in seeds])
        self._shift_z = np.array([seed // 7919 % 7927 for seed in seeds])
        self._seeds = np.array([seed & 0xFFFFFFFF for seed in seeds])

    def fields(self, xs: NDArray[Any], zs: NDArray[Any]) -> Fields:
        """The climate at every pair of two axes of block coordinates."""
        return _fields(*self._noises(_NAMES, xs[:, None], zs))

    def where(
        self, biomes: NDArray[np.uint8], xs: NDArray[Any], zs: NDArray[Any]
    ) -> NDArray[np.bool_]:
        """Where in a grid one of some biomes lies, at less cost than from `fields`.

        What one field decides is left out of those that follow.

        Args:
            biomes: Numbers of biomes; either all at sea or on the shore, or all that temperature
                and humidity decide.
            xs: One axis of block coordinates.
            zs: The other one.

        Returns:
            Flags of shape `(len(xs), len(zs))`.
        """
        flags = np.zeros(len(BIOMES), dtype=np.bool_)
        flags[biomes] = True
        wanted = flags[_LANDS]
        land = bool(wanted.any())
        first = "temperature" if land else "continent"
        (field,) = self._noises([first], xs[:, None], zs)
        rows: NDArray[np.bool_] = np.any(wanted, axis=1)
        kept = rows[_rank(_WARMEST, field)] if land else field - COAST < SHORE
        row, column = np.nonzero(kept)
        fields = {first: field[kept]}

        def add(*names: str) -> None:
            fields.update(zip(names, self._noises(names, xs[row], zs[column]), strict=True))

        def keep(kept: NDArray[np.bool_]) -> None:
            nonlocal row, column
            row, column = row[kept], column[kept]
            fields.update({name: values[kept] for name, values in fields.items()})

        if land:
            add("humidity")
            warmth = _rank(_WARMEST, fields["temperature"])
            keep(wanted[warmth, _rank(_WETTEST, fields["humidity"])])
            add("continent")
            keep(fields["continent"] - COAST >= SHORE)
            add("rough", "hills", "river")
        else:
            add("temperature")
            fields |= dict.fromkeys(("humidity", "rough", "hills", "river"), fields["continent"])
        there = np.zeros((len(xs), len(zs)), dtype=bool)
        there[row, column] = flags[_fields(*(fields[name] for name in _NAMES)).biome]
        return there

    def _noises(self, names: Sequence[str], x: NDArray[Any], z: NDArray[Any]) -> list[Floats]:
        """The noises of some names, at a grid (x of shape `(n, 1)`) or at places."""
        if not x.size:
            return [np.zeros(0) for _ in names]
        which = [number for name in names for number in _OF_NAME[name]]
        shape = (-1, *[1] * x.ndim)
        shift_x, shift_z = self._shift_x[which], self._shift_z[which]
        x, z = x + shift_x.reshape(shape), z + shift_z.reshape(shape[: z.ndim + 1])
        if z.ndim < x.ndim:
            z = z[:, None]
        layers = iter(gradient_noise(self._seeds[which], x, z, _SIZES[which]))
        totals = []
        for name in names:
            total = next(layers)  # the weight of the first one is 1
            for number in _OF_NAME[name][1:]:
                total += _WEIGHTS[number] * next(layers)
            totals.append(total)
        return totals


def _fields(
    temperature: Floats,
    humidity: Floats,
    continent: Floats,
    rough: Floats,
    hills: Floats,
    river: Floats,
) -> Fields:
    kernels = compiled_kernels()
    if kernels:
        noises = temperature, humidity, continent, rough, hills, river
        made = kernels.fields(*(noise.reshape(-1) for noise in noises), _WARMEST, _WETTEST, _LANDS)
        inland, height, biome = (field.reshape(temperature.shape) for field in made)
        return Fields(temperature, humidity, inland, height, biome)
    inland = continent - COAST
    height = _height(inland, np.maximum(rough - 0.1, 0.0), hills)
    height, wet = _carve(height, inland, np.abs(river))
    biome = _biome(temperature, humidity, inland, height, wet)
    return Fields(temperature, humidity, inland, height, biome)


def _height(inland: Floats, rough: Floats, hills: Floats) -> Floats:
    depth = _clip(-inland, 0.0, 0.5)
    slope = _clip(inland, 0.0, SHORE)
    rise = _clip(inland - SHORE, 0.0, 0.9)
    ramp = _clip((inland - SHORE) * 6.0, 0.0, 1.0)
    level = SEA_LEVEL + slope * 54.0 + rise * 36.0 - _clip(depth * 70.0, 0.0, 22.0)
    level += ramp * hills * (4.0 + rough * 42.0) + ramp * rough * 26.0
    level = np.minimum(level, PEAK)
    return np.where(inland > 0.0, np.maximum(level, SEA_LEVEL + 0.3), level)


def _carve(height: Floats, inland: Floats, river: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Lower the land along rivers; also tell where the river's water is."""
    bed = SEA_LEVEL - 3.0
    valley = 1.0 - _clip((river - 0.02) * 5.0, 0.0, 1.0)
    valley *= _clip((SEA_LEVEL + 30.0 - height) * 0.08, 0.0, 1.0)  # no rivers in the heights
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
    biome = _LANDS[_rank(_WARMEST, temperature), _rank(_WETTEST, humidity)]
    biome[height > SEA_LEVEL + HIGH] = BIOME["mountains"]
    biome[inland < SHORE] = BIOME["beach"]
    biome[wet] = BIOME["river"]
    sea = inland <= 0.0
    biome[sea] = BIOME["ocean"]
    biome[inland < -0.3] = BIOME["deep ocean"]
    biome[sea & (temperature < FROST)] = BIOME["frozen ocean"]
    return biome


def _rank(limits: Floats, values: Floats) -> NDArray[np.intp]:
    """How many of some limits are not above each value."""
    return np.searchsorted(limits, values, side="right")


def _clip(values: Floats, low: float, high: float) -> Floats:
    """As `np.clip`, which takes several times as long for few values."""
    clipped = np.maximum(values, low)
    return np.minimum(clipped, high, out=clipped)
