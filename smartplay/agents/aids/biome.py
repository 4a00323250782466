"""What is told of the search for a biome."""

from __future__ import annotations

import re
from math import hypot

from smartplay.agents.aids.notes import WAYS, Notes, Tellers, offset


def _conclude_biome(notes: Notes) -> str:
    rows, goal = _lands(notes), _goal_land(notes)
    spots = [
        (k / (len(rows) - 1), row.index(goal) / max(1, len(row) - 1))
        for k, row in enumerate(rows)
        if goal in row
    ]
    if not spots:
        return "your goal lies at the sea, and low land with coast grass lies towards it."
    differences = []
    for axis, (less, more) in enumerate((("colder", "warmer"), ("drier", "wetter"))):
        here = _climate(notes)[axis]
        wanted = sum(spot[axis] for spot in spots) / len(spots)
        if here is not None and abs(wanted - here) > 0.2:
            differences.append(more if wanted > here else less)
    return f"your goal has a {' and '.join(differences)} climate than here." if differences else ""


def _climate(notes: Notes) -> tuple[float | None, float | None]:
    """Warmth and wetness that the plants around tell, 0 to 1."""
    found: list[float | None] = []
    for first, last in (("cold", "hot"), ("dry", "wet")):
        (told,) = notes.quote(rf"From {first} to {last} grow: (.+?)\.") or [""]
        plants = told.split(", ")
        there = [k for k, plant in enumerate(plants) if plant and f"- {plant}:" in notes.now]
        cold = first == "cold" and re.search(r"^- (snow|ice|packed ice)", notes.now, re.M)
        ranks = [k / (len(plants) - 1) for k in there] or ([0.0] if cold else [])
        found.append(sum(ranks) / len(ranks) if ranks else None)
    return found[0], found[1]


def _lands(notes: Notes) -> list[list[str]]:
    """The lands from the coldest to the hottest, each row from dry to wet."""
    told = notes.quote(r"each row from dry to wet: (.+?)\.")
    return [row.split(", ") for row in told[0].split("; ")] if told else []


def _goal_land(notes: Notes) -> str:
    return next(iter(notes.quote(r"find this land: (.+?)\.")), "")


def _plan_biome(notes: Notes) -> str:
    been = [_position(text) for text in notes.seen]
    x, z = been[-1]
    last = been[-2] if len(been) > 1 else been[-1]

    def newness(way: str) -> float:
        dx, dz = WAYS[way]
        aim = (x + 80 * dx, z + 80 * dz)
        straight = 10 * (dx * (x - last[0]) + dz * (z - last[1]) > 0)
        return min(hypot(aim[0] - a, aim[1] - b) for a, b in been) + straight

    return f"your next subgoal: look at the land 80 blocks {max(WAYS, key=newness)} of you."


def _gloss_biome(notes: Notes) -> str:
    rows, goal, told = _lands(notes), _goal_land(notes), []
    for k, row in enumerate(rows):
        if goal in row:
            place = row.index(goal)
            near = [("drier", row[:place][-1:]), ("wetter", row[place + 1 :][:1]),
                    ("colder", rows[k - 1] if k else []), ("hotter", rows[k + 1 :][:1] and
                                                           rows[k + 1])]  # fmt: skip
            told += [f"{word} than it: {', '.join(lands)}" for word, lands in near if lands]
    return f"the lands most like {goal} are, {'; '.join(told)}." if told else ""


def _digest_biome(notes: Notes) -> str:
    moves: dict[str, list[float]] = {}
    for text in notes.seen[1:]:
        if found := re.search(r"You moved (\w+) for .*? got (-?[\d.]+) blocks", text):
            moves.setdefault(found[1], []).append(float(found[2]))
    told = [f"{way} {len(gains)} times, {sum(gains):.0f} blocks in all" for way, gains in
            moves.items()]  # fmt: skip
    return f"so far you moved {'; '.join(told)}." if told else ""


def _check_biome(notes: Notes) -> str:
    found = re.search(r"You moved (\w+) for .*? got (-?[\d.]+) blocks", notes.now)
    if not found:
        return ""
    if float(found[2]) < 3:
        return f"your last move, {found[1]}, was stopped: something is in the way."
    return f"your last move, {found[1]}, had its effect."


def _map_biome(notes: Notes) -> str:
    x, z = _position(notes.now)
    x0, z0 = _position(notes.seen[0])
    spots = {}
    for text in notes.seen:
        a, b = _position(text)
        for kind, far, wind in re.findall(r"^- ([\w ]+): ([\d.]+) blocks ([a-z-]+)", text, re.M):
            if set(wind.split("-")) <= WAYS.keys():
                dx, dz = _bearing(wind)
                spots[kind] = (a + float(far) * dx, b + float(far) * dz)
    told = [f"{kind} {offset(round(a - x), round(b - z))}" for kind, (a, b) in spots.items()]
    return (
        f"from where you began you are: {offset(round(x - x0), round(z - z0))}. Seen last, from "
        f"where you are: {'; '.join(told)}."
    )


def _position(text: str) -> tuple[float, float]:
    found = re.search(r"You are at x = (\S+), y = \S+, z = ([-.\d]+)", text)
    return (float(found[1]), float(found[2])) if found else (0.0, 0.0)


def _bearing(wind: str) -> tuple[float, float]:
    """East and south of a compass direction, as parts of its length."""
    parts = [WAYS[part] for part in wind.split("-")]
    dx, dz = sum(p[0] for p in parts), sum(p[1] for p in parts)
    return dx / hypot(dx, dz), dz / hypot(dx, dz)


BIOME: Tellers = {
    "conclusions": _conclude_biome, "subgoal": _plan_biome, "glossary": _gloss_biome,
    "digest": _digest_biome, "check": _check_biome, "map": _map_biome,
}  # fmt: skip
