"""How a world comes to be: noise decides the terrain, then chance what lies and lives in it."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

import numpy as np

from smartplay.games.crafter.creatures import creature
from smartplay.games.crafter.fast import compiled_kernels
from smartplay.games.crafter.noise import (
    Floats,
    Ints,
    Reach,
    noise_at,
    permutation,
    reach,
    simplex,
)
from smartplay.games.crafter.player import Player
from smartplay.games.crafter.rules import (
    COAL,
    COW,
    DIAMOND,
    GRASS,
    IRON,
    LAVA,
    PATH,
    SAND,
    SKELETON,
    STONE,
    TREE,
    WALKABLE,
    WATER,
    ZOMBIE,
)
from smartplay.games.crafter.world import World

Codes = np.ndarray[Any, np.dtype[np.uint8]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]

FINDS = ((0.85, COAL), (0.75, IRON), (0.994, DIAMOND), (0.8, TREE))
SETTLERS = ((0.985, COW), (0.993, ZOMBIE), (0.95, SKELETON))
"""What may lie or live in a cell, and the number that a draw must exceed for it."""

MOST_KEPT = 2**14
"""Cells of a map up to which it is kept what its noise is summed from: at most 60 MB."""


def generate(world: World, player: Player) -> None:
    """Fill a world that holds only the player."""
    if compiled_kernels():
        _generate_compiled(world, player)
        return
    perm = permutation(world.random.below(2**31 - 1))
    terrain, finds, tunnels = _terrain(perm, world.area, (player.x, player.y))
    draws = world.random.copy().random_sample((len(FINDS) + len(SETTLERS)) * terrain.size)
    cells, found, left = _drawn(draws, finds, [above for above, _ in FINDS])
    terrain.flat[cells] = np.take([material for _, material in FINDS], found)
    world.fill(terrain)
    homes = _homes(player, terrain, tunnels)
    cells, settled, left = _drawn(left, homes, [above for above, _ in SETTLERS])
    for cell, kind in zip(cells.tolist(), settled.tolist(), strict=True):
        x, y = divmod(cell, world.area[1])
        world.add(creature(SETTLERS[kind][1], world, x, y, player))
    world.random.skip(2 * (len(draws) - len(left)))


def _generate_compiled(world: World, player: Player) -> None:
    """The same by compiled kernels."""
    from smartplay.games.crafter.compiled_worldgen import new_world
    from smartplay.games.crafter.room import room_for

    words = world.random.key()
    materials, creatures = new_world(words, room_for(world.area), *world.area)
    world.random.begin(words)
    world.fill(materials)
    for code, x, y in creatures.tolist():
        world.add(creature(code, world, x, y, player))


def _noise(perm: Ints, area: tuple[int, int], *query: float) -> Floats:
    """Noise at all cells of a map, shape [width, height]; see `_points` for the query."""
    if area[0] * area[1] > MOST_KEPT:
        return simplex(perm, *_points(area, *query)).reshape(area)
    return noise_at(perm, _reach(area, *query)).reshape(area)


@lru_cache(32)  # a map asks for thirteen
def _reach(area: tuple[int, int], *query: float) -> Reach:
    return reach(*_points(area, *query))


def _points(
    area: tuple[int, int], z: float, size: float, wide: float = 1, high: float = 1
) -> Floats:
    """The points (x / wide / size, y / high / size, z) for all cells (x, y), shape [3, cells]."""
    x, y = np.indices(area).reshape(2, -1)
    return np.stack((x / wide / size, y / high / size, np.full(len(x), z)))


def _terrain(perm: Ints, area: tuple[int, int], start: tuple[int, int]) -> tuple[Codes, Mask, Mask]:
    """The terrain that noise decides.

    Returns:
        The materials before any finds, shape [width, height]; which of `FINDS` each cell has a
        chance of, shape [width, height, finds]; and where there are tunnels, shape [width, height].
    """
    noise = partial(_noise, perm, area)
    x, y = np.indices(area)
    near = 4 - np.sqrt((x - start[0]) ** 2 + (y - start[1]) ** 2)
    near += 2 * noise(8, 3)
    near = 1 / (1 + np.exp(-near))
    water = noise(3, 15) + 0.15 * noise(3, 5) + 0.1
    water -= 2 * near
    mountain = (noise(0, 15) + 0.3 * noise(0, 5)) / (1 + 0.3)
    mountain -= 4 * near + 0.3 * water
    open_land = near <= 0.5
    high = open_land & (mountain > 0.15)
    low = open_land & ~high
    caves = high & (noise(6, 7) > 0.15) & (mountain > 0.3)
    tunnels = high & ~caves & ((noise(7, 3, 0.5, 5) > 0.4) | (noise(7, 3, 5, 0.5) > 0.4))
    rock = high & ~caves & ~tunnels
    lava = rock & (mountain > 0.3) & (noise(6, 5) > 0.35)
    lake = low & (water > 0.3)
    sand = low & (water > 0.25) & (water <= 0.35) & (noise(4, 9) > -0.2)
    materials = np.select(
        [caves | tunnels, lava, rock, sand, lake], [PATH, LAVA, STONE, SAND, WATER], GRASS
    ).astype(np.uint8)
    trees = low & ~lake & ~sand & (noise(5, 7) > 0)
    coal, iron = rock & (noise(1, 8) > 0), rock & (noise(2, 6) > 0.4)
    finds = np.stack((coal, iron, rock & (mountain > 0.18), trees), -1)
    return materials, finds, tunnels


def _homes(player: Player, terrain: Codes, tunnels: Mask) -> Mask:
    """Where each of `SETTLERS` has a chance to live, shape [width, height, settlers]."""
    x, y = np.indices(terrain.shape)
    squared = (x - player.x) ** 2 + (y - player.y) ** 2
    cows = (terrain == GRASS) & (squared > 9)
    zombies = np.isin(terrain, WALKABLE) & (squared > 100)
    return np.stack((cows, zombies, tunnels & (terrain == PATH)), -1)


def _drawn(draws: Floats, chances: Mask, above: list[float]) -> tuple[Ints, Ints, Floats]:
    """Draw for the chances in turn; a cell that has had luck gets no more of them.

    Args:
        draws: The numbers to be drawn.
        chances: Whether each cell has a chance of each kind, shape [width, height, kinds].
        above: What a draw must exceed, for each kind.

    Returns:
        The cells that had luck, with what kind each of them, and the draws that are left.
    """
    cells, kinds = np.divmod(np.flatnonzero(chances), len(above))
    ends = np.searchsorted(cells, cells, "right").tolist()
    limits = np.take(above, kinds).tolist()
    promising = np.flatnonzero(draws[: len(cells)] > min(above))
    lucky: list[int] = []
    spared = 0
    for number, draw in zip(promising.tolist(), draws[promising].tolist(), strict=True):
        chance = number + spared
        if chance >= len(limits):
            break
        if draw > limits[chance]:
            lucky.append(chance)
            spared += ends[chance] - chance - 1
    return cells[lucky], kinds[lucky], draws[len(limits) - spared :]
