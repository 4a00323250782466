"""What a person is shown, whatever it is shown on."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import msgspec

from smartplay.core import printable
from smartplay.games.drawing import Picture

QUIT, HELP = "escape", "?"
SCROLLING = ("pageup", "pagedown", "home", "end")
_MARKS = str.maketrans("\u27e8\u27e9", "<>")


class View(msgspec.Struct, frozen=True, kw_only=True):
    """One moment, ready to be shown.

    Attributes:
        title: The game, and who plays.
        status: Short facts: step, steps left, score.
        text: The whole text.
        keys: Keys with what they do.
        picture: uint8 of shape (height, width, 3), or None.
        notice: A line about what was just typed or happened.
        from_top: Whether to begin with the start of a text that is too long, not its end.
    """

    title: str
    status: Sequence[str]
    text: str
    keys: Sequence[tuple[str, str]] = ()
    picture: Picture | None = None
    notice: str = ""
    from_top: bool = False


class Display(Protocol):
    """Shows views and hears keys.

    Keys are called by what they print, or `up`, `down`, `left`, `right`, `space`, `enter`,
    `escape`, `backspace`, `pageup`, `pagedown`, `home`, `end`.
    """

    def ask(self, view: View, timeout: float | None = None) -> str | None:
        """Show a view until a key is pressed.

        Args:
            view: What to show. Keys that scroll it are dealt with here.
            timeout: Seconds to wait; None for any length of time.

        Returns:
            The key, or None if the time is up.
        """


def displayed(text: str) -> str:
    """A text of several lines for a font: the marks of `printable`, which few fonts have, as `<>`.

    What a model or a game sent must not move the cursor, set colours or turn writing around.
    """
    return printable.block(text).expandtabs(4).translate(_MARKS)


def wrapped(text: str, width: float, measure: Callable[[str], float]) -> Iterator[str]:
    """The lines of a text, none wider than `width`; broken at spaces if possible.

    Args:
        text: As `displayed` gives it.
        width: In what `measure` counts.
        measure: The width of a text; it is asked as little as possible, as fonts are slow.
    """
    for line in text.split("\n"):
        end = int(width) + 2
        while len(line) > 1 and (len(line) > end or measure(line) > width):
            starts = [line[:n] for n in range(1, min(len(line), end))]
            fits = bisect_right(starts, width, key=measure)
            space = line.rfind(" ", 1, fits + 1)
            cut = space if space > fits // 3 else max(1, fits)
            yield line[:cut]
            line = line[cut:].removeprefix(" ")
        yield line
