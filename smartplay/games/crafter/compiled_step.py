"""One step of a world in compiled kernels: `engine`, `player`, `creatures` and `plant` once more.

A world is a record of `record.world_type`. Places in it count the margin around the map: a
neighbour or a whole view is a plain index away, also at the border. What moves or grows is a row of
`things`, in the order in which it came; a removed one leaves a gap until the end of the step. Half
points of hunger and the like are counted as one, so that they are whole numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from smartplay.games.crafter.creatures import ARROW_PASSES, BALANCE_EVERY, KINDS
from smartplay.games.crafter.kernels import Words, compiled, temper_word, twist
from smartplay.games.crafter.plant import RIPE_AFTER
from smartplay.games.crafter.player import DEFEATS, PASSES, SWORDS
from smartplay.games.crafter.rules import (
    ACHIEVEMENTS,
    ACTIONS,
    ARROW,
    COLLECT,
    COW,
    FLYING,
    FURNACE,
    GRASS,
    ITEM_MAX,
    ITEMS,
    LAVA,
    MAKE,
    MATERIALS,
    PATH,
    PLACE,
    PLANT,
    PLAYER,
    RIPE_PLANT,
    SKELETON,
    TABLE,
    WATER,
    ZOMBIE,
)
from smartplay.games.crafter.twister import KEY_WORDS
from smartplay.games.crafter.world import (
    ARRIVAL,
    CHUNK,
    CODE,
    DIRECTIONS,
    FREE,
    HEALTH,
    NOWHERE,
    STATE,
    X,
    Y,
)

World = Any
"""A record of `record.world_type`."""

_ITEM = {name: index for index, name in enumerate(ITEMS)}
_GOAL = {name: index for index, name in enumerate(ACHIEVEMENTS)}
_LIFE, _FOOD, _DRINK, _ENERGY = (_ITEM[name] for name in ("health", "food", "drink", "energy"))
_WAKE_UP, _EAT_PLANT, _EAT_COW = (_GOAL[name] for name in ("wake_up", "eat_plant", "eat_cow"))
_MOST = np.array([ITEM_MAX[name] for name in ITEMS])
_DX = np.array([*(dx for dx, _ in DIRECTIONS), 0])
_DY = np.array([*(dy for _, dy in DIRECTIONS), 0])
_FREE, _ARROW_PASSES, _PASSES = np.array(FREE), np.array(ARROW_PASSES), np.array(PASSES)
_HITS = np.array([(_ITEM[sword], hits) for sword, hits in SWORDS])
_DEFEAT = np.array([_GOAL.get(DEFEATS.get(code, ""), -1) for code in range(PLANT + 1)])

_VERBS = ("noop", "move", "do", "sleep", "place", "make")
_NOOP, _MOVE, _DO, _SLEEP, _PLACE, _MAKE = range(len(_VERBS))
_VERB = np.array([_VERBS.index(name.split("_")[0]) for name in ACTIONS])
_PLACES, _MAKES = tuple(PLACE), tuple(MAKE)
_SIDES = ("left", "right", "up", "down")


def _object(action: str) -> int:
    verb, _, name = action.partition("_")
    names: dict[str, tuple[str, ...]] = {"move": _SIDES, "place": _PLACES, "make": _MAKES}
    return names[verb].index(name) if verb in names else 0


def _amounts(items: dict[str, int]) -> list[int]:
    return [items.get(name, 0) for name in ITEMS]


_OBJECT = np.array([_object(name) for name in ACTIONS])
_FOUND = [COLLECT.get(code) for code in range(len(MATERIALS))]
_COLLECTABLE = np.array([info is not None for info in _FOUND])
_COLLECT_NEEDS = np.array([_amounts(info.require if info else {}) for info in _FOUND])
_COLLECT_GIVES = np.array([_amounts(info.receive if info else {}) for info in _FOUND])
_COLLECT_CHANCE = np.array([info.probability if info else 0.0 for info in _FOUND])
_COLLECT_LEAVES = np.array([info.leaves if info else 0 for info in _FOUND])
_COLLECTED = np.array([_GOAL.get(f"collect_{name}", -1) for name in ITEMS])
_PLACE_USES = np.array([_amounts(info.uses) for info in PLACE.values()])
_PLACE_WHERE = np.array([[code in info.where for code in range(256)] for info in PLACE.values()])
_PLACE_MATERIAL = np.array([info.material or 0 for info in PLACE.values()])
_PLACED = np.array([_GOAL[f"place_{name}"] for name in PLACE])
_MAKE_USES = np.array([_amounts(info.uses) for info in MAKE.values()])
_MAKE_GIVES = np.array([_amounts({name: info.gives}) for name, info in MAKE.items()])
_MAKE_NEARBY = np.array(
    [[code in info.nearby for code in range(len(MATERIALS))] for info in MAKE.values()]
)
_MADE = np.array([_GOAL[f"make_{name}"] for name in MAKE])

_SPAWN_ON = np.array([KINDS[code].material for code in (COW, ZOMBIE, SKELETON)])
_SPAWN_FROM = np.array([KINDS[code].spawn_distance for code in (COW, ZOMBIE, SKELETON)])
_DESPAWN_FROM = np.array([KINDS[code].despawn_distance for code in (COW, ZOMBIE, SKELETON)])
_SPAWN = np.array([KINDS[code].spawn for code in (COW, ZOMBIE, SKELETON)])
_DESPAWN = np.array([KINDS[code].despawn for code in (COW, ZOMBIE, SKELETON)])
_STRENGTH = {COW: 3, ZOMBIE: 5, SKELETON: 3, ARROW: 0, PLANT: 1}
_HEALTH = np.array([_STRENGTH.get(code, 0) for code in range(PLANT + 1)])


@compiled
def word(words: Words) -> Any:
    """The next 32 random bits.

    Args:
        words: The key of an MT19937 generator, and as the last element how much of it is used up.
    """
    position = words[KEY_WORDS]
    if position == KEY_WORDS:
        twist(words, 1)
        position = np.uint32(0)
    words[KEY_WORDS] = position + np.uint32(1)
    return temper_word(words[position])


@compiled
def uniform(words: Words) -> float:
    """As `RandomState.uniform()`."""
    high = word(words)
    return unit(high, word(words))


@compiled
def unit(high: Any, low: Any) -> float:
    """The number from 0 to 1 that two words make."""
    return ((high >> np.uint32(5)) * 67108864.0 + (low >> np.uint32(6))) / 9007199254740992.0  # type: ignore[no-any-return]


@compiled
def below(words: Words, bound: int) -> int:
    """As `RandomState.randint(0, bound)`; `bound` < 2**31."""
    if bound == 1:
        return 0
    mask = 1
    while mask < bound:
        mask <<= 1
    while True:
        value = int(word(words)) & (mask - 1)
        if value < bound:
            return value


@compiled
def skip(words: Words, number: int) -> None:
    """Pass over at least one word."""
    last = int(words[KEY_WORDS]) + number - 1
    twist(words, last // KEY_WORDS)
    words[KEY_WORDS] = last % KEY_WORDS + 1


@compiled
def chunk_at(world: World, x: int, y: int) -> int:
    """The number of a cell's chunk."""
    return (x - world.margin) // CHUNK * world.chunks_down + (y - world.margin) // CHUNK  # type: ignore[no-any-return]


@compiled
def enter(world: World, x: int, y: int) -> int:
    """Note that something comes into a chunk; return its number."""
    chunk = chunk_at(world, x, y)
    if not world.chunk_known[chunk]:
        world.chunk_known[chunk] = True
        world.chunk_order[world.chunk_count] = chunk
        world.chunk_count += 1
    return chunk


@compiled
def join(world: World, thing: int) -> None:
    """Let a thing come into the chunk of its place."""
    things = world.things
    chunk = enter(world, things[thing, X], things[thing, Y])
    if COW <= things[thing, CODE] <= SKELETON:
        world.population[chunk, things[thing, CODE] - COW] += 1
        things[thing, ARRIVAL] = world.arrivals
        world.arrivals += 1


@compiled
def leave(world: World, thing: int) -> None:
    """Let a thing go from the chunk of its place."""
    things = world.things
    if COW <= things[thing, CODE] <= SKELETON:
        chunk = chunk_at(world, things[thing, X], things[thing, Y])
        world.population[chunk, things[thing, CODE] - COW] -= 1


@compiled
def add(world: World, code: int, x: int, y: int, state: int) -> None:
    """Put a thing on an empty cell."""
    thing, things = world.thing_count, world.things
    world.thing_count += 1
    things[thing, CODE], things[thing, X], things[thing, Y] = code, x, y
    things[thing, HEALTH], things[thing, STATE] = _HEALTH[code], state
    world.shown[x, y] = FLYING + state if code == ARROW else code
    join(world, thing)


@compiled
def remove(world: World, thing: int) -> None:
    """Take a thing out of the world; it leaves a gap."""
    things = world.things
    if things[thing, CODE]:
        x, y = things[thing, X], things[thing, Y]
        leave(world, thing)
        world.shown[x, y] = world.materials[x, y]
        things[thing, CODE] = 0
        world.gaps += 1


@compiled
def close_gaps(world: World) -> None:
    """Let the things follow each other again."""
    things, kept = world.things, 0
    for thing in range(world.thing_count):
        if things[thing, CODE]:
            if kept < thing:
                things[kept] = things[thing]
            kept += 1
    world.thing_count = kept
    world.gaps = 0


@compiled
def find(world: World, x: int, y: int) -> int:
    """The thing on a cell that shows one."""
    things = world.things
    for thing in range(world.thing_count):
        if things[thing, X] == x and things[thing, Y] == y and things[thing, CODE]:
            return thing
    return -1


@compiled
def set_material(world: World, x: int, y: int, material: int) -> None:
    """Change the material of a cell."""
    chunk, old = chunk_at(world, x, y), world.materials[x, y]
    world.grass[chunk] += int(material == GRASS) - int(old == GRASS)
    world.path[chunk] += int(material == PATH) - int(old == PATH)
    world.materials[x, y] = material
    if world.shown[x, y] < PLAYER:
        world.shown[x, y] = material


@compiled
def move(world: World, thing: int, direction: int) -> bool:
    """Step into a direction if that cell is free; return whether it was."""
    things = world.things
    x, y = things[thing, X] + _DX[direction], things[thing, Y] + _DY[direction]
    if not _FREE[world.shown[x, y]]:
        return False
    if things[thing, CODE]:
        go(world, thing, x, y)
    return True


@compiled
def go(world: World, thing: int, x: int, y: int) -> None:
    """Move a thing to a neighbouring cell, which is free."""
    things, shown = world.things, world.shown
    old_x, old_y = things[thing, X], things[thing, Y]
    shown[x, y] = shown[old_x, old_y]
    shown[old_x, old_y] = world.materials[old_x, old_y]
    moves = chunk_at(world, x, y) != chunk_at(world, old_x, old_y)
    if moves:
        leave(world, thing)
    things[thing, X], things[thing, Y] = x, y
    if moves:
        join(world, thing)


@compiled
def hurt(world: World, damage: int) -> None:
    """Take hit points from the player."""
    world.inventory[_LIFE] = max(0, world.inventory[_LIFE] - damage)


@compiled
def toward(dx: int, dy: int, long_axis: bool) -> int:
    """The direction along one axis of an offset, `NOWHERE` where that part of it is zero."""
    if (abs(dx) > abs(dy)) if long_axis else (abs(dx) <= abs(dy)):
        return (1 if dx > 0 else 0) if dx else NOWHERE
    return (3 if dy > 0 else 2) if dy else NOWHERE


@compiled
def update_cow(world: World, thing: int) -> None:
    """Die if hit to death, else step in a random direction half of the time."""
    if world.things[thing, HEALTH] <= 0:
        remove(world, thing)
    if uniform(world.words) < 0.5:
        move(world, thing, int(word(world.words) & np.uint32(3)))


@compiled
def update_zombie(world: World, thing: int) -> None:
    """Approach within 8 cells, else wander; strike when adjacent, then pause 5 steps."""
    things = world.things
    if things[thing, HEALTH] <= 0:
        remove(world, thing)
    dx, dy = world.x - things[thing, X], world.y - things[thing, Y]
    distance = abs(dx) + abs(dy)
    if distance <= 8 and uniform(world.words) < 0.9:
        move(world, thing, toward(dx, dy, uniform(world.words) < 0.8))
    else:
        move(world, thing, int(word(world.words) & np.uint32(3)))
    if abs(world.x - things[thing, X]) + abs(world.y - things[thing, Y]) <= 1:
        if things[thing, STATE]:
            things[thing, STATE] -= 1
        else:
            hurt(world, 7 if world.sleeping else 2)
            things[thing, STATE] = 5


@compiled
def update_skeleton(world: World, thing: int) -> None:
    """Back off within 3 cells, shoot within 5, approach within 8, else wander at times."""
    things = world.things
    if things[thing, HEALTH] <= 0:
        remove(world, thing)
    if things[thing, STATE]:
        things[thing, STATE] -= 1
    dx, dy = world.x - things[thing, X], world.y - things[thing, Y]
    distance = abs(dx) + abs(dy)
    if distance <= 3:
        away = toward(dx, dy, uniform(world.words) < 0.6)
        if move(world, thing, away if away == NOWHERE else away ^ 1):
            return
    if distance <= 5 and uniform(world.words) < 0.5:
        shoot(world, thing, toward(dx, dy, True))
    elif distance <= 8 and uniform(world.words) < 0.3:
        move(world, thing, toward(dx, dy, uniform(world.words) < 0.6))
    elif uniform(world.words) < 0.2:
        move(world, thing, int(word(world.words) & np.uint32(3)))


@compiled
def shoot(world: World, thing: int, direction: int) -> None:
    """Let an arrow fly, if the bow is ready and there is room."""
    things = world.things
    if things[thing, STATE] or direction == NOWHERE:
        return
    x, y = things[thing, X] + _DX[direction], things[thing, Y] + _DY[direction]
    if _ARROW_PASSES[world.shown[x, y]]:
        add(world, ARROW, x, y, direction)
        things[thing, STATE] = 4


@compiled
def update_arrow(world: World, thing: int) -> None:
    """Fly on, or take 2 hit points from what is there, or break a table or furnace."""
    things = world.things
    direction = things[thing, STATE]
    x, y = things[thing, X] + _DX[direction], things[thing, Y] + _DY[direction]
    shown, material = world.shown[x, y], world.materials[x, y]
    if shown >= PLAYER:
        if shown == PLAYER:
            hurt(world, 2)
        else:
            target = find(world, x, y)
            things[target, HEALTH] = max(0, things[target, HEALTH] - 2)
        remove(world, thing)
    elif _ARROW_PASSES[material]:
        go(world, thing, x, y)
    else:
        remove(world, thing)
        if material in (TABLE, FURNACE):
            set_material(world, x, y, PATH)


@compiled
def update_plant(world: World, thing: int) -> None:
    """Grow; die if hurt or if a creature stands beside it."""
    things, shown = world.things, world.shown
    x, y = things[thing, X], things[thing, Y]
    things[thing, STATE] = min(things[thing, STATE] + 1, RIPE_AFTER + 1)
    if things[thing, STATE] > RIPE_AFTER:
        shown[x, y] = RIPE_PLANT
    for direction in range(4):
        if COW <= shown[x + _DX[direction], y + _DY[direction]] <= SKELETON:
            things[thing, HEALTH] = max(0, things[thing, HEALTH] - 1)
            break
    if things[thing, HEALTH] <= 0:
        remove(world, thing)


@compiled
def update(world: World, thing: int) -> None:
    """Let a thing live one step."""
    code = world.things[thing, CODE]
    if code == COW:
        update_cow(world, thing)
    elif code == ZOMBIE:
        update_zombie(world, thing)
    elif code == SKELETON:
        update_skeleton(world, thing)
    elif code == ARROW:
        update_arrow(world, thing)
    elif code == PLANT:
        update_plant(world, thing)


@compiled
def achieve(world: World, goal: int) -> None:
    """Count an achievement, and note when it is the first time."""
    if not world.achievements[goal]:
        world.unlocked[world.unlocked_count] = goal
        world.unlocked_count += 1
    world.achievements[goal] += 1


@compiled
def lacks(world: World, needs: Any) -> bool:
    """Whether the player has too little of anything."""
    lacking = False
    for item in range(len(needs)):
        lacking |= world.inventory[item] < needs[item]
    return lacking


@compiled
def act(world: World, action: int) -> None:
    """Live the player's step: carry out the action, unless asleep, and pay for living."""
    inventory = world.inventory
    verb, name = _VERB[action], _OBJECT[action]
    if world.sleeping:
        if inventory[_ENERGY] < _MOST[_ENERGY]:
            verb = _SLEEP
        else:
            world.sleeping = False
            achieve(world, _WAKE_UP)
    if verb == _MOVE:
        walk(world, name)
    elif verb == _DO:
        do(world)
    elif verb == _SLEEP:
        if inventory[_ENERGY] < _MOST[_ENERGY]:
            world.sleeping = True
    elif verb == _PLACE:
        place(world, name)
    elif verb == _MAKE:
        make(world, name)
    live(world)
    heal(world)
    for item in range(len(inventory)):
        inventory[item] = max(0, min(inventory[item], _MOST[item]))
    if inventory[_LIFE] < world.felt_health:
        world.sleeping = False
    world.felt_health = inventory[_LIFE]


@compiled
def walk(world: World, direction: int) -> None:
    """Face a direction and step there, into lava too."""
    world.facing = direction
    x, y = world.x + _DX[direction], world.y + _DY[direction]
    if _PASSES[world.shown[x, y]]:
        world.shown[world.x, world.y] = world.materials[world.x, world.y]
        world.shown[x, y] = PLAYER
        world.x, world.y = x, y
        enter(world, x, y)
        if world.materials[x, y] == LAVA:
            world.inventory[_LIFE] = 0


@compiled
def do(world: World) -> None:
    """Use what the player faces."""
    inventory, things = world.inventory, world.things
    x, y = world.x + _DX[world.facing], world.y + _DY[world.facing]
    shown = world.shown[x, y]
    if shown < PLAYER:
        collect(world, x, y)
    elif shown == RIPE_PLANT:
        things[find(world, x, y), STATE] = 0
        world.shown[x, y] = PLANT
        inventory[_FOOD] += 4
        achieve(world, _EAT_PLANT)
    elif COW <= shown <= SKELETON:
        damage = 1
        for sword in range(len(_HITS)):
            if inventory[_HITS[sword, 0]]:
                damage = _HITS[sword, 1]
                break
        thing = find(world, x, y)
        things[thing, HEALTH] = max(0, things[thing, HEALTH] - damage)
        if things[thing, HEALTH] <= 0:
            if shown == COW:
                inventory[_FOOD] += 6
                world.hunger = 0
            achieve(world, _DEFEAT[shown])


@compiled
def collect(world: World, x: int, y: int) -> None:
    """Take what a material gives."""
    material = world.materials[x, y]
    if material == WATER:
        world.thirst = 0
    if not _COLLECTABLE[material] or lacks(world, _COLLECT_NEEDS[material]):
        return
    if _COLLECT_LEAVES[material] != material:
        set_material(world, x, y, _COLLECT_LEAVES[material])
    if uniform(world.words) <= _COLLECT_CHANCE[material]:
        for item in range(len(world.inventory)):
            if _COLLECT_GIVES[material, item]:
                world.inventory[item] += _COLLECT_GIVES[material, item]
                achieve(world, _COLLECTED[item])


@compiled
def place(world: World, name: int) -> None:
    """Place something on the cell the player faces."""
    x, y = world.x + _DX[world.facing], world.y + _DY[world.facing]
    if not _PLACE_WHERE[name, world.shown[x, y]] or lacks(world, _PLACE_USES[name]):
        return
    for item in range(len(world.inventory)):
        world.inventory[item] -= _PLACE_USES[name, item]
    if _PLACE_MATERIAL[name]:
        set_material(world, x, y, _PLACE_MATERIAL[name])
    else:
        add(world, PLANT, x, y, 0)
    achieve(world, _PLACED[name])


@compiled
def make(world: World, name: int) -> None:
    """Make a tool, if all it takes is at hand and beside the player.

    On the map's first column and row nothing is; see `Player.within_reach`.
    """
    if world.x == world.margin or world.y == world.margin:
        return
    for material in range(len(MATERIALS)):
        if _MAKE_NEARBY[name, material] and not beside(world, material):
            return
    if lacks(world, _MAKE_USES[name]):
        return
    for item in range(len(world.inventory)):
        world.inventory[item] += _MAKE_GIVES[name, item] - _MAKE_USES[name, item]
    achieve(world, _MADE[name])


@compiled
def beside(world: World, material: int) -> bool:
    """Whether a material is among the nine cells around the player."""
    for x in range(world.x - 1, world.x + 2):
        for y in range(world.y - 1, world.y + 2):
            if world.materials[x, y] == material:
                return True
    return False


@compiled
def live(world: World) -> None:
    """Grow hungry, thirsty and tired."""
    inventory, pace = world.inventory, 1 if world.sleeping else 2
    world.hunger += pace
    if world.hunger > 50:
        world.hunger = 0
        inventory[_FOOD] -= 1
    world.thirst += pace
    if world.thirst > 40:
        world.thirst = 0
        inventory[_DRINK] -= 1
    world.fatigue = min(world.fatigue - 1, 0) if world.sleeping else world.fatigue + 1
    if world.fatigue < -10:
        world.fatigue = 0
        inventory[_ENERGY] += 1
    if world.fatigue > 30:
        world.fatigue = 0
        inventory[_ENERGY] -= 1


@compiled
def heal(world: World) -> None:
    """Recover, or lose health where something is missing."""
    inventory = world.inventory
    well = inventory[_FOOD] > 0 and inventory[_DRINK] > 0
    if well and (world.sleeping or inventory[_ENERGY] > 0):
        world.recover += 4 if world.sleeping else 2
    else:
        world.recover -= 1 if world.sleeping else 2
    if world.recover > 50:
        world.recover = 0
        inventory[_LIFE] += 1
    if world.recover < -30:
        world.recover = 0
        hurt(world, 1)


@compiled
def balance(world: World, light: float) -> None:
    """Spawn and remove creatures, chunk by chunk."""
    dark, bright = int(3.5 - 3 * light), int(1.5 + light)
    for place in range(world.chunk_count):
        chunk = world.chunk_order[place]
        grass = world.grass[chunk]
        adjust(world, chunk, ZOMBIE - COW, dark if grass >= 50 else 0, dark)
        adjust(world, chunk, SKELETON - COW, 1 if world.path[chunk] >= 6 else 0, 2)
        adjust(world, chunk, 0, 1 if grass >= 30 else 0, bright)


@compiled
def adjust(world: World, chunk: int, kind: int, least: int, most: int) -> None:
    """Maybe spawn one where there are fewer than the least, maybe remove one of too many."""
    number = world.population[chunk, kind]
    if number < least:
        if uniform(world.words) < _SPAWN[kind]:
            spawn(world, chunk, kind)
    elif number > most and uniform(world.words) < _DESPAWN[kind]:
        thing = resident(world, chunk, kind, below(world.words, number))
        things = world.things
        distance = abs(things[thing, X] - world.x) + abs(things[thing, Y] - world.y)
        if distance >= _DESPAWN_FROM[kind]:
            remove(world, thing)
            close_gaps(world)


@compiled
def resident(world: World, chunk: int, kind: int, place: int) -> int:
    """Of the creatures of a kind in a chunk, the one that came at that place in their row."""
    things, last = world.things, -1
    while True:
        first = -1
        for thing in range(world.thing_count):
            if (
                things[thing, CODE] == COW + kind
                and things[thing, ARRIVAL] > last
                and (first < 0 or things[thing, ARRIVAL] < things[first, ARRIVAL])
                and chunk_at(world, things[thing, X], things[thing, Y]) == chunk
            ):
                first = thing
        if not place:
            return first
        place -= 1
        last = things[first, ARRIVAL]


@compiled
def spawn(world: World, chunk: int, kind: int) -> None:
    """Put a creature on a random cell of its material, unless taken or too near the player."""
    material = _SPAWN_ON[kind]
    left = below(world.words, world.grass[chunk] if material == GRASS else world.path[chunk])
    margin, (width, height) = world.margin, world.materials.shape
    from_x = margin + chunk // world.chunks_down * CHUNK
    from_y = margin + chunk % world.chunks_down * CHUNK
    for x in range(from_x, min(from_x + CHUNK, width - margin)):
        for y in range(from_y, min(from_y + CHUNK, height - margin)):
            if world.materials[x, y] == material:
                if not left:
                    free = world.shown[x, y] < PLAYER
                    if free and abs(x - world.x) + abs(y - world.y) >= _SPAWN_FROM[kind]:
                        add(world, COW + kind, x, y, 0)
                    return
                left -= 1


@compiled
def look(world: World) -> None:
    """Bring the local view up to date."""
    seen, shown = world.seen, world.shown
    width, height = seen.shape
    left, top = world.x - width // 2, world.y - height // 2
    for x in range(width):
        for y in range(height):
            seen[x, y] = shown[left + x, top + y]


@compiled
def remember(world: World, action: int) -> None:
    """Keep what tells later what this step did."""
    world.action = action
    world.was_seen[:] = world.seen
    world.was_inventory[:] = world.inventory
    world.was_achievements[:] = world.achievements
    world.was_unlocked = world.unlocked_count
    world.was_x, world.was_y, world.was_facing = world.x, world.y, world.facing
    world.was_sleeping = world.sleeping


@compiled
def step(world: World, action: int, light: float) -> float:
    """Take an action; return the reward.

    Args:
        world: The world.
        action: The index of the action.
        light: Daylight at the end of this step.
    """
    if world.noise_due:
        skip(world.words, world.noise_words)
    remember(world, action)
    world.steps += 1
    living = world.thing_count
    act(world, action)
    x, y, reach, things = world.x, world.y, world.reach, world.things
    for thing in range(living):
        if abs(things[thing, X] - x) + abs(things[thing, Y] - y) < reach:
            update(world, thing)
    if world.gaps:
        close_gaps(world)
    if world.steps % BALANCE_EVERY == 0:
        balance(world, light)
    world.noise_due = light < 0.5
    look(world)
    health = world.inventory[_LIFE]
    reward = (health - world.paid_health) / 10
    if world.unlocked_count > world.was_unlocked:
        reward += 1.0
    world.paid_health = health
    return reward  # type: ignore[no-any-return]
