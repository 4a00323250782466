"""Plays many episodes at once.

Agents that wait for a service (`async def act`) share one event loop. All others play whole
episodes in threads, those of CPU-heavy games in worker processes if the agent can be built again
there by its name. With an executor given, whole episodes of every agent are played there, sent as
names and settings. Every result comes back to the caller, who alone writes.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import (
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)
from contextlib import ExitStack, contextmanager, nullcontext
from typing import Any

from smartplay.agents.catalog import AgentSource
from smartplay.records import Usage
from smartplay.registry import get_card
from smartplay.runner.episode import (
    Job,
    Outcome,
    Tick,
    failed,
    no_tick,
    one_line,
    play_episode,
)
from smartplay.runner.limits import Stopped, Watch
from smartplay.runner.worker import end_with_parent, play_by_name, play_here

GRACE = 30.0  # seconds for steps under way when a run stops at a limit

SENDINGS = 3
"""How often an episode is sent to an executor that was given, if it gets lost there."""


async def play_all(
    jobs: list[Job],
    source: AgentSource,
    concurrency: int,
    keep: Callable[[Outcome], None],
    watch: Watch,
    tick: Tick = no_tick,
    executor: Executor | None = None,
) -> None:
    """Play every job, at most `concurrency` at once, until all are played or the run stops.

    When the run stops, episodes in this process end after their present step, without a result;
    whole episodes elsewhere that have begun are waited for where the executor can tell.

    Args:
        jobs: The episodes; those of heavy games are started first.
        source: Who plays.
        concurrency: How many episodes are under way at once, 1 or more.
        keep: Called here with each outcome as it comes.
        watch: Says when to stop.
        tick: Called after each step that is played in this process.
        executor: Where to play the episodes, instead of threads and processes of this machine.
    """
    loop = asyncio.get_running_loop()
    slots = asyncio.Semaphore(concurrency)

    def tick_or_stop(calls: int, usage: Usage) -> None:
        tick(calls, usage)
        watch.check()

    with ExitStack() as stack:
        places = _Places(stack, source, concurrency, tick_or_stop, watch, executor)

        async def play(job: Job) -> None:
            async with slots:
                if watch.reason is None:
                    outcome = await _unless_stopped(places.play(job), watch)
                    if outcome is not None:
                        keep(outcome)

        ordered = sorted(jobs, key=lambda job: not get_card(job.game).heavy)
        tasks = [asyncio.ensure_future(play(job)) for job in ordered]

        def wind_up() -> None:
            places.cancel_waiting()
            loop.call_later(GRACE, _cancel, tasks)

        watch.on_stop(lambda: loop.call_soon_threadsafe(wind_up))
        seconds = watch.seconds
        timer = None if seconds is None else loop.call_later(max(0.0, seconds), watch.time_over)
        try:
            await asyncio.gather(*tasks)
        except BaseException:
            watch.stop("it was interrupted")  # ends episodes in threads no one waits for
            raise
        finally:
            if timer is not None:
                timer.cancel()
            watch.on_stop(None)
            _cancel(tasks)
            places.cancel_waiting()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _unless_stopped(playing: Any, watch: Watch) -> Outcome | None:
    try:
        outcome: Outcome = await playing
    except Stopped:
        return None
    except asyncio.CancelledError:
        if watch.reason is None:
            raise
        return None
    return outcome


def _cancel(tasks: Sequence[asyncio.Future[None]]) -> None:
    for task in tasks:
        task.cancel()


class _Places:
    """Where episodes are played; pools are opened when first needed."""

    def __init__(
        self,
        stack: ExitStack,
        source: AgentSource,
        concurrency: int,
        tick: Tick,
        watch: Watch,
        executor: Executor | None,
    ) -> None:
        self._watch = watch
        self._stack, self._source, self._tick = stack, source, tick
        self._concurrency = concurrency
        self._given = executor
        self._threads: Executor | None = None
        self._processes: Executor | None = None
        self._waiting: set[Future[Outcome]] = set()

    async def play(self, job: Job) -> Outcome:
        source, by_name = self._source, self._source.reference
        if self._given:
            if by_name:
                return await self._play_elsewhere(self._given, job, play_by_name, by_name)
            return await self._play_elsewhere(self._given, job, play_here, source)
        if source.asynchronous:
            return await play_episode(job, source.factory, self._tick)
        if by_name and get_card(job.game).heavy:
            pool = self._process_pool()
            return await self._play_elsewhere(pool, job, play_by_name, by_name)
        return await self._await(self._thread_pool().submit(play_here, job, source, self._tick))

    def cancel_waiting(self) -> None:
        """Take back the episodes that have not begun elsewhere."""
        for future in list(self._waiting):
            future.cancel()

    async def _play_elsewhere(self, executor: Executor, job: Job, *how: Any) -> Outcome:
        """Play in another process.

        The death of one here costs the episodes it had, and a new one follows. An episode lost on
        an executor that was given is sent again: playing never raises, so it was not its fault.
        """
        play, *arguments = how
        for attempt in range(SENDINGS if self._given else 1):
            try:
                with nullcontext() if self._given else _interrupts_held():
                    future = executor.submit(play, job, *arguments)
                outcome = await self._await(future)
                break
            except Exception as failure:
                if isinstance(failure, BrokenExecutor) and executor is self._processes:
                    self._processes = None
                if not self._given or attempt + 1 == SENDINGS:
                    return failed(job, one_line(failure))
        if outcome.record.calls:
            self._watch.spend(outcome.record.usage)
        return outcome

    async def _await(self, future: Future[Outcome]) -> Outcome:
        self._waiting.add(future)
        try:
            return await asyncio.wrap_future(future)
        finally:
            self._waiting.discard(future)

    def _thread_pool(self) -> Executor:
        if self._threads is None:
            pool = ThreadPoolExecutor(self._concurrency, "smartplay")
            self._threads = pool
            self._stack.callback(pool.shutdown, wait=True, cancel_futures=True)
        return self._threads

    def _process_pool(self) -> Executor:
        if self._processes is None:
            pool = ProcessPoolExecutor(
                min(self._concurrency, os.cpu_count() or 1),
                mp_context=multiprocessing.get_context("spawn"),
                initializer=end_with_parent,
            )
            self._processes = pool
            self._stack.callback(pool.shutdown, wait=True, cancel_futures=True)
        return self._processes


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Let workers be born deaf to Ctrl-C, until `end_with_parent` has set what it does."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
