"""What a service reads of a prompt from its cache, by the rule that most services state.

A service keeps the beginnings of the prompts that it has read, in whole blocks of tokens, and reads
the longest one that a prompt shares with an earlier one from there, if it is long enough. How long
it keeps them (mostly some minutes) is no part of this.
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
        """Tokens of a prompt that come from the cache, which knows all of it from then on.

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
