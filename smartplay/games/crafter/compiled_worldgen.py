"""World generation in compiled kernels: the worlds of `worldgen` in a fraction of its time.

The noise is summed block by block here, many cells at a time: each lattice point in reach adds what
it contributes, in single precision and without asking where in the honeycomb the cells lie. How
much it weighs at each cell is the same in all worlds; so that is looked up. The sums are off by up
to `OFF`, most of it because OpenSimplex leaves out far contributions that this includes. A cell
near enough to a threshold for that to matter is decided by the exact noise.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from smartplay.games.crafter.compiled_step import below, skip, unit
from smartplay.games.crafter.kernels import Words, compiled, simplex_at, temper_word, twist
from smartplay.games.crafter.noise import GRADIENTS, NORM, Ints
from smartplay.games.crafter.room import (
    ACROSS,
    ALONG,
    BEACH,
    CAVE,
    CLEARING,
    COALS,
    COLUMNS,
    DRY,
    EVERYWHERE,
    FARTHEST,
    FINE,
    HIGH,
    IRONS,
    LANES,
    LAVAS,
    MOUNTAINS,
    NEAR_START,
    NEARBY,
    NOISES,
    PEAK,
    PLANES,
    SHORE,
    TREES,
    WATERS,
    Codes,
    Room,
)
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
from smartplay.games.crafter.twister import KEY_WORDS

Samples = np.ndarray[Any, np.dtype[Any]]
Lies = np.ndarray[Any, np.dtype[np.int32]]

OFF = 1.5e-4
"""More than a sum of noise of weight 1 is off by.

What OpenSimplex leaves out is at most 1.212e-4, whatever the gradients: the most found over the
honeycomb. Single precision adds less than 1e-5.
"""


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

_OF_LANDSCAPE, _OF_LOWLAND = 5, 11
"""How many noises make the landscape, and where those begin that matter below the mountains."""

MAYBE_COAL, MAYBE_IRON, MAYBE_DIAMOND, MAYBE_TREE, TUNNEL, DOUBTFUL = (16 << i for i in range(6))
"""What noise tells of a cell besides its material, whose code is less than the first of them."""

_WANTED = np.array(
    [NEAR_START] + [EVERYWHERE] * 4 + [PEAK, HIGH, HIGH, HIGH, HIGH, PEAK, SHORE, DRY], np.uint8
)
"""In which blocks each noise is wanted."""

_GRADIENTS = GRADIENTS.astype(np.float32)
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


@intrinsic  # type: ignore[untyped-decorator]
def _add_block(_: Any, cells: Any, at: Any, weights: Any, from_: Any, first: Any, by: Any) -> Any:
    """Add to a block of cells `weights[from_ + i] * (first + by * i)`, at cell `at` + i.

    The compiler takes many cells at a time in simple loops only; so this is spelled out.
    """

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        block = ir.VectorType(ir.FloatType(), LANES)

        def block_at(array: int) -> Any:
            data = context.make_array(signature.args[array])(context, builder, values[array]).data
            return builder.bitcast(builder.gep(data, [values[array + 1]]), block.as_pointer())

        def everywhere(value: Any) -> Any:
            row = ir.Constant(block, ir.Undefined)
            for lane in range(LANES):
                row = builder.insert_element(row, value, ir.IntType(32)(lane))
            return row

        lanes = ir.Constant(block, [float(lane) for lane in range(LANES)])
        place, weighing = block_at(0), builder.load(block_at(2))
        weighing.align = 4
        old = builder.load(place)
        old.align = 4
        fast = ("fast",)
        away = builder.fmul(everywhere(values[5]), lanes, flags=fast)
        away = builder.fadd(everywhere(values[4]), away, flags=fast)
        new = builder.fadd(old, builder.fmul(weighing, away, flags=fast), flags=fast)
        builder.store(new, place, align=4)
        return context.get_dummy_value()

    return types.void(cells, at, weights, from_, first, by), build


@partial(compiled, fastmath=True)
def _add_noise(room: Room, perm: Ints, noise: int, kinds: Codes) -> None:
    """Add noise to a plane, at least where it is wanted.

    Args:
        room: The room.
        perm: From `_permutation`.
        noise: Which of `NOISES`.
        kinds: What kinds of cells are in the blocks of the plane.
    """
    number, times_x, by_x, times_y, by_y, size, _, weight = NOISES[noise]
    scale, wanted, rows = np.float32(weight / NORM), _WANTED[noise], room.planes.shape[2]
    step_x, step_y = np.float32(times_x / by_x / size), np.float32(times_y / by_y / size)
    # Unsigned indices cannot mean places from the end, which would cost a test each.
    cells, origin, across, along = room.planes.reshape(-1), np.uint64(number * rows), 0, 1
    stride, lanes, wide = np.uint64(PLANES * rows), np.uint64(LANES), np.uint64(COLUMNS)
    if number == ALONG:
        cells, origin, stride = room.along.reshape(-1), np.uint64(0), np.uint64(len(room.along))
        step_x, step_y, across, along = step_y, step_x, 1, 0
    for at in range(room.starts[noise], room.starts[noise + 1]):
        point, slopes = room.points[at], room.slopes[at]
        row = perm[(perm[(perm[point.i] + point.j) & 255] + point.k) & 255] % 24
        by_x, by_y = scale * _GRADIENTS[row, across], scale * _GRADIENTS[row, along]
        by_z = scale * _GRADIENTS[row, 2]
        slopes[0] = by_x * point.dx + by_y * point.dy + by_z * point.dz
        slopes[1], slopes[2] = by_x * step_x, by_y * step_y
    pairs, weights, slopes, tall = room.pairs, room.weights, room.slopes, len(room.along) // LANES
    starts = room.pair_starts[noise * len(kinds) :]
    for block in range(np.uint64(len(kinds))):
        if kinds[block] & wanted:
            place = origin + block // np.uint64(tall) * wide * stride
            place += block % np.uint64(tall) * lanes
            for at in range(np.uint64(starts[block]), np.uint64(starts[block + np.uint64(1)])):
                pair = pairs[at]
                weight, skip, point = np.uint64(pair.weights), np.uint64(pair.stride), pair.point
                by_column, by_row = slopes[point, 1], slopes[point, 2]
                level = slopes[point, 0] + by_column * pair.right + by_row * pair.down
                for column in range(COLUMNS):
                    _add_block(
                        cells,
                        place + np.uint64(column) * stride,
                        weights,
                        weight + np.uint64(column) * skip,
                        level + np.float32(column) * by_column,
                        by_row,
                    )


@compiled
def _sum_planes(room: Room, perm: Ints, width: int, height: int) -> None:
    """Fill the planes, each at least where it can matter."""
    room.planes[:] = 0
    room.along[:] = 0
    for noise in range(_OF_LANDSCAPE):
        _add_noise(room, perm, noise, room.everywhere)
    room.wanted[:] = 0
    room.turned[:] = 0
    kinds = np.empty(len(room.planes), np.uint8)
    for x in range(len(room.planes)):
        _shape(room, x, width // 2, height // 2)
        _want(room, x, kinds)
    for noise in range(_OF_LANDSCAPE, len(NOISES)):
        turned = int(NOISES[noise, 0]) == ALONG
        _add_noise(room, perm, noise, room.turned if turned else room.wanted)


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
def _want(room: Room, x: int, kinds: Codes) -> None:
    """Note of the blocks in a column, and of those across, which kinds of cells they have."""
    near, water, mountain = (
        room.planes[x, CLEARING],
        room.planes[x, WATERS],
        room.planes[x, MOUNTAINS],
    )
    wanted, turned, side = room.wanted, room.turned, len(room.planes)
    for y in range(side):
        land = near[y] <= _QUICK.start + _QUICK.off
        high = land & (mountain[y] > _QUICK.high - _QUICK.off_high)
        peak = high & (mountain[y] > _QUICK.peak - _QUICK.off_high)
        low = land & (mountain[y] <= _QUICK.high + _QUICK.off_high)
        shore = low & (abs(water[y] - _QUICK.wet) <= _QUICK.wet - _QUICK.shore + _QUICK.off_wet)
        dry = low & (water[y] <= _QUICK.wet + _QUICK.off_wet)
        kinds[y] = high * HIGH | peak * PEAK | shore * SHORE | dry * DRY
    tall = side // LANES
    for y in range(0, side, COLUMNS):
        some = kinds[y]
        for i in range(y + 1, y + COLUMNS):
            some |= kinds[i]
        wanted[x // COLUMNS * tall + y // LANES] |= some
        turned[y // COLUMNS * tall + x // LANES] |= some


@compiled
def _sample_exactly(perm: Ints, x: int, y: int, first: int, end: int, sums: Samples) -> None:
    """Add the exact noises of a cell to what the package puts together in the same order."""
    for noise in range(first, end):
        plane, times_x, by_x, times_y, by_y, size, z, weight = NOISES[noise]
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
        _sample_exactly(perm, x, y, _OF_LOWLAND, len(NOISES), of_cell)
    return _lie(sums, place, _EXACT)


@compiled
def _draw_ahead(words: Words, draws: Words, number: int) -> int:
    """Append the rest of a key, or the next one, to the words drawn; return how many there are.

    Args:
        words: See `compiled_step.word`.
        draws: The words, with room for a key more.
        number: How many there are.
    """
    position = int(words[KEY_WORDS])
    if position == KEY_WORDS:
        twist(words, 1)
        position = 0
    for i in range(KEY_WORDS - position):
        draws[number + i] = temper_word(words[position + i])
    words[KEY_WORDS] = KEY_WORDS
    return number + KEY_WORDS - position


@compiled
def _exceeds(draws: Words, used: int, level: float) -> bool:
    """Whether the last of the random numbers used exceeds a level."""
    return unit(draws[2 * used - 2], draws[2 * used - 1]) > level


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
        while drawn - 2 * used < 6 * height:
            drawn = _draw_ahead(ahead, draws, drawn)
        _column(room, x, lies)
        for y in range(height):
            lie = lies[y]
            if lie >= DOUBTFUL:
                squared = (x - width // 2) ** 2 + (y - height // 2) ** 2
                lie = _exact_lie(perm, x, y, squared, exact)
            material = lie & (MAYBE_COAL - 1)
            if lie & MAYBE_COAL:
                used += 1
                if _exceeds(draws, used, 0.85):
                    material, lie = COAL, 0
            if lie & MAYBE_IRON:
                used += 1
                if _exceeds(draws, used, 0.75):
                    material, lie = IRON, 0
            if lie & MAYBE_DIAMOND:
                used += 1
                if _exceeds(draws, used, 0.994):
                    material = DIAMOND
            if lie & MAYBE_TREE:
                used += 1
                if _exceeds(draws, used, 0.8):
                    material = TREE
            materials[x, y], tunnels[x, y] = material, lie & TUNNEL
    creatures, number = np.empty((width * height, 3), np.int64), 0
    for x in range(width):
        while drawn - 2 * used < 6 * height:
            drawn = _draw_ahead(ahead, draws, drawn)
        for y in range(height):
            material, code = materials[x, y], 0
            if not _WALKABLE[material]:
                continue
            squared = (x - width // 2) ** 2 + (y - height // 2) ** 2
            if squared > 9 and material == GRASS:
                used += 1
                if _exceeds(draws, used, 0.985):
                    code = COW
            if not code and squared > 100:
                used += 1
                if _exceeds(draws, used, 0.993):
                    code = ZOMBIE
            if not code and tunnels[x, y]:
                used += 1
                if _exceeds(draws, used, 0.95):
                    code = SKELETON
            if code:
                creatures[number, 0], creatures[number, 1], creatures[number, 2] = code, x, y
                number += 1
    if used:
        skip(words, 2 * used)
    return materials, creatures[:number]
