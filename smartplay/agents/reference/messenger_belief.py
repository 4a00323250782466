"""Keeps track of who is where in Messenger, from what the observations say.

An observation gives distance and compass direction in whole squares; the others move by half
squares. So each look has a set of possible places, which moves with the rules and shrinks with
every observation. Two of the same look are tracked together, for the text does not tell which line
is whose.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import permutations, product
from math import prod

from smartplay.agents.reference.messenger_plan import Belief, Spot, next_spots
from smartplay.games.messenger.deal import MOVEMENTS
from smartplay.games.messenger.world import LAST

Place = tuple[int, str]
"""Distance in steps and compass direction, as an observation gives them."""

Joint = dict[tuple[Spot, ...], float]
Position = tuple[int, int]


class Look:
    """All that look the same: where they can be, one entry for each.

    Args:
        roles: The roles behind this look.
        movements: For each role, how it may move.
        starts: Where the lines of the first observation can be, without order.
    """

    def __init__(
        self,
        roles: Sequence[str],
        movements: Sequence[Sequence[str]],
        starts: Sequence[Position],
    ) -> None:
        self.roles = list(roles)
        self._joint: Joint = {
            tuple((how, *place) for how, place in zip(ways, places, strict=True)): 1.0
            for places in permutations(starts)
            for ways in product(*movements)
            if len(set(ways)) == len(ways)
        }
        self._normalize()

    def follow(self, before: Position, now: Position, seen: Iterable[Place], taken: bool) -> float:
        """Take in a step and the observation after it.

        Args:
            before: Where the agent was when the others moved.
            now: Where the agent is.
            seen: The places of this look's lines.
            taken: Whether the agent has just taken the message from one of this look.

        Returns:
            How probable the observation was; after a 0 nothing is known any more.
        """
        moved: Joint = {}
        for spots, p in self._joint.items():
            ways = [next_spots(spot, before) for spot in spots]
            share = p / prod(map(len, ways))
            for way in product(*ways):
                moved[way] = moved.get(way, 0.0) + share
        places = sorted(seen)
        if taken:
            moved = self._without_message(moved, now)
        self._joint = {
            spots: p
            for spots, p in moved.items()
            if sorted(place(now, spot) for spot in spots) == places
            and not any(touches(now, spot) for spot in spots)
        }
        return self._normalize()

    def start_over(self, now: Position, seen: Iterable[Place]) -> None:
        """Believe anything that fits: only needed where the reports misled."""
        fitting = [
            [
                (how, x, y)
                for how in MOVEMENTS
                for x in range(LAST + 1)
                for y in range(LAST + 1)
                if place(now, (how, x, y)) == where and not touches(now, (how, x, y))
            ]
            for where in seen
        ]
        self._joint = {
            way: 1.0 for order in permutations(fitting, len(self.roles)) for way in product(*order)
        }
        self._normalize()

    def belief(self, role: str) -> Belief:
        """Where the one of this look that has this role can be."""
        index = self.roles.index(role)
        belief: Belief = {}
        for spots, p in self._joint.items():
            belief[spots[index]] = belief.get(spots[index], 0.0) + p
        return belief

    def _without_message(self, joint: Joint, now: Position) -> Joint:
        index = self.roles.index("message")
        self.roles.remove("message")
        left: Joint = {}
        for spots, p in joint.items():
            if touches(now, spots[index]):
                others = spots[:index] + spots[index + 1 :]
                left[others] = left.get(others, 0.0) + p
        return left

    def _normalize(self) -> float:
        total = sum(self._joint.values())
        self._joint = {spots: p / total for spots, p in self._joint.items() if p > total * 1e-6}
        return total


class Guess:
    """One way of matching the looks to the squares of the start.

    Args:
        looks: Each look by its name.

    Attributes:
        weight: How well the guess has foretold the observations so far, relative to others.
    """

    def __init__(self, looks: dict[str, Look]) -> None:
        self.looks, self.weight = looks, 1.0

    @property
    def roles(self) -> dict[str, str]:
        """The look of each role still on the grid."""
        return {role: name for name, look in self.looks.items() for role in look.roles}

    def follow(
        self, before: Position, now: Position, lines: Sequence[tuple[str, Place]], taken: bool
    ) -> None:
        """Take in a step and the lines of the observation after it; see `Look.follow`."""
        keeper = self.roles.get("message") if taken else None
        for name, look in self.looks.items():
            if self.weight:
                seen = [where for other, where in lines if other == name]
                self.weight *= look.follow(before, now, seen, name == keeper)

    def start_over(self, now: Position, lines: Sequence[tuple[str, Place]], taken: bool) -> None:
        """Forget what was believed about places."""
        self.weight = 1.0
        for name, look in self.looks.items():
            if taken and "message" in look.roles:
                look.roles.remove("message")
            look.start_over(now, [where for other, where in lines if other == name])


def blend(guesses: Sequence[Guess], role: str) -> Belief:
    """Where the one that has this role can be, over all guesses."""
    total = sum(guess.weight for guess in guesses)
    blended: Belief = {}
    for guess in guesses:
        for spot, p in guess.looks[guess.roles[role]].belief(role).items():
            blended[spot] = blended.get(spot, 0.0) + p * guess.weight / total
    return blended


def place(agent: Position, spot: Spot) -> Place:
    """How an observation would describe a being at `spot`."""
    dx, dy = spot[1] // 2 - agent[0] // 2, spot[2] // 2 - agent[1] // 2
    vertical = "north" if dy < 0 else "south" if dy > 0 else ""
    horizontal = "west" if dx < 0 else "east" if dx > 0 else ""
    return abs(dx) + abs(dy), "-".join(part for part in (vertical, horizontal) if part)


def touches(agent: Position, spot: Spot) -> bool:
    """Whether the agent's square and the being's overlap."""
    return -2 < agent[0] - spot[1] < 2 and -2 < agent[1] - spot[2] < 2
