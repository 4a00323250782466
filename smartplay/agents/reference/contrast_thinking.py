"""The faculties of the reader of Four Doors: one function each, with what is left without it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from smartplay.agents.reference.contrast_reading import Log, Order, Rooms, Walk

_STEPS = ((-1, 0), (0, 1), (1, 0), (0, -1))


def follow(facts: Mapping[str, str], thing: str, hops: int | None = None) -> list[str]:
    """Follow facts from a thing to where they end, or as many of them as `hops`."""
    found: list[str] = []
    while thing in facts and (hops is None or len(found) < hops):
        thing = facts[thing]
        found.append(thing)
    return found


def moved(orders: Sequence[Order], states: Mapping[str, str]) -> int:
    """How many doors on all orders together move the key."""
    return sum(order.moves[states[order.signal]] for order in orders)


def way(rooms: Rooms, far: int | None = None) -> tuple[str, int] | None:
    """The door that begins the shortest way to the target, and how many doors away that is.

    Args:
        rooms: The plan.
        far: How many doors to look ahead; without a limit by default.

    Returns:
        None if the target is not seen.
    """
    edge = {room: door for door, room in reversed(rooms.ways.get(rooms.here, {}).items())}
    seen, depth = {rooms.here}, 1
    while edge:
        if rooms.target in edge:
            return edge[rooms.target], depth
        if depth == far:
            break
        seen.update(edge)
        following: dict[str, str] = {}
        for room, door in edge.items():
            for there in rooms.ways.get(room, {}).values():
                if there not in seen:
                    following.setdefault(there, door)
        edge, depth = following, depth + 1
    return None


def called(
    calls: Mapping[tuple[str, ...], str], words: Sequence[str], ring: Sequence[str]
) -> str | None:
    """What words mean together, by what they mean in other company."""
    moves = {
        call[1]: ring.index(door) - ring.index(calls[call[:1]])
        for call, door in calls.items()
        if len(call) == 2 and call[:1] in calls
    }
    first = calls.get(tuple(words[:1]))
    if first is None or any(word not in moves for word in words[1:]):
        return None
    return ring[(ring.index(first) + sum(moves[word] for word in words[1:])) % len(ring)]


def best_offer(offers: Mapping[str, tuple[int, int]], odds: bool = True) -> str:
    """The door with the most coins on average; without `odds`, with the largest prize."""
    return max(offers, key=lambda door: offers[door][0] * (offers[door][1] if odds else 1))


def fault(told: Log) -> tuple[str, int] | None:
    """What is wrong with a log, and at which entry, counted from 1."""
    plan, log = told.plan, told.log
    k = next((k for k in range(len(log)) if log[k] != plan[k]), len(log))
    orders = {(1, 0, 2): "neighbours", (2, 1, 0): "apart", (1, 2, 0): "late", (2, 0, 1): "early"}
    for order, name in orders.items():
        if log[k : k + 3] == [plan[k + place] for place in order if k + place < len(plan)]:
            return name, k + 1
    return None


def end_of_walk(walk: Walk, turning: bool = True) -> str:
    """The colour of the tile on which a walk ends, for one who stays inside the walls."""
    row, column = walk.start
    heading = walk.heading
    for kind, number in walk.pieces:
        if kind == "turn" and turning:
            heading = (heading + number) % len(_STEPS)
        elif kind == "go":
            row += _STEPS[heading][0] * number
            column += _STEPS[heading][1] * number
    return walk.floor[row % len(walk.floor)][column % len(walk.floor)]
