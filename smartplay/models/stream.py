"""Replies that come piece by piece, as server-sent events."""

from __future__ import annotations

import re
from typing import Any, Protocol

_LINE_END = re.compile(rb"\r\n|\n|\r(?=[\s\S])")


class Gathering(Protocol):
    """Puts the events of a streamed reply together.

    Attributes:
        done: Whether the service has said that the reply is whole.
        size: Bytes that are kept.
    """

    done: bool
    size: int

    def add(self, event: dict[str, Any]) -> None:
        """Take in an event."""

    def reply(self) -> dict[str, Any]:
        """The reply as if it had come in one piece."""


class Text:
    """A text that grows by small pieces and takes no more memory than it must."""

    def __init__(self) -> None:
        self._data = bytearray()

    def __str__(self) -> str:
        return self._data.decode()

    def add(self, piece: str) -> int:
        """Append a piece; returns its size in bytes."""
        data = piece.encode("utf-8", "replace")
        self._data += data
        return len(data)


class EventLines:
    """Finds the data of events in the bytes of a stream, however they are cut into pieces."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._data: list[bytes] = []

    @property
    def size(self) -> int:
        """Bytes held back because their event is not whole."""
        return len(self._rest) + sum(map(len, self._data))

    def feed(self, chunk: bytes) -> list[bytes]:
        """The data of all events that a further piece completes."""
        self._rest += chunk
        if b"\n" not in chunk and b"\r" not in chunk:
            return []
        *lines, rest = _LINE_END.split(bytes(self._rest))
        self._rest = bytearray(rest)
        return [data for line in lines for data in self._line(line)]

    def end(self) -> list[bytes]:
        """The data of an event that the end of the stream completes."""
        return self.feed(b"\n\n")

    def _line(self, line: bytes) -> list[bytes]:
        if line.startswith(b"data:"):
            self._data.append(line[5:].removeprefix(b" "))
        elif not line and self._data:
            data, self._data = b"\n".join(self._data), []
            return [data]
        return []
