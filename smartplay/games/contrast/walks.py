"""Spatial Reasoning: a walk along a line, or through space with turns and floors."""

from __future__ import annotations

import random

from smartplay.games.contrast.house import DOORS, Drawn, permutation

HEADINGS = ("north", "east", "south", "west")
# Four corners of a box of which each pair lies across two of the three axes (east, north, up).
CORNERS = ((1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1))
NAMES = (("east", "west"), ("north", "south"), ("up", "down"))
EAST = 1
LEGS, PIECES = 5, 3

Piece = tuple[str, int]
Place = list[tuple[int, int]]


class Walks(Drawn):
    """Four doors at told places, and a walk that ends at one of them.

    In a hard round the doors are corners of a box in space, alike but for their sides, and the walk
    is told as seen by the walker: ahead, back, left, right, up, down. In an easy round all places
    lie on one line and nothing turns. Both have eight steps of walk and three numbers per place.
    """

    size = 1 + 2 * (LEGS + 3) + 6 * len(DOORS)

    def _draw(self) -> None:
        rng = self.rng
        self.right = rng.randrange(len(DOORS))
        space, line = _space(rng, self.right), _line(rng, self.right)
        self._heading, self._places, self._walk = space if self.hard else line

    def manual(self, rounds: str) -> str:
        """The rules."""
        return (
            f"{rounds} Choose one of four doors each round. Right is the door at the place where "
            "the walk ends. Places are as seen from where the walk begins. Ahead and back are as "
            "you face at that moment; walking back does not turn you; left and right are quarter "
            "turns."
        )

    def text(self) -> str:
        """Heading, places, walk."""
        places = [
            f"{door} {_place_told(place)}" for door, place in zip(DOORS, self._places, strict=True)
        ]
        walk = ", ".join(_told(piece) for piece in self._walk)
        return (
            f"You face {HEADINGS[self._heading]}. Places of the doors: {'; '.join(places)}. "
            f"The walk: {walk}."
        )

    def numbers(self) -> list[int]:
        """Heading; per step its kind (0 ahead, 1 up, 2 turn, 3 wait) and number; the places."""
        kinds = {"ahead": 0, "up": 1, "turn": 2, "wait": 3}
        walk = [number for kind, amount in self._walk for number in (kinds[kind], amount)]
        places = [number for place in self._places for part in place for number in part]
        return [self._heading, *walk, *places]


def _place_told(place: Place) -> str:
    return ", ".join(f"{abs(number)} {NAMES[axis][number < 0]}" for axis, number in place)


def _told(piece: Piece) -> str:
    kind, number = piece
    if kind == "wait":
        return "wait here"
    if kind == "turn":
        return "turn right" if number > 0 else "turn left"
    direction = {"ahead": ("ahead", "back"), "up": ("up", "down")}[kind][number < 0]
    return f"go {abs(number)} {direction}"


def _space(rng: random.Random, right: int) -> tuple[int, list[Place], list[Piece]]:
    """Heading, places and walk in space."""
    corners = [CORNERS[k] for k in permutation(rng, len(CORNERS))]
    sides = (rng.randint(2, 6), rng.randint(2, 6), rng.randint(1, 3))
    places: list[Place] = [
        [(axis, sign * side) for axis, (sign, side) in enumerate(zip(corner, sides, strict=True))]
        for corner in corners
    ]
    start = heading = rng.randrange(len(HEADINGS))
    left = [number for _, number in places[right]]
    turns = [rng.choice((-1, 1)) for _ in range(PIECES)]
    first = [_nonzero(rng, 4, left[_axis(h)]) for h in (heading, heading + 1)]
    pieces: list[Piece] = []
    for leg in range(PIECES + 1):
        axis = _axis(heading)
        amount = first[leg] if leg < 2 else left[axis]
        left[axis] -= amount
        pieces.append(("ahead", amount if heading in (0, EAST) else -amount))
        if leg < PIECES:
            pieces.append(("turn", turns[leg]))
            heading = (heading + turns[leg]) % len(HEADINGS)
    pieces.insert(rng.randrange(len(pieces) + 1), ("up", left[2]))
    return start, places, pieces


def _axis(heading: int) -> int:
    return 0 if heading % 2 == EAST else 1


def _line(rng: random.Random, right: int) -> tuple[int, list[Place], list[Piece]]:
    """The same along one line."""
    ends = rng.sample([k for k in range(-6, 7) if k], len(DOORS))
    places: list[Place] = [[(0, part) for part in _parts(rng, end, PIECES)] for end in ends]
    pieces: list[Piece] = []
    for leg, amount in enumerate(_parts(rng, ends[right], LEGS)):
        pieces.append(("ahead", amount))
        if leg < PIECES:
            pieces.append(("wait", 0))
    return EAST, places, pieces


def _parts(rng: random.Random, total: int, number: int) -> list[int]:
    """Split a number into as many parts, none of them 0."""
    while True:
        parts = [_nonzero(rng, 4, total) for _ in range(number - 1)]
        rest = total - sum(parts)
        if rest and abs(rest) <= 9:
            return [*parts, rest]


def _nonzero(rng: random.Random, most: int, but: int) -> int:
    """A number from -`most` to `most`, neither 0 nor `but`."""
    return rng.choice([k for k in range(-most, most + 1) if k not in (0, but)])
