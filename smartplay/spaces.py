"""A `Text` space that survives the shared memory of asynchronous vector environments.

Gymnasium (1.4) writes a text's padding as character 0 and its read-back never stops, so an
`AsyncVectorEnv` with its default shared memory hands out strings of zeros. `TextSpace` registers
reading and writing of its own: UTF-32 code points behind a length.
"""

from __future__ import annotations

import multiprocessing as mp
from typing import Any

import numpy as np
from gymnasium.spaces import Text
from gymnasium.vector.utils import (
    create_shared_memory,
    read_from_shared_memory,
    write_to_shared_memory,
)


class TextSpace(Text):
    """Texts of 1 to `max_length` characters; reads back unchanged from shared memory."""


@create_shared_memory.register(TextSpace)
def _create(space: TextSpace, n: int = 1, ctx: Any = mp) -> Any:
    return ctx.Array(np.dtype(np.int32).char, n * (space.max_length + 1))


def _rows(space: TextSpace, memory: Any, n: int) -> np.ndarray[Any, np.dtype[np.int32]]:
    return np.frombuffer(memory.get_obj(), dtype=np.int32).reshape(n, space.max_length + 1)


@write_to_shared_memory.register(TextSpace)
def _write(space: TextSpace, index: int, value: str, memory: Any) -> None:
    codes = np.frombuffer(value.encode("utf-32-le"), dtype=np.int32)
    row = _rows(space, memory, -1)[index]
    row[0] = len(codes)
    row[1 : len(codes) + 1] = codes


@read_from_shared_memory.register(TextSpace)
def _read(space: TextSpace, memory: Any, n: int = 1) -> tuple[str, ...]:
    rows = _rows(space, memory, n)
    return tuple(row[1 : row[0] + 1].astype("<i4").tobytes().decode("utf-32-le") for row in rows)
