"""The four doors, and what every kind of round has in common."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from typing import ClassVar

DOORS = ("red", "green", "blue", "yellow")


class Kind(ABC):
    """The rounds of one episode, of which one capability decides how hard they are.

    An easy and a hard episode of one seed draw the same numbers in the same order.

    Args:
        rng: Draws everything.
        hard: Whether the capability is demanded.

    Attributes:
        right: Index of the right door of the present round.
        size: How many numbers `numbers` gives.
        practice: Rounds at the beginning that do not count.
    """

    size: ClassVar[int]
    practice: ClassVar[int] = 0
    right: int

    def __init__(self, rng: random.Random, hard: bool) -> None:
        self.rng, self.hard = rng, hard

    @abstractmethod
    def manual(self, rounds: str) -> str:
        """The rules after the title; `rounds` is a sentence that says how many rounds there are."""

    @abstractmethod
    def text(self) -> str:
        """What the present round tells."""

    @abstractmethod
    def numbers(self) -> list[int]:
        """What the present round tells, as numbers from -1000 to 1000."""

    @abstractmethod
    def choose(self, door: int) -> str:
        """Choose a door and go on to the next round.

        Returns:
            What came of it, to be read after the sentence that names the door; may be empty.
        """


class Drawn(Kind):
    """A kind whose rounds have nothing to do with one another: each is drawn anew."""

    def __init__(self, rng: random.Random, hard: bool) -> None:
        super().__init__(rng, hard)
        self._draw()

    @abstractmethod
    def _draw(self) -> None:
        """Draw a round."""

    def choose(self, door: int) -> str:
        """Draw the next round; nothing is told of this one."""
        self._draw()
        return ""


def listed(parts: list[str]) -> str:
    """Join parts as in a sentence: `a, b and c`."""
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def permutation(rng: random.Random, number: int) -> list[int]:
    """The numbers below `number` in random order."""
    order = list(range(number))
    rng.shuffle(order)
    return order
