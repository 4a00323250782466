"""Gzip files that hold one member per episode, each of them found without reading the others.

Such a file is several gzip files in a row, which is again a gzip file (RFC 1952, 2.2): `zcat` and
every library read it from end to end. The header's field for a file's name holds the member's name;
the field "extra" holds its length (subfield `SP`, four bytes, little-endian), as in the blocks of
BGZF. A reader finds the members by jumping from header to header, so there is no separate index
that could disagree. Behind a damaged header it looks for the next one.

A writer only appends. A killed writer leaves half a member at the end, which readers ignore and the
next writer cuts off.
"""

from __future__ import annotations

import os
import re
import struct
import threading
from pathlib import Path
from typing import IO

from smartplay.core.errors import RunFolderError
from smartplay.core.untrusted import MOST_LINES, Part, open_plain, own_path

PLAIN = b"\x1f\x8b\x08\0"
"""How a gzip file begins that `zlib` writes, which says nothing of itself."""
PLAIN_SIZE = 10
START = b"\x1f\x8b\x08\x0c\0\0\0\0\0\xff\x08\0SP\x04\0"
"""How a member begins: extra field and name, no time, no system; a subfield of four bytes."""
HEADER = re.compile(re.escape(START) + rb"(....)([\w.-]{1,40})\0", re.DOTALL)
MOST = 64  # bytes of a header
CHUNK = 16_384  # bytes to look for one in at a time


class Members:
    """A file of members inside a folder that may be untrusted.

    Args:
        root: The folder.
        name: The file's path inside it, with `/` between the parts; there need not be one yet.
    """

    def __init__(self, root: Path, name: str) -> None:
        self.path, self._root, self._name = root / name, root, name
        self._lock = threading.RLock()
        self._clear()

    def _clear(self) -> None:
        self._state: tuple[int, ...] = ()
        self.parts: list[Part] = []
        """Where each member begins and ends, in order."""
        self.found: dict[str, Part] = {}
        """The same by name; of two with one name the last."""
        self.end = 0
        """Where the last whole member ends."""
        self.is_cut_off = False
        """Whether half a member follows the last whole one, as a killed writer leaves it."""
        self.damage: int | None = None
        """Where anything else begins, the first time."""

    def look(self) -> None:
        """Read what was written since the last look.

        Raises:
            RunFolderError: If it is no plain file, or holds more members than any run could.
            OSError: If it cannot be read.
        """
        with self._lock:
            try:
                with open_plain(self._root, self._name) as file:
                    self._read(file)
            except FileNotFoundError:
                self._clear()

    def append(self, name: str, packed: bytes, force: bool = False) -> None:
        """Append a member, first cutting off what a killed writer left half written.

        Args:
            name: The member's name.
            packed: Its content, as `Trace` packs it.
            force: Whether to force it onto the disk.

        Raises:
            RunFolderError: If a link leads elsewhere, `Trace` did not pack the content, or the file
                is damaged.
            OSError: If it cannot be written.
        """
        data = member(name, packed)
        with self._lock:
            self.look()
            if self.damage is not None:
                raise RunFolderError(
                    f"{self.path} is damaged at byte {self.damage}; put a whole copy in its place, "
                    "or choose another folder with --out"
                )
            own_path(self._root, self._name)
            self.path.parent.mkdir(exist_ok=True)
            with self.path.open("ab") as file:
                file.truncate(self.end)
                file.write(data)
                file.flush()
                if force:
                    os.fsync(file.fileno())
                self._state = _state(file)
            self.found[name] = Part(name, self.end, self.end + len(data))
            self.parts.append(self.found[name])
            self.end += len(data)
            self.is_cut_off = False

    def cut(self, end: int) -> None:
        """Keep only the first bytes of the file.

        Raises:
            RunFolderError: If a link leads elsewhere.
            OSError: If it cannot be written.
        """
        own_path(self._root, self._name)
        with self._lock:
            os.truncate(self.path, end)
            self.look()

    def _read(self, file: IO[bytes]) -> None:
        """Read from header to header, unless nothing has changed."""
        state = _state(file)
        if state == self._state:
            return
        parts: list[Part] = []
        end = tries = 0
        cut_off, damage = False, None
        while left := state[0] - end:
            tries += 1  # a header with a wrong length costs a search, so these count, too
            if tries > MOST_LINES:
                raise RunFolderError(f"{self.path} has more than {MOST_LINES} members: refused")
            file.seek(end)
            start = file.read(MOST)
            header = HEADER.match(start)
            length = struct.unpack("<I", header[1])[0] if header else 0
            if not header or not header.end() < length <= left:
                following = _next_header(file, end + 1)
                begun = left < MOST and (START.startswith(start) or start.startswith(START))
                zeros = not start.strip(b"\0")  # a loss of power leaves such files
                cut_off = following is None and (length > left or zeros or (begun and not header))
                if not cut_off and damage is None:
                    damage = end
                if following is None:
                    break
                end = following
                continue
            parts.append(Part(header[2].decode(), end, end + length))
            end += length
        self.parts, self.found, self.end = parts, {part.name: part for part in parts}, end
        self.is_cut_off, self.damage, self._state = cut_off, damage, state


def _next_header(file: IO[bytes], at: int) -> int | None:
    """Where the next header begins, from a place on."""
    file.seek(at)
    held = b""
    while piece := file.read(CHUNK):
        data = held + piece
        if header := HEADER.search(data):
            return at + header.start()
        held = data[-MOST:]
        at += len(data) - len(held)
    return None


def member(name: str, packed: bytes) -> bytes:
    """A gzip file as a member of that name.

    Raises:
        RunFolderError: If it is no gzip file, or its header has fields of its own.
    """
    if not packed.startswith(PLAIN):
        raise RunFolderError(f"the steps of {name} are not packed as SmartPlay packs them")
    body = packed[PLAIN_SIZE:]
    size = len(START) + 4 + len(name) + 1 + len(body)
    return START + struct.pack("<I", size) + name.encode("ascii") + b"\0" + body


def _state(file: IO[bytes]) -> tuple[int, ...]:
    """What changes whenever a file is replaced or written to."""
    found = os.fstat(file.fileno())
    return found.st_size, found.st_mtime_ns, found.st_ino, found.st_dev
