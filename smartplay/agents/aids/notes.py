"""What an aid has read, and how it says what it finds."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

Cell = tuple[int, int]
WAYS: dict[str, Cell] = {"west": (-1, 0), "east": (1, 0), "north": (0, -1), "south": (0, 1)}


class Notes:
    """What an aid has read so far in an episode.

    Args:
        manual: The rules.
        actions: Names of the actions.

    Attributes:
        seen: The game's observations, the present one last.
        outcomes: How often each action was followed by which sentence.
        places: What is where in Crafter, from where the agent began.
        done: What was unlocked.
        at: Where the agent is there, likewise.
        charted: Observations that these two have taken in.
    """

    def __init__(self, manual: str, actions: Sequence[str]) -> None:
        self.manual, self.actions = manual, list(actions)
        self.title = manual.split("\n", 1)[0]
        self.seen: list[str] = []
        self.outcomes: Counter[tuple[str, str]] = Counter()
        self.places: dict[Cell, str] = {}
        self.done: dict[str, None] = {}
        self.at: Cell = (0, 0)
        self.charted = 0

    @property
    def now(self) -> str:
        """The present observation."""
        return self.seen[-1]

    def add(self, text: str) -> None:
        """Take in an observation."""
        self.seen.append(text)
        if done := self.last():
            self.outcomes[done] += 1
        self.done |= dict.fromkeys(re.findall(r"Achievement unlocked: ([a-z ]+)\.", text))

    def last(self) -> tuple[str, str] | None:
        """The last action and what the game said of it, where it names the action."""
        found = re.search(r"[Yy]ou chose:? (.+?)\. (.+)", self.now)
        return (found[1], found[2]) if found and found[1] in self.actions else None

    def quote(self, pattern: str) -> list[Any]:
        """What the manual says, by a pattern."""
        return re.findall(pattern, self.manual, re.MULTILINE)


Teller = Callable[[Notes], str]
"""What an aid says about the present; empty for nothing."""

Tellers = dict[str, Teller]
"""What is said of one game, by the aid's name."""


def quoted(pieces: Sequence[str]) -> str:
    """Pieces of the manual, as a sentence; empty if there are none."""
    return "the manual says: " + " ".join(f'"{piece}"' for piece in pieces) if pieces else ""


def offset(dx: int, dy: int) -> str:
    """Steps east and south in words, such as `3 west, 2 south`."""
    parts = [f"{abs(dx)} {'west' if dx < 0 else 'east'}"] if dx else []
    parts += [f"{abs(dy)} {'north' if dy < 0 else 'south'}"] if dy else []
    return ", ".join(parts) or "here"
