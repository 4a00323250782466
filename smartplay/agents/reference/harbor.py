"""Reads Harbor Days, all nine kinds of it, with one mind, whose faculties can be graded.

The agent looks for the forms of sentences it knows, and each faculty reports how much it had to do,
in the unit of the dial. What happens when that is too much depends on how the agent is built, its
`style`.
"""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Literal

from smartplay.agents.reference import harbor_reading as read
from smartplay.agents.reference import harbor_thinking as think
from smartplay.cards.capabilities import Capability
from smartplay.games.registry import cards

Style = Literal["lapse", "capacity", "shallow"]
STYLES: tuple[Style, ...] = ("lapse", "capacity", "shallow")
NOTHING = -1.0
_PLACE = re.compile(r"(Round \d+|Practice), move (\d+)\. ")
NOISE = 0.55
"""Error of an urn's worth, as a share of the logarithm of the ratio that is just told apart."""


class HarborReference:
    """Works out each move; its faculties can be taken away or graded.

    A graded faculty has a capacity that varies from round to round: a logistic number around its
    threshold, so it suffices for a level with a chance of 1 / (1 + exp((level - threshold) /
    slope)). If it does not, the agent

    - `lapse`: guesses;
    - `capacity`: goes as far as its capacity reaches, and guesses where that gives nothing (so many
      words, facts, orders, moves, endings, associations, steps, turns; worths are seen with an
      error that grows as the threshold falls);
    - `shallow`: follows a rule of thumb that needs no such faculty.

    Args:
        manual: The rules.
        actions: Names of the actions.
        seed: Decides guesses and what varies.
        without: The faculty that is missing; empty for none.
        thresholds: By capability, as cards spell it, a threshold and a slope, both in levels of the
            dial; what is not named is whole.
        slip: The chance that a round is spoilt by a careless move.
        style: How the agent fails.
    """

    title = "Harbor Days"
    faculties = ("inferences", "rules", "lookahead", "names", "odds", "checking", "axes")

    def __init__(
        self,
        manual: str,
        actions: list[str],
        seed: int,
        without: str = "",
        thresholds: Mapping[str, Sequence[float]] | None = None,
        slip: float = 0.0,
        style: Style = "lapse",
    ) -> None:
        self._actions, self._random = actions, random.Random(seed)
        self._graded = dict(thresholds or {})
        if without:
            self._graded[WITHOUT[without]] = (-math.inf, 1.0)
        self._slip, self._style = slip, style
        self._log, self._words = read.entries(manual.partition("The log:\n")[2])
        self._currents, self._directions = read.currents(manual), read.directions(manual)
        self._pools: dict[str, int] = {}
        self._bird: str | None = None
        self._round, self._capacity, self._needed, self._slipped = "", 0.0, 0, False
        self._facts: tuple[str, Any] = ("", None)
        self._thoughts = {
            "In which room": self._room,
            "On which day": self._day,
            "called to berth": self._berth,
            "Wanted:": self._quays,
            "Now ring": self._bell,
            "From which urn": self._urn,
            "went astray": self._order,
            "starts facing": self._direction,
        }

    def act(self, observation: str) -> str:
        """Name an action."""
        before, place, move, now = _PLACE.split(observation, maxsplit=1)
        if place != self._round or place == "Practice":
            self._round, self._needed = place, 0
            chance = self._random.random() or 0.5
            self._capacity = math.log(chance / (1 - chance))
            self._slipped = self._random.random() < self._slip
        self._learn(before)
        self._bird = read.bird(now)
        answer = None if self._slipped else self._think(now, int(move) - 1)
        return answer or self._random.choice(self._actions)

    def _think(self, now: str, move: int) -> str | None:
        for words, thought in self._thoughts.items():
            if words in now:
                return thought(now, move)
        return self._pool()

    def _limit(self, capability: Capability, demand: float) -> float:
        """How far the faculty reaches in this round, in the unit of the dial."""
        if capability.key not in self._graded:
            return math.inf
        threshold, slope = self._graded[capability.key]
        values = _values(capability)
        capacity = threshold + slope * self._capacity
        if self._style == "capacity":
            return _value(values, capacity)
        if not self._needed:  # decided once per round: a move may need less than the one before
            self._needed = 1 + min(range(len(values)), key=lambda k: abs(values[k] - demand))
        return math.inf if capacity >= self._needed else NOTHING

    def _shallow(self, limit: float) -> bool:
        return self._style == "shallow" and limit == NOTHING

    def _room(self, now: str, move: int) -> str | None:
        good = re.search(r"room is the (\w+)", now)[1]  # type: ignore[index]
        limit = self._limit(Capability.LONG_TEXT_UNDERSTANDING, self._words)
        if self._shallow(limit):
            room = think.room_of(good, self._log, math.inf, tables=2)
        else:
            room = think.room_of(good, self._log, limit)
        return room and f"Look in the {room}"

    def _day(self, now: str, move: int) -> str | None:
        told, asked = now.split(" On which day is the ")
        if self._facts[0] != told:
            self._facts = (told, read.calendar(told))
        facts, known, name = self._facts[1]
        found, far = think.days_after(asked.rstrip("?"), facts, known)
        if far <= (limit := self._limit(Capability.REASONING, far)):
            return self._actions[(self._actions.index(name) + found) % len(self._actions)]
        return str(name) if self._shallow(limit) else None

    def _berth(self, now: str, move: int) -> str | None:
        given, (signs, called) = read.orders(now), read.boat(now)
        limit = self._limit(Capability.INSTRUCTION_FOLLOWING, len(given))
        if limit < len(given) and self._style == "lapse":
            return None
        return f"Berth {think.berth(called, given, signs, limit)}"

    def _quays(self, now: str, move: int) -> str | None:
        here, wanted = read.stacks(now)
        way, far = think.best_way(here, wanted)
        limit = self._limit(Capability.PLANNING, far)
        if far > limit:
            way = None if self._style == "lapse" else think.greedy_way(here, wanted)
        return way and self._actions[think.WAYS.index(way)]

    def _bell(self, now: str, move: int) -> str | None:
        examples, tune, endings = read.tunes(now)
        limit = self._limit(Capability.GENERALIZATION, len(endings))
        if limit < len(endings) and self._style == "lapse":
            return None
        return f"Bell {think.rung(tune, endings, examples, limit)[move] + 1}"

    def _urn(self, now: str, move: int) -> str | None:
        urns = read.urns(now)
        worths = think.worths(urns)
        *_, second, best = sorted(worths.values())
        capability = Capability.UNDERSTANDING_THE_ODDS
        limit = self._limit(capability, 100 * second / best)
        if self._style == "capacity" and capability.key in self._graded:
            ratio = _value(_values(capability), self._graded[capability.key][0]) / 100
            error = NOISE * -math.log(min(max(ratio, 0.01), 0.99))
            worths = {
                urn: worth * math.exp(self._random.gauss(0, error)) for urn, worth in worths.items()
            }
        elif self._shallow(limit):
            worths = {urn: white * pays for urn, (_, white, pays) in urns.items()}
        elif limit == NOTHING:
            return None
        return f"Draw from the {max(worths, key=worths.__getitem__)} urn"

    def _pool(self) -> str | None:
        if self._round == "Practice":
            return None
        limit = self._limit(Capability.LEARNING_FROM_INTERACTIONS, len(self._pools))
        last = list(self._pools)[-int(min(limit, len(self._pools))) :] if limit >= 1 else []
        pool = self._pools[self._bird] if self._bird in last else None
        if self._shallow(limit) and self._pools:
            pool = Counter(self._pools.values()).most_common(1)[0][0]
        return None if pool is None else self._actions[pool]

    def _learn(self, before: str) -> None:
        """Take in what became of the last move; the birds seen last stand last."""
        told = read.outcome(before)
        if told and self._bird:
            self._pools.pop(self._bird, None)
            self._pools[self._bird] = sum(told) % len(self._actions)

    def _order(self, now: str, move: int) -> str | None:
        given, squares, first, last = read.steps(now)
        limit = self._limit(Capability.ERROR_HANDLING, last + 1 - first)
        doubtful = range(first, int(min(last + 1, first + max(limit, 0))))
        found = think.astray(given, squares, doubtful, self._currents)
        if self._shallow(limit):
            stayed = range(first, last + 1)
            found = [given[k] for k in stayed if squares[k] == squares[k + 1]]
        return f"Order: {found[move]}" if move < len(found) else None

    def _direction(self, now: str, move: int) -> str | None:
        start, turns = read.dive(now)
        limit = self._limit(Capability.SPATIAL_REASONING, len(turns))
        if limit < len(turns) and self._style == "lapse":
            return None
        if self._shallow(limit):
            turns, limit = [turn for turn in turns if turn in ("left", "right")], math.inf
        return f"Point {think.facing(start, turns, limit, self._directions)}"


WITHOUT = {
    "inferences": Capability.REASONING.key,
    "rules": Capability.INSTRUCTION_FOLLOWING.key,
    "lookahead": Capability.PLANNING.key,
    "names": Capability.GENERALIZATION.key,
    "odds": Capability.UNDERSTANDING_THE_ODDS.key,
    "checking": Capability.ERROR_HANDLING.key,
    "axes": Capability.SPATIAL_REASONING.key,
}


@cache
def _values(capability: Capability) -> list[float]:
    """The levels of a capability's dial."""
    return next(
        card.dial.values
        for card in cards()
        if card.family == "harbor" and card.dial and card.dial.capability == capability.key
    )


def _value(values: Sequence[float], level: float) -> float:
    """What a level between two is, in the unit of the dial; nothing below the first."""
    if level < 1:
        return NOTHING
    if level >= len(values):
        return math.inf
    below = int(level)
    return values[below - 1] + (level - below) * (values[below] - values[below - 1])
