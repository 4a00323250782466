"""The inner loops that numba speeds up, where it is installed; the results are the same."""

from __future__ import annotations

from typing import Any

import numpy as np

from smartplay.games.crafter.noise import (
    BETWEEN,
    CORNERS,
    EXTRA_EARLY,
    EXTRA_LATE,
    EXTRA_OFFSET,
    EXTRA_SQUISH,
    FAR,
    GRADIENTS,
    MIXED,
    NEAR,
    NORM,
    SQUISH,
    STRETCH,
    Ints,
)
from smartplay.games.crafter.rules import package_folder
from smartplay.games.crafter.twister import KEY_WORDS
from smartplay.games.fast import Function, compile_kernel

Words = np.ndarray[Any, np.dtype[np.uint32]]

_CORNERS = np.array([bits for solid in CORNERS for bits in solid])
"""The corners of the three solids, one after the other, as bits of the axes."""

_STARTS = np.cumsum([0, *(len(solid) for solid in CORNERS)])


def compiled(function: Function, **options: bool) -> Function:
    """The function, compiled on its first call.

    Args:
        function: The function.
        options: As `numba.njit` has them; `fastmath` only where the last digits do not matter.
    """
    rules = package_folder() / "data.yaml"
    return compile_kernel(function, rules, error_model="numpy", **options)


@compiled
def seed_words(words: Words, seed: int) -> None:
    """Begin an MT19937 generator as `RandomState(seed)` does; `seed` < 2**32.

    Args:
        words: Becomes its key, and as the last element how much of it is used up: all.
        seed: The seed.
    """
    value = seed
    for i in range(KEY_WORDS):
        words[i] = value
        value = (1812433253 * (value ^ (value >> 30)) + i + 1) & 0xFFFFFFFF
    words[KEY_WORDS] = KEY_WORDS


@compiled
def twist(key: Words, times: int) -> None:
    """Replace the key of an MT19937 generator by the one that many blocks further on.

    Args:
        key: The 624 words, and maybe more that do not count; changed in place.
        times: How many blocks of 624 words to go.
    """
    upper, lower = np.uint32(0x80000000), np.uint32(0x7FFFFFFF)
    one, magic = np.uint32(1), np.uint32(0x9908B0DF)
    for _ in range(times):
        for i in range(227):
            word = (key[i] & upper) | (key[i + 1] & lower)
            key[i] = key[i + 397] ^ (word >> one) ^ (magic * (word & one))
        # In two loops: many words are read at a time here just as they were written at a time, else
        # the processor would have to wait for them.
        for start, end in ((227, 454), (454, 623)):
            for i in range(start, end):
                word = (key[i] & upper) | (key[i + 1] & lower)
                key[i] = key[i - 227] ^ (word >> one) ^ (magic * (word & one))
        word = (key[623] & upper) | (key[0] & lower)
        key[623] = key[396] ^ (word >> one) ^ (magic * (word & one))


@compiled
def temper_word(word: Any) -> Any:
    """The random word that a word of an MT19937 key stands for."""
    word ^= word >> np.uint32(11)
    word ^= (word << np.uint32(7)) & np.uint32(0x9D2C5680)
    word ^= (word << np.uint32(15)) & np.uint32(0xEFC60000)
    word ^= word >> np.uint32(18)
    return word


@compiled
def temper(key: Words, start: int, end: int) -> Words:
    """The random words that a stretch of an MT19937 key stands for, last first."""
    words = np.empty(end - start, np.uint32)
    for i in range(start, end):
        words[end - 1 - i] = temper_word(key[i])
    return words


@compiled
def _contribution(perm: Ints, i: int, j: int, k: int, dx: float, dy: float, dz: float) -> float:
    attenuation = 2 - dx * dx - dy * dy - dz * dz
    if attenuation <= 0:
        return 0.0
    attenuation *= attenuation
    row = perm[(perm[(perm[i & 255] + j) & 255] + k) & 255] % 24
    gradient = GRADIENTS[row, 0] * dx + GRADIENTS[row, 1] * dy + GRADIENTS[row, 2] * dz
    return attenuation * attenuation * gradient  # type: ignore[no-any-return]


@compiled
def _near_case(x: float, y: float, z: float, total: float) -> int:
    a, a_bit, b, b_bit = x, 1, y, 2
    if x >= y and z > y:
        b, b_bit = z, 4
    elif x < y and z > x:
        a, a_bit = z, 4
    rest = 1 - total
    if rest > a or rest > b:
        return NEAR + (b_bit if b > a else a_bit)
    return NEAR + (a_bit | b_bit)


@compiled
def _far_case(x: float, y: float, z: float, total: float) -> int:
    a, a_bit, b, b_bit = x, 6, y, 5
    if x <= y and z < y:
        b, b_bit = z, 3
    elif x > y and z < x:
        a, a_bit = z, 3
    rest = 3 - total
    if rest < a or rest < b:
        return FAR + (b_bit if b < a else a_bit)
    return FAR + (a_bit & b_bit)


@compiled
def _between_case(x: float, y: float, z: float) -> int:
    p, q, r = x + y, x + z, y + z
    a_far, b_far, c_far = p > 1, q > 1, r > 1
    a, a_bit = (p - 1, 3) if a_far else (1 - p, 4)
    b, b_bit = (q - 1, 5) if b_far else (1 - q, 2)
    c, c_bit = (r - 1, 6) if c_far else (1 - r, 1)
    if a <= b and a < c:
        a_bit, a_far = c_bit, c_far
    elif a > b and b < c:
        b_bit, b_far = c_bit, c_far
    if a_far == b_far:
        return BETWEEN + (a_bit & b_bit if a_far else a_bit | b_bit)
    pair, single = (a_bit, b_bit) if a_far else (b_bit, a_bit)
    return MIXED + 8 * pair + single


@compiled
def simplex_at(perm: Ints, x: float, y: float, z: float) -> float:
    """Noise at a point; see `noise.simplex`."""
    stretch = (x + y + z) * STRETCH
    sx, sy, sz = x + stretch, y + stretch, z + stretch
    fx, fy, fz = np.floor(sx), np.floor(sy), np.floor(sz)
    squish = (fx + fy + fz) * SQUISH
    dx, dy, dz = x - (fx + squish), y - (fy + squish), z - (fz + squish)
    i, j, k = int(fx), int(fy), int(fz)
    ix, iy, iz = sx - fx, sy - fy, sz - fz
    total = ix + iy + iz
    if total <= 1:
        solid, case = 0, _near_case(ix, iy, iz, total)
    elif total >= 2:
        solid, case = 2, _far_case(ix, iy, iz, total)
    else:
        solid, case = 1, _between_case(ix, iy, iz)
    value = 0.0
    for place in range(_STARTS[solid], _STARTS[solid + 1]):
        bits = _CORNERS[place]
        a, b, c = bits & 1, bits >> 1 & 1, bits >> 2 & 1
        s = (a + b + c) * SQUISH
        value += _contribution(perm, i + a, j + b, k + c, dx - a - s, dy - b - s, dz - c - s)
    for slot in range(2):
        offset, early = EXTRA_OFFSET[case, slot], EXTRA_EARLY[case, slot]
        late, s = EXTRA_LATE[case, slot], EXTRA_SQUISH[case, slot]
        value += _contribution(
            perm,
            i + offset[0],
            j + offset[1],
            k + offset[2],
            dx - early[0] - s - late[0],
            dy - early[1] - s - late[1],
            dz - early[2] - s - late[2],
        )
    return value / NORM
