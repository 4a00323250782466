"""Other faculties for Harbor Days: frugal ones, and rules of thumb in the place of faculties."""

from __future__ import annotations

import math
import random
from collections import Counter

from smartplay.agents.reference import harbor_thinking as think
from smartplay.agents.reference.faculties import Answer, Faculties, first, reaching
from smartplay.agents.reference.harbor_reading import (
    Board,
    Calendar,
    Dive,
    Log,
    Market,
    Practice,
    Steps,
    Word,
)
from smartplay.agents.reference.harbor_thinking import Urns
from smartplay.cards.capabilities import Capability
from smartplay.validity.minds.stores import cells, kept, passes, roughly

COARSE = 1.15
"""Steps of counting, as a share of the difference of worths that is just told."""


def skimmed_log(told: Log, reach: float, rng: random.Random) -> Answer:
    """Read so many words, in entries here and there."""
    share = reach / told.words
    read = [entry for entry in told.entries if rng.random() < share]
    return Answer(think.room_of(told.good, read))


def calendar_by_passes(told: Calendar, reach: float, rng: random.Random) -> Answer:
    """Pass over the facts as they are told, from the known event on."""
    found = {told.known: 0}
    for one, other, days in passes(told.facts, reach):
        if other in found:
            found.setdefault(one, found[other] + days)
        elif one in found:
            found[other] = found[one] - days
    return Answer(found.get(told.asked))


def remembered_board(told: Board, reach: float, rng: random.Random) -> Answer:
    """Keep so many orders, and obey those that are left."""
    obeyed = kept(told.orders, reach, rng)
    return Answer(told.called - 1 + sum(ways[told.signs[sign]] for sign, ways in obeyed))


def market_from_both_ends(told: Market, reach: float, rng: random.Random) -> Answer:
    """Look half as many trades ahead, and half back from what is wanted, till the two meet."""
    trades = int(min(reach, len(told.trades)))
    back = {told.wanted: 0}
    for far in range(1, trades // 2 + 1):
        known = set(back)
        for thing, given in told.trades.items():
            if thing not in known and known & set(given.values()):
                back[thing] = far
    ahead, edge = {told.has}, {told.has: ""}
    for far in range(1, -(-trades // 2) + 1):
        following: dict[str, str] = {}
        for thing, trader in edge.items():
            for other, there in told.trades.get(thing, {}).items():
                if there not in ahead:
                    following.setdefault(there, trader or other)
        ahead.update(following)
        edge = following
        met = [(far + back[thing], trader) for thing, trader in edge.items() if thing in back]
        if met:
            return Answer(min(met)[1])
    return Answer(None)


def word_from_the_end(told: Word, reach: float, rng: random.Random) -> Answer:
    """Trace each bell back through so many of the last endings."""
    place, up = told.move, 0
    for ending in told.endings[len(told.endings) - first(reach, len(told.endings)) :][::-1]:
        bells, places = think.change(*told.examples[ending])
        place, up = places[place], up + bells
    return Answer((told.tune[place] + up) % think.BELLS)


def rough_urns(told: Urns, reach: float, rng: random.Random) -> Answer:
    """Count worths in steps about as coarse as the ratio it can tell."""
    grain = 0.0 if reach == math.inf else -COARSE * math.log(reach / 100)
    return Answer(roughly(think.worths(told), grain, rng))


def practice_in_cells(told: Practice, reach: float, rng: random.Random) -> Answer:
    """Put each bird into one of a few cells, where it takes the place of another."""
    cell = cells([bird for bird, _ in told.seen], reach, rng)
    known = {cell[bird]: (bird, pool) for bird, pool in told.seen}
    bird, pool = known.get(cell.get(told.bird or "", -1), (None, 0))
    return Answer(pool if bird == told.bird else None)


def steps_from_the_end(told: Steps, reach: float, rng: random.Random) -> Answer:
    """Check so many of the steps in doubt, from the last of them back."""
    late = told.doubtful[len(told.doubtful) - first(reach, len(told.doubtful)) :]
    found, asked = think.astray(told, late), think.ASKED[told.move] - len(think.ASKED)
    return Answer(found[asked] if -asked <= len(found) else None)


def dive_from_the_end(told: Dive, reach: float, rng: random.Random) -> Answer:
    """Turn what is ahead at the end back through so many of the last turns."""
    *around, up, down = told.names
    right, ahead, above = 0, 1, 0
    for turn in told.turns[len(told.turns) - first(reach, len(told.turns)) :][::-1]:
        if turn == "left":
            right, ahead = -ahead, right
        elif turn == "right":
            right, ahead = ahead, -right
        elif turn == up:
            ahead, above = -above, ahead
        else:
            ahead, above = above, -ahead
    if above:
        return Answer(up if above > 0 else down)
    quarter = (0 if ahead > 0 else 2) if ahead else (1 if right > 0 else 3)
    return Answer(around[(around.index(told.start) + quarter) % 4])


FRUGAL: Faculties = {
    Capability.LONG_TEXT_UNDERSTANDING: skimmed_log,
    Capability.REASONING: calendar_by_passes,
    Capability.INSTRUCTION_FOLLOWING: remembered_board,
    Capability.PLANNING: market_from_both_ends,
    Capability.GENERALIZATION: word_from_the_end,
    Capability.UNDERSTANDING_THE_ODDS: rough_urns,
    Capability.LEARNING_FROM_INTERACTIONS: practice_in_cells,
    Capability.ERROR_HANDLING: steps_from_the_end,
    Capability.SPATIAL_REASONING: dive_from_the_end,
}


def uncorrected(told: Log, reach: float, rng: random.Random) -> Answer:
    """The room as entered, without corrections."""
    return Answer(think.room_of(told.good, told.entries, tables=2))


def known_day(told: Calendar, reach: float, rng: random.Random) -> Answer:
    """The day that is told."""
    return Answer(0)


def who_gives_it(told: Market, reach: float, rng: random.Random) -> Answer:
    """A trader who gives what is wanted, for whatever it may be."""
    given = (
        trader for ways in told.trades.values() for trader in ways if ways[trader] == told.wanted
    )
    return Answer(next(given, None))


def unsealed(told: Urns, reach: float, rng: random.Random) -> Answer:
    """The most white balls times coins, whatever else is in the urn."""
    return Answer(max(told, key=lambda urn: told[urn][1] * told[urn][2]))


def usual_pool(told: Practice, reach: float, rng: random.Random) -> Answer:
    """The pool of most birds."""
    pools = Counter(dict(told.seen).values())
    return Answer(next((pool for pool, _ in pools.most_common(1)), None))


def stayed(told: Steps, reach: float, rng: random.Random) -> Answer:
    """The steps on which the tug stayed where it was."""
    found = [told.orders[k] for k in told.doubtful if told.squares[k] == told.squares[k + 1]]
    return Answer(found[asked] if (asked := think.ASKED[told.move]) < len(found) else None)


def flat_dive(told: Dive, reach: float, rng: random.Random) -> Answer:
    """Left and right only."""
    flat = told._replace(turns=[turn for turn in told.turns if turn in ("left", "right")])
    return think.dive(flat, math.inf, rng)


THUMBS: Faculties = {
    Capability.LONG_TEXT_UNDERSTANDING: uncorrected,
    Capability.REASONING: known_day,
    Capability.INSTRUCTION_FOLLOWING: reaching(think.board, 1),
    Capability.PLANNING: who_gives_it,
    Capability.GENERALIZATION: reaching(think.word, 1),
    Capability.UNDERSTANDING_THE_ODDS: unsealed,
    Capability.LEARNING_FROM_INTERACTIONS: usual_pool,
    Capability.ERROR_HANDLING: stayed,
    Capability.SPATIAL_REASONING: flat_dive,
}
