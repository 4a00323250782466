"""Generalization: words as everyone uses them, or words that have changed places."""

from __future__ import annotations

import random

from smartplay.games.contrast.house import DOORS, Kind, permutation


class Words(Kind):
    """The right door is called by its name in the words of the house, which are told.

    In a hard episode no colour's word means that colour. The words hold for an episode.
    """

    size = len(DOORS) + 1

    def __init__(self, rng: random.Random, hard: bool) -> None:
        super().__init__(rng, hard)
        moved = permutation(rng, len(DOORS))
        while any(word == meaning for word, meaning in enumerate(moved)):
            moved = permutation(rng, len(DOORS))
        self._meaning = moved if hard else list(range(len(DOORS)))
        self._draw()

    def _draw(self) -> None:
        self.right = self.rng.randrange(len(DOORS))
        self._order = permutation(self.rng, len(DOORS))
        self._call = self._meaning.index(self.right)

    def manual(self, rounds: str) -> str:
        """The rules."""
        return (
            f"{rounds} In each round you choose one of four doors, and one of them is right: the "
            "one that is called for in the words of this house. What these words mean is told in "
            "each round. Your own choice is always understood in the usual words."
        )

    def text(self) -> str:
        """The words of the house and the call."""
        words = [f"{DOORS[word]} means {DOORS[self._meaning[word]]}" for word in self._order]
        return f"In this house {', '.join(words)}. The call is: {DOORS[self._call]}."

    def numbers(self) -> list[int]:
        """What each colour's word means, by index, then the word that is called."""
        return [*self._meaning, self._call]

    def choose(self, door: int) -> str:
        """Draw another call."""
        self._draw()
        return ""
