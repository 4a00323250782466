"""What every kind of round has in common."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from smartplay.games.snapshots import Part

MOVES, ROUNDS = 3, 12


class Kind(Part, ABC):
    """The rounds of one episode at one level of a capability's dial.

    Args:
        rng: Draws everything.
        level: The level, counted from 1.

    Attributes:
        actions: Names of the actions.
        values: What each level is, in the unit of the card's dial.
        rules: The rules, after what the manual says of rounds and moves.
        size: How many numbers `numbers` gives.
        practice: Moves at the beginning that do not count.
        value: What the level is.
        plan: The right actions of the present round, one per move.
        done: The actions taken in the present round.
    """

    actions: ClassVar[Sequence[str]]
    values: ClassVar[Sequence[float]]
    rules: ClassVar[str]
    size: ClassVar[int]
    practice: ClassVar[int] = 0
    plan: list[int]

    def __init__(self, rng: random.Random, level: int) -> None:
        super().__init__(rng)
        self.value = self.values[level - 1]
        self.done: list[int] = []
        self.begin()
        self.draw()

    def begin(self) -> None:
        """Draw what holds for the whole episode."""

    @abstractmethod
    def draw(self) -> None:
        """Draw a round."""

    @abstractmethod
    def text(self) -> str:
        """What is told before the present move."""

    @abstractmethod
    def numbers(self) -> list[int]:
        """The same as integers from -10 000 to 10 000."""

    def manual(self) -> str:
        """The rules, and what is told for the whole episode."""
        return self.rules

    @property
    def right(self) -> int:
        """The right action of the present move."""
        return self.plan[len(self.done)]

    def move(self, action: int) -> str:
        """Take an action; after the last of a round the next round is drawn.

        Returns:
            What came of it, where that is told; else nothing.
        """
        self.done = [*self.done, action]
        if len(self.done) == MOVES:
            self.done = []
            self.draw()
        return ""


def shuffled(rng: random.Random, number: int) -> list[int]:
    """The numbers below `number` in random order."""
    return rng.sample(range(number), number)


def listed(parts: Sequence[str]) -> str:
    """Join parts as in a sentence: `a, b and c`."""
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)


def capital(text: str) -> str:
    """The same with a capital at the beginning."""
    return text[0].upper() + text[1:]
