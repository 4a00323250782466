"""Reads Four Doors, all nine kinds of it at every level, with one mind.

The agent does not know which setting it plays. It looks for whatever forms of sentences a round
holds and thinks about what it finds. Each of its faculties can be taken away, by name, or be made
to fail where more is demanded of it than it can do.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from smartplay.agents.reference import contrast_reading as read
from smartplay.agents.reference import contrast_thinking as think
from smartplay.games.registry import cards

INFERENCES, RULES, LOOKAHEAD = "inferences", "rules", "lookahead"
NAMES, ODDS, CHECKING, AXES = "names", "odds", "checking", "axes"
TITLE = "Four Doors"


class Thought(NamedTuple):
    """What the agent makes of a round.

    Attributes:
        door: The door it takes for the right one; None if it cannot tell.
        capability: The capability that is demanded, as cards spell it.
        demand: How much of it, in the unit of the capability's dial.
    """

    door: str | None
    capability: str
    demand: float


class ContrastReference:
    """Remembers what hangs or belongs where, and works out the rest in each round.

    Args:
        manual: The rules.
        actions: Names of the actions.
        seed: Decides guesses, where nothing is known, and failures.
        without: The faculty that is missing; empty for none. Then it

            - `inferences`: follows one fact only;
            - `rules`: obeys the first rule only;
            - `lookahead`: looks one move ahead only;
            - `names`: knows words in the company only in which it was shown them;
            - `odds`: compares prizes without their odds;
            - `checking`: knows of errors only what it is told;
            - `axes`: sees one axis only, so it never turns.
        thresholds: By capability, as cards spell it, a threshold and a slope, both in levels of the
            dial. With a chance of 1 / (1 + exp((threshold - level) / slope)) it then fails in a
            round of that level, and guesses. What is not named never fails.
        slip: The chance that it guesses in a round, whatever is demanded.
    """

    title = TITLE
    faculties = (INFERENCES, RULES, LOOKAHEAD, NAMES, ODDS, CHECKING, AXES)

    def __init__(
        self,
        manual: str,
        actions: list[str],
        seed: int,
        without: str = "",
        thresholds: Mapping[str, Sequence[float]] | None = None,
        slip: float = 0,
    ) -> None:
        self._without = without
        self._thresholds, self._slip = dict(thresholds or {}), slip
        self._random = random.Random(seed)
        self._failures = random.Random(f"failures {seed}")
        self._actions = {name.split()[-2]: name for name in actions}
        self._doors = list(self._actions)
        self._ring = read.ring(manual, self._doors)
        self._story = manual.partition("\n\n")[2].partition("\n\n")[2]
        self._belongs = read.hung(self._story, self._doors)
        self._learned: set[str] = set()

    def act(self, observation: str) -> str:
        """Choose a door."""
        before, _, now = observation.rpartition("Round ")
        self._learn(before)
        thought = self._think(now)
        known = thought is not None and thought.door in self._actions
        if thought is None or not known or self._fails(thought):
            return self._random.choice(list(self._actions.values()))
        return self._actions[thought.door or ""]

    def _fails(self, thought: Thought) -> bool:
        """Whether it fails in this round, as its thresholds and its slips have it."""
        slips, fails = self._failures.random(), self._failures.random()
        if slips < self._slip:
            return True
        if thought.capability not in self._thresholds:
            return False
        threshold, slope = self._thresholds[thought.capability]
        beyond = (level_of(thought.capability, thought.demand) - threshold) / slope
        return fails < 1 / (1 + math.exp(min(-beyond, 500)))

    def _learn(self, before: str) -> None:
        heard = read.bells(before)
        if heard is None:
            return
        chosen, rang = heard
        for mask, times in rang.items():
            self._belongs[mask] = self._further(self._belongs.get(mask, chosen), times)
            self._learned.add(mask)

    def _further(self, door: str, steps: int) -> str:
        return self._ring[(self._ring.index(door) + steps) % len(self._ring)]

    def _think(self, now: str) -> Thought | None:
        """Think about what the round tells; None if that leads nowhere."""
        for thought in (
            self._sign, self._box, self._key, self._rooms, self._call, self._offers, self._log,
            self._walk,
        ):  # fmt: skip
            found = thought(now)
            if found is not None:
                return found
        return None

    def _sign(self, now: str) -> Thought | None:
        shown = read.sign(now)
        if not shown:
            return None
        if "keeper" not in now:
            words = float(len(self._story.split()))
            return Thought(self._belongs.get(shown), "long_text_understanding", words)
        told = read.pointed(now)
        demand = 0 if told else len(self._learned)
        return Thought(told or self._belongs.get(shown), "learning_from_interactions", demand)

    def _box(self, now: str) -> Thought | None:
        asked = read.asked(now)
        if not asked:
            return None
        facts = read.containers(now)
        hops = 1 if self._without == INFERENCES else None
        demand = len(think.follow(facts, asked))
        return Thought(think.follow(facts, asked, hops)[-1], "reasoning", demand)

    def _key(self, now: str) -> Thought | None:
        start = read.key(now)
        if not start:
            return None
        orders = read.orders(now)
        heeded = orders[:1] if self._without == RULES else orders
        door = self._further(start, think.moved(heeded, read.signals(now)))
        return Thought(door, "instruction_following", len(orders))

    def _rooms(self, now: str) -> Thought | None:
        rooms = read.rooms(now, self._doors)
        if rooms is None:
            return None
        way = think.way(rooms, 1 if self._without == LOOKAHEAD else None)
        return Thought(way[0], "planning", way[1]) if way else Thought(None, "planning", 0)

    def _call(self, now: str) -> Thought | None:
        words = read.call(now)
        if not words:
            return None
        calls = read.calls(now, self._doors)
        shown = calls.get(tuple(words))
        door = shown if self._without == NAMES else think.called(calls, words, self._ring)
        return Thought(door, "generalization", len(words))

    def _offers(self, now: str) -> Thought | None:
        offers = read.offers(now, self._doors)
        if not offers:
            return None
        next_best, best = sorted(coins * chance for coins, chance in offers.values())[-2:]
        door = think.best_offer(offers, self._without != ODDS)
        return Thought(door, "understanding_the_odds", next_best / (best - next_best))

    def _log(self, now: str) -> Thought | None:
        found = read.log(now)
        if found is None:
            return None
        seen = None if found.told or self._without == CHECKING else think.fault(found)
        fault, place = seen or (found.told, 0)
        return Thought(found.repairs.get(fault), "error_handling", place)

    def _walk(self, now: str) -> Thought | None:
        walk = read.walk(now)
        if walk is None:
            return None
        turns = sum(kind == "turn" for kind, _ in walk.pieces)
        door = think.end_of_walk(walk, self._without != AXES)
        return Thought(door, "spatial_reasoning", turns)


def level_of(capability: str, demand: float) -> int:
    """The level of a capability's dial whose value is nearest to a demand, the higher of two."""
    values = next(
        card.dial.values
        for card in cards()
        if card.title == TITLE and card.dial and card.dial.capability == capability
    )
    return 1 + min(range(len(values)), key=lambda k: (abs(values[k] - demand), -k))
