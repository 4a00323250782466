"""Plays Thinking for Doing: keeps for each person where they last saw each thing."""

from __future__ import annotations

import re

_START = re.compile(r"saw that the (\w+) was in the (\w+) and the (\w+) in the (\w+)")
_MOVED = (
    re.compile(r"moved (?:the (\w+) )?from the (\w+) to the (\w+)"),
    re.compile(r"took the (\w+) out of the (\w+) and put it into the (\w+)"),
    re.compile(r"[Ii]nto the (\w+) went the (\w+),"),
)
_WENT_OUT = re.compile(r"\b(left|went out|out went|walked away)\b")
_CAME_IN = re.compile(r"\b(came|returned)\b")
_NEEDED = re.compile(r"\b(?:need|fetch|use|look for) the (\w+)")


class T4DReference:
    """Follows who is in the room, what they see there, and what they will need.

    Args:
        manual: Not read.
        actions: Names of the actions.
        seed: Not used.
        without: `beliefs`: believes that everyone knows where things are, so tells nobody.
    """

    title = "Thinking for Doing"
    faculties = ("beliefs",)

    def __init__(self, manual: str, actions: list[str], seed: int, without: str = "") -> None:
        self._tells = {name.split()[-1]: name for name in actions}
        self._everyone = without == "beliefs"

    def act(self, observation: str) -> str:
        """Tell the one who would look in the wrong place."""
        people = [name for name in self._tells if name != "nobody"]
        there = dict.fromkeys(people, True)
        places: dict[str, str] = {}
        believed: dict[str, dict[str, str]] = {name: {} for name in people}
        for sentence in re.split(r"(?<=\.) ", observation):
            low = sentence.lower()
            who = next((name for name in people if re.search(rf"\bthe {name}\b", low)), "")
            moved = _moves(sentence)
            for thing, box in moved.items():
                places[thing] = box
                for name in people:
                    if there[name] or self._everyone:
                        believed[name][thing] = box
            if moved or not who:
                continue
            if needed := _NEEDED.search(low):
                if believed[who][needed[1]] != places[needed[1]]:
                    return self._tells[who]
            elif _WENT_OUT.search(low):
                there[who] = False
            elif _CAME_IN.search(low):
                there[who] = True
        return self._tells["nobody"]


def _moves(sentence: str) -> dict[str, str]:
    """Things that a sentence puts into boxes."""
    if start := _START.search(sentence):
        return {start[1]: start[2], start[3]: start[4]}
    if into := _MOVED[2].search(sentence):
        return {into[2]: into[1]}
    if took := _MOVED[1].search(sentence):
        return {took[1]: took[3]}
    if moved := _MOVED[0].search(sentence):
        thing = moved[1] or sentence.split()[1]  # "The map was moved from …"
        return {thing: moved[3]}
    return {}
