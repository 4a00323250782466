"""Spatial Reasoning: which way a diver faces after turns left, right, up and down."""

from __future__ import annotations

from smartplay.games.harbor.kind import MOVES, Kind

SENTENCES = 12
FACINGS = ("north", "east", "south", "west", "up", "down")
TURNS = ("left", "right", "up", "down")
FORMS = (
    "The diver {verb} {way}.",
    "There the diver {verb} {way}.",
    "A passage opens, and the diver {verb} {way}.",
    "After a short rest the diver {verb} {way}.",
    "Behind a pillar the diver {verb} {way}.",
    "Then the diver {verb} {way}.",
    "A lamp flickers, and the diver {verb} {way}.",
)
WINDING = 4
"""From so many turns on, parts of them can be made to lead elsewhere."""
ON = ("ahead", "on", "along", "forwards")

Body = tuple[int, int, int]
"""Where face, right hand and crown point, as indices of `FACINGS`."""


class Dive(Kind):
    """Twelve sentences on a dive, as many of them turns as the level says.

    Turns are told as the diver feels them: their up is where the
    crown of the head points. First and final facing are drawn first, so each final one is right
    equally often; from `WINDING` turns on, wherever the diver starts.
    """

    actions = tuple(f"Point {facing}" for facing in FACINGS)
    values = tuple(range(1, SENTENCES + 1))
    size = SENTENCES + 1
    rules = (
        "A diver swims through the halls of a flooded building. Every turn is a quarter turn as "
        "the diver feels it: left and right are the diver's own left and right hand, a tilt up "
        "makes the diver face where the crown of the head pointed before, a tilt down where the "
        "feet pointed. At the start the crown points up and the feet down. Seen from above, north, "
        "east, south and west follow one another clockwise. In each move you point in the "
        "direction in which the diver faces at the end of a dive."
    )

    def draw(self) -> None:
        """Draw three dives."""
        self._dives = []
        self.plan = [self.rng.randrange(len(FACINGS)) for _ in range(MOVES)]
        for final in self.plan:
            start = self.rng.randrange(4)
            while True:
                if self.value < WINDING:  # a few turns do not lead everywhere from one start
                    start = self.rng.randrange(4)
                turns = [self.rng.randrange(len(TURNS)) for _ in range(int(self.value))]
                if faced(start, turns) == final and self._demands(start, turns, final):
                    break
            self._dives.append((start, self._mixed(turns)))

    def _demands(self, start: int, turns: list[int], final: int) -> bool:
        """Whether to take the dive: seldom if a part of its turns ends alike."""
        parts = (
            (turns[1:], 4),
            (turns[:1], 5),
            (turns[2:], 6),
            (turns[1:-1], 9),
            ([turn for turn in turns if turn < 2], 6),
            ([turn for turn in turns if turn >= 2], 7),
        )
        return len(turns) < WINDING or all(
            faced(start, part) != final or self.rng.randrange(12) < kept for part, kept in parts
        )

    def _mixed(self, turns: list[int]) -> list[tuple[int, str]]:
        """Sentences of the turns, in their order, with straight ones anywhere between them."""
        rng, rest = self.rng, list(turns)
        turning = set(rng.sample(range(SENTENCES), len(turns)))
        found = []
        for place in range(SENTENCES):
            turn = rest.pop(0) if place in turning else -1
            if turn >= 0:
                verb, way = "turns" if turn < 2 else "tilts", TURNS[turn]
            else:
                verb, way = "swims", rng.choice(ON)
            found.append((turn, rng.choice(FORMS).format(verb=verb, way=way)))
        return found

    def text(self) -> str:
        """The present dive."""
        start, told = self._dives[len(self.done)]
        return f"The diver starts facing {FACINGS[start]}. {' '.join(text for _, text in told)}"

    def numbers(self) -> list[int]:
        """The first facing, then per sentence the turn, -1 for none."""
        start, told = self._dives[len(self.done)]
        return [start, *(leg for leg, _ in told)]


def faced(start: int, turns: list[int]) -> int:
    """The facing after turns from an upright start."""
    body = (start, (start + 1) % 4, 4)
    for turn in turns:
        body = _turned(body, turn)
    return body[0]


def _turned(body: Body, turn: int) -> Body:
    face, right, crown = body
    if turn == 0:
        return _behind(right), face, crown
    if turn == 1:
        return right, _behind(face), crown
    if turn == 2:
        return crown, right, _behind(face)
    return _behind(crown), right, face


def _behind(facing: int) -> int:
    """The opposite direction."""
    return (facing + 2) % 4 if facing < 4 else 9 - facing
