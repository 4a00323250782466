"""What is told of Messenger."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from itertools import permutations

from smartplay.agents.aids.notes import WAYS, Cell, Notes, Tellers, quoted
from smartplay.games.messenger.deal import ENTITIES, SPLITS
from smartplay.games.messenger.grammar import vocabulary
from smartplay.games.messenger.reading import MOVEMENT_CUES, ROLE_CUES, read


def _excerpt(notes: Notes) -> str:
    return quoted(_reports(notes))


def _reports(notes: Notes) -> list[str]:
    return re.findall(r"^- (.+)$", notes.manual.partition("\nReports:\n")[2], re.MULTILINE)


def _conclude_messenger(notes: Notes) -> str:
    looks = Counter(re.findall(r"^- (\w+), ", notes.seen[0], re.MULTILINE))
    if "decoys" not in notes.manual or max(looks.values(), default=0) < 2:
        return ""
    alone = next(look for look, count in looks.items() if count == 1)
    false = [
        f' The report "{report}" is false.'
        for report in _reports(notes)
        if (found := read(report)).entity == alone and found.role not in (None, "enemy")
    ]
    return (
        f"the {alone} is there once, so it is the enemy that is no decoy; of each look that is "
        f"there twice one is a decoy.{''.join(false)}"
    )


def _rules_messenger(notes: Notes) -> str:
    if "You have the message." in notes.now:
        return "you have the message, so touch the goal and nobody else."
    return (
        "you do not have the message, so touch the one who keeps it and nobody else: the goal "
        "kills you now, too."
    )


def _plan_messenger(notes: Notes) -> str:
    if "the first touch ends the game" in notes.manual:
        return ""  # a plan of one step
    if "You have the message." in notes.now:
        return "your next subgoal: reach the goal, on a way that keeps clear of the enemies."
    return (
        "your next subgoal: reach the one who keeps the message, on a way that keeps clear of the "
        "goal and the enemies."
    )


def _gloss_messenger(notes: Notes) -> str:
    means: dict[str, str] = {}
    cues = {"enemy": "the enemy", "goal": "the goal"}
    ways = {"chaser": "that it chases you", "fleeing": "that it flees", "immovable": "that it "
            "never moves"}  # fmt: skip
    for report in _reports(notes):
        text = report.lower()
        nouns = {n: look for n, look in _nouns().items() if re.search(rf"\b{n}\b", text)}
        means |= {n: look for n, look in nouns.items() if not any(n in m and n != m for m in nouns)}
        found = read(report)
        for table, names, key in ((ROLE_CUES, cues, found.role), (MOVEMENT_CUES, ways,
                                                                  found.movement)):  # fmt: skip
            if key in names and (cue := re.search(table[key], text)):
                means[cue[0].strip()] = names[key]
        if found.role == "message" and "message" not in text:
            noun = re.search(r"\b(letter|note|memo|document|dispatch|missive|classified report|"
                             r"papers?|parcel|package|file|report)\b", text)  # fmt: skip
            means |= {noun[0]: "the message"} if noun else {}
    return "; ".join(f'"{word}" means {plain}' for word, plain in means.items()) + "." * bool(means)


@lru_cache(maxsize=1)
def _nouns() -> dict[str, str]:
    """Messenger's nouns, each with the plain name of the look."""
    nouns: dict[str, str] = {}
    for split in SPLITS:
        for entity, words in vocabulary(split).nouns.items():
            nouns |= dict.fromkeys(words, entity)
    return {noun: look for noun, look in nouns.items() if noun not in ENTITIES}


def _map_messenger(notes: Notes) -> str:
    """Where everyone was at the start, as only one order of the squares fits, and where one is."""
    squares = [(int(x), int(y)) for x, y in notes.quote(r"column (\d+), row (\d+)") or []]
    told = re.findall(r"^- (\w+), (\d+) steps? to the ([\w-]+)$", notes.seen[0], re.M)
    if "two north, two south" in notes.manual:
        return "; ".join(f"{look}: {n} steps straight {way}" for look, n, way in told
                         if "-" not in way) + "."  # fmt: skip
    if "third and the eighth row" in notes.manual:
        squares = [(3, 3), (8, 3), (3, 8), (8, 8)]
    for me in squares:
        rest = [square for square in squares if square != me]
        for order in permutations(rest):
            if all(_place(me, spot) == (int(n), way) for spot, (_, n, way) in
                   zip(order, told, strict=True)):  # fmt: skip
                began = "; ".join(f"{look} column {x}, row {y}" for (x, y), (look, *_) in
                                  zip(order, told, strict=True))  # fmt: skip
                x, y = me
                for text in notes.seen[1:]:
                    if step := re.search(r"You moved one square (\w+)", text):
                        x, y = x + WAYS[step[1]][0], y + WAYS[step[1]][1]
                return f"you are in column {x}, row {y}. At the start: {began}."
    return ""


def _place(me: Cell, spot: Cell) -> tuple[int, str]:
    dx, dy = spot[0] - me[0], spot[1] - me[1]
    ways = ["north" if dy < 0 else "south"] * bool(dy) + ["west" if dx < 0 else "east"] * bool(dx)
    return abs(dx) + abs(dy), "-".join(ways)


MESSENGER: Tellers = {
    "excerpt": _excerpt, "conclusions": _conclude_messenger, "rules": _rules_messenger,
    "subgoal": _plan_messenger, "glossary": _gloss_messenger, "map": _map_messenger,
}  # fmt: skip
