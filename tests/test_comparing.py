"""Runs compared on the command line, as Markdown and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

import smartplay
from smartplay.cli import main
from smartplay.core.errors import UsageError
from smartplay.report.comparison import comparison_tables
from smartplay.scores.comparison import compare
from smartplay.scores.entries import Entry
from tests.chatty import Chatty

GAMES = "BanditTwoArmedHighLowFixed,Hanoi3Disk"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Runs that can be compared in part: other games, steps, episodes; failures, copies."""
    folder = tmp_path_factory.mktemp("runs")

    def play(name: str, agent: Any, games: str = GAMES, **options: Any) -> None:
        smartplay.run(agent, games, out=folder / name, progress=False, **options)

    play("good", "reference", episodes=6)
    play("poor", "random", episodes=6)
    play("two", "constant:2", episodes=2)
    play("short", "random", "Hanoi3Disk", episodes=6, steps=5)
    play("other", "random", "RockPaperScissorBasic", episodes=2)
    play("failed", partial(Chatty, fails=True), episodes=2)
    play("set", "random", "Hanoi3Disk", episodes=2, game_settings={"Hanoi3Disk": {"history": 1}})
    return {path.name: path for path in folder.iterdir()}


def compared(paths: Sequence[Path], capsys: pytest.CaptureFixture[str], *more: str) -> str:
    assert main(["compare", *map(str, paths), *more]) == 0
    return " ".join(capsys.readouterr().out.split())


def test_two_runs_row_by_row(runs: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    told = compared([runs["poor"], runs["good"]], capsys)
    assert "1 reference" in told
    assert "1 is higher" in told, "the better one is named first"
    assert "Hanoi3Disk-v0 +" in told


def test_two_episodes_can_tell_nothing_and_it_is_said(
    runs: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    told = compared([runs["two"], runs["good"]], capsys)
    assert "not told apart. The smallest p possible with these 2 episodes was 0.5." in told
    assert "Of 6 episodes constant:2 lacks 4" in told or "4 were scored in one run only" in told


def test_a_single_episode_is_named_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for agent in ("random", "constant"):
        smartplay.run(agent, "Hanoi3Disk", episodes=1, out=tmp_path / agent, progress=False)
    told = compared([tmp_path / "random", tmp_path / "constant"], capsys)
    assert "The smallest p possible with this episode was 1." in told


def test_other_games_steps_and_settings_are_left_out(
    runs: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    told = compared([runs["good"], runs["short"]], capsys)
    assert "no normalised score in common" in told
    assert "Runs, as they were named #" in told, "there is no mean to rank them by"
    assert "steps 30 (reference), 5 (random)" in told
    assert "history 30 (reference), 1 (random)" in compared([runs["good"], runs["set"]], capsys)
    told = compared([runs["good"], runs["other"]], capsys)
    assert "no normalised score in common" in told
    assert "RockPaperScissorBasic-v0 was not played by reference." in told


def test_runs_stand_by_what_the_title_says() -> None:
    scores = {"a": {1: 0.2, 2: 0.2, 3: 0.8}, "b": {1: 0.3, 2: 0.3}, "c": {1: 0.1, 2: 0.1}}
    entries = [
        Entry(
            name=name,
            normalized={"g": own},
            scores={"g": own},
            overall=sum(own.values()) / len(own),
        )
        for name, own in scores.items()
    ]
    runs = comparison_tables(compare(entries))[0]
    assert (runs.title, [row[1] for row in runs.rows]) == (
        "Runs by mean normalised score",
        [*"abc"],
    )
    more = msgspec.structs.replace(entries[2], scores={"g": scores["c"], "h": scores["c"]})
    runs = comparison_tables(compare([*entries[:2], more]))[0]
    assert runs.title == "Runs by their differences in mean normalised score"
    assert [row[1] for row in runs.rows] == [*"bac"]


def test_failures_and_copies(runs: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    failed = compared([runs["good"], runs["failed"]], capsys)
    assert "no normalised score in common" in failed
    told = compared([runs["poor"]] * 3, capsys)
    assert "0 of 3 1-3" in told
    for name in ("random (1)", "random (2)", "random (3)"):
        assert name in told


@pytest.mark.slow
def test_twenty_runs_fit_into_eighty_columns(
    runs: dict[str, Path], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smartplay.cli.output.PIPED_WIDTH", 80)
    paths = [runs["good"], runs["poor"], *[runs["two"]] * 18]
    assert main(["compare", *map(str, paths)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert sum(line.startswith("Hanoi3Disk-v0") for line in lines) == 1
    assert len(lines) < 80


def test_json_and_markdown_hold_every_pair(
    runs: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "comparison.md"
    paths = [str(runs[name]) for name in ("good", "poor", "two", "failed", "short", "set")]
    assert main(["compare", *paths, "--json", "--out", str(out), "--detect", "0.25"]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert plain["detect"] == 0.25
    assert len(plain["overall"]["differences"]) == 15
    first = plain["games"][1]["differences"][0]
    assert first["pairs"] == 6
    assert first["least_p"] == 2**-5
    markdown = out.read_text()
    assert markdown.count("mean normalised score, ") == 15
    assert "## What was left out" in markdown
    assert "| 1 | reference |" in markdown


def test_what_cannot_be_compared_is_refused(
    runs: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = str(runs["good"])
    assert main(["compare", good]) == 2
    assert "two or more runs" in capsys.readouterr().err
    for wrong in ("0", "-1", "nan", "inf"):
        assert main(["compare", good, good, "--detect", wrong]) == 2
        assert "a number above 0" in capsys.readouterr().err
    assert main(["compare", good, good, "--out", str(tmp_path)]) == 2
    assert "cannot write" in capsys.readouterr().err
    with pytest.raises(UsageError, match="above 0"):
        smartplay.compare([good, good], detect=0)


def test_reports_of_several_runs_end_with_their_comparison(
    runs: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(runs["good"]), str(runs["poor"])]) == 0
    assert "Overall: differences" in capsys.readouterr().out
