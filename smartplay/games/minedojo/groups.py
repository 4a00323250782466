"""The nearest group of each kind of block in the neighbourhood.

A group is a connected component: blocks of one kind that touch face to face. Sets of blocks are
bits of one integer, so that growing a group by one block each way is six shifts.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from smartplay.games.minedojo.protocol import AROUND
from smartplay.games.minedojo.voxel.fast import compiled_kernels

_SIDE = 2 * AROUND + 1
_PADDED = _SIDE + 1  # an empty layer on one side of each axis keeps shifts from wrapping around
_SHIFTS = (1, _PADDED, _PADDED * _PADDED)

_AXIS = np.arange(-AROUND, AROUND + 1)
_OFFSETS = np.stack(np.meshgrid(_AXIS, _AXIS, _AXIS, indexing="ij"), axis=-1).reshape(-1, 3)
_ORDER = np.argsort((_OFFSETS**2).sum(axis=1), kind="stable")  # nearest first
_OUTWARDS = [(x, y, z) for x, y, z in _OFFSETS[_ORDER].tolist()]
_PLACES = ((_OFFSETS[_ORDER] + AROUND) @ np.array([_PADDED * _PADDED, _PADDED, 1])).tolist()


class Group(NamedTuple):
    """The group a kind's nearest block belongs to.

    Attributes:
        number: The kind of block.
        offset: The nearest block, (x, y, z) from the middle of the neighbourhood.
        size: Number of blocks in the group, as far as it lies in the neighbourhood.
    """

    number: int
    offset: tuple[int, int, int]
    size: int


def nearest_groups(around: NDArray[np.uint16]) -> list[Group]:
    """Find the nearest group of each kind but air (0), nearest first.

    Args:
        around: Block numbers, shape `(9, 9, 9)`, indexed `[x, y, z]`.
    """
    kernels = compiled_kernels()
    if kernels:
        found = np.empty((around.size, 3), np.int64)
        count = kernels.groups(np.ascontiguousarray(around), _ORDER, found)
        return [
            Group(number, _OUTWARDS[rank], size) for number, rank, size in found[:count].tolist()
        ]
    outwards = around.reshape(-1).take(_ORDER)
    kinds = (np.bincount(outwards)[1:].nonzero()[0] + 1).astype(np.uint16)
    ranks = (outwards == kinds[:, None]).argmax(axis=1)
    padded = np.zeros((_PADDED,) * 3, dtype=np.uint16)
    padded[:_SIDE, :_SIDE, :_SIDE] = around
    is_kind = np.packbits(padded.reshape(-1) == kinds[:, None], axis=1, bitorder="little")
    groups = []
    for rank, number, bits in sorted(zip(ranks.tolist(), kinds.tolist(), is_kind, strict=True)):
        group = _grown(int.from_bytes(bits.tobytes(), "little"), _PLACES[rank])
        groups.append(Group(number, _OUTWARDS[rank], group.bit_count()))
    return groups


def _grown(there: int, place: int) -> int:
    """The blocks that hang together with the one at a place, among those that are there."""
    group, before = 1 << place, 0
    while before != group != there:
        before = group
        for shift in _SHIFTS:
            group |= (group << shift | group >> shift) & there
    return group
