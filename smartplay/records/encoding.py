"""How records become bytes: JSON, JSON lines, compressed JSON lines."""

from __future__ import annotations

import json
import zlib
from typing import Any, TypeVar

import msgspec
import numpy as np

from smartplay.core.errors import AgentError
from smartplay.core.untrusted import KEPT_LIMIT, unpacked_limit
from smartplay.records import EpisodeHeader, StepRecord

T = TypeVar("T", bound=msgspec.Struct)

GZIP = 16 + zlib.MAX_WBITS
BATCH = 64 * 1024
"""Bytes gathered before compression: when many compressors take turns, each finds the processor's
cache cold, which costs more than compressing a single step."""


class Trace:
    """An episode's steps while it is played, compressed as they grow.

    So a long episode takes little memory, and when many end at once little is left to do. Equal
    records give equal bytes. An episode that is too large to be read again is refused.

    Args:
        header: The first line.
    """

    def __init__(self, header: EpisodeHeader) -> None:
        self._compressor: Any = None
        self._packed = bytearray()
        self._lines = bytearray()
        self._number = self._size = 0
        self._write(header)

    def add(self, step: StepRecord) -> None:
        """Add a step.

        Raises:
            TypeError: If something in it has no place in JSON; nothing of it is added.
            AgentError: If it, or the episode with it, could not be read again.
        """
        self._write(step)
        if len(self._lines) >= BATCH:
            self._compress()

    def packed(self) -> bytes:
        """The whole content; nothing can be added any more."""
        self._compress()
        return bytes(self._packed + self._compressor.flush())

    def _write(self, record: msgspec.Struct) -> None:
        try:
            line = checked(record) + b"\n"
        except msgspec.ValidationError as error:
            raise AgentError(f"a step could not be read again: {error}") from error
        most = min(unpacked_limit(self._number), KEPT_LIMIT)
        if self._size + len(line) > most:
            raise AgentError(
                f"the replies and texts of the episode fill more than {most >> 20} MB, which "
                "nothing could read again"
            )
        self._lines += line
        self._number, self._size = self._number + 1, self._size + len(line)

    def _compress(self) -> None:
        if self._compressor is None:
            self._compressor = zlib.compressobj(level=6, wbits=GZIP)
        self._packed += self._compressor.compress(self._lines)
        self._lines.clear()


def encode(value: Any) -> bytes:
    """JSON of records and plain data, including subclasses of `str` and NumPy's numbers and arrays.

    Halves of surrogate pairs, which services send although UTF-8 cannot hold them, become `?`.

    Raises:
        TypeError: If something in it has no place in JSON.
    """
    try:
        return msgspec.json.encode(value, enc_hook=_plain)
    except UnicodeEncodeError:
        data = msgspec.to_builtins(value, str_keys=True, enc_hook=_plain)
        return json.dumps(data, ensure_ascii=False).encode("utf-8", "replace")


def whole(text: str) -> str:
    """A text as records have it: halves of surrogate pairs become `?`."""
    return text.encode("utf-8", "replace").decode()


def mended(record: T) -> T:
    """The same record; halves of surrogate pairs in its texts become `?`."""
    try:
        msgspec.json.encode(record)
    except UnicodeEncodeError:
        return msgspec.json.decode(encode(record), type=type(record))
    return record


def checked(record: msgspec.Struct) -> bytes:
    """JSON of a record that can be read again: runs the checks of reading before writing.

    Raises:
        TypeError: If something in it has no place in JSON.
        msgspec.ValidationError: If a reader would refuse it; the message says what and where.
    """
    data = encode(record)
    msgspec.json.decode(data, type=type(record))
    return data


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} has no place in JSON")


def pretty(record: msgspec.Struct) -> bytes:
    """A record as indented JSON."""
    return msgspec.json.format(encode(record), indent=2) + b"\n"
