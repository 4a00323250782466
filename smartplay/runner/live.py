"""What a run is playing at this moment, for those who watch it from another process.

```
live.json   a `Live`, written at most twice a second while a run plays, removed at its end
```

The file is a glimpse, no record: no result depends on it. A run that is killed leaves it behind, so
it counts only while a run holds the folder's lock.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import suppress
from math import inf

import msgspec
from filelock import FileLock, Timeout

from smartplay.core.errors import RunFolderError
from smartplay.core.untrusted import own_path
from smartplay.core.whole_files import write_atomically
from smartplay.records import Count, Key, StepRecord
from smartplay.records.encoding import encode
from smartplay.records.folder import LOCK, RunFolder
from smartplay.runner.jobs import Job

LIVE = "live.json"
SECONDS = 0.5
"""The fewest seconds between two writes."""
STEPS = 20
"""The most steps shown of an episode; the latest are kept."""
EPISODES = 4
"""The most episodes that are shown: those that took a step last."""
LARGEST = 2**22


class LiveEpisode(msgspec.Struct, frozen=True):
    """An episode under way.

    Attributes:
        game: The full id.
        episode: Its number.
        repeat: Which repeat of it, from 0.
        most: Its step limit.
        steps: Its latest steps; replies and observation of the last one only.
    """

    game: str
    episode: Count
    repeat: Count
    most: Count
    steps: list[StepRecord]


class Live(msgspec.Struct, frozen=True):
    """The episodes under way, the one that took a step last first."""

    episodes: list[LiveEpisode]


class LiveWriter:
    """Writes `live.json`; safe to use from several threads.

    Args:
        folder: The run folder.
    """

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._under_way: dict[Key, tuple[Job, deque[StepRecord]]] = {}
        self._lock, self._due = threading.Lock(), time.monotonic() + SECONDS
        self._remove()  # a killed run's file

    def step(self, job: Job, step: StepRecord) -> None:
        """Take note of a step."""
        with self._lock:
            seen = self._under_way.pop(job.key, None) or (job, deque(maxlen=STEPS))
            if seen[1]:
                seen[1].append(msgspec.structs.replace(seen[1].pop(), attempts=[], observation=""))
            seen[1].append(step)
            self._under_way[job.key] = seen
            if time.monotonic() >= self._due:
                self._write()
                self._due = time.monotonic() + SECONDS

    def end(self, job: Job) -> None:
        """Forget an episode that is over."""
        with self._lock:
            self._under_way.pop(job.key, None)

    def close(self) -> None:
        """Remove the file."""
        with self._lock:
            self._due = inf
            self._remove()

    def _remove(self) -> None:
        with suppress(OSError):
            (self._folder.path / LIVE).unlink()

    def _write(self) -> None:
        latest = list(self._under_way.values())[: -EPISODES - 1 : -1]
        shown = [
            LiveEpisode(*job.key, job.steps, [_short(step) for step in steps])
            for job, steps in latest
        ]
        with suppress(OSError, RunFolderError):  # a glimpse is not worth stopping a run
            path = own_path(self._folder.path, LIVE)
            write_atomically(path, encode(Live(shown)))


def read_live(folder: RunFolder) -> Live:
    """The episodes that a run plays at this moment, by its `live.json`; none if no run plays.

    Raises:
        RunFolderError: If the file is malformed.
    """
    try:
        live = folder.read(LIVE, Live, LARGEST)
    except FileNotFoundError:
        return Live([])
    return live if _is_played(folder) else Live([])


def _is_played(folder: RunFolder) -> bool:
    """Whether a run holds the folder. The lock of one that was killed is free."""
    path = folder.path / LOCK
    if not path.is_file():
        return False
    try:
        with FileLock(path, timeout=0):
            return False
    except Timeout:
        return True
    except OSError:  # only those who may write there can find out
        return True


def _short(step: StepRecord) -> StepRecord:
    """A step without the conversations behind it, which are long."""
    attempts = [msgspec.structs.replace(attempt, calls=[]) for attempt in step.attempts]
    return msgspec.structs.replace(step, attempts=attempts)
