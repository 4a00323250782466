"""A world as one record of memory, as compiled kernels play it; and from objects and back.

Places in it count the margin around the map, and half points of hunger and the like are counted as
one; see `compiled_step`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from smartplay.core.loading import load_object
from smartplay.games.crafter.creatures import Arrow, Hunter, creature
from smartplay.games.crafter.engine import Engine, daylight
from smartplay.games.crafter.fast import compiled_kernels
from smartplay.games.crafter.plant import RIPE_AFTER, Plant
from smartplay.games.crafter.player import Player
from smartplay.games.crafter.rules import (
    ACHIEVEMENTS,
    ARROW,
    GRASS,
    ITEMS,
    PATH,
    PLANT,
)
from smartplay.games.crafter.twister import KEY_WORDS
from smartplay.games.crafter.world import CHUNK, Thing, World

Worlds = np.ndarray[Any, np.dtype[Any]]


def world_type(area: tuple[int, int], grid: tuple[int, int]) -> np.dtype[Any]:
    """How a world is laid out in memory: one record, so that what belongs together is together.

    There is room for as many things as cells; that part of the memory, the last, is never touched
    before it is needed.

    Args:
        area: Width and height of the map.
        grid: Width and height of the local view.
    """
    margin = max(1, *(side // 2 for side in grid))
    padded = area[0] + 2 * margin, area[1] + 2 * margin
    down = -(-area[1] // CHUNK)
    chunks = -(-area[0] // CHUNK) * down
    numbers = (
        "steps margin chunks_down reach noise_words next_seed seed episode "
        "x y facing hunger thirst fatigue recover felt_health paid_health unlocked_count "
        "thing_count gaps arrivals chunk_count action was_x was_y was_facing was_unlocked"
    )
    return np.dtype(
        [
            *((name, np.int64) for name in numbers.split()),
            *((name, np.bool_) for name in ("sleeping", "was_sleeping", "noise_due", "over")),
            ("inventory", np.int32, len(ITEMS)),
            ("was_inventory", np.int32, len(ITEMS)),
            ("achievements", np.int32, len(ACHIEVEMENTS)),
            ("was_achievements", np.int32, len(ACHIEVEMENTS)),
            ("unlocked", np.uint8, len(ACHIEVEMENTS)),
            ("seen", np.uint8, grid),
            ("was_seen", np.uint8, grid),
            ("chunk_known", np.uint8, chunks),
            ("chunk_order", np.int32, chunks),
            ("population", np.int32, (chunks, 3)),
            ("grass", np.int32, chunks),
            ("path", np.int32, chunks),
            ("words", np.uint32, KEY_WORDS + 1),
            ("shown", np.uint8, padded),
            ("materials", np.uint8, padded),
            ("things", np.int32, (area[0] * area[1], 6)),
        ],
        align=True,
    )


def empty_worlds(number: int, engine: Engine) -> Worlds:
    """Worlds in which nothing has begun yet, of an engine's sizes."""
    area = engine.world.area
    worlds = np.zeros(number, world_type(area, engine.grid))
    worlds["margin"] = (worlds["shown"].shape[1] - area[0]) // 2
    worlds["chunks_down"] = -(-area[1] // CHUNK)
    worlds["reach"] = engine.reach
    worlds["noise_words"] = engine.noise_words
    return worlds


def memory_of(worlds: Worlds) -> tuple[bytes, bytes]:
    """All there is to the only world: its memory up to its things, and those that there are."""
    start, memory = _start_of_things(worlds), worlds.view(np.uint8)
    return memory[:start].tobytes(), worlds["things"][0, : worlds["thing_count"][0]].tobytes()


def is_memory(state: tuple[Any, ...]) -> bool:
    """Whether an engine's state is what `memory_of` gives."""
    return type(state[0]) is bytes


def fill(worlds: Worlds, state: tuple[bytes, bytes]) -> None:
    """Bring the only world to what `memory_of` gave."""
    start, memory = _start_of_things(worlds), worlds.view(np.uint8)
    head, things = (np.frombuffer(part, np.uint8) for part in state)
    memory[:start] = head
    memory[start : start + len(things)] = things


def _start_of_things(worlds: Worlds) -> int:
    assert worlds.dtype.fields is not None
    return worlds.dtype.fields["things"][1]


def unpack(record: Any, engine: Engine) -> None:
    """Bring an engine to the moment of a record of its sizes."""
    world, margin, (width, height) = engine.world, int(record["margin"]), engine.world.area
    world.reset(0)
    engine.steps = int(record["steps"])
    world.daylight = daylight(engine.steps)
    world.random.begin(record["words"])
    world.fill(record["materials"][margin : margin + width, margin : margin + height])
    for number in record["chunk_order"][: record["chunk_count"]].tolist():
        world.chunk(number)
    player = Player(world, int(record["x"]) - margin, int(record["y"]) - margin)
    engine.player = player
    world.add(player)
    for code, x, y, health, state, arrival in record["things"][: record["thing_count"]].tolist():
        thing = _thing(code, state, world, x - margin, y - margin, player)
        thing.health = health
        world.add(thing)
        thing.arrival = arrival
    world.arrivals = int(record["arrivals"])
    player.inventory.update(zip(ITEMS, record["inventory"].tolist(), strict=True))
    player.achievements.update(zip(ACHIEVEMENTS, record["achievements"].tolist(), strict=True))
    player.unlocked = [
        ACHIEVEMENTS[goal] for goal in record["unlocked"][: record["unlocked_count"]]
    ]
    player.facing, player.sleeping = int(record["facing"]), bool(record["sleeping"])
    player.felt_health = int(record["felt_health"])
    player.hunger, player.thirst = float(record["hunger"] / 2), float(record["thirst"] / 2)
    player.fatigue, player.recover = float(record["fatigue"]), float(record["recover"] / 2)
    engine.paid_health, engine.paid_unlocked = int(record["paid_health"]), len(player.unlocked)
    engine.noise_due = engine.noise_words if record["noise_due"] else 0
    engine.gather()


def _thing(code: int, state: int, world: World, x: int, y: int, player: Player) -> Thing:
    if code == ARROW:
        return Arrow(world, x, y, state)
    if code == PLANT:
        plant = Plant(world, x, y)
        plant.grown = state
        return plant
    made = creature(code, world, x, y, player)
    if isinstance(made, Hunter):
        made.wait = state
    return made


def pack(engine: Engine, record: Any) -> None:
    """Bring a record to the moment of an engine of its sizes."""
    world, player, margin = engine.world, engine.player, int(record["margin"])
    inner = slice(margin, -margin), slice(margin, -margin)
    record["steps"], record["action"], record["gaps"] = engine.steps, -1, 0
    record["x"], record["y"] = player.x + margin, player.y + margin
    record["facing"], record["sleeping"] = player.facing, player.sleeping
    record["hunger"], record["thirst"] = int(2 * player.hunger), int(2 * player.thirst)
    record["fatigue"], record["recover"] = int(player.fatigue), int(2 * player.recover)
    record["felt_health"], record["paid_health"] = player.felt_health, engine.paid_health
    record["noise_due"] = bool(engine.noise_due)
    record["inventory"] = list(player.inventory.values())
    record["achievements"] = list(player.achievements.values())
    record["unlocked_count"] = record["was_unlocked"] = len(player.unlocked)
    record["unlocked"][: len(player.unlocked)] = [ACHIEVEMENTS.index(it) for it in player.unlocked]
    record["words"] = world.random.key()
    record["materials"][inner] = world.materials()
    record["shown"][inner] = world.semantic()
    record["grass"] = [counts[GRASS] for counts in world.counts]
    record["path"] = [counts[PATH] for counts in world.counts]
    order = list(world.chunks)
    record["chunk_count"], record["chunk_known"], record["population"] = len(order), 0, 0
    record["chunk_order"][: len(order)] = order
    record["chunk_known"][order] = 1
    record["population"][order] = list(world.chunks.values())
    record["arrivals"] = world.arrivals
    things = world.things[1:]
    record["thing_count"] = len(things)
    for row, thing in zip(record["things"], things, strict=False):
        x, y = thing.x + margin, thing.y + margin
        row[:] = thing.code, x, y, thing.health, _state(thing), thing.arrival
        record["shown"][x, y] = thing.look
    (width, height), left, top = engine.grid, player.x + margin, player.y + margin
    left, top = left - width // 2, top - height // 2
    record["seen"] = record["shown"][left : left + width, top : top + height]


def _state(thing: Thing) -> int:
    if isinstance(thing, Hunter):
        return thing.wait
    if isinstance(thing, Arrow):
        return thing.direction
    return min(thing.grown, RIPE_AFTER + 1) if isinstance(thing, Plant) else 0


class PortableEngine(Engine):
    """An engine that also goes on from the moments of a `CompiledEngine`."""

    def set_state(self, state: tuple[Any, ...]) -> None:
        """Go back to what `state` gave, here or there."""
        if is_memory(state):
            worlds = empty_worlds(1, self)
            fill(worlds, state)
            unpack(worlds[0], self)
        else:
            super().set_state(state)


def revived(engine: PortableEngine, state: tuple[bytes, bytes] | None) -> Any:
    """A copy of a compiled engine; one of objects where there is no numba."""
    copy: Any = engine
    if compiled_kernels():
        copy = load_object("smartplay.games.crafter.single:CompiledEngine")(engine)
    if state:
        copy.set_state(state)
    return copy
