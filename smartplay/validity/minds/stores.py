"""What frugal faculties have in common: ways to keep, pass over and count with small means.

Each is scaled so that about half of the rounds of a level go well if it reaches just that far.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle, islice
from typing import TypeVar

T = TypeVar("T")
K = TypeVar("K")

ROOM = 1.3
"""Cells per thing that is to be kept: some are put where another is."""


def passes(told: Sequence[T], reach: float) -> Iterator[T]:
    """What is told, as often as it takes to follow so many facts in a row.

    In a random order a pass finds two of a row on average: the next, and with a chance of 1/2 the
    one after it, and so on.
    """
    number = math.inf if reach == math.inf else reach / 2 * len(told)
    return islice(cycle(told), int(min(number, len(told) ** 2)))


def kept(told: Sequence[T], reach: float, rng: random.Random) -> list[T]:
    """What is left in so many places, where each thing too many takes that of another."""
    store: list[T] = []
    for each in told:
        if len(store) + 1 <= reach:
            store.append(each)
        elif store:
            store[rng.randrange(len(store))] = each
    return store


def cells(things: Sequence[K], reach: float, rng: random.Random) -> dict[K, int]:
    """The cell of each thing; the fewer cells, the more things share one."""
    names = list(dict.fromkeys(things))
    if reach == math.inf:
        return {name: k for k, name in enumerate(names)}
    number = max(1, round(ROOM * reach))
    return {name: rng.randrange(number) for name in names}


def roughly(worths: Mapping[K, float], grain: float, rng: random.Random) -> K:
    """What is worth most if worths are counted in steps of so much of their logarithm."""
    if grain == 0:
        return max(worths, key=worths.__getitem__)
    steps = {name: math.floor(math.log(worth) / grain) for name, worth in worths.items()}
    best = max(steps.values())
    return rng.choice([name for name, step in steps.items() if step == best])
