"""How many episodes are under way, and what becomes of those that get lost on an executor."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest

import smartplay
from smartplay.agents.catalog import AgentSource, find_agent
from smartplay.core.errors import UsageError
from smartplay.records.folder import RunFolder
from smartplay.results import Run
from smartplay.runner import Limits
from smartplay.runner.budget import IN_A_ROW, Budget
from smartplay.runner.jobs import Job
from smartplay.runner.live import LiveWriter
from smartplay.runner.places import SENDINGS, suits
from smartplay.runner.plan import plan_run, select_games
from smartplay.runner.progress import RunProgress
from smartplay.runner.session import _Session
from smartplay.runner.streams import streams_of
from smartplay.runner.threads import Threads, in_thread
from smartplay.runner.worker import play_for
from tests.games import write_game

HANOI = "smartplay/Hanoi3Disk-v0"
CRAFTER = "smartplay/Crafter-v0"


class Faulty(Executor):
    """Does something else than playing, as often as it is told."""

    def __init__(self, fault: Callable[[Future[Any]], Any], times: int) -> None:
        self.fault, self.times, self.sent = fault, times, 0

    def submit(self, function: Any, /, *arguments: Any, **options: Any) -> Future[Any]:
        self.sent += 1
        if self.sent > self.times:
            return in_thread(function, *arguments)
        future: Future[Any] = Future()
        self.fault(future)
        return future


class KilledWorker(Exception):  # noqa: N818 (Dask's name)
    """As Dask has it."""


def cancel(future: Future[Any]) -> None:
    future.cancel()


def fail_as_cancelled(future: Future[Any]) -> None:
    future.set_exception(CancelledError())


def lose(future: Future[Any]) -> None:
    raise RuntimeError("lost on the way")


def give_nothing(future: Future[Any]) -> None:
    future.set_result(None)


def kill(future: Future[Any]) -> None:
    future.set_exception(KilledWorker("it died four times"))


def play(executor: Executor, out: Path, episodes: int = 1) -> Run:
    return smartplay.run(
        "random", HANOI, episodes=episodes, steps=3, executor=executor, concurrency=1, out=out
    )


@pytest.mark.parametrize("fault", [cancel, fail_as_cancelled, lose, give_nothing])
def test_an_episode_that_did_not_come_back_is_sent_again(fault: Any, tmp_path: Path) -> None:
    run = play(Faulty(fault, SENDINGS - 1), tmp_path / "run")
    assert (run.stopped, run.unscored) == (None, [])


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        (cancel, "the executor cancelled the episode"),
        (fail_as_cancelled, "the executor cancelled the episode"),
        (lose, "lost on the way"),
        (give_nothing, "NoneType came back instead of an episode's outcome"),
    ],
)
def test_an_episode_that_never_comes_back_is_unscored(
    fault: Any, cause: str, tmp_path: Path
) -> None:
    run = play(Faulty(fault, SENDINGS), tmp_path / "run", episodes=2)
    assert [record.status for record in run.episodes] == ["unscored", "scored"]
    assert cause in str(run.episodes[0].error)


def test_a_run_stops_when_no_one_is_left_to_play(tmp_path: Path) -> None:
    executor = Faulty(cancel, 1000)
    run = play(executor, tmp_path / "run", episodes=50)
    assert run.stopped is not None
    assert "no one seems to play there any more: the executor cancelled" in run.stopped
    assert executor.sent == IN_A_ROW * SENDINGS, "the rest was sent to no one"
    again = play(Faulty(cancel, 0), tmp_path / "run", episodes=50)
    assert (again.stopped, again.unscored, len(again.episodes)) == (None, [], 50)


def test_an_episode_that_killed_its_workers_is_not_sent_again(tmp_path: Path) -> None:
    executor = Faulty(kill, 1)
    run = play(executor, tmp_path / "run")
    assert executor.sent == 1
    assert [record.error for record in run.unscored] == ["KilledWorker: it died four times"]


def test_a_worker_of_another_version_plays_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="install the same version everywhere"):
        play_for("0.0.0", lambda: pytest.fail("it played"))
    monkeypatch.setattr("smartplay.runner.places.__version__", "0.0.0")
    run = play(Faulty(cancel, 0), tmp_path / "run")
    assert "the run has 0.0.0; install the same version" in str(run.unscored[0].error)


# How many at once


def test_a_thread_is_used_again_unless_it_is_stuck() -> None:
    threads, go = Threads(), threading.Event()
    first, second = (threads.submit(threading.get_ident).result(10) for _ in range(2))
    assert first == second
    stuck = threads.submit(go.wait, 100)
    assert threads.submit(threading.get_ident).result(10), "it waits for the stuck one"
    assert not stuck.done()
    go.set()
    assert stuck.result(10)
    threads.close()


def test_a_call_that_fails_in_a_thread() -> None:
    with pytest.raises(SystemExit):
        in_thread(sys.exit).result(10)


async def waiting(prompt: str) -> str:
    return "1"


class Serving:
    """A model that serves so many at once."""

    def __init__(self, concurrency: int) -> None:
        self.concurrency = concurrency


def named(agent: Any, *models: Any) -> AgentSource:
    return msgspec.structs.replace(
        find_agent(agent, {}),
        reference=("its name", {}),
        models={f"role {number}": model for number, model in enumerate(models)},
    )


@pytest.mark.parametrize(
    ("source", "games", "expected"),
    [
        (named("random"), [HANOI, CRAFTER], 12),
        (named("random"), [HANOI], 8),
        (find_agent(lambda prompt: "1", {}), [CRAFTER], 8),
        (named(waiting), [CRAFTER], 8),
        (named(waiting, Serving(3)), [CRAFTER], 3),
        (named(waiting, Serving(128), Serving(5)), [HANOI], 5),
        (named(waiting, Serving(128)), [HANOI], 128),
    ],
    ids=["heavy", "light", "no name", "waiting", "its model", "the least of its models", "many"],
)
def test_as_many_at_once_as_suit(
    source: AgentSource, games: list[str], expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smartplay.runner.places.processors", lambda: 12)
    assert suits(source, games) == expected
    monkeypatch.setattr("smartplay.runner.places.processors", lambda: 2)
    assert suits(source, games) == (expected if source.models else min(expected, 8))


@pytest.mark.slow
@pytest.mark.parametrize(("concurrency", "processes"), [(None, 12), (5, 5)])
def test_heavy_games_use_all_processors(
    concurrency: int | None, processes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[int] = []

    class Threads(ThreadPoolExecutor):
        """Stands for the worker processes, which would take long to start."""

        _processes: dict[int, Any] = {}

        def __init__(self, most: int, **options: Any) -> None:
            opened.append(most)
            super().__init__(1)

    monkeypatch.setattr("smartplay.runner.places.processors", lambda: 12)
    monkeypatch.setattr("smartplay.runner.pool.ProcessPoolExecutor", Threads)
    game = str(write_game(tmp_path, heavy=True))
    run = smartplay.run(
        "random", game, episodes=2, steps=2, concurrency=concurrency, out=tmp_path / "run"
    )
    assert not run.unscored, run.unscored[0].error
    assert opened == [processes]


def no_steps(key: Any) -> Any:
    raise AssertionError("no episode is finished")


def test_an_interrupt_before_the_first_step_leaves_nothing_behind(tmp_path: Path) -> None:
    """No coroutine that nobody awaits: warnings are errors here."""
    source = find_agent("random", {})
    budget = Budget(Limits())
    rest: dict[str, Any] = {"card": "", "settings": {}, "steps": 3, "retries": 0}
    jobs = [Job(game=HANOI, episode=k, seed=k, agent_seed=k, **rest) for k in range(3)]
    streams = streams_of(jobs, None, {}, no_steps)
    plan = plan_run(
        source, select_games(HANOI), episodes=3, steps=3, seed=0, retries=0, quick=False,
        settings={}, arguments={},
    )  # fmt: skip

    async def body() -> None:
        with RunProgress(plan, [], False, budget) as bar:
            session = _Session(
                RunFolder(tmp_path), source, [], budget, bar, LiveWriter(RunFolder(tmp_path))
            )
            playing = asyncio.ensure_future(session.play([streams], 2, None))
            await asyncio.sleep(0)  # it has made its tasks, and none of them has begun
            playing.cancel()
            with pytest.raises(asyncio.CancelledError):
                await playing

    asyncio.run(body())
    gc.collect()
    assert list(tmp_path.iterdir()) == []
