"""Animals that wander about their home; where one is follows from the seed and the step alone."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from smartplay.games.minedojo.voxel.blocks import SOLID, WATER
from smartplay.games.minedojo.voxel.lands import BIOMES, SEA_LEVEL
from smartplay.games.minedojo.voxel.noise import hash_pair, mix_one
from smartplay.games.minedojo.voxel.world import World

SQUARE = 16  # at most one animal is at home in each square of this many blocks
ROAM = 6  # how far it goes from home, in blocks
LEG = 8  # steps it takes from one resting place to the next
_CHANCE = 72  # of 256

_KINDS = {
    "ocean": ("cod", "dolphin", "squid"),
    "deep ocean": ("squid", "dolphin", "tuna"),
    "frozen ocean": ("seal", "polar bear", "seal"),
    "river": ("salmon", "duck", "frog"),
    "beach": ("turtle", "gull", "crab"),
    "ice spikes": ("polar bear", "arctic fox", "arctic hare"),
    "snowy tundra": ("arctic hare", "arctic fox", "reindeer"),
    "snowy taiga": ("wolf", "arctic hare", "reindeer"),
    "taiga": ("wolf", "fox", "moose"),
    "steppe": ("goat", "hare", "wild horse"),
    "mountains": ("goat", "eagle", "goat"),
    "plains": ("sheep", "cow", "horse"),
    "forest": ("pig", "deer", "hen"),
    "heath": ("grouse", "hare", "hedgehog"),
    "scrub": ("antelope", "hare", "tortoise"),
    "swamp": ("frog", "heron", "newt"),
    "savanna": ("zebra", "antelope", "lion"),
    "jungle": ("parrot", "monkey", "ocelot"),
    "desert": ("camel", "lizard", "scorpion"),
    "badlands": ("vulture", "lizard", "coyote"),
}
_BY_BIOME = tuple(_KINDS[name] for name in BIOMES)
_AFLOAT = frozenset(name for sea in ("ocean", "deep ocean") for name in _KINDS[sea]) | {"salmon"}


class Animal(NamedTuple):
    """An animal and the block it is in."""

    name: str
    x: int
    y: int
    z: int


def animals(
    world: World, seed: int, step: int, west: int, north: int, east: int, south: int
) -> list[Animal]:
    """The animals at home in a rectangle of columns, which the world must hold.

    Args:
        world: Where they live.
        seed: The world's number.
        step: How many steps the episode has taken; they move between steps.
        west: Least x of the rectangle.
        north: Least z.
        east: Greatest x.
        south: Greatest z.
    """
    first_x, end_x = -(-west // SQUARE), (east + 1) // SQUARE
    first_z, end_z = -(-north // SQUARE), (south + 1) // SQUARE
    found = []
    for i in range(first_x, end_x):
        for j in range(first_z, end_z):
            home = _home(seed, i, j)
            animal = home and _animal(world, step, *home)
            if animal and west <= animal.x <= east and north <= animal.z <= south:
                found.append(animal)
    return found


@lru_cache(4096)
def _home(seed: int, i: int, j: int) -> tuple[int, int, int] | None:
    """Draw and column (x, z) of the home in a square, if there is one."""
    draw = hash_pair(seed + 201, i, j)
    if draw & 255 >= _CHANCE:
        return None
    return draw, i * SQUARE + (draw >> 8) % SQUARE, j * SQUARE + (draw >> 12) % SQUARE


def _animal(world: World, step: int, draw: int, home_x: int, home_z: int) -> Animal | None:
    kinds = _BY_BIOME[world.land(home_x, home_z)]
    name = kinds[(draw >> 16) % len(kinds)]
    since, share = divmod(step + (draw >> 20) % LEG, LEG)
    (from_x, from_z), (to_x, to_z) = _rest(draw, since), _rest(draw, since + 1)
    out_x = home_x + (from_x * (LEG - share) + to_x * share) // LEG
    out_z = home_z + (from_z * (LEG - share) + to_z * share) // LEG
    world.need(out_x, out_z, out_x, out_z)  # it may have left the land that was asked for
    for x, z in ((out_x, out_z), (home_x, home_z)):
        y = max(world.ground(x, z) + 1, SEA_LEVEL)
        below = world.block(x, y - 1, z)
        afloat = below == WATER
        if afloat == (name in _AFLOAT):
            y -= afloat
            if not SOLID[world.block(x, y, z)]:
                return Animal(name, x, y, z)
    return None


@lru_cache(4096)
def _rest(draw: int, number: int) -> tuple[int, int]:
    """Where an animal rests for the n-th time, from its home."""
    value = mix_one((draw + number * 0x9E3779B9) & 0xFFFFFFFF)
    return value % (2 * ROAM + 1) - ROAM, (value >> 8) % (2 * ROAM + 1) - ROAM
