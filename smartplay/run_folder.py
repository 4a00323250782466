"""Writes and reads a run folder; see `records` for what is in it.

An episode counts once its line in `episodes.jsonl` is complete, newline included. The line is
written after the steps file, so a run that is killed at any moment leaves only whole results
behind. Against a loss of power the lines are forced onto the disk about once a second.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import time
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np
from filelock import FileLock, Timeout

from smartplay.bounded import HEADER_LIMIT, LINES_LIMIT, read_file, read_packed_lines
from smartplay.errors import RunFolderError
from smartplay.records import (
    SCHEMA,
    EpisodeHeader,
    EpisodeRecord,
    RunHeader,
    StepMark,
    StepRecord,
)
from smartplay.whole_files import remove_parts, write_atomically

RecordT = TypeVar("RecordT")
FORCE_SECONDS = 1.0
LOCK = ".lock"


class _Schema(msgspec.Struct):
    schema: int


class RunFolder:
    """A run on disk.

    Args:
        path: The folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._forced = 0.0

    @property
    def _episodes(self) -> Path:
        return self.path / "episodes.jsonl"

    @property
    def replies(self) -> Path:
        """Where a language model's replies are recorded while the run is not finished."""
        return self.path / "replies.sqlite"

    def forget_replies(self) -> None:
        """Remove them: once all episodes are finished, their steps hold every reply."""
        for end in ("", "-wal", "-shm"):
            with contextlib.suppress(OSError):
                self.replies.with_name(self.replies.name + end).unlink()

    @property
    def exists(self) -> bool:
        """Whether the folder holds a run.

        Raises:
            RunFolderError: If there can be no such folder.
        """
        try:
            return (self.path / "run.json").is_file()
        except OSError as error:
            raise self._cannot("read", error) from error

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other runs away while the `with` block plays; makes the folder.

        Raises:
            RunFolderError: If another run holds the folder, or it cannot be written.
        """
        lock = FileLock(self.path / LOCK, blocking=False)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except Timeout as error:
            raise RunFolderError(
                f"another run is writing {self.path}; wait for it, or choose another folder "
                "with --out"
            ) from error
        except OSError as error:
            raise self._cannot("write", error) from error
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                (self.path / LOCK).unlink()
            lock.release()

    def create(self, header: RunHeader) -> None:
        """Start a new run.

        Raises:
            RunFolderError: If the folder cannot be written, or holds other files.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            remove_parts(self.path)
            if any(path.name != LOCK for path in self.path.iterdir()):
                raise RunFolderError(
                    f"{self.path} holds files but no run; choose an empty or new folder with --out"
                )
            write_atomically(self.path / "run.json", pretty(header))
        except OSError as error:
            raise self._cannot("write", error) from error

    def header(self) -> RunHeader:
        """Read `run.json`.

        Raises:
            RunFolderError: If there is no run, or it is malformed or of another schema.
        """
        try:
            data = read_file(self.path, "run.json", HEADER_LIMIT)
        except FileNotFoundError as error:
            raise RunFolderError(f"{self.path} holds no run (no run.json)") from error
        except OSError as error:
            raise self._cannot("read", error) from error
        schema = self._decode(data, _Schema, "run.json").schema
        if schema != SCHEMA:
            raise RunFolderError(
                f"{self.path} was written with schema {schema}, this version reads {SCHEMA}"
            )
        return self._decode(data, RunHeader, "run.json")

    def episodes(self) -> list[EpisodeRecord]:
        """The finished episodes; the last line of an episode counts.

        A line cut off at the end of the file is no result and is left out.

        Raises:
            RunFolderError: If a complete line is malformed.
        """
        return list({(record.game, record.episode): record for record in self.lines()}.values())

    def lines(self) -> list[EpisodeRecord]:
        """Every complete line of `episodes.jsonl`, in order; a retried episode has several.

        Raises:
            RunFolderError: If a complete line is malformed.
        """
        try:
            data = read_file(self.path, "episodes.jsonl", LINES_LIMIT)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._cannot("read", error) from error
        return [
            self._decode(line, EpisodeRecord, f"episodes.jsonl, line {number}")
            for number, line in enumerate(data.split(b"\n")[:-1], start=1)
        ]

    def results(self, header: RunHeader) -> list[EpisodeRecord]:
        """The finished episodes in the order of the header, however they were played.

        Raises:
            RunFolderError: If a line is malformed or of an episode the header does not plan.
        """
        games = list(header.games)
        records = self.episodes()
        for record in records:
            plan = header.games.get(record.game)
            if plan is None or not 0 <= record.episode < plan.episodes:
                raise RunFolderError(
                    f"{self.path}: episodes.jsonl holds episode {record.episode} of "
                    f"{record.game}, which run.json does not plan"
                )
        return sorted(records, key=lambda record: (games.index(record.game), record.episode))

    def mend(self) -> None:
        """Remove what a killed run left half written; call before appending.

        Raises:
            RunFolderError: If the folder cannot be written.
        """
        try:
            remove_parts(self.path)
            if self._episodes.is_symlink():
                raise RunFolderError(f"{self._episodes} is a link, not a file of this run")
            if not self._episodes.exists():
                return
            with self._episodes.open("r+b") as file:
                data = file.read()
                if not data.endswith(b"\n"):
                    file.truncate(data.rfind(b"\n") + 1)
        except OSError as error:
            raise self._cannot("write", error) from error

    def add(self, record: EpisodeRecord, trace: bytes) -> None:
        """Keep a finished episode.

        Args:
            record: Its line.
            trace: The content of its steps file, as `pack_trace` makes it; empty if the episode
                failed before it began.

        Raises:
            RunFolderError: If the disk is full or the folder is read-only.
        """
        try:
            if trace:
                steps = self.steps_path(record.game, record.episode)
                steps.parent.mkdir(parents=True, exist_ok=True)
                write_atomically(steps, trace)
            with self._episodes.open("ab") as file:
                file.write(encode(record) + b"\n")
                file.flush()
                if time.monotonic() - self._forced > FORCE_SECONDS:
                    os.fsync(file.fileno())
                    self._forced = time.monotonic()
        except OSError as error:
            raise self._cannot("write", error) from error

    def steps_path(self, game: str, episode: int) -> Path:
        """Where an episode's steps are kept."""
        return self.path / "steps" / game.split("/")[-1] / f"{episode:05d}.jsonl.gz"

    def steps(self, game: str, episode: int) -> tuple[EpisodeHeader, list[StepRecord]]:
        """Read an episode's steps.

        Raises:
            RunFolderError: If they are missing or malformed.
        """
        lines = self._step_lines(game, episode)
        name = self.steps_path(game, episode).name
        header = self._decode(next(lines), EpisodeHeader, name)
        return header, [self._decode(line, StepRecord, name) for line in lines]

    def marks(self, game: str, episode: int) -> list[StepMark]:
        """Read of an episode's steps only the marks.

        Raises:
            RunFolderError: If they are missing or malformed.
        """
        lines = self._step_lines(game, episode)
        next(lines)
        name = self.steps_path(game, episode).name
        return [self._decode(line, StepMark, name) for line in lines]

    def _step_lines(self, game: str, episode: int) -> Iterator[bytes]:
        """Lines of a steps file, unpacked as they are asked for; at least one."""
        path = self.steps_path(game, episode)
        lines = read_packed_lines(self.path, path.relative_to(self.path).as_posix())
        first = next(lines, None)
        if first is None:
            raise RunFolderError(f"cannot read {path}: it is empty")
        return chain([first], lines)

    def _decode(self, data: bytes, kind: type[RecordT], where: str) -> RecordT:
        try:
            return msgspec.json.decode(data, type=kind)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            raise RunFolderError(f"{self.path}: {where} is malformed: {error}") from error

    def _cannot(self, verb: str, error: OSError) -> RunFolderError:
        return RunFolderError(f"cannot {verb} run folder {self.path}: {error.strerror or error}")


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
