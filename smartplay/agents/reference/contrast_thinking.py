"""The faculties of the reader of Four Doors: one function each, as far as it reaches.

A reach is in the unit of the dial. What lies beyond it is left out.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from smartplay.agents.reference import contrast_reading as read
from smartplay.agents.reference.contrast_reading import (
    Boxes,
    Call,
    Lesson,
    Log,
    Rooms,
    Rules,
    Story,
    Walk,
)
from smartplay.agents.reference.faculties import Answer, Faculties, at_once, first, shortest_way
from smartplay.cards.capabilities import Capability

Offers = Mapping[str, tuple[int, int]]
STEPS = ((-1, 0), (0, 1), (1, 0), (0, -1))
MOVED = 9
FAULTS = {(2, 4): "two four", (4, 2): "four two", (2, 3): "two three", (3, 2): "three two"}
"""Faults by how many of `MOVED` entries the log has last that the plan has first, and first that it
has last."""


def further(ring: Sequence[str], door: str, steps: int) -> str:
    """The door so many places along the ring."""
    return ring[(ring.index(door) + steps) % len(ring)]


def story(told: Story, reach: float, rng: random.Random) -> Answer:
    """Read so many words."""
    words = told.text.split()
    if reach >= len(words):
        return Answer(read.hung(told.text, told.doors).get(told.asked))
    text = " ".join(words[: first(reach, len(words))])
    return Answer(read.hung_in(read.sentences(text), told.doors).get(told.asked), False)


def lesson(told: Lesson, reach: float, rng: random.Random) -> Answer:
    """Remember so many masks, those heard last."""
    known: dict[str, str] = {}
    whole = True
    for chosen, rang in told.heard:
        for mask, times in rang.items():
            known[mask] = further(told.ring, known.pop(mask, chosen), times)
            if len(known) > reach:
                whole = False
                known.pop(next(iter(known)))
    return Answer(told.told or known.get(told.asked), whole or bool(told.told))


def follow(facts: Mapping[str, str], thing: str, reach: float) -> str:
    """Where so many facts lead."""
    hops = 0
    while thing in facts and hops < int(min(reach, len(facts))):
        thing, hops = facts[thing], hops + 1
    return thing


def boxes(told: Boxes, reach: float, rng: random.Random) -> Answer:
    """Follow so many facts from the box that is asked for."""
    found = follow(told.facts, told.asked, reach)
    return Answer(found, found not in told.facts)


def rules(told: Rules, reach: float, rng: random.Random) -> Answer:
    """Obey so many orders."""
    heeded = told.orders[: first(reach, len(told.orders))]
    steps = sum(order.moves[told.states[order.signal]] for order in heeded)
    return Answer(further(told.ring, told.start, steps), len(heeded) == len(told.orders))


def rooms(told: Rooms, reach: float, rng: random.Random) -> Answer:
    """Look so many doors ahead; the door that begins the shortest way."""
    return shortest_way(told.ways, told.here, told.target, reach)


def meanings(told: Call) -> dict[str, int]:
    """How many doors each word moves on, by the examples."""
    return {
        call[1]: told.ring.index(door) - told.ring.index(told.shown[call[:1]])
        for call, door in told.shown.items()
        if len(call) == 2 and call[:1] in told.shown
    }


def call(told: Call, reach: float, rng: random.Random) -> Answer:
    """What so many of the called words mean, by what they mean in other company."""
    moves = meanings(told)
    heard = told.words[: first(reach, len(told.words))]
    begin = told.shown.get(tuple(heard[:1]))
    if begin is None or any(word not in moves for word in heard[1:]):
        return Answer(None, False)
    door = further(told.ring, begin, sum(moves[word] for word in heard[1:]))
    return Answer(door, len(heard) == len(told.words))


def in_company(told: Call, reach: float, rng: random.Random) -> Answer:
    """What the words mean that were shown together."""
    return Answer(told.shown.get(tuple(told.words)))


def offers(told: Offers, reach: float, rng: random.Random) -> Answer:
    """The most coins on average, if its ratio to the next is 1 + 1 / reach or more."""
    worths = {door: coins * chance for door, (coins, chance) in told.items()}
    return at_once(worths, 1 + 1 / max(reach, 1e-9), rng)


def largest_prize(told: Offers, reach: float, rng: random.Random) -> Answer:
    """The most coins, however unlikely."""
    return Answer(max(told, key=lambda door: told[door][0]))


def log(told: Log, reach: float, rng: random.Random) -> Answer:
    """Compare so many entries with the plan; what is told needs no comparison."""
    if told.told:
        return Answer(told.repairs.get(told.told))
    wrong = (k for k in range(first(reach, len(told.log))) if told.log[k] != told.plan[k])
    k = next(wrong, None)
    if k is None:
        return Answer(None, False)
    end = k + MOVED
    for (late, early), name in FAULTS.items():
        most, last = told.plan[k : end - early], told.plan[end - early : end]
        if told.log[k:end] == [*last, *most[late:], *most[:late]]:
            return Answer(told.repairs.get(name))
    return Answer(None)


def walk(told: Walk, reach: float, rng: random.Random) -> Answer:
    """Where the walk ends for one who minds so many turns, and no others."""
    row, column = told.start
    heading, turns = told.heading, 0
    for kind, number in told.pieces:
        if kind == "turn":
            turns += 1
            heading = (heading + number * (turns <= reach)) % len(STEPS)
        elif kind == "go":
            row += STEPS[heading][0] * number
            column += STEPS[heading][1] * number
    size = len(told.floor)
    return Answer(told.floor[row % size][column % size], turns <= reach)


FACULTIES: Faculties = {
    Capability.LONG_TEXT_UNDERSTANDING: story,
    Capability.REASONING: boxes,
    Capability.INSTRUCTION_FOLLOWING: rules,
    Capability.PLANNING: rooms,
    Capability.GENERALIZATION: call,
    Capability.UNDERSTANDING_THE_ODDS: offers,
    Capability.LEARNING_FROM_INTERACTIONS: lesson,
    Capability.ERROR_HANDLING: log,
    Capability.SPATIAL_REASONING: walk,
}
