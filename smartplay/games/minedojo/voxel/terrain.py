"""Regions of 64 x 64 columns of blocks, made from the climate when they are first needed."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from smartplay.games.minedojo.voxel import plants
from smartplay.games.minedojo.voxel.blocks import AIR, ICE, NUMBER, STONE, WATER
from smartplay.games.minedojo.voxel.climate import BIOME, BIOMES, CELL, FROST, SEA_LEVEL, Climate
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
_MIXED = np.array([name in ("taiga", "swamp") for name in BIOMES])


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
        columns = self._columns(x0, z0)
        inner = slice(PAD, PAD + SIZE)
        own = _Columns._make(field[inner, inner] for field in columns)
        xs, zs = np.arange(SIZE) + rx * SIZE, np.arange(SIZE) + rz * SIZE
        draw = hash_grid(self._seed + 101, xs, zs)
        blocks = _ground_blocks(own, draw)
        self._stand(blocks, columns, x0, z0)
        _cover(blocks, own, draw)
        ground = np.where(_frozen(own), np.int16(SEA_LEVEL - 1), own.ground)
        return Region(blocks, own.biome, ground)

    def _columns(self, x0: int, z0: int) -> _Columns:
        span = SIZE + 2 * PAD
        corners = np.arange(0, span + 1, CELL)
        fields = self.climate.fields(corners + x0, corners + z0)
        detail = gradient_noise(self._seed + 102, np.arange(span) + x0, np.arange(span) + z0, 17.0)
        inland = _spread(fields.inland)
        height = _between(fields.height) + detail * np.clip(inland * 8.0, 0.0, 1.2)
        dry = (inland > 0.0) & (_spread(fields.biome) != BIOME["river"])
        height = np.where(dry, np.maximum(height, float(SEA_LEVEL)), height)
        ground = (np.floor(height) - 1.0).astype(np.int16)
        return _Columns(
            _spread(fields.biome),
            _spread(fields.temperature),
            _spread(fields.humidity),
            inland,
            ground,
        )

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
        label = np.where(there, kind * 3 + variant, -1)
        places = np.stack([x - PAD, y - FLOOR, z - PAD], axis=-1)
        stands = [
            (plants.TEMPLATES[plants.KINDS[number // 3]][number % 3], places[label == number])
            for number in np.unique(label[there]).tolist()
        ]
        for template, where in stands:
            _stamp(blocks, where, template.soft, only_air=True)
        for template, where in stands:
            _stamp(blocks, where, template.hard, only_air=False)


def _spread(cells: NDArray[Any]) -> NDArray[Any]:
    """Give every column the value of its cell; the last row and column of corners are dropped."""
    return cells[:-1, :-1].repeat(CELL, axis=0).repeat(CELL, axis=1)


def _between(corners: Floats) -> Floats:
    """Interpolate linearly between the corners of the cells."""
    share = np.arange(CELL) * (1.0 / CELL)
    along = corners[:-1, None, :] + (corners[1:] - corners[:-1])[:, None, :] * share[None, :, None]
    rows = along.reshape(-1, corners.shape[1])
    both = rows[:, :-1, None] + (rows[:, 1:] - rows[:, :-1])[:, :, None] * share
    return both.reshape(len(rows), -1)


def _ground_blocks(columns: _Columns, draw: NDArray[np.uint32]) -> NDArray[np.uint8]:
    ground = columns.ground[:, :, None]
    top = _TOPS[columns.biome]
    patch = _MIXED[columns.biome] & ((draw & np.uint32(0x30000)) == 0)
    top[patch] = NUMBER["grass block"]
    blocks = np.where(_Y < SEA_LEVEL, np.uint8(WATER), np.uint8(AIR))
    blocks = np.broadcast_to(blocks, (SIZE, SIZE, LEVELS)).copy()
    np.copyto(blocks, _BELOWS[columns.biome][:, :, None], where=ground > _Y)
    np.copyto(blocks, np.uint8(STONE), where=ground - 3 > _Y)
    x, z = np.ogrid[:SIZE, :SIZE]
    blocks[x, z, columns.ground - FLOOR] = top
    blocks[_frozen(columns), SEA_LEVEL - 1 - FLOOR] = ICE
    return blocks


def _frozen(columns: _Columns) -> NDArray[np.bool_]:
    return (columns.temperature < FROST) & (columns.ground < SEA_LEVEL - 1)


def _cover(blocks: NDArray[np.uint8], columns: _Columns, draw: NDArray[np.uint32]) -> None:
    plant = plants.cover(
        columns.biome, columns.temperature, columns.humidity, columns.inland, mix(draw)
    )
    river = columns.biome == BIOME["river"]
    chance = mix(draw ^ np.uint32(7)) & np.uint32(63)
    waterline = columns.ground == SEA_LEVEL - 1
    mild = columns.temperature > FROST
    plant[waterline & mild & (columns.biome != BIOME["beach"]) & (chance < 6)] = NUMBER[
        "sugar cane"
    ]
    plant[river & (plant != NUMBER["sugar cane"])] = AIR
    above = columns.ground.astype(np.int64) + 1
    wet = above < SEA_LEVEL
    plant[wet] = AIR
    lily = wet & (columns.biome == BIOME["river"]) & (columns.humidity > 0.2) & mild & (chance == 9)
    plant[lily] = NUMBER["lily pad"]
    above = np.where(lily, SEA_LEVEL, above) - FLOOR
    x, z = np.ogrid[:SIZE, :SIZE]
    free = blocks[x, z, above] == AIR
    blocks[x, z, above] = np.where(free, plant, blocks[x, z, above])


def _stamp(
    blocks: NDArray[np.uint8],
    places: NDArray[np.int64],
    shape: tuple[NDArray[np.int64], NDArray[np.uint8]],
    only_air: bool,
) -> None:
    offsets, numbers = shape
    if not len(offsets):
        return
    points = (places[:, None, :] + offsets).reshape(-1, 3)
    x, y, z = points[:, 0], points[:, 1], points[:, 2]
    keep = (x >= 0) & (x < SIZE) & (z >= 0) & (z < SIZE) & (y < LEVELS)
    x, y, z = x[keep], y[keep], z[keep]
    value = np.broadcast_to(numbers, (len(places), len(numbers))).reshape(-1)[keep]
    if only_air:
        free = blocks[x, z, y] == AIR
        x, y, z, value = x[free], y[free], z[free], value[free]
    blocks[x, z, y] = value
