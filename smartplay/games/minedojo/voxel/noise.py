"""Noise that gives the same bytes on every machine.

Integers are hashed in unsigned 32-bit arithmetic; floats only meet `+`, `-`, `*`, `/` and `floor`,
one NumPy operation at a time, which IEEE 754 defines to the last bit. Sums, dot products and
transcendental functions are avoided: their last bit depends on the processor or the library.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from smartplay.games.minedojo.voxel.fast import compiled_kernels

Floats = NDArray[np.float64]
Hashes = NDArray[np.uint32]

# Sixteen directions on the unit circle, written out: sine and cosine differ between libraries.
_NEAR, _MIDDLE, _FAR = 0.3826834323650898, 0.7071067811865476, 0.9238795325112867
_COSINE = np.array([1.0, _FAR, _MIDDLE, _NEAR, 0.0, -_NEAR, -_MIDDLE, -_FAR] * 2)
_COSINE[8:] *= -1.0
_SINE = np.roll(_COSINE, 4)
_GRADIENT_SCALE = 1.4142135623730951
_LOW = 0xFFFFFFFF
# Arrays, as NumPy takes longer to make one of a number than to hash a few of them.
_HALF, _LESS, _ONE_FACTOR, _OTHER_FACTOR = (
    np.array(number, dtype=np.uint32) for number in (16, 15, 0x7FEB352D, 0x846CA68B)
)


def hash_grid(seed: int, xs: NDArray[Any], zs: NDArray[Any]) -> Hashes:
    """Hash every pair of two integer axes.

    Args:
        seed: Any integer; its low 32 bits count.
        xs: Integers of shape `(n,)`.
        zs: Integers of shape `(m,)`.

    Returns:
        Evenly spread 32-bit numbers of shape `(n, m)`.
    """
    return _hash(np.uint32(seed & _LOW), xs[:, None], zs)


def hash_pair(seed: int, x: int, z: int) -> int:
    """The number that `hash_grid` gives one pair."""
    along = mix_one((x * 0x9E3779B1 ^ seed) & _LOW)
    return mix_one(along ^ (z * 0x85EBCA77 & _LOW))


def _hash(seed: Any, x: NDArray[Any], z: NDArray[Any]) -> Hashes:
    east = x.astype(np.uint32) * np.uint32(0x9E3779B1)
    south = z.astype(np.uint32) * np.uint32(0x85EBCA77)
    return mix(mix(east ^ seed) ^ south)


def mix(value: Hashes) -> Hashes:
    """Spread every bit of 32-bit numbers over all bits, one to one."""
    shifted = value >> _HALF
    value = value ^ shifted
    value *= _ONE_FACTOR
    value ^= np.right_shift(value, _LESS, out=shifted)
    value *= _OTHER_FACTOR
    value ^= np.right_shift(value, _HALF, out=shifted)
    return value


def mix_one(value: int) -> int:
    """What `mix` makes of one number."""
    value ^= value >> 16
    value = value * 0x7FEB352D & _LOW
    value ^= value >> 15
    value = value * 0x846CA68B & _LOW
    return value ^ value >> 16


def fraction(value: Hashes) -> Floats:
    """32-bit numbers as floats in [0, 1)."""
    share: Floats = value.astype(np.float64) * (1.0 / 4294967296.0)
    return share


def gradient_noise(
    seeds: NDArray[np.int64], x: NDArray[np.int64], z: NDArray[np.int64], sizes: Floats
) -> Floats:
    """Two-dimensional gradient noise (Perlin 1985, with the quintic fade of Perlin 2002).

    Several noises are made at once: the first axis of all arguments tells them apart.

    Args:
        seeds: Which noises, shape `(k,)`.
        x: Coordinates in blocks, shape `(k, n, 1)` for a grid or `(k, n)` for single places.
        z: Coordinates in blocks, shape `(k, 1, m)` or `(k, n)`.
        sizes: Distance between lattice points in blocks, shape `(k,)`.

    Returns:
        Values in [-1, 1], zero at lattice points, shape `(k, n, m)` or `(k, n)`.
    """
    kernels = compiled_kernels()
    if kernels:
        k, grid = len(seeds), x.ndim > 2
        made: Floats = kernels.layers(
            seeds & _LOW, x.reshape(k, -1), z.reshape(k, -1), sizes, _COSINE, _SINE, grid,
            _GRADIENT_SCALE,
        )  # fmt: skip
        return made if grid else made[:, :, 0]
    count, wide, grid = len(seeds), x.shape[1], x.ndim > 2
    scaled = np.concatenate([x.reshape(count, -1), z.reshape(count, -1)], axis=1) / sizes[:, None]
    whole = np.floor(scaled)
    share = scaled - whole
    fade = share * share * share * (share * (share * 6.0 - 15.0) + 10.0)
    index = whole.astype(np.int64)
    corners_x, corners_z = (_from_first(axis) for axis in (index[:, :wide], index[:, wide:]))
    seed = (seeds & _LOW).astype(np.uint32)[:, None, None]
    direction = _hash(seed, corners_x[:, :, None], corners_z[:, None]) & np.uint32(15)
    cosine, sine = _COSINE.take(direction), _SINE.take(direction)
    rows, high = direction.shape[1:]
    column = index[:, :wide] + np.arange(0, count * rows, rows)[:, None]
    index_z, fx, fz, fade_x, fade_z = (
        index[:, wide:], share[:, :wide], share[:, wide:], fade[:, :wide], fade[:, wide:]
    )  # fmt: skip
    if grid:  # what one axis decides is worked out along that axis
        steps = np.arange(2).reshape(2, 1, 1, 1)
        fx, fz, fade_x, fade_z = fx[:, :, None], fz[:, None], fade_x[:, :, None], fade_z[:, None]
        easts = cosine.reshape(-1, high).take(column + steps[..., 0], axis=0) * (fx - steps)
        lines = np.arange(0, count * rows * high, high).reshape(-1, rows, 1) + index_z[:, None]
        souths = sine.take(lines + steps) * (fz - steps)
        place = np.arange(0, column.size * high, high).reshape(count, -1, 1) + index_z[:, None]

        def corner(dx: int, dz: int) -> Floats:
            total: Floats = easts[dx].reshape(-1)[dz:].take(place)
            total += souths[dz].reshape(-1, z.shape[-1])[dx:].take(column, axis=0)
            return total
    else:
        place = column * high + index_z

        def corner(dx: int, dz: int) -> Floats:
            first = dx * high + dz
            total: Floats = cosine.reshape(-1)[first:].take(place)
            total *= fx - dx
            across = sine.reshape(-1)[first:].take(place)
            across *= fz - dz
            total += across
            return total

    def between(one: Floats, other: Floats, share: Floats) -> Floats:
        other -= one
        other *= share
        other += one  # a + b and b + a are the same to the last bit
        return other

    north = between(corner(0, 0), corner(1, 0), fade_x)
    total = between(north, between(corner(0, 1), corner(1, 1), fade_x), fade_z)
    total *= _GRADIENT_SCALE
    return total


def _from_first(index: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count lattice points, by layers, from the first one met; return those up to the last one."""
    first = index.min(axis=1, keepdims=True)
    index -= first
    points: NDArray[np.int64] = first + np.arange(int(index.max()) + 2)
    return points
