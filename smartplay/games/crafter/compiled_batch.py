"""Many worlds in compiled kernels, one after the other: begin them, step them, observe them."""

from __future__ import annotations

from typing import Any

import numpy as np

from smartplay.games.crafter.compiled_step import World, add, enter, look, step
from smartplay.games.crafter.compiled_worldgen import new_world
from smartplay.games.crafter.kernels import compiled, seed_words
from smartplay.games.crafter.room import Room
from smartplay.games.crafter.rules import GRASS, ITEM_START, PATH, PLAYER
from smartplay.games.crafter.world import CHUNK

_START = np.array(list(ITEM_START.values()), np.int32)


@compiled
def _clear(world: World) -> None:
    """Empty a world."""
    world.steps = world.arrivals = world.thing_count = world.gaps = world.chunk_count = 0
    world.hunger = world.thirst = world.fatigue = world.recover = 0
    world.sleeping = world.noise_due = False
    world.chunk_known[:] = False
    world.population[:] = 0
    world.achievements[:] = 0
    world.unlocked_count = world.was_unlocked = 0
    world.inventory[:] = _START
    world.paid_health = world.felt_health = world.inventory[0]
    world.action = -1


@compiled
def generate(world: World, room: Room, seed: int) -> None:
    """Start a world from the seed of its random numbers; whatever was in it is gone."""
    _clear(world)
    seed_words(world.words, seed)
    margin, (padded_width, padded_height) = world.margin, world.materials.shape
    width, height = padded_width - 2 * margin, padded_height - 2 * margin
    materials, creatures = new_world(world.words, room, width, height)
    world.materials[margin : margin + width, margin : margin + height] = materials
    for chunk in range(len(world.grass)):
        x, y, grass, path = (
            chunk // world.chunks_down * CHUNK,
            chunk % world.chunks_down * CHUNK,
            0,
            0,
        )
        for column in range(x, min(x + CHUNK, width)):
            for row in range(y, min(y + CHUNK, height)):
                grass += materials[column, row] == GRASS
                path += materials[column, row] == PATH
        world.grass[chunk], world.path[chunk] = grass, path
    world.shown[:] = world.materials
    world.x, world.y, world.facing = width // 2 + margin, height // 2 + margin, 3
    world.shown[world.x, world.y] = PLAYER
    enter(world, world.x, world.y)
    for creature in range(len(creatures)):
        code, x, y = creatures[creature]
        add(world, code, x + margin, y + margin, 0)
    look(world)


@compiled
def generate_all(worlds: Any, room: Room, chosen: Any) -> None:
    """Start the next episode in the chosen worlds."""
    for i in range(len(worlds)):
        if chosen[i]:
            generate(worlds[i], room, worlds[i].next_seed)


@compiled
def step_all(
    worlds: Any,
    room: Room,
    actions: Any,
    lights: Any,
    length: int,
    rewards: Any,
    terminations: Any,
    truncations: Any,
    begun: Any,
) -> bool:
    """Take a step in every world, or start the next episode where the last one has ended.

    Returns:
        Whether it was done: not if the table of daylight is too short for a world.
    """
    for i in range(len(worlds)):
        if worlds[i].steps + 1 >= len(lights):
            return False
    for i in range(len(worlds)):
        world = worlds[i]
        begun[i] = world.over
        if begun[i]:
            generate(world, room, world.next_seed)
            world.over = False
            rewards[i], terminations[i], truncations[i] = 0.0, False, False
            continue
        rewards[i] = step(world, actions[i], lights[world.steps + 1])
        terminations[i] = world.inventory[0] <= 0
        truncations[i] = world.steps >= length
        world.over = terminations[i] or truncations[i]
    return True


@compiled
def observe(
    worlds: Any,
    lights: Any,
    views: Any,
    inventories: Any,
    facings: Any,
    sleepings: Any,
    daylights: Any,
) -> None:
    """Copy what each player sees and has into arrays, one row for each world."""
    for i in range(len(worlds)):
        world = worlds[i]
        views[i], inventories[i] = world.seen, world.inventory
        facings[i], sleepings[i] = world.facing, world.sleeping
        daylights[i, 0] = lights[world.steps]
