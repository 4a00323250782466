"""Plays many episodes at once.

Agents that wait for a service (`async def act`) share one event loop. All others play whole
episodes in threads, those of CPU-heavy games in worker processes if the agent can be built again
there by its name. Every result comes back to the caller, who alone writes.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

from smartplay.agents.base import AgentFactory
from smartplay.agents.catalog import AgentSource, find_agent
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


async def play_all(
    jobs: list[Job],
    source: AgentSource,
    concurrency: int,
    keep: Callable[[Outcome], None],
    tick: Tick = no_tick,
    executor: Executor | None = None,
) -> None:
    """Play every job, at most `concurrency` at once.

    Args:
        jobs: The episodes; those of heavy games are started first.
        source: Who plays.
        concurrency: How many episodes are under way at once, 1 or more.
        keep: Called here with each outcome as it comes.
        tick: Called after each step that is played in this process.
        executor: Where to play the episodes of agents that do not wait, instead of threads and
            processes of this machine.
    """
    slots = asyncio.Semaphore(concurrency)
    stopped = threading.Event()

    def tick_or_stop(steps: int, calls: int, tokens: int) -> None:
        if stopped.is_set():
            raise _Stopped
        tick(steps, calls, tokens)

    with ExitStack() as stack:
        places = _Places(stack, source, concurrency, tick_or_stop, executor)

        async def play(job: Job) -> None:
            async with slots:
                keep(await places.play(job))

        ordered = sorted(jobs, key=lambda job: not get_card(job.game).heavy)
        tasks = [asyncio.ensure_future(play(job)) for job in ordered]
        try:
            await asyncio.gather(*tasks)
        finally:
            stopped.set()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


class _Stopped(BaseException):
    """Ends, after its present step, an episode in a thread that no one waits for any more."""


class _Places:
    """Where episodes are played; pools are opened when first needed."""

    def __init__(
        self,
        stack: ExitStack,
        source: AgentSource,
        concurrency: int,
        tick: Tick,
        executor: Executor | None,
    ) -> None:
        self._stack, self._source, self._tick = stack, source, tick
        self._concurrency = concurrency
        self._given = executor
        self._threads: Executor | None = None
        self._processes: Executor | None = None

    async def play(self, job: Job) -> Outcome:
        source = self._source
        if source.asynchronous:
            return await play_episode(job, source.factory, self._tick)
        by_name = source.reference
        if by_name and (self._given or get_card(job.game).heavy):
            return await self._play_elsewhere(job, by_name)
        loop = asyncio.get_running_loop()
        executor = self._given or self._thread_pool()
        return await loop.run_in_executor(executor, play_here, job, source.factory, self._tick)

    async def _play_elsewhere(self, job: Job, by_name: tuple[str, dict[str, Any]]) -> Outcome:
        """Play in another process; its death costs the episodes it had, and a new one follows."""
        loop = asyncio.get_running_loop()
        executor = self._given or self._process_pool()
        try:
            return await loop.run_in_executor(executor, play_by_name, job, by_name)
        except Exception as failure:
            if isinstance(failure, BrokenExecutor) and executor is self._processes:
                self._processes = None
            return failed(job, one_line(failure))

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
                initializer=_end_with_parent,
            )
            self._processes = pool
            self._stack.callback(pool.shutdown, wait=True, cancel_futures=True)
        return self._processes


def play_here(job: Job, factory: AgentFactory, tick: Tick = no_tick) -> Outcome:
    """Play an episode to its end in the calling thread."""
    return asyncio.run(play_episode(job, factory, tick))


def play_by_name(job: Job, reference: tuple[str, dict[str, Any]]) -> Outcome:
    """Play an episode in a process that has to build the agent anew."""
    return play_here(job, find_agent(*reference).factory)


def _end_with_parent() -> None:
    """End this worker as soon as its parent is gone, however it went, and quietly at Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
