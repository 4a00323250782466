"""Chooses where each episode is played.

Agents that wait for a service (`async def act`) share an event loop. All others play whole episodes
in threads; CPU-heavy games go to worker processes if the agent can be built there by its name. If
an executor is given, it plays whole episodes of every agent, sent as plain data. Every outcome
comes back to the caller, who alone writes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, wait
from functools import partial
from typing import Any

import msgspec

from smartplay.agents.catalog import AgentSource
from smartplay.core.version import __version__
from smartplay.games.registry import get_card
from smartplay.models.lending import RunModels
from smartplay.models.replies import Store
from smartplay.records import StepRecord
from smartplay.runner.awaited import AwaitedAgents, is_being_cancelled
from smartplay.runner.budget import IN_A_ROW, Budget, Spent
from smartplay.runner.cluster import gave_up
from smartplay.runner.episode import NO_ALLOWANCE, Outcome, failed, one_line
from smartplay.runner.jobs import Allowance, Job
from smartplay.runner.pool import WorkerPool, processors
from smartplay.runner.threads import Threads
from smartplay.runner.worker import play_by_name, play_for, play_here

LAST_STEP = 0.25
"""Seconds for threads to end their step before the run ends without them."""

SENDINGS = 3
"""How often an episode is sent to a given executor if it gets lost there."""

USUAL = 8
"""Episodes at once of an agent that asks no model and computes little."""


def suits(source: AgentSource, games: Iterable[str]) -> int:
    """How many episodes to play at once, unless the caller says.

    As many as the least of the agent's models can serve, or as there are processors if games are
    played in worker processes.
    """
    if source.models:
        return min(model.concurrency for model in source.models.values())
    computes = not source.asynchronous and source.reference is not None
    heavy = computes and any(get_card(game).heavy for game in games)
    return max(USUAL, processors()) if heavy else USUAL


class Places:
    """Plays the episodes of a run wherever each is played best.

    Args:
        source: Who plays.
        stores: Where the models' replies are looked up and kept.
        budget: Counts what is spent, and decides when to stop.
        concurrency: Episodes at once.
        tick: Called after each step that is played in this process, with its episode.
        executor: Where to play the episodes, instead of threads and processes of this machine.
    """

    def __init__(
        self,
        source: AgentSource,
        stores: Sequence[Store],
        budget: Budget,
        concurrency: int,
        tick: Callable[[Job, StepRecord], None],
        executor: Executor | None,
    ) -> None:
        self._source, self._budget = source, budget
        self._models = RunModels(source.models, budget, stores)
        self._concurrency, self._tick, self._given = concurrency, tick, executor
        self._awaited = AwaitedAgents() if source.asynchronous and executor is None else None
        self._workers = WorkerPool(min(concurrency, processors()))
        self._threads = Threads()
        self._in_threads: set[Future[Outcome]] = set()
        self._waiting: set[Future[Outcome]] = set()
        self._lost = 0
        self._returned = asyncio.Event()

    @property
    def worker_steps(self) -> int:
        """Steps that the worker processes of this machine have played so far."""
        return self._workers.steps

    @property
    def on_executor(self) -> bool:
        """Whether the episodes are played on an executor that was given."""
        return self._given is not None

    def plays_here(self, job: Job) -> bool:
        """Whether an episode is played in this process."""
        return not self._given and not self._in_worker(job)

    def _in_worker(self, job: Job) -> bool:
        source = self._source
        return bool(
            not source.asynchronous and source.reference is not None and get_card(job.game).heavy
        )

    async def play(self, job: Job) -> Outcome:
        """Play an episode to its end."""
        source, by_name = self._source, self._source.reference
        tick = partial(self._tick, job)
        if self._given:
            outcome = await self._send_in_shares(self._given, job)
        elif self._awaited:
            return await self._awaited.play(job, source.make, self._models, tick)
        elif by_name and self._in_worker(job):
            outcome = await self._hand_over(job, by_name)
        else:
            future = self._threads.submit(play_here, job, source, tick)
            self._in_threads.add(future)
            future.add_done_callback(self._in_threads.discard)
            return await self._await(future)
        if own := outcome.record.roles.get(""):
            self._budget.spend(source.name, own.usage)
        return outcome

    def cancel_waiting(self) -> None:
        """Cancel the episodes that wait to begin on the executor or in a worker process."""
        for future in list(self._waiting):
            future.cancel()

    async def aclose(self) -> None:
        """End what still runs though nobody waits for it: processes at once, all else if it can."""
        self._workers.close()
        self._threads.close()
        wait(list(self._in_threads), LAST_STEP)
        if self._awaited:
            await self._awaited.aclose()

    async def _hand_over(self, job: Job, by_name: tuple[str, dict[str, Any]]) -> Outcome:
        """Play in a worker process here.

        When a worker process dies, it breaks off all episodes in such processes. So each is played
        again in a process of its own, which shows which episode was the cause.
        """
        for submit in (self._workers.submit, self._workers.submit_alone):
            try:
                return await self._await(submit(play_by_name, job, by_name))
            except BrokenExecutor as failure:
                if self._budget.reason is not None:
                    raise asyncio.CancelledError from failure
            except Exception as failure:
                return failed(job, one_line(failure))
        return failed(job, "the worker process ended while it played this episode, twice")

    async def _send_in_shares(self, executor: Executor, job: Job) -> Outcome:
        """Play on the executor, in one go per share of the limits that the episode needs.

        Each go makes at least one call; the next go begins with its replies.
        """
        while True:
            replies = self._models.recorded(job.agent_seed, job.repeat)
            share = await self._share() if self._source.models else Allowance()
            timed = msgspec.structs.replace(share, seconds=self._budget.seconds)
            spent: tuple[Spent, Spent] = ({}, {})
            try:
                outcome = await self._send(
                    executor, msgspec.structs.replace(job, allowance=timed, replies=replies)
                )
                spent = outcome.spent, outcome.largest
            finally:
                self._budget.give_back(share, *spent)
                self._returned.set()
            await self._models.keep(outcome.replies)
            if outcome.fault != NO_ALLOWANCE:
                return outcome

    async def _share(self) -> Allowance:
        """A share of the limits, as soon as there is room for one."""
        while (share := self._budget.lend(self._concurrency)) is None:
            self._returned.clear()
            await self._returned.wait()
        return share

    async def _send(self, executor: Executor, job: Job) -> Outcome:
        """Play on the executor.

        An episode that is lost is sent again: playing never raises, so the episode was not at
        fault. If it is lost again and again there is no worker left to play it, and the run stops.
        """
        source, by_name = self._source, self._source.reference
        how = (play_by_name, job, by_name) if by_name else (play_here, job, source)
        for _ in range(SENDINGS):
            try:
                sent = executor.submit(play_for, __version__, *how)
                outcome: Any = await self._await(sent)
                if isinstance(outcome, Outcome):
                    self._lost = 0
                    return outcome
                cause = f"{type(outcome).__name__} came back instead of an episode's outcome"
            except (Exception, asyncio.CancelledError) as failure:
                if self._budget.reason is not None or is_being_cancelled():
                    raise asyncio.CancelledError from failure
                cause = _cause(failure)
                if gave_up(failure):
                    return failed(job, cause)
        self._lost += 1
        if self._lost >= IN_A_ROW:
            self._budget.stop(
                f"{self._lost} episodes in a row were lost where they were sent, each of them "
                f"{SENDINGS} times, so that no one seems to play there any more: {cause}"
            )
        return failed(job, cause)

    async def _await(self, future: Future[Outcome]) -> Outcome:
        self._waiting.add(future)
        try:
            return await asyncio.wrap_future(future)
        finally:
            self._waiting.discard(future)


def _cause(failure: BaseException) -> str:
    if isinstance(failure, asyncio.CancelledError):
        return "the executor cancelled the episode, as Dask does when its scheduler is gone"
    return one_line(failure)
