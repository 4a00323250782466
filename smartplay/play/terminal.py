"""Shows views in a terminal, over SSH as well, and hears its keys.

What is shown has no control characters but ours. The terminal is left as it was found, whatever
happens.
"""

from __future__ import annotations

import os
import re
import select
import shutil
import signal
import time
from types import FrameType
from typing import Any

from smartplay.core import printable
from smartplay.core.errors import UsageError
from smartplay.play.view import QUIT, SCROLLING, View, displayed, wrapped

ENTER_SCREEN = "\x1b[?1049h\x1b[?25l"
LEAVE_SCREEN = "\x1b[?25h\x1b[?1049l"
HOME, CLEAR_LINE, CLEAR_BELOW = "\x1b[H", "\x1b[K", "\x1b[J"
INVERSE, PLAIN = "\x1b[7m", "\x1b[m"
ESCAPE_SECONDS = 0.05
LOOK_SECONDS = 0.25
SEQUENCES = {
    "[A": "up", "[B": "down", "[C": "right", "[D": "left", "[5~": "pageup", "[6~": "pagedown",
    "[H": "home", "[F": "end", "[1~": "home", "[4~": "end", "[7~": "home", "[8~": "end",
    "OA": "up", "OB": "down", "OC": "right", "OD": "left", "OH": "home", "OF": "end",
}  # fmt: skip
_SEQUENCE = re.compile(rb"[\[O].*?[@-~]", re.DOTALL)
CONTROLS = {
    "\r": "enter", "\n": "enter", " ": "space", "\x7f": "backspace",
    "\x08": "backspace", "\x03": QUIT, "\x04": QUIT,
}  # fmt: skip


class Terminal:
    """The terminal the program was started from, even if its output goes elsewhere.

    Raises:
        UsageError: If there is none.
    """

    def __init__(self) -> None:
        try:
            import termios
            import tty
        except ImportError as error:
            raise UsageError(
                "this system has no terminal for games; use a browser: smartplay serve"
            ) from error
        try:
            self._fd = os.open("/dev/tty", os.O_RDWR | getattr(os, "O_NOCTTY", 0))
        except OSError as error:
            raise UsageError(
                "there is no terminal here; start this from one, or use a browser: smartplay serve"
            ) from error
        self._termios, self._tty = termios, tty
        self._before: list[Any] = []
        self._handlers: dict[int, Any] = {}
        self._unread = b""
        self._hung_up = False
        self._lines = 0
        self._shown: tuple[Any, ...] = ()
        self._top: int | None = None

    def __enter__(self) -> Terminal:
        self._before = self._termios.tcgetattr(self._fd)
        self._tty.setraw(self._fd)
        for number in (signal.SIGHUP, signal.SIGTERM):
            self._handlers[number] = signal.signal(number, self._hang_up)
        self._write(ENTER_SCREEN)
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._write(LEAVE_SCREEN)
        try:
            self._termios.tcsetattr(self._fd, self._termios.TCSADRAIN, self._before)
            os.close(self._fd)
        except (OSError, self._termios.error):
            pass  # it is gone

    def ask(self, view: View, timeout: float | None = None) -> str | None:
        """Show a view until a key is pressed; see `Display`."""
        end = None if timeout is None else time.monotonic() + timeout
        self._top = 0 if view.from_top else None
        self._shown = ()
        while True:
            height = self._draw(view)
            left = LOOK_SECONDS if end is None else min(LOOK_SECONDS, end - time.monotonic())
            key = self._key(max(0.0, left))
            if key in SCROLLING:
                self._scroll(key, height)
            elif key is not None:
                return key
            elif end is not None and time.monotonic() >= end:
                return None

    def _hang_up(self, number: int, frame: FrameType | None) -> None:
        self._hung_up = True

    def _key(self, timeout: float) -> str | None:
        if self._hung_up:
            return QUIT
        if not self._unread:
            self._read(timeout)
        data, self._unread = self._unread[:1], self._unread[1:]
        character = data.decode("latin-1")
        if character == "\x1b":
            return self._sequence()
        if character in CONTROLS:
            return CONTROLS[character]
        return character if character.isascii() and character.isprintable() and data else None

    def _sequence(self) -> str | None:
        """What follows an escape: a whole sequence, or nothing if the key itself was pressed."""
        if not self._unread:
            self._read(ESCAPE_SECONDS)
        if self._unread[:1] not in (b"[", b"O"):
            return QUIT
        found = _SEQUENCE.match(self._unread)
        self._unread = self._unread[found.end() :] if found else b""
        return SEQUENCES.get(found[0].decode("latin-1")) if found else None

    def _read(self, timeout: float) -> None:
        ready, _, _ = select.select([self._fd], [], [], timeout)
        if not ready:
            return
        try:
            self._unread = os.read(self._fd, 1024)
            self._hung_up = self._hung_up or not self._unread
        except OSError:
            self._hung_up = True

    def _scroll(self, key: str, height: int) -> None:
        most = max(0, self._lines - height)
        top = most if self._top is None else self._top
        page = max(1, height - 2)
        moved = {"pageup": top - page, "pagedown": top + page, "home": 0, "end": most}[key]
        self._top = min(max(0, moved), most)

    def _draw(self, view: View) -> int:
        """Draw what has changed; returns the height of the text in lines."""
        columns, rows = self._size()
        foot = self._foot(view, columns)[: max(1, rows // 2)]
        height = max(1, rows - len(foot) - 1)
        from rich.cells import cell_len

        shown = (id(view), columns, rows, self._top)
        if self._shown == shown:
            return height
        self._shown = shown
        lines = list(wrapped(displayed(view.text), columns, cell_len))
        self._lines = len(lines)
        most = max(0, len(lines) - height)
        top = most if self._top is None else min(self._top, most)
        body = lines[top : top + height]
        body += [""] * (height - len(body))
        status, title = "   ".join(view.status), printable.line(view.title)
        room = max(8, columns - len(status) - 4)  # what changes is read more often than the title
        head = _fit(f" {_fit(title, min(cell_len(title), room))}   {status}", columns)
        if most:
            place = f"PgUp, PgDn: lines {top + 1}-{top + height} of {len(lines)} "
            foot[0] = _fit(foot[0], max(0, columns - len(place))) + place
        page = [f"{INVERSE}{head}{PLAIN}", *body, f"{INVERSE}{foot[0]}{PLAIN}", *foot[1:]]
        self._write(HOME + f"{CLEAR_LINE}\r\n".join(page) + CLEAR_LINE + CLEAR_BELOW)
        return height

    def _foot(self, view: View, columns: int) -> list[str]:
        """A line of notice, then the keys in columns."""
        cells = [f"[{key}] {printable.line(what)}" for key, what in view.keys]
        width = max([12, *(len(cell) + 2 for cell in cells)])
        across = max(1, columns // width)
        rows = [cells[k : k + across] for k in range(0, len(cells), across)]
        keys = [_fit("".join(cell.ljust(width) for cell in row), columns).rstrip() for row in rows]
        return [_fit(f" {printable.line(view.notice)}", columns), *keys]

    def _size(self) -> tuple[int, int]:
        try:
            columns, rows = os.get_terminal_size(self._fd)
        except OSError:
            columns, rows = shutil.get_terminal_size()
        return max(20, columns), max(4, rows)

    def _write(self, text: str) -> None:
        data = text.encode("utf-8", "replace")
        try:
            while data:
                data = data[os.write(self._fd, data) :]
        except OSError:
            self._hung_up = True


def _fit(line: str, columns: int) -> str:
    """The line cut and filled to the width of the screen."""
    from rich.cells import set_cell_size

    return set_cell_size(line.replace("\n", " "), columns)
