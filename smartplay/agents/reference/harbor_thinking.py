"""The faculties of the reader of Harbor Days: one function each, as far as it reaches.

A reach is in the unit of the dial. What lies beyond it is left out.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from itertools import permutations

from smartplay.agents.reference.faculties import Answer, Faculties, at_once, first, shortest_way
from smartplay.agents.reference.harbor_reading import (
    Board,
    Calendar,
    Dive,
    Entry,
    Log,
    Market,
    Practice,
    Steps,
    Tune,
    Word,
)
from smartplay.cards.capabilities import Capability

Urns = Mapping[str, tuple[int, int, int]]
ASKED = (1, 2, 0)
"""Which of the steps that went astray is asked for in each move."""
BERTHS = BELLS = 6


def room_of(good: str, entries: Sequence[Entry], tables: int = 3) -> str | None:
    """Where a good lies by some entries: its mark, the room of that, what was meant by it."""
    found: str | None = good
    for table in range(tables):
        known = {each.key: each.value for each in entries if each.table == table}
        found = known.get(found) if found else None
    return found


def log(told: Log, reach: float, rng: random.Random) -> Answer:
    """Read so many words."""
    within = [entry for entry in told.entries if entry.words <= reach]
    return Answer(room_of(told.good, within), reach >= told.words)


def calendar(told: Calendar, reach: float, rng: random.Random) -> Answer:
    """Days from the known event to the one that is asked for, by so many facts in a row."""
    near: dict[str, list[tuple[str, int]]] = {}
    for one, other, days in told.facts:
        near.setdefault(other, []).append((one, days))
        near.setdefault(one, []).append((other, -days))
    found, edge, far = {told.known: 0}, [told.known], 0
    while told.asked not in found and far < int(min(reach, len(told.facts))):
        far += 1
        following = []
        for here in edge:
            for there, days in near[here]:
                if there not in found:
                    found[there] = found[here] + days
                    following.append(there)
        edge = following
    return Answer(found.get(told.asked), told.asked in found)


def board(told: Board, reach: float, rng: random.Random) -> Answer:
    """Obey so many orders."""
    obeyed = told.orders[: first(reach, len(told.orders))]
    berth = told.called - 1 + sum(ways[told.signs[sign]] for sign, ways in obeyed)
    return Answer(berth, len(obeyed) == len(told.orders))


def market(told: Market, reach: float, rng: random.Random) -> Answer:
    """Look so many trades ahead; the trader with whom the shortest way begins."""
    return shortest_way(told.trades, told.has, told.wanted, reach)


Change = tuple[int, Tune]
"""By how many bells a tune is moved up, and the places from which its bells are taken."""


def change(before: Tune, after: Tune) -> Change:
    """What an ending does, by an example."""
    up = (after[0] - before[0]) % BELLS
    if all((b - a) % BELLS == up for a, b in zip(before, after, strict=True)):
        return up, (0, 1, 2)
    return 0, next(p for p in permutations(range(3)) if tuple(before[k] for k in p) == after)


def word(told: Word, reach: float, rng: random.Random) -> Answer:
    """Mind so many endings."""
    tune = told.tune
    minded = told.endings[: first(reach, len(told.endings))]
    for ending in minded:
        up, places = change(*told.examples[ending])
        tune = tuple((tune[k] + up) % BELLS for k in places)
    return Answer(tune[told.move], len(minded) == len(told.endings))


def worths(told: Urns) -> dict[str, float]:
    """What each urn pays on average."""
    return {urn: white * pays / balls for urn, (balls, white, pays) in told.items()}


def urns(told: Urns, reach: float, rng: random.Random) -> Answer:
    """The urn that pays most, if the next is worth so many percent of it or less."""
    return at_once(worths(told), 100 / max(min(reach, 100), 1e-9), rng)


def practice(told: Practice, reach: float, rng: random.Random) -> Answer:
    """Remember so many birds, those seen last."""
    known: dict[str, int] = {}
    for bird, pool in told.seen:
        known.pop(bird, None)
        known[bird] = pool
    last = list(known)[len(known) - first(reach, len(known)) :]
    return Answer(known[told.bird] if told.bird in last else None, len(last) == len(known))


def astray(told: Steps, looked_at: Sequence[int]) -> list[str]:
    """The orders of those of the steps that went astray."""
    return [
        told.orders[step]
        for step in looked_at
        if told.moved_by.get(told.orders[step], (0, 0))
        != tuple(b - a for a, b in zip(told.squares[step], told.squares[step + 1], strict=True))
    ]


def steps(told: Steps, reach: float, rng: random.Random) -> Answer:
    """Check so many of the steps in doubt."""
    checked = told.doubtful[: first(reach, len(told.doubtful))]
    found = astray(told, checked)
    whole = len(checked) == len(told.doubtful)
    return Answer(found[asked] if (asked := ASKED[told.move]) < len(found) else None, whole)


def dive(told: Dive, reach: float, rng: random.Random) -> Answer:
    """The facing after so many turns."""
    *around, up, down = told.names
    north, east, south, west = around
    behind = {north: south, south: north, east: west, west: east, up: down, down: up}
    face, crown, right = told.start, up, around[(around.index(told.start) + 1) % 4]
    followed = told.turns[: first(reach, len(told.turns))]
    for turn in followed:
        if turn == "left":
            face, right = behind[right], face
        elif turn == up:
            face, crown = crown, behind[face]
        elif turn == down:
            face, crown = behind[crown], face
        else:
            face, right = right, behind[face]
    return Answer(face, len(followed) == len(told.turns))


FACULTIES: Faculties = {
    Capability.LONG_TEXT_UNDERSTANDING: log,
    Capability.REASONING: calendar,
    Capability.INSTRUCTION_FOLLOWING: board,
    Capability.PLANNING: market,
    Capability.GENERALIZATION: word,
    Capability.UNDERSTANDING_THE_ODDS: urns,
    Capability.LEARNING_FROM_INTERACTIONS: practice,
    Capability.ERROR_HANDLING: steps,
    Capability.SPATIAL_REASONING: dive,
}
