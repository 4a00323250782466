"""Writes and reads a run folder; see `records` for what is in it.

An episode counts once its line in `episodes.jsonl` is complete, newline included. The line is
written after the steps file, so a run that is killed at any moment leaves only whole results
behind. Against a loss of power the lines are forced onto the disk about once a second.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import msgspec
from filelock import FileLock, Timeout

from smartplay.bounded import (
    HEADER_LIMIT,
    KEPT_LIMIT,
    LINES_LIMIT,
    MOST_LINES,
    UNPACKED_LIMIT,
    own_path,
    read_file,
    read_packed_lines,
)
from smartplay.encoding import Trace, encode, pretty
from smartplay.errors import RunFolderError
from smartplay.records import (
    SCHEMA,
    EpisodeHeader,
    EpisodeRecord,
    RunHeader,
    StepMark,
    StepRecord,
)
from smartplay.whole_files import drop_half_line, remove_parts, write_atomically

__all__ = ["RunFolder", "Trace", "encode", "pretty"]

RecordT = TypeVar("RecordT")
FORCE_SECONDS = 1.0
LOCK = ".lock"
REPLIES = tuple(f"replies.sqlite{end}" for end in ("", "-wal", "-shm", "-journal"))


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
        """Where a language model's replies are recorded while the run is not finished.

        Raises:
            RunFolderError: If there is a link, device or pipe there: a database that is none of
                this run's.
        """
        database, *_ = [own_path(self.path, name) for name in REPLIES]
        return database

    def forget_replies(self) -> None:
        """Remove them: once all episodes are finished, their steps hold every reply."""
        for name in REPLIES:
            with contextlib.suppress(OSError):
                (self.path / name).unlink()

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
            own_path(self.path, LOCK)
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
            RunFolderError: If a line is malformed, or of an episode or with more steps than the
                header plans.
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
            if record.steps > plan.steps:
                raise RunFolderError(
                    f"{self.path}: episodes.jsonl has {record.steps} steps in episode "
                    f"{record.episode} of {record.game}, run.json plans at most {plan.steps}"
                )
        return sorted(records, key=lambda record: (games.index(record.game), record.episode))

    def mend(self) -> None:
        """Remove what a killed run left half written; call before appending.

        Raises:
            RunFolderError: If the folder cannot be written, or a link in it leads elsewhere.
        """
        try:
            self._refuse_links()
            remove_parts(self.path)
            if not self._episodes.exists():
                return
            if self._episodes.stat().st_size > LINES_LIMIT:
                raise RunFolderError(f"{self._episodes} is too large for a run: refused")
            drop_half_line(self._episodes)
        except OSError as error:
            raise self._cannot("write", error) from error

    def _refuse_links(self) -> None:
        """Refuse to write where a stranger's link would lead out of the folder."""
        own_path(self.path, "episodes.jsonl")
        steps = own_path(self.path, "steps")
        for place in steps.iterdir() if steps.exists() else ():
            own_path(self.path, f"steps/{place.name}")

    def add(self, record: EpisodeRecord, trace: bytes) -> None:
        """Keep a finished episode.

        Args:
            record: Its line.
            trace: The content of its steps file, as `Trace` packs it; empty if the episode
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

    def steps(
        self, game: str, episode: int, most: int = MOST_LINES
    ) -> tuple[EpisodeHeader, list[StepRecord]]:
        """Read an episode's steps.

        Args:
            game: The full id.
            episode: Its number.
            most: How many steps its record says.

        Raises:
            RunFolderError: If they are missing, malformed, another episode's or too many.
        """
        header, lines = self._step_lines(game, episode, most, KEPT_LIMIT)
        name = self.steps_path(game, episode).name
        return header, [self._decode(line, StepRecord, name) for line in lines]

    def marks(self, game: str, episode: int, most: int = MOST_LINES) -> list[StepMark]:
        """Read of an episode's steps only the marks; see `steps`."""
        _, lines = self._step_lines(game, episode, most, UNPACKED_LIMIT)
        name = self.steps_path(game, episode).name
        return [self._decode(line, StepMark, name) for line in lines]

    def _step_lines(
        self, game: str, episode: int, most: int, limit: int
    ) -> tuple[EpisodeHeader, Iterator[bytes]]:
        """A steps file's header, and the lines after it, unpacked as they are asked for."""
        path = self.steps_path(game, episode)
        name = path.relative_to(self.path).as_posix()
        lines = read_packed_lines(self.path, name, most + 1, limit)
        first = next(lines, None)
        if first is None:
            raise RunFolderError(f"cannot read {path}: it is empty")
        header = self._decode(first, EpisodeHeader, path.name)
        if (header.game, header.episode) != (game, episode):
            raise RunFolderError(f"{path} holds the steps of another episode")
        return header, lines

    def _decode(self, data: bytes, kind: type[RecordT], where: str) -> RecordT:
        try:
            return msgspec.json.decode(data, type=kind)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            raise RunFolderError(f"{self.path}: {where} is malformed: {error}") from error

    def _cannot(self, verb: str, error: OSError) -> RunFolderError:
        return RunFolderError(f"cannot {verb} run folder {self.path}: {error.strerror or error}")
