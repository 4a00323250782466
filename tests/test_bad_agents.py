"""Whatever an agent does, its run ends in time, in order and with a word."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest

import smartplay
from smartplay.records.folder import RunFolder
from tests.bad_agents import AGENTS, KILLED, SCORED, STUCK, TOP, UNSCORED, complaint, start
from tests.raw_server import RawServer, Step, http

PATIENCE = 30.0  # seconds that a busy machine may take over a run that ends in about one
BAD = {bad.name: bad for bad in AGENTS}
FEW_STUCK = [
    "sleeps, awaited",
    "swallows its cancellation, awaited",
    "never gives way in a task, awaited",
    "lets nothing else run",
]
ALL = """
import sys
from pathlib import Path
import smartplay
from tests import bad_agents

folder = Path(sys.argv[1])
for number, bad in enumerate(bad_agents.AGENTS):
    if bad.end in (bad_agents.SCORED, bad_agents.UNSCORED):
        own = folder / str(number)
        own.mkdir()
        (own / "bad.py").write_text(bad.source)
        agent = f"{own / 'bad.py'}:Agent"
        smartplay.run(agent, "Hanoi3Disk", episodes=2, steps=2, out=own / "run", progress=False)
import os
os._exit(0)
"""


only_linux = pytest.mark.skipif(sys.platform != "linux", reason="no process watches there")


def test_there_is_one_of_each_kind() -> None:
    assert len(BAD) == len(AGENTS) >= 48
    assert {bad.end for bad in AGENTS} == {SCORED, UNSCORED, STUCK, KILLED}


@pytest.mark.slow
def test_what_an_agent_does_costs_its_own_episodes_at_most(tmp_path: Path) -> None:
    """All those that end by themselves, one after the other in one process, as in a notebook."""
    done = subprocess.run(
        [sys.executable, "-c", ALL, str(tmp_path)], capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stderr[-2000:]
    ended = {n: bad for n, bad in enumerate(AGENTS) if bad.end in (SCORED, UNSCORED)}
    for number, bad in ended.items():
        code = 3 if bad.end == UNSCORED else 0
        assert not complaint(bad, tmp_path / str(number), code, ""), bad.name
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@only_linux
@pytest.mark.parametrize("name", FEW_STUCK)
def test_a_run_ends_with_its_time(name: str, tmp_path: Path) -> None:
    began = time.monotonic()
    process = start(BAD[name], tmp_path, "--max-time", "1")
    _, told = process.communicate(timeout=PATIENCE)
    assert not complaint(BAD[name], tmp_path, process.returncode, told)
    assert "the same command goes on" in told
    assert time.monotonic() - began < PATIENCE


@pytest.mark.slow
@only_linux
@pytest.mark.parametrize("name", FEW_STUCK)
def test_the_first_interrupt_ends_a_run(name: str, tmp_path: Path) -> None:
    bad = BAD[name]
    mark = tmp_path / "begun"
    act = "def act(self, observation):\n"
    source = bad.source.replace(act, f"{act}        open({str(mark)!r}, 'w').close()\n", 1)
    process = start(bad._replace(source=source), tmp_path)
    deadline = time.monotonic() + PATIENCE
    while not mark.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, told
    assert told.count("\n") == 1
    assert "the same command" in told


NO_GUARD = """
import sys
from types import SimpleNamespace
from smartplay.cli import main
from smartplay.core import guard

guard.sys = SimpleNamespace(platform="darwin")
sys.exit(main())
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["never gives way, awaited", "lets nothing else run"])
def test_a_run_ends_with_its_time_where_no_process_watches(name: str, tmp_path: Path) -> None:
    bad, began = BAD[name], time.monotonic()
    (tmp_path / "bad.py").write_text(bad.source)
    command = ["run", f"{tmp_path / 'bad.py'}:Agent", "--games", "Hanoi3Disk", "--max-time", "1"]
    done = subprocess.run(
        [sys.executable, "-c", NO_GUARD, *command, "--out", str(tmp_path / "run")],
        capture_output=True, text=True, timeout=PATIENCE,
    )  # fmt: skip
    assert time.monotonic() - began < PATIENCE
    if name == "lets nothing else run":
        assert done.returncode == 1
        assert f'"{tmp_path / "bad.py"}", line' in done.stderr, "it does not say where it was stuck"
    else:
        assert done.returncode == 4
        assert "Traceback" not in done.stderr
    assert RunFolder(tmp_path / "run").episodes() == []


@pytest.mark.slow
@only_linux
@pytest.mark.parametrize("name", ["ends the process", "crashes the process, awaited"])
def test_an_agent_that_ends_the_process_is_told_of(name: str, tmp_path: Path) -> None:
    process = start(BAD[name], tmp_path)
    _, told = process.communicate(timeout=PATIENCE)
    assert not complaint(BAD[name], tmp_path, process.returncode, told)
    assert told.count("\n") == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["sleeps", "swallows its cancellation", "never gives way in a task"]
)
def test_one_that_is_stuck_costs_no_other_episode(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that share its loop are played again on another."""
    monkeypatch.setattr("smartplay.runner.awaited.OVERTIME", 0.2)
    acting = BAD[f"{name}, awaited"].source.partition("observation):\n")[2]
    lines = "\n".join(f"    {line}" for line in acting.splitlines()).replace("300", "5")
    source = f"""{TOP}
class Agent(Base):
    async def act(self, observation):
        await asyncio.sleep(0.01)
        if self.seed % 3 == 0:
{lines}
        return self.first
"""
    (tmp_path / "some.py").write_text(source)
    run = smartplay.run(
        f"{tmp_path / 'some.py'}:Agent", "Hanoi3Disk", episodes=8, steps=2, concurrency=4,
        episode_seconds=1.0, out=tmp_path / "run",
    )  # fmt: skip
    stuck = [record for record in run.episodes if record.agent_seed % 3 == 0]
    assert 0 < len(stuck) < 8
    assert run.unscored == stuck
    assert {record.error for record in stuck} == {"the episode took longer than 1 seconds"}


def test_time_is_over_in_a_notebook_too(tmp_path: Path) -> None:
    """The call returns, whatever is still stuck in this process."""

    async def agent(prompt: str) -> str:
        time.sleep(10)
        return "1"

    began = time.monotonic()
    limits = smartplay.Limits(seconds=0.5)
    run = smartplay.run(agent, "Hanoi3Disk", episodes=3, limits=limits, out=tmp_path / "run")
    assert time.monotonic() - began < 8
    assert run.stopped == "the 0.5 seconds it was given are over"
    assert RunFolder(run.path).episodes() == []


def drip() -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n"
    while True:
        time.sleep(0.05)
        yield b" "


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param([300.0], id="silent"),
        *(
            pytest.param(steps, id=name, marks=pytest.mark.slow)
            for name, steps in {
                "silent after its head": [http(200, b"", length=9999), 300.0],
                "dripping": [drip],
                "silent within its head": [b"HTTP", 300.0],
            }.items()
        ),
    ],
)
def test_time_is_over_whatever_the_service_does(answer: list[Step], tmp_path: Path) -> None:
    with RawServer() as server:
        server.next = answer
        began = time.monotonic()
        run = smartplay.run(
            "openai:x", "Hanoi3Disk", episodes=4, out=tmp_path / "run",
            agent_settings={"base_url": server.url}, limits=smartplay.Limits(seconds=1.0),
        )  # fmt: skip
        assert time.monotonic() - began < 10
    assert run.stopped == "the 1 seconds it was given are over"
    assert run.episodes == []


@pytest.mark.slow
@pytest.mark.parametrize("pool", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_time_is_over_on_an_executor_too(pool: type[Executor], tmp_path: Path) -> None:
    """What is played there ends between two steps and brings its replies along."""
    (tmp_path / "slow.py").write_text(
        "import time\n\ndef agent(prompt):\n    time.sleep(0.05)\n    return '1'\n"
    )
    with pool() as executor:
        began = time.monotonic()
        run = smartplay.run(
            f"{tmp_path / 'slow.py'}:agent", "BanditTwoArmedHighLowFixed", episodes=50,
            concurrency=2, out=tmp_path / "run", limits=smartplay.Limits(seconds=3.0),
            executor=executor,
        )  # fmt: skip
        assert time.monotonic() - began < 20
    assert run.stopped == "the 3 seconds it was given are over"
    assert not run.unscored
