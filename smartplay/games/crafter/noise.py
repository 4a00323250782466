"""OpenSimplex noise in three dimensions, many points at once, equal to `opensimplex` bit for bit.

The algorithm is Kurt Spencer's of 2014. A point lies in a cell of a skewed cubic honeycomb, there
in one of three solids: a tetrahedron at the cell's near corner, one at its far corner, or the
octahedron between them. It sums the contributions of the solid's corners and of two more lattice
points, which depend on the case. As floating-point results depend on the order of operations, the
points stand in a table, for each solid and each case in the order in which they are summed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float64]]
Ints = np.ndarray[Any, np.dtype[np.int64]]

STRETCH = -1.0 / 6
SQUISH = 1.0 / 3
NORM = 103

GRADIENTS: Floats = np.array(
    [
        [sign * (11 if axis == longest else 4) for axis, sign in enumerate((sx, sy, sz))]
        for sz in (1, -1)
        for sy in (1, -1)
        for sx in (-1, 1)
        for longest in range(3)
    ],
    np.float64,
)

NEAR, FAR, BETWEEN, MIXED = 0, 8, 16, 24
"""Where each group of cases starts; a case adds the axes it is about as bits (x 1, y 2, z 4)."""

CASES = MIXED + 64
SINGLES, PAIRS = (1, 2, 4), (3, 5, 6)


class Vertex(NamedTuple):
    """A lattice point that contributes.

    Attributes:
        offset: Its place relative to the cell's corner, per axis.
        squish: How many times `SQUISH` is subtracted from each displacement.
        late: The part of the offset subtracted only after that, per axis.
    """

    offset: tuple[int, int, int]
    squish: int
    late: tuple[int, int, int] = (0, 0, 0)


def _axes(bits: int, times: int = 1, plus: int = 0) -> tuple[int, int, int]:
    return (
        (bits & 1) * times + plus,
        (bits >> 1 & 1) * times + plus,
        (bits >> 2 & 1) * times + plus,
    )


def _extra_vertices() -> dict[int, tuple[Vertex, Vertex]]:
    """The two further points of each case."""
    table = {
        NEAR + 1: (Vertex((1, -1, 0), 0), Vertex((1, 0, -1), 0)),
        NEAR + 2: (Vertex((-1, 1, 0), 0), Vertex((0, 1, -1), 0)),
        NEAR + 4: (Vertex((-1, 0, 1), 0), Vertex((0, -1, 1), 0)),
        FAR + 3: (Vertex((2, 1, 0), 3), Vertex((1, 2, 0), 3, late=(0, 1, 0))),
        FAR + 5: (Vertex((2, 0, 1), 3), Vertex((1, 0, 2), 3)),
        FAR + 6: (Vertex((0, 2, 1), 3, late=(0, 1, 0)), Vertex((0, 1, 2), 3)),
    }
    for pair in PAIRS:
        table[NEAR + pair] = Vertex(_axes(pair), 2), Vertex(_axes(pair, 2, -1), 1)
        table[BETWEEN + pair] = Vertex((0, 0, 0), 0), Vertex(_axes(pair, 2, -1), 1)
    for single in SINGLES:
        table[FAR + single] = Vertex(_axes(single), 1), Vertex(_axes(single, 2), 2)
        table[BETWEEN + single] = Vertex((1, 1, 1), 3), Vertex(_axes(single, 2), 2)
    for pair in PAIRS:
        for single in SINGLES:
            double = _axes(single, 2)
            table[MIXED + 8 * pair + single] = (
                Vertex(_axes(pair, 2, -1), 1),
                Vertex(double, 2, late=double),
            )
    return table


CORNERS = ((0, 1, 2, 4), (1, 2, 4, 3, 5, 6), (3, 5, 6, 7))
"""The corners of the near tetrahedron, the octahedron and the far tetrahedron, as axes' bits."""

EXTRA_OFFSET = np.zeros((CASES, 2, 3), np.int64)
EXTRA_EARLY = np.zeros((CASES, 2, 3))
EXTRA_LATE = np.zeros((CASES, 2, 3))
EXTRA_SQUISH = np.zeros((CASES, 2))
for _case, _pair in _extra_vertices().items():
    for _slot, _vertex in enumerate(_pair):
        EXTRA_OFFSET[_case, _slot] = _vertex.offset
        EXTRA_LATE[_case, _slot] = _vertex.late
        EXTRA_EARLY[_case, _slot] = np.subtract(_vertex.offset, _vertex.late)
        EXTRA_SQUISH[_case, _slot] = _vertex.squish * SQUISH


def permutation(seed: int) -> Ints:
    """The 256 shuffled numbers that a seed stands for."""
    word = 2**64 - 1
    source = list(range(256))
    shuffled = [0] * 256
    for _ in range(3):
        seed = (seed * 6364136223846793005 + 1442695040888963407) & word
    for i in range(255, -1, -1):
        seed = (seed * 6364136223846793005 + 1442695040888963407) & word
        signed = seed - 2**64 if seed >> 63 else seed
        r = (signed + 31) % (i + 1)
        shuffled[i] = source[r]
        source[r] = source[i]
    return np.array(shuffled)


class Reach(NamedTuple):
    """What the noise at some points is summed from, as far as no seed changes it.

    There is an entry for each lattice point that contributes to a point; those of one point stand
    in the order in which they are summed.

    Attributes:
        size: How many points there are.
        points: The number of the point of each entry, shape [entries].
        corners: The number of its lattice point in the box, shape [entries].
        away: How far the point is from it along each axis, shape [3, entries].
        strength: How much the distance leaves of a contribution, shape [entries].
        box: The first and the last coordinates of all lattice points, shape [2, 3].
    """

    size: int
    points: Ints
    corners: Ints
    away: Floats
    strength: Floats
    box: Ints


def simplex(perm: Ints, x: Floats, y: Floats, z: Floats) -> Floats:
    """Noise at points, about -1 to 1.

    Args:
        perm: From `permutation`.
        x: First coordinates, shape [n].
        y: Second coordinates, shape [n].
        z: Third coordinates, shape [n].

    Returns:
        The noise, shape [n].
    """
    return noise_at(perm, reach(x, y, z))


def noise_at(perm: Ints, reach: Reach) -> Floats:
    """Noise at the points of a `reach`, about -1 to 1, shape [n]."""
    i, j, k = (np.arange(first, last + 1) for first, last in reach.box.T)
    kinds = perm[(perm[perm[i & 255][:, None] + j & 255][:, :, None] + k) & 255] % 24
    gx, gy, gz = (
        gradient[kinds.ravel()].take(reach.corners, mode="clip")  # in half the time of a check
        for gradient in GRADIENTS.T
    )
    dx, dy, dz = reach.away
    gx *= dx
    gx += gy * dy
    gx += gz * dz
    gx *= reach.strength
    return np.bincount(reach.points, gx, reach.size) / NORM


def reach(x: Floats, y: Floats, z: Floats) -> Reach:
    """Find what `simplex` sums at points; arguments as there."""
    points = np.stack((x, y, z))
    stretched = points + (x + y + z) * STRETCH
    floor = np.floor(stretched)
    inside = stretched - floor
    total = inside[0] + inside[1] + inside[2]
    origin = points - (floor + (floor[0] + floor[1] + floor[2]) * SQUISH)
    base = floor.astype(np.int64)
    near, far = total <= 1, total >= 2
    found = []
    for solid, mask, cases in (
        (0, near, _near_cases),
        (1, ~(near | far), _between_cases),
        (2, far & ~near, _far_cases),
    ):
        where = np.flatnonzero(mask)
        case = cases(inside[:, where], total[where])
        for lattice, away in _contributors(base[:, where], origin[:, where], solid, case):
            dx, dy, dz = away
            attenuation = 2 - dx * dx - dy * dy - dz * dz
            some = attenuation > 0
            found.append((where[some], lattice[:, some], away[:, some], attenuation[some]))
    numbers, lattices, aways, attenuations = zip(*found, strict=True)
    strength = np.concatenate(attenuations)
    strength *= strength
    strength *= strength
    lattice = np.concatenate(lattices, 1)
    box = np.stack((lattice.min(1), lattice.max(1)))
    corners = np.ravel_multi_index(tuple(lattice - box[0][:, None]), tuple(box[1] - box[0] + 1))
    away = np.concatenate(aways, 1)
    return Reach(len(x), np.concatenate(numbers), corners, away, strength, box)


def _near_cases(inside: Floats, total: Floats) -> Ints:
    x, y, z = inside
    second = (x >= y) & (z > y)
    first = (x < y) & (z > x)
    a, a_bit = np.where(first, z, x), np.where(first, 4, 1)
    b, b_bit = np.where(second, z, y), np.where(second, 4, 2)
    rest = 1 - total
    single = (rest > a) | (rest > b)
    return NEAR + np.where(single, np.where(b > a, b_bit, a_bit), a_bit | b_bit)


def _far_cases(inside: Floats, total: Floats) -> Ints:
    x, y, z = inside
    second = (x <= y) & (z < y)
    first = (x > y) & (z < x)
    a, a_bit = np.where(first, z, x), np.where(first, 3, 6)
    b, b_bit = np.where(second, z, y), np.where(second, 3, 5)
    rest = 3 - total
    pair = (rest < a) | (rest < b)
    return FAR + np.where(pair, np.where(b < a, b_bit, a_bit), a_bit & b_bit)


def _between_cases(inside: Floats, total: Floats) -> Ints:
    x, y, z = inside
    sums = x + y, x + z, y + z
    a_far, b_far, c_far = (side > 1 for side in sums)
    a, b, c = (np.where(side > 1, side - 1, 1 - side) for side in sums)
    a_bit, b_bit = np.where(a_far, 3, 4), np.where(b_far, 5, 2)
    c_bit = np.where(c_far, 6, 1)
    first = (a <= b) & (a < c)
    second = (a > b) & (b < c)
    a_bit, a_far = np.where(first, c_bit, a_bit), np.where(first, c_far, a_far)
    b_bit, b_far = np.where(second, c_bit, b_bit), np.where(second, c_far, b_far)
    both = BETWEEN + np.where(a_far, a_bit & b_bit, a_bit | b_bit)
    pair, single = np.where(a_far, a_bit, b_bit), np.where(a_far, b_bit, a_bit)
    return np.where(a_far == b_far, both, MIXED + 8 * pair + single)


def _contributors(
    base: Ints, origin: Floats, solid: int, case: Ints
) -> Iterator[tuple[Ints, Floats]]:
    """The lattice points in reach of points, one after the other, and how far they are away."""
    for corner in CORNERS[solid]:
        axes = _axes(corner)
        offset = np.array(axes)[:, None]
        yield base + offset, origin - offset - sum(axes) * SQUISH
    for slot in range(2):
        away = origin - EXTRA_EARLY[case, slot].T - EXTRA_SQUISH[case, slot]
        yield base + EXTRA_OFFSET[case, slot].T, away - EXTRA_LATE[case, slot].T
