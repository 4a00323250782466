"""How records become bytes: JSON, JSON lines, compressed JSON lines."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import numpy as np

from smartplay.records import EpisodeHeader, StepRecord


def pack_trace(header: EpisodeHeader, steps: Iterable[StepRecord]) -> bytes:
    """The content of a steps file: compressed JSON lines, equal bytes for equal records."""
    lines: Iterator[bytes] = map(encode, [header, *steps])
    return gzip.compress(b"\n".join(lines) + b"\n", compresslevel=6, mtime=0)


def encode(value: Any) -> bytes:
    """JSON of records and plain data, kinds of text and NumPy's numbers and arrays among them.

    Halves of surrogate pairs, which services do send and UTF-8 cannot hold, become `?`.

    Raises:
        TypeError: If something in it has no place in JSON.
    """
    try:
        return msgspec.json.encode(value, enc_hook=_plain)
    except UnicodeEncodeError:
        data = msgspec.to_builtins(value, str_keys=True, enc_hook=_plain)
        return json.dumps(data, ensure_ascii=False).encode("utf-8", "replace")


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} has no place in JSON")


def pretty(record: msgspec.Struct) -> bytes:
    """A record as indented JSON."""
    return msgspec.json.format(encode(record), indent=2) + b"\n"
