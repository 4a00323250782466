"""Plays an agent over games and leaves a run folder behind."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from smartplay.agents.catalog import AgentSource, find_agent
from smartplay.errors import UsageError
from smartplay.records import EpisodeRecord, RunHeader
from smartplay.registry import get_card
from smartplay.run_folder import RunFolder
from smartplay.runner.episode import Outcome
from smartplay.runner.plan import (
    check_same_run,
    default_folder,
    jobs_of,
    plan_run,
    select_games,
)
from smartplay.runner.progress import RunProgress
from smartplay.runner.schedule import play_all

T = TypeVar("T")


class Run(NamedTuple):
    """A run that was played to its end.

    Attributes:
        path: Its folder.
        header: What was played.
        episodes: The finished episodes, by game and number.
    """

    path: Path
    header: RunHeader
    episodes: list[EpisodeRecord]

    @property
    def unscored(self) -> list[EpisodeRecord]:
        """Episodes that failed."""
        return [record for record in self.episodes if record.status == "unscored"]


def run(
    agent: str | Callable[..., Any],
    games: str = "core",
    *,
    episodes: int | None = None,
    steps: int | None = None,
    seed: int = 0,
    concurrency: int | None = None,
    out: str | Path | None = None,
    quick: bool = False,
    retries: int = 1,
    agent_settings: Mapping[str, Any] | None = None,
    game_settings: Mapping[str, Mapping[str, Any]] | None = None,
    executor: Executor | None = None,
    progress: bool | None = None,
) -> Run:
    """Play an agent over games; a folder that holds part of the same run is completed.

    Args:
        agent: A name as on the command line, a class made with `manual`, `actions` and `seed`, or
            a plain function from the prompt to the reply.
        games: `core`, `all`, families, ids and card files, joined by commas.
        episodes: Episodes per game; the card's number by default.
        steps: Step limit per episode; the card's by default.
        seed: The suite seed that every episode's seed is drawn from.
        concurrency: Episodes under way at once; by default what suits the agent.
        out: The run folder; by default one under `runs/` that the same run always gets.
        quick: Two episodes of at most 50 steps each.
        retries: How often an invalid reply is complained of before the card's fallback is played.
        agent_settings: Settings of the agent.
        game_settings: Settings of games, by name or family.
        executor: Where to play episodes of agents that do not wait for a service.
        progress: Whether to show a progress bar; by default if standard error is a terminal.

    Returns:
        The finished run; `unscored` lists the episodes that failed.

    Raises:
        UsageError: If something asked for does not exist or cannot be done.
    """
    if concurrency is not None and concurrency < 1:
        raise UsageError(f"concurrency must be 1 or more, not {concurrency}")
    source = find_agent(agent, dict(agent_settings or {}))
    header = plan_run(
        source,
        select_games(games),
        episodes=episodes,
        steps=steps,
        seed=seed,
        retries=retries,
        quick=quick,
        settings=game_settings or {},
        arguments={
            "agent": source.name,
            "games": games,
            "episodes": episodes,
            "steps": steps,
            "seed": seed,
            "concurrency": concurrency,
            "quick": quick,
            "retries": retries,
        },
    )
    folder = RunFolder(Path(out) if out is not None else default_folder(header))
    if folder.exists:
        check_same_run(folder.path, folder.header(), header)
        folder.mend()
        header = folder.header()
    else:
        folder.create(header)
    _play_missing(folder, header, source, concurrency or source.concurrency, executor, progress)
    return Run(folder.path, header, folder.results(header))


def _play_missing(
    folder: RunFolder,
    header: RunHeader,
    source: AgentSource,
    concurrency: int,
    executor: Executor | None,
    progress: bool | None,
) -> None:
    done = {(r.game, r.episode) for r in folder.results(header) if r.status == "scored"}
    jobs = jobs_of(header)
    missing = [job for job in jobs if (job.game, job.episode) not in done]
    if not missing:
        return
    shown = sys.stderr.isatty() if progress is None else progress
    with RunProgress(len(jobs), len(done), shown) as bar:

        def keep(outcome: Outcome) -> None:
            folder.add(*outcome)
            score = outcome.record.score
            card = get_card(outcome.record.game)
            bar.episode(outcome, None if score is None else card.normalized(score))

        async def play() -> None:
            try:
                await play_all(missing, source, concurrency, keep, bar.tick, executor)
            finally:
                close = getattr(source.factory, "aclose", None)
                if close is not None:
                    await close()

        _run_to_end(play())


def _run_to_end(coroutine: Coroutine[Any, Any, T]) -> T:
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
