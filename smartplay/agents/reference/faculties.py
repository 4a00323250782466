"""What readers and faculties of the dialled games are: a mind is a reader and nine faculties.

A faculty works on what a reader found. How far it reaches is in the unit of the dial.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from smartplay.cards.capabilities import Capability


class Task(NamedTuple):
    """What a move takes.

    Attributes:
        capability: The capability that is demanded.
        told: What was read.
    """

    capability: Capability
    told: Any


class Answer(NamedTuple):
    """What a faculty makes of what was read.

    Attributes:
        value: The answer, as far as it came; None for none.
        whole: Whether it came to the end of the work.
    """

    value: Any
    whole: bool = True


class Reader(Protocol):
    """Reads the texts of a game.

    Attributes:
        round: The round of the last observation; practice is a round per move.
    """

    round: str

    def read(self, observation: str) -> Task | None:
        """What the next move takes; None if that cannot be read."""

    def action(self, task: Task, value: Any) -> str | None:
        """The action that an answer stands for."""


Faculty = Callable[[Any, float, random.Random], Answer]
"""Works on what was told, as far as it reaches; the generator decides what is open."""
Faculties = Mapping[Capability, Faculty]


def first(reach: float, number: int) -> int:
    """How many of so many things are within reach."""
    return int(min(max(reach, 0), number))


def reaching(faculty: Faculty, reach: float) -> Faculty:
    """The faculty as far as it reaches, and no further."""
    return lambda told, _, rng: faculty(told, reach, rng)


def shortest_way(
    ways: Mapping[str, dict[str, str]], here: str, target: str, reach: float
) -> Answer:
    """Look so many steps ahead; what the shortest way to the target begins with.

    Args:
        ways: By place, where each step leads.
        here: Where it begins.
        target: Where it is to end.
        reach: How many steps ahead.
    """
    edge = {place: step for step, place in reversed(ways.get(here, {}).items())}
    seen, far = {here}, 1
    while edge and far <= reach:
        if target in edge:
            return Answer(edge[target])
        seen.update(edge)
        following: dict[str, str] = {}
        for place, step in edge.items():
            for there in ways.get(place, {}).values():
                if there not in seen:
                    following.setdefault(there, step)
        edge, far = following, far + 1
    return Answer(None, False)


class Mind:
    """Thinks about what it reads, with whole faculties.

    Args:
        reader: Reads.
        actions: Names of the actions.
        seed: Decides guesses, where nothing is known.
        faculties: The faculties; where there is none, it guesses.
    """

    def __init__(self, reader: Reader, actions: list[str], seed: int, faculties: Faculties) -> None:
        self._reader, self._actions, self._faculties = reader, actions, faculties
        self._random = random.Random(seed)

    def act(self, observation: str) -> str:
        """Name an action."""
        task = self._reader.read(observation)
        faculty = self._faculties.get(task.capability) if task else None
        if task is None or faculty is None:
            return self._random.choice(self._actions)
        value = faculty(task.told, math.inf, self._random).value
        return self._reader.action(task, value) or self._random.choice(self._actions)


def at_once(told: Mapping[str, float], least: float, rng: random.Random) -> Answer:
    """One of those worth most, where worths that differ by less than a ratio look alike."""
    best = max(told.values())
    alike = [name for name, worth in told.items() if worth == best or worth * least > best]
    return Answer(rng.choice(alike) if len(alike) > 1 else alike[0], len(alike) == 1)
