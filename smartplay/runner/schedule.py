"""Plays many episodes at once.

Agents that wait for a service (`async def act`) share one event loop. All others play whole
episodes in threads, those of CPU-heavy games in worker processes if the agent can be built again
there by its name. With an executor given, whole episodes of every agent are played there, sent as
names and settings. Every result comes back to the caller, who alone writes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from concurrent.futures import Executor, Future, wait
from typing import Any

from smartplay._version import __version__
from smartplay.agents.catalog import AgentSource
from smartplay.records import Usage
from smartplay.registry import get_card
from smartplay.runner.cluster import gave_up
from smartplay.runner.episode import (
    Job,
    Outcome,
    Tick,
    failed,
    no_tick,
    one_line,
    play_episode,
)
from smartplay.runner.limits import IN_A_ROW, Stopped, Watch, heeded
from smartplay.runner.pool import WorkerPool, processors
from smartplay.runner.threads import Threads
from smartplay.runner.worker import play_by_name, play_for, play_here

GRACE = 30.0
"""Seconds for what is under way when a run stops at a limit; after them it is given up."""

LAST_STEP = 2.0
"""Seconds for threads to end their step before a run is over without them."""

SENDINGS = 3
"""How often an episode is sent to an executor that was given, if it gets lost there."""


def suits(source: AgentSource, games: Iterable[str]) -> int:
    """How many episodes at once suit an agent and its games, unless the caller says.

    As many as there are processors if games are played in worker processes; an agent that names
    a number itself is believed.
    """
    computes = not source.asynchronous and source.reference is not None
    if hasattr(source.factory, "concurrency") or not computes:
        return source.concurrency
    heavy = any(get_card(game).heavy for game in games)
    return max(source.concurrency, processors()) if heavy else source.concurrency


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
    whole episodes elsewhere that have begun are waited for where the executor can tell. None of
    them is waited for longer than `GRACE`: an agent may be stuck.

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
    entrance = asyncio.Lock()

    def tick_or_stop(calls: int, usage: Usage) -> None:
        tick(calls, usage)
        watch.check()

    places = _Places(source, concurrency, tick_or_stop, watch, executor)

    async def play(job: Job) -> None:
        async with slots:
            async with entrance:  # one by one, so that the first call need not wait for all games
                await asyncio.sleep(0)
            if watch.reason is None:
                keep(await places.play(job))

    ordered = sorted(jobs, key=lambda job: not get_card(job.game).heavy)
    tasks = [asyncio.ensure_future(_unless_stopped(play, job, watch)) for job in ordered]

    def wind_up() -> None:
        places.cancel_waiting()
        loop.call_later(GRACE, _cancel, tasks)

    try:
        with heeded(watch, wind_up):
            try:
                await asyncio.gather(*tasks)
            except BaseException:
                watch.stop("it was interrupted")  # ends episodes in threads no one waits for
                raise
    finally:
        _cancel(tasks)
        places.cancel_waiting()
        await asyncio.gather(*tasks, return_exceptions=True)
        places.close()


async def _unless_stopped(
    play: Callable[[Job], Coroutine[Any, Any, None]], job: Job, watch: Watch
) -> None:
    try:
        await play(job)  # not before, for an interrupt may come before this begins
    except Stopped:
        return
    except asyncio.CancelledError:
        if watch.reason is None:
            raise


def _cancel(tasks: Sequence[asyncio.Future[None]]) -> None:
    for task in tasks:
        task.cancel()


class _Places:
    """Where episodes are played."""

    def __init__(
        self,
        source: AgentSource,
        concurrency: int,
        tick: Tick,
        watch: Watch,
        executor: Executor | None,
    ) -> None:
        self._source, self._tick, self._watch = source, tick, watch
        self._given = executor
        self._workers = WorkerPool(min(concurrency, processors()))
        self._threads = Threads()
        self._in_threads: set[Future[Outcome]] = set()
        self._waiting: set[Future[Outcome]] = set()
        self._lost = 0

    async def play(self, job: Job) -> Outcome:
        source, by_name = self._source, self._source.reference
        if self._given:
            how = (play_by_name, job, by_name) if by_name else (play_here, job, source)
            return self._counted(await self._send(self._given, job, how))
        if source.asynchronous:
            return await play_episode(job, source.factory, self._tick)
        if by_name and get_card(job.game).heavy:
            return self._counted(await self._hand_over(job, by_name))
        future = self._threads.submit(play_here, job, source, self._tick)
        self._in_threads.add(future)
        future.add_done_callback(self._in_threads.discard)
        return await self._await(future)

    def cancel_waiting(self) -> None:
        """Take back the episodes that have not begun elsewhere."""
        for future in list(self._waiting):
            future.cancel()

    def close(self) -> None:
        """End what is under way for no one: processes at once, threads if they can."""
        self._workers.close()
        self._threads.close()
        wait(list(self._in_threads), LAST_STEP)

    async def _hand_over(self, job: Job, by_name: tuple[str, dict[str, Any]]) -> Outcome:
        """Play in a worker process here, the death of which costs the episodes it had."""
        try:
            return await self._await(self._workers.submit(play_by_name, job, by_name))
        except Exception as failure:
            return failed(job, one_line(failure))

    async def _send(self, executor: Executor, job: Job, how: tuple[Any, ...]) -> Outcome:
        """Play on the executor that was given.

        An episode that is lost there is sent again: playing never raises, so it was not its fault.
        If one after the other is lost there is no one left to play, and the run stops.
        """
        for _ in range(SENDINGS):
            try:
                sent = executor.submit(play_for, __version__, *how)
                outcome: Any = await self._await(sent)
                if isinstance(outcome, Outcome):
                    self._lost = 0
                    return outcome
                cause = f"{type(outcome).__name__} came back instead of an episode's outcome"
            except (Exception, asyncio.CancelledError) as failure:
                if self._watch.reason is not None or _is_being_cancelled():
                    raise asyncio.CancelledError from failure
                cause = _cause(failure)
                if gave_up(failure):
                    return failed(job, cause)
        self._lost += 1
        if self._lost >= IN_A_ROW:
            self._watch.stop(
                f"{self._lost} episodes in a row were lost where they were sent, each of them "
                f"{SENDINGS} times, so that no one seems to play there any more: {cause}"
            )
        return failed(job, cause)

    def _counted(self, outcome: Outcome) -> Outcome:
        if outcome.record.calls:
            self._watch.spend(outcome.record.usage)
        return outcome

    async def _await(self, future: Future[Outcome]) -> Outcome:
        self._waiting.add(future)
        try:
            return await asyncio.wrap_future(future)
        finally:
            self._waiting.discard(future)


def _is_being_cancelled() -> bool:
    """Whether the task that runs was cancelled itself, not only what it waited for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _cause(failure: BaseException) -> str:
    if isinstance(failure, asyncio.CancelledError):
        return "the executor cancelled the episode, as Dask does when its scheduler is gone"
    return one_line(failure)
