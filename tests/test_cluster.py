"""A cluster of real worker processes on this machine, one of which dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import smartplay
from smartplay.core.errors import MissingPackageError, UsageError
from tests.fake_server import FakeServer
from tests.faults import choose, play, untimed

pytestmark = [
    pytest.mark.skipif(find_spec("distributed") is None, reason="distributed is not installed"),
    pytest.mark.filterwarnings("ignore"),  # Dask's own
]

SLOW = """
import os, time

class Slow:
    def __init__(self, manual, actions, seed):
        self.actions, self.seed, self.steps = actions, seed, 0

    def act(self, observation):
        time.sleep(0.01)
        self.steps += 1
        return self.actions[(self.seed + self.steps) % len(self.actions)]
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import distributed

        with distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=2,
            processes=True,
            dashboard_address=None,
            host="127.0.0.1",
        ) as found:
            yield found


def wait_for_results(out: Path) -> None:
    lines = out / "episodes.jsonl"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if lines.exists() and lines.read_bytes().count(b"\n") >= 2:
            break
        time.sleep(0.01)


def kill_one(cluster: Any, out: Path) -> int:
    """Kill a worker once the run has results."""
    wait_for_results(out)
    pid = next(iter(cluster.workers.values())).pid
    assert pid != os.getpid()
    os.kill(pid, signal.SIGKILL)
    return int(pid)


@pytest.mark.slow
def test_a_run_survives_the_death_of_a_worker(cluster: Any, tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    agent = f"{tmp_path / 'slow.py'}:Slow"
    options: dict[str, Any] = {"episodes": 12, "steps": 15, "progress": False}
    games = "BanditTwoArmedHighLowFixed,Hanoi3Disk"
    expected = smartplay.run(agent, games, out=tmp_path / "here", **options)
    killing = threading.Thread(target=kill_one, args=(cluster, tmp_path / "there"))
    killing.start()
    address = cluster.scheduler_address
    run = smartplay.run(agent, games, out=tmp_path / "there", cluster=address, **options)
    killing.join()
    assert not run.unscored, run.unscored[0].error
    assert [untimed(r) for r in run.episodes] == [untimed(r) for r in expected.episodes]
    lines = (tmp_path / "there" / "episodes.jsonl").read_bytes().splitlines()
    assert len(lines) == 24, "an episode was counted twice"


@pytest.mark.slow
def test_language_models_are_played_by_workers(cluster: Any, tmp_path: Path) -> None:
    with FakeServer() as server:
        server.answer(choose)
        expected = play(server, tmp_path / "here", 80)
        run = play(server, tmp_path / "there", 80, cluster=cluster.scheduler_address)
        assert len(server.requests) == 160
    assert [untimed(r) for r in run.episodes] == [untimed(r) for r in expected.episodes]


@pytest.mark.slow
def test_the_command_plays_on_a_cluster(cluster: Any, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "smartplay", "run", "random", "--games", "Hanoi3Disk"]
    command += ["--cluster", cluster.scheduler_address, "--out", str(tmp_path / "run")]
    done = subprocess.run(
        [*command, "--episodes", "2", "--json"], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr


def test_no_cluster_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smartplay.runner.cluster.PATIENCE", 0.5)
    with pytest.raises(UsageError, match="no cluster answers at tcp://127"):
        smartplay.run("random", "Hanoi3Disk", cluster="tcp://127.0.0.1:9", out=tmp_path / "run")
    with pytest.raises(UsageError, match="no cluster answers at"):
        smartplay.run("random", "Hanoi3Disk", cluster="nonsense", out=tmp_path / "run")


@pytest.mark.parametrize("address", ["", " "])
def test_an_empty_address(address: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="address of the cluster is empty"):
        smartplay.run("random", "Hanoi3Disk", cluster=address, out=tmp_path / "run")


DEADLY = """
import os, time
from pathlib import Path

def deadly(prompt):
    Path(__file__).with_name(f"{os.getpid()}.died").touch()
    os._exit(9)
"""


@pytest.mark.slow
def test_the_fourth_worker_that_dies_of_an_episode_is_the_last(
    cluster: Any, tmp_path: Path
) -> None:
    (tmp_path / "deadly.py").write_text(DEADLY)
    run = smartplay.run(
        f"{tmp_path / 'deadly.py'}:deadly",
        "Hanoi3Disk",
        episodes=1,
        out=tmp_path / "run",
        cluster=cluster.scheduler_address,
    )
    assert "KilledWorker" in str(run.unscored[0].error)
    assert len(list(tmp_path.glob("*.died"))) == 4


def start(name: str, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", f"distributed.cli.dask_{name}", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.mark.slow
def test_a_run_stops_when_the_scheduler_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("smartplay.runner.cluster.PATIENCE", 4)
    (tmp_path / "slow.py").write_text(SLOW)
    file, out = tmp_path / "scheduler.json", tmp_path / "run"
    local = ["--host", "127.0.0.1", "--no-dashboard"]
    scheduler = start("scheduler", "--port", "0", "--scheduler-file", str(file), *local)
    worker = start("worker", "--scheduler-file", str(file), "--no-nanny", *local)
    try:
        address = wait_for_address(file)
        killing = threading.Thread(target=kill_after_results, args=(scheduler, out))
        killing.start()
        run = smartplay.run(
            f"{tmp_path / 'slow.py'}:Slow", "BanditTwoArmedHighLowFixed", episodes=400, steps=20,
            out=out, cluster=address, progress=False,
        )  # fmt: skip
        killing.join()
    finally:
        for process in (scheduler, worker):
            process.kill()
            process.wait()
    assert run.stopped is not None
    assert "no one seems to play there any more" in run.stopped
    assert 0 < len(run.episodes) < 400
    assert len(run.unscored) <= 5
    assert "exception calling callback" not in caplog.text


def wait_for_address(file: Path) -> str:
    deadline = time.monotonic() + 60
    while not file.exists() or not file.read_text():
        assert time.monotonic() < deadline, "the scheduler does not start"
        time.sleep(0.02)
    return str(json.loads(file.read_text())["address"])


def kill_after_results(process: subprocess.Popen[bytes], out: Path) -> None:
    wait_for_results(out)
    process.kill()


def test_the_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingPackageError, match=r'pip install "smartplay\[cluster\]"'):
        smartplay.run("random", "Hanoi3Disk", cluster="tcp://127.0.0.1:9", out=tmp_path / "run")
