"""What a killed run leaves behind, and how it is resumed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from smartplay.records.folder import RunFolder
from smartplay.report import build_report
from tests.folders import BANDIT, HANOI, content, play
from tests.games import write_game

SLOW = """
import time

class Slow:
    def __init__(self, manual, actions, seed):
        self.actions, self.seed, self.steps = actions, seed, 0

    def act(self, observation):
        time.sleep({pause})
        self.steps += 1
        return self.actions[(self.seed + self.steps) % len(self.actions)]
"""
MARK = ("time.sleep(", "open(__file__[:-7] + 'acting', 'w').close(); time.sleep(")


def start(agent: str, out: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "smartplay", "run", agent, "--games", f"{BANDIT},{HANOI}"]
    command += ["--episodes", "6", "--steps", "5", "--concurrency", "3", "--out", str(out)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def finish(agent: str, out: Path) -> None:
    process = start(agent, out)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 0, told.decode()


def lines(out: Path) -> int:
    try:
        return (out / "episodes.jsonl").read_bytes().count(b"\n")
    except FileNotFoundError:
        return 0


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("undisturbed")
    (folder / "slow.py").write_text(SLOW.format(pause=0.02))
    agent = f"{folder / 'slow.py'}:Slow"
    finish(agent, folder / "run")
    return agent, content(folder / "run")


@pytest.mark.slow
@pytest.mark.parametrize("moments", [["folder"], [1], [4, 8]], ids=str)
def test_a_killed_run_is_taken_up(
    moments: list[Any], undisturbed: tuple[str, dict[str, Any]], tmp_path: Path
) -> None:
    agent, expected = undisturbed
    out = tmp_path / "run"
    kept = b""
    for moment in moments:
        process = start(agent, out)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and process.poll() is None:
            if out.exists() if moment == "folder" else lines(out) >= moment:
                break
            time.sleep(0.0005)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL, "the run was over before it was killed"
        now = (out / "episodes.jsonl").read_bytes() if lines(out) else b""
        assert now.startswith(kept), "finished episodes were not kept"
        kept = now[: now.rfind(b"\n") + 1]
    finish(agent, out)
    assert (out / "episodes.jsonl").read_bytes().startswith(kept)
    assert lines(out) == 12, "an episode was played twice, or not at all"
    assert content(out) == expected


@pytest.mark.slow
@pytest.mark.parametrize("heavy", [False, True], ids=["threads", "processes"])
def test_ctrl_c_stops_soon_and_says_how_to_go_on(heavy: bool, tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW.format(pause=0.2).replace(*MARK))
    out = tmp_path / "run"
    game = write_game(tmp_path, heavy=heavy, steps=100)
    command = [sys.executable, "-m", "smartplay", "run", f"{tmp_path / 'slow.py'}:Slow"]
    command += ["--games", str(game), "--episodes", "4", "--out", str(out)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    while not (tmp_path / "acting").exists():
        time.sleep(0.01)
        assert process.poll() is None
    os.killpg(process.pid, signal.SIGINT)
    started = time.monotonic()
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    said = "smartplay: stopped; the same command continues where it stopped\n"
    assert told.decode() == said, told.decode()
    assert time.monotonic() - started < 5, "it waited for whole episodes"


@pytest.mark.parametrize("cut", [1, 20, -1])
def test_half_a_line_is_no_result(cut: int, tmp_path: Path) -> None:
    out = tmp_path / "run"
    expected = content(play(out).path)
    path = out / "episodes.jsonl"
    whole = path.read_bytes()
    last = whole.rstrip(b"\n").rfind(b"\n") + 1
    path.write_bytes(whole[: last + cut] if cut > 0 else whole[:cut])
    assert len(RunFolder(out).episodes()) == 2
    assert build_report(out).missing == 1
    assert content(play(out).path) == expected


def test_a_steps_file_without_its_line_is_no_result(tmp_path: Path) -> None:
    out = tmp_path / "run"
    expected = content(play(out).path)
    (out / "episodes.jsonl").write_bytes(b"")
    steps = out / "steps" / f"{BANDIT}-v0.jsonl.gz"
    steps.write_bytes(steps.read_bytes()[:-30])
    assert content(play(out).path) == expected


def test_parts_of_files_are_cleared_away(tmp_path: Path) -> None:
    out = tmp_path / "run"
    out.mkdir()
    (out / "run.json.4711.part").write_bytes(b'{"sch')
    play(out)
    part = out / "steps" / "00001.jsonl.gz.4711.part"
    part.write_bytes(b"x")
    play(out)
    assert not part.exists()
    assert not list(out.rglob("*.part"))
