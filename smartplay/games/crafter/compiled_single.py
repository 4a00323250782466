"""A single world in compiled kernels: begin it, step it, and tell what its player knows."""

from __future__ import annotations

from typing import Any

from smartplay.games.crafter.compiled_batch import generate
from smartplay.games.crafter.compiled_step import step
from smartplay.games.crafter.kernels import compiled
from smartplay.games.crafter.room import Room
from smartplay.games.crafter.rules import ARROW
from smartplay.games.crafter.world import CODE, X, Y

TOLD = 7
"""How many numbers `tell` tells before the inventory."""


@compiled
def begin(worlds: Any, room: Room, seed: int) -> None:
    """Start the only world from the seed of its random numbers."""
    generate(worlds[0], room, seed)


@compiled
def play(worlds: Any, action: int, light: float, told: Any) -> float:
    """Take a step in the only world; return the reward. See `compiled_step.step` and `tell`."""
    reward: float = step(worlds[0], action, light)
    tell(worlds, told)
    return reward


@compiled
def tell(worlds: Any, told: Any) -> None:
    """Say where the player of the only world is and what the player has.

    Args:
        worlds: The world.
        told: Becomes column and row on the map, the way the player faces, whether the player
            sleeps, whether the last step reached an achievement, how many are unlocked, whether a
            view would show anything more precisely than the map, and the amounts of all items.
    """
    world = worlds[0]
    told[0], told[1] = world.x - world.margin, world.y - world.margin
    told[2], told[3], told[5] = world.facing, world.sleeping, world.unlocked_count
    told[4], refined = 0, 0
    for goal in range(len(world.achievements)):
        if world.achievements[goal] != world.was_achievements[goal]:
            told[4] = 1
    for thing in range(world.thing_count):
        refined |= world.things[thing, CODE] >= ARROW
    told[6] = refined
    for item in range(len(world.inventory)):
        told[TOLD + item] = world.inventory[item]


@compiled
def simplify(worlds: Any, cells: Any) -> None:
    """Let a map show arrows and plants of the only world as the package's semantic map does."""
    world = worlds[0]
    things, margin = world.things, world.margin
    for thing in range(world.thing_count):
        if things[thing, CODE] >= ARROW:
            x, y = things[thing, X] - margin, things[thing, Y] - margin
            cells[x, y] = things[thing, CODE]
