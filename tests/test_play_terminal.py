"""The terminal mode, driven through a real pseudo-terminal."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from smartplay.agents.context import Reply
from smartplay.leaderboard import verify_run
from smartplay.leaderboard.entry import add_entry
from smartplay.leaderboard.rows import Row, read_entry
from smartplay.play.baseline import human_episodes
from smartplay.records.folder import RunFolder
from tests.players import recorded_run
from tests.test_play import HANOI, hanoi_keys

pexpect = pytest.importorskip("pexpect", reason="pexpect, which opens pseudo-terminals, is missing")
ROOT = Path(__file__).parents[1]
SECONDS = 60
HOSTILE = "\x1b]0;owned\x07\x1b[2J\x1b[31mMove the top disk of rod A to rod B\x9b1A\u202e"


@pytest.fixture
def start(tmp_path: Path) -> Any:
    """Starts commands in a pseudo-terminal of 90 by 30; ends them."""
    started = []

    def begin(*arguments: str, **options: Any) -> Any:
        size = options.pop("dimensions", (30, 90))
        command = [sys.executable, "-m", "smartplay", *arguments]
        env = os.environ | {"TERM": "xterm-256color", "PYTHONPATH": str(ROOT)}
        child = pexpect.spawn(
            command[0], command[1:], dimensions=size, cwd=str(tmp_path), timeout=SECONDS,
            encoding="utf-8", codec_errors="replace", env=env, **options,
        )  # fmt: skip
        child.delaybeforesend = 0
        started.append(child)
        return child

    yield begin
    for child in started:
        child.close(force=True)


def settings_of(child: Any) -> list[Any]:
    import termios

    found: list[Any] = termios.tcgetattr(child.child_fd)
    return found


def send(child: Any, keys: str, then: str) -> None:
    child.send(keys)
    child.expect_exact(then)


def test_a_game_is_played_to_its_end(start: Callable[..., Any], tmp_path: Path) -> None:
    child = start("play", "Hanoi3Disk", "--out", "run", "--name", "ann")
    child.expect_exact("There are three rods")
    child.expect_exact("start")
    child.send("\r")
    for step, key in enumerate(hanoi_keys()[:-1]):
        child.expect_exact(f"step {step} ")
        child.expect_exact("Esc stop")
        child.send(key)
    send(child, hanoi_keys()[-1], "Your score (")
    child.expect_exact("go on")
    child.send("\r")
    child.expect_exact("Agent: human:ann")
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 0
    (record,) = RunFolder(tmp_path / "run").episodes()
    assert (record.status, record.score, record.steps) == ("scored", 3.0, 7)
    assert (tmp_path / "run" / "report.md").exists()


@pytest.mark.slow
def test_stopping_saves_and_the_terminal_is_as_before(
    start: Callable[..., Any], tmp_path: Path
) -> None:
    child = start("play", "Hanoi3Disk", "--out", "run")
    before = settings_of(child)
    child.expect_exact("start")
    send(child, "\r", "step 0 ")
    send(child, "1", "step 1 ")
    assert settings_of(child) != before, "keys are not read one by one"
    send(child, "\x1b", "goes on at the step where you stopped")
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 3
    (record,) = RunFolder(tmp_path / "run").episodes()
    assert (record.status, record.steps) == ("unscored", 1)
    again = start("play", "Hanoi3Disk", "--out", "run")
    again.expect_exact("start")
    send(again, "\r", "step 1 ")


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGHUP, signal.SIGTERM, None])
def test_a_lost_connection_saves_as_well(
    start: Callable[..., Any], tmp_path: Path, how: signal.Signals | None
) -> None:
    child = start("play", "Hanoi3Disk", "--out", "run")
    child.expect_exact("start")
    send(child, "\r", "step 0 ")
    send(child, "1", "step 1 ")
    if how is None:
        child.send("\x03")
    else:
        os.kill(child.pid, how)
    end = time.monotonic() + SECONDS
    folder = RunFolder(tmp_path / "run")
    while not folder.episodes() and time.monotonic() < end:
        time.sleep(0.05)
    (record,) = folder.episodes()
    assert (record.status, record.steps) == ("unscored", 1)
    assert folder.steps(HANOI, 0)[1][0].name == "Move the top disk of rod A to rod B"


def kill(child: Any) -> None:
    os.kill(child.pid, signal.SIGKILL)
    child.expect(pexpect.EOF)
    child.wait()


@pytest.mark.slow
def test_a_killed_game_goes_on_where_it_stopped_and_shows_that_it_was(
    start: Callable[..., Any], tmp_path: Path
) -> None:
    keys = hanoi_keys()
    run = ["play", "Hanoi3Disk", "--out", "run", "--name", "ann"]
    child = start(*run)
    child.expect_exact("start")
    send(child, "\r", "step 0 ")
    send(child, keys[0], "step 1 ")
    send(child, keys[1], "step 2 ")
    kill(child)
    folder = RunFolder(tmp_path / "run")
    assert folder.episodes() == []
    with (tmp_path / "run" / "journal.jsonl").open("ab") as journal:
        journal.write(b'{"game":"smartplay/Hano')  # a line the power took away
    child = start(*run)
    child.expect_exact("start")
    send(child, "\r", "step 2 ")
    kill(child)
    child = start(*run)
    child.expect_exact("start")
    send(child, "\r", "step 2 ")
    for step, key in enumerate(keys[2:-1], start=3):
        send(child, key, f"step {step} ")
    send(child, keys[-1], "Your score (")
    child.send("\r")
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 0
    lines = folder.lines()
    assert [line.status for line in lines] == ["unscored", "unscored", "scored"]
    assert {line.error for line in lines[:2]} == {"the player's session was cut off"}
    assert (lines[-1].score, lines[-1].steps) == (3.0, 7)
    found = verify_run(tmp_path / "run")
    assert (found.verified, found.again) == (True, 2)
    path, _ = add_entry(tmp_path / "run", tmp_path / "entries", agent="ann")
    row, _ = read_entry(path)
    assert isinstance(row, Row)
    assert row.again == 2
    ((line,), _) = human_episodes(tmp_path / "run")
    assert line.sittings == 3


def test_arrows_scrolling_and_help(start: Callable[..., Any]) -> None:
    child = start("play", "MessengerL2", "--out", "run")
    child.expect_exact("start")
    send(child, "\r", "step 0 ")
    send(child, "?", "Nothing can be taken back")
    send(child, "\r", "step 0 ")
    send(child, "\x1b[A", "step 1 ")
    child.expect_exact("Move North")
    send(child, "\x1bOB", "step 2 ")
    send(child, ".", "step 3 ")
    send(child, "\x1b[H", "lines 1-")
    send(child, "\x1b[6~", "lines ")
    child.send("\x1b")


@pytest.mark.slow
def test_a_resized_terminal_is_drawn_anew(start: Callable[..., Any]) -> None:
    child = start("play", "Hanoi3Disk", "--out", "run")
    child.expect_exact("start")
    child.setwinsize(12, 40)
    child.expect_exact("Tower of Hanoi (Hano   step 0   30 left")
    child.expect_exact("PgUp, PgDn: lines 1-")
    child.setwinsize(2, 5)
    time.sleep(0.6)
    child.setwinsize(40, 100)
    child.expect_exact("You have at most 30 moves.")
    assert child.isalive()


def test_hostile_texts_are_shown_not_sent(start: Callable[..., Any], tmp_path: Path) -> None:
    recorded_run(tmp_path / "run", agent=Hostile)
    child = start("watch", "run", "--speed", "20")
    child.expect_exact("paused")
    child.send("e")
    child.expect_exact("owned")
    sent = child.before + child.after
    child.send("\x1b")
    child.expect(pexpect.EOF)
    sent += child.before
    assert "<001B>]0;owned<0007>" in sent
    for sequence in ("\x1b]", "\x07", "\x1b[2J", "\x1b[31m", "\x9b", "\u202e"):
        assert sequence not in sent, f"{sequence!r} reached the terminal"


class Hostile:
    """Replies with terminal sequences around a valid action."""

    def __init__(self, manual: str, actions: list[str], seed: int) -> None:
        pass

    def act(self, observation: str) -> Reply:
        return Reply(HOSTILE, reasoning="\x1b[5mthinking")


def test_a_recording_is_walked_through(start: Callable[..., Any], tmp_path: Path) -> None:
    recorded_run(tmp_path / "run")
    child = start("watch", "run", "--speed", "0.25")
    child.expect_exact("step 0 of 7")
    send(child, " ", "paused")
    send(child, "\x1b[C", "step 1 of 7")
    child.expect_exact("Reply: ")
    send(child, "\x1b[C", "step 2 of 7")
    send(child, "\x1b[D", "step 1 of 7")
    send(child, "e", "step 7 of 7")
    send(child, "0", "step 0 of 7")
    send(child, "+", "paused")
    send(child, " ", "0.5 steps/s")
    child.send("\x1b")
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 0


@pytest.mark.parametrize("command", ["play", "watch"])
def test_without_a_terminal_one_line_says_what_to_do(tmp_path: Path, command: str) -> None:
    recorded_run(tmp_path / "run")
    what = "Hanoi3Disk" if command == "play" else "run"
    found = subprocess.run(
        [sys.executable, "-m", "smartplay", command, what],
        cwd=tmp_path, capture_output=True, text=True, start_new_session=True,
        stdin=subprocess.DEVNULL, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False,
    )  # fmt: skip
    assert found.returncode == 2
    assert found.stderr.startswith("smartplay: there is no terminal")
    assert "smartplay serve" in found.stderr
    assert found.stderr.count("\n") == 1


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_the_screen_as_a_terminal_draws_it(tmp_path: Path) -> None:
    """What tmux makes of the bytes: the title, the newest text and the keys, in their places."""
    server = ["tmux", "-L", f"play-{os.getpid()}", "-f", "/dev/null"]
    command = f"{sys.executable} -m smartplay play Hanoi3Disk --out {tmp_path}/run"
    subprocess.run(
        [*server, "new-session", "-d", "-x", "80", "-y", "24", command], cwd=ROOT, check=True
    )
    try:
        screen(server, "[Enter] start")
        subprocess.run([*server, "send-keys", "Enter", "1"], check=True)
        lines = screen(server, "step 1").splitlines()
        assert "Tower of Hanoi (Hanoi3Disk-v0)   step 1   29 left" in lines[0]
        assert lines[-8].rstrip() == "Rod C: empty", "\n".join(lines)
        assert lines[-7].lstrip().startswith("? help   Esc stop")
        assert lines[-1].startswith("[6] Move the top disk of rod C to rod B")
    finally:
        subprocess.run([*server, "kill-server"], check=False)


def screen(server: list[str], wanted: str) -> str:
    """The screen once it shows a text."""
    end = time.monotonic() + SECONDS
    shown = ""
    while time.monotonic() < end:
        found = subprocess.run(
            [*server, "capture-pane", "-p"], capture_output=True, text=True, check=False
        )
        shown = found.stdout.rstrip("\n")
        if wanted in shown:
            return shown
        time.sleep(0.1)
    raise AssertionError(f"{wanted!r} never came; the screen is\n{shown}")
