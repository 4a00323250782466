"""Regions of 64 x 64 columns of blocks, made from the climate when they are first needed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from smartplay.games.minedojo.voxel import plants
from smartplay.games.minedojo.voxel.blocks import AIR, ICE, NUMBER, STONE, WATER
from smartplay.games.minedojo.voxel.climate import Climate, Fields
from smartplay.games.minedojo.voxel.fast import compiled_kernels
from smartplay.games.minedojo.voxel.lands import BIOME, BIOMES, CELL, FROST, SEA_LEVEL
from smartplay.games.minedojo.voxel.noise import Floats, fraction, gradient_noise, hash_grid, mix
from smartplay.games.minedojo.voxel.region import FLOOR, LEVELS, SIZE, Region

PAD = 8  # columns beyond the edge from which trees may reach in

_TOP = {
    "ocean": "sand",
    "deep ocean": "gravel",
    "frozen ocean": "gravel",
    "river": "clay",
    "beach": "sand",
    "ice spikes": "snow block",
    "mountains": "stone",
    "swamp": "mud",
    "taiga": "podzol",
    "desert": "sand",
    "badlands": "red sand",
}
_BELOW = {
    "desert": "sandstone",
    "beach": "sand",
    "badlands": "terracotta",
    "mountains": "stone",
    "ocean": "gravel",
    "ice spikes": "snow block",
}
_TOPS = np.array([NUMBER[_TOP.get(name, "grass block")] for name in BIOMES], dtype=np.uint8)
_BELOWS = np.array([NUMBER[_BELOW.get(name, "dirt")] for name in BIOMES], dtype=np.uint8)
_Y = np.arange(FLOOR, FLOOR + LEVELS, dtype=np.int16)
_GROUND = _Y[:, None]
_SURFACE = np.array([WATER, ICE], dtype=np.uint8)[:, None, None, None]
_PILES = np.select(
    [_Y < _GROUND - 3, _Y < _GROUND, _Y == _GROUND, _Y < SEA_LEVEL - 1, _Y < SEA_LEVEL],
    [np.uint8(STONE), _BELOWS[:, None, None], _TOPS[:, None, None], np.uint8(WATER), _SURFACE],
    np.uint8(AIR),
).reshape(-1, LEVELS)
"""The blocks of a column: a row per biome and level of its ground, first thawed, then frozen."""

_BETWEEN = np.arange(SIZE + 2 * PAD) % CELL * (1.0 / CELL)
"""How far each column lies along its cell."""

_MIXED = np.array([name in ("taiga", "swamp") for name in BIOMES])


_TABLES = (_PILES, _TOPS, _MIXED, plants.CHANCE, plants.CHOICE, plants.SPACING)


class Terrain:
    """Makes the regions of one world; keeps none.

    Args:
        seed: The world's number.
    """

    def __init__(self, seed: int) -> None:
        self.climate = Climate(seed)
        self._seed = seed

    def region(self, rx: int, rz: int) -> Region:
        """The region whose columns start at `(rx * SIZE, rz * SIZE)`."""
        x0, z0 = rx * SIZE - PAD, rz * SIZE - PAD
        fields, detail = self._fields(x0, z0)
        kernels = compiled_kernels()
        if kernels:
            made = kernels.region(
                self._seed, rx * SIZE, rz * SIZE, *fields, detail, _TABLES, plants.TABLES,
                plants.SOFT, plants.HARD,
            )  # fmt: skip
            return Region(*made)
        ground = _ground(fields, detail)
        inner, cells = slice(PAD, PAD + SIZE), slice(PAD // CELL, (PAD + SIZE) // CELL)
        level = ground[inner, inner]
        own = Fields._make(field[cells, cells] for field in fields)
        draw = hash_grid(self._seed + 101, np.arange(SIZE) + rx * SIZE, np.arange(SIZE) + rz * SIZE)
        frost = own.temperature < FROST
        blocks = _ground_blocks(own.biome, frost, level, draw)
        self._stand(blocks, fields.biome, ground, x0, z0)
        _cover(blocks, own, level, draw)
        surface = np.maximum(level, _spread(np.where(frost, SEA_LEVEL - 1, 0)), dtype=np.int16)
        return Region(blocks, _spread(own.biome), surface)

    def _fields(self, x0: int, z0: int) -> tuple[Fields, Floats]:
        """The climate at the corners of the cells, and the small ups and downs by column."""
        span = SIZE + 2 * PAD
        corners = np.arange(0, span + 1, CELL)
        xs, zs = np.arange(x0, x0 + span)[None, :, None], np.arange(z0, z0 + span)[None, None]
        detail = gradient_noise(np.array([self._seed + 102]), xs, zs, np.array([17.0]))[0]
        return self.climate.fields(corners + x0, corners + z0), detail

    def _stand(
        self,
        blocks: NDArray[np.uint8],
        biomes: NDArray[np.uint8],
        ground: NDArray[np.int64],
        x0: int,
        z0: int,
    ) -> None:
        """Put trees, spikes and boulders on dry ground, seamlessly over the region's edges."""
        step, span = plants.SPACING, SIZE + 2 * PAD
        squares_x = np.arange(-(-x0 // step), (x0 + span) // step)
        squares_z = np.arange(-(-z0 // step), (z0 + span) // step)
        draw = hash_grid(self._seed + 103, squares_x, squares_z).astype(np.int64)
        x = (squares_x * step - x0)[:, None] + (draw >> 2 & 3)
        z = squares_z * step - z0 + (draw >> 5 & 3)
        biome, y = biomes[x // CELL, z // CELL], ground[x, z] + 1
        again = fraction(mix(draw.astype(np.uint32)))
        there = (again < plants.CHANCE.take(biome)) & (y >= SEA_LEVEL)
        if there.any():
            draw = draw[there]
            label = plants.CHOICE[biome[there], draw >> 9 & 3] * 3 + (draw >> 12) % 3
            _stamp(blocks, x[there] - PAD, z[there] - PAD, y[there] - FLOOR, label)


def _ground(fields: Fields, detail: Floats) -> NDArray[np.int64]:
    """Y of the highest block of soil or stone per column."""
    inland, biome = fields.inland[:-1, :-1], fields.biome[:-1, :-1]
    height = _between(fields.height)
    height += detail * _spread(np.minimum(np.maximum(inland * 8.0, 0.0), 1.2))
    dry = (inland > 0.0) & (biome != BIOME["river"])
    height = np.maximum(height, _spread(np.where(dry, float(SEA_LEVEL), 0.0)))
    ground: NDArray[np.int64] = height.astype(np.int64) - 1  # all ground lies above zero
    return ground


def _spread(cells: NDArray[Any]) -> NDArray[Any]:
    """Give every column the value of its cell."""
    return cells.repeat(CELL, axis=1).repeat(CELL, axis=0)


def _between(corners: Floats) -> Floats:
    """Interpolate linearly between the corners of the cells."""
    rows = (corners[1:] - corners[:-1]).repeat(CELL, axis=0)
    rows *= _BETWEEN[:, None]
    rows += corners[:-1].repeat(CELL, axis=0)
    between = (rows[:, 1:] - rows[:, :-1]).repeat(CELL, axis=1)
    between *= _BETWEEN
    between += rows[:, :-1].repeat(CELL, axis=1)
    return between


def _ground_blocks(
    biome: NDArray[np.uint8],
    frost: NDArray[np.bool_],
    ground: NDArray[np.int64],
    draw: NDArray[np.uint32],
) -> NDArray[np.uint8]:
    pile = (frost * len(BIOMES) + biome) * LEVELS - FLOOR
    blocks = _PILES.take(_spread(pile) + ground, axis=0)
    mixed = _MIXED.take(biome)
    if mixed.any():
        patch = np.nonzero(_spread(mixed) & ((draw & np.uint32(0x30000)) == 0))
        blocks[(*patch, ground[patch] - FLOOR)] = NUMBER["grass block"]
    return blocks


def _cover(
    blocks: NDArray[np.uint8], cells: Fields, ground: NDArray[np.int64], draw: NDArray[np.uint32]
) -> None:
    biome = cells.biome
    mild, river = cells.temperature > FROST, biome == BIOME["river"]
    plant = plants.cover(biome, cells.temperature, cells.humidity, cells.inland, mix(draw))

    def rare(where: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
        """Columns, and a draw below 64 for each."""
        columns = np.flatnonzero(where)
        return columns, mix(draw.take(columns) ^ np.uint32(7)) & np.uint32(63)

    plant[ground < SEA_LEVEL - 1] = AIR
    columns, chance = rare((ground == SEA_LEVEL - 1) & _spread(mild & (biome != BIOME["beach"])))
    plant.reshape(-1)[columns[chance < 6]] = NUMBER["sugar cane"]
    floats = river & mild & (cells.humidity > 0.2)
    if floats.any():
        columns, chance = rare((ground < SEA_LEVEL - 1) & _spread(floats))
        plant.reshape(-1)[columns[chance == 9]] = NUMBER["lily pad"]
    columns = np.flatnonzero(plant)
    level = np.maximum(ground.reshape(-1).take(columns) + 1, SEA_LEVEL)  # a lily's ground is lower
    flat, place = blocks.reshape(-1), columns * LEVELS + (level - FLOOR)
    bare = flat.take(place) == AIR
    flat[place[bare]] = plant.take(columns[bare])


def _stamp(
    blocks: NDArray[np.uint8],
    x: NDArray[np.int64],
    z: NDArray[np.int64],
    level: NDArray[np.int64],
    labels: NDArray[np.int64],
) -> None:
    """Set the pieces of every plant; none reaches above the highest level.

    Where several reach one place, the last plant with the lowest label has it in the air, and the
    last one with the highest label on what is there.
    """
    place = (x * SIZE + z) * LEVELS + level
    flat = blocks.reshape(-1)
    for pieces, only_air in ((plants.SOFT, True), (plants.HARD, False)):
        order = np.argsort(-labels if only_air else labels, kind="stable")
        label = labels.take(order)
        count = pieces.number.take(label)
        piece = (pieces.start.take(label) + count - np.cumsum(count)).repeat(count)
        piece += np.arange(len(piece))
        aside = x.take(order).repeat(count) + pieces.offsets[:, 0].take(piece)
        along = z.take(order).repeat(count) + pieces.offsets[:, 2].take(piece)
        there = place.take(order).repeat(count) + pieces.steps.take(piece)
        keep = (aside | along).view(np.uint64) < SIZE  # neither is negative or too large
        there, piece = there[keep], piece[keep]
        if only_air:
            bare = flat.take(there) == AIR
            there, piece = there[bare], piece[bare]
        flat[there] = pieces.numbers.take(piece)
