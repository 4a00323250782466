"""The real engine: worlds made by a Minetest server, walked by the same body as the embedded one.

Each episode has a server of its own, whose map seed follows from the episode's seed; so equal
actions meet equal worlds whatever was played before. Minetest's z grows to the north and its water
is at y = 1: both are turned into the game's coordinates here.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import numpy as np
from numpy.typing import NDArray

from smartplay.core.errors import GameError
from smartplay.games.minedojo.minetest import lore
from smartplay.games.minedojo.minetest.nodes import (
    BEACH,
    BIOMES,
    GOAL_BIOMES,
    INLAND_WATER,
    LIGHT,
    MATTER,
    NAMES,
    OCEAN,
    SANDY,
    WATER,
    by_sea,
    land_of,
    number_of,
)
from smartplay.games.minedojo.minetest.server import Server
from smartplay.games.minedojo.protocol import ServedEngine
from smartplay.games.minedojo.voxel.region import FLOOR, LEVELS, SIZE, Region, tops_of
from smartplay.games.minedojo.voxel.start import distance_to
from smartplay.games.minedojo.voxel.walking import WalkingEngine
from smartplay.games.minedojo.voxel.world import World

_LIFT = 61  # from Minetest's y to the game's
_LOW, _SEAM, _HIGH = FLOOR - _LIFT, 47, FLOOR + LEVELS - 1 - _LIFT  # chunks meet above the seam
_WATERLINE = 1 + _LIFT
_GRID, _CENTRES, _PLACES, _SPREAD, _EDGE = 32, 60, 8, 160, 20_000
_SHORE = 5  # beaches lie at most this many blocks above the water's highest block


class MinetestTerrain:
    """Regions out of a running server.

    Args:
        server: The server.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        listed = (line.split() for line in server.ask("biomes").decode().split("\n"))
        names = {int(number): name for number, name in listed}
        self._land = np.zeros(256, dtype=np.uint8)
        self._by_sea = np.zeros(256, dtype=bool)
        for number, name in names.items():
            self._land[number], self._by_sea[number] = land_of(name), by_sea(name)

    def region(self, west: int, north: int, width: int, length: int) -> Region:
        """The land of `width` times `length` columns, of which (west, north) is the first."""
        rows = (
            [self._square(x, z) for z in range(north, north + length, SIZE)]
            for x in range(west, west + width, SIZE)
        )
        return _joined([_joined(row, along=1) for row in rows], along=0)

    def _square(self, west: int, north: int) -> Region:
        answer = self._server.ask(f"region {west} {-north - SIZE} {SIZE} {_LOW} {_SEAM} {_HIGH}")
        names, size, payload = answer.split(b"\n", 2)
        runs, noted = payload[: int(size)], payload[int(size) :]
        blocks = _unpack(runs, names.decode().split())
        biome = np.frombuffer(noted, dtype=np.uint8).reshape(SIZE, SIZE)[:, ::-1]
        heavy = ~LIGHT[blocks]
        level = LEVELS - 1 - heavy[:, :, ::-1].argmax(axis=2)
        ground = (level + FLOOR).astype(np.int16)
        return Region(blocks, self._classes(blocks, biome, level), ground, tops_of(blocks))

    def _classes(
        self, blocks: NDArray[np.uint8], noted: NDArray[np.uint8], level: NDArray[np.int64]
    ) -> NDArray[np.uint8]:
        """Number of the biome per column, of what Minetest notes and what lies there."""
        x, z = np.ogrid[:SIZE, :SIZE]
        wet = blocks[x, z, np.minimum(level + 1, LEVELS - 1)] == WATER
        low = level + FLOOR <= _WATERLINE + _SHORE
        sea = self._by_sea[noted]
        biome: NDArray[np.uint8] = self._land[noted].copy()
        biome[sea & low & ~wet & SANDY[blocks[x, z, level]]] = BEACH
        biome[wet] = np.where(sea, OCEAN, INLAND_WATER)[wet]
        return biome

    def survey(self, x: int, z: int, reach: int) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
        """Places every `_GRID` blocks about one and their biomes, without making the land.

        Sea and shore are told by the land's level before the last details, so roughly.

        Returns:
            Columns (x, z), shape `(n, 2)`, and their biome numbers, shape `(n,)`.
        """
        count = 2 * reach // _GRID + 1
        west, south = x - reach, -1 - (z + reach)
        found = self._server.ask(f"survey {west} {south} {_GRID} {count}").decode().split()
        noted, level = np.array([pair.split(",") for pair in found], dtype=np.int64).T
        biome = self._land[noted]
        biome[level < 3] = BEACH
        biome[level < -2] = OCEAN
        i, j = np.divmod(np.arange(count * count), count)
        places = np.stack([west + i * _GRID, -1 - (south + j * _GRID)], axis=1)
        return places.astype(np.float64), biome


def _joined(regions: Sequence[Region], along: int) -> Region:
    return Region(*(np.concatenate(field, axis=along) for field in zip(*regions, strict=True)))


def _unpack(runs: bytes, names: Sequence[str]) -> NDArray[np.uint8]:
    numbers = np.array([number_of(name) for name in names], dtype=np.uint8)
    pairs = np.frombuffer(runs, dtype=np.uint8).reshape(-1, 2)
    columns = np.repeat(numbers[pairs[:, 1]], pairs[:, 0]).reshape(SIZE, SIZE, -1)
    blocks = np.zeros((SIZE, SIZE, LEVELS), dtype=np.uint8)
    blocks[:, :, : columns.shape[2]] = columns[:, ::-1]
    return blocks


class MinetestEngine(ServedEngine, WalkingEngine):
    """Minetest; see `protocol.Engine` for its methods."""

    name = "minetest"
    block_names: Sequence[str] = NAMES
    goals = lore.GOALS
    lore: Sequence[str] = lore.LORE

    def __init__(self) -> None:
        super().__init__()
        self._server: Server | None = None

    def reset(self, seed: int, goal: str, nearest: float, farthest: float) -> None:
        """Start a server on a world of its own and put the body into it."""
        self.close()
        random = Random(seed)
        self._server = Server(random.getrandbits(31))
        terrain = MinetestTerrain(self._server)
        numbers = [BIOMES.index(name) for name in GOAL_BIOMES[goal]]
        reach = (_SPREAD + int(farthest)) // _GRID * _GRID + _GRID
        for _ in range(_CENTRES):
            centre = [random.randrange(-_EDGE, _EDGE) for _ in "xz"]
            places, biome = terrain.survey(centre[0], centre[1], reach)
            goals = places[np.isin(biome, numbers)]
            for _ in range(_PLACES if len(goals) else 0):
                x, z = (middle + random.randrange(-_SPREAD, _SPREAD) for middle in centre)
                near = int(np.argmin(((places - (x, z)) ** 2).sum(axis=1)))
                if biome[near] in (OCEAN, BEACH):
                    continue
                if nearest <= distance_to(goals, x, z) <= farthest:
                    world = World(terrain, MATTER)
                    self._begin(world, BIOMES, goals, (x, z), frozenset(numbers))
                    if self._body.biome() not in (*numbers, OCEAN, INLAND_WATER):
                        return
        raise GameError(
            f"no place with {goal} {nearest:g} to {farthest:g} blocks away in {_CENTRES} tries; "
            "widen the range from nearest to farthest"
        )

    def _running(self) -> bool:
        return self._server is not None

    def close(self) -> None:
        """Shut the server down; nothing of it is left."""
        if self._server is not None:
            self._server.close()
            self._server = None
