"""What a person is shown, whatever it is shown on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from smartplay import printable
from smartplay.games.drawing import Picture

QUIT, HELP, SWITCH = "escape", "?", "tab"
SCROLLING = ("pageup", "pagedown", "home", "end")
_MARKS = str.maketrans("\u27e8\u27e9", "<>")


class View(msgspec.Struct, frozen=True, kw_only=True):
    """One moment, ready to be shown.

    Attributes:
        title: The game, and who plays.
        status: Short facts: step, steps left, score.
        text: The whole text, shown alone.
        beside: The text shown beside the picture.
        keys: Keys with what they do.
        picture: uint8 of shape (height, width, 3), or None.
        notice: A line about what was just typed or happened.
        from_top: Whether to begin with the start of a text that is too long, not its end.
    """

    title: str
    status: Sequence[str]
    text: str
    beside: str = ""
    keys: Sequence[tuple[str, str]] = ()
    picture: Picture | None = None
    notice: str = ""
    from_top: bool = False


class Display(Protocol):
    """Shows views and hears keys.

    Keys are called by what they print, or `up`, `down`, `left`, `right`, `space`, `enter`, `tab`,
    `escape`, `backspace`, `pageup`, `pagedown`, `home`, `end`.
    """

    def ask(self, view: View, timeout: float | None = None) -> str | None:
        """Show a view until a key is pressed.

        Args:
            view: What to show. Keys that scroll or switch it are dealt with here.
            timeout: Seconds to wait; None for any length of time.

        Returns:
            The key, or None if the time is up.
        """


def displayed(text: str) -> str:
    """A text of several lines for a font: the marks of `printable`, which few fonts have, as `<>`.

    What a model or a game sent must not move the cursor, set colours or turn writing around.
    """
    return printable.block(text).expandtabs(4).translate(_MARKS)


def wrapped(text: str, width: int) -> list[str]:
    """The lines of a printable text, of `width` cells at most; broken at spaces if possible."""
    from rich.cells import cell_len

    lines: list[str] = []
    for line in text.split("\n"):
        while cell_len(line) > width:
            cut = _fitting(line, width)
            space = line.rfind(" ", 1, cut + 1)
            cut = space if space > width // 3 else cut
            lines.append(line[:cut])
            line = line[cut:].removeprefix(" ")
        lines.append(line)
    return lines


def _fitting(line: str, width: int) -> int:
    """How many characters, one or more, fit into `width` cells."""
    from rich.cells import cell_len

    cells = 0
    for place, character in enumerate(line):
        cells += cell_len(character)
        if cells > width:
            return max(1, place)
    return len(line)
