"""The faculties of the reader of Harbor Days: one function each, as far as its limit goes.

A limit is in the unit of the dial; what lies beyond it is not found, which is None.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import permutations

from smartplay.agents.reference.harbor_reading import Entry, Stacks, Tune

WEEK = BERTHS = BELLS = 6
WAYS = tuple((a, b) for a in range(3) for b in range(3) if a != b)


def room_of(good: str, read: Sequence[Entry], limit: float, tables: int = 3) -> str | None:
    """Where a good lies, by the entries among the first `limit` words."""
    found: str | None = good
    for table in range(tables):
        known = {e.key: e.value for e in read if e.table == table and e.words <= limit}
        found = known.get(found) if found else None
    return found


def days_after(event: str, facts: Sequence[tuple[str, str, int]], known: str) -> tuple[int, int]:
    """Days from a known event to another, and how many facts lie between them."""
    near: dict[str, list[tuple[str, int]]] = {}
    for one, other, days in facts:
        near.setdefault(other, []).append((one, days))
        near.setdefault(one, []).append((other, -days))
    found, edge, far = {known: 0}, [known], 0
    while event not in found:
        far += 1
        following = []
        for here in edge:
            for there, days in near[here]:
                if there not in found:
                    found[there] = found[here] + days
                    following.append(there)
        edge = following
    return found[event], far


def berth(
    called: int,
    given: Sequence[tuple[str, Mapping[str, int]]],
    signs: Mapping[str, str],
    limit: float,
) -> int:
    """The berth after the first `limit` orders are obeyed, from 1."""
    obeyed = given[: int(min(limit, len(given)))]
    return (called - 1 + sum(ways[signs[sign]] for sign, ways in obeyed)) % BERTHS + 1


def moved(stacks: Stacks, way: tuple[int, int]) -> Stacks | None:
    """The stacks after a crate was moved, or None if there is none to take."""
    source, target = way
    if not stacks[source]:
        return None
    after = list(stacks)
    after[source], after[target] = stacks[source][:-1], (*stacks[target], stacks[source][-1])
    return tuple(after)


def best_way(now: Stacks, wanted: Stacks) -> tuple[tuple[int, int] | None, int]:
    """The first of the best moves, and how many moves are needed; None if the stacks are done."""
    order = sorted(range(3), key=lambda quay: -len(wanted[quay]))
    label = {crate: str(k) for k, crate in enumerate(c for quay in order for c in wanted[quay])}
    plain = tuple(tuple(label[crate] for crate in now[quay]) for quay in order)
    far = _distances(tuple(len(wanted[quay]) for quay in order))
    for way in WAYS:
        after = moved(plain, way)
        if after is not None and far[after] < far[plain]:
            return (order[way[0]], order[way[1]]), far[plain]
    return None, 0


@lru_cache(maxsize=8)
def _distances(heights: tuple[int, ...]) -> dict[Stacks, int]:
    """Moves from every arrangement to the ordered one with stacks of these heights."""
    names = iter(map(str, range(sum(heights))))
    goal = tuple(tuple(next(names) for _ in range(height)) for height in heights)
    far, edge = {goal: 0}, [goal]
    while edge:
        following = []
        for stacks in edge:
            for way in WAYS:
                after = moved(stacks, way)
                if after is not None and after not in far:
                    far[after] = far[stacks] + 1
                    following.append(after)
        edge = following
    return far


def greedy_way(now: Stacks, wanted: Stacks) -> tuple[int, int] | None:
    """A move that puts a crate on its place for good, if there is one."""
    for way in WAYS:
        after = moved(now, way)
        if after is not None and after[way[1]] == wanted[way[1]][: len(after[way[1]])]:
            return way
    return None


def rung(
    tune: Tune, endings: Sequence[str], examples: Mapping[str, tuple[Tune, Tune]], limit: float
) -> Tune:
    """The tune after the first `limit` endings."""
    for ending in endings[: int(min(limit, len(endings)))]:
        before, after = examples[ending]
        up = (after[0] - before[0]) % BELLS
        if all((b - a) % BELLS == up for a, b in zip(before, after, strict=True)):
            tune = tuple((bell + up) % BELLS for bell in tune)
        else:
            order = next(p for p in permutations(range(3)) if tuple(before[k] for k in p) == after)
            tune = tuple(tune[k] for k in order)
    return tune


def worths(urns: Mapping[str, tuple[int, int, int]]) -> dict[str, float]:
    """What each urn pays on average."""
    return {urn: white * pays / balls for urn, (balls, white, pays) in urns.items()}


def astray(
    given: Sequence[str],
    squares: Sequence[tuple[int, int]],
    doubtful: Sequence[int],
    moved_by: Mapping[str, tuple[int, int]],
) -> list[str]:
    """The orders of those of the doubtful steps that went astray."""
    return [
        given[step]
        for step in doubtful
        if moved_by.get(given[step], (0, 0))
        != tuple(b - a for a, b in zip(squares[step], squares[step + 1], strict=True))
    ]


def facing(start: str, turns: Sequence[str], limit: float, names: Sequence[str]) -> str:
    """The facing after the first `limit` turns.

    Args:
        start: The facing at first.
        turns: `left`, `right`, and the names of up and down.
        limit: How many turns are followed.
        names: North, east, south, west, up and down by name.
    """
    up, down = names[4:]
    vectors = dict(zip(names, _VECTORS, strict=True))
    face, crown = vectors[start], vectors[up]
    for turn in turns[: int(min(limit, len(turns)))]:
        right = _cross(face, crown)
        if turn == "left":
            face = _minus(right)
        elif turn == up:
            face, crown = crown, _minus(face)
        elif turn == down:
            face, crown = _minus(crown), face
        else:
            face = right
    return next(name for name, vector in vectors.items() if vector == face)


Vector = tuple[int, int, int]
_VECTORS: tuple[Vector, ...] = (
    (0, 1, 0), (1, 0, 0), (0, -1, 0), (-1, 0, 0), (0, 0, 1), (0, 0, -1)
)  # fmt: skip


def _minus(a: Vector) -> Vector:
    return -a[0], -a[1], -a[2]


def _cross(a: Vector, b: Vector) -> Vector:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]
