"""What the reader of Harbor Days takes from the text: one function per form of telling."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

Tune = tuple[int, ...]

_PARTS = {
    "{a}": r"(?P<a>[a-z ]+?)",
    "{b}": r"(?P<b>[a-z ]+?)",
    "{n}": r"(?P<n>[Oo]ne|[Tt]wo|[Tt]hree) days?",
    "{day}": r"(?P<b>[A-Z][a-z]+)",
}


def _forms(*told: str) -> list[re.Pattern[str]]:
    patterns = []
    for form in told:
        for part, pattern in _PARTS.items():
            form = form.replace(part, pattern)
        patterns.append(re.compile(form))
    return patterns


_MARKED = _forms(
    "The {a} came aboard in chests marked with a {b}[.]",
    "A {b} is painted on each chest that holds {a}[.]",
    "We took in {a}, in chests that bear a {b}[.]",
    "The {a} is packed in chests with a {b} on the lid",
    "For {a} the clerk chose chests with a {b} burnt",
)
_STOWED = _forms(
    "The chests with the {a} were stowed in the {b}[.]",
    "Into the {b} went the chests that bear the {a}[.]",
    "found room in the {b} for the chests with the {a}[.]",
    "The {a} chests were lashed down in the {b}[.]",
    "all chests with the {a} stood in the {b}[.]",
)
_CORRECTED = _forms(
    "Where I entered the {a}, it was really the {b}[.]",
    "reads of the {a} in my entries put the {b} in its place",
    "The {b} is what I took for the {a} when I made",
    "My entries say {a} and should have said {b}[.]",
    "By the {a} I meant the {b}, having",
)
_CONFIRMED = _forms(
    "What I entered of the {b} is true",
    "The {b} I named as it should be",
    "Of the {b} my entries are right",
)
_LATER = _forms(
    "The {a} is {n} after the {b}[.]",
    "{n} after the {b} comes the {a}[.]",
    "The {b} is followed by the {a} {n} later[.]",
    "The {a} takes place {n} later than the {b}[.]",
)
_EARLIER = _forms(
    "The {a} is {n} before the {b}[.]",
    "{n} before the {b} comes the {a}[.]",
    "The {a} precedes the {b} by {n}[.]",
    "The {a} takes place {n} earlier than the {b}[.]",
)
_SAME = _forms(
    "The {a} is on the same day as the {b}[.]",
    "The {a} and the {b} share a day[.]",
    "On the day of the {b} comes the {a}[.]",
    "The {a} takes place on the day of the {b}[.]",
)
_KNOWN = _forms(
    "The {a} is on {day}[.]", "{day} is the day of the {a}[.]", "The {a} takes place on {day}[.]"
)
_COUNT = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5}


class Log(NamedTuple):
    """The entries of a log, its words, and the good that is looked for."""

    entries: list[Entry]
    words: int
    good: str


class Calendar(NamedTuple):
    """Facts (event, other event, days from that to it), and the event whose day is known.

    Then that day, and the event that is asked for.
    """

    facts: list[tuple[str, str, int]]
    known: str
    day: str
    asked: str


class Board(NamedTuple):
    """Orders (sign, berths on by its state), the boat's signs, and the berth it is called to."""

    orders: list[tuple[str, dict[str, int]]]
    signs: dict[str, str]
    called: int


class Market(NamedTuple):
    """Per thing what is given for it, by trader, and what the sailor has and wants."""

    trades: dict[str, dict[str, str]]
    has: str
    wanted: str


class Word(NamedTuple):
    """Per ending the tunes before and after it, the stem's tune, the telling endings, the move."""

    examples: dict[str, tuple[Tune, Tune]]
    tune: Tune
    endings: list[str]
    move: int


class Practice(NamedTuple):
    """Birds and the pools they stood for, in the order seen, and the present bird."""

    seen: list[tuple[str, int]]
    bird: str | None


class Steps(NamedTuple):
    """Orders, squares from the start on, the steps in doubt, what each order does, and the move."""

    orders: list[str]
    squares: list[tuple[int, int]]
    doubtful: range
    moved_by: dict[str, tuple[int, int]]
    move: int


class Dive(NamedTuple):
    """The first facing, the turns, and north, east, south, west, up and down by name."""

    start: str
    turns: list[str]
    names: list[str]


class Entry(NamedTuple):
    """An entry of a log: which table it fills, of what, with what, after how many words."""

    table: int
    key: str
    value: str
    words: int


@lru_cache(maxsize=4)
def entries(log: str) -> tuple[list[Entry], int]:
    """What a log tells of marks (table 0), rooms (1) and corrections (2); its words."""
    found = [
        Entry(table, told["a"], told["b"], len(log[: told.end()].split()))
        for table, forms in enumerate((_MARKED, _STOWED, _CORRECTED))
        for form in forms
        for told in form.finditer(log)
    ]
    found += [
        Entry(2, told["b"], told["b"], len(log[: told.end()].split()))
        for form in _CONFIRMED
        for told in form.finditer(log)
    ]
    return found, len(log.split())


def calendar(text: str) -> Calendar:
    """The days of events, and the question."""
    told, asked = text.split(" On which day is the ")
    return Calendar(*_facts(told), asked.rstrip("?"))


@lru_cache(maxsize=4)
def _facts(text: str) -> tuple[list[tuple[str, str, int]], str, str]:
    facts = []
    for sign, forms in ((1, _LATER), (-1, _EARLIER), (0, _SAME)):
        for form in forms:
            for told in form.finditer(text):
                days = sign * _COUNT[told["n"].lower()] if sign else 0
                facts.append((told["a"], told["b"], days))
    known = next(told for form in _KNOWN for told in form.finditer(text))
    return facts, known["a"], known["b"]


def orders(text: str) -> list[tuple[str, dict[str, int]]]:
    """Per order the sign and, by its state, how far on the boat is moved."""
    found = []
    for line in re.findall(r"Order: (.*)", text):
        ways = [
            _COUNT[number] * (1 if way == "on" else -1)
            for number, way in re.findall(r"(one|two|three) berths? (on|back)", line)
        ]
        sign, first, second = re.search(
            r"the (\w+) (?:is|be) (\w+)\b.* it (?:is|be) (\w+)", line
        ).groups()  # type: ignore[union-attr]
        found.append((sign, dict(zip((first, second), ways, strict=True))))
    return found


def board(text: str) -> Board:
    """The orders, and the boat."""
    told, called = re.search(r"\n(.*)\. The boat is called to berth (\d)", text).groups()  # type: ignore[union-attr]
    return Board(orders(text), dict(re.findall(r"[Tt]he (\w+) is (\w+)", told)), int(called))


def market(text: str) -> Market:
    """The trades, and the question."""
    _, *lines, asked = text.lower().split("\n")
    trades: dict[str, dict[str, str]] = {}
    for line in lines:
        trader = re.search(r"\b(?:the|at the|from the) (\w+)", line)[1]  # type: ignore[index]
        for given, taken in re.findall(r"(\w+) for (\w+)", line):
            trades.setdefault(taken, {})[trader] = given
    has = re.search(r"has (\w+)", asked)[1]  # type: ignore[index]
    wanted = re.search(r"wants (\w+)|^(\w+) for|like (\w+)", asked)
    return Market(trades, has, next(filter(None, wanted.groups())))  # type: ignore[union-attr]


def word(text: str, move: int) -> Word:
    """The word to be rung; endings that change nothing are left out."""
    text = text.lower()
    told = [
        (word, one, other)
        for one, other, word in re.findall(
            r"they ring ([\d ]+) for \w+ and ([\d ]+) for (\w+-\w+)", text
        )
    ]
    told += [
        (word, one, other)
        for one, word, other in re.findall(
            r"(?:is|one rings|calls for) ([\d ]+), (?:the word |to )?(\w+-\w+) (?:is |for )?"
            r"([\d ]+)",
            text,
        )
    ]
    examples = {word.partition("-")[2]: (_tune(one), _tune(other)) for word, one, other in told}
    asked, *endings = re.search(r"now ring ([\w-]+)", text)[1].split("-")  # type: ignore[index]
    bare = rf"\b{asked} is ([\d ]+)|to {asked} one rings ([\d ]+)|ring ([\d ]+) for {asked}\b"
    tune = next(filter(None, re.search(bare, text).groups()))  # type: ignore[union-attr]
    silent = re.search(r"ending (\w+) changes nothing", text)[1]  # type: ignore[index]
    telling = [ending for ending in endings if ending != silent]
    return Word(examples, _tune(tune), telling, move)


def _tune(told: str) -> Tune:
    return tuple(int(bell) - 1 for bell in told.split())


def urns(text: str) -> dict[str, tuple[int, int, int]]:
    """Per urn its balls, the white ones among them, and what a white one pays."""
    found = {}
    for sentence in re.split(r"(?<=[.]) ", text):
        urn = re.search(r"(\w+) urn", sentence)
        pays = re.search(r"(\d+) coins", sentence)
        balls = re.search(r"(\d+) balls", sentence)
        white = re.search(r"(\d+)(?: of (?:them|\d+ balls))?(?: are)? white", sentence)
        if urn and pays and balls and white:
            found[urn[1]] = (int(balls[1]), int(white[1]), int(pays[1]))
    return found


def bird(text: str) -> str | None:
    """The bird before the present move."""
    forms = r"An? (\w+) sits on|morning an? (\w+) is|points at an? (\w+)|call of an? (\w+)"
    told = re.search(forms, text)
    return next(filter(None, told.groups())) if told else None


def outcome(text: str) -> tuple[int, int] | None:
    """The pool cast into, counted from 0, and how far on from there the fish were."""
    told = re.search(r"Cast into pool (\d)\. The \w+ .*?(?:full|right there|further on)", text)
    if told is None:
        return None
    number = re.search(r"(\w+) pools?\b", told[0].partition(".")[2])
    return int(told[1]) - 1, _COUNT[number[1]] if number else 0


def steps(text: str, moved_by: dict[str, tuple[int, int]], move: int) -> Steps:
    """The steps, counted from 0."""
    given = re.findall(r"\d+ (\w+)", re.search(r"Orders: (.*)\.", text)[1])  # type: ignore[index]
    start = re.search(r"began at (\w+)", text)[1]  # type: ignore[index]
    after = re.findall(r"\d+ ([A-Z]\d+)", text)
    squares = [(ord(square[0]), int(square[1:])) for square in (start, *after)]
    first, last = re.search(r"steps (\d+) to (\d+)", text, re.IGNORECASE).groups()  # type: ignore[union-attr]
    return Steps(given, squares, range(int(first) - 1, int(last)), moved_by, move)


def currents(manual: str) -> dict[str, tuple[int, int]]:
    """Columns and rows by which each order moves the tug, but for the one to wait."""
    told = re.search(r"from (\w+) to (\w+), rows 1 to 26 from (\w+) to (\w+)", manual)
    west, east, south, north = told.groups() if told else ("west", "east", "south", "north")
    return {north: (0, 1), south: (0, -1), east: (1, 0), west: (-1, 0)}


def directions(manual: str) -> list[str]:
    """North, east, south, west, up and down, as the manual calls them."""
    around = re.search(r"from above, (\w+), (\w+), (\w+) and (\w+) follow", manual)
    tilts = re.search(r"tilt (\w+) makes the diver .* tilt (\w+) where", manual)
    if around is None or tilts is None:
        return ["north", "east", "south", "west", "up", "down"]
    return [*around.groups(), *tilts.groups()]


def dive(text: str, names: list[str]) -> Dive:
    """A dive."""
    start = re.search(r"starts facing (\w+)", text)[1]  # type: ignore[index]
    return Dive(start, re.findall(r"(?:turns|tilts) (\w+)", text), names)
