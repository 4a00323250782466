"""The four doors, and what every kind of round has in common."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, TypeVar

from smartplay.games.snapshots import Part

T = TypeVar("T")

DOORS = ("red", "green", "blue", "yellow")
RING = "red, green, blue, yellow, then red again"


class Kind(Part, ABC):
    """The rounds of one episode, at one level of the demand on one capability.

    Each round is drawn anew, whatever was chosen before. A round is drawn in such a way that who
    leaves out a part of what it takes is right with a chance of 1 in 4.

    Args:
        rng: Draws everything.
        level: From 1 to `len(values)`.

    Attributes:
        values: What each level is, in the unit of the dial of the game's card.
        size: The most characters that `story` and a round's text have together.
        practice: Rounds at the beginning that do not count.
        value: That of the level played.
        right: Index of the right door of the present round.
        story: What is told once, after the rules; may be empty.
    """

    values: ClassVar[tuple[float, ...]]
    size: ClassVar[int] = 4000
    practice: ClassVar[int] = 0
    right: int
    story: str

    def __init__(self, rng: random.Random, level: int) -> None:
        super().__init__(rng)
        self.value = self.values[level - 1]
        self._begin()
        self._draw()

    def _begin(self) -> None:
        """Draw what holds for the whole episode, its story included."""
        self.story = ""

    @abstractmethod
    def _draw(self) -> None:
        """Draw a round."""

    @abstractmethod
    def manual(self, rounds: str) -> str:
        """The rules; `rounds` is a sentence that says how many rounds there are."""

    @abstractmethod
    def text(self) -> str:
        """What the present round tells."""

    def choose(self, door: int) -> str:
        """Choose a door and go on to the next round.

        Returns:
            What came of it, to be read after the sentence that names the door; may be empty.
        """
        self._draw()
        return ""


def along(door: int, steps: int) -> int:
    """The door so many places further along the ring."""
    return (door + steps) % len(DOORS)


def listed(parts: Sequence[str]) -> str:
    """Join parts as in a sentence: `a, b and c`."""
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)


def shuffled(rng: random.Random, things: Sequence[T]) -> list[T]:
    """The things in random order."""
    return rng.sample(things, len(things))


def capital(text: str) -> str:
    """The text with a capital at its beginning."""
    return text[:1].upper() + text[1:]
