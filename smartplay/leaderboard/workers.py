"""Checks episodes in this process, or in workers with tight limits on time and memory."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Future
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from smartplay.core.errors import RunFolderError
from smartplay.games.registry import get_card, register_cards
from smartplay.leaderboard.checks import (
    Problem,
    Tally,
    check_claim,
    check_steps,
    compare_with_replay,
    problem_of,
)
from smartplay.leaderboard.claims import Claim, make_claim, read_claims
from smartplay.records import EpisodeRecord, GameHeader, StepRecord
from smartplay.records.folder import RunFolder
from smartplay.runner.pool import WorkerPool, begin_worker, processors

MEMORY = 8 * 2**30
SECONDS, SECONDS_PER_STEP = 120, 0.1

Checked = tuple[EpisodeRecord, list[Problem]]


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One episode to check; plain data, so it can be sent to another process.

    Attributes:
        path: The run folder.
        plan: How the run played the game.
        record: The episode's line.
        retries: How often the agent is asked again after an invalid reply.
        cards: Card files of the caller's own.
        planned: Episodes of the game, repeats counted.
        limit: Seconds the check may take in a worker.
        replies: Whether to check that each reply means what is recorded of it.
        digests: Whether a packed claim must hold a digest of the replies.
        seed: The seed of the world; None if it is secret, so that no replay is possible.
    """

    path: str
    plan: GameHeader
    record: EpisodeRecord
    retries: int
    cards: list[str]
    planned: int
    limit: int
    replies: bool
    digests: bool
    seed: int | None


def time_limit(record: EpisodeRecord) -> int:
    """Far more seconds than the replay of an honest episode needs."""
    return int(SECONDS + SECONDS_PER_STEP * record.steps)


def check_tasks(tasks: list[Task], workers: int | None) -> Iterator[Checked]:
    """Check episodes; workers check games whose settings the run has changed, and heavy ones.

    A worker has limits on time and memory: untrusted settings may ask for a world of any size.
    Heavy games only gain by several workers; one alone would cost its start.

    Args:
        tasks: The episodes, those of a game together.
        workers: How many processes; by default one per processor that may be used.

    Yields:
        Each episode's record with what is wrong with it.
    """
    _claims.cache_clear()  # an entry may have changed since
    workers = workers or processors()
    here: list[Task] = []
    apart: list[Task] = []
    for task in tasks:
        (apart if _apart(task, workers) else here).append(task)
    for task in here:
        yield task.record, check_episode(task)
    if apart:
        yield from _in_workers(apart, workers)


def _apart(task: Task, workers: int) -> bool:
    harmless = {"attempts", "again"}  # games make few of them
    if task.record.level:
        harmless.add("level")  # one of the card's levels, as was checked before
    heavy = workers > 1 and get_card(task.record.game).heavy
    return bool(heavy or task.plan.settings.keys() - harmless)


def _in_workers(tasks: list[Task], workers: int) -> Iterator[Checked]:
    """Check episodes in workers; the first episode that breaks a separate worker ends the check."""
    pool = WorkerPool(min(workers, len(tasks)), _hold)
    try:
        futures = [pool.submit(check_episode, task, True) for task in tasks]
        for task, future in zip(tasks, futures, strict=True):
            try:
                problems = _result(pool, task, future)
            except BrokenExecutor:
                what = "the replay took too much time or memory and was stopped"
                yield task.record, [problem_of(task.record, what)]
                return
            yield task.record, problems
    finally:
        pool.close()


def _result(pool: WorkerPool, task: Task, future: Future[list[Problem]]) -> list[Problem]:
    """The result of a check; if a worker broke, repeat it alone to see which episode broke it."""
    try:
        return future.result()
    except BrokenExecutor:
        return pool.submit_alone(check_episode, task, True).result()


def _hold(steps: Any, place: str) -> None:
    """Begin a worker whose memory is limited."""
    begin_worker(steps, place)
    if sys.platform != "win32":
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_AS)
        limit = MEMORY if most == resource.RLIM_INFINITY else min(MEMORY, most)
        resource.setrlimit(resource.RLIMIT_AS, (limit, most))


def check_episode(task: Task, on_a_leash: bool = False) -> list[Problem]:
    """Check one episode: its record, steps and replies, and all of it by replay.

    Args:
        task: The episode.
        on_a_leash: End this process if it takes far too long.
    """
    if on_a_leash and hasattr(signal, "alarm"):
        signal.alarm(task.limit)
    try:
        return _check(task)
    except RunFolderError as error:
        return [problem_of(task.record, str(error))]
    finally:
        if on_a_leash and hasattr(signal, "alarm"):
            signal.alarm(0)


def _check(task: Task) -> list[Problem]:
    for path in task.cards:
        register_cards(path)
    record = task.record
    problems: list[Problem] = []
    if record.status == "unscored" and not record.steps:
        return problems
    card = get_card(record.game)
    claim, tally = _claim(task, problems)
    if not problems:
        problems += check_claim(claim, record, card, task.retries, tally)
    if problems or task.seed is None:
        return problems
    return compare_with_replay(task.plan, record, claim, task.seed)


def _claim(task: Task, problems: list[Problem]) -> tuple[Claim, Tally | None]:
    folder, record = _folder(task.path), task.record
    if folder.is_packed:
        claim = _claims(task.path, record.game, task.planned).get((record.episode, record.repeat))
        if claim is None:
            raise RunFolderError("the episode's actions are missing")
        if task.digests and not claim.replies:
            problems.append(problem_of(record, "the digest of its replies is missing"))
        return claim, None
    header, steps = folder.stream(record.key, record.steps, StepRecord)
    tally = Tally()
    return make_claim(header, check_steps(header, steps, problems, tally, task.replies)), tally


@lru_cache(maxsize=1)
def _folder(path: str) -> RunFolder:
    """The folder of the episodes to check, which remembers where their steps are."""
    return RunFolder(Path(path))


@lru_cache(maxsize=1)
def _claims(path: str, game: str, planned: int) -> dict[tuple[int, int], Claim]:
    return read_claims(_folder(path), game, planned)
