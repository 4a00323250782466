"""Reads Four Doors, all eighteen settings of it, with one mind.

The agent does not know which setting it plays. It looks for whatever forms of sentences a round
holds and thinks about what it finds. Each of its faculties can be taken away, by name, and then is
missing wherever it would be used.
"""

from __future__ import annotations

import random
import re
from typing import Any

from smartplay.agents.reference import contrast_reading as read
from smartplay.agents.reference import contrast_thinking as think

INFERENCES, RULES, LOOKAHEAD = "inferences", "rules", "lookahead"
NAMES, ODDS, CHECKING, AXES = "names", "odds", "checking", "axes"


class ContrastReference:
    """Remembers which animal belongs where, and works out the rest in each round.

    Args:
        manual: The rules.
        actions: Names of the actions.
        seed: Decides guesses, where nothing is known.
        without: The faculty that is missing; empty for none. Then it

            - `inferences`: follows one fact only;
            - `rules`: knows the first rule only;
            - `lookahead`: looks one move ahead only, else goes where it is nearest;
            - `names`: trusts that words mean what they usually mean;
            - `odds`: compares prizes without their odds;
            - `checking`: takes for granted that what it did worked;
            - `axes`: sees one axis only.
    """

    title = "Four Doors"
    faculties = (INFERENCES, RULES, LOOKAHEAD, NAMES, ODDS, CHECKING, AXES)

    def __init__(self, manual: str, actions: list[str], seed: int, without: str = "") -> None:
        self._without = without
        self._random = random.Random(seed)
        self._actions = {name.split()[-2]: name for name in actions}
        self._belongs = read.belongings(manual)
        self._strike = read.striking(manual)
        self._task: object = None
        self._expected: object = None

    def act(self, observation: str) -> str:
        """Choose a door."""
        before, _, now = observation.rpartition("Round ")
        self._belongs.update(read.belongings(before))
        action = self._actions.get(self._decide(now) or "")
        return action or self._random.choice(list(self._actions.values()))

    def _decide(self, now: str) -> str | None:
        """Think about what the round tells; None if that leads nowhere."""
        for thought in (
            self._sign, self._box, self._orders, self._rooms, self._call, self._offers, self._log,
            self._walk,
        ):  # fmt: skip
            door = thought(now)
            if door is not None:
                return door
        return None

    def _sign(self, now: str) -> str | None:
        sign = re.search(r"The sign shows the (\w+)", now)
        return self._belongs.get(sign[1]) if sign else None

    def _box(self, now: str) -> str | None:
        asked = re.search(r"Behind which door is the (\w+) box", now)
        hops = 1 if self._without == INFERENCES else None
        return think.follow(read.containers(now), asked[1], hops) if asked else None

    def _orders(self, now: str) -> str | None:
        orders = read.orders(now)
        if self._without == RULES:
            orders = orders[:1]
        left = think.allowed(list(self._actions), orders, read.signals(now))
        return self._random.choice(left) if orders and left else None

    def _rooms(self, now: str) -> str | None:
        rooms = read.rooms(now)
        if rooms is None:
            return None
        here = self._believe((rooms.target, sorted(rooms.ways)), rooms.here)
        door = think.way(rooms, here, 1 if self._without == LOOKAHEAD else None)
        self._expected = rooms.ways.get(here, {}).get(door or "", here)
        return door

    def _call(self, now: str) -> str | None:
        call = re.search(r"The call is: (\w+)", now)
        meaning = {} if self._without == NAMES else read.words(now)
        return meaning.get(call[1], call[1]) if call else None

    def _offers(self, now: str) -> str | None:
        offers = read.offers(now)
        return think.best_offer(offers, self._without != ODDS) if offers else None

    def _log(self, now: str) -> str | None:
        found = read.plan_and_log(now)
        if found is None:
            return None
        plan, told = found
        log = list(self._believe(plan, told))
        door = think.next_of_plan(plan, log, self._strike)
        log = log[:-1] if door == self._strike else [*log, door]
        self._expected = [] if log == plan else log
        return door

    def _walk(self, now: str) -> str | None:
        places, facing, walk = read.places(now), read.heading(now), read.walk(now)
        if not places or facing is None:
            return None
        if self._without == AXES:
            return think.nearest(places, (think.on_a_line(walk), 0, 0), axes=1)
        return think.nearest(places, think.end_of_walk(walk, facing))

    def _believe(self, task: object, told: Any) -> Any:
        """What is told of the present state; without checking, what was expected of it."""
        known = self._task == task and self._expected is not None
        self._task = task
        return self._expected if known and self._without == CHECKING else told
