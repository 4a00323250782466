"""Replies that were paid for, kept in an SQLite file so that none is paid for twice.

A reply is found again by the model and its settings, the conversation, the episode (by its
agent's seed) and the number of the call within the episode. So repeats of an episode under other
seeds stay independent, and an episode that was broken off takes up where it stopped: played
again, it is given the same replies up to the first one that is missing.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import sqlite3
import threading
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from smartplay.errors import RunFolderError
from smartplay.models.base import WITHOUT_EFFECT, Model, Settings
from smartplay.models.images import for_record
from smartplay.records import Call, Message, Usage


class Replies:
    """A file of replies.

    Args:
        path: The file; made if it is missing.
        shared: Whether other processes may use the file at the same time.

    Raises:
        RunFolderError: If it cannot be written, or is no file of replies.
    """

    def __init__(self, path: Path, shared: bool = False) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._unwritten: list[tuple[tuple[int, bytes, bytes], asyncio.Future[None]]] = []
        with self._told():
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
        self._file.execute(
            "CREATE TABLE IF NOT EXISTS calls (episode INTEGER NOT NULL, key BLOB NOT NULL,"
            " reply BLOB NOT NULL)"
        )
        self._file.execute("CREATE INDEX IF NOT EXISTS episodes ON calls (episode)")

    def find(self, episode: int) -> dict[bytes, bytes]:
        """The encoded replies of an episode by their keys."""
        ask = "SELECT key, reply FROM calls WHERE episode = ?"
        with self._told(), self._lock:
            return dict(self._file.execute(ask, (episode,)).fetchall())

    def keep(self, episode: int, key: bytes, reply: bytes) -> asyncio.Future[None]:
        """Keep a reply; once the result is there, no death of the process loses it.

        All replies of one turn of the event loop are written together, as writing each would cost
        more than the rest of a step does. If they cannot be, the result is a `RunFolderError`.
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
            with self._told(), self._lock, self._file:
                self._file.execute("BEGIN")
                rows = [row for row, _ in waiting]
                self._file.executemany("INSERT INTO calls VALUES (?, ?, ?)", rows)
        except RunFolderError as error:
            failure = error
        for _, kept in waiting:
            if kept.done():  # who waited was cancelled
                continue
            kept.set_exception(failure) if failure else kept.set_result(None)

    def usage(self) -> Usage:
        """The tokens of all replies that were paid for when they were kept here."""
        with self._told(), self._lock:
            rows = self._file.execute("SELECT reply FROM calls").fetchall()
        calls = (decode_call(row[0]) for row in rows)
        return sum((call.usage for call in calls if not call.reused), Usage())

    def close(self) -> None:
        """Close the file."""
        if self._unwritten:
            self._write()
        with self._told(), self._lock:
            self._file.close()

    @contextlib.contextmanager
    def _told(self) -> Any:
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

    def close(self) -> None:
        """Free what the store holds."""


class FarReplies:
    """Replies that another process keeps.

    Args:
        recorded: Those that were there before, by episode and key.
        send: Passes one on, to be kept there.
    """

    def __init__(
        self, recorded: dict[int, dict[bytes, bytes]], send: Callable[[int, bytes, bytes], None]
    ) -> None:
        self._recorded, self._send = recorded, send

    def find(self, episode: int) -> dict[bytes, bytes]:
        """The encoded replies of an episode by their keys."""
        return self._recorded.get(episode, {})

    async def keep(self, episode: int, key: bytes, reply: bytes) -> None:
        """Pass a reply on."""
        self._send(episode, key, reply)

    def close(self) -> None:
        """Do nothing."""


class Meter(Protocol):
    """Who counts what calls cost."""

    def check(self) -> None:
        """Raise if no further call may be made."""

    def spend(self, usage: Usage) -> None:
        """Count the tokens of a call that was made."""


class RecordedModel:
    """A model for one episode that makes no call twice.

    Args:
        model: Who is asked what is not recorded.
        seed: What the episode is known by.
        stores: Where replies are looked for, in this order, and kept; the first is the run's own.
        meter: Who counts the calls that are made.
    """

    def __init__(
        self, model: Model, seed: int, stores: Sequence[Store], meter: Meter | None
    ) -> None:
        self._model, self._stores, self._meter = model, stores, meter
        self.name, self.settings = model.name, model.settings
        self.concurrency, self.pace, self.notes = model.concurrency, model.pace, model.notes
        self._start = _start(model, seed)
        self._episode = _number(self._start)
        self._kept: list[dict[bytes, bytes]] | None = None
        self._number = 0
        self._asked = False

    async def chat(
        self,
        messages: list[Message],
        *,
        choices: Sequence[str] | None = None,
        seed: int | None = None,
        fresh: bool = False,
        **_: Any,
    ) -> list[Call]:
        """Reply to a conversation; see `Model.chat`."""
        recorded = for_record(messages)
        key = _digest([self._start.hex(), self._number, choices, recorded])
        if self._kept is None:
            self._kept = [store.find(self._episode) for store in self._stores]
        found = [kept.get(key) for kept in self._kept]
        reply = next(filter(None, found), None)
        if reply is None:
            call = await self._ask(messages, choices, seed, fresh)
        elif found[0] is None:  # the run's own file has never had it
            call = msgspec.structs.replace(decode_call(reply), reused=True)
        else:
            call = decode_call(reply)
        without = [s for s, had in zip(self._stores, found, strict=True) if had is None]
        if without:
            plain = msgspec.json.encode(msgspec.structs.replace(call, messages=[]))
            for store in without:
                await store.keep(self._episode, key, plain)
        self._number += 1
        return [msgspec.structs.replace(call, messages=recorded)]

    async def aclose(self) -> None:
        """Leave the model to the other episodes."""

    async def _ask(
        self,
        messages: list[Message],
        choices: Sequence[str] | None,
        seed: int | None,
        fresh: bool,
    ) -> Call:
        if self._meter:
            self._meter.check()
        first, self._asked = not self._asked, True  # recorded replies have warmed up nothing
        [call] = await self._model.chat(messages, choices=choices, seed=seed, fresh=fresh or first)
        if self._meter:
            self._meter.spend(call.usage)
        return call


def _lasting(settings: Settings) -> dict[str, Any]:
    """The settings that replies depend on."""
    plain: dict[str, Any] = msgspec.to_builtins(settings)
    return {name: value for name, value in plain.items() if name not in WITHOUT_EFFECT}


def episode_key(model: Model, seed: int) -> int:
    """What a store knows an episode by: the model with its settings and the agent's seed."""
    return _number(_start(model, seed))


def _number(start: bytes) -> int:
    return int.from_bytes(start[:8], "big", signed=True)  # as SQLite has them


def _start(model: Model, seed: int) -> bytes:
    return _digest([model.name, _lasting(model.settings), seed])


def decode_call(reply: bytes) -> Call:
    """A kept reply, without the messages it was given for.

    Raises:
        RunFolderError: If it is none.
    """
    try:
        return msgspec.json.decode(reply, type=Call)
    except msgspec.MsgspecError as error:
        raise RunFolderError(f"a kept reply cannot be read: {error}") from error


def _digest(value: Any) -> bytes:
    return hashlib.sha256(msgspec.json.encode(value, order="sorted")).digest()
