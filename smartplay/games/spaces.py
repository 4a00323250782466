"""A `Text` space that survives the shared memory of asynchronous vector environments.

An `AsyncVectorEnv` reads its shared memory once, when it is made, and relies on arrays being views
of it. Strings cannot be views, so with gymnasium 1.4 every text it hands out is the empty buffer's
(a string of zeros). `TextSpace` registers a memory layout of its own, code points behind a length,
and reads it as a sequence that looks its texts up when asked.
"""

from __future__ import annotations

import multiprocessing as mp
from collections.abc import Iterator, Sequence
from typing import Any, overload

import numpy as np
from gymnasium.spaces import Text
from gymnasium.vector.utils import (
    create_shared_memory,
    read_from_shared_memory,
    write_to_shared_memory,
)

from smartplay.core.errors import UsageError

Rows = np.ndarray[Any, np.dtype[np.int32]]


class NoShape:
    """The shape of what is no array, which counts as none; whoever counts on one is told why."""

    def __bool__(self) -> bool:
        """There is none."""
        return False

    def __iter__(self) -> Iterator[int]:
        """Refuse.

        Raises:
            UsageError: Always.
        """
        raise UsageError(
            "a text observation has no shape, so what learns from arrays cannot read it; make the "
            'environment with observation="native" (numbers) or "image" (pictures)'
        )


class TextSpace(Text):
    """Texts of 1 to `max_length` characters.

    Learners such as stable-baselines3 ask a space for its shape before they ask whether they can
    read it, so that is where they are told what to use instead.
    """

    @property
    def shape(self) -> Any:
        """No shape: false, and an error when it is taken for one."""
        return NoShape()


class SharedTexts(Sequence[str]):
    """The present texts in shared memory; a copy of it is a plain tuple.

    Args:
        rows: Shape (environments, 1 + longest text): a length and as many code points.
    """

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        """Read one text, or a tuple of several."""
        if isinstance(index, slice):
            return tuple(self)[index]
        row = self._rows[index]
        return bytes(row[1 : row[0] + 1].astype("<i4")).decode("utf-32-le")

    def __len__(self) -> int:
        """The number of environments."""
        return len(self._rows)

    def __deepcopy__(self, memo: dict[int, Any]) -> tuple[str, ...]:
        """Freeze the present texts, as `AsyncVectorEnv` does before it returns them."""
        return tuple(self)


def _rows(space: TextSpace, memory: Any) -> Rows:
    return np.frombuffer(memory.get_obj(), dtype=np.int32).reshape(-1, space.max_length + 1)


@create_shared_memory.register(TextSpace)
def _create(space: TextSpace, n: int = 1, ctx: Any = mp) -> Any:
    return ctx.Array(np.dtype(np.int32).char, n * (space.max_length + 1))


@write_to_shared_memory.register(TextSpace)
def _write(space: TextSpace, index: int, value: str, memory: Any) -> None:
    codes = np.frombuffer(value.encode("utf-32-le"), dtype="<i4")
    row = _rows(space, memory)[index]
    row[0] = len(codes)
    row[1 : len(codes) + 1] = codes


@read_from_shared_memory.register(TextSpace)
def _read(space: TextSpace, memory: Any, n: int = 1) -> SharedTexts:
    return SharedTexts(_rows(space, memory))
