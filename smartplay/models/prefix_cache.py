"""How many tokens of a prompt a service reads from its cache, by the rule that most services state.

A service keeps the beginnings of the prompts that it has read, in whole blocks of tokens. From
there it reads the longest beginning that a prompt shares with an earlier one, if it is long enough.
How long a service keeps them (mostly some minutes) is not modelled.
"""

from __future__ import annotations

import hashlib

BLOCK = 128
"""Tokens of a block."""

LEAST = 1024
"""Tokens of the shortest beginning that is read from the cache."""

WIDTH = 4
"""Bytes that stand for a token."""


class PrefixCache:
    """The cache of a service."""

    def __init__(self) -> None:
        self._known = set[bytes]()

    def read(self, prompt: bytes) -> int:
        """How many tokens of a prompt come from the cache; from then on it knows the whole prompt.

        Args:
            prompt: The prompt, `WIDTH` bytes a token.
        """
        size = BLOCK * WIDTH
        beginning, blocks = hashlib.blake2b(digest_size=16), list[bytes]()
        for end in range(size, len(prompt) + 1, size):
            beginning.update(prompt[end - size : end])
            blocks.append(beginning.digest())
        news = (place for place, block in enumerate(blocks) if block not in self._known)
        cached = BLOCK * next(news, len(blocks))
        self._known.update(blocks)
        return cached if cached >= LEAST else 0
