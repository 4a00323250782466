"""The faculties of the reader of Four Doors: one function each, with what is left without it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from smartplay.agents.reference.contrast_reading import HEADINGS, Order, Place, Rooms

_STEPS = ((0, 1), (1, 0), (0, -1), (-1, 0))


def follow(facts: Mapping[str, str], thing: str, hops: int | None = None) -> str:
    """Follow facts from a thing to where they end, or as many of them as `hops`."""
    seen = 0
    while thing in facts and (hops is None or seen < hops):
        thing = facts[thing]
        seen += 1
    return thing


def allowed(doors: Sequence[str], orders: Sequence[Order], states: Mapping[str, str]) -> list[str]:
    """The doors that no order forbids."""
    left = list(doors)
    for order in orders:
        if (states.get(order.signal) == order.state) == order.when:
            left = [door for door in left if (door == order.door) == order.only]
    return left


def way(rooms: Rooms, here: str, far: int | None = None) -> str | None:
    """The door that begins the shortest way to the target.

    Args:
        rooms: The plan.
        here: The room one is in.
        far: How many doors to look ahead; without a limit by default. If the target is not seen,
            the door to the room with the fewest metres.
    """
    doors = rooms.ways.get(here, {})
    reached = {room: door for door, room in reversed(doors.items())}
    seen, edge, depth = {here}, dict(reached), 1
    while edge:
        if rooms.target in edge:
            return edge[rooms.target]
        if depth == far:
            break
        seen.update(edge)
        following: dict[str, str] = {}
        for room, door in edge.items():
            for there in rooms.ways.get(room, {}).values():
                if there not in seen:
                    following.setdefault(there, door)
        edge, depth = following, depth + 1
    return min(doors, key=lambda door: rooms.metres[doors[door]], default=None)


def best_offer(offers: Mapping[str, tuple[int, int]], odds: bool = True) -> str:
    """The door with the most coins on average; without `odds`, with the largest prize."""
    return max(offers, key=lambda door: offers[door][0] * (offers[door][1] if odds else 1))


def next_of_plan(plan: Sequence[str], log: Sequence[str], strike: str) -> str:
    """The plan's next colour, or `strike` if what is in the log has to be struck out first."""
    begun = list(log) == list(plan[: len(log)]) and len(log) < len(plan)
    return plan[len(log)] if begun else strike


def end_of_walk(walk: Sequence[str], facing: str) -> Place:
    """Where a walk ends, as seen from where it begins."""
    east = north = up = 0
    direction = HEADINGS.index(facing)
    for piece in walk:
        verb, *rest = piece.split()
        if verb == "turn":
            direction = (direction + (1 if rest[0] == "right" else -1)) % len(HEADINGS)
        elif verb == "go":
            number = int(rest[0])
            if rest[1] in ("up", "down"):
                up += number if rest[1] == "up" else -number
            else:
                ahead = number if rest[1] == "ahead" else -number
                east += ahead * _STEPS[direction][0]
                north += ahead * _STEPS[direction][1]
    return east, north, up


def on_a_line(walk: Sequence[str]) -> int:
    """Steps ahead less steps back, for one who knows no other direction."""
    goes = [piece.split()[1:] for piece in walk if piece.startswith("go ")]
    signs = {"ahead": 1, "back": -1}
    return sum(signs.get(direction, 0) * int(number) for number, direction in goes)


def nearest(places: Mapping[str, Place], end: Place, axes: int = 3) -> str:
    """The door nearest to a place, by its first `axes` coordinates."""
    return min(
        places,
        key=lambda door: sum(abs(a - b) for a, b in zip(places[door][:axes], end, strict=False)),
    )
