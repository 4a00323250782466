"""Planning: rooms that lead to rooms; the target is one door away or six."""

from __future__ import annotations

import random

from smartplay.games.contrast.house import DOORS, Kind, permutation

NAMES = (
    "armory", "attic", "bakery", "cellar", "chapel", "courtyard", "gallery", "granary", "hall",
    "kitchen", "larder", "laundry", "library", "nursery", "orangery", "pantry", "parlor",
    "salon", "stable", "study", "terrace", "tower", "vault", "workshop",
)  # fmt: skip
FAR = 6
ASIDE = (5, 6, 7, 7, 7)
DISTANCES = (*range(FAR + 1), *ASIDE)
GOAL = 0


class Rooms(Kind):
    """Journeys of six rounds through twelve rooms, all doors told.

    Every room but the goal has exactly one door that begins a shortest way to it. In a hard
    journey the target is the goal, six doors from the start; in an easy one it is the next room of
    that way. The told straight-line distances lead astray: on the way, some wrong door always
    leads to a room that is nearer to the goal, except where the goal itself is next.
    """

    size = len(DISTANCES) * (len(DOORS) + 1) + 2

    def __init__(self, rng: random.Random, hard: bool) -> None:
        super().__init__(rng, hard)
        self._begin()

    def _begin(self) -> None:
        rng = self.rng
        self._names = rng.sample(NAMES, len(DISTANCES))
        self._ways = [_doors(rng, room) for room in range(len(DISTANCES))]
        self._metres = _metres(rng, self._ways)
        self._order = permutation(rng, len(DISTANCES))
        self._here, self._moves = FAR, 0
        self._decide()

    def _decide(self) -> None:
        near = DISTANCES[self._here] - 1
        # The goal itself is reached with the last round of a journey only, never before.
        self.right = next(
            door for door, room in enumerate(self._ways[self._here]) if DISTANCES[room] == near
        )

    @property
    def _target(self) -> int:
        return GOAL if self.hard else self._ways[self._here][self.right]

    def _shown_metres(self, room: int) -> int:
        """The straight-line distance to the target; an easy target changes places with the goal."""
        if room == self._target:
            return 0
        return self._metres[self._target if room == GOAL else room]

    def manual(self, rounds: str) -> str:
        """The rules."""
        target = "the end of a journey" if self.hard else "the next room of a journey"
        return (
            f"{rounds} In each you go through one of the four doors of the room you are in. Right "
            "is the door that begins the shortest way to your target, counted in doors. Your "
            f"target is {target}; after {FAR} rounds a new journey begins in other rooms."
        )

    def text(self) -> str:
        """Where one is and wants to go, and all doors."""
        lines = []
        for room in self._order:
            doors = [
                f"{door} {self._names[there]}"
                for door, there in zip(DOORS, self._ways[room], strict=True)
            ]
            lines.append(f"{self._names[room]} ({self._shown_metres(room)}): {', '.join(doors)}")
        return "\n".join(
            [
                f"You are in the {self._names[self._here]}. "
                f"Your target is the {self._names[self._target]}. "
                "The rooms, with their metres from the target in a straight line through walls, "
                "and where their doors lead:",
                *lines,
            ]
        )

    def numbers(self) -> list[int]:
        """Room by room where its doors lead and its metres; then the present room, the target."""
        rooms = [
            number
            for room, ways in enumerate(self._ways)
            for number in (*ways, self._shown_metres(room))
        ]
        return [*rooms, self._here, self._target]

    def choose(self, door: int) -> str:
        """Go through the door; after `FAR` rounds begin another journey."""
        self._here = self._ways[self._here][door]
        self._moves += 1
        if self._moves == FAR:
            self._begin()
        else:
            self._decide()
        return ""


def _doors(rng: random.Random, room: int) -> list[int]:
    """Where a room's doors lead: one a step nearer to the goal, the others no nearer."""
    distance = DISTANCES[room]
    others = [there for there, far in enumerate(DISTANCES) if far >= distance and there != room]
    nearer = [there for there, far in enumerate(DISTANCES) if far == distance - 1]
    ways = [rng.choice(nearer)] if nearer else [rng.choice(others)]
    rng.shuffle(others)
    ways += (others * len(DOORS))[: len(DOORS) - 1]
    rng.shuffle(ways)
    return ways


def _metres(rng: random.Random, ways: list[list[int]]) -> list[int]:
    """Straight-line distances to the goal by which a greedy walker errs on all the way there."""
    while True:
        metres = [0, *rng.sample(range(10, 100), len(ways) - 1)]
        if all(
            DISTANCES[min(ways[room], key=metres.__getitem__)] != room - 1
            for room in range(2, FAR + 1)
        ):
            return metres
