"""The world's random numbers: MT19937, drawn exactly as `numpy.random.RandomState` draws them."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from smartplay.games.crafter.fast import compiled_kernels

KEY_WORDS = 624
BLOCK = 64
HIGH, LOW = 2.0**-27, 2.0**-53
"""What the two words of a float are worth; products and their sum are exact."""

Words = np.ndarray[Any, np.dtype[np.uint32]]


class NumpyWords:
    """The stream of 32-bit words of NumPy's own MT19937.

    Args:
        key: The 624 words of the generator's state.
        position: How many of them are used up.

    Attributes:
        position: How many words of the generator's current key are used up.
    """

    def __init__(self, key: Words, position: int) -> None:
        self._bits = np.random.MT19937(0)
        self._state = np.random.RandomState(self._bits)
        self._state.set_state(("MT19937", key, position, 0, 0.0))
        self.position = position

    def key(self) -> Words:
        """The current key: the 624 words of the generator's state."""
        key: Words = self._bits.state["state"]["key"]
        return key

    def fetch(self) -> list[int]:
        """Some of the next words, last first; all of one key."""
        self.position %= KEY_WORDS
        count = min(BLOCK, KEY_WORDS - self.position)
        self.position += count
        words: list[int] = self._bits.random_raw(count).tolist()
        words.reverse()
        return words

    def skip(self, words: int) -> None:
        """Pass over at least one word."""
        self.position = (self.position + words - 1) % KEY_WORDS + 1
        self._state.random_sample(words >> 1)
        if words & 1:
            self._bits.random_raw(1, False)


class CompiledWords:
    """The same stream from compiled kernels, which skip ten times as fast.

    Args:
        key: The 624 words of the generator's state.
        position: How many of them are used up.
        kernels: The module `kernels`.

    Attributes:
        position: How many words of the generator's current key are used up.
    """

    def __init__(self, key: Words, position: int, kernels: ModuleType) -> None:
        self._key = key.copy()
        self._twist, self._temper = kernels.twist, kernels.temper
        self.position = position

    def key(self) -> Words:
        """The current key: the 624 words of the generator's state."""
        return self._key.copy()

    def fetch(self) -> list[int]:
        """Some of the next words, last first; all of one key."""
        start = self.position
        if start == KEY_WORDS:
            self._twist(self._key, 1)
            start = 0
        self.position = min(start + BLOCK, KEY_WORDS)
        words: list[int] = self._temper(self._key, start, self.position).tolist()
        return words

    def skip(self, words: int) -> None:
        """Pass over at least one word."""
        twists, before = divmod(self.position + words - 1, KEY_WORDS)
        self._twist(self._key, twists)
        self.position = before + 1


class Twister:
    """A seeded generator with cheap single draws and cheap skipping.

    `RandomState` is slow at single draws, so words are fetched in blocks and combined here. A
    block never reaches beyond the generator's current key; so the true state is always known.

    Args:
        seed: As for `RandomState(seed)`; 0 to 2**32 - 1.
    """

    def __init__(self, seed: int) -> None:
        kernels = compiled_kernels()
        if kernels:
            key = np.empty(KEY_WORDS + 1, np.uint32)
            kernels.seed_words(key, seed)
        else:
            key = np.random.RandomState(seed).get_state(legacy=False)["state"]["key"]
        self.begin(key[:KEY_WORDS], KEY_WORDS)

    def begin(self, key: Words, position: int) -> None:
        """Go on from another state.

        Args:
            key: The 624 words of a generator's state.
            position: How many of them are used up.
        """
        kernels = compiled_kernels()
        self._source = (
            CompiledWords(key, position, kernels) if kernels else NumpyWords(key, position)
        )
        self._words: list[int] = []

    def __getstate__(self) -> tuple[bytes, int]:
        """The same with and without numba, so that a copy can go where there is none."""
        _, key, position = self.state()
        return key.astype("<u4").tobytes(), position

    def __setstate__(self, state: tuple[bytes, int]) -> None:
        key, position = state
        self.begin(np.frombuffer(key, "<u4").astype(np.uint32), position)

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
            self._source.skip(words - buffered)

    def state(self) -> tuple[str, Words, int]:
        """The state as `RandomState.get_state()` gives it, without the Gaussian's part."""
        return "MT19937", self._source.key(), self._source.position - len(self._words)

    def copy(self) -> np.random.RandomState:
        """A `RandomState` that draws what this generator would draw next."""
        twin = np.random.RandomState(0)
        twin.set_state((*self.state(), 0, 0.0))
        return twin
