"""Where episodes are checked: in this process, or in workers that are held on a short leash."""

from __future__ import annotations

import multiprocessing
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import lru_cache
from pathlib import Path

import msgspec

from smartplay.errors import RunFolderError
from smartplay.leaderboard.checks import Tally, check_claim, check_steps, check_sums
from smartplay.leaderboard.claims import Claim, make_claim, read_claims, read_steps
from smartplay.leaderboard.problems import Problem
from smartplay.leaderboard.replay import replay
from smartplay.records import EpisodeRecord, GameHeader
from smartplay.registry import get_card, register_cards
from smartplay.runner.pool import processors
from smartplay.runner.worker import end_with_parent

MEMORY = 8 * 2**30
SECONDS, SECONDS_PER_STEP = 120, 0.1

Checked = tuple[EpisodeRecord, list[Problem]]


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One episode to check; plain data, so it can be sent to another process.

    Attributes:
        path: The run folder.
        packed: Whether it holds claims instead of steps.
        plan: What the run played of the game.
        record: The episode's line.
        retries: How often the run complains of an invalid reply.
        cards: Card files of the caller's own.
        planned: Episodes of the game.
        limit: Seconds the check may take in a worker.
    """

    path: str
    packed: bool
    plan: GameHeader
    record: EpisodeRecord
    retries: int
    cards: list[str]
    planned: int
    limit: int


def time_limit(record: EpisodeRecord) -> int:
    """Seconds that are far more than an honest episode needs to be replayed."""
    return int(SECONDS + SECONDS_PER_STEP * record.steps)


def check_tasks(tasks: list[Task], workers: int | None) -> Iterator[Checked]:
    """Check episodes; those of heavy games, or of games with settings of the run's, in workers.

    A worker may take only so much time and memory: settings written by a stranger may ask for a
    world of any size.

    Args:
        tasks: The episodes, those of a game together.
        workers: How many processes; by default one per processor that may be used.

    Yields:
        Each episode's record with what is wrong with it.
    """
    for task in tasks:
        if not _apart(task):
            yield task.record, check_episode(task)
    heavy = [task for task in tasks if _apart(task)]
    if heavy:
        yield from _in_workers(heavy, workers or processors())


def _apart(task: Task) -> bool:
    return bool(get_card(task.record.game).heavy or task.plan.settings)


def _in_workers(tasks: list[Task], workers: int) -> Iterator[Checked]:
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(workers, len(tasks)), context, _hold)
    try:
        futures = [(task.record, pool.submit(check_episode, task, True)) for task in tasks]
        for record, future in futures:
            yield record, future.result()
    except BrokenProcessPool:
        what = "the replay took too much time or memory and was stopped"
        yield record, [Problem(what=what, game=record.game)]
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _hold() -> None:
    """Limit this worker's memory, and end it with its parent."""
    end_with_parent()
    if sys.platform != "win32":
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_AS)
        limit = MEMORY if most == resource.RLIM_INFINITY else min(MEMORY, most)
        resource.setrlimit(resource.RLIMIT_AS, (limit, most))


def check_episode(task: Task, on_a_leash: bool = False) -> list[Problem]:
    """Check one episode: its record, its steps, their replies, and all of it by replay.

    Args:
        task: The episode.
        on_a_leash: End this process if it takes far too long.
    """
    if on_a_leash and hasattr(signal, "alarm"):
        signal.alarm(task.limit)
    try:
        return _check(task)
    except RunFolderError as error:
        record = task.record
        return [Problem(what=str(error), game=record.game, episode=record.episode)]
    finally:
        if on_a_leash and hasattr(signal, "alarm"):
            signal.alarm(0)


def _check(task: Task) -> list[Problem]:
    for path in task.cards:
        register_cards(path)
    record = task.record
    problems = check_sums(record)
    if problems or (record.status == "unscored" and not record.steps):
        return problems
    card = get_card(record.game)
    claim, tally = _claim(task, problems)
    if not problems:
        problems += check_claim(claim, record, card, task.retries, tally)
    return problems or replay(card, task.plan, record, claim)


def _claim(task: Task, problems: list[Problem]) -> tuple[Claim, Tally | None]:
    path, record = Path(task.path), task.record
    if task.packed:
        return _packed(path, record, task.planned), None
    header, steps = read_steps(path, record.game, record.episode, record.steps)
    if (header.game, header.episode) != (record.game, record.episode):
        raise RunFolderError("the steps file is another episode's")
    tally = Tally()
    return make_claim(header, check_steps(header, steps, problems, tally)), tally


def _packed(path: Path, record: EpisodeRecord, planned: int) -> Claim:
    claim = _packed_game(path, record.game, planned).get(record.episode)
    if claim is None:
        raise RunFolderError("the episode's actions are missing")
    return claim


@lru_cache(maxsize=1)
def _packed_game(path: Path, game: str, planned: int) -> dict[int, Claim]:
    return read_claims(path, game, planned)
