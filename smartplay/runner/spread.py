"""Deals the episodes of a language model out to several processes.

One event loop handles some thousands of calls a second. Where more episodes are to be under way at
once than suit one, each process plays its part as a run of its own would, and passes on all that
the run counts or keeps (`smartplay.runner.part`). The run's process alone writes.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from smartplay.agents.catalog import AgentSource
from smartplay.errors import RunFolderError, SmartPlayError
from smartplay.runner.episode import Job, Outcome, Tick, failed
from smartplay.runner.limits import Watch, heeded
from smartplay.runner.part import LENGTH, Batch, Part, framed
from smartplay.runner.pool import processors
from smartplay.runner.schedule import SENDINGS

PER_PROCESS = 200
"""How many episodes at once one process plays before others help."""

BIRTH = "import gc; gc.disable(); from smartplay.runner.part import main; main()"
"""What a process does first: import, without looking for garbage, of which there is none yet."""

LOST = "the process that played the episode has died"


def processes_for(source: AgentSource, concurrency: int, episodes: int) -> int:
    """In how many processes an agent's episodes are best played.

    Args:
        source: Who plays.
        concurrency: How many episodes may be under way at once.
        episodes: How many there are.
    """
    if source.reference is None or not getattr(source.factory, "spreads", False):
        return 1
    wanted = -(-min(concurrency, episodes) // PER_PROCESS)
    return max(1, min(processors(), wanted))


class Spread:
    """Starts the processes and gathers what they pass on.

    Args:
        source: Who plays; prepared for the run.
        processes: How many processes.
        concurrency: How many episodes are under way at once in all of them.
        cache: A file of replies beyond the run's.
    """

    def __init__(
        self, source: AgentSource, processes: int, concurrency: int, cache: Path | None
    ) -> None:
        self._source, self._processes, self._concurrency = source, processes, concurrency
        self._cache = cache
        self._limits: dict[int, int] = {}
        self._running: dict[int, Process] = {}

    def __str__(self) -> str:
        """How many calls are under way at once."""
        return f"{sum(self._limits.values())} of {self._concurrency} calls at once"

    async def play(
        self, jobs: list[Job], keep: Callable[[Outcome], None], watch: Watch, tick: Tick
    ) -> None:
        """Play every job, until all are played or the run stops.

        A process that dies is followed by another, which takes its unfinished episodes up from
        their recorded replies. Those that saw the third one die are unscored.

        Args:
            jobs: The episodes.
            keep: Called here with each outcome as it comes.
            watch: Says when to stop.
            tick: Called after each step.

        Raises:
            RunFolderError: If a reply or an outcome cannot be written.
        """
        parts = [
            asyncio.ensure_future(
                self._play_part(at, jobs[at :: self._processes], keep, watch, tick)
            )
            for at in range(self._processes)
        ]
        try:
            with heeded(watch, lambda: self._stop(watch.reason)):
                await asyncio.gather(*parts)
        finally:
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)

    def _stop(self, reason: str | None) -> None:
        for process in self._running.values():
            assert process.stdin is not None
            process.stdin.write(framed(reason))

    async def _play_part(
        self,
        at: int,
        jobs: list[Job],
        keep: Callable[[Outcome], None],
        watch: Watch,
        tick: Tick,
    ) -> None:
        left = {(job.game, job.episode): job for job in jobs}

        async def take(batch: Batch) -> None:
            self._limits[at] = batch.limit
            for usage in batch.spent:
                watch.spend(usage)
            for step in batch.ticks:
                tick(*step)
            factory: Any = self._source.factory
            await asyncio.gather(*(factory.record(*reply) for reply in batch.replies))
            for outcome in batch.outcomes:
                if left.pop((outcome.record.game, outcome.record.episode), None):
                    keep(outcome)
            if batch.failure:
                raise (RunFolderError if batch.usage else SmartPlayError)(batch.failure)

        for _ in range(SENDINGS):
            if left and watch.reason is None:
                await self._play_apart(at, list(left.values()), take)
        if watch.reason is None:
            for job in left.values():
                keep(failed(job, LOST))

    async def _play_apart(self, at: int, jobs: list[Job], take: Callable[[Batch], Any]) -> None:
        reference, factory = self._source.reference, self._source.factory
        assert reference is not None
        share = len(range(at, self._concurrency, self._processes))
        cache = str(self._cache) if self._cache else None
        self._running[at] = process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-c", BIRTH),
            stdin=PIPE,
            stdout=PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(path or "." for path in sys.path)},
            start_new_session=True,  # Ctrl-C is for the run, which ends it
        )
        assert process.stdin is not None
        assert process.stdout is not None
        ended = False
        try:
            seeds = (job.agent_seed for job in jobs)
            recorded = factory.recorded(seeds)  # type: ignore[attr-defined]
            process.stdin.write(framed(Part(reference, jobs, share, recorded, cache)))
            with suppress(asyncio.IncompleteReadError):  # its end, or its death
                while True:
                    length = int.from_bytes(await process.stdout.readexactly(LENGTH), "big")
                    data = await process.stdout.readexactly(length)
                    await take(msgspec.msgpack.decode(data, type=Batch))
            ended = True
        finally:
            del self._running[at]
            self._limits.pop(at, None)
            if not ended:  # `process.kill` would take its exit status from who waits for it
                with suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGTERM)
            with suppress(ConnectionError):
                await process.communicate()  # to the end of its output, so that all is closed
