"""What can be read in the texts of Four Doors: sentences by their form, whatever they are for."""

from __future__ import annotations

import re
from typing import NamedTuple

Place = tuple[int, int, int]
"""Steps to the east, to the north, and up."""

_AXES = {"east": (1, 0, 0), "north": (0, 1, 0), "up": (0, 0, 1)}
_OPPOSITE = {"west": "east", "south": "north", "down": "up"}
HEADINGS = ("north", "east", "south", "west")


class Order(NamedTuple):
    """A rule: whether `door` alone is allowed or forbidden, and if which signal is in which state.

    `when` is False for a rule that holds unless the signal is in that state.
    """

    door: str
    only: bool
    signal: str
    state: str
    when: bool


class Rooms(NamedTuple):
    """Where one is, where one wants to go, where doors lead, and metres to the target."""

    here: str
    target: str
    ways: dict[str, dict[str, str]]
    metres: dict[str, int]


def belongings(text: str) -> dict[str, str]:
    """Which animal belongs to which door; what was so in former times does not count.

    "This animal", "it", "the former" and "the latter" stand for the animals of the signs that were
    mentioned last.
    """
    found: dict[str, str] = {}
    topics: list[str] = []
    for sentence in re.split(r"(?<=[.:])\s+", text):
        if pair := re.search(r"signs with the (\w+) and the (\w+)", sentence):
            topics = [pair[1], pair[2]]
        elif single := re.search(r"sign with the (\w+)", sentence):
            topics = [single[1]]
        if " belongs " not in sentence:
            continue
        told = re.findall(r"[Tt](?:he|his) (\w+)(?: belongs)? to (?:the )?(\w+)", sentence)
        for who, door in told:
            stands_for = {"animal": 0, "former": 0, "latter": -1}
            found[topics[stands_for[who]] if who in stands_for and topics else who] = door
    return found


def words(text: str) -> dict[str, str]:
    """What words mean."""
    return dict(re.findall(r"(\w+) means (\w+)", text))


def containers(text: str) -> dict[str, str]:
    """What each box is inside of, or the door it is behind."""
    return dict(re.findall(r"[Tt]he (\w+) box is (?:inside|behind) the (\w+) (?:box|door)", text))


def signals(text: str) -> dict[str, str]:
    """The states of the signals."""
    line = re.search(r"Now (.*)\.", text)
    return dict(re.findall(r"the (\w+) is (\w+)", line[1])) if line else {}


def orders(text: str) -> list[Order]:
    """The rules, in the order in which they are told."""
    return [_order(line) for line in re.findall(r"^Rule: (.*)\.$", text, re.MULTILINE)]


def _order(line: str) -> Order:
    door = re.search(r"the (\w+) door", line)
    state = re.search(r"(?i)(while|unless|only if) the (\w+) is (\w+)", line)
    assert door
    assert state
    when = state[1].lower() == "while"
    return Order(door[1], "open only" in line, state[2], state[3], when)


def offers(text: str) -> dict[str, tuple[int, int]]:
    """Coins and chance in 100 of each door."""
    form = r"The (\w+) door gives (\d+) coins with a chance of (\d+) in 100"
    return {door: (int(coins), int(chance)) for door, coins, chance in re.findall(form, text)}


def rooms(text: str) -> Rooms | None:
    """The plan of the rooms, if there is one."""
    at = re.search(r"You are in the (\w+)\. Your target is the (\w+)\.", text)
    if not at:
        return None
    lines = re.findall(r"^(\w+) \((\d+)\): (.*)$", text, re.MULTILINE)
    ways = {room: dict(re.findall(r"(\w+) (\w+)", doors)) for room, _, doors in lines}
    return Rooms(at[1], at[2], ways, {room: int(metres) for room, metres, _ in lines})


def plan_and_log(text: str) -> tuple[list[str], list[str]] | None:
    """The colours of the plan and those in the log, if there are any."""
    found = re.search(r"Plan: (.*)\. Log: (.*)\.", text)
    return (
        (re.findall(r"\w+", found[1]), re.findall(r"\w+", found[2].replace("empty", "")))
        if found
        else None
    )


def striking(manual: str) -> str:
    """The door that strikes out what was written into the log last; empty if none is told."""
    found = re.search(r"(\w+) strikes out", manual)
    return found[1] if found else ""


def heading(text: str) -> str | None:
    """Where one faces."""
    found = re.search(r"You face (\w+)\.", text)
    return found[1] if found else None


def places(text: str) -> dict[str, Place]:
    """Where the doors are."""
    line = re.search(r"Places of the doors: (.*?)\.", text)
    told = [part.split(" ", 1) for part in line[1].split("; ")] if line else []
    return {door: _place(parts) for door, parts in told}


def _place(parts: str) -> Place:
    east = north = up = 0
    for number, direction in re.findall(r"(\d+) (\w+)", parts):
        sign = -1 if direction in _OPPOSITE else 1
        x, y, z = _AXES[_OPPOSITE.get(direction, direction)]
        amount = sign * int(number)
        east, north, up = east + x * amount, north + y * amount, up + z * amount
    return east, north, up


def walk(text: str) -> list[str]:
    """The pieces of the walk, such as `go 2 ahead` or `turn left`."""
    found = re.search(r"The walk: (.*)\.", text)
    return found[1].split(", ") if found else []
