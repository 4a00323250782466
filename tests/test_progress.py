"""The line that shows how far a run is."""

from __future__ import annotations

import asyncio
import io
import re
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.cells import cell_len
from rich.console import Console

import smartplay
from smartplay.agents.catalog import find_agent
from smartplay.games.registry import get_card
from smartplay.records import EpisodeRecord, RunHeader, Usage
from smartplay.records.prices import Price
from smartplay.runner.budget import Budget, Limits
from smartplay.runner.jobs import Job, jobs_of
from smartplay.runner.places import Places
from smartplay.runner.plan import plan_run, select_games
from smartplay.runner.progress import RunProgress
from tests.fake_server import FakeServer

HANOI, BANDIT = "Hanoi3Disk", "BanditTwoArmedHighLowFixed"


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


def header_of(games: str, agent: Any = "random", **options: Any) -> RunHeader:
    """A run as it would be planned."""
    plain: dict[str, Any] = {"episodes": 4, "steps": None, "seed": 0, "retries": 1, "quick": False}
    return plan_run(
        find_agent(agent, {}),
        select_games(games),
        settings=options.pop("settings", {}),
        arguments={},
        **plain | options,
    )


def record(game: str, episode: int, score: float | None, steps: int, calls: int = 0) -> Any:
    return EpisodeRecord(
        game=f"smartplay/{game}-v0", episode=episode, seed=0, agent_seed=0, score=score,
        status="unscored" if score is None else "scored",
        error="it failed" if score is None else None, steps=steps, calls=calls,
    )  # fmt: skip


def progress(games: str = HANOI, done: Any = (), paces: Any = (), **options: Any) -> RunProgress:
    budget = options.pop("budget", Budget(Limits()))
    return RunProgress(header_of(games, **options), done, True, budget, paces)


def job(game: str, episode: int = 0) -> Job:
    return next(j for j in jobs_of(header_of(game)) if j.episode == episode)


def last(shown: io.StringIO) -> str:
    """What was drawn since last time."""
    text = shown.getvalue()
    shown.seek(0)
    shown.truncate()
    return re.sub(r"\x1b\[[0-9;?]*\w", "", text)


def test_the_pace_is_shown_and_followed(terminal: io.StringIO) -> None:
    pace = Pace()
    budget = Budget(Limits())
    with progress(done=[record(HANOI, 0, 3.0, 9)], paces=[pace], budget=budget) as bar:
        budget.spend("some model", Usage(prompt=10, completion=1))
        bar.tick(2)
        last(terminal)
        bar._bar.refresh()
        assert "10 steps, 11 tokens, 2 calls, 7 of 9 calls at once" in last(terminal)
        pace.text = "3 of 9 calls at once"
        bar._bar.refresh()
        assert "3 of 9 calls at once" in last(terminal)
    assert "1/4 episodes" in last(terminal)


def test_one_of_a_kind_is_singular_and_what_there_is_none_of_is_left_out() -> None:
    budget = Budget(Limits())
    bar = progress(budget=budget)
    bar.tick(0)
    assert bar.line().endswith("1 step")
    bar.tick(1)
    budget.spend("some model", Usage(prompt=1))
    assert bar.line().endswith("2 steps, 1 token, 1 call")


def test_the_score_is_the_mean_of_normalised_scores_of_games() -> None:
    bar = progress(f"{HANOI},{BANDIT}")
    for number in range(3):
        bar.episode(record(HANOI, number, 3.0, 7), steps=7)  # 1, the human score
    bar.episode(record(BANDIT, 0, 0.0, 50), steps=50)  # 0
    bar.episode(record(BANDIT, 1, None, 2), steps=2)
    assert "normalised 0.50" in bar.line()
    assert "1 unscored" in bar.line()
    assert "73 steps" in bar.line()


def test_no_score_is_shown_where_the_report_has_none() -> None:
    """With Messenger's own limit it alone is played as people played it."""
    bar = progress("MessengerL1,Hanoi3Disk", steps=get_card("MessengerL1").steps)
    bar.episode(record("MessengerL1", 0, 1.0, 3), steps=3)
    assert "normalised" not in bar.line()


def test_a_score_without_anchors_is_shown_only_for_a_game_by_itself() -> None:
    alone, several = progress(HANOI, steps=5), progress(f"{HANOI},{BANDIT}", steps=5)
    for bar in (alone, several):
        bar.episode(record(HANOI, 0, 2.0, 5), steps=5)
        assert "normalised" not in bar.line()
    assert "score 2," in alone.line()
    assert "score" not in several.line()


def test_the_game_that_is_played_now_is_named() -> None:
    bar = progress(f"{HANOI},{BANDIT}")
    bar.begin(job(HANOI))
    assert f"{HANOI}, 0 steps" in bar.line()
    bar.begin(job(BANDIT))
    assert f"{BANDIT} +1" in bar.line()
    bar.episode(record(BANDIT, 0, 0.0, 50))
    assert f"{HANOI}, 0 steps" in bar.line()
    bar.episode(record(HANOI, 0, 0.0, 30))
    assert "Hanoi" not in bar.line()


def test_the_time_left_is_known_from_the_first_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("smartplay.runner.progress.time.monotonic", lambda: now[0])
    bar = progress(HANOI)  # 4 episodes of at most 30 steps
    assert "left" not in bar.line()
    for _ in range(10):
        bar.tick(0)
    now[0] += 60
    assert "11:00 left" in bar.line()
    bar.episode(record(HANOI, 0, 3.0, 10))
    assert "3:00 left" in bar.line(), "the others are taken to be as long"
    now[0] += 7200
    assert "6:03:00 left" in bar.line()


def test_a_run_taken_up_again_counts_what_it_has() -> None:
    earlier = [record(HANOI, number, 3.0, 9, calls=9) for number in range(3)]
    bar = progress(HANOI, done=earlier)
    assert bar.line() == "3/4 episodes, normalised 1.00, 27 steps, 27 calls"


def test_money_is_shown_where_prices_are_known() -> None:
    prices = {"some model": Price(prompt=1e5, completion=1e5)}
    budget = Budget(Limits(), prices, "EUR", {"some model": Usage(prompt=3, completion=2)})
    assert "0.50 EUR, 5 tokens" in progress(budget=budget).line()


@pytest.mark.parametrize("width", [20, 40, 60, 80, 100, 120])
def test_it_is_one_line(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.StringIO()
    console = Console(file=shown, force_terminal=True, width=width)
    monkeypatch.setattr("smartplay.runner.progress.Console", lambda stderr: console)
    prices = {"m": Price(prompt=1.0, completion=1.0)}
    budget = Budget(Limits(), prices, "USD", {"m": Usage(prompt=9_999_999, completion=1_234_567)})
    with progress(f"{BANDIT},{HANOI}", budget=budget, paces=[Pace()], episodes=1000) as bar:
        bar.begin(job(HANOI))
        bar.begin(job(BANDIT))
        for number in range(200):
            bar.tick(77)
            bar.episode(record(BANDIT, number, None if number % 2 else 30.0, 1234), steps=1233)
        drawn = bar.line()
        bar._bar.refresh()
    assert len(drawn) <= width
    assert all(len(line) <= width for line in last(shown).replace("\r", "\n").splitlines())
    assert drawn.startswith("200/2000")
    if width >= 80:
        for part in ("left", " 0.67", "Hanoi3Disk", "100 unscored", "11 USD"):
            assert part in drawn, drawn
    if width >= 100:
        assert "11M tokens" in drawn


def test_eighty_columns_hold_what_one_asks_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a usual run of a language model: all but the steps, which are as many as the calls."""
    console = Console(file=io.StringIO(), force_terminal=True, width=80)
    monkeypatch.setattr("smartplay.runner.progress.Console", lambda stderr: console)
    prices = {"m": Price(prompt=1.0, completion=1.0)}
    budget = Budget(Limits(), prices, "USD", {"m": Usage(prompt=412_345, completion=23_456)})
    bar = progress(f"{BANDIT},{HANOI}", budget=budget, paces=[Pace()], episodes=20)
    for number in range(12):
        bar.begin(job(HANOI, 0))
        for _ in range(30):
            bar.tick(1)
        bar.episode(record(HANOI, number, 1.5, 30))
    bar.begin(job(BANDIT))
    drawn = bar.line()
    assert drawn.startswith("12/40, ")
    for part in ("left", "score 0.50", "BanditTwoA…", "0.44 USD", "435k tokens", "360 calls"):
        assert part in drawn, drawn
    assert "steps" not in drawn
    assert cell_len(drawn) <= 80


def test_wide_characters_take_two_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=40)
    monkeypatch.setattr("smartplay.runner.progress.Console", lambda stderr: console)
    bar = progress()
    bar.begin(msgspec.structs.replace(job(HANOI), game="smartplay/" + "漢字" * 20 + "-v0"))
    assert "漢字漢字漢…, 0 steps" in bar.line()
    assert cell_len(bar.line()) <= 40


def test_without_a_terminal_nothing_is_printed_unless_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smartplay.runner.progress.PLAIN_FIRST", 0.0)
    smartplay.run("random", HANOI, episodes=2, out=tmp_path / "silent")
    assert capsys.readouterr().err == ""
    smartplay.run("random", HANOI, episodes=2, out=tmp_path / "asked", progress=True)
    assert capsys.readouterr().err.splitlines()[-1].startswith("2/2 episodes, ")


def test_without_a_terminal_lines_are_printed_while_no_step_ends(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smartplay.runner.progress.PLAIN_FIRST", 0.001)
    with progress() as bar:
        bar.begin(job(HANOI))
        told = ""
        while told.count("\n") < 2:
            told += capsys.readouterr().err
    whole = {*told.split("\n")[:-1]}
    assert whole <= {"0/4 episodes, 0 steps", "0/4 episodes, Hanoi3Disk, 0 steps"}


def test_a_short_run_prints_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    with progress() as bar:
        bar.begin(job(HANOI))
    assert capsys.readouterr().err == ""


def test_no_objects_address_is_shown(server: FakeServer) -> None:
    """Not even for an agent with something taken away."""
    settings = {"base_url": server.url, "ablation": ["no-history"]}
    source = find_agent("openai:fake", settings)
    assert "ablation" in source.settings
    paces = [str(model.pace) for model in source.models.values()]
    assert len(paces) == 1
    assert re.fullmatch(r"\d+ of \d+ calls at once", paces[0])


@pytest.mark.slow
def test_steps_in_worker_processes_are_counted_while_they_are_played(tmp_path: Path) -> None:
    places = Places(
        find_agent("random", {}), [], Budget(Limits()), 1, lambda job, step: None, None
    )  # fmt: skip
    crafter = msgspec.structs.replace(job("Crafter"), steps=25)
    try:
        outcome = asyncio.run(places.play(crafter))
        assert places.worker_steps == outcome.record.steps == 25
        assert not places.plays_here(crafter)
    finally:
        asyncio.run(places.aclose())


@pytest.mark.slow
def test_a_run_keeps_to_one_line_of_a_terminal(tmp_path: Path) -> None:
    """What is drawn in 80 columns never wraps, so the terminal never has to go up a line."""
    pexpect = pytest.importorskip("pexpect")
    (tmp_path / "prices.toml").write_text(
        'currency = "USD"\ndate = 2026-11-01\n[models.a-very-long-name-of-a-model-that-thinks]\n'
        "prompt = 100\ncompletion = 100\n"
    )
    with FakeServer() as server:
        command = ["-m", "smartplay", "run", "openai:a-very-long-name-of-a-model-that-thinks"]
        command += ["--games", "MessengerL1,MessengerL2,MessengerL3", "--episodes", "4"]
        command += ["--base-url", server.url, "--out", str(tmp_path / "run")]
        command += ["--prices", str(tmp_path / "prices.toml"), "--concurrency", "4"]
        child = pexpect.spawn(sys.executable, command, dimensions=(24, 80), timeout=60)
        child.expect("left")
        shown = child.before + child.after
        child.expect("12/12, .*score.*USD.*tokens.*calls[^\n]*\n")
        shown += child.before + child.after
        child.expect(pexpect.EOF)
        child.close()
    assert child.exitstatus == 0
    assert b"\x1b[1A" not in shown, "it took more than one line"
    lines = re.split(r"[\r\n]+", re.sub(r"\x1b\[[0-9;?]*\w", "", shown.decode()))
    assert max(map(cell_len, lines)) <= 80
    assert any("Messenger" in line and "left" in line for line in lines)


@pytest.mark.slow
def test_a_run_in_a_terminal_shows_its_calls_at_once(tmp_path: Path) -> None:
    pexpect = pytest.importorskip("pexpect")
    with FakeServer() as server:
        command = ["-m", "smartplay", "run", "openai:fake", "--base-url", server.url]
        command += ["--games", "RockPaperScissorBasic", "--episodes", "3", "--steps", "5"]
        command += ["--concurrency", "3", "--out", str(tmp_path / "run")]
        child = pexpect.spawn(sys.executable, command, dimensions=(30, 200), timeout=60)
        child.expect("3 of 3 calls at once")
        child.expect(pexpect.EOF)
        child.close()
    assert child.exitstatus == 0
