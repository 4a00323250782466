"""The world's random numbers: MT19937, drawn exactly as `numpy.random.RandomState` draws them."""

from __future__ import annotations

from typing import Any

import numpy as np

KEY_WORDS = 624
BLOCK = 64


class Twister:
    """A seeded generator with cheap single draws and cheap skipping.

    `RandomState` is slow at single draws, so words are fetched in blocks and combined here. A
    block never reaches beyond the generator's current key; so the true state is always known.

    Args:
        seed: As for `RandomState(seed)`; 0 to 2**32 - 1.
    """

    def __init__(self, seed: int) -> None:
        self._bits = np.random.MT19937(0)
        self._state = np.random.RandomState(self._bits)
        self._state.seed(seed)
        self._position = KEY_WORDS
        self._words: list[int] = []

    def word(self) -> int:
        """The next 32 bits."""
        if not self._words:
            self._fetch()
        return self._words.pop()

    def random(self) -> float:
        """A float of [0, 1), as `RandomState.uniform()`."""
        words = self._words
        if len(words) < 2:
            return ((self.word() >> 5) * 67108864 + (self.word() >> 6)) / 9007199254740992
        return ((words.pop() >> 5) * 67108864 + (words.pop() >> 6)) / 9007199254740992

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
        words -= buffered
        if words:
            self._position = (self._position + words - 1) % KEY_WORDS + 1
            self._state.random_sample(words >> 1)
            if words & 1:
                self._bits.random_raw(1, False)

    def copy(self) -> np.random.RandomState:
        """A `RandomState` that draws what this generator would draw next."""
        twin = np.random.RandomState(0)
        twin.set_state(self.state())
        return twin

    def state(self) -> tuple[str, Any, int]:
        """The state as `RandomState.get_state()` gives it, without the Gaussian's part."""
        key = self._bits.state["state"]["key"]
        return "MT19937", key, self._position - len(self._words)

    def _fetch(self) -> None:
        self._position %= KEY_WORDS
        count = min(BLOCK, KEY_WORDS - self._position)
        self._words = self._bits.random_raw(count).tolist()
        self._words.reverse()
        self._position += count
