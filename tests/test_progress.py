"""The line that shows how far a run is."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from rich.console import Console

from smartplay.records import Usage
from smartplay.runner.progress import RunProgress
from tests.fake_server import FakeServer


class Pace:
    """Changes while no step comes to its end."""

    text = "7 of 9 calls at once"

    def __str__(self) -> str:
        return self.text


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    shown = io.StringIO()
    console = Console(file=shown, force_terminal=True, width=200)
    monkeypatch.setattr("smartplay.runner.progress.Console", lambda stderr: console)
    return shown


def last(shown: io.StringIO) -> str:
    """What was drawn since last time."""
    text = shown.getvalue()
    shown.seek(0)
    shown.truncate()
    return text


def test_the_pace_is_shown_and_followed(terminal: io.StringIO) -> None:
    pace = Pace()
    with RunProgress(5, 1, True, [pace]) as bar:
        bar.tick(2, Usage(prompt=10, completion=1))
        last(terminal)
        bar._bar.refresh()
        assert "1 steps, 2 calls, 11 tokens, 7 of 9 calls at once" in last(terminal)
        pace.text = "3 of 9 calls at once"
        bar._bar.refresh()
        assert "3 of 9 calls at once" in last(terminal)
    assert "1/5 episodes" in last(terminal)


def test_without_calls_no_pace_is_shown(terminal: io.StringIO) -> None:
    with RunProgress(5, 0, True) as bar:
        bar.tick(0, Usage())
    told = last(terminal)
    assert "1 steps" in told
    assert "calls" not in told


def test_a_run_in_a_terminal_shows_its_calls_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pexpect = pytest.importorskip("pexpect")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with FakeServer() as server:
        command = ["-m", "smartplay", "run", "openai:fake", "--base-url", server.url]
        command += ["--games", "RockPaperScissorBasic", "--episodes", "3", "--steps", "5"]
        command += ["--concurrency", "3", "--out", str(tmp_path / "run")]
        child = pexpect.spawn(sys.executable, command, dimensions=(30, 200), timeout=60)
        child.expect("3 of 3 calls at once")
        child.expect(pexpect.EOF)
        child.close()
    assert child.exitstatus == 0
