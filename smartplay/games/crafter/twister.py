"""The world's random numbers: MT19937, drawn exactly as `numpy.random.RandomState` draws them."""

from __future__ import annotations

import ctypes
from functools import lru_cache, partial
from types import ModuleType
from typing import Any

import numpy as np

from smartplay.core.errors import GameError
from smartplay.games.crafter.fast import compiled_kernels

KEY_WORDS = 624
BLOCK = 64
HIGH, LOW = 2.0**-27, 2.0**-53
"""What the two words of a float are worth; products and their sum are exact."""

Words = np.ndarray[Any, np.dtype[np.uint32]]


class NumpyWords:
    """The stream of 32-bit words of NumPy's own MT19937.

    Raises:
        GameError: If NumPy's memory does not look as all of its versions so far keep it.

    Attributes:
        state: The generator's key and, as the last word, how much of it is used up. It is NumPy's
            own memory: to read and write it takes a fiftieth of the time of NumPy's `state`.
    """

    def __init__(self) -> None:
        self._bits = np.random.MT19937(0)
        self._random = np.random.RandomState(self._bits)
        _check_form()
        self.state = _memory(self._bits)

    def seed(self, seed: int) -> None:
        """Begin as `RandomState(seed)` does."""
        self._random.seed(seed)

    def fetch(self) -> list[int]:
        """Some of the next words, last first; all of one key."""
        count = min(BLOCK, KEY_WORDS - int(self.state[-1]) % KEY_WORDS)
        words: list[int] = self._bits.random_raw(count).tolist()
        words.reverse()
        return words

    def twist(self, times: int) -> None:
        """Make the key that so many keys later follows."""
        state, draw = self.state, self._random.random_sample
        for _ in range(times):
            state[-1] = KEY_WORDS  # a used up key is twisted by a draw: faster than drawing it all
            draw()


def _memory(bits: np.random.MT19937) -> Words:
    whole = ctypes.c_uint32 * (KEY_WORDS + 1)
    memory: Words = np.ctypeslib.as_array(whole.from_address(bits.ctypes.state_address))
    return memory


@lru_cache
def _check_form() -> None:
    bits = np.random.MT19937(0)
    told: Any = bits.state["state"]
    if _memory(bits).tolist() != [*told["key"].tolist(), told["pos"]]:
        raise GameError(
            f"NumPy {np.__version__} keeps its random numbers in a form that Crafter does not "
            "know; install an earlier NumPy, or smartplay[fast]"
        )


class CompiledWords:
    """The same stream from compiled kernels, which twist five times as fast.

    Args:
        kernels: The module `kernels`.

    Attributes:
        state: The generator's key and, as the last word, how much of it is used up.
    """

    def __init__(self, kernels: ModuleType) -> None:
        self.state: Words = np.empty(KEY_WORDS + 1, np.uint32)
        self.seed = partial(kernels.seed_words, self.state)
        self.twist = partial(kernels.twist, self.state)
        self._temper = kernels.temper

    def fetch(self) -> list[int]:
        """Some of the next words, last first; all of one key."""
        start = int(self.state[-1])
        if start == KEY_WORDS:
            self.twist(1)
            start = 0
        end = min(start + BLOCK, KEY_WORDS)
        self.state[-1] = end
        words: list[int] = self._temper(self.state, start, end).tolist()
        return words


class Twister:
    """A seeded generator with cheap single draws and cheap skipping.

    `RandomState` is slow at single draws, so words are fetched in blocks and combined here. A
    block never reaches beyond the generator's current key; so the true state is always known.

    Args:
        seed: As for `RandomState(seed)`; 0 to 2**32 - 1.
    """

    def __init__(self, seed: int) -> None:
        kernels = compiled_kernels()
        self._source = CompiledWords(kernels) if kernels else NumpyWords()
        self.seed(seed)

    def seed(self, seed: int) -> None:
        """Begin anew."""
        self._source.seed(seed)
        self._words: list[int] = []

    def key(self) -> Words:
        """The 624 words of the generator's key, and how many of them are used up; a new array."""
        key = self._source.state.copy()
        key[-1] -= len(self._words)
        return key

    def begin(self, key: Words) -> None:
        """Go on from what `key` gave."""
        self._source.state[:] = key
        self._words = []

    def state(self) -> bytes:
        """`key` in bytes: the same with and without numba, and on every machine."""
        return self.key().astype("<u4", copy=False).tobytes()

    def set_state(self, state: bytes) -> None:
        """Go on from what `state` gave."""
        self.begin(np.frombuffer(state, "<u4"))

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy can go where there is no numba."""
        return _revived, (self.state(),)

    def word(self) -> int:
        """The next 32 bits."""
        if not self._words:
            self._words = self._source.fetch()
        return self._words.pop()

    def random(self) -> float:
        """A float of [0, 1), as `RandomState.uniform()`."""
        words = self._words
        if len(words) < 2:
            return (self.word() >> 5) * HIGH + (self.word() >> 6) * LOW
        return (words.pop() >> 5) * HIGH + (words.pop() >> 6) * LOW

    def below(self, bound: int) -> int:
        """An integer of 0 to `bound` - 1, as `RandomState.randint(0, bound)`; `bound` <= 2**32."""
        if bound == 1:
            return 0
        mask = (1 << (bound - 1).bit_length()) - 1
        while True:
            value = self.word() & mask
            if value < bound:
                return value

    def skip(self, words: int) -> None:
        """Advance by that many 32-bit words."""
        buffered = min(words, len(self._words))
        del self._words[len(self._words) - buffered :]
        if words > buffered:
            state = self._source.state
            twists, used_up = divmod(int(state[-1]) + words - buffered - 1, KEY_WORDS)
            self._source.twist(twists)
            state[-1] = used_up + 1

    def copy(self) -> np.random.RandomState:
        """A `RandomState` that draws what this generator would draw next."""
        key, twin = self.key(), np.random.RandomState(0)
        twin.set_state(("MT19937", key[:-1], int(key[-1]), 0, 0.0))
        return twin


def _revived(state: bytes) -> Twister:
    twister = Twister(0)
    twister.set_state(state)
    return twister
