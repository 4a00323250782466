"""Land made from the climate, a rectangle of columns at a time."""

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
from smartplay.games.minedojo.voxel.region import FLOOR, LEVELS, Region

PAD = plants.REACH  # columns beyond the edge from which trees may reach in: whole cells

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

_SHARES = np.arange(CELL) * (1.0 / CELL)
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

    def region(self, west: int, north: int, width: int, length: int) -> Region:
        """The land of `width` times `length` columns, of which (west, north) is the first.

        All four are whole numbers of cells.
        """
        xs, zs = (
            np.arange(first - PAD, first + side + PAD)
            for first, side in ((west, width), (north, length))
        )
        fields, detail = self._fields(xs, zs)
        kernels = compiled_kernels()
        if kernels:
            made = kernels.region(
                self._seed, west, north, *fields, detail, PAD, _TABLES, plants.TABLES,
                plants.PIECES,
            )  # fmt: skip
            return Region(*made)
        ground = _ground(fields, detail)
        level = ground[PAD:-PAD, PAD:-PAD]
        edge = PAD // CELL
        own = Fields._make(field[edge : -edge - 1, edge : -edge - 1] for field in fields)
        draw = hash_grid(self._seed + 101, xs[PAD:-PAD], zs[PAD:-PAD])
        frost = own.temperature < FROST
        blocks = _ground_blocks(own.biome, frost, level, draw)
        tops = (np.maximum(level, SEA_LEVEL - 1) + (1 - FLOOR)).astype(np.uint8)
        self._stand(blocks, tops, fields.biome, ground, west, north)
        _cover(blocks, tops, own, level, draw)
        surface = level.astype(np.int16)
        if frost.any():
            frozen = np.where(frost, np.int16(SEA_LEVEL - 1), np.int16(0))
            surface = np.maximum(surface, _spread(frozen))
        return Region(blocks, _spread(own.biome), surface, tops)

    def _fields(self, xs: NDArray[Any], zs: NDArray[Any]) -> tuple[Fields, Floats]:
        """The climate at the corners of the cells, and the small ups and downs by column."""
        grid = xs[None, :, None], zs[None, None]
        detail = gradient_noise(np.array([self._seed + 102]), *grid, np.array([17.0]))[0]
        corners = (np.append(axis[::CELL], axis[-1] + 1) for axis in (xs, zs))
        return self.climate.fields(*corners), detail

    def _stand(
        self,
        blocks: NDArray[np.uint8],
        tops: NDArray[np.uint8],
        biomes: NDArray[np.uint8],
        ground: NDArray[np.int64],
        west: int,
        north: int,
    ) -> None:
        """Put trees, spikes and boulders on dry ground, seamlessly over the region's edges."""
        step, (width, length) = plants.SPACING, ground.shape
        squares_x, squares_z = (
            np.arange((first - PAD) // step, (first - PAD + side - 1) // step + 1)
            for first, side in ((west, width), (north, length))
        )
        draw = hash_grid(self._seed + 103, squares_x, squares_z)
        x = (squares_x * step - west + PAD)[:, None] + (draw >> 2 & 3)
        z = squares_z * step - north + PAD + (draw >> 5 & 3)
        # A square may begin before the first column known, or end after the last one.
        known = (x >= 0) & (x < width) & (z >= 0) & (z < length)
        draw, x, z = draw[known], x[known], z[known]
        biome, y = biomes[x // CELL, z // CELL], ground[x, z] + 1
        there = (fraction(mix(draw)) < plants.CHANCE.take(biome)) & (y >= SEA_LEVEL)
        if there.any():
            draw = draw[there]
            label = plants.CHOICE[biome[there], draw >> 9 & 3] * 3 + (draw >> 12) % 3
            _stamp(blocks, tops, x[there] - PAD, z[there] - PAD, y[there] - FLOOR, label)


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
    rows = (corners[1:] - corners[:-1])[:, None] * _SHARES[:, None]
    rows += corners[:-1, None]
    rows = rows.reshape(-1, corners.shape[1])
    between: Floats = (rows[:, 1:] - rows[:, :-1])[:, :, None] * _SHARES
    between += rows[:, :-1, None]
    return between.reshape(len(rows), -1)


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
    blocks: NDArray[np.uint8],
    tops: NDArray[np.uint8],
    cells: Fields,
    ground: NDArray[np.int64],
    draw: NDArray[np.uint32],
) -> None:
    biome = cells.biome
    mild, river = cells.temperature > FROST, biome == BIOME["river"]
    plant = plants.cover(biome, cells.temperature, cells.humidity, cells.inland, mix(draw))

    def rare(where: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
        """Columns, and a draw below 64 for each."""
        columns = np.flatnonzero(where)
        return columns, mix(draw.take(columns) ^ np.uint32(7)) & np.uint32(63)

    plant *= ground >= SEA_LEVEL - 1
    columns, chance = rare((ground == SEA_LEVEL - 1) & _spread(mild & (biome != BIOME["beach"])))
    plant.reshape(-1)[columns[chance < 6]] = NUMBER["sugar cane"]
    floats = river & mild & (cells.humidity > 0.2)
    if floats.any():
        columns, chance = rare((ground < SEA_LEVEL - 1) & _spread(floats))
        plant.reshape(-1)[columns[chance == 9]] = NUMBER["lily pad"]
    columns = np.flatnonzero(plant != AIR)
    level = np.maximum(ground.reshape(-1).take(columns) + 1, SEA_LEVEL)  # a lily's ground is lower
    flat, place = blocks.reshape(-1), columns * LEVELS + (level - FLOOR)
    bare = flat.take(place) == AIR
    flat[place[bare]] = plant.take(columns[bare])
    high = tops.reshape(-1)
    high[columns] = np.maximum(high.take(columns), level + (1 - FLOOR))


def _stamp(
    blocks: NDArray[np.uint8],
    tops: NDArray[np.uint8],
    x: NDArray[np.int64],
    z: NDArray[np.int64],
    level: NDArray[np.int64],
    labels: NDArray[np.int64],
) -> None:
    """Set the pieces of every plant; none reaches above the highest level.

    Where several reach one place, the last plant with the lowest label has it in the air, and the
    last one with the highest label on what is there.
    """
    width, length, _ = blocks.shape
    pieces, plants_here = plants.PIECES, len(labels)
    order = np.concatenate([np.argsort(sign * labels, kind="stable") for sign in (-1, 1)])
    label = labels.take(order)
    label[plants_here:] += len(pieces.start) // 2  # first their soft parts, then their hard ones
    count = pieces.number.take(label)
    end = np.cumsum(count)
    piece = (pieces.start.take(label) + count - end).repeat(count)
    piece += np.arange(len(piece))
    plant = order.repeat(count)
    aside = x.take(plant) + pieces.offsets[:, 0].take(piece)
    along = z.take(plant) + pieces.offsets[:, 2].take(piece)
    up = level.take(plant) + pieces.offsets[:, 1].take(piece)
    column, flat = aside * length + along, blocks.reshape(-1)
    keep = (aside.view(np.uint64) < width) & (along.view(np.uint64) < length)  # nor negative
    there = column * LEVELS + up
    keep &= (flat.take(there, mode="clip") == AIR) | (np.arange(len(piece)) >= end[plants_here - 1])
    flat[there[keep]] = pieces.numbers.take(piece[keep])
    np.maximum.at(tops.reshape(-1), column[keep], (up[keep] + 1).astype(np.uint8))
