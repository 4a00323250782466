"""What a check found wrong, told so that it can be looked up."""

from __future__ import annotations

from typing import Any

import msgspec

TELLING = 120
LONGEST = 4000


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One contradiction.

    Attributes:
        what: What does not fit, or why the run is refused.
        game: The full id; empty if it concerns the whole run.
        episode: The episode's number within the game.
        step: The step of the episode, from 1.
        expected: What it should be: by replay, by the rules or by the card.
        found: What the run says.
    """

    what: str
    game: str = ""
    episode: int | None = None
    step: int | None = None
    expected: str = ""
    found: str = ""

    def __str__(self) -> str:
        """The problem as one line of printable characters."""
        place = [_plain(self.game.split("/")[-1])] if self.game else []
        place += [] if self.episode is None else [f"episode {self.episode}"]
        place += [] if self.step is None else [f"step {self.step}"]
        where = ", ".join(place)
        values = f": expected {_plain(self.expected)}, found {_plain(self.found)}"
        both = values if self.expected or self.found else ""
        return (
            f"{where}: {_plain(self.what, 1000)}{both}" if where else _plain(self.what, 1000) + both
        )


def told(value: Any) -> str:
    """A value as a text, cut where it grows too long to be of use."""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _plain(text: str, most: int = TELLING) -> str:
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text[: most + 1])
    return shown if len(text) <= most else f"{shown[:most]}..."
