"""What an episode can start with: who plays which role, how it moves, where it stands.

All figures are those of the Messenger environment (Hanjie et al. 2021, arXiv 2101.07393).
"""

from __future__ import annotations

from itertools import permutations, product
from random import Random

from smartplay.core.errors import UnknownNameError, UsageError

ENTITIES = (
    "airplane",
    "mage",
    "dog",
    "bird",
    "fish",
    "scientist",
    "thief",
    "ship",
    "ball",
    "robot",
    "queen",
    "sword",
)
ROLES = ("enemy", "message", "goal")
DECOYS = ("message_decoy", "goal_decoy")
MOVEMENTS = ("chaser", "fleeing", "immovable")
UNKNOWN = "unknown"
SPLITS = ("test", "val", "train")
LEVELS = (1, 2, 3)

Cast = tuple[str, str, str]
Square = tuple[int, int]

START_WITH_MESSAGE = 0.2
"""Probability that the agent of level 1 starts with the message."""

AGENT_START: Square = (5, 5)
STARTS: dict[int, tuple[Square, ...]] = {
    1: ((5, 3), (3, 5), (7, 5), (5, 7)),
    2: ((2, 2), (7, 2), (2, 7), (7, 7)),
    3: ((2, 1), (8, 1), (5, 4), (1, 6), (9, 6), (5, 9)),
}
"""Squares, column and row from the north-west corner, over which the start is shuffled."""


def check(level: int, split: str) -> None:
    """Make sure that there is such a level and such a split.

    Raises:
        UsageError: If there is no such level.
        UnknownNameError: If there is no such split.
    """
    if level not in LEVELS:
        raise UsageError(f"Messenger has no level {level!r}; choose 1, 2 or 3")
    if split not in SPLITS:
        raise UnknownNameError("split", str(split), SPLITS)


def casts(split: str) -> list[Cast]:
    """Triples of the entities that can be enemy, message and goal together in a split."""
    if split == "train":
        return _training_casts()
    return _held_out_casts(crossed=split == "val")


def variants(level: int, split: str) -> list[tuple[str, ...]]:
    """The ways the others can move, in the order enemy, message, goal and, on level 3, decoys.

    Nothing moves on level 1. On level 2 the three movements are dealt out in any order, and to
    the test split in any combination. On level 3 each decoy moves otherwise than the one it looks
    like, and than the other decoy.
    """
    if level == 1:
        return [("immovable",) * 3]
    if level == 2 and split == "test":
        return list(product(MOVEMENTS, repeat=3))
    orders = list(permutations(MOVEMENTS))
    if level == 2:
        return orders
    return [
        (*order, *decoys)
        for order in orders
        for decoys in permutations(MOVEMENTS, 2)
        if decoys[0] != order[1] and decoys[1] != order[2]
    ]


def start(level: int, rng: Random) -> tuple[list[Square], Square]:
    """Draw where everyone starts: the others in the order of their roles, and the agent."""
    squares = list(STARTS[level])
    rng.shuffle(squares)
    if level == 1:
        return squares[:3], AGENT_START
    return squares[:-1], squares[-1]


def _held_out_casts(crossed: bool) -> list[Cast]:
    first, second = ("airplane", "scientist"), ("bird", "mage")
    if crossed:
        first, second = second, first
    sea, land = ("ship", "fish"), ("thief", "ball")
    blocks = [
        (first, ("robot", "dog"), sea),
        (first, ("queen", "sword"), land),
        (second, ("robot", "dog"), land),
        (second, ("queen", "sword"), sea),
    ]
    return [cast for block in blocks for cast in product(*block)]


def _training_casts() -> list[Cast]:
    enemies = ("robot", "ship", "queen", "thief")
    messages = ("airplane", "ship", "scientist", "thief")
    goals = ("airplane", "queen", "robot", "scientist")
    mixed = [cast for cast in product(enemies, messages, goals) if len(set(cast)) == 3]
    fixed = [
        ("dog", "fish", "bird"),
        ("fish", "bird", "dog"),
        ("sword", "ball", "mage"),
        ("ball", "mage", "sword"),
    ]
    return mixed + fixed
