"""Streams: episodes in a row, each of which may depend on the records of those before it.

An episode that depends on no other is a stream by itself. An agent that remembers plays the
episodes of a game as one stream, in order or shuffled: its memory is a fold over their records, so
a run that is interrupted and resumed produces the same bytes. When an episode fails its stream
ends, since the memory of later ones could not be made again. A run that measures thresholds plays
in sweeps: an episode's level is a fold over the records of the sweeps before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from smartplay.agents.catalog import Learn, place_in_order
from smartplay.agents.context import Trajectory
from smartplay.core.errors import AgentError
from smartplay.records import EpisodeHeader, EpisodeRecord, Key, RunHeader, StepRecord
from smartplay.records.folder import RunFolder
from smartplay.runner.jobs import Job, tracks_of
from smartplay.scores.thresholds import choices

Steps = Callable[[Key], tuple[EpisodeHeader, list[StepRecord]]]
"""Reads what a run folder keeps of an episode."""


class Stream:
    """Episodes of one game in a row.

    Args:
        jobs: The episodes, in order.
        learn: Makes the memory that an episode begins with from the episode before it; None if none
            is needed.
        done: Episodes that are finished already.
        steps: Reads their steps.
    """

    def __init__(
        self,
        jobs: list[Job],
        learn: Learn | None,
        done: Mapping[Key, EpisodeRecord],
        steps: Steps,
    ) -> None:
        self._jobs, self._learn, self._steps = jobs, learn, steps
        self._done = dict(done)
        self._place = 0
        self._memory: bytes | None = None

    @property
    def missing(self) -> list[Job]:
        """The episodes that are still to be played."""
        return [job for job in self._jobs[self._place :] if job.key not in self._done]

    def next(self) -> Job | None:
        """The next episode to play, with its memory; None at the end of the stream.

        Raises:
            Exception: Whatever the agent raises if it cannot learn from a finished episode.
        """
        while self._place < len(self._jobs):
            job = self._jobs[self._place]
            record = self._done.get(job.key)
            if record is None:
                return msgspec.structs.replace(job, memory=self._memory)
            if self._learn and self.missing:
                self._memory = self._learned(self._learn, record)
            self._place += 1
        return None

    def add(self, record: EpisodeRecord) -> None:
        """Take in the episode just played, once the run folder holds it."""
        if record.status == "unscored":
            self._place = len(self._jobs)
        else:
            self._done[record.key] = record

    def _learned(self, learn: Learn, record: EpisodeRecord) -> bytes:
        header, steps = self._steps(record.key)
        assert record.score is not None
        trajectory = Trajectory(
            game=record.game,
            episode=record.episode,
            manual=header.manual,
            actions=header.actions,
            observations=[header.observation, *(step.observation for step in steps)],
            taken=[step.name for step in steps],
            score=record.score,
            completed=record.completed,
        )
        memory = learn(self._memory, trajectory)
        if not isinstance(memory, bytes):
            raise AgentError(f"learn must return bytes, not {type(memory).__name__}")
        return memory


def streams_of(
    jobs: Iterable[Job],
    learn: Learn | None,
    done: Mapping[Key, EpisodeRecord],
    steps: Steps,
    order: str = "",
) -> list[Stream]:
    """The streams that the episodes of a run form, in the order in which they begin.

    Args:
        jobs: The episodes.
        learn: As for `Stream`.
        done: As for `Stream`.
        steps: As for `Stream`.
        order: The order within a stream; see `smartplay.agents.catalog.place_in_order`.
    """
    rows: dict[object, list[Job]] = {}
    for job in jobs:
        rows.setdefault((job.game, job.repeat) if learn else job.key, []).append(job)
    for row in rows.values():
        row.sort(key=lambda job: place_in_order(order, job.game, job.episode))
    found = [Stream(row, learn, done, steps) for row in rows.values()]
    return [stream for stream in found if stream.missing]


def sweeps(
    header: RunHeader, jobs: Iterable[Job], learn: Learn | None, folder: RunFolder
) -> Iterator[list[Stream]]:
    """Yield the streams that may be played side by side; the next list once these have ended.

    A run that chooses no levels yields all at once. If it chooses levels, each sweep depends on the
    records of those before it, and the sweeps end where an episode failed.
    """

    def scored() -> dict[Key, EpisodeRecord]:
        return {r.key: r for r in folder.results(header) if r.status == "scored"}

    order = str(header.agent_settings.get("episode_order", ""))

    def steps(key: Key) -> tuple[EpisodeHeader, list[StepRecord]]:
        return folder.steps(*key[:2], repeat=key[2])

    if header.measurement is None:
        yield streams_of(jobs, learn, scored(), steps, order)
        return
    tried = set[tuple[str, int]]()
    while True:
        done = scored()
        made, missing = choices(tracks_of(header), header.measurement, done.values())
        if not missing or tried & missing.keys():
            return
        tried |= missing.keys()
        levels = {job.key: made.get((job.game, job.episode), 0) for job in jobs}
        chosen = [_at(job, levels[job.key]) for job in jobs if levels[job.key]]
        yield streams_of(chosen, learn, done, steps, order)


def _at(job: Job, level: int) -> Job:
    settings = job.settings | {"level": level}
    return msgspec.structs.replace(job, level=level, settings=settings)
