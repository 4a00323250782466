"""World generation in compiled kernels: the worlds of `worldgen` in a fraction of its time.

The noise is summed the other way round here. Each lattice point adds what it contributes to all
cells within its reach, many cells at a time, in single precision and without asking where in the
honeycomb they lie. So the sums are off by up to `OFF`, most of it because OpenSimplex leaves out
far contributions that this includes. A cell near enough to a threshold for that to matter is
decided by the exact noise.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from smartplay.games.crafter.compiled_step import (
    World,
    add,
    below,
    enter,
    look,
    skip,
    step,
    uniform,
    unit,
)
from smartplay.games.crafter.kernels import Words, compiled, seed_words, simplex_at, temper_all
from smartplay.games.crafter.noise import GRADIENTS, NORM, Ints
from smartplay.games.crafter.rules import (
    ARROW,
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
from smartplay.games.crafter.world import CHUNK, CODE, X, Y

Planes = np.ndarray[Any, np.dtype[np.float32]]
Samples = np.ndarray[Any, np.dtype[Any]]
Codes = np.ndarray[Any, np.dtype[np.uint8]]
Tally = np.ndarray[Any, np.dtype[np.uint32]]
Lies = np.ndarray[Any, np.dtype[np.int32]]

LANES = 16
"""Cells of a column that are summed at a time; the height of a plane is a multiple of it."""

NEARBY = 18
"""At this distance from the start it has no more influence than 1e-5."""

OFF = 1.5e-4
"""More than a sum of noise of weight 1 is off by.

What OpenSimplex leaves out is at most 1.212e-4, whatever the gradients: the most found over the
honeycomb. Single precision adds less than 1e-5.
"""

FARTHEST, NEAREST, FINE = -20, 8, 64
"""From where to where the nearness is tabulated, and in how many steps each unit."""


class Levels(NamedTuple):
    """Where noise begins to mean something else, and by how much what is held against it is off.

    `OFF` is more than twice what `near` is off by. Both how wet and how high a cell is are less off
    far from the start, where `near` is about 0 whatever the noise.
    """

    start: Any = 0.5
    high: Any = 0.15
    peak: Any = 0.3
    diamond: Any = 0.18
    cave: Any = 0.15
    tunnel: Any = 0.4
    lava: Any = 0.35
    coal: Any = 0.0
    iron: Any = 0.4
    shore: Any = 0.25
    wet: Any = 0.3
    deep: Any = 0.35
    beach: Any = -0.2
    trees: Any = 0.0
    far: Any = 1e-3
    off: Any = OFF
    off_wet: Any = 2.15 * OFF
    off_high: Any = 3.65 * OFF
    off_wet_far: Any = 1.16 * OFF
    off_high_far: Any = 1.36 * OFF


_EXACT = Levels()
_QUICK = Levels(*map(np.float32, _EXACT))

CLEARING, WATERS, MOUNTAINS, CAVE, ACROSS, ALONG, COALS, IRONS, LAVAS, BEACH, TREES = range(11)
PLANES = 11
"""The planes of noise, and how many there are."""

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

EVERYWHERE, NEAR_START = 1, 1 << 6
HIGH, PEAK, SHORE, DRY = (1 << 6 * i for i in range(4))
"""What is counted in the numbers of a tally, in six bits each.

A tally has a column more than the map in one direction: the number at y + n less that at y tells
how many of the n cells between are of each kind. `LANES` of them cannot be too many for six bits.
"""

HIGHS = np.uint32(63 * HIGH)
_WANTED = np.array(
    [0] * _OF_LANDSCAPE + [63 * kind for kind in (PEAK, HIGH, HIGH, HIGH, HIGH, PEAK, SHORE, DRY)],
    np.uint32,
)
"""Which cells each noise is wanted at."""

POINT = np.dtype(
    [
        *((name, np.int64) for name in ("i", "j", "k", "x", "columns", "y", "blocks")),
        *((name, np.float32) for name in ("dx", "dy", "dz", "room")),
    ]
)
"""A lattice point as seen from a plane: its number, the cells in reach, how far the first one is
away in noise, and how far the square of that may differ in the plane."""

_GRADIENTS = GRADIENTS.astype(np.float32)
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


class Room(NamedTuple):
    """What worlds of one size are made with: what their noise has in common, and room to work in.

    Attributes:
        planes: Sums of noise, shape [columns, planes, rows]. They are some rows longer than the
            map: at a power of two apart, neighbouring cells would not fit into the processor's
            cache.
        along: The plane `ALONG`, shape [rows, columns].
        everywhere: A tally, see `EVERYWHERE`, of all cells and of those near the start.
        wanted: The tally of the cells that each noise is wanted at.
        turned: The same of `HIGH`, indexed [row, column], for `along`.
        points: The lattice points, noise after noise, of `POINT`.
        starts: Where the points of each noise begin, and where the last ones end.
        nearness: How near the start a cell is, for `_quick_nearness` to look up.
        draws: Random numbers drawn ahead.
    """

    planes: Planes
    along: Planes
    everywhere: Tally
    wanted: Tally
    turned: Tally
    points: Any
    starts: Ints
    nearness: Planes
    draws: Any


def room_for(area: tuple[int, int]) -> Room:
    """Room for `new_world`; it can be used again and again."""
    side = -(-max(area) // LANES) * LANES
    columns, rows = np.indices((side, side))
    near = (columns - area[0] // 2) ** 2 + (rows - area[1] // 2) ** 2 <= NEARBY**2
    everywhere = np.zeros((side, side + 1), np.uint32)
    everywhere[:, 1:] = np.cumsum(EVERYWHERE + NEAR_START * near, axis=1)
    points = [_points(noise, area, side) for noise in _NOISES.tolist()]
    return Room(
        np.zeros((side, PLANES, side + LANES), np.float32),
        np.zeros((side, side), np.float32),
        everywhere,
        np.zeros_like(everywhere),
        np.zeros_like(everywhere),
        np.array([point for of_noise in points for point in of_noise], POINT),
        np.cumsum([0, *(len(of_noise) for of_noise in points)]),
        (1 / (1 + np.exp(-np.arange(FARTHEST, NEAREST, 1 / FINE)))).astype(np.float32),
        np.empty(6 * area[0] * area[1] + KEY_WORDS),
    )


def _points(noise: list[float], area: tuple[int, int], side: int) -> list[tuple[Any, ...]]:
    """The lattice points that contribute to a noise at some cell of a map, each as a `POINT`."""
    plane, times_x, by_x, times_y, by_y, size, z, _ = noise
    step_x, step_y = times_x / by_x / size, times_y / by_y / size
    (first_x, end_x), (first_y, end_y) = ((0, length) for length in area)
    if plane == CLEARING:
        first_x, first_y = (max(0, length // 2 - NEARBY) for length in area)
        end_x, end_y = (min(length, length // 2 + NEARBY + 1) for length in area)
    if plane == ALONG:
        step_x, step_y, end_x, end_y = step_y, step_x, end_y, end_x
    points = []
    for layer in range(3 * int(z) - 4, 3 * int(z) + 5):
        shift = layer / 3
        room = 2.0 - (z - shift) ** 2
        reach = math.sqrt(room)
        least = math.ceil(first_y * step_y - reach - shift)
        for a in range(
            math.ceil(first_x * step_x - reach - shift),
            math.floor((end_x - 1) * step_x + reach - shift) + 1,
        ):
            at_x = a + shift
            x = max(first_x, math.ceil((at_x - reach) / step_x))
            columns = min(end_x, math.floor((at_x + reach) / step_x) + 1) - x
            for b in range(
                least + (layer - a - least) % 6,
                math.floor((end_y - 1) * step_y + reach - shift) + 1,
                6,
            ):
                at_y = b + shift
                y = max(first_y, math.ceil((at_y - reach) / step_y))
                rows = min(end_y, math.floor((at_y + reach) / step_y) + 1) - y
                blocks = -(-rows // LANES)
                y = min(y, side - blocks * LANES)
                k = (layer - a - b) // 6
                i, j = (b + k, a + k) if plane == ALONG else (a + k, b + k)
                if columns > 0 and rows > 0:
                    offset = x * step_x - at_x, y * step_y - at_y, z - shift
                    corner = i & 255, j & 255, k & 255
                    points.append((*corner, x, columns, y, blocks, *offset, room))
    return points


@partial(compiled, fastmath=True)
def _add_noise(room: Room, perm: Ints, noise: int, tally: Tally, wanted: int) -> None:
    """Add noise to a plane, at least at the cells of a tally that are wanted."""
    number, times_x, by_x, times_y, by_y, size, _, weight = _NOISES[noise]
    step_x, step_y = np.float32(times_x / by_x / size), np.float32(times_y / by_y / size)
    scale, none, across, along = np.float32(weight / NORM), np.float32(0), 0, 1
    # Unsigned indices cannot mean places from the end, which would cost a test each.
    cells, counts, one, lanes = (
        room.planes.reshape(-1),
        tally.reshape(-1),
        np.uint64(1),
        np.uint64(LANES),
    )
    rows = np.uint64(room.planes.shape[2])
    origin, stride, side = np.uint64(number) * rows, np.uint64(PLANES) * rows, rows - lanes
    if number == ALONG:
        cells, origin, stride = room.along.reshape(-1), np.uint64(0), side
        step_x, step_y, across, along = step_y, step_x, 1, 0
    for at in range(room.starts[noise], room.starts[noise + 1]):
        point = room.points[at]
        row = perm[(perm[(perm[point.i] + point.j) & 255] + point.k) & 255] % 24
        by_x, by_y = scale * _GRADIENTS[row, across], scale * _GRADIENTS[row, along]
        by_z = scale * _GRADIENTS[row, 2] * point.dz
        x, columns, reach = np.uint64(point.x), point.columns, point.room
        for block in range(point.blocks):
            first = point.dy + np.float32(block * LANES) * step_y
            y = np.uint64(point.y + block * LANES)
            here, there = origin + x * stride + y, x * (side + one) + y
            dx = point.dx
            for _ in range(columns):
                if (counts[there + lanes] - counts[there]) & wanted:
                    left = reach - dx * dx
                    level = by_z + by_x * dx
                    for lane in range(LANES):
                        dy = first + np.float32(lane) * step_y
                        rest = max(left - dy * dy, none)
                        rest *= rest
                        cells[here + np.uint64(lane)] += rest * rest * (level + by_y * dy)
                here += stride
                there += side + one
                dx += step_x


@compiled
def _sum_planes(room: Room, perm: Ints, width: int, height: int) -> None:
    """Fill the planes, each at least where it can matter."""
    room.planes[:] = 0
    room.along[:] = 0
    _add_noise(room, perm, 0, room.everywhere, 63 * NEAR_START)
    for noise in range(1, _OF_LANDSCAPE):
        _add_noise(room, perm, noise, room.everywhere, 63 * EVERYWHERE)
    for x in range(len(room.planes)):
        _shape(room, x, width // 2, height // 2)
        _want(room, x)
    for noise in range(_OF_LANDSCAPE, len(_NOISES)):
        turned = int(_NOISES[noise, 0]) == ALONG
        _add_noise(room, perm, noise, room.turned if turned else room.wanted, _WANTED[noise])


@compiled
def _shape(room: Room, x: int, x0: int, y0: int) -> None:
    """Turn the sums of a column of cells into how near the start, how wet and how high they are."""
    near, water, mountain = (
        room.planes[x, CLEARING],
        room.planes[x, WATERS],
        room.planes[x, MOUNTAINS],
    )
    for y in range(len(room.planes)):
        squared = (x - x0) ** 2 + (y - y0) ** 2
        if squared <= NEARBY**2:
            near[y] = _quick_nearness(room.nearness, near[y], squared)
        else:
            near[y] = 0.0
    for y in range(len(near)):
        water[y], mountain[y] = _landscape(near[y], water[y], mountain[y] / 1.3)


@compiled
def _want(room: Room, x: int) -> None:
    """Tally in a column of cells which noises can matter there."""
    near, water, mountain = (
        room.planes[x, CLEARING],
        room.planes[x, WATERS],
        room.planes[x, MOUNTAINS],
    )
    tally, turned = room.wanted[x], room.turned
    for y in range(len(turned)):
        land = near[y] <= _QUICK.start + _QUICK.off
        high = land & (mountain[y] > _QUICK.high - _QUICK.off_high)
        peak = high & (mountain[y] > _QUICK.peak - _QUICK.off_high)
        low = land & (mountain[y] <= _QUICK.high + _QUICK.off_high)
        shore = low & (abs(water[y] - _QUICK.wet) <= _QUICK.wet - _QUICK.shore + _QUICK.off_wet)
        dry = low & (water[y] <= _QUICK.wet + _QUICK.off_wet)
        tally[y + 1] = high * HIGH + peak * PEAK + shore * SHORE + dry * DRY
    for y in range(len(turned)):
        turned[y, x + 1] = turned[y, x] + (tally[y + 1] & HIGHS)
        tally[y + 1] += tally[y]


@compiled
def _sample_exactly(perm: Ints, x: int, y: int, first: int, end: int, sums: Samples) -> None:
    """Add the exact noises of a cell to what the package puts together in the same order."""
    for noise in range(first, end):
        plane, times_x, by_x, times_y, by_y, size, z, weight = _NOISES[noise]
        at_x, at_y = times_x * x / by_x / size, times_y * y / by_y / size
        sums[int(plane)] += weight * simplex_at(perm, at_x, at_y, z)


@compiled
def _nearness(clearing: float, squared: int) -> float:
    """How near the start a cell is, from the square of its distance."""
    return 1 / (1 + np.exp(-(4 - np.sqrt(squared) + 2 * clearing)))  # type: ignore[no-any-return]


@compiled
def _quick_nearness(table: Any, clearing: float, squared: int) -> Any:
    """The same to six digits, looked up."""
    place = (4 - np.sqrt(np.float32(squared)) + 2 * clearing - FARTHEST) * FINE
    step = int(place)
    return table[step] + (table[step + 1] - table[step]) * (place - step)


@partial(compiled, forceinline=True)
def _landscape(near: float, water: float, mountain: float) -> tuple[float, float]:
    """How wet and how high a cell is, from the noise."""
    water = water + 0.1 - 2 * near
    return water, mountain - (4 * near + 0.3 * water)


@partial(compiled, forceinline=True)
def _off(value: float, threshold: float, off: float) -> bool:
    return abs(value - threshold) <= off


@partial(compiled, forceinline=True)
def _lie(sums: Any, place: int, at: Levels) -> int:
    """What noise makes of a cell: its material, what else may be there, and whether that is sure.

    There is no branch in it, so that many cells are told at a time.

    Args:
        sums: What `_shape` makes of the sums of noise, and the other sums, shape [planes, places].
        place: Which column of them.
        at: The levels to hold them against.

    Returns:
        The material, and the bits of `MAYBE_COAL` and so on; `DOUBTFUL` where the noise is so near
        to a threshold that sums that are off might decide otherwise.
    """
    near, water, mountain = sums[CLEARING, place], sums[WATERS, place], sums[MOUNTAINS, place]
    cave, across, along = sums[CAVE, place], sums[ACROSS, place], sums[ALONG, place]
    coal, iron, lava = sums[COALS, place], sums[IRONS, place], sums[LAVAS, place]
    beach, trees = sums[BEACH, place], sums[TREES, place]
    start = near > at.start
    high = (not start) & (mountain > at.high)
    low = not (start | high)
    peak = high & (mountain > at.peak)
    hollow = peak & (cave > at.cave)
    tunnel = high & (not hollow) & ((across > at.tunnel) | (along > at.tunnel))
    rock = high & (not (hollow | tunnel))
    molten = rock & peak & (lava > at.lava)
    shore = low & (water > at.shore) & (water <= at.deep)
    sand = shore & (beach > at.beach)
    wet = low & (not sand) & (water > at.wet)
    dry = low & (not (sand | wet))
    far = near < at.far
    off_high = at.off_high_far if far else at.off_high
    off_wet = at.off_wet_far if far else at.off_wet
    doubtful = _off(near, at.start, at.off) | (
        (not start)
        & (
            _off(mountain, at.high, off_high)
            | (
                high
                & (
                    _off(mountain, at.peak, off_high)
                    | _off(mountain, at.diamond, off_high)
                    | (peak & (_off(cave, at.cave, at.off) | _off(lava, at.lava, at.off)))
                    | _off(across, at.tunnel, at.off)
                    | _off(along, at.tunnel, at.off)
                    | _off(coal, at.coal, at.off)
                    | _off(iron, at.iron, at.off)
                )
            )
            | (
                low
                & (
                    _off(water, at.shore, off_wet)
                    | _off(water, at.deep, off_wet)
                    | _off(water, at.wet, off_wet)
                    | (shore & _off(beach, at.beach, at.off))
                    | (dry & _off(trees, at.trees, at.off))
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
        + MAYBE_COAL * (rock & (coal > at.coal))
        + MAYBE_IRON * (rock & (iron > at.iron))
        + MAYBE_DIAMOND * (rock & (mountain > at.diamond))
        + MAYBE_TREE * (dry & (trees > at.trees))
        + TUNNEL * tunnel
        + DOUBTFUL * doubtful
    )


@compiled
def _column(room: Room, x: int, lies: Lies) -> None:
    """What noise makes of a column of cells, see `_lie`."""
    sums = room.planes[x]
    for y in range(len(lies)):
        sums[ALONG, y] = room.along[y, x]
    for y in range(len(lies)):
        lies[y] = _lie(sums, y, _QUICK)


@compiled
def _exact_lie(perm: Ints, x: int, y: int, squared: int, sums: Samples) -> int:
    """The same for one cell from exact noise, as far as it matters there."""
    place: Any = np.int64(0)  # numba compiles for a literal 0 once more
    sums[:] = 0
    of_cell = sums[:, place]
    _sample_exactly(perm, x, y, 0, _OF_LANDSCAPE, of_cell)
    near = _nearness(of_cell[CLEARING], squared)
    water, mountain = _landscape(near, of_cell[WATERS], of_cell[MOUNTAINS] / 1.3)
    of_cell[CLEARING], of_cell[WATERS], of_cell[MOUNTAINS] = near, water, mountain
    if near <= _EXACT.start and mountain > _EXACT.high:
        _sample_exactly(perm, x, y, _OF_LANDSCAPE, _OF_LOWLAND, of_cell)
    elif near <= _EXACT.start:
        _sample_exactly(perm, x, y, _OF_LOWLAND, len(_NOISES), of_cell)
    return _lie(sums, place, _EXACT)


@compiled
def _draw_ahead(words: Words, draws: Any, number: int) -> int:
    """Append to the numbers drawn what `uniform` would give next; return how many there are.

    Args:
        words: See `compiled_step.word`.
        draws: The numbers, with room for half a key more.
        number: How many there are.
    """
    ready = np.empty(KEY_WORDS, np.uint32)
    temper_all(words, ready)
    for place in range(words[KEY_WORDS], KEY_WORDS - 1, 2):
        draws[number] = unit(ready[place], ready[place + 1])
        number += 1
    words[KEY_WORDS] += (KEY_WORDS - words[KEY_WORDS]) // 2 * 2
    draws[number] = uniform(words)
    return number + 1


@compiled
def new_world(words: Words, room: Room, width: int, height: int) -> tuple[Codes, Ints]:
    """Generate a world.

    Args:
        words: The world's random numbers, see `compiled_step.word`; they are used up.
        room: Room to work in, from `room_for`.
        width: Width of the map.
        height: Height of the map.

    Returns:
        The materials, shape [width, height]; and what lives on them, each a row of code, column and
        row, in order.
    """
    perm = _permutation(below(words, 2**31 - 1))
    _sum_planes(room, perm, width, height)
    ahead, draws, used, drawn = words.copy(), room.draws, 0, 0
    materials, exact = np.empty((width, height), np.uint8), np.zeros((PLANES, 1))
    tunnels = np.empty((width, height), np.bool_)
    lies = np.empty(len(room.planes), np.int32)
    for x in range(width):
        while drawn - used < 3 * height:
            drawn = _draw_ahead(ahead, draws, drawn)
        _column(room, x, lies)
        for y in range(height):
            lie = lies[y]
            if lie >= DOUBTFUL:
                squared = (x - width // 2) ** 2 + (y - height // 2) ** 2
                lie = _exact_lie(perm, x, y, squared, exact)
            material = lie % MAYBE_COAL
            if lie & MAYBE_COAL:
                used += 1
                if draws[used - 1] > 0.85:
                    material, lie = COAL, 0
            if lie & MAYBE_IRON:
                used += 1
                if draws[used - 1] > 0.75:
                    material, lie = IRON, 0
            if lie & MAYBE_DIAMOND:
                used += 1
                if draws[used - 1] > 0.994:
                    material = DIAMOND
            if lie & MAYBE_TREE:
                used += 1
                if draws[used - 1] > 0.8:
                    material = TREE
            materials[x, y], tunnels[x, y] = material, lie & TUNNEL
    creatures, number = np.empty((width * height, 3), np.int64), 0
    for x in range(width):
        while drawn - used < 3 * height:
            drawn = _draw_ahead(ahead, draws, drawn)
        for y in range(height):
            material, code = materials[x, y], 0
            if not _WALKABLE[material]:
                continue
            squared = (x - width // 2) ** 2 + (y - height // 2) ** 2
            if squared > 9 and material == GRASS:
                used += 1
                if draws[used - 1] > 0.985:
                    code = COW
            if not code and squared > 100:
                used += 1
                if draws[used - 1] > 0.993:
                    code = ZOMBIE
            if not code and tunnels[x, y]:
                used += 1
                if draws[used - 1] > 0.95:
                    code = SKELETON
            if code:
                creatures[number, 0], creatures[number, 1], creatures[number, 2] = code, x, y
                number += 1
    if used:
        skip(words, 2 * used)
    return materials, creatures[:number]


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
        told[7 + item] = world.inventory[item]


@compiled
def simplify(worlds: Any, cells: Any) -> None:
    """Let a map show arrows and plants of the only world as the package's semantic map does."""
    world = worlds[0]
    things, margin = world.things, world.margin
    for thing in range(world.thing_count):
        if things[thing, CODE] >= ARROW:
            x, y = things[thing, X] - margin, things[thing, Y] - margin
            cells[x, y] = things[thing, CODE]
