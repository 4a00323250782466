"""Planning: rooms that lead to rooms; the target is 1 to 12 doors away."""

from __future__ import annotations

import random

from smartplay.games.branches import FAR, START, Place, places_of, ways_from
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
LINES = ("{room}: {doors}", "{room} - {doors}", "from the {room}: {doors}", "{room} has {doors}")


class Rooms(Kind):
    """A house of four wings that are alike, `FAR` rooms deep; the target is in one of them.

    Wings are branches (`smartplay.games.branches`), so nothing but the way itself tells the wing of
    the target from another.
    """

    values = tuple(range(1, FAR + 1))

    def _draw(self) -> None:
        rng = self.rng
        self.right = rng.randrange(len(DOORS))
        rooms = places_of(len(DOORS))
        names = dict(zip(rooms, rng.sample(NAMES, len(rooms)), strict=True))
        lines = []
        for room in shuffled(rng, rooms):
            doors = [
                f"{door} {names[there]}"
                for door, there in zip(DOORS, _ways(rng, room, rooms), strict=True)
            ]
            told = ", ".join(shuffled(rng, doors))
            lines.append(rng.choice(LINES).format(room=names[room], doors=told))
        target = names[Place(self.right, int(self.value))]
        self._text = "\n".join(
            [f"You are in the {names[START]}. Your target is the {target}. The doors lead:", *lines]
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


def _ways(rng: random.Random, room: Place, rooms: list[Place]) -> list[Place]:
    """Where a room's doors lead, in the order of `DOORS`."""
    if room == START:
        return [Place(wing, 1) for wing in range(len(DOORS))]
    return shuffled(rng, ways_from(rng, room, rooms, len(DOORS)))
