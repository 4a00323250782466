"""What can be read in the texts of Four Doors: sentences by their form, whatever they are for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

HEADINGS = ("north", "east", "south", "west")
_ORDINALS = ("first", "second", "third", "fourth")
_NUMBERS = {"one": 1, "two": 2, "three": 3}
_TIMES = {"not at all": 0, "once": 1, "twice": 2, "three times": 3}
_MOVES = {
    "stay where it is": 0, "go one door on": 1, "go two doors on": 2, "go one door back": -1,
}  # fmt: skip
_NOT_DONE = r"\b(wished|jest|forbade|frames|lamps|dreamt)\b"


class Story(NamedTuple):
    """A story, the doors in it, and the animal a sign shows."""

    text: str
    doors: tuple[str, ...]
    asked: str


class Lesson(NamedTuple):
    """What came of practice, the ring of doors, the mask that is shown and the door if it is told.

    Of each practice round the chosen door and how often the bell rang for each mask.
    """

    heard: list[tuple[str, dict[str, int]]]
    ring: list[str]
    asked: str
    told: str


class Boxes(NamedTuple):
    """Inside of which box, or behind which door, each box is, as told; and the box asked for."""

    facts: dict[str, str]
    asked: str


class Order(NamedTuple):
    """A rule for the key: doors to go on (below 0: back) by the state of a signal."""

    signal: str
    moves: dict[str, int]


class Rules(NamedTuple):
    """The key's first door, the orders, the states of the signals and the ring of doors."""

    start: str
    orders: list[Order]
    states: dict[str, str]
    ring: list[str]


class Call(NamedTuple):
    """The doors that calls mean, the words that are called now, and the ring of doors."""

    shown: dict[tuple[str, ...], str]
    words: list[str]
    ring: list[str]


class Rooms(NamedTuple):
    """Where one is, where one wants to go, and where doors lead."""

    here: str
    target: str
    ways: dict[str, dict[str, str]]


class Log(NamedTuple):
    """The plan, the log, which door mends which fault, and the fault if it is told."""

    plan: list[str]
    log: list[str]
    repairs: dict[str, str]
    told: str


class Walk(NamedTuple):
    """Rows of coloured tiles from the north, a tile (row, place in it), a heading, and a walk."""

    floor: list[list[str]]
    start: tuple[int, int]
    heading: int
    pieces: list[tuple[str, int]]


def ring(manual: str, doors: Sequence[str]) -> list[str]:
    """The doors in the order in which the manual names them."""
    return sorted(doors, key=lambda door: manual.find(f"{door},") % (len(manual) + 1))


def _named(text: str, doors: Sequence[str]) -> list[str]:
    """The doors named in a text, in their order, however often."""
    return [word for word in re.findall(r"\w+", text.lower()) if word in doors]


def sentences(text: str) -> list[str]:
    """The sentences of a text."""
    return re.split(r"(?<=[.?])\s+", text)


@lru_cache(maxsize=4)
def hung(text: str, doors: tuple[str, ...]) -> dict[str, str]:
    """At which door each animal hangs when a story has been read to its end."""
    return hung_in(sentences(text), doors)


def hung_in(told: Iterable[str], doors: Sequence[str]) -> dict[str, str]:
    """The same from some of its sentences."""
    found: dict[str, str] = {}
    for sentence in told:
        named = list(dict.fromkeys(_named(sentence, doors)))
        if sentence.startswith("At first "):
            pairs = re.findall(r"the (\w+) and the (\w+)(?: hung)? at (\w+)", sentence)
            found |= {animal: door for one, other, door in pairs for animal in (one, other)}
        elif len(named) == 1 and (animal := _hung_up(sentence)):
            found[animal] = named[0]
        elif not re.search(_NOT_DONE, sentence):
            words = dict.fromkeys(re.findall(r"the (\w+)", sentence.lower()))
            met = [word for word in words if word in found]
            if len(met) == 2:
                found[met[0]], found[met[1]] = found[met[1]], found[met[0]]
    return found


def _hung_up(sentence: str) -> str:
    """The animal that is hung up, if one is."""
    if not re.search(r"\b(hung|put up|nailed|given its place)\b", sentence):
        return ""
    form = (
        r"(?:hung|put up|painted|asked for it,) the (\w+)|"
        r"[Tt]he (\w+) (?:was given|came to|was nailed)"
    )
    animal = re.search(form, sentence)
    return (animal[1] or animal[2]) if animal else ""


def sign(text: str) -> str:
    """The one thing a sign shows; empty if there is none, or several."""
    shown = re.findall(r"the (\w+) mask|sign shows the (\w+)\.", text)
    return (shown[0][0] or shown[0][1]) if len(shown) == 1 and "leaf" not in text else ""


def pointed(text: str) -> str:
    """The door the keeper points to."""
    found = re.search(r"points to the (\w+) door", text)
    return found[1] if found else ""


def bells(text: str) -> tuple[str, dict[str, int]] | None:
    """The chosen door, and how often the bell rang for each mask."""
    chosen = re.search(r"you chose the (\w+) door\.", text)
    rang = re.findall(rf"({'|'.join(_TIMES)}) for the (\w+) mask", text)
    return (chosen[1], {mask: _TIMES[times] for times, mask in rang}) if chosen else None


def boxes(text: str) -> Boxes | None:
    """What each box is inside of or behind, and the question, if there is one."""
    question = re.search(r"(\w+) box[^.]*\?", text)
    if not question:
        return None
    found = {}
    for sentence in sentences(text):
        things = re.findall(r"the (\w+) (?:box|door)", sentence.lower())
        if len(things) == 2 and "?" not in sentence:
            outer_first = re.search(r"\b(holds|contains|hides|Inside|In|Open|Behind)\b", sentence)
            inner, outer = reversed(things) if outer_first else things
            found[inner] = outer
    return Boxes(found, question[1])


def rules(text: str, ring: list[str]) -> Rules | None:
    """The rules for the key, in the order in which they are told, if there is one."""
    start = re.search(r"The key begins at the (\w+) door", text)
    now = re.search(r"Now (.*)\.", text)
    if not start or not now:
        return None
    lines = text.split("\n")[1:]
    orders = [_order(line) for line in lines if re.search(r"(?i)\b(the|let the) key\b", line)]
    return Rules(start[1], orders, dict(re.findall(r"the (\w+) is (\w+)", now[1])), ring)


def _order(line: str) -> Order:
    form = "|".join(_MOVES)
    moves = [_MOVES[move] for move in re.findall(form, line)]
    rest = re.sub(form, "move", line)
    states = re.findall(r"(?:\bthe (\w+)|\bit) is (\w+)", rest)
    return Order(states[0][0], {state: m for (_, state), m in zip(states, moves, strict=True)})


def call(text: str, doors: Sequence[str], ring: list[str]) -> Call | None:
    """The words that are called, and what calls mean, if there is a call."""
    called = re.search(r'The call is: "([a-z ]+)"', text)
    if not called:
        return None
    told = [sentence for sentence in sentences(text) if "call is" not in sentence]
    quoted = ((re.search(r'"([a-z ]+)"', each), _named(each, doors)) for each in told)
    shown = {tuple(call[1].split()): named[0] for call, named in quoted if call and named}
    return Call(shown, called[1].split(), ring)


def offers(text: str, doors: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Coins and chance in 100 of each door."""
    found = {}
    for sentence in sentences(text):
        coins = re.search(r"(\d+) coins", sentence)
        chance = re.search(r"(\d+) (?:times )?in 100", sentence)
        if coins and chance:
            found[_named(sentence, doors)[0]] = (int(coins[1]), int(chance[1]))
    return found


def rooms(text: str, doors: Sequence[str]) -> Rooms | None:
    """The plan of the rooms, if there is one."""
    at = re.search(r"You are in the (\w+)\. Your target is the (\w+)\.", text)
    if not at:
        return None
    ways = {}
    for line in text.split("\n")[1:]:
        found = re.match(r"(?:from the )?(\w+)(?::| -| has) (.*)", line)
        if found:
            told = re.findall(r"(\w+) (\w+)", found[2])
            ways[found[1]] = {door: room for door, room in told if door in doors}
    return Rooms(at[1], at[2], ways)


def log(text: str) -> Log | None:
    """A plan and a log of it, if there are any."""
    found = re.search(r"Plan: (.*)\.\nLog so far: (.*)\.\nRepairs: (.*)\.\n(.*)", text)
    if not found:
        return None
    repairs = (part.split(" ", 1) for part in found[3].split("; "))
    plan, log = (found[k].split(", ") for k in (1, 2))
    return Log(plan, log, {_fault(told): door for door, told in repairs}, _fault(found[4]))


def _fault(text: str) -> str:
    return " ".join(re.findall("two|three|four", text))


def walk(text: str) -> Walk | None:
    """A walk over a floor, if there is one."""
    found = re.search(
        r"The floor: (.*)\. You stand on the (\w+) tile of the (\w+) row and face (\w+)\. "
        r"The walk: (.*)\.",
        text,
    )
    if not found:
        return None
    rows = re.findall(r"row (\w+), (\w+), (\w+), (\w+)", found[1])
    start = (_ORDINALS.index(found[3]), _ORDINALS.index(found[2]))
    pieces = [_piece(piece.split()) for piece in found[5].split(", ")]
    return Walk([list(row) for row in rows], start, HEADINGS.index(found[4]), pieces)


def _piece(words: list[str]) -> tuple[str, int]:
    """`go`, `turn` or `look`, with steps ahead or quarter turns to the right."""
    if len(words) == 2:
        return words[0], 1 if words[1] == "right" else -1
    return "go", _NUMBERS[words[1]] * (1 if words[2] == "ahead" else -1)
