"""Runs of agents that never come back from a reply: they end all the same, and so does Python."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

import smartplay
from smartplay.agents.catalog import find_agent
from smartplay.models.base import Model
from smartplay.runner import Limits
from smartplay.runner.awaited import AwaitedAgents
from smartplay.runner.jobs import Job
from smartplay.runner.worker import play_by_name, play_here
from tests.games import unique, write_game

STUCK = """
import os, time
from pathlib import Path

def stuck(prompt):
    place = Path(__file__).with_name(f"{os.getpid()}.begun")
    place.touch()
    time.sleep(200)
    return "1"
"""
WRAPPER = """
import sys
from smartplay.cli import main
from smartplay.runner import awaited
awaited.OVERTIME = 0.3
if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
"""
PATIENCE = 60  # seconds; a run that waits for its agent takes 200
STOPPED, SOME_UNSCORED, INTERRUPTED = 4, 3, 130
Starting = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def agent(tmp_path: Path) -> str:
    (tmp_path / "stuck.py").write_text(STUCK)
    return f"{tmp_path / 'stuck.py'}:stuck"


@pytest.fixture
def start(tmp_path: Path, agent: str) -> Iterator[Starting]:
    """Starts runs; ends those that are still there."""
    (tmp_path / "wrapper.py").write_text(WRAPPER)
    started = []

    def begin(games: str, *options: str) -> subprocess.Popen[str]:
        command = [sys.executable, str(tmp_path / "wrapper.py"), "run", agent, "--games", games]
        command += ["--episodes", "2", "--out", str(tmp_path / "run"), *options]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def game(folder: Path, heavy: bool) -> str:
    """A game that is played in threads or in worker processes."""
    return str(write_game(folder, heavy=True, name=unique(folder))) if heavy else "Hanoi3Disk"


def begun(folder: Path) -> list[int]:
    """Wait until the agent is stuck; the processes in which it is."""
    deadline = time.monotonic() + PATIENCE
    while not (found := list(folder.glob("*.begun"))):
        assert time.monotonic() < deadline, "nothing was played"
        time.sleep(0.02)
    return [int(path.stem) for path in found]


def is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.slow
@pytest.mark.parametrize("heavy", [False, True], ids=["thread", "process"])
@pytest.mark.parametrize(
    ("option", "code", "words"),
    [
        ("--max-time", STOPPED, "the 1 seconds it was given are over"),
        ("--episode-timeout", SOME_UNSCORED, "2 of 2 episodes are unscored"),
    ],
)
def test_time_limits_end_a_run_that_is_stuck(
    option: str, code: int, words: str, heavy: bool, start: Starting, tmp_path: Path
) -> None:
    process = start(game(tmp_path, heavy), option, "1")
    _, told = process.communicate(timeout=PATIENCE)
    assert process.returncode == code, told
    assert words in told


@pytest.mark.slow
@pytest.mark.parametrize("heavy", [False, True], ids=["thread", "process"])
def test_an_interrupt_ends_a_run_that_is_stuck(
    heavy: bool, start: Starting, tmp_path: Path
) -> None:
    process = start(game(tmp_path, heavy))
    players = begun(tmp_path)
    assert (process.pid in players) is not heavy
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=PATIENCE)
    assert process.returncode == INTERRUPTED, told
    assert "Traceback" not in told
    assert not any(map(is_there, players)), "a worker outlives its run"


@pytest.mark.slow
def test_worker_processes_that_are_stuck_are_ended(agent: str, tmp_path: Path) -> None:
    run = smartplay.run(
        agent,
        game(tmp_path, True),
        episodes=3,
        concurrency=1,
        out=tmp_path / "run",
        limits=Limits(seconds=4),
    )
    assert run.stopped == "the 4 seconds it was given are over"
    assert run.episodes == []
    assert not any(is_there(int(path.stem)) for path in tmp_path.glob("*.begun"))


def test_episodes_after_one_that_is_stuck_are_played(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smartplay.runner.awaited.OVERTIME", 0.1)
    go = threading.Event()
    seeds: list[int] = []

    class Sometimes:
        def __init__(self, manual: str, actions: list[str], seed: int) -> None:
            self.stuck = not seeds
            seeds.append(seed)

        def act(self, observation: str) -> int:
            if self.stuck:
                go.wait(100)
            return 0

    options: dict[str, Any] = {"episodes": 4, "steps": 3, "concurrency": 1}
    began = time.monotonic()
    run = smartplay.run(
        Sometimes, "Hanoi3Disk", out=tmp_path / "run", episode_seconds=0.5, **options
    )
    assert time.monotonic() - began < 30
    assert [record.status for record in run.episodes] == ["unscored"] + ["scored"] * 3
    assert run.episodes[0].error == "the episode took longer than 0.5 seconds"
    go.set()


@pytest.mark.slow
@pytest.mark.parametrize("given_up", [False, True])
def test_an_agent_whose_episode_is_over_holds_up_no_other(
    given_up: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smartplay.runner.awaited.OVERTIME", 0.1)
    go, agents = threading.Event(), list[Any]()

    async def block() -> None:
        await asyncio.sleep(0.7)  # until nobody waits for the episode any more
        go.wait(100)

    class Late:
        def __init__(self, manual: str, actions: list[str], seed: int) -> None:
            agents.append(self)
            self.bad = len(agents) == 1

        async def act(self, observation: str) -> int:
            if self.bad and given_up:
                try:
                    await asyncio.sleep(100)
                except asyncio.CancelledError:
                    await block()
            elif self.bad and not hasattr(self, "task"):
                self.task = asyncio.ensure_future(block())
            await asyncio.sleep(0.1)
            return 0

    waking = threading.Timer(20, go.set)
    waking.start()
    run = smartplay.run(
        Late, "Hanoi3Disk", episodes=8, steps=4, concurrency=2, episode_seconds=0.6,
        out=tmp_path / "run",
    )  # fmt: skip
    assert not go.is_set(), "the run waited for it"
    assert len(run.unscored) == given_up
    waking.cancel()
    go.set()


def test_an_executors_worker_gives_a_stuck_episode_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smartplay.runner.awaited.OVERTIME", 0.1)
    go = threading.Event()

    async def waiting(prompt: str) -> str:
        go.wait(100)  # an agent that should await, but does not
        return "1"

    job = Job(
        game="smartplay/Hanoi3Disk-v0", card="", settings={}, steps=3, episode=0, seed=0,
        agent_seed=0, retries=0, seconds=0.1,
    )  # fmt: skip
    record = play_here(job, find_agent(waiting, {})).record
    assert (record.status, record.error) == ("unscored", "the episode took longer than 0.1 seconds")
    go.set()


@pytest.mark.skipif(sys.platform == "win32", reason="processes are not forked there")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_plays_although_its_parent_played_on_threads(tmp_path: Path) -> None:
    agent = tmp_path / "awaited.py"
    agent.write_text("async def agent(prompt):\n    return '1'\n")
    job = Job(
        game="smartplay/Hanoi3Disk-v0", card="", settings={}, steps=3, episode=0, seed=0,
        agent_seed=0, retries=0,
    )  # fmt: skip
    reference = (f"{agent}:agent", dict[str, Any]())
    assert play_by_name(job, reference).record.status == "scored"
    child = multiprocessing.get_context("fork").Process(target=play_by_name, args=(job, reference))
    child.start()
    child.join(20)
    child.kill()  # one that hangs
    child.join()
    assert child.exitcode == 0


def test_a_model_that_does_not_close_leaves_no_task_suspended() -> None:
    class Slow:
        async def aclose(self) -> None:
            await asyncio.sleep(60)

    agents = AwaitedAgents()
    loop = agents._loop
    loop._models[0] = {}, {"slow": cast(Model, Slow())}
    asyncio.run(agents.aclose())
    assert not asyncio.all_tasks(loop._loop), "it would complain when Python ends"


BEHIND_AN_AMPERSAND = """
import time
from smartplay.core import guard

guard.AFTER_INTERRUPT = 0.0

def call():
    print("begun", flush=True)
    time.sleep(0.3)
    return 0

raise SystemExit(guard.guarded(call))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no process guards")
def test_an_interrupt_that_the_shell_has_ignored_ends_nothing() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", BEHIND_AN_AMPERSAND],
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )
    assert process.stdout
    assert process.stdout.readline() == "begun\n"
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 0
    process.stdout.close()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no process guards")
def test_a_run_that_is_terminated_gives_the_cursor_back() -> None:
    ours, its = os.openpty()
    command = [sys.executable, "-c", BEHIND_AN_AMPERSAND]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=its) as process:
        assert process.stdout
        process.stdout.readline()
        process.terminate()
    os.close(its)
    assert process.returncode == -signal.SIGTERM
    assert b"\x1b[?25h" in os.read(ours, 1000)
    os.close(ours)


KILLED_WITH_WORKERS = """
import os, signal, sys
from smartplay.runner.pool import WorkerPool

pool = WorkerPool(1)
pool.submit(os.getpid).result()
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there, nothing tracks semaphores")
def test_the_semaphores_of_a_killed_run_are_freed_without_a_word() -> None:
    told = subprocess.run(
        [sys.executable, "-c", KILLED_WITH_WORKERS], capture_output=True, text=True, timeout=60
    )
    assert told.stderr == ""
