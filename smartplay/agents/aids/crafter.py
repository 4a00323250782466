"""What is told of Crafter."""

from __future__ import annotations

import re

from smartplay.agents.aids.general import digest
from smartplay.agents.aids.notes import WAYS, Cell, Notes, Tellers, offset, quoted

REACH, FAR = 40, 12  # steps to the farthest thing that the map names, and tells a way to
LISTED = 4  # places of each kind on the map
_CRAFTER_PLAN = (
    "Place Table", "Make Wood Pickaxe", "Make Wood Sword", "Make Stone Pickaxe",
    "Make Stone Sword", "Place Furnace", "Make Iron Pickaxe", "Make Iron Sword",
)  # fmt: skip
_GROUND = ("grass", "sand", "path")
_FLEETING = (*_GROUND, "cow", "zombie", "skeleton", "arrow", "you")


def _excerpt_crafter(notes: Notes) -> str:
    items, near = _amounts(notes.now), _nearest(notes.now)
    lines = notes.quote(r"^- (.+)$")
    takes = [line for line in lines if line.split(":")[0] in near]
    used = [
        line
        for line in lines
        if (uses := line.partition("uses ")[2].partition(";")[0]) and not _short(items, uses)
    ]
    return quoted([*takes, *used])


def _conclude_crafter(notes: Notes) -> str:
    items = _amounts(notes.now)
    costs = notes.quote(r"^- ((?:Place|Make) [\w ]+): uses (.+?);")
    enough = [name for name, uses in costs if not _short(items, uses)]
    return f"what you carry is enough for: {', '.join(enough)}." if enough else ""


def _rules_crafter(notes: Notes) -> str:
    items, around = _amounts(notes.now), _around(notes)
    told = []
    for name, uses, needs in notes.quote(r"^- (Make [\w ]+): uses (.+?); needs (.+?) beside you"):
        if not _short(items, uses):
            away = [kind for kind in re.findall(r"an? (\w+)", needs) if kind not in around]
            told += [f"{name} needs a {kind} beside you, and there is none." for kind in away]
    if re.search(r"^- lava: 1 step away", notes.now, re.MULTILINE):
        told.append("Do not step into the lava beside you.")
    return " ".join(told)


def _plan_crafter(notes: Notes) -> str:
    items = _amounts(notes.now)
    low = {"food": "eat a cow", "drink": "drink water"}
    urgent = [deed for vital, deed in low.items() if items.get(vital, 9) <= 3]
    costs = dict(notes.quote(r"^- ((?:Place|Make) [\w ]+): uses (.+?);"))
    for name in _CRAFTER_PLAN:
        if urgent or name.lower() in notes.done or name not in costs:
            continue
        if short := _short(items, costs[name]):
            return f"your next subgoal: {name}; for that, first have {' and '.join(short)}."
        return f"your next subgoal: {name}."
    return f"your next subgoal: {(urgent or ['collect diamond'])[0]}."


def _gloss_crafter(notes: Notes) -> str:
    roles = {"cow": "food that walks", "zombie": "an enemy that strikes when beside you",
             "skeleton": "an enemy that shoots", "arrow": "a missile that hurts",
             "lava": "death to step into", "plant": "a sapling that grows",
             "ripe plant": "food"}  # fmt: skip
    gives = {kind: f"a source of {item}" for kind, item in notes.quote(r"^- (\w+): 1 (\w+)")}
    told = [f"{kind} is {role}" for kind, role in (gives | roles).items()
            if kind in _nearest(notes.now)]  # fmt: skip
    return "; ".join(told) + "." if told else ""


def _odds_crafter(notes: Notes) -> str:
    if "in front of you: grass" not in notes.now or "collect sapling" in notes.done:
        return ""
    tries = sum(n for (_, said), n in notes.outcomes.items() if "found no sapling" in said)
    (told,) = notes.quote(r"sapling with a chance of (\d+) percent") or ["10"]
    ten = 100 * (1 - (1 - int(told) / 100) ** 10)
    return f"{tries} tries gave no sapling so far; ten more give one with {ten:.0f} percent."


def _digest_crafter(notes: Notes) -> str:
    unlocked = ", ".join(notes.done) or "nothing"
    return f"{len(notes.seen) - 1} steps so far; unlocked: {unlocked}. {digest(notes)}".strip()


def _map_crafter(notes: Notes) -> str:
    _chart(notes)
    x, y = notes.at
    near: dict[str, list[tuple[int, int, int]]] = {}
    for (a, b), kind in notes.places.items():
        if (far := abs(a - x) + abs(b - y)) <= REACH:
            near.setdefault(kind, []).append((far, a - x, b - y))
    told = [
        f"{kind} {offset(dx, dy)}" for kind, cells in near.items() for _, dx, dy in
        sorted(cells)[:LISTED]
    ]  # fmt: skip
    seen = f" Seen so far, from where you are: {'; '.join(told)}." if told else ""
    ways = "; ".join(f"to {kind}: go {way}" for kind, way in _ways_crafter(notes).items())
    nearest = f" The ways to the nearest begin so: {ways}." if ways else ""
    return f"from where you began you are: {offset(x, y)}.{seen}{nearest}"


def _ways_crafter(notes: Notes) -> dict[str, str]:
    """The first step of the shortest way to the nearest of each kind, round what is known."""
    aims = notes.places | {(notes.at[0] + dx, notes.at[1] + dy): kind for kind, (dx, dy) in
                           _nearest(notes.now).items() if kind not in _GROUND}  # fmt: skip
    first: dict[Cell, str] = {notes.at: ""}
    queue, found = [notes.at], dict[str, str]()
    for x, y in queue:
        for way, (dx, dy) in WAYS.items():
            cell = x + dx, y + dy
            if cell in first or abs(cell[0] - notes.at[0]) + abs(cell[1] - notes.at[1]) > FAR:
                continue
            first[cell] = first[x, y] or way
            if cell in aims:
                found.setdefault(aims[cell], first[cell])
            else:
                queue.append(cell)
    return found


def _around(notes: Notes) -> set[str]:
    _chart(notes)
    x, y = notes.at
    return {notes.places.get((x + i, y + j), "") for i in (-1, 0, 1) for j in (-1, 0, 1)}


def _nearest(text: str) -> dict[str, Cell]:
    """Where the nearest of each kind in view is in Crafter, from the player."""
    found = {}
    for kind, place in re.findall(r"^- ([a-z ]+): \d+ steps? away \((.+?)\)", text, re.MULTILINE):
        parts = [(int(n), WAYS[way]) for n, way in re.findall(r"(\d+) (\w+)", place)]
        found[kind] = (sum(n * way[0] for n, way in parts), sum(n * way[1] for n, way in parts))
    return found


def _amounts(text: str) -> dict[str, int]:
    """Crafter's vitals and what is carried."""
    lines = re.findall(r"^(?:Of at most 9 each|You carry): (.+)\.$", text, re.MULTILINE)
    vitals = [(name, n) for line in lines for name, n in re.findall(r"([a-z]+) (\d+)", line)]
    carried = [(name, n) for line in lines for n, name in re.findall(r"(\d+) ([a-z ]+)", line)]
    return {name: int(n) for name, n in [*vitals, *carried]}


def _short(items: dict[str, int], uses: str) -> list[str]:
    """What is missing of what something uses, such as `2 wood`."""
    needs = re.findall(r"(\d+) (\w+)", uses)
    return [f"{n} {item}" for n, item in needs if items.get(item, 0) < int(n)]


def _chart(notes: Notes) -> None:
    """Bring the map up to date."""
    far = notes.quote(r"(\d+) west to (\d+) east and from (\d+) north to (\d+) south")
    view = tuple(map(int, far[0] if far else (4, 4, 3, 3)))
    for text in notes.seen[notes.charted :]:
        _note(notes, text, view)
    notes.charted = len(notes.seen)


def _note(notes: Notes, text: str, view: tuple[int, ...]) -> None:
    if moved := re.search(r"You moved one step (\w+)", text):
        notes.at = (notes.at[0] + WAYS[moved[1]][0], notes.at[1] + WAYS[moved[1]][1])
    x, y = notes.at
    near = {kind.split(" flying")[0]: place for kind, place in _nearest(text).items()}
    west, east, north, south = view
    for dx in range(-west, east + 1):
        for dy in range(-north, south + 1):
            kind = notes.places.get((x + dx, y + dy), "")
            seen = near.get(kind)
            if kind and (seen is None or sum(map(abs, seen)) > abs(dx) + abs(dy)):
                del notes.places[x + dx, y + dy]
    if front := re.search(r"You face (\w+); in front of you: ([a-z ]+)\.", text):
        dx, dy = WAYS[front[1]]
        notes.places.pop((x + dx, y + dy), None)
        near[front[2]] = (dx, dy)
    for kind, (dx, dy) in near.items():
        if kind not in _FLEETING:
            notes.places[x + dx, y + dy] = kind


CRAFTER: Tellers = {
    "excerpt": _excerpt_crafter, "conclusions": _conclude_crafter, "rules": _rules_crafter,
    "subgoal": _plan_crafter, "glossary": _gloss_crafter, "odds": _odds_crafter,
    "digest": _digest_crafter, "map": _map_crafter,
}  # fmt: skip
