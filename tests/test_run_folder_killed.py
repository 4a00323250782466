"""What a killed run leaves behind, and how it is resumed."""

from __future__ import annotations

import gzip
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from smartplay.leaderboard import verify_run
from smartplay.leaderboard.entry import add_entry
from smartplay.records import Key
from smartplay.records.folder import RunFolder, member_name, steps_name
from smartplay.report import build_report
from tests.folders import BANDIT, HANOI, content, pack_trace, play
from tests.games import write_game
from tests.killing import SLOW, lines
from tests.tampering import BANDIT as BANDIT_ID
from tests.tampering import HANOI as HANOI_ID

MARK = ("time.sleep(", "open(__file__[:-7] + 'acting', 'w').close(); time.sleep(")


def start(agent: str, out: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "smartplay", "run", agent, "--games", f"{BANDIT},{HANOI}"]
    command += ["--episodes", "6", "--steps", "5", "--concurrency", "3", "--out", str(out)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def finish(agent: str, out: Path) -> None:
    process = start(agent, out)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 0, told.decode()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("undisturbed")
    (folder / "slow.py").write_text(SLOW)
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
    (tmp_path / "slow.py").write_text(SLOW.replace("0.02", "0.2").replace(*MARK))
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


class Moody:
    """Fails in its third step, unless its mood is good; in the worst it says nothing before."""

    def __init__(self, manual: str, actions: list[str], seed: int) -> None:
        self.mood, self.turn = os.environ["MOOD"], 0

    def act(self, observation: str) -> Any:
        self.turn += 1
        if self.turn == 3 and self.mood != "good":
            raise ValueError("not today")
        return "well" if self.mood == "worse" else 0


def play_again(out: Path, mood: str, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    """A run whose episodes, two of each game, have all failed and were played again one by one."""
    for each in ("bad", mood):
        monkeypatch.setenv("MOOD", each)
        play(out, Moody, games=f"{BANDIT},{HANOI}", episodes=2, concurrency=1)
    return RunFolder(out)


def kill_before_line(run: RunFolder, number: int, out: Path, cut: int = 0) -> RunFolder:
    """The run as it was before it had written more of a line than its first bytes."""
    shutil.copytree(run.path, out)
    lines = (run.path / "episodes.jsonl").read_bytes().splitlines(keepends=True)
    (out / "episodes.jsonl").write_bytes(b"".join(lines[:number]) + lines[number][:cut])
    for game, written in Counter(r.game for r in run.lines()[: number + 1]).items():
        os.truncate(out / steps_name(game), run.members(game).parts[written - 1].end)
    return RunFolder(out)


@pytest.mark.parametrize("mood", ["bad", "worse", "good"])
def test_a_run_killed_while_it_played_again_is_verified(
    mood: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = play_again(tmp_path / "run", mood, monkeypatch)
    assert [record.status for record in run.lines()[:4]] == ["unscored"] * 4
    expected = content(run.path)
    for number in range(4, 8):
        killed = kill_before_line(run, number, tmp_path / str(number), cut=20 * (number % 2))
        found = verify_run(killed.path)
        assert (found.problems, found.complete) == ([], False)
        assert "is being played again, and its new line is not written" in str(found)
        again = run.lines()[number]
        replies = [step.attempts[0].reply for step in killed.steps(*again.key[:2])[1]]
        assert "well" not in replies, "these are the steps that are on record"
        if any(record.score is not None for record in killed.episodes()):
            entry, _ = add_entry(killed.path, tmp_path / "entries", agent=f"killed {number}")
            assert verify_run(entry).problems == []
        play(killed.path, Moody, games=f"{BANDIT},{HANOI}", episodes=2, concurrency=1)
        assert content(killed.path) == expected
        assert "is being played again" not in str(verify_run(killed.path))


@pytest.mark.parametrize(
    ("number", "key"),
    [
        (5, (HANOI_ID, 0, 0)),
        (5, (HANOI_ID, 1, 0)),
        (7, (HANOI_ID, 1, 0)),
        (7, (HANOI_ID, 0, 0)),
        (7, (BANDIT_ID, 1, 0)),
    ],
    ids=["within another file", "ending another file", "twice", "scored, behind it", "scored"],
)
def test_steps_that_no_killed_run_leaves_are_found(
    number: int, key: Key, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = play_again(tmp_path / "run", "good", monkeypatch)
    killed = kill_before_line(run, number, tmp_path / "killed")
    assert verify_run(killed.path).verified
    own = gzip.decompress(run.trace(key)).replace(b'"reward":', b'"reward":1')
    killed.members(key[0]).append(member_name(*key[1:]), gzip.compress(own, mtime=0))
    assert not verify_run(killed.path).verified


def test_what_has_no_line_is_cut_off_before_more_is_written(tmp_path: Path) -> None:
    run = RunFolder(play(tmp_path / "run", concurrency=1).path)
    killed = kill_before_line(run, 1, tmp_path / "killed")
    killed.mend()
    last = run.lines()[2]
    killed.add(last, gzip.compress(gzip.decompress(run.trace(last.key)), mtime=0))
    assert [part.name for part in killed.members(last.game).parts] == ["00000.jsonl", "00002.jsonl"]
    found = verify_run(killed.path)
    assert found.incomplete
    assert "belongs to no recorded episode" not in str(found)


@pytest.mark.parametrize(
    ("tries", "kept"),
    [
        ([(2, 0, "line"), (2, 0, ""), (1, 0, "")], 1),
        ([(0, 0, "line only"), (2, 0, "line"), (1, 0, "")], 1),
        ([(1, 0, ""), (2, 0, "line")], 2),
        ([(2, 1, ""), (2, 0, "line")], 2),
        ([(0, 0, "line"), (2, 0, "line"), (0, 0, "line only")], 2),
    ],
    ids=["loss of power", "behind a line only", "fewer steps", "other rewards", "a line only"],
)
def test_steps_whose_line_exists_are_never_cut_off(
    tries: list[tuple[int, float, str]], kept: int, tmp_path: Path
) -> None:
    played = RunFolder(play(tmp_path / "played", episodes=1).path)
    (record,), (header, steps) = played.lines(), played.steps(BANDIT_ID, 0)
    run = RunFolder(tmp_path / "run")
    run.create(played.header())
    for number, reward, written in tries:
        own = [msgspec.structs.replace(step, reward=reward) for step in steps[:number]]
        line = msgspec.structs.replace(
            record, status="unscored", error="no", score=None, steps=number, return_=number * reward
        )
        run.add(line, b"" if written == "line only" else pack_trace(header, own))
        if not written:
            lines = (run.path / "episodes.jsonl").read_bytes().splitlines(keepends=True)
            (run.path / "episodes.jsonl").write_bytes(b"".join(lines[:-1]))
    run.mend()
    assert len(run.members(BANDIT_ID).parts) == kept


def test_nothing_is_cut_off_a_damaged_file(tmp_path: Path) -> None:
    run = RunFolder(play(tmp_path / "run", concurrency=1).path)
    killed = kill_before_line(run, 1, tmp_path / "killed")
    path = killed.path / steps_name(BANDIT_ID)
    damaged = b"x" * 99 + path.read_bytes()
    path.write_bytes(damaged)
    killed.mend()
    assert path.read_bytes() == damaged
