"""Minds with limited faculties, that play from the text alone.

Each architecture has nine faculties for each of the two games. A limit is drawn round by round
around the agent's threshold, in the unit of the dial: so many words, facts, orders, turns. No mind
is told the level it plays, nor does it know how rounds are drawn.

```
graded     works step by step; where its limit ends the work, it guesses
stepwise   works step by step; where its limit ends the work, it answers with what it has so far
frugal     works by other algorithms, whose limits are other ones: it skims, passes over the text so
           many times, tries so much out, keeps what it heard in so many places, counts roughly
shallow    works step by step; where its limit ends the work, it follows a rule of thumb
```
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from smartplay.agents.context import Observation
from smartplay.agents.reference import contrast_thinking, harbor_thinking
from smartplay.agents.reference.contrast import ContrastReader
from smartplay.agents.reference.faculties import Faculties, Reader
from smartplay.agents.reference.harbor import HarborReader
from smartplay.cards.capabilities import Capability
from smartplay.core.errors import UsageError
from smartplay.validity.minds import contrast, harbor

ARCHITECTURES = ("graded", "stepwise", "frugal", "shallow")
NOTHING = -1.0
"""The reach of a faculty that does not suffice for the first level."""


class World(NamedTuple):
    """A game as minds play it: how it is read, and the faculties and rules of thumb for it."""

    reader: type[ContrastReader] | type[HarborReader]
    stepwise: Faculties
    frugal: Faculties
    thumbs: Faculties


WORLDS = {
    "contrast": World(
        ContrastReader, contrast_thinking.FACULTIES, contrast.FRUGAL, contrast.THUMBS
    ),
    "harbor": World(HarborReader, harbor_thinking.FACULTIES, harbor.FRUGAL, harbor.THUMBS),
}


class Limit(NamedTuple):
    """How far a faculty reaches.

    In a round it suffices for a level with a chance of 1 / (1 + exp((level - threshold) / slope)).

    Attributes:
        threshold: In levels of the dial.
        slope: In levels.
        values: What the levels are, in the unit of the dial.
    """

    threshold: float
    slope: float
    values: Sequence[float]

    def reach(self, chance: float) -> float:
        """How far it reaches in a round, by a number drawn uniformly from 0 to 1."""
        chance = min(max(chance, 1e-9), 1 - 1e-9)
        level = self.threshold + self.slope * math.log(chance / (1 - chance))
        if level < 1:
            return NOTHING
        if level >= len(self.values):
            return math.inf
        below = int(level)
        low, high = self.values[below - 1 : below + 1]
        return low + (level - below) * (high - low)


class LimitedMind:
    """Plays with limited faculties.

    Args:
        family: The game's family.
        architecture: How the mind is built, one of `ARCHITECTURES`.
        manual: The rules.
        actions: Names of the actions.
        seed: Decides all that is random in it.
        limits: How far its faculties reach; what is not named is whole.
        slip: The share of rounds that it spoils by carelessness.

    Raises:
        UsageError: If there are no minds for this family, or of this architecture.
    """

    def __init__(
        self,
        family: str,
        architecture: str,
        manual: str,
        actions: list[str],
        seed: int,
        limits: Mapping[Capability, Limit],
        slip: float = 0.0,
    ) -> None:
        if family not in WORLDS or architecture not in ARCHITECTURES:
            raise UsageError(f"there is no {architecture} mind for {family}")
        self._world, self._architecture = WORLDS[family], architecture
        self._reader: Reader = self._world.reader(manual, actions)
        self._actions, self._seed, self._limits, self._slip = actions, seed, limits, slip
        self._random = random.Random(seed)

    def act(self, observation: Observation) -> str:
        """Name an action."""
        task = self._reader.read(observation)
        drawn = random.Random(f"{self._seed} {self._reader.round}")  # one for all moves of a round
        slips, chance = drawn.random() < self._slip, drawn.random()
        value = None
        if task and not slips:
            value = self._think(task.capability, task.told, chance, drawn)
        action = self._reader.action(task, value) if task else None
        return action or self._random.choice(self._actions)

    def _think(
        self, capability: Capability, told: object, chance: float, rng: random.Random
    ) -> object:
        world, kind = self._world, self._architecture
        limit = self._limits.get(capability)
        reach = limit.reach(chance) if limit else math.inf
        faculty = (world.frugal if kind == "frugal" else world.stepwise)[capability]
        if reach == NOTHING:
            value, whole = None, False
        else:
            value, whole = faculty(told, reach, rng)
        if kind == "shallow" and not whole:
            return world.thumbs[capability](told, NOTHING, rng).value
        return value if whole or kind != "graded" else None
