"""What making Crafter worlds of one size has in common: where noise is summed, and its weights.

How much a lattice point of noise weighs at the cells around it is the same in all worlds, so it is
tabulated here, once for `compiled_worldgen` to look up.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from smartplay.games.crafter.kernels import Words
from smartplay.games.crafter.noise import Floats, Ints
from smartplay.games.crafter.twister import KEY_WORDS

Planes = np.ndarray[Any, np.dtype[np.float32]]
Codes = np.ndarray[Any, np.dtype[np.uint8]]

COLUMNS, LANES = 4, 8
"""The size of a block of cells; planes are full of blocks. The cells of a column are summed at a
time."""

NEARBY = 18
"""At this distance from the start it has no more influence than 1e-5."""

FARTHEST, NEAREST, FINE = -20, 8, 64
"""From where to where the nearness is tabulated, and in how many steps each unit."""


CLEARING, WATERS, MOUNTAINS, CAVE, ACROSS, ALONG, COALS, IRONS, LAVAS, BEACH, TREES = range(11)
PLANES = 11
"""The planes of noise, and how many there are."""

NOISES = np.array(
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

HIGH, PEAK, SHORE, DRY, NEAR_START, EVERYWHERE = (1 << i for i in range(6))
"""What is noted of a block: which kinds of cells it has."""

POINT = np.dtype(
    [
        *((name, np.int32) for name in ("i", "j", "k")),
        *((name, np.float32) for name in ("dx", "dy", "dz")),
    ]
)
"""A lattice point as seen from a plane: its number, and how far the first column and row within its
reach and the plane are away in noise."""

PAIR = np.dtype(
    [
        *((name, np.uint32) for name in ("point", "weights", "stride")),
        *((name, np.float32) for name in ("right", "down")),
    ]
)
"""A lattice point and a block in reach: where the point's weights for the block begin, how far they
are from column to column, and how far right of and below the point's first cell the block is."""


class Room(NamedTuple):
    """What worlds of one size are made with: what their noise has in common, and room to work in.

    Attributes:
        planes: Sums of noise, shape [columns, planes, rows]. They are some rows longer than the
            map: at a power of two apart, neighbouring cells would not fit into the processor's
            cache.
        along: The plane `ALONG`, shape [rows, columns].
        everywhere: What is known of the blocks before there is noise, one column after the other.
        wanted: What the landscape says of them, from `HIGH` to `DRY`.
        turned: The same of the blocks of `along`.
        points: The lattice points, noise after noise, of `POINT`.
        starts: Where the points of each noise begin, and where the last ones end.
        slopes: What a point contributes to a first cell of weight 1, and how much more of it there
            is at the next cell to the right and below; shape [points, 3].
        pairs: Which points reach which blocks, of `PAIR`: noise after noise, block after block.
        pair_starts: Where the pairs of each begin, with the blocks of a noise in a row.
        weights: What points weigh at the cells in and around their reach, column after column.
        nearness: How near the start a cell is, for `_quick_nearness` to look up.
        draws: Random words drawn ahead.
    """

    planes: Planes
    along: Planes
    everywhere: Codes
    wanted: Codes
    turned: Codes
    points: Any
    starts: Ints
    slopes: Planes
    pairs: Any
    pair_starts: Ints
    weights: Planes
    nearness: Planes
    draws: Words


@lru_cache(4)
def room_for(area: tuple[int, int]) -> Room:
    """Room for `new_world`; it can be used again and again."""
    side = -(-max(area) // LANES) * LANES
    columns, rows = np.indices((side, side))
    near = (columns - area[0] // 2) ** 2 + (rows - area[1] // 2) ** 2 <= NEARBY**2
    blocks_near = near.reshape(side // COLUMNS, COLUMNS, side // LANES, LANES).any(axis=(1, 3))
    everywhere = np.where(blocks_near, EVERYWHERE | NEAR_START, EVERYWHERE).astype(np.uint8).ravel()
    table = Weights()
    found = [_points(noise, area, side, table) for noise in NOISES.tolist()]
    points, pairs, blocks = (np.concatenate(parts) for parts in zip(*found, strict=True))
    starts = np.cumsum([0, *(len(of_noise) for of_noise, _, _ in found)])
    noises = np.repeat(np.arange(len(found)), [len(of_noise) for _, of_noise, _ in found])
    pairs["point"] += starts[noises].astype(np.uint32)
    order = np.lexsort((blocks, noises))
    return Room(
        _aligned(side, PLANES, side + LANES),
        _aligned(side, side),
        everywhere,
        np.zeros_like(everywhere),
        np.zeros_like(everywhere),
        points,
        starts,
        np.empty((len(points), 3), np.float32),
        pairs[order],
        np.searchsorted(
            noises[order] * len(everywhere) + blocks[order],
            np.arange(len(found) * len(everywhere) + 1),
        ),
        np.concatenate(table.weights).astype(np.float32),
        (1 / (1 + np.exp(-np.arange(FARTHEST, NEAREST, 1 / FINE)))).astype(np.float32),
        np.empty(12 * area[0] * area[1] + KEY_WORDS, np.uint32),
    )


def _aligned(*shape: int) -> Planes:
    """Zeros, none of whose blocks lies in two lines of the processor's cache, which would cost."""
    cells, line = math.prod(shape), 64
    room = np.zeros(cells + line, np.float32)
    first = -room.ctypes.data % line // room.itemsize
    return room[first : first + cells].reshape(shape)


class Cells(NamedTuple):
    """The columns, or the rows, in reach of lattice points: one of each field for every point.

    Attributes:
        first: The first one.
        number: How many there are.
        at: Where the point lies in noise.
        step: How far two neighbours are apart in noise; the same for all.
    """

    first: Ints
    number: Ints
    at: Floats
    step: float

    @classmethod
    def within(cls, at: Floats, far: Floats, step: float) -> Cells:
        """Those that are no farther away than `far`."""
        first = np.ceil((at - far) / step)
        number = np.floor((at + far) / step) + 1 - first
        return cls(first.astype(np.int64), number.astype(np.int64), at, step)

    @property
    def away(self) -> Floats:
        """How far the first ones are away in noise."""
        return self.first * self.step - self.at

    def all_away(self, point: int) -> Any:
        """How far all those of a point are away."""
        cells = np.arange(self.first[point], self.first[point] + self.number[point])
        return cells * self.step - self.at[point]

    def blocks(self, length: int, first: int, end: int) -> tuple[Ints, Any]:
        """The first cells of the blocks, counted from `first` on, and which of them are in reach.

        Args:
            length: How many cells a block is long.
            first: The first cell that counts.
            end: The one after the last.

        Returns:
            How far they are from a point's first cell, and whether they count; shape
            [points, blocks].
        """
        begin = np.maximum(first, self.first) // length * length - self.first
        end_of = np.minimum(self.number, end - self.first)
        after = begin[:, None] + np.arange(0, int((end_of - begin).max(initial=0)), length)
        return after, after < end_of[:, None]


class Weights:
    """What lattice points weigh at the cells around them: the same for all that lie alike.

    Attributes:
        weights: The weights of each kind of points, column after column, with zeros around them for
            blocks only some of whose cells are in reach.
        reached: Whether any cell of a block counts whose first one is there.
    """

    def __init__(self) -> None:
        self.weights: list[Floats] = []
        self.reached: list[Any] = []
        self._known: dict[tuple[float, ...], int] = {}
        self._end = 0

    def of(self, room: Floats, columns: Cells, rows: Cells) -> Ints:
        """Where the weights of points begin.

        Args:
            room: How much the squares of their distances in the plane may be.
            columns: The columns in their reach.
            rows: The rows.
        """
        told = [room, columns.away, columns.number, rows.away, rows.number]
        kinds = [tuple(kind) for kind in np.round(told, 6).T.tolist()]
        for point, kind in enumerate(kinds):
            if kind not in self._known:
                self._known[kind] = self._end
                self._add(room[point], columns.all_away(point), rows.all_away(point))
        return np.array([self._known[kind] for kind in kinds])

    def _add(self, room: float, dx: Floats, dy: Floats) -> None:
        weights = np.zeros((len(dx) + 2 * (COLUMNS - 1), len(dy) + 2 * (LANES - 1)))
        inner = weights[COLUMNS - 1 : 1 - COLUMNS, LANES - 1 : 1 - LANES]
        inner[:] = np.maximum(room - dx[:, None] ** 2 - dy**2, 0) ** 4
        counts = weights > 0
        in_column = counts.copy()
        for by in range(1, LANES):
            in_column[:, :-by] |= counts[:, by:]
        reached = in_column.copy()
        for by in range(1, COLUMNS):
            reached[:-by] |= in_column[by:]
        self.weights.append(weights.ravel())
        self.reached.append(reached.ravel())
        self._end += weights.size


def _points(
    noise: list[float], area: tuple[int, int], side: int, table: Weights
) -> tuple[Any, Any, Ints]:
    """The lattice points that contribute to a noise at some cell of a map.

    Returns:
        The points, of `POINT`; what they reach, of `PAIR`, with points counted from 0; and the
        number of the block in each pair.
    """
    plane, times_x, by_x, times_y, by_y, size, z, _ = noise
    step_x, step_y = times_x / by_x / size, times_y / by_y / size
    (first_x, end_x), (first_y, end_y) = ((0, length) for length in area)
    if plane == CLEARING:
        first_x, first_y = (max(0, length // 2 - NEARBY) for length in area)
        end_x, end_y = (min(length, length // 2 + NEARBY + 1) for length in area)
    if plane == ALONG:
        step_x, step_y, end_x, end_y = step_y, step_x, end_y, end_x
    layers = np.arange(3 * int(z) - 4, 3 * int(z) + 5)
    shifts = layers / 3
    rooms = 2.0 - (z - shifts) ** 2
    far = np.sqrt(rooms)
    layer, a, b = _lattice(
        layers,
        (np.ceil(first_x * step_x - far - shifts), np.ceil(first_y * step_y - far - shifts)),
        (
            np.floor((end_x - 1) * step_x + far - shifts),
            np.floor((end_y - 1) * step_y + far - shifts),
        ),
    )
    shift, far, room = (each[layer] for each in (shifts, far, rooms))
    columns, rows = Cells.within(a + shift, far, step_x), Cells.within(b + shift, far, step_y)
    k = (layers[layer] - a - b) // 6
    i, j = (b + k, a + k) if plane == ALONG else (a + k, b + k)
    points = np.empty(len(a), POINT)
    seen = (i & 255, j & 255, k & 255, columns.away, rows.away, z - shift)
    for name, value in zip(POINT.names or (), seen, strict=True):
        points[name] = value
    start, stride = table.of(room, columns, rows), rows.number + 2 * (LANES - 1)
    rights, in_columns = columns.blocks(COLUMNS, first_x, end_x)
    downs, in_rows = rows.blocks(LANES, first_y, end_y)
    number, across, along = np.nonzero(in_columns[:, :, None] & in_rows[:, None])
    right, down = rights[number, across], downs[number, along]
    weights = start[number] + (right + COLUMNS - 1) * stride[number] + down + LANES - 1
    reached = np.concatenate(table.reached)[weights]
    number, right, down, weights = (each[reached] for each in (number, right, down, weights))
    pairs = np.empty(len(number), PAIR)
    pairs["point"], pairs["stride"], pairs["weights"] = number, stride[number], weights
    pairs["right"], pairs["down"] = right, down
    column, row = columns.first[number] + right, rows.first[number] + down
    return points, pairs, column // COLUMNS * (side // LANES) + row // LANES


def _lattice(
    layers: Ints, first: tuple[Floats, Floats], last: tuple[Floats, Floats]
) -> tuple[Ints, Ints, Ints]:
    """The points of the honeycomb between bounds in each layer: place of the layer, a and b."""
    (least_a, least_b), (most_a, most_b) = (
        [each.astype(np.int64)[:, None] for each in bounds] for bounds in (first, last)
    )
    a = least_a + np.arange((most_a - least_a).max() + 1)
    least = least_b + (layers[:, None] - a - least_b) % 6
    b = least[:, :, None] + np.arange(0, (most_b - least_b).max() + 1, 6)
    layer, at, _ = found = np.nonzero((a <= most_a)[:, :, None] & (b <= most_b[:, :, None]))
    return layer, a[layer, at], b[found]
