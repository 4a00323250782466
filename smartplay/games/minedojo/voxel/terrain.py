"""Regions of 64 x 64 columns of blocks, made from the climate when they are first needed."""

from __future__ import annotations

from typing import Any, NamedTuple

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
_PILES = np.where(
    _Y < _GROUND - 3,
    np.uint8(STONE),
    np.where(
        _Y < _GROUND,
        _BELOWS[:, None, None],
        np.where(_Y < SEA_LEVEL, np.uint8(WATER), np.uint8(AIR)),
    ),
).reshape(-1, LEVELS)
"""The blocks of a column, but for the topmost of its ground: a row per biome and level of that."""

_BASES = np.arange(SIZE * SIZE).reshape(SIZE, SIZE) * LEVELS
_MIXED = np.array([name in ("taiga", "swamp") for name in BIOMES])


_TABLES = (_PILES, _TOPS, _MIXED, plants.CHANCE, plants.CHOICE, plants.SPACING)


class _Columns(NamedTuple):
    biome: NDArray[np.uint8]
    temperature: Floats
    humidity: Floats
    inland: Floats
    ground: NDArray[np.int16]


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
        columns = _columns(fields, detail)
        inner = slice(PAD, PAD + SIZE)
        own = _Columns._make(field[inner, inner] for field in columns)
        xs, zs = np.arange(SIZE) + rx * SIZE, np.arange(SIZE) + rz * SIZE
        draw = hash_grid(self._seed + 101, xs, zs)
        blocks = _ground_blocks(own, draw)
        self._stand(blocks, columns, x0, z0)
        _cover(blocks, own, draw)
        ground = np.where(_frozen(own), np.int16(SEA_LEVEL - 1), own.ground)
        return Region(blocks, own.biome, ground)

    def _fields(self, x0: int, z0: int) -> tuple[Fields, Floats]:
        """The climate at the corners of the cells, and the small ups and downs by column."""
        span = SIZE + 2 * PAD
        corners = np.arange(0, span + 1, CELL)
        xs, zs = np.arange(x0, x0 + span)[None, :, None], np.arange(z0, z0 + span)[None, None]
        detail = gradient_noise(np.array([self._seed + 102]), xs, zs, np.array([17.0]))[0]
        return self.climate.fields(corners + x0, corners + z0), detail

    def _stand(self, blocks: NDArray[np.uint8], columns: _Columns, x0: int, z0: int) -> None:
        """Put trees, spikes and boulders on dry ground, seamlessly over the region's edges."""
        step, span = plants.SPACING, SIZE + 2 * PAD
        squares_x = np.arange(-(-x0 // step), (x0 + span) // step)
        squares_z = np.arange(-(-z0 // step), (z0 + span) // step)
        draw = hash_grid(self._seed + 103, squares_x, squares_z)
        x = squares_x[:, None] * step - x0 + (draw >> np.uint32(2)) % np.uint32(4)
        z = squares_z[None, :] * step - z0 + (draw >> np.uint32(5)) % np.uint32(4)
        x, z = x.astype(np.int64), z.astype(np.int64)
        biome, y = columns.biome[x, z], columns.ground[x, z].astype(np.int64) + 1
        again = mix(draw)
        there = (fraction(again) < plants.CHANCE[biome]) & (y >= SEA_LEVEL)
        kind = plants.CHOICE[biome, (draw >> np.uint32(9)) & np.uint32(3)]
        variant = (draw >> np.uint32(12)) % np.uint32(3)
        label = kind * 3 + variant
        places = np.stack([x - PAD, y - FLOOR, z - PAD], axis=-1)
        for pieces, only_air in ((plants.SOFT, True), (plants.HARD, False)):
            _stamp(blocks, places[there], label[there], pieces, only_air)


def _columns(fields: Fields, detail: Floats) -> _Columns:
    inland, biome = _spread(fields.inland), _spread(fields.biome)
    height = _between(fields.height) + detail * np.clip(inland * 8.0, 0.0, 1.2)
    dry = (inland > 0.0) & (biome != BIOME["river"])
    height = np.where(dry, np.maximum(height, float(SEA_LEVEL)), height)
    ground = (np.floor(height) - 1.0).astype(np.int16)
    return _Columns(biome, _spread(fields.temperature), _spread(fields.humidity), inland, ground)


def _spread(cells: NDArray[Any]) -> NDArray[Any]:
    """Give every column the value of its cell; the last row and column of corners are dropped."""
    return cells[:-1, :-1].repeat(CELL, axis=1).repeat(CELL, axis=0)


def _between(corners: Floats) -> Floats:
    """Interpolate linearly between the corners of the cells."""
    share = np.arange(CELL) * (1.0 / CELL)
    along = corners[:-1, None, :] + (corners[1:] - corners[:-1])[:, None, :] * share[None, :, None]
    rows = along.reshape(-1, corners.shape[1])
    between = (rows[:, 1:] - rows[:, :-1]).repeat(CELL, axis=1)
    between *= np.tile(share, corners.shape[1] - 1)
    between += rows[:, :-1].repeat(CELL, axis=1)
    return between


def _ground_blocks(columns: _Columns, draw: NDArray[np.uint32]) -> NDArray[np.uint8]:
    top = _TOPS[columns.biome]
    patch = _MIXED[columns.biome] & ((draw & np.uint32(0x30000)) == 0)
    top[patch] = NUMBER["grass block"]
    level = columns.ground.astype(np.int64) - FLOOR
    blocks = _PILES.take(columns.biome.astype(np.int64) * LEVELS + level, axis=0)
    blocks.reshape(-1)[_BASES + level] = top
    blocks[_frozen(columns), SEA_LEVEL - 1 - FLOOR] = ICE
    return blocks


def _frozen(columns: _Columns) -> NDArray[np.bool_]:
    return (columns.temperature < FROST) & (columns.ground < SEA_LEVEL - 1)


def _cover(blocks: NDArray[np.uint8], columns: _Columns, draw: NDArray[np.uint32]) -> None:
    biome, ground = columns.biome, columns.ground
    mild = columns.temperature > FROST
    river = biome == BIOME["river"]
    plant = plants.cover(
        biome, columns.temperature, columns.humidity, columns.inland, mix(draw), CELL
    )
    chance = mix(draw ^ np.uint32(7)) & np.uint32(63)
    cane = (ground == SEA_LEVEL - 1) & mild & (biome != BIOME["beach"]) & (chance < 6)
    plant[river] = AIR
    plant[cane] = NUMBER["sugar cane"]
    above = ground.astype(np.int64) + 1
    wet = above < SEA_LEVEL
    plant[wet] = AIR
    lily = wet & river & (columns.humidity > 0.2) & mild & (chance == 9)
    plant[lily] = NUMBER["lily pad"]
    above[lily] = SEA_LEVEL
    flat, place = blocks.reshape(-1), _BASES + (above - FLOOR)
    bare = flat.take(place) == AIR
    flat[place[bare]] = plant[bare]


def _stamp(
    blocks: NDArray[np.uint8],
    places: NDArray[np.int64],
    labels: NDArray[np.int64],
    pieces: plants.Pieces,
    only_air: bool,
) -> None:
    """Set the pieces of every plant.

    Where several reach one place, the last plant with the lowest label has it in the air, and the
    last one with the highest label on what is there.
    """
    order = np.argsort(-labels if only_air else labels, kind="stable")
    labels = labels[order]
    count = pieces.number[labels]
    plant = np.repeat(order, count)
    first = np.repeat(pieces.start[labels] + count - np.cumsum(count), count)
    piece = first + np.arange(len(first))
    x, y, z = (places[plant, axis] + pieces.offsets[piece, axis] for axis in range(3))
    keep = (x >= 0) & (x < SIZE) & (z >= 0) & (z < SIZE) & (y < LEVELS)
    flat, place = blocks.reshape(-1), ((x * SIZE + z) * LEVELS + y)[keep]
    value = pieces.numbers[piece[keep]]
    if only_air:
        bare = flat.take(place) == AIR
        place, value = place[bare], value[bare]
    flat[place] = value
