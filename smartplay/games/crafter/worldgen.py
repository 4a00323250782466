"""How a world comes to be: noise decides the terrain, then chance what lies and lives in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from smartplay.games.crafter.creatures import Cow, Skeleton, Zombie
from smartplay.games.crafter.fast import compiled_kernels
from smartplay.games.crafter.noise import Floats, Ints, permutation, simplex
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
    STONE,
    TREE,
    WALKABLE,
    WATER,
    ZOMBIE,
)
from smartplay.games.crafter.world import World

Codes = np.ndarray[Any, np.dtype[np.uint8]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]

FINDS = ((1, 0.85, COAL), (2, 0.75, IRON), (4, 0.994, DIAMOND), (8, 0.8, TREE))
"""What may lie in a cell: its bit, the number a draw must exceed, and what then lies there."""


def generate(world: World, player: Player) -> None:
    """Fill a world that holds only the player."""
    if compiled_kernels():
        _generate_compiled(world, player)
        return
    perm = permutation(world.random.below(2**31 - 1))
    terrain, chances, tunnels = _terrain(perm, world.area, (player.x, player.y))
    draws = world.random.copy().random_sample(6 * terrain.size).tolist()
    left = iter(draws)
    draw = left.__next__
    flat = terrain.ravel()
    hopeful = np.flatnonzero(chances)
    for cell, bits in zip(hopeful.tolist(), chances.ravel()[hopeful].tolist(), strict=True):
        for bit, above, material in FINDS:
            if bits & bit and draw() > above:
                flat[cell] = material
                break
    world.fill(terrain)
    _settle(world, player, terrain, tunnels, draw)
    world.random.skip(2 * (len(draws) - left.__length_hint__()))


def _generate_compiled(world: World, player: Player) -> None:
    """The same by compiled kernels."""
    from smartplay.games.crafter.compiled_worldgen import new_world
    from smartplay.games.crafter.room import room_for

    words = world.random.key()
    materials, creatures = new_world(words, room_for(world.area), *world.area)
    world.random.begin(words)
    world.fill(materials)
    for code, x, y in creatures.tolist():
        if code == COW:
            world.add(Cow(world, x, y))
        else:
            world.add((Zombie if code == ZOMBIE else Skeleton)(world, x, y, player))


class Query(NamedTuple):
    """Noise asked for at some cells: at (x * stretch_x / size, y * stretch_y / size, z)."""

    x: Floats
    y: Floats
    z: float
    size: float


def _ask(perm: Ints, queries: list[Query]) -> list[Floats]:
    """Answer many queries with one evaluation."""
    x = np.concatenate([query.x / query.size for query in queries])
    y = np.concatenate([query.y / query.size for query in queries])
    lengths = [len(query.x) for query in queries]
    z = np.repeat([float(query.z) for query in queries], lengths)
    return np.split(simplex(perm, x, y, z), np.cumsum(lengths)[:-1])


def _terrain(
    perm: Ints, area: tuple[int, int], start: tuple[int, int]
) -> tuple[Codes, Codes, Mask]:
    """The terrain that noise decides.

    Returns:
        The materials before any finds, the bits of `FINDS` that each cell has a chance of, and
        where there are tunnels; each of shape [width, height].
    """
    grid = np.indices(area).reshape(2, -1)
    x, y = grid.astype(np.float64)
    near, water, mountain = _landscape(perm, grid, x, y, start)
    materials = np.full(len(x), GRASS, np.uint8)
    chances = np.zeros(len(x), np.uint8)
    tunnels = np.zeros(len(x), bool)
    open_land = near <= 0.5
    high = np.flatnonzero(open_land & (mountain > 0.15))
    low = open_land & ~(mountain > 0.15)
    band = np.flatnonzero(low & (water > 0.25) & (water <= 0.35))
    dry = np.flatnonzero(low & ~(water > 0.3))
    hx, hy = x[high], y[high]
    cave, across, along, coal, iron, lava, beach, tree = _ask(
        perm,
        [
            Query(hx, hy, 6, 7),
            Query(2 * hx, hy / 5, 7, 3),
            Query(hx / 5, 2 * hy, 7, 3),
            Query(hx, hy, 1, 8),
            Query(hx, hy, 2, 6),
            Query(hx, hy, 6, 5),
            Query(x[band], y[band], 4, 9),
            Query(x[dry], y[dry], 5, 7),
        ],
    )
    height = mountain[high]
    caves = (cave > 0.15) & (height > 0.3)
    tunnel = ~caves & ((across > 0.4) | (along > 0.4))
    tunnels[high] = tunnel
    rock = np.where((height > 0.3) & (lava > 0.35), LAVA, STONE)
    materials[high] = np.where(caves | tunnel, PATH, rock)
    finds = (coal > 0) * 1 + (iron > 0.4) * 2 + (height > 0.18) * 4
    chances[high] = np.where(caves | tunnel, 0, finds)
    chances[dry] = (tree > 0) * 8
    materials[low & (water > 0.3)] = WATER
    sand = band[beach > -0.2]
    materials[sand] = SAND
    chances[sand] = 0
    return materials.reshape(area), chances.reshape(area), tunnels.reshape(area)


def _landscape(
    perm: Ints, grid: Ints, x: Floats, y: Floats, start: tuple[int, int]
) -> tuple[Floats, Floats, Floats]:
    """How near the start, how wet and how high each cell is."""
    clearing, lakes, ponds, ranges, hills = _ask(
        perm,
        [
            Query(x, y, 8, 3),
            Query(x, y, 3, 15),
            Query(x, y, 3, 5),
            Query(x, y, 0, 15),
            Query(x, y, 0, 5),
        ],
    )
    near = 4 - np.sqrt((grid[0] - start[0]) ** 2 + (grid[1] - start[1]) ** 2)
    near += 2 * clearing
    near = 1 / (1 + np.exp(-near))
    water = lakes + 0.15 * ponds + 0.1
    water -= 2 * near
    mountain = (ranges + 0.3 * hills) / (1 + 0.3)
    mountain -= 4 * near + 0.3 * water
    return near, water, mountain


def _settle(
    world: World, player: Player, terrain: Codes, tunnels: Mask, draw: Callable[[], float]
) -> None:
    """Put cows, zombies and skeletons into the world."""
    height, in_tunnel = world.area[1], tunnels.ravel().tolist()
    x0, y0 = player.x, player.y
    for cell, material in enumerate(terrain.ravel().tolist()):
        if material not in WALKABLE:
            continue
        x, y = divmod(cell, height)
        squared = (x - x0) ** 2 + (y - y0) ** 2
        if squared > 9 and material == GRASS and draw() > 0.985:
            world.add(Cow(world, x, y))
        elif squared > 100 and draw() > 0.993:
            world.add(Zombie(world, x, y, player))
        elif material == PATH and in_tunnel[cell] and draw() > 0.95:
            world.add(Skeleton(world, x, y, player))
