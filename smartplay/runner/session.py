"""Plays the missing episodes of a run folder."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Coroutine
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from smartplay.agents.catalog import AgentSource
from smartplay.errors import UsageError
from smartplay.prices import Price
from smartplay.records import RunHeader, Usage
from smartplay.registry import get_card
from smartplay.run_folder import RunFolder
from smartplay.runner.episode import Job, Outcome
from smartplay.runner.limits import Limits, Watch
from smartplay.runner.plan import jobs_of
from smartplay.runner.schedule import play_all
from smartplay.runner.spread import Spread, processes_for

if TYPE_CHECKING:
    from smartplay.runner.progress import RunProgress

T = TypeVar("T")


class Session:
    """One go at a run, from taking it up to its end or a limit.

    Args:
        folder: Where it is kept, locked by the caller.
        header: What it plays.
        source: Who plays.
        executor: Where whole episodes are played, if not here.
    """

    def __init__(
        self, folder: RunFolder, header: RunHeader, source: AgentSource, executor: Executor | None
    ) -> None:
        self._folder, self._header, self._source = folder, header, source
        self._executor = executor
        self._prepare = getattr(source.factory, "prepare", None)
        self._spread: Spread | None = None
        self._unscored = 0

    def play(
        self,
        concurrency: int,
        limits: Limits,
        price: tuple[Price | None, str],
        episode_seconds: float | None,
        cache: Path | None,
        progress: bool | None,
    ) -> str | None:
        """Play what is missing.

        Args:
            concurrency: Episodes at once.
            limits: What it may cost.
            price: As `Limits.price` gives it.
            episode_seconds: Time an episode may take.
            cache: A file of a language model's replies.
            progress: Whether to show a progress bar; by default if someone is watching.

        Returns:
            Why it stopped before the end; None if it did not.

        Raises:
            UsageError: For a cache where it is of no use.
        """
        if cache is not None and (self._prepare is None or self._executor is not None):
            raise UsageError("a cache is for language models that are called from this process")
        records = self._folder.results(self._header)
        done = {(r.game, r.episode): r for r in records if r.status == "scored"}
        jobs = jobs_of(self._header)
        missing = [
            msgspec.structs.replace(job, seconds=episode_seconds)
            for job in jobs
            if (job.game, job.episode) not in done
        ]
        if not missing:
            self._folder.forget_replies()
            return None
        # What failed elsewhere left no replies behind: it was paid for and will be again.
        counted = self._folder.lines() if self._executor else done.values()
        paid = sum((record.usage - record.reused for record in counted), Usage())
        watch = Watch(limits, *price, paid)
        metered = self._prepare is not None and self._executor is None
        if self._prepare is not None and metered:
            watch.at_least(self._prepare(concurrency, watch, self._folder.replies, cache))
        from smartplay.runner.progress import RunProgress  # of no use to processes of a spread run

        shown = sys.stderr.isatty() if progress is None else progress
        self._spread = self._spread_out(concurrency, len(missing), cache) if metered else None
        pace = self._spread or (self._source.factory if metered else "")
        with RunProgress(len(jobs), len(done), shown, pace) as bar:
            run_to_end(self._play(missing, concurrency, watch, bar, metered))
        if watch.reason is None and not self._unscored:
            self._folder.forget_replies()
        return watch.reason

    async def _play(
        self, jobs: list[Job], concurrency: int, watch: Watch, bar: RunProgress, metered: bool
    ) -> None:
        def keep(outcome: Outcome) -> None:
            if outcome.fault and watch.reason is not None:
                return  # calls that failed with those that stopped the run: left for next time
            self._folder.add(outcome.record, outcome.trace)
            watch.episode(outcome)
            score = outcome.record.score
            self._unscored += score is None
            card = get_card(outcome.record.game)
            bar.episode(outcome, None if score is None else card.normalized(score))

        def tick(calls: int, usage: Usage) -> None:
            if calls and not metered:
                watch.spend(usage)
            bar.tick(calls, usage)

        try:
            if self._spread:
                await self._spread.play(jobs, keep, watch, tick)
            else:
                await play_all(jobs, self._source, concurrency, keep, watch, tick, self._executor)
        finally:
            await self._close()

    def _spread_out(self, concurrency: int, episodes: int, cache: Path | None) -> Spread | None:
        processes = processes_for(self._source, concurrency, episodes)
        return Spread(self._source, processes, concurrency, cache) if processes > 1 else None

    async def _close(self) -> None:
        close = getattr(self._source.factory, "aclose", None)
        if close is not None:
            await close()


def run_to_end(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine whether or not the caller (a notebook, say) runs an event loop already."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(coroutine)
    results: list[T] = []
    failures: list[BaseException] = []

    def body() -> None:
        try:
            results.append(asyncio.run(coroutine))
        except BaseException as failure:
            failures.append(failure)

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
    return results[0]
