"""The runs of a folder: who played what, when, how far, and the overall score."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import msgspec

from smartplay.core import printable
from smartplay.core.errors import SmartPlayError, UnknownNameError, UsageError
from smartplay.core.untrusted import MEGABYTE
from smartplay.records import EpisodeRecord
from smartplay.records.folder import RunFolder
from smartplay.report.build import planned_of, summary
from smartplay.scores.intervals import Interval
from smartplay.scores.scoring import episode_means

DEPTH = 2
"""How many folders deep to look for runs: experiments keep theirs in a subfolder."""
LARGEST = 32 * MEGABYTE
"""The most bytes of `episodes.jsonl` to read for a list."""


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A run, or a folder that could not be read as one.

    Attributes:
        path: The folder.
        problem: Why the folder is no readable run; empty if it is one. If it is set, the other
            fields say nothing.
        agent: Who played.
        games: What was played, by full id.
        started: When it began (UTC, ISO 8601).
        scored: Scored episodes.
        unscored: Failed episodes.
        planned: Episodes of the run; those chosen so far, if it chooses levels.
        overall: Mean of the games' normalised scores; None if its report has none.
        score: The mean score if the run has a single game, in the game's own unit; else None.
    """

    path: str
    problem: str = ""
    agent: str = ""
    games: list[str] = []
    started: str = ""
    scored: int = 0
    unscored: int = 0
    planned: int = 0
    overall: Interval | None = None
    score: float | None = None

    @property
    def headline(self) -> str:
        """The overall score as shown, or else that of the single game."""
        if self.overall is not None:
            return self.overall.shown_mean
        return "-" if self.score is None else f"{self.score:.4g} raw"

    @property
    def played(self) -> str:
        """Scored episodes of those planned, and how many failed."""
        return f"{self.scored}/{self.planned}" + (f", {self.unscored} failed" * bool(self.unscored))

    @property
    def begun(self) -> str:
        """When it began, to the minute."""
        return self.started[:16].replace("T", " ")


def list_runs(folder: Path) -> Iterator[Listed]:
    """Look for runs in a folder, by name; links are not followed.

    Args:
        folder: A run folder, or one that holds some.

    Yields:
        Every run, and every folder that is damaged, too large, a link, or holds no run.

    Raises:
        UsageError: If there is no such folder, or it cannot be read.
    """
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}")
    if os.path.lexists(folder / "run.json"):
        yield _listed(folder)
        return
    try:
        inside = _folders(folder)
    except OSError as error:
        raise UsageError(f"cannot read {folder}: {error.strerror or error}") from error
    for path in inside:
        yield from list(_within(path, DEPTH - 1)) or [_listed(path)]


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.name[0] != "." and path.is_dir())


def _within(path: Path, depth: int) -> Iterator[Listed]:
    """The run that a folder is, or the runs in it."""
    if path.is_symlink():
        yield Listed(path=str(path), problem="a link; it is not followed")
    elif os.path.lexists(path / "run.json"):
        yield _listed(path)
    elif depth:
        with suppress(PermissionError):  # no run, as is said of it then
            for each in _folders(path):
                yield from _within(each, depth - 1)


def _listed(path: Path) -> Listed:
    """A run's list entry, cached until one of its files is written again."""
    state: list[tuple[int, ...]] = []
    for name in ("run.json", "episodes.jsonl"):
        with suppress(OSError):
            found = (path / name).lstat()
            state.append((found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns))
    return _seen(path, tuple(state))


@lru_cache(maxsize=1000)
def _seen(path: Path, state: tuple[tuple[int, ...], ...]) -> Listed:
    try:
        return _read(path)
    except (SmartPlayError, OSError) as error:
        reason = re.sub(rf"{re.escape(str(path))}(/|: | |$)", "", str(error))
        return Listed(path=str(path), problem=printable.line(reason))


def _read(path: Path) -> Listed:
    folder = RunFolder(path)
    header = folder.header()
    with suppress(FileNotFoundError):
        size = (path / "episodes.jsonl").lstat().st_size
        if size > LARGEST:
            return Listed(
                path=str(path),
                problem=f"episodes.jsonl has {size // MEGABYTE} MB; smartplay report reads it",
            )
    records = folder.results(header)
    overall = None
    with suppress(UnknownNameError):  # a card of one's own
        overall = summary(header, records).overall
    return Listed(
        path=str(path),
        agent=header.agent,
        games=list(header.games),
        started=header.started,
        scored=sum(record.status == "scored" for record in records),
        unscored=sum(record.status == "unscored" for record in records),
        planned=sum(planned_of(header, records).values()),
        overall=overall,
        score=_score(records) if len(header.games) == 1 and not header.measurement else None,
    )


def _score(records: list[EpisodeRecord]) -> float | None:
    found = episode_means((record.episode, record.score) for record in records).values()
    return sum(found) / len(found) if found else None
