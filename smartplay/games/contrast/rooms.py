"""Planning: rooms that lead to rooms; the target is 1 to 12 doors away."""

from __future__ import annotations

import random
from typing import NamedTuple

from smartplay.games.contrast.house import DOORS, Kind, shuffled

NAMES = (
    "armory", "attic", "bakery", "barn", "bathroom", "bedroom", "boudoir", "brewery",
    "buttery", "cellar", "chancery", "chapel", "cloister", "closet", "corridor", "courtyard",
    "crypt", "dairy", "den", "dungeon", "foyer", "gallery", "garage", "garret", "granary",
    "greenhouse", "hall", "kitchen", "larder", "laundry", "library", "lobby", "loft",
    "lounge", "nursery", "office", "orangery", "pantry", "parlor", "passage", "pavilion",
    "salon", "scullery", "shed", "stable", "storeroom", "studio", "study", "sunroom",
    "tower", "treasury", "vault", "vestry", "washroom", "workshop",
)  # fmt: skip
FAR = 12
LINES = ("{room}: {doors}", "{room} - {doors}", "from the {room}: {doors}", "{room} has {doors}")


class Room(NamedTuple):
    """A room by its wing, which is the door of the hall that begins the way to it, and its depth.

    The room one is in has depth 0 and belongs to no wing.
    """

    wing: int
    depth: int


HERE = Room(0, 0)


class Rooms(Kind):
    """A house of four wings that are alike, `FAR` rooms deep; the target is in one of them.

    Every room has one door that leads deeper into its wing; its other doors lead to rooms of any
    wing that are no deeper than itself. So each room has one shortest way, by doors of its own wing
    alone, and nothing but the way itself tells the target's wing from another.
    """

    values = tuple(range(1, FAR + 1))

    def _draw(self) -> None:
        rng = self.rng
        self.right = rng.randrange(len(DOORS))
        rooms = [HERE, *(Room(w, d) for w in range(len(DOORS)) for d in range(1, FAR + 1))]
        names = dict(zip(rooms, rng.sample(NAMES, len(rooms)), strict=True))
        lines = []
        for room in shuffled(rng, rooms):
            doors = [
                f"{door} {names[there]}"
                for door, there in zip(DOORS, _ways(rng, room, rooms), strict=True)
            ]
            told = ", ".join(shuffled(rng, doors))
            lines.append(rng.choice(LINES).format(room=names[room], doors=told))
        target = names[Room(self.right, int(self.value))]
        self._text = "\n".join(
            [f"You are in the {names[HERE]}. Your target is the {target}. The doors lead:", *lines]
        )

    def manual(self, rounds: str) -> str:
        """The rules."""
        return (
            f"{rounds} In each you go through one of the four doors of the room you are in. Right "
            "is the door that begins the shortest way to your target, counted in doors. Each round "
            "begins in another house."
        )

    def text(self) -> str:
        """Where one is and wants to go, and all doors."""
        return self._text


def _ways(rng: random.Random, room: Room, rooms: list[Room]) -> list[Room]:
    """Where a room's doors lead, in the order of `DOORS`."""
    if room == HERE:
        return [Room(wing, 1) for wing in range(len(DOORS))]
    deeper = [Room(room.wing, room.depth + 1)] if room.depth < FAR else []
    others = [other for other in rooms if other.depth <= room.depth and other != room]
    return shuffled(rng, [*deeper, *rng.sample(others, len(DOORS) - len(deeper))])
