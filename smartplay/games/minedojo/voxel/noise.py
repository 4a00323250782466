"""Noise that gives the same bytes on every machine.

Integers are hashed in unsigned 32-bit arithmetic; floats only meet `+`, `-`, `*`, `/` and `floor`,
one NumPy operation at a time, which IEEE 754 defines to the last bit. Sums, dot products and
transcendental functions are avoided: their last bit depends on the processor or the library.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Hashes = NDArray[np.uint32]

# Sixteen directions on the unit circle, written out: sine and cosine differ between libraries.
_NEAR, _MIDDLE, _FAR = 0.3826834323650898, 0.7071067811865476, 0.9238795325112867
_COSINE = np.array([1.0, _FAR, _MIDDLE, _NEAR, 0.0, -_NEAR, -_MIDDLE, -_FAR] * 2)
_COSINE[8:] *= -1.0
_SINE = np.roll(_COSINE, 4)
_GRADIENT_SCALE = 1.4142135623730951


def hash_grid(seed: int, xs: NDArray[Any], zs: NDArray[Any]) -> Hashes:
    """Hash every pair of two integer axes.

    Args:
        seed: Any integer; its low 32 bits count.
        xs: Integers of shape `(n,)`.
        zs: Integers of shape `(m,)`.

    Returns:
        Evenly spread 32-bit numbers of shape `(n, m)`.
    """
    x = (xs.astype(np.int64) & 0xFFFFFFFF).astype(np.uint32) * np.uint32(0x9E3779B1)
    z = (zs.astype(np.int64) & 0xFFFFFFFF).astype(np.uint32) * np.uint32(0x85EBCA77)
    x ^= np.uint32(seed & 0xFFFFFFFF)
    return mix(mix(x)[:, None] ^ z[None, :])


def mix(value: Hashes) -> Hashes:
    """Spread every bit of 32-bit numbers over all bits, one to one."""
    value = value ^ (value >> np.uint32(16))
    value = value * np.uint32(0x7FEB352D)
    value = value ^ (value >> np.uint32(15))
    value = value * np.uint32(0x846CA68B)
    return value ^ (value >> np.uint32(16))


def fraction(value: Hashes) -> Floats:
    """32-bit numbers as floats in [0, 1)."""
    share: Floats = value.astype(np.float64) * (1.0 / 4294967296.0)
    return share


def gradient_noise(seed: int, xs: NDArray[Any], zs: NDArray[Any], size: float) -> Floats:
    """Two-dimensional gradient noise (Perlin 1985, with the quintic fade of Perlin 2002).

    Args:
        seed: Which noise.
        xs: Increasing x coordinates in blocks, shape `(n,)`.
        zs: Increasing z coordinates in blocks, shape `(m,)`.
        size: Distance between lattice points in blocks.

    Returns:
        Values in [-1, 1], zero at lattice points, shape `(n, m)`.
    """
    low_x, index_x, fx = _lattice(xs, size)
    low_z, index_z, fz = _lattice(zs, size)
    corners_x = np.arange(low_x, low_x + index_x[-1] + 2)
    corners_z = np.arange(low_z, low_z + index_z[-1] + 2)
    direction = hash_grid(seed, corners_x, corners_z) & np.uint32(15)
    east, south = _COSINE[direction], _SINE[direction]
    fade_x, fade_z = _fade(fx)[:, None], _fade(fz)[None, :]

    def corner(dx: int, dz: int) -> Floats:
        rows, columns = index_x + dx, index_z + dz
        along = east.take(rows, axis=0) * (fx - dx)[:, None]
        across = south.take(columns, axis=1) * (fz - dz)[None, :]
        total: Floats = along.take(columns, axis=1) + across.take(rows, axis=0)
        return total

    north_west, north_east = corner(0, 0), corner(1, 0)
    south_west, south_east = corner(0, 1), corner(1, 1)
    north = north_west + fade_x * (north_east - north_west)
    south_side = south_west + fade_x * (south_east - south_west)
    return (north + fade_z * (south_side - north)) * _GRADIENT_SCALE


def _lattice(axis: NDArray[Any], size: float) -> tuple[int, NDArray[np.int64], Floats]:
    scaled = axis / size
    floor = np.floor(scaled)
    low = int(floor[0])
    return low, floor.astype(np.int64) - low, scaled - floor


def _fade(t: Floats) -> Floats:
    return t * t * t * (t * (t * 6.0 - 15.0) + 10.0)
