"""Other faculties for Four Doors: frugal ones, and rules of thumb in the place of faculties."""

from __future__ import annotations

import math
import random
from collections import Counter

from smartplay.agents.reference import contrast_reading as reading
from smartplay.agents.reference import contrast_thinking as think
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
from smartplay.agents.reference.contrast_thinking import Offers, further
from smartplay.agents.reference.faculties import Answer, Faculties, first, reaching
from smartplay.cards.capabilities import Capability
from smartplay.validity.minds.stores import cells, kept, passes, roughly

COARSE = 2.0
"""Steps of counting, as a share of the difference of averages that is just told."""
TURNED = {1: -1j, -1: 1j}


def skimmed_story(told: Story, reach: float, rng: random.Random) -> Answer:
    """Read so many words, in sentences here and there."""
    share = reach / len(told.text.split())
    read = [each for each in reading.sentences(told.text) if rng.random() < share]
    return Answer(reading.hung_in(read, told.doors).get(told.asked))


def lesson_in_cells(told: Lesson, reach: float, rng: random.Random) -> Answer:
    """Put each mask into one of a few cells, where it takes the place of another."""
    heard = [(chosen, each) for chosen, rang in told.heard for each in rang.items()]
    cell = cells([mask for _, (mask, _) in heard], reach, rng)
    known: dict[int, tuple[str, str]] = {}
    for chosen, (mask, times) in heard:
        there, door = known.get(cell[mask], ("", ""))
        known[cell[mask]] = mask, further(told.ring, door if there == mask else chosen, times)
    mask, door = known.get(cell.get(told.asked, -1), ("", ""))
    return Answer(told.told or (door if mask == told.asked else None))


def boxes_by_passes(told: Boxes, reach: float, rng: random.Random) -> Answer:
    """Pass over the facts as they are told, from the doors inwards."""
    known: dict[str, str] = {}
    for inner, outer in passes(list(told.facts.items()), reach):
        if outer not in told.facts:
            known[inner] = outer
        elif outer in known:
            known[inner] = known[outer]
    return Answer(known.get(told.asked))


def remembered_rules(told: Rules, reach: float, rng: random.Random) -> Answer:
    """Keep so many orders, and obey those that are left."""
    steps = sum(order.moves[told.states[order.signal]] for order in kept(told.orders, reach, rng))
    return Answer(further(told.ring, told.start, steps))


def rooms_by_passes(told: Rooms, reach: float, rng: random.Random) -> Answer:
    """Pass over the plan of the rooms, from the target backwards."""
    far = {told.target: 0}
    for room, ways in passes(list(told.ways.items()), reach):
        near = [far[there] for there in ways.values() if there in far]
        if near and room != told.target:
            far[room] = min(far.get(room, len(told.ways)), 1 + min(near))
    doors = [door for door, there in told.ways[told.here].items() if there in far]
    return Answer(min(doors, key=lambda door: far[told.ways[told.here][door]], default=None))


def remembered_call(told: Call, reach: float, rng: random.Random) -> Answer:
    """Keep so many of the called words, and move on by those that are left."""
    moves = think.meanings(told)
    begin = told.shown.get(tuple(told.words[:1]))
    steps = sum(moves.get(word, 0) for word in kept(told.words[1:], reach - 1, rng))
    return Answer(begin and further(told.ring, begin, steps))


def rough_offers(told: Offers, reach: float, rng: random.Random) -> Answer:
    """Count averages in steps about as coarse as the ratio it can tell."""
    averages = {door: coins * chance for door, (coins, chance) in told.items()}
    return Answer(roughly(averages, COARSE * math.log1p(1 / max(reach, 1e-9)), rng))


def tried_repairs(told: Log, reach: float, rng: random.Random) -> Answer:
    """Try out one repair after another, at so many places of the log."""
    if told.told:
        return Answer(told.repairs.get(told.told))
    for k in range(first(reach, len(told.log) - think.MOVED + 1)):
        for (late, early), name in think.FAULTS.items():
            end = k + think.MOVED
            mended = [*told.log[:k], *told.log[end - late : end]]
            mended += [*told.log[k + early : end - late], *told.log[k : k + early], *told.log[end:]]
            if mended == told.plan[: len(mended)]:
                return Answer(told.repairs.get(name))
    return Answer(None)


def walk_from_the_end(told: Walk, reach: float, rng: random.Random) -> Answer:
    """Add up the walk from its end, as seen by the walker, with so many of the last turns."""
    ahead, turns = 0j, 0  # the real part is ahead, the imaginary part to the left
    for kind, number in reversed(told.pieces):
        if kind == "go":
            ahead += number
        elif kind == "turn":
            turns += 1
            ahead *= TURNED[number] if turns <= reach else 1
    east = ahead * 1j * TURNED[1] ** told.heading
    row, column = told.start[0] - round(east.imag), told.start[1] + round(east.real)
    size = len(told.floor)
    return Answer(told.floor[row % size][column % size])


FRUGAL: Faculties = {
    Capability.LONG_TEXT_UNDERSTANDING: skimmed_story,
    Capability.REASONING: boxes_by_passes,
    Capability.INSTRUCTION_FOLLOWING: remembered_rules,
    Capability.PLANNING: rooms_by_passes,
    Capability.GENERALIZATION: remembered_call,
    Capability.UNDERSTANDING_THE_ODDS: rough_offers,
    Capability.LEARNING_FROM_INTERACTIONS: lesson_in_cells,
    Capability.ERROR_HANDLING: tried_repairs,
    Capability.SPATIAL_REASONING: walk_from_the_end,
}


def first_door(told: Story, reach: float, rng: random.Random) -> Answer:
    """The door that is named first after the animal."""
    after = told.text.partition(f" {told.asked} ")[2]
    named = [door for door in told.doors if door in after]
    return Answer(min(named, key=after.find, default=None))


def last_told(told: Boxes, reach: float, rng: random.Random) -> Answer:
    """The door that is told last."""
    return Answer([outer for outer in told.facts.values() if outer not in told.facts][-1])


def least_named(told: Rooms, reach: float, rng: random.Random) -> Answer:
    """The door to the room to which fewest others lead."""
    named = Counter(there for ways in told.ways.values() for there in ways.values())
    ways = told.ways[told.here]
    return Answer(min(ways, key=lambda door: named[ways[door]]))


def second_prize(told: Offers, reach: float, rng: random.Random) -> Answer:
    """The second largest prize."""
    return Answer(sorted(told, key=lambda door: told[door][0])[-2])


def most_frequent(told: Lesson, reach: float, rng: random.Random) -> Answer:
    """The door that was chosen most often."""
    chosen = Counter(chosen for chosen, _ in told.heard)
    return Answer(told.told or next((door for door, _ in chosen.most_common(1)), None))


def first_repair(told: Log, reach: float, rng: random.Random) -> Answer:
    """The repair that is told first."""
    return Answer(next(iter(told.repairs.values())))


THUMBS: Faculties = {
    Capability.LONG_TEXT_UNDERSTANDING: first_door,
    Capability.REASONING: last_told,
    Capability.INSTRUCTION_FOLLOWING: reaching(think.rules, 1),
    Capability.PLANNING: least_named,
    Capability.GENERALIZATION: reaching(think.call, 1),
    Capability.UNDERSTANDING_THE_ODDS: second_prize,
    Capability.LEARNING_FROM_INTERACTIONS: most_frequent,
    Capability.ERROR_HANDLING: first_repair,
    Capability.SPATIAL_REASONING: reaching(think.walk, 0),
}
