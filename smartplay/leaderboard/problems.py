"""What a check found wrong, described so that it can be looked up."""

from __future__ import annotations

from typing import Any

import msgspec

from smartplay.core import printable

VALUE = 120


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One contradiction.

    Attributes:
        what: What does not fit, or why the run is refused.
        game: The full id; empty if it concerns the whole run.
        episode: The episode's number within the game.
        repeat: Which play of the episode.
        step: The step of the episode, from 1.
        expected: What it should be: by replay, by the rules or by the card.
        found: What the run says.
    """

    what: str
    game: str = ""
    episode: int | None = None
    repeat: int = 0
    step: int | None = None
    expected: str = ""
    found: str = ""

    def __str__(self) -> str:
        """The problem as one line of printable characters."""
        place = [printable.line(self.game.split("/")[-1], VALUE)] if self.game else []
        place += [] if self.episode is None else [f"episode {self.episode}"]
        place += [f"repeat {self.repeat}"] if self.repeat else []
        place += [] if self.step is None else [f"step {self.step}"]
        parts = [", ".join(place)] if place else []
        parts.append(printable.line(self.what, 1000))
        if self.expected or self.found:
            values = (printable.line(value, VALUE) for value in (self.expected, self.found))
            parts.append("expected {}, found {}".format(*values))
        return ": ".join(parts)


def problem_of(
    record: Any, what: str, expected: Any = "", found: Any = "", step: int | None = None
) -> Problem:
    """A problem of an episode, which a record, a claim or a steps file's header names."""
    return Problem(
        what=what,
        game=record.game,
        episode=record.episode,
        repeat=record.repeat,
        step=step,
        expected=describe(expected),
        found=describe(found),
    )


def describe(value: Any) -> str:
    """A value as a text, cut where it grows too long to be of use."""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= printable.TEXT else f"{text[: printable.TEXT]}..."
