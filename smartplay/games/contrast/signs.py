"""Signs with animals: which door each belongs to is told briefly, at length, or not at all."""

from __future__ import annotations

import random

from smartplay.games.contrast.chronicle import chronicle
from smartplay.games.contrast.house import DOORS, Kind, listed, permutation

ANIMALS = (
    "badger", "bear", "crane", "crow", "deer", "dove", "eagle", "ferret", "finch", "fox",
    "frog", "goose", "hare", "hawk", "heron", "lark", "lynx", "magpie", "mole", "moth",
    "newt", "otter", "owl", "pike", "rabbit", "raven", "seal", "snail", "snake", "sparrow",
    "stork", "swan", "toad", "trout", "turtle", "wasp", "weasel", "whale", "wolf",
)  # fmt: skip
SIGNS = 6


class Signs(Kind):
    """Long Text Understanding: the manual tells in a sentence, or in fifteen hundred words."""

    size = SIGNS + 1

    def __init__(self, rng: random.Random, hard: bool) -> None:
        super().__init__(rng, hard)
        self.animals, self._strangers = _animals(rng)
        self.doors = _doors(rng)
        self._seed = rng.getrandbits(64)
        self.shown = -1
        self._draw()

    def _draw(self) -> None:
        self.shown = _other(self.rng, self.shown)
        self.right = self.doors[self.shown]

    def manual(self, rounds: str) -> str:
        """The rules and, in one form or the other, the animals' doors."""
        told = belongings(self.animals, self.doors)
        where = "This house's story, below, tells which it is." if self.hard else told
        short = f"{_short(rounds)} {where}"
        if not self.hard:
            return short
        colors = [DOORS[door] for door in self.doors]
        rng = random.Random(self._seed)
        return "\n\n".join([short, *chronicle(rng, self.animals, colors, self._strangers)])

    def text(self) -> str:
        """The sign."""
        return f"The sign shows the {self.animals[self.shown]}."

    def numbers(self) -> list[int]:
        """The door of each animal, then the animal shown."""
        return [*self.doors, self.shown]

    def choose(self, door: int) -> str:
        """Draw another sign."""
        self._draw()
        return ""


class Cues(Kind):
    """Learning from Interactions: the manual tells, or nothing does but what came of a choice.

    The practice rounds show each animal once.
    """

    size = SIGNS + 3
    practice = SIGNS

    def __init__(self, rng: random.Random, hard: bool) -> None:
        super().__init__(rng, hard)
        self.animals, _ = _animals(rng)
        self.doors = _doors(rng)
        self._coming = permutation(rng, SIGNS)
        self.shown = self._last = -1
        self._draw()

    def _draw(self) -> None:
        self.shown = self._coming.pop() if self._coming else _other(self.rng, self.shown)
        self.right = self.doors[self.shown]

    def manual(self, rounds: str) -> str:
        """The rules, and the animals' doors or that they have to be found out."""
        told = (
            "Which animal belongs to which door is new in every game. It is told nowhere but in "
            "what you read after each round."
            if self.hard
            else belongings(self.animals, self.doors)
        )
        return (
            f"{_short(rounds)} {told}\n\nThe first {self.practice} rounds are for practice and do "
            "not count. After each round you read which door was right."
        )

    def text(self) -> str:
        """The sign."""
        return f"The sign shows the {self.animals[self.shown]}."

    def numbers(self) -> list[int]:
        """The door of each animal (-1 if not told), the animal shown, the last one, its door."""
        told = [-1] * SIGNS if self.hard else self.doors
        last = -1 if self._last < 0 else self.doors[self._last]
        return [*told, self.shown, self._last, last]

    def choose(self, door: int) -> str:
        """Tell the right door and draw another sign."""
        told = f"The {self.animals[self.shown]} belongs to the {DOORS[self.right]} door."
        self._last = self.shown
        self._draw()
        return told


def belongings(animals: list[str], doors: list[int]) -> str:
    """One sentence on which animal belongs to which door."""
    (first, door), *rest = zip(animals, doors, strict=True)
    parts = [f"the {animal} to {DOORS[door]}" for animal, door in rest]
    return f"The {first} belongs to {DOORS[door]}, {listed(parts)}."


def _short(rounds: str) -> str:
    return f"{rounds} Choose one of four doors each round. Right is the door of the sign's animal."


def _animals(rng: random.Random) -> tuple[list[str], list[str]]:
    """The animals of the signs, and others."""
    drawn = rng.sample(ANIMALS, 2 * SIGNS)
    return drawn[:SIGNS], drawn[SIGNS:]


def _doors(rng: random.Random) -> list[int]:
    """A door per animal; each door is somebody's."""
    doors = [*range(len(DOORS)), *(rng.randrange(len(DOORS)) for _ in range(SIGNS - len(DOORS)))]
    rng.shuffle(doors)
    return doors


def _other(rng: random.Random, last: int) -> int:
    """Any sign but the last one."""
    return rng.choice([sign for sign in range(SIGNS) if sign != last])
