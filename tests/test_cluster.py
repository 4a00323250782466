"""A cluster of real worker processes on this machine, one of which dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import smartplay
from smartplay.errors import MissingPackageError, UsageError
from tests.fake_server import FakeServer
from tests.faults import choose, play, untimed

distributed: Any = pytest.importorskip("distributed")
pytestmark = pytest.mark.filterwarnings("ignore")  # Dask's own

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
        with distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=2,
            processes=True,
            dashboard_address=None,
            host="127.0.0.1",
        ) as found:
            yield found


def kill_one(cluster: Any, out: Path) -> int:
    """Kill a worker once the run has results."""
    lines = out / "episodes.jsonl"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if lines.exists() and lines.read_bytes().count(b"\n") >= 2:
            break
        time.sleep(0.01)
    pid = next(iter(cluster.workers.values())).pid
    assert pid != os.getpid()
    os.kill(pid, signal.SIGKILL)
    return int(pid)


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


def test_language_models_are_played_by_workers(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with FakeServer() as server:
        server.answer(choose)
        expected = play(server, tmp_path / "here", 80)
        run = play(server, tmp_path / "there", 80, cluster=cluster.scheduler_address)
        assert len(server.requests) == 160
    assert [untimed(r) for r in run.episodes] == [untimed(r) for r in expected.episodes]


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


def test_the_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingPackageError, match=r'pip install "smartplay\[cluster\]"'):
        smartplay.run("random", "Hanoi3Disk", cluster="tcp://127.0.0.1:9", out=tmp_path / "run")


class Losing(ThreadPoolExecutor):
    """Loses the first episodes sent to it."""

    def __init__(self, losses: int) -> None:
        super().__init__(1)
        self.losses = losses

    def submit(self, function: Any, /, *arguments: Any, **options: Any) -> Any:
        self.losses -= 1
        if self.losses >= 0:
            raise RuntimeError("lost on the way")
        return super().submit(function, *arguments, **options)


@pytest.mark.parametrize(("losses", "unscored"), [(2, 0), (3, 1)])
def test_a_lost_episode_is_sent_again(losses: int, unscored: int, tmp_path: Path) -> None:
    with Losing(losses) as executor:
        run = smartplay.run(
            "random", "Hanoi3Disk", episodes=1, out=tmp_path / "run", executor=executor
        )
    assert len(run.unscored) == unscored
    assert all("lost on the way" in str(record.error) for record in run.unscored)
