"""One session of a run: plays the missing episodes of its folder, many at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from concurrent.futures import Executor, wait
from contextlib import ExitStack, suppress
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from smartplay.agents.catalog import AgentSource
from smartplay.core.errors import UsageError
from smartplay.core.garbage import rare_collections
from smartplay.core.guard import ending_within
from smartplay.games.registry import get_card
from smartplay.models.replies import Replies, Store
from smartplay.records import RunHeader, StepRecord
from smartplay.records.folder import RunFolder
from smartplay.records.prices import Price
from smartplay.runner.awaited import is_being_cancelled
from smartplay.runner.budget import Budget, Limits, earlier
from smartplay.runner.episode import BAD_REQUEST, Outcome, Stopped, failed, one_line
from smartplay.runner.jobs import Job, jobs_of
from smartplay.runner.live import LiveWriter
from smartplay.runner.places import Places
from smartplay.runner.progress import RunProgress, is_watched
from smartplay.runner.steady import SteadyLoop, interrupting
from smartplay.runner.streams import Stream, sweeps
from smartplay.runner.suite import Suite
from smartplay.runner.threads import in_thread

GRACE = 30.0
"""Seconds that a stopping run gives to calls under way, which are paid for anyway."""

LATE = 0.25
"""Seconds that it gives them when it stops because its time is over."""

BEAT = 0.2
"""Seconds after which Python wakes up to notice a Ctrl-C that came just before it began to wait."""

T = TypeVar("T")


def play_session(
    folder: RunFolder,
    header: RunHeader,
    source: AgentSource,
    *,
    concurrency: int,
    limits: Limits,
    prices: tuple[dict[str, Price], str],
    episode_seconds: float | None,
    cache: Path | None,
    executor: Executor | None,
    progress: bool | None,
    suite: Suite | None,
) -> str | None:
    """Play the missing episodes.

    Args:
        folder: Where the run is kept, locked by the caller.
        header: What it plays.
        source: Who plays.
        concurrency: Episodes at once.
        limits: What it may cost.
        prices: As `Limits.find_prices` gives them.
        episode_seconds: Time an episode may take.
        cache: A file of a language model's replies.
        executor: Where whole episodes are played, if not here.
        progress: Whether to show the run's progress; by default if someone is watching.
        suite: The private suite that the run plays.

    Returns:
        Why it stopped before the end; None if it did not.

    Raises:
        UsageError: If the agent refuses its settings.
    """
    lines = folder.lines()
    done = {record.key: record for record in folder.results(header) if record.status == "scored"}
    jobs = [msgspec.structs.replace(job, seconds=episode_seconds) for job in jobs_of(header, suite)]
    ahead = sweeps(header, jobs, source.learn, folder)
    first = next(ahead, [])
    if not first:
        folder.forget_replies()
        return None
    with ExitStack() as stack:
        stores = [stack.enter_context(Replies(folder.replies))] if source.models else []
        if cache is not None:
            stores.append(stack.enter_context(Replies(cache, shared=True)))
        uses = stores[0].uses() if stores else {}
        budget = Budget(limits, *prices, *earlier(lines, source.name, uses))
        for model in source.models.values():
            model.pace.set_most(concurrency)
        shown = is_watched() if progress is None else progress
        paces = [model.pace for model in source.models.values()]
        bar = stack.enter_context(RunProgress(header, done.values(), shown, budget, paces))
        live = LiveWriter(folder)
        stack.callback(live.close)
        session = _Session(folder, source, stores, budget, bar, live)
        with ending_within(budget.seconds), rare_collections():
            run_to_end(session.play(chain([first], ahead), concurrency, executor))
        budget.end()
    if budget.reason is None and not session.unscored:
        folder.forget_replies()
    return budget.reason


class _Session:
    """The episodes of one session, as they are played and kept."""

    def __init__(
        self,
        folder: RunFolder,
        source: AgentSource,
        stores: Sequence[Store],
        budget: Budget,
        bar: RunProgress,
        live: LiveWriter,
    ) -> None:
        self._folder, self._source, self._stores = folder, source, stores
        self._budget, self._bar, self._live = budget, bar, live
        self.unscored = 0

    async def play(
        self, sweeps: Iterable[list[Stream]], concurrency: int, executor: Executor | None
    ) -> None:
        """Play every stream, sweep after sweep, at most `concurrency` of them at once.

        Those of heavy games start first. When the run stops, episodes in this process end after
        their present step, without a result. If the executor can tell which whole episodes have
        begun, the run waits for these. It waits no longer than `GRACE`: an agent may be stuck.
        """
        loop = asyncio.get_running_loop()
        slots, entrance = asyncio.Semaphore(concurrency), asyncio.Lock()
        places = Places(self._source, self._stores, self._budget, concurrency, self._tick, executor)
        self._bar.elsewhere = lambda: places.worker_steps

        async def play(stream: Stream) -> None:
            while True:
                async with slots:
                    async with entrance:  # one by one, so that no first call waits for all games
                        await asyncio.sleep(0)
                    if self._budget.reason is not None or not await self._play_next(stream, places):
                        return

        tasks: list[asyncio.Future[None]] = []

        def light(stream: Stream) -> bool:
            return not get_card(stream.missing[0].game).heavy

        def wind_up() -> None:
            places.cancel_waiting()
            left = self._budget.seconds
            grace = GRACE if left is None else min(GRACE, max(0.0, left) + LATE)
            loop.call_later(grace, _cancel, tasks)

        try:
            with self._budget.calling_on_stop(wind_up):
                try:
                    for streams in sweeps:
                        ordered = sorted(streams, key=light)
                        begun = (_unless_stopped(play, s, self._budget) for s in ordered)
                        tasks[:] = map(asyncio.ensure_future, begun)
                        await asyncio.gather(*tasks)
                        if self._budget.reason is not None:
                            break
                except BaseException:
                    self._budget.stop("it was interrupted")  # ends threads no one waits for
                    raise
        finally:
            _cancel(tasks)
            places.cancel_waiting()
            await asyncio.gather(*tasks, return_exceptions=True)
            await places.aclose()

    async def _play_next(self, stream: Stream, places: Places) -> bool:
        """Play the next episode of a stream; returns whether there was one."""
        try:
            job = await self._next(stream)
        except BaseException as failure:
            if is_being_cancelled():
                raise
            self._keep(failed(stream.missing[0], f"learn: {one_line(failure)}", failure), stream)
            return False
        if job is None:
            return False
        self._bar.begin(job)
        outcome = await places.play(job)
        self._live.end(job)
        self._keep(outcome, stream)
        record = outcome.record
        self._bar.episode(
            record,
            steps=record.steps if places.on_executor else 0,
            calls=0 if places.plays_here(job) else record.calls,
        )
        return True

    async def _next(self, stream: Stream) -> Job | None:
        """The next episode of a stream; waits for the agent's `learn`, which may be stuck."""
        if self._source.learn is None or not stream.missing:
            return stream.next()
        learning = asyncio.wrap_future(in_thread(stream.next))
        return await asyncio.wait_for(learning, stream.missing[0].seconds)

    def _keep(self, outcome: Outcome, stream: Stream) -> None:
        if outcome.fault == BAD_REQUEST:
            refusal = UsageError((outcome.record.error or "").partition(": ")[2])
            refusal.add_note(outcome.record.traceback)
            raise refusal
        if outcome.fault and self._budget.reason is not None:
            return  # failed with the calls that stopped the run: left for the next session
        self._folder.add(outcome.record, outcome.trace)
        stream.add(outcome.record)
        self._budget.episode(outcome)
        self.unscored += outcome.record.score is None

    def _tick(self, job: Job, step: StepRecord) -> None:
        """Count a step that was played in this process; runs in the thread that played it."""
        self._live.step(job, step)
        calls = step.calls
        for call in calls:
            if not call.role:
                self._budget.spend(self._source.name, call.usage)
        self._bar.tick(len(calls))
        self._budget.check()


async def _unless_stopped(
    play: Callable[[Stream], Coroutine[Any, Any, None]], stream: Stream, budget: Budget
) -> None:
    try:
        await play(stream)  # not before, for an interrupt may come before this begins
    except Stopped:
        return
    except asyncio.CancelledError:
        if budget.reason is None:
            raise


def _cancel(tasks: Sequence[asyncio.Future[None]]) -> None:
    for task in tasks:
        task.cancel()


def run_to_end(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine whether or not the caller (a notebook, say) runs an event loop already.

    The first Ctrl-C cancels the coroutine; further ones change nothing, as it ends soon.
    """
    runner = asyncio.Runner(loop_factory=SteadyLoop)
    loop = runner.get_loop()
    task = loop.create_task(coroutine)

    async def end() -> T:
        while not task.done():
            await asyncio.wait([task], timeout=BEAT)
        return await task

    def body() -> T:
        with runner:
            return runner.run(end())

    def cancel() -> None:
        with suppress(RuntimeError):  # if the loop is closed
            loop.call_soon_threadsafe(task.cancel)

    with interrupting(cancel):
        if asyncio._get_running_loop() is None:
            return body()
        future = in_thread(body)
        try:
            while not wait([future], timeout=BEAT).done:
                pass
            return future.result()
        except BaseException:
            cancel()
            wait([future])
            raise
