"""Spatial Reasoning: a walk over coloured tiles, with 0 to 12 turns."""

from __future__ import annotations

import random
from bisect import bisect

from smartplay.games.contrast.house import DOORS, Kind, listed, shuffled

HEADINGS = ("north", "east", "south", "west")
STEPS = ((-1, 0), (0, 1), (1, 0), (0, -1))
SIDE = len(DOORS)
ORDINALS = ("first", "second", "third", "fourth")
NUMBERS = ("", "one", "two", "three")
LEGS = 13
GOES = (
    "go {number} ahead", "walk {number} ahead", "step {number} ahead", "move {number} ahead",
)  # fmt: skip
BACK = (
    "go {number} back", "walk {number} back", "step {number} back", "move {number} back",
)  # fmt: skip

Tile = tuple[int, int]
"""Row from the north and place in it from the west, each from 0."""


class Walks(Kind):
    """Four rows of four tiles; every colour is once in each row and once in each column.

    So who knows one of the two coordinates knows nothing of the colour, nor who knows only how many
    steps there are. Between two legs the walker
    turns or only looks to one side. Wherever the walk begins, it ends as often on one tile as on
    another (if it never turns, of its line).
    """

    values = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12)

    def _draw(self) -> None:
        rng = self.rng
        floor = _latin_square(rng)
        start = (rng.randrange(SIDE), rng.randrange(SIDE))
        heading = rng.randrange(len(HEADINGS))
        turns = _turns(rng, int(self.value))
        legs, end = _walk(rng, start, heading, turns)
        self.right = floor[end[0]][end[1]]
        pieces = [_leg(rng, legs[0])]
        for turn, leg in zip(turns, legs[1:], strict=True):
            side = rng.choice(("left", "right")) if not turn else ("left", "right")[turn > 0]
            pieces += [f"{'turn' if turn else 'look'} {side}", _leg(rng, leg)]
        rows = [
            f"the {ORDINALS[k]} row {', '.join(DOORS[door] for door in row)}"
            for k, row in enumerate(floor)
        ]
        self._text = (
            f"The floor: {listed(rows)}. You stand on the {ORDINALS[start[1]]} tile of the "
            f"{ORDINALS[start[0]]} row and face {HEADINGS[heading]}. The walk: {', '.join(pieces)}."
        )

    def manual(self, rounds: str) -> str:
        """The rules."""
        return (
            f"{rounds} Right is the door of the colour of the tile on which the walk ends. Rows "
            "are told from north to south, tiles from west to east. Ahead and back are as you face "
            "at that moment. Turns are quarter turns; walking back or looking aside does not turn "
            "you."
        )

    def text(self) -> str:
        """The floor, where one stands, and the walk."""
        return self._text


def _latin_square(rng: random.Random) -> list[list[int]]:
    """A floor on which every colour has as many even tiles as odd ones, as on a chessboard.

    Whether the last tile is even follows from the number of steps alone, whatever turns there are.
    """
    while True:
        order, rows, columns = (shuffled(rng, range(SIDE)) for _ in range(3))
        floor = [[order[(row + column) % SIDE] for column in columns] for row in rows]
        even = [floor[row][column] for row in range(SIDE) for column in range(row % 2, SIDE, 2)]
        if all(2 * even.count(color) == SIDE for color in order):
            return floor


def _turns(rng: random.Random, number: int) -> list[int]:
    """What stands between the legs: 1 a turn to the right, -1 one to the left, 0 a look.

    If there are turns, two legs or more lead along each axis, so that every tile can be the end.
    """
    while True:
        places = sorted(rng.sample(range(LEGS - 1), number))
        aside = sum(bisect(places, leg - 1) % 2 for leg in range(LEGS))
        if not number or 2 <= aside <= LEGS - 2:
            return [rng.choice((-1, 1)) if k in places else 0 for k in range(LEGS - 1)]


def _walk(
    rng: random.Random, start: Tile, heading: int, turns: list[int]
) -> tuple[list[int], Tile]:
    """Legs, of which those below 0 go back, to an end drawn beforehand."""
    across = heading % 2  # 0: along a column
    while True:
        goal = (rng.randrange(SIDE), rng.randrange(SIDE))
        if any(turns) or goal[1 - across] == start[1 - across]:
            break
    while True:
        place, facing, legs = list(start), heading, []
        for turn in (*turns, 0):
            row, column = STEPS[facing]
            axis = 0 if row else 1
            there = rng.choice([k for k in range(SIDE) if k != place[axis]])
            legs.append((there - place[axis]) * (row or column))
            place[axis] = there
            facing = (facing + turn) % len(HEADINGS)
        if tuple(place) == goal:
            return legs, goal


def _leg(rng: random.Random, leg: int) -> str:
    return rng.choice(GOES if leg > 0 else BACK).format(number=NUMBERS[abs(leg)])
