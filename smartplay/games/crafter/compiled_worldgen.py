"""World generation in compiled kernels: the worlds of `worldgen` in a fraction of its time.

The noise is summed the other way round here. Each lattice point adds what it contributes to all
cells within its reach, many cells at a time, in single precision and without asking where in the
honeycomb they lie. So the sums are off by up to `OFF`, most of it because OpenSimplex leaves out
far contributions that this includes. A cell near enough to a threshold for that to matter is
decided by the exact noise.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from smartplay.games.crafter.compiled_step import (
    World,
    add,
    below,
    enter,
    look,
    step,
    word,
)
from smartplay.games.crafter.kernels import Words, compiled, simplex_at, temper_all
from smartplay.games.crafter.noise import GRADIENTS, NORM, Ints
from smartplay.games.crafter.rules import (
    COAL,
    COW,
    DIAMOND,
    GRASS,
    IRON,
    ITEM_START,
    LAVA,
    PATH,
    PLAYER,
    SAND,
    SKELETON,
    STONE,
    TREE,
    WALKABLE,
    WATER,
    ZOMBIE,
)
from smartplay.games.crafter.twister import KEY_WORDS
from smartplay.games.crafter.world import CHUNK

Planes = np.ndarray[Any, np.dtype[np.float32]]
Samples = np.ndarray[Any, np.dtype[Any]]
Codes = np.ndarray[Any, np.dtype[np.uint8]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]
Lies = np.ndarray[Any, np.dtype[np.int32]]

LANES = 32
"""Cells of a column that are summed at a time; the height of a plane is a multiple of it."""

NEARBY = 18
"""At this distance from the start it has no more influence than 1e-5."""

OFF = 2e-4
"""More than a sum of noise of weight 1 is off by; the most in 80 million cells was 1.22e-4."""

OFF_NEAR, OFF_WATER, OFF_MOUNTAIN = 0.5 * OFF, 2.15 * OFF, 3.65 * OFF
"""The same for what is made of several noises."""

CLEARING, WATERS, MOUNTAINS, CAVE, ACROSS, ALONG, COALS, IRONS, LAVAS, BEACH, TREES = range(11)
TURNED, PLANES = 11, 12
"""The planes of noise (`TURNED` is `ALONG`, indexed [y, x]), and how many there are."""

_NOISES = np.array(
    [
        (CLEARING, 1, 1, 1, 1, 3, 8, 1),
        (WATERS, 1, 1, 1, 1, 15, 3, 1),
        (WATERS, 1, 1, 1, 1, 5, 3, 0.15),
        (MOUNTAINS, 1, 1, 1, 1, 15, 0, 1),
        (MOUNTAINS, 1, 1, 1, 1, 5, 0, 0.3),
        (CAVE, 1, 1, 1, 1, 7, 6, 1),
        (ACROSS, 2, 1, 1, 5, 3, 7, 1),
        (ALONG, 1, 5, 2, 1, 3, 7, 1),
        (COALS, 1, 1, 1, 1, 8, 1, 1),
        (IRONS, 1, 1, 1, 1, 6, 2, 1),
        (LAVAS, 1, 1, 1, 1, 5, 6, 1),
        (BEACH, 1, 1, 1, 1, 9, 4, 1),
        (TREES, 1, 1, 1, 1, 7, 5, 1),
    ]
)
"""What is summed: to which plane, the noise at (x * a / b / size, y * c / d / size, z), how much.

In a row: plane, a, b, c, d, size, z, weight. The exact noise is computed in this very order.
"""

_OF_LANDSCAPE, _OF_LOWLAND = 5, 11
"""How many noises make the landscape, and where those begin that matter below the mountains."""

MAYBE_COAL, MAYBE_IRON, MAYBE_DIAMOND, MAYBE_TREE, TUNNEL, DOUBTFUL = (16 << i for i in range(6))
"""What noise tells of a cell besides its material, whose code is less than the first of them."""

MAYBE_ANY = MAYBE_COAL | MAYBE_IRON | MAYBE_DIAMOND | MAYBE_TREE

_START = np.array(list(ITEM_START.values()), np.int32)
_WALKABLE = np.array([code in WALKABLE for code in range(256)])


@compiled
def _permutation(seed: int) -> Ints:
    """As `noise.permutation`."""
    source, shuffled = np.arange(256), np.zeros(256, np.int64)
    for _ in range(3):
        seed = seed * 6364136223846793005 + 1442695040888963407
    for i in range(255, -1, -1):
        seed = seed * 6364136223846793005 + 1442695040888963407
        place = (seed + 31) % (i + 1)
        shuffled[i] = source[place]
        source[place] = source[i]
    return shuffled


@partial(compiled, fastmath=True)
def add_noise(
    perm: Ints,
    plane: Planes,
    step_x: float,
    step_y: float,
    z: int,
    weight: float,
    start: int,
    swapped: bool,
) -> None:
    """Add noise to each cell of a plane.

    Args:
        perm: From `noise.permutation`.
        plane: Cells [x, y]; the noise is that at (x * step_x, y * step_y, z).
        step_x: The step from column to column.
        step_y: The step from row to row.
        z: The third coordinate.
        weight: What the noise is multiplied by, without `NORM`.
        start: The x of the plane's first column.
        swapped: Whether to exchange the first two coordinates: noise at (y', x', z).
    """
    columns, rows = plane.shape
    scale, none, step = weight / NORM, np.float32(0), np.float32(step_y)
    across, along = (1, 0) if swapped else (0, 1)
    end_x, end_y = (start + columns - 1) * step_x, (rows - 1) * step_y
    for layer in range(3 * z - 4, 3 * z + 5):
        shift = layer / 3
        dz = z - shift
        room = 2.0 - dz * dz
        reach = np.sqrt(room)
        least = int(np.ceil(-reach - shift))
        first_a = int(np.ceil(start * step_x - reach - shift))
        for a in range(first_a, int(np.floor(end_x + reach - shift)) + 1):
            at_x = a + shift
            from_x = max(0, int(np.ceil((at_x - reach) / step_x)) - start)
            to_x = min(columns - 1, int(np.floor((at_x + reach) / step_x)) - start)
            from_b = least + (layer - a - least) % 6
            for b in range(from_b, int(np.floor(end_y + reach - shift)) + 1, 6):
                at_y = b + shift
                k = (layer - a - b) // 6
                i, j = (b + k, a + k) if swapped else (a + k, b + k)
                row = perm[(perm[(perm[i & 255] + j) & 255] + k) & 255] % 24
                by_x, by_z = scale * GRADIENTS[row, across], scale * GRADIENTS[row, 2]
                by_y = np.float32(scale * GRADIENTS[row, along])
                from_y = max(0, int(np.ceil((at_y - reach) / step_y)))
                to_y = min(rows - 1, int(np.floor((at_y + reach) / step_y)))
                blocks = (to_y - from_y) // LANES + 1
                from_y = min(from_y, rows - blocks * LANES)
                for x in range(from_x, to_x + 1):
                    dx = (start + x) * step_x - at_x
                    left = np.float32(room - dx * dx)
                    level = np.float32(by_z * dz + by_x * dx)
                    for block in range(blocks):
                        cells = plane[x, from_y + block * LANES :]
                        first = np.float32((from_y + block * LANES) * step_y - at_y)
                        for lane in range(LANES):
                            dy = first + np.float32(lane) * step
                            rest = max(left - dy * dy, none)
                            rest *= rest
                            cells[lane] += rest * rest * (level + by_y * dy)


@compiled
def _sum_planes(perm: Ints, planes: Planes, width: int, height: int) -> None:
    """Fill the planes with sums of noise, all but `ALONG`."""
    planes[:] = 0
    for noise in range(len(_NOISES)):
        plane, times_x, by_x, times_y, by_y, size, z, weight = _NOISES[noise]
        first, columns, swapped = 0, width, plane == ALONG
        if plane == CLEARING:
            first = max(0, width // 2 - NEARBY)
            columns = min(width, width // 2 + NEARBY + 1)
        if swapped:
            plane, columns = TURNED, height
            times_x, by_x, times_y, by_y = times_y, by_y, times_x, by_x
        add_noise(
            perm,
            planes[int(plane), first:columns],
            times_x / by_x / size,
            times_y / by_y / size,
            int(z),
            weight,
            first,
            swapped,
        )


@compiled
def _sample_exactly(perm: Ints, x: int, y: int, noises: Any, sums: Samples) -> None:
    """Add the exact noise of a cell to what the package puts together in the same order."""
    for noise in noises:
        plane, times_x, by_x, times_y, by_y, size, z, weight = _NOISES[noise]
        at_x, at_y = times_x * x / by_x / size, times_y * y / by_y / size
        sums[int(plane), 0] += weight * simplex_at(perm, at_x, at_y, z)


@compiled
def _nearness(clearing: float, squared: int) -> float:
    """How near the start a cell is, from the square of its distance."""
    return 1 / (1 + np.exp(-(4 - np.sqrt(squared) + 2 * clearing)))  # type: ignore[no-any-return]


@compiled
def _landscape(sums: Any, place: int) -> tuple[float, float]:
    """How wet and how high a cell is; see `_lie`."""
    near = sums[CLEARING, place]
    water = sums[WATERS, place] + 0.1 - 2 * near
    return water, sums[MOUNTAINS, place] - (4 * near + 0.3 * water)


@compiled
def _off(value: float, threshold: float, off: float) -> bool:
    return abs(value - threshold) <= off


@partial(compiled, forceinline=True)
def _lie(sums: Any, place: int) -> int:
    """What noise makes of a cell: its material, what else may be there, and whether that is sure.

    There is no branch in it, so that many cells are told at a time.

    Args:
        sums: The sums of noise, shape [planes, places]; `CLEARING` holds how near the start is.
        place: Which column of them.

    Returns:
        The material, and the bits of `MAYBE_COAL` and so on; `DOUBTFUL` where the noise is so near
        to a threshold that sums that are off might decide otherwise.
    """
    near, cave, lava = sums[CLEARING, place], sums[CAVE, place], sums[LAVAS, place]
    across, along = sums[ACROSS, place], sums[ALONG, place]
    coal, iron = sums[COALS, place], sums[IRONS, place]
    beach, trees = sums[BEACH, place], sums[TREES, place]
    water, mountain = _landscape(sums, place)
    start = near > 0.5
    high = (not start) & (mountain > 0.15)
    low = not (start | high)
    hollow = high & (cave > 0.15) & (mountain > 0.3)
    tunnel = high & (not hollow) & ((across > 0.4) | (along > 0.4))
    rock = high & (not (hollow | tunnel))
    molten = rock & (mountain > 0.3) & (lava > 0.35)
    sand = low & (water > 0.25) & (water <= 0.35) & (beach > -0.2)
    wet = low & (not sand) & (water > 0.3)
    dry = low & (not (sand | wet))
    doubtful = _off(near, 0.5, OFF_NEAR) | (
        (not start)
        & (
            _off(mountain, 0.15, OFF_MOUNTAIN)
            | (
                high
                & (
                    _off(mountain, 0.3, OFF_MOUNTAIN)
                    | _off(mountain, 0.18, OFF_MOUNTAIN)
                    | _off(cave, 0.15, OFF)
                    | _off(across, 0.4, OFF)
                    | _off(along, 0.4, OFF)
                    | _off(coal, 0.0, OFF)
                    | _off(iron, 0.4, OFF)
                    | _off(lava, 0.35, OFF)
                )
            )
            | (
                low
                & (
                    _off(water, 0.25, OFF_WATER)
                    | _off(water, 0.35, OFF_WATER)
                    | _off(water, 0.3, OFF_WATER)
                    | _off(beach, -0.2, OFF)
                    | _off(trees, 0.0, OFF)
                )
            )
        )
    )
    return (  # type: ignore[no-any-return]
        GRASS * (start | dry)
        + PATH * (hollow | tunnel)
        + STONE * (rock & (not molten))
        + LAVA * molten
        + SAND * sand
        + WATER * wet
        + MAYBE_COAL * (rock & (coal > 0))
        + MAYBE_IRON * (rock & (iron > 0.4))
        + MAYBE_DIAMOND * (rock & (mountain > 0.18))
        + MAYBE_TREE * (dry & (trees > 0))
        + TUNNEL * tunnel
        + DOUBTFUL * doubtful
    )


@compiled
def _column(planes: Planes, x: int, x0: int, y0: int, lies: Lies) -> None:
    """What noise makes of a column of cells, see `_lie`."""
    sums = np.empty((PLANES, LANES))
    for first in range(0, len(lies), LANES):
        for plane in range(TURNED):
            for lane in range(LANES):
                sums[plane, lane] = planes[plane, x, first + lane]
        for lane in range(LANES):
            y = first + lane
            sums[ALONG, lane] = planes[TURNED, y, x]
            squared = (x - x0) ** 2 + (y - y0) ** 2
            sums[CLEARING, lane] = (
                _nearness(sums[CLEARING, lane], squared) if squared <= NEARBY**2 else 0.0
            )
            sums[MOUNTAINS, lane] /= 1.3
        told = lies[first : first + LANES]
        for lane in range(LANES):
            told[lane] = _lie(sums, lane)


@compiled
def _exact_lie(perm: Ints, x: int, y: int, squared: int, sums: Samples) -> int:
    """The same for one cell from exact noise, as far as it matters there."""
    place: Any = np.int64(0)  # numba compiles for a literal 0 once more
    sums[:] = 0
    _sample_exactly(perm, x, y, range(_OF_LANDSCAPE), sums)
    sums[CLEARING, place] = _nearness(sums[CLEARING, place], squared)
    sums[MOUNTAINS, place] /= 1.3
    if sums[CLEARING, place] <= 0.5:
        high = _landscape(sums, place)[1] > 0.15
        first, end = (_OF_LANDSCAPE, _OF_LOWLAND) if high else (_OF_LOWLAND, len(_NOISES))
        _sample_exactly(perm, x, y, range(first, end), sums)
    return _lie(sums, place)


@compiled
def _drawn(words: Words, ready: Words) -> Any:
    """As `uniform`, from the words that `ready` holds of the current key."""
    place = int(words[KEY_WORDS])
    if place < KEY_WORDS - 1:
        high, low = ready[place], ready[place + 1]
        words[KEY_WORDS] = place + 2
    else:
        high = word(words)
        low = word(words)
        temper_all(words, ready)
    return ((high >> np.uint32(5)) * 67108864.0 + (low >> np.uint32(6))) / 9007199254740992.0


@compiled
def new_world(words: Words, planes: Planes, width: int, height: int) -> tuple[Codes, Ints]:
    """Generate a world.

    Args:
        words: The world's random numbers, see `compiled_step.word`; they are used up.
        planes: Room to work in, from `planes_for`.
        width: Width of the map.
        height: Height of the map.

    Returns:
        The materials, shape [width, height]; and what lives on them, each a row of code, column and
        row, in order.
    """
    perm = _permutation(below(words, 2**31 - 1))
    _sum_planes(perm, planes, width, height)
    x0, y0 = width // 2, height // 2
    materials, exact = np.empty((width, height), np.uint8), np.zeros((PLANES, 1))
    tunnels = np.empty((width, height), np.bool_)
    lies, ready = np.empty(planes.shape[2], np.int32), np.empty(KEY_WORDS, np.uint32)
    temper_all(words, ready)
    for x in range(width):
        _column(planes, x, x0, y0, lies)
        for y in range(height):
            lie = lies[y]
            if lie >= DOUBTFUL:
                lie = _exact_lie(perm, x, y, (x - x0) ** 2 + (y - y0) ** 2, exact)
            material = lie % MAYBE_COAL
            if lie & MAYBE_ANY:
                if lie & MAYBE_COAL and _drawn(words, ready) > 0.85:
                    material = COAL
                elif lie & MAYBE_IRON and _drawn(words, ready) > 0.75:
                    material = IRON
                elif lie & MAYBE_DIAMOND and _drawn(words, ready) > 0.994:
                    material = DIAMOND
                elif lie & MAYBE_TREE and _drawn(words, ready) > 0.8:
                    material = TREE
            materials[x, y], tunnels[x, y] = material, lie & TUNNEL
    return materials, _creatures(words, ready, materials, tunnels)


@compiled
def _creatures(words: Words, ready: Words, materials: Codes, tunnels: Mask) -> Ints:
    """Cows, zombies and skeletons for a world."""
    width, height = materials.shape
    creatures, number = np.empty((width * height, 3), np.int64), 0
    for x in range(width):
        for y in range(height):
            material = materials[x, y]
            if not _WALKABLE[material]:
                continue
            squared, code = (x - width // 2) ** 2 + (y - height // 2) ** 2, 0
            if squared > 9 and material == GRASS and _drawn(words, ready) > 0.985:
                code = COW
            elif squared > 100 and _drawn(words, ready) > 0.993:
                code = ZOMBIE
            elif material == PATH and tunnels[x, y] and _drawn(words, ready) > 0.95:
                code = SKELETON
            if code:
                creatures[number, 0], creatures[number, 1], creatures[number, 2] = code, x, y
                number += 1
    return creatures[:number]


def planes_for(area: tuple[int, int]) -> Planes:
    """Room for `new_world` to work in; it can be used again and again.

    The planes are a row longer than the map: at a power of two apart, one and the same cell of all
    of them would not fit into the processor's cache.
    """
    side = -(-max(area) // LANES) * LANES
    return np.zeros((PLANES, side + 1, side), np.float32)


@compiled
def seed_words(words: Words, seed: int) -> None:
    """Begin random numbers as `RandomState(seed)` does; `seed` < 2**32."""
    value = seed
    for i in range(KEY_WORDS):
        words[i] = value
        value = (1812433253 * (value ^ (value >> 30)) + i + 1) & 0xFFFFFFFF
    words[KEY_WORDS] = KEY_WORDS


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
def generate(world: World, planes: Planes, seed: int) -> None:
    """Start a world from the seed of its random numbers; whatever was in it is gone."""
    _clear(world)
    seed_words(world.words, seed)
    margin, (padded_width, padded_height) = world.margin, world.materials.shape
    width, height = padded_width - 2 * margin, padded_height - 2 * margin
    materials, creatures = new_world(world.words, planes, width, height)
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
def generate_all(worlds: Any, planes: Planes, chosen: Any) -> None:
    """Start the next episode in the chosen worlds."""
    for i in range(len(worlds)):
        if chosen[i]:
            generate(worlds[i], planes, worlds[i].next_seed)


@compiled
def step_all(
    worlds: Any,
    planes: Planes,
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
            generate(world, planes, world.next_seed)
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
