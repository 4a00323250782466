"""The inner loops that numba speeds up, where it is installed; the results are the same."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from smartplay.games.fast import compile_kernel
from smartplay.games.minedojo.voxel.blocks import AIR, ICE, NUMBER
from smartplay.games.minedojo.voxel.lands import (
    BIOME,
    CELL,
    COAST,
    FROST,
    HIGH,
    PEAK,
    SEA_LEVEL,
    SHORE,
)
from smartplay.games.minedojo.voxel.region import FLOOR, LEVELS
from smartplay.games.minedojo.voxel.world import (
    CLIMB_TICKS,
    COLUMNS,
    DRAG,
    GRAVITY,
    HALF_WIDTH,
    HEIGHT,
    SPAN,
    SWIMMING,
)

Floats = NDArray[np.float64]

Fields = tuple[Floats, Floats, NDArray[np.uint8]]

FARTHEST = 2**62
RIVER, BEACH, SWAMP = BIOME["river"], BIOME["beach"], BIOME["swamp"]
MOUNTAINS, ICE_SPIKES = BIOME["mountains"], BIOME["ice spikes"]
OCEAN, DEEP_OCEAN, FROZEN_OCEAN = (BIOME[name] for name in ("ocean", "deep ocean", "frozen ocean"))
GRASS, COAST_GRASS, SNOW = (NUMBER[name] for name in ("grass block", "coast grass", "snow layer"))
MUSHROOM, CANE, LILY = (NUMBER[name] for name in ("brown mushroom", "sugar cane", "lily pad"))


@compile_kernel
def mix(value: int) -> int:
    """As `noise.mix_one`."""
    value ^= value >> 16
    value = value * 0x7FEB352D & 0xFFFFFFFF
    value ^= value >> 15
    value = value * 0x846CA68B & 0xFFFFFFFF
    return value ^ value >> 16


@compile_kernel
def _draw(seed: int, x: int, z: int) -> int:
    """As `noise.hash_pair`."""
    along = mix((x * 0x9E3779B1 ^ seed) & 0xFFFFFFFF)
    return mix(along ^ (z * 0x85EBCA77 & 0xFFFFFFFF))


@compile_kernel
def layers(
    seeds: NDArray[np.int64],
    x: NDArray[np.int64],
    z: NDArray[np.int64],
    sizes: Floats,
    cosine: Floats,
    sine: Floats,
    grid: bool,
    scale: float,
) -> Floats:
    """Noise at places or on a grid; `noise.gradient_noise` says the same in NumPy.

    Args:
        seeds: As there; only the low 32 bits are set.
        x: Coordinates in blocks, shape `(k, n)`.
        z: The same, shape `(k, m)`.
        sizes: As there.
        cosine: x of the gradients.
        sine: z of the gradients.
        grid: Whether every x meets every z; else they are pairs.
        scale: What all is multiplied by.
    """
    count, wide = x.shape
    long = z.shape[1]
    high = long if grid else 1
    made = np.empty((count, wide, high))
    rows, columns = np.empty(wide, np.int64), np.empty(long, np.int64)
    shares, fades = np.empty(long), np.empty(long)
    for k in range(count):
        west, east, north, south = FARTHEST, -FARTHEST, FARTHEST, -FARTHEST
        for i in range(wide):
            rows[i] = int(np.floor(x[k, i] / sizes[k]))
            west, east = min(west, rows[i]), max(east, rows[i])
        for j in range(long):
            whole = np.floor(z[k, j] / sizes[k])
            share = z[k, j] / sizes[k] - whole
            columns[j], shares[j] = int(whole), share
            fades[j] = share * share * share * (share * (share * 6.0 - 15.0) + 10.0)
            north, south = min(north, columns[j]), max(south, columns[j])
        gradients = np.empty((east - west + 2, south - north + 2), np.uint8)
        for a in range(gradients.shape[0]):
            for b in range(gradients.shape[1]):
                gradients[a, b] = _draw(seeds[k], west + a, north + b) & 15
        for i in range(wide):
            fx = x[k, i] / sizes[k] - rows[i]
            u = fx * fx * fx * (fx * (fx * 6.0 - 15.0) + 10.0)
            a = rows[i] - west
            for place in range(high):
                j = place if grid else i
                b, fz = columns[j] - north, shares[j]
                nw, ne = gradients[a, b], gradients[a + 1, b]
                sw, se = gradients[a, b + 1], gradients[a + 1, b + 1]
                one = cosine[nw] * fx + sine[nw] * fz
                other = cosine[ne] * (fx - 1) + sine[ne] * fz
                above = one + u * (other - one)
                one = cosine[sw] * fx + sine[sw] * (fz - 1)
                other = cosine[se] * (fx - 1) + sine[se] * (fz - 1)
                below = one + u * (other - one)
                made[k, i, place] = (above + fades[j] * (below - above)) * scale
    return made


@compile_kernel
def fields(
    temperature: Floats,
    humidity: Floats,
    continent: Floats,
    rough: Floats,
    hills: Floats,
    river: Floats,
    warmest: Floats,
    wettest: Floats,
    lands: NDArray[np.uint8],
) -> Fields:
    """Inland, height and biome out of the noises at places; `climate` says the same in NumPy.

    Args:
        temperature: Shape `(n,)`, as all noises.
        humidity: Noise.
        continent: Noise.
        rough: Noise.
        hills: Noise.
        river: Noise.
        warmest: Where rows of `lands` begin, but for the first.
        wettest: Where its columns begin, but for the first.
        lands: Biomes by temperature and humidity.
    """
    count = len(temperature)
    inlands, heights, biomes = np.empty(count), np.empty(count), np.empty(count, np.uint8)
    bed = SEA_LEVEL - 3.0
    for i in range(count):
        inland = continent[i] - COAST
        ruggedness = max(rough[i] - 0.1, 0.0)
        slope = min(max(inland, 0.0), SHORE)
        rise = min(max(inland - SHORE, 0.0), 0.9)
        ramp = min(max((inland - SHORE) * 6.0, 0.0), 1.0)
        depth = min(max(min(max(-inland, 0.0), 0.5) * 70.0, 0.0), 22.0)
        height = SEA_LEVEL + slope * 54.0 + rise * 36.0 - depth
        height += ramp * hills[i] * (4.0 + ruggedness * 42.0) + ramp * ruggedness * 26.0
        height = min(height, PEAK)
        if inland > 0.0:
            height = max(height, SEA_LEVEL + 0.3)
        valley = 1.0 - min(max((abs(river[i]) - 0.02) * 5.0, 0.0), 1.0)
        valley *= min(max((SEA_LEVEL + 30.0 - height) * 0.08, 0.0), 1.0)
        carved = bed + (height - bed) * (1.0 - valley)
        low = inland > SHORE and carved < height
        if low:
            height = carved
        row = place = 0
        while row < len(warmest) and temperature[i] >= warmest[row]:
            row += 1
        while place < len(wettest) and humidity[i] >= wettest[place]:
            place += 1
        biome = int(lands[row, place])
        if height > SEA_LEVEL + HIGH:
            biome = MOUNTAINS
        if inland < SHORE:
            biome = BEACH
        if low and carved < SEA_LEVEL:
            biome = RIVER
        if inland <= 0.0:
            biome = OCEAN
            if inland < -0.3:
                biome = DEEP_OCEAN
            if temperature[i] < FROST:
                biome = FROZEN_OCEAN
        inlands[i], heights[i], biomes[i] = inland, height, biome
    return inlands, heights, biomes


@compile_kernel
def region(
    seed: int,
    x0: int,
    z0: int,
    temperature: Floats,
    humidity: Floats,
    inland: Floats,
    height: Floats,
    biome: NDArray[np.uint8],
    detail: Floats,
    pad: int,
    tables: tuple[Any, ...],
    plants: tuple[Any, ...],
    pieces: Any,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.int16], NDArray[np.uint8]]:
    """What a `Region` holds; `terrain` says the same in NumPy.

    Args:
        seed: The world's number.
        x0: Where the region begins.
        z0: The same.
        temperature: At the corners of the cells, as all of `climate.Fields`.
        humidity: At the corners.
        inland: At the corners.
        height: At the corners.
        biome: At the corners.
        detail: The small ups and downs by column.
        pad: How many columns beyond each edge are told.
        tables: Piles, tops and whether those are mixed by biome; chance, choice and spacing of what
            stands.
        plants: `plants.TABLES`.
        pieces: `plants.PIECES`.
    """
    piles, tops, mixed, _, _, _ = tables
    width, length = detail.shape[0] - 2 * pad, detail.shape[1] - 2 * pad
    ground = _ground(inland, height, biome, detail)
    blocks = np.empty((width, length, LEVELS), np.uint8)
    biomes, surface = np.empty((width, length), np.uint8), np.empty((width, length), np.int16)
    draws = np.empty((width, length), np.int64)
    for x in range(width):
        for z in range(length):
            i, j, y = (x + pad) // CELL, (z + pad) // CELL, ground[x + pad, z + pad]
            draw, land, level = _draw(seed + 101, x0 + x, z0 + z), biome[i, j], y - FLOOR
            frozen = temperature[i, j] < FROST and y < SEA_LEVEL - 1
            patch = mixed[land] and draw & 0x30000 == 0
            for up in range(LEVELS):
                blocks[x, z, up] = piles[land * LEVELS + level, up]
            blocks[x, z, level] = GRASS if patch else tops[land]
            if frozen:
                blocks[x, z, SEA_LEVEL - 1 - FLOOR] = ICE
            draws[x, z], biomes[x, z] = draw, land
            surface[x, z] = SEA_LEVEL - 1 if frozen else y
    _stand(seed, x0 - pad, z0 - pad, blocks, ground, biome, pad, tables, pieces)
    for x in range(width):
        for z in range(length):
            i, j, y = (x + pad) // CELL, (z + pad) // CELL, ground[x + pad, z + pad]
            plant, up = _cover(
                biome[i, j], temperature[i, j], humidity[i, j], inland[i, j], y, draws[x, z], plants
            )
            if blocks[x, z, up] == AIR:
                blocks[x, z, up] = plant
    return blocks, biomes, surface, _tops(blocks)


@compile_kernel
def _ground(
    inland: Floats, height: Floats, biome: NDArray[np.uint8], detail: Floats
) -> NDArray[np.int64]:
    width, length = detail.shape
    ground = np.empty((width, length), np.int64)
    for x in range(width):
        i, share_x = x // CELL, x % CELL * (1.0 / CELL)
        for z in range(length):
            j, share_z = z // CELL, z % CELL * (1.0 / CELL)
            one = height[i, j] + (height[i + 1, j] - height[i, j]) * share_x
            other = height[i, j + 1] + (height[i + 1, j + 1] - height[i, j + 1]) * share_x
            level = (other - one) * share_z + one
            level += detail[x, z] * min(max(inland[i, j] * 8.0, 0.0), 1.2)
            if inland[i, j] > 0.0 and biome[i, j] != RIVER:
                level = max(level, float(SEA_LEVEL))
            ground[x, z] = int(np.floor(level) - 1.0)
    return ground


@compile_kernel
def _stand(
    seed: int,
    west: int,
    north: int,
    blocks: NDArray[np.uint8],
    ground: NDArray[np.int64],
    biome: NDArray[np.uint8],
    pad: int,
    tables: tuple[Any, ...],
    pieces: Any,
) -> None:
    _, _, _, chance, choice, spacing = tables
    width, length = ground.shape
    most = (width // spacing + 2) * (length // spacing + 2)
    places, labels, count = np.empty((most, 3), np.int64), np.empty(most, np.int64), 0
    for square_x in range(west // spacing, (west + width - 1) // spacing + 1):
        for square_z in range(north // spacing, (north + length - 1) // spacing + 1):
            draw = _draw(seed + 103, square_x, square_z)
            x = square_x * spacing - west + (draw >> 2) % 4
            z = square_z * spacing - north + (draw >> 5) % 4
            if not (0 <= x < width and 0 <= z < length):
                continue
            land, y = biome[x // CELL, z // CELL], ground[x, z] + 1
            if y >= SEA_LEVEL and mix(draw) * (1.0 / 4294967296.0) < chance[land]:
                places[count, 0], places[count, 1], places[count, 2] = x - pad, y - FLOOR, z - pad
                labels[count] = choice[land, (draw >> 9) & 3] * 3 + (draw >> 12) % 3
                count += 1
    kinds = len(pieces.start) // 2  # their soft parts come first
    for label in range(kinds):
        for plant in range(count - 1, -1, -1):
            if labels[plant] == label:
                _stamp(blocks, places[plant], label, pieces, True)
    for label in range(kinds):
        for plant in range(count):
            if labels[plant] == label:
                _stamp(blocks, places[plant], kinds + label, pieces, False)


@compile_kernel
def _stamp(
    blocks: NDArray[np.uint8], place: NDArray[np.int64], label: int, pieces: Any, only_air: bool
) -> None:
    for piece in range(pieces.start[label], pieces.start[label] + pieces.number[label]):
        x = place[0] + pieces.offsets[piece, 0]
        y = place[1] + pieces.offsets[piece, 1]
        z = place[2] + pieces.offsets[piece, 2]
        if (
            0 <= x < blocks.shape[0]
            and 0 <= z < blocks.shape[1]
            and y < LEVELS
            and not (only_air and blocks[x, z, y] != AIR)
        ):
            blocks[x, z, y] = pieces.numbers[piece]


@compile_kernel
def _cover(
    biome: int,
    temperature: float,
    humidity: float,
    inland: float,
    ground: int,
    draw: int,
    plants: tuple[Any, ...],
) -> tuple[int, int]:
    """What grows on a column, and at which level."""
    covered, by_temperature, temperatures, by_humidity, humidities, coastal = plants
    own, chance = mix(draw), mix(draw ^ 7) & 63
    which, roll = mix(own) & 15, own * (1.0 / 4294967296.0)
    mild, river, above = temperature > FROST, biome == RIVER, ground + 1
    if above < SEA_LEVEL:
        lily = river and humidity > 0.2 and mild and chance == 9
        return (LILY, SEA_LEVEL - FLOOR) if lily else (AIR, above - FLOOR)
    plant = AIR
    if above == SEA_LEVEL and mild and biome != BEACH and chance < 6:
        plant = CANE
    elif river or biome == ICE_SPIKES:
        plant = AIR
    elif roll < covered[biome]:
        if which == 15 and biome == SWAMP:
            plant = MUSHROOM
        elif biome == BEACH or (inland < coastal and which < 4):
            plant = COAST_GRASS
        elif which < 9:
            plant = int(by_humidity[_below(humidities, humidity)])
        else:
            plant = int(by_temperature[_below(temperatures, temperature)])
    elif 1.0 - roll < (-0.16 - temperature) * (1.0 / 0.22):
        plant = SNOW
    return plant, above - FLOOR


@compile_kernel
def _below(limits: Floats, value: float) -> int:
    """How many limits are below a value."""
    count = 0
    for limit in limits:
        count += limit < value
    return count


@compile_kernel
def nearest_square(places: Floats, x: float, z: float) -> float:
    """The least squared distance from a place (x, z) to others, shape `(n, 2)`."""
    least = np.inf
    for place in range(len(places)):
        aside, along = places[place, 0] - x, places[place, 1] - z
        least = min(least, aside * aside + along * along)
    return least


@compile_kernel
def _tops(blocks: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """How many levels each column has up to its highest block that is not air."""
    width, length, _ = blocks.shape
    eights, tops = blocks.view(np.uint64), np.empty((width, length), np.uint8)
    for x in range(width):
        for z in range(length):
            whole = eights.shape[2]
            while whole and not eights[x, z, whole - 1]:
                whole -= 1
            level = whole * 8
            while level and not blocks[x, z, level - 1]:
                level -= 1
            tops[x, z] = level
    return tops


@compile_kernel
def follow(
    blocks: NDArray[np.uint8], tops: NDArray[np.uint8], paths: Any, column: int, level: int
) -> tuple[NDArray[np.uint8], NDArray[np.int16], Floats]:
    """What `sight.Hits` holds.

    Args:
        blocks: `World.blocks`.
        tops: `World.tops`, which is small enough to stay near the processor: most blocks on the way
            of a ray are above it.
        paths: `columns`, `rises`, `ends`, `entry` and `blocks` of `sight.Paths`.
        column: Of the eyes.
        level: Of the eyes.
    """
    columns, rises, ends, entry, places = paths
    total, mask = len(ends), len(tops) - 1
    numbers, offsets = np.zeros(total, np.uint8), np.empty((total, 3), np.int16)
    distances = np.full(total, np.inf)
    for ray in range(total):
        met = 0
        for i in range(ends[ray]):
            here = level + rises[ray, i]
            at = (column + columns[ray, i]) & mask
            if here >= tops[at]:
                continue
            number = blocks[at * LEVELS + max(here, 0)]
            if number:
                met, numbers[ray], distances[ray] = i, number, entry[ray, i]
                break
        for axis in range(3):
            offsets[ray, axis] = places[ray, met, axis]
    return numbers, offsets, distances


@compile_kernel
def meets(
    offset: tuple[int, int, int], divisors: Floats, limit: Floats, farthest: float
) -> tuple[bool, NDArray[np.bool_]]:
    """Whether any ray meets a box, and which; `sight.boxed` says the same in NumPy.

    Args:
        offset: As there.
        divisors: Directions of the rays without zeros, shape `(3, rays)`.
        limit: As there.
        farthest: The view's range.
    """
    count, some = len(limit), False
    first = np.zeros(count, np.bool_)
    for ray in range(count):
        enter, leave = -np.inf, np.inf
        for axis in range(3):
            one = (offset[axis] - 0.5) / divisors[axis, ray]
            other = (offset[axis] + 0.5) / divisors[axis, ray]
            enter, leave = max(enter, min(one, other)), min(leave, max(one, other))
        if 0.0 < enter < min(limit[ray], farthest) and enter < leave:
            first[ray] = some = True
    return some, first


@compile_kernel
def kinds(numbers: NDArray[np.uint16], offsets: NDArray[np.int16], found: NDArray[np.int64]) -> int:
    """Each kind of block that rays meet: number, first of the nearest rays and how many.

    Args:
        numbers: Of the blocks met, 0 for none, shape `(rays,)`.
        offsets: Where they are, shape `(rays, 3)`.
        found: Takes the kinds, shape `(rays, 4)`; its last column is for their distances.

    Returns:
        How many kinds there are.
    """
    count = 0
    for ray in range(len(numbers)):
        number, square = np.int64(numbers[ray]), np.int64(0)
        if not number:
            continue
        for axis in range(3):
            square += np.int64(offsets[ray, axis]) * np.int64(offsets[ray, axis])
        kind = 0
        while kind < count and found[kind, 0] != number:
            kind += 1
        if kind == count:
            found[kind, 0], found[kind, 1], found[kind, 2], found[kind, 3] = number, ray, 0, square
            count += 1
        elif square < found[kind, 3]:
            found[kind, 1], found[kind, 3] = ray, square
        found[kind, 2] += 1
    return count


@compile_kernel
def groups(around: NDArray[np.uint16], order: NDArray[np.int64], found: NDArray[np.int64]) -> int:
    """The nearest group of each kind of block: number, place in the order, and size.

    Args:
        around: Block numbers, shape `(side, side, side)`.
        order: All places, the nearest first.
        found: Takes the groups, shape `(places, 3)`.

    Returns:
        How many kinds there are.
    """
    side, flat, count = around.shape[0], around.reshape(-1), 0
    met, stack = np.zeros(flat.size, np.bool_), np.empty(flat.size, np.int64)
    for rank in range(len(order)):
        place, kind = order[rank], 0
        number = flat[place]
        while kind < count and found[kind, 0] != number:
            kind += 1
        if not number or kind < count:
            continue
        met[place], stack[0], waiting, size = True, place, 1, 0
        while waiting:
            waiting -= 1
            size += 1
            here, step = stack[waiting], 1
            for _ in range(3):
                along = here // step % side
                for way in (-1, 1):
                    there = here + way * step
                    if 0 <= along + way < side and flat[there] == number and not met[there]:
                        met[there], stack[waiting] = True, there
                        waiting += 1
                step *= side
        found[count, 0], found[count, 1], found[count, 2] = number, rank, size
        count += 1
    return count


@compile_kernel
def _free(
    blocks: NDArray[np.uint8], solid: NDArray[np.bool_], x: float, y: float, z: float
) -> bool:
    low = int(np.floor(y)) - FLOOR
    if low < 0:
        return False
    high = min(int(np.floor(y + HEIGHT)) - FLOOR, LEVELS - 1)
    for cx in range(int(np.floor(x - HALF_WIDTH)), int(np.floor(x + HALF_WIDTH)) + 1):
        for cz in range(int(np.floor(z - HALF_WIDTH)), int(np.floor(z + HALF_WIDTH)) + 1):
            column = ((cx * SPAN + cz) & (COLUMNS - 1)) * LEVELS
            for level in range(low, high + 1):
                if solid[blocks[column + level]]:
                    return False
    return True


@compile_kernel
def _holds(blocks: NDArray[np.uint8], number: int, x: float, y: float, z: float) -> bool:
    level = int(np.floor(y)) - FLOOR
    if level < 0 or level >= LEVELS:
        return False
    column = (int(np.floor(x)) * SPAN + int(np.floor(z))) & (COLUMNS - 1)
    return bool(blocks[column * LEVELS + level] == number)


@compile_kernel
def walk(
    blocks: NDArray[np.uint8],
    biome: NDArray[np.uint8],
    solid: NDArray[np.bool_],
    water: int,
    goal: NDArray[np.bool_],
    ways: Floats,
    ticks: int,
    posture: tuple[float, float, float, float, int],
) -> tuple[int, bool, tuple[float, float, float, float, int]]:
    """Walk; see `walker.Walker`, which says the same in Python.

    Args:
        blocks: `World.blocks`.
        biome: `World.biome`.
        solid: Whether a body is stopped, by block number.
        water: The number of water.
        goal: Whether it is the goal, by biome number.
        ways: (x, z) of one tick of each stretch, shape `(n, 2)`.
        ticks: Of a stretch.
        posture: `Walker.posture`.

    Returns:
        The ticks walked, whether the goal is reached, and the posture then.
    """
    x, y, z, fall, rest = posture
    count = 0
    for number in range(len(ways)):
        for _ in range(ticks):
            count += 1
            swims = _holds(blocks, water, x, y + 0.3, z)
            if rest:
                rest -= 1
            else:
                share = SWIMMING if swims else 1.0
                stands = swims or not _free(blocks, solid, x, y - 0.05, z)
                for axis in range(2):
                    if not ways[number, axis]:
                        continue
                    there_x, there_z = x, z
                    if axis:
                        there_z = z + ways[number, axis] * share
                    else:
                        there_x = x + ways[number, axis] * share
                    if _free(blocks, solid, there_x, y, there_z):
                        x, z = there_x, there_z
                    elif stands:
                        above = np.floor(y) + 1.0
                        if _free(blocks, solid, x, above, z) and _free(
                            blocks, solid, there_x, above, there_z
                        ):
                            x, y, z, rest = there_x, above, there_z, CLIMB_TICKS
            if swims:
                fall = 0.0
                if _holds(blocks, water, x, y + 0.5, z) and _free(blocks, solid, x, y + 0.2, z):
                    y += 0.2
            else:
                faster = (fall + GRAVITY) * DRAG
                if _free(blocks, solid, x, y - faster, z):
                    y, fall = y - faster, faster
                elif fall or y != np.floor(y):
                    y, fall = np.floor(y), 0.0
            column = (int(np.floor(x)) * SPAN + int(np.floor(z))) & (COLUMNS - 1)
            if goal[biome[column]]:
                return count, True, (x, y, z, fall, rest)
    return count, False, (x, y, z, fall, rest)
