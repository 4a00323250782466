"""Which key takes which action, derived from the actions' names."""

from __future__ import annotations

import re
import string
from collections.abc import Sequence

MOVING = r"(?:(?:move|go|walk|step|run|push)(?: to)?(?: the)? )?"
COMMON = (
    ("up", MOVING + r"(?:north|up|forwards?|ahead)"),
    ("down", MOVING + r"(?:south|down|back|backwards?)"),
    ("left", r"(?:turn )?" + MOVING + r"(?:west|left)"),
    ("right", r"(?:turn )?" + MOVING + r"(?:east|right)"),
    (".", r"no-?op|do nothing|nothing|wait|stay|idle|pass"),
    ("space", r"do|act|interact|use|attack|jump|fire"),
)
"""Keys and the names, in lower case, they stand for."""

DIGITS = 9
"""Up to so many actions are taken by their number at once."""


def bindings(actions: Sequence[str]) -> list[str]:
    """One key per action besides its number; the empty text if the number does.

    Directions are arrows, doing is the space bar, doing nothing a full stop. Where there are more
    than nine actions, each other one gets a letter: the first free one of its words' first
    letters, then of its other letters, then of the alphabet.

    Args:
        actions: The actions' names.
    """
    keys = [""] * len(actions)
    for key, pattern in COMMON:
        found = (k for k, name in enumerate(actions) if re.fullmatch(pattern, name.lower()))
        place = next(found, None)
        if place is not None and not keys[place]:
            keys[place] = key
    if len(actions) > DIGITS:
        for place, name in enumerate(actions):
            keys[place] = keys[place] or _letter(name, keys)
    return keys


def _letter(name: str, taken: Sequence[str]) -> str:
    small = name.lower()
    wishes = "".join(re.findall(r"\b[a-z]", small)) + small + string.ascii_lowercase
    return next((c for c in wishes if c in string.ascii_lowercase and c not in taken), "")


class Controls:
    """Turns keys into actions: an action's own key, or its number.

    A number is taken as soon as no longer one can begin with it, else at Enter.

    Args:
        actions: The actions' names.

    Attributes:
        typed: The digits typed so far.
    """

    def __init__(self, actions: Sequence[str]) -> None:
        self._actions = actions
        self._keys = bindings(actions)
        self.typed = ""

    def press(self, key: str) -> int | None:
        """Press a key.

        Returns:
            The index of the action it takes; None if it takes none yet.
        """
        if key.isascii() and key.isdigit():
            return self._digit(key)
        typed, self.typed = self.typed, ""
        if key == "enter" and typed:
            return self._numbered(int(typed))
        if key == "backspace":
            self.typed = typed[:-1]
        key = key if key in self._keys else key.lower()
        return self._keys.index(key) if key and key in self._keys else None

    def table(self) -> list[tuple[str, str]]:
        """Keys as shown, with the actions' names."""
        return [
            (f"{k} {key}".rstrip(), name)
            for k, (key, name) in enumerate(zip(self._keys, self._actions, strict=True), start=1)
        ]

    def _digit(self, digit: str) -> int | None:
        self.typed += digit
        number = int(self.typed)
        if number > 0 and 10 * number <= len(self._actions):
            return None
        self.typed = ""
        return self._numbered(number)

    def _numbered(self, number: int) -> int | None:
        return number - 1 if 0 < number <= len(self._actions) else None
