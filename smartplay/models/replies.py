"""Keeps replies in an SQLite file, so that none is paid for twice.

`smartplay.models.lending` makes the keys by which replies are found again.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import sqlite3
import threading
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, Protocol, Self

import msgspec

from smartplay.core.errors import AgentError, RunFolderError
from smartplay.models.base import WITHOUT_EFFECT, Settings
from smartplay.records import Call, Usage
from smartplay.records.encoding import checked

CHECKPOINT = 10_000
"""Pages that gather before they go into the file itself, a write that blocks the event loop."""


class Replies:
    """A file of replies.

    Args:
        path: The file; made if it is missing.
        shared: Whether other processes may use the file at the same time.

    Raises:
        RunFolderError: If the file cannot be written, or is no file of replies.
    """

    def __init__(self, path: Path, shared: bool = False) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._unwritten: list[tuple[tuple[int, bytes, bytes], asyncio.Future[None]]] = []
        with self._errors():
            self._file = sqlite3.connect(
                path, timeout=30.0, isolation_level=None, check_same_thread=False
            )
            try:
                self._set_up(shared)
            except sqlite3.Error:
                self._file.close()
                raise

    def _set_up(self, shared: bool) -> None:
        if not shared:  # no shared memory beside the file, which network disks cannot give
            self._file.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._file.execute("PRAGMA journal_mode = WAL")
        self._file.execute("PRAGMA synchronous = NORMAL")
        self._file.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT}")
        self._file.execute(
            "CREATE TABLE IF NOT EXISTS calls (episode INTEGER NOT NULL, key BLOB NOT NULL,"
            " reply BLOB NOT NULL)"
        )
        self._file.execute("CREATE INDEX IF NOT EXISTS episodes ON calls (episode)")

    def find(self, episode: int) -> dict[bytes, bytes]:
        """The encoded replies of an episode by their keys."""
        ask = "SELECT key, reply FROM calls WHERE episode = ?"
        with self._errors(), self._lock:
            return dict(self._file.execute(ask, (episode,)).fetchall())

    def keep(self, episode: int, key: bytes, reply: bytes) -> asyncio.Future[None]:
        """Keep a reply; once the result is there, no death of the process loses it.

        All replies of one turn of the event loop are written together: writing each by itself would
        cost more than the rest of a step. If writing fails, the result is a `RunFolderError`.
        """
        loop = asyncio.get_running_loop()
        kept = loop.create_future()
        if not self._unwritten:
            loop.call_soon(self._write)
        self._unwritten.append(((episode, key, reply), kept))
        return kept

    def _write(self) -> None:
        waiting, self._unwritten = self._unwritten, []
        failure = None
        try:
            with self._errors(), self._lock, self._file:
                self._file.execute("BEGIN")
                rows = [row for row, _ in waiting]
                self._file.executemany("INSERT INTO calls VALUES (?, ?, ?)", rows)
        except RunFolderError as error:
            failure = error
        for _, kept in waiting:
            if kept.done():  # the waiting call was cancelled
                continue
            kept.set_exception(failure) if failure else kept.set_result(None)

    def uses(self) -> dict[str, list[Usage]]:
        """The tokens of each kept reply that was paid for, by model."""
        with self._errors(), self._lock:
            rows = self._file.execute("SELECT reply FROM calls").fetchall()
        uses: dict[str, list[Usage]] = {}
        for call in (decode_call(row[0]) for row in rows):
            if not call.reused:
                uses.setdefault(call.asked, []).append(call.usage)
        return uses

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """Write what is waiting and close the file."""
        if self._unwritten:
            self._write()
        with self._errors(), self._lock:
            self._file.close()

    @contextlib.contextmanager
    def _errors(self) -> Any:
        try:
            yield
        except sqlite3.Error as error:
            raise RunFolderError(f"cannot use the replies in {self.path}: {error}") from error


class Store(Protocol):
    """Where replies are looked for and kept."""

    def find(self, episode: int) -> dict[bytes, bytes]:
        """The encoded replies of an episode by their keys."""

    def keep(self, episode: int, key: bytes, reply: bytes) -> Awaitable[None]:
        """Keep a reply."""


class PassedReplies:
    """The replies of an episode whose process is not the one that keeps them.

    Args:
        found: Those that are kept there, by episode and key.

    Attributes:
        new: What that process is to keep: episode, key, reply.
    """

    def __init__(self, found: dict[int, dict[bytes, bytes]]) -> None:
        self._found = found
        self.new: list[tuple[int, bytes, bytes]] = []

    def find(self, episode: int) -> dict[bytes, bytes]:
        """The encoded replies of an episode by their keys."""
        return self._found.get(episode, {})

    async def keep(self, episode: int, key: bytes, reply: bytes) -> None:
        """Note a reply."""
        self.new.append((episode, key, reply))


def encode_call(call: Call) -> bytes:
    """A reply as it is kept: without the messages that it answers.

    Raises:
        AgentError: If it could not be read again: no later session could begin.
    """
    try:
        return checked(msgspec.structs.replace(call, messages=[]))
    except (TypeError, msgspec.MsgspecError) as error:
        raise AgentError(f"a call to {call.asked} cannot be kept: {error}") from error


def decode_call(reply: bytes) -> Call:
    """Decode a kept reply.

    Raises:
        RunFolderError: If it is malformed.
    """
    try:
        return msgspec.json.decode(reply, type=Call)
    except msgspec.MsgspecError as error:
        raise RunFolderError(f"a kept reply cannot be read: {error}") from error


def lasting(settings: Settings) -> dict[str, Any]:
    """The settings that replies depend on."""
    plain: dict[str, Any] = msgspec.to_builtins(settings)
    return {name: value for name, value in plain.items() if name not in WITHOUT_EFFECT}


def digest(value: Any) -> bytes:
    """SHA-256 of plain data."""
    return hashlib.sha256(msgspec.json.encode(value, order="sorted")).digest()
