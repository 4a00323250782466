"""Writes and reads a run folder; see `records` for what is in it.

An episode counts once its line in `episodes.jsonl` is complete, newline included. The line is
written after the steps, so a run that is killed at any moment leaves only whole results
behind. Against a loss of power the lines are forced onto the disk about once a second.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from math import isclose
from pathlib import Path
from typing import TypeVar

import msgspec

from smartplay.core.errors import MissingStepsError, RunFolderError
from smartplay.core.untrusted import (
    HEADER_LIMIT,
    KEPT_LIMIT,
    LINES_LIMIT,
    MOST_LINES,
    UNPACKED_LIMIT,
    WHOLE,
    Part,
    own_path,
    read_file,
    read_packed_lines,
)
from smartplay.core.whole_files import drop_half_line, remove_parts, write_atomically, writing
from smartplay.records import (
    SCHEMA,
    EpisodeHeader,
    EpisodeRecord,
    Key,
    RunHeader,
    Session,
    StepRecord,
)
from smartplay.records.encoding import Trace, encode, pretty
from smartplay.records.members import Members, member

__all__ = ["RunFolder", "Trace", "encode", "pretty"]

RecordT = TypeVar("RecordT")
FORCE_SECONDS = 1.0
LOCK = ".lock"
DYING = 0.5  # seconds that a killed run may still hold its folder
REPLIES = tuple(f"replies.sqlite{end}" for end in ("", "-wal", "-shm", "-journal"))


class _Schema(msgspec.Struct):
    schema: int


def steps_name(game: str) -> str:
    """Where a run folder keeps the steps of a game's episodes, as a path inside it."""
    return f"steps/{game.split('/')[-1]}.jsonl.gz"


def member_name(episode: int, repeat: int = 0) -> str:
    """The name of an episode's steps in that file."""
    again = f"-r{repeat}" if repeat else ""
    return f"{episode:05d}{again}.jsonl"


def own_steps_name(game: str, episode: int, repeat: int = 0) -> str:
    """Where older run folders kept an episode's steps: in a separate file."""
    return f"steps/{game.split('/')[-1]}/{member_name(episode, repeat)}.gz"


def misfit(header: RunHeader, record: EpisodeRecord) -> str:
    """Why a record cannot be one of a run's episodes; empty if it can.

    A reader refuses such a record; call this before writing one.
    """
    plan = header.games.get(record.game)
    if (
        plan is None
        or not 0 <= record.episode < plan.episodes
        or not record.repeat < header.repeats
    ):
        return "the run does not plan this episode"
    if record.steps > plan.most_steps:
        return f"more steps than the run plans: expected {plan.most_steps}, found {record.steps}"
    return ""


def in_order(header: RunHeader, records: Iterable[EpisodeRecord]) -> list[EpisodeRecord]:
    """Records of a run, sorted by game in the header's order, then by episode and repeat."""
    places = {game: place for place, game in enumerate(header.games)}
    return sorted(records, key=lambda r: (places[r.game], r.episode, r.repeat))


class RunFolder:
    """A run on disk: the one reader and writer of run folders.

    Args:
        path: The folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._forced = 0.0
        self._members: dict[str, Members] = {}

    @property
    def _episodes(self) -> Path:
        return self.path / "episodes.jsonl"

    @property
    def _sessions(self) -> Path:
        return self.path / "sessions.jsonl"

    @property
    def replies(self) -> Path:
        """Where a language model's replies are recorded while the run is not finished.

        Raises:
            RunFolderError: If a link, device or pipe is there, so that the database is not this
                run's.
        """
        database, *_ = [own_path(self.path, name) for name in REPLIES]
        return database

    def forget_replies(self) -> None:
        """Remove the replies: once all episodes are finished, their steps hold every reply."""
        for name in REPLIES:
            with contextlib.suppress(OSError):
                (self.path / name).unlink()

    @property
    def exists(self) -> bool:
        """Whether the folder holds a run.

        Raises:
            RunFolderError: If the path cannot be a folder.
        """
        try:
            return (self.path / "run.json").is_file()
        except OSError as error:
            raise self._unreadable(error) from error

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other runs away while the `with` block plays; makes the folder.

        Raises:
            RunFolderError: If another run holds the folder, or it cannot be written.
        """
        # Another thread releases people's sessions than the one that began them.
        from filelock import FileLock, Timeout  # what a check can do without

        lock = FileLock(self.path / LOCK, timeout=DYING, thread_local=False)
        with self._writing():
            if self.path.exists() and not self.path.is_dir():
                raise RunFolderError(
                    f"cannot write run folder {self.path}: it is a file; choose another with --out"
                )
            self.path.mkdir(parents=True, exist_ok=True)
            own_path(self.path, LOCK)
            try:
                lock.acquire()
            except Timeout as error:
                raise RunFolderError(
                    f"another run is writing {self.path}; wait for it, or choose another folder "
                    "with --out"
                ) from error
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
        with self._writing():
            self.path.mkdir(parents=True, exist_ok=True)
            remove_parts(self.path)
            if any(path.name != LOCK for path in self.path.iterdir()):
                raise RunFolderError(
                    f"{self.path} holds files but no run; choose an empty or new folder with --out"
                )
            write_atomically(self.path / "run.json", pretty(header))

    def plan_more(self, header: RunHeader) -> None:
        """Replace the header by one that plans more of the same run.

        Raises:
            RunFolderError: If the folder cannot be written.
        """
        with self._writing():
            self._forget_report()
            write_atomically(self.path / "run.json", pretty(header))

    def header(self) -> RunHeader:
        """Read `run.json`.

        Raises:
            RunFolderError: If there is no run, or its header is malformed or of another schema.
        """
        try:
            schema = self.read("run.json", _Schema).schema
            if schema == SCHEMA:
                return self.read("run.json", RunHeader)
        except FileNotFoundError as error:
            inside = any(self.path.glob("*/run.json"))
            hint = "; name one of the run folders inside" if inside else ""
            raise RunFolderError(f"{self.path} holds no run (no run.json){hint}") from error
        raise RunFolderError(
            f"{self.path} was written with schema {schema}, this version reads {SCHEMA}"
        )

    def episodes(self) -> list[EpisodeRecord]:
        """The finished episodes; the last line of an episode counts.

        A line cut off at the end of the file is no result and is left out.

        Raises:
            RunFolderError: If a complete line is malformed.
        """
        return list({record.key: record for record in self.lines()}.values())

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
            raise self._unreadable(error) from error
        return list(self._decoded(data.split(b"\n")[:-1], EpisodeRecord, "episodes.jsonl", 1))

    def results(self, header: RunHeader) -> list[EpisodeRecord]:
        """The finished episodes in the order of the header, however they were played.

        Raises:
            RunFolderError: If a line is malformed, or of an episode or with more steps than the
                header plans.
        """
        return in_order(header, self.ended(header))

    def ended(self, header: RunHeader) -> list[EpisodeRecord]:
        """The same in the order in which they ended.

        Raises:
            RunFolderError: See `results`.
        """
        found = dict[Key, EpisodeRecord]()
        for record in self.lines():
            found.pop(record.key, None)
            found[record.key] = record
        for record in found.values():
            reason = misfit(header, record)
            if reason:
                where = f"episode {record.episode} of {record.game}"
                raise RunFolderError(f"{self.path}: episodes.jsonl, {where}: {reason}")
        return list(found.values())

    def begin(self, header: RunHeader) -> None:
        """Note a start of the run; call after `create` or `mend`.

        Raises:
            RunFolderError: If the folder cannot be written.
        """
        finished = len(self.episodes())
        session = Session(started=header.started, versions=header.versions, finished=finished)
        with self._writing(), self._sessions.open("ab") as file:
            file.write(encode(session) + b"\n")

    def mend(self) -> None:
        """Remove what a killed run left half written, steps without their line too.

        Call this before appending, so that nothing is written behind such a rest. A loss of power
        may leave several, the steps of all lines that it took.

        Raises:
            RunFolderError: If the folder cannot be written, or a link in it leads elsewhere.
        """
        with self._writing():
            self._refuse_links()
            remove_parts(self.path)
            for path in (self._episodes, self._sessions):
                if path.exists():
                    if path.stat().st_size > LINES_LIMIT:
                        raise RunFolderError(f"{path} is too large for a run: refused")
                    drop_half_line(path)
            lines = self.lines()
            for game in self.header().games:
                members = self.members(game)
                while rest := self.rest(game, lines):
                    members.cut(rest.begin)

    def _refuse_links(self) -> None:
        """Refuse to write if a link would lead out of an untrusted folder."""
        for name in ("episodes.jsonl", "sessions.jsonl"):
            own_path(self.path, name)
        steps = own_path(self.path, "steps")
        for place in steps.iterdir() if steps.exists() else ():
            own_path(self.path, f"steps/{place.name}")

    def add(self, record: EpisodeRecord, trace: bytes) -> None:
        """Keep a finished episode.

        Args:
            record: Its line.
            trace: Its steps, as `Trace` packs them; empty if the episode failed before it began.

        Raises:
            RunFolderError: If the disk is full or the folder is read-only.
        """
        force = time.monotonic() - self._forced > FORCE_SECONDS
        with self._writing():
            self._forget_report()
            if trace:
                name = member_name(record.episode, record.repeat)
                self.members(record.game).append(name, trace, force)
            with self._episodes.open("ab") as file:
                file.write(encode(record) + b"\n")
                file.flush()
                if force:
                    os.fsync(file.fileno())
                    self._forced = time.monotonic()

    def _forget_report(self) -> None:
        """Remove a report of fewer episodes, which would contradict those that are there."""
        (self.path / "report.json").unlink(missing_ok=True)

    @property
    def is_packed(self) -> bool:
        """Whether the folder holds claims (see `leaderboard`) instead of steps."""
        return (self.path / "replays").is_dir() and not (self.path / "steps").is_dir()

    def members(self, game: str) -> Members:
        """The file that keeps the steps of a game's episodes, as it is now.

        Raises:
            RunFolderError: If it is refused or cannot be read.
        """
        name = steps_name(game)
        members = self._members.setdefault(name, Members(self.path, name))
        try:
            members.look()
        except OSError as error:
            raise self._unreadable(error) from error
        return members

    def rest(self, game: str, lines: Sequence[EpisodeRecord]) -> Part | None:
        """The steps at the end of a game's file that a killed run wrote without their line.

        If the episode has an unscored line of before, it was being played again. Then its last
        steps are such a rest if the line is of earlier ones.

        Args:
            game: The full id, whose `members` were read before the lines, for a run may be going
                on.
            lines: See `lines`.
        """
        members = self._members[steps_name(game)]
        if members.damage is not None or not members.parts:
            return None
        *before, last = members.parts
        own = [
            record
            for record in lines
            if record.game == game and member_name(record.episode, record.repeat) == last.name
        ]
        if not own:
            return last
        before = [part for part in before if part.name == last.name]
        if not before or own[-1].status == "scored" or not self._fits(own[-1], before[-1]):
            return None
        # As many lines as steps do not tell: a try that never began has a line only.
        recorded = len(before) < len(own) and any(self._fits(record, last) for record in own)
        return None if recorded else last

    def _fits(self, record: EpisodeRecord, part: Part) -> bool:
        """Whether a line can be of these steps, by their number and rewards."""
        name = steps_name(record.game)
        lines = read_packed_lines(self.path, name, record.steps + 1, part=part)
        try:
            next(lines, None)
            rewards = [step.reward for step in self._decoded(lines, StepRecord, name, 2)]
        except RunFolderError:
            return False
        fits = isclose(sum(rewards), record.return_, abs_tol=1e-9)
        return fits and len(rewards) == record.steps

    def place(self, key: Key) -> tuple[str, Part]:
        """Where an episode's steps are: a file inside the folder, and the part of it.

        Raises:
            MissingStepsError: If there are none.
            RunFolderError: If the file is refused or cannot be read.
        """
        game, *number = key
        members, own = self.members(game), own_steps_name(*key)
        if part := members.found.get(member_name(*number)):
            if members.parts[-1:] == [part]:
                before = [each for each in members.parts[:-1] if each.name == part.name]
                if before and self.rest(game, self.lines()):
                    part = before[-1]
            return steps_name(game), part
        if os.path.lexists(self.path / own):
            return own, WHOLE
        where = f"{members.path}, {member_name(*number)}"
        if members.damage is not None:
            raise RunFolderError(
                f"cannot read {where}: damaged at byte {members.damage} of the file"
            )
        raise MissingStepsError(f"cannot read {where}: there are no such steps")

    def trace(self, key: Key) -> bytes:
        """An episode's steps as a member of a file of steps.

        Raises:
            RunFolderError: See `place`; or if they are too large, or SmartPlay did not pack them.
        """
        name, part = self.place(key)
        try:
            data = read_file(self.path, name, LINES_LIMIT, part)
        except OSError as error:
            raise self._unreadable(error) from error
        return data if part.name else member(member_name(*key[1:]), data)

    def steps(
        self, game: str, episode: int, most: int = MOST_LINES, repeat: int = 0
    ) -> tuple[EpisodeHeader, list[StepRecord]]:
        """Read an episode's steps.

        Args:
            game: The full id.
            episode: Its number.
            most: The number of steps in its record.
            repeat: Which play of the episode.

        Raises:
            MissingStepsError: If there are none.
            RunFolderError: If they are malformed, too many, or those of another episode.
        """
        header, steps = self.stream((game, episode, repeat), most, StepRecord, KEPT_LIMIT)
        return header, list(steps)

    def stream(
        self, key: Key, most: int, kind: type[RecordT], limit: int = UNPACKED_LIMIT
    ) -> tuple[EpisodeHeader, Iterator[RecordT]]:
        """An episode's header, and the steps after it, read as they are asked for.

        Args:
            key: The episode.
            most: The number of steps in its record.
            kind: The type to read each step as.
            limit: The most bytes to unpack.

        Raises:
            RunFolderError: See `steps`; here or while the steps are read.
        """
        name, part = self.place(key)
        lines = read_packed_lines(self.path, name, most + 1, limit, part)
        where = f"{name}, {part.name}" if part.name else name
        first = next(lines, None)
        if first is None:
            raise RunFolderError(f"cannot read {self.path / where}: it is empty")
        header = self._decode(first, EpisodeHeader, f"{where}, line 1")
        if (header.game, header.episode, header.repeat) != key:
            raise RunFolderError(f"{self.path / where} holds the steps of another episode")
        return header, self._decoded(lines, kind, where, 2)

    def packed(self, name: str, most: int, kind: type[RecordT]) -> Iterator[RecordT]:
        """Read records from another packed file, one per line, as they are asked for.

        Args:
            name: The file's path inside the folder.
            most: The most records.
            kind: The type of the records.

        Raises:
            RunFolderError: If the file is missing, damaged, malformed or too large.
        """
        return self._decoded(read_packed_lines(self.path, name, most), kind, name, 1)

    def read(self, name: str, kind: type[RecordT], limit: int | None = None) -> RecordT:
        """Read a JSON file.

        Raises:
            FileNotFoundError: If there is no such file.
            RunFolderError: If it cannot be read, or is malformed or too large.
        """
        try:
            data = read_file(self.path, name, limit or HEADER_LIMIT)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise self._unreadable(error) from error
        return self._decode(data, kind, name)

    def _decoded(
        self, lines: Iterable[bytes], kind: type[RecordT], name: str, first: int
    ) -> Iterator[RecordT]:
        for number, line in enumerate(lines, start=first):
            yield self._decode(line, kind, f"{name}, line {number}")

    def _decode(self, data: bytes, kind: type[RecordT], where: str) -> RecordT:
        try:
            return msgspec.json.decode(data, type=kind)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            raise RunFolderError(f"{self.path}: {where} is malformed: {error}") from error

    def _writing(self) -> contextlib.AbstractContextManager[None]:
        return writing(f"run folder {self.path}", RunFolderError)

    def _unreadable(self, error: OSError) -> RunFolderError:
        return RunFolderError(f"cannot read run folder {self.path}: {error.strerror or error}")
