"""Results for other places, read again by what reads them there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from smartplay import GameScore, load_run, run
from smartplay.cli import main
from smartplay.games import registry
from smartplay.leaderboard import publish
from tests.games import write_game

yaml = pytest.importorskip("yaml")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published") / "run"
    run("random", "BanditTwoArmedHighLowFixed,Hanoi3Disk", episodes=4, out=folder)
    return folder


def write(played: Path, to: str, tmp_path: Path, *more: str) -> str:
    assert main(["export", str(played), "--to", to, "--out", str(tmp_path), *more]) == 0
    return (tmp_path / publish.FORMS[to][0]).read_text(encoding="utf-8")


def scores_of(folder: Path) -> dict[str, GameScore]:
    found = load_run(folder).scores.values()
    return {score.game.removeprefix("smartplay/"): score for score in found}


def test_eval_results_have_the_hubs_form(played: Path, tmp_path: Path) -> None:
    more = ["--dataset", "someone/smartplay", "--source", "https://example.org/run"]
    found: list[dict[str, Any]] = yaml.safe_load(write(played, "eval-results", tmp_path, *more))
    scores = scores_of(played)
    overall, *found = found
    assert overall["dataset"]["task_id"] == "overall"
    assert {entry["dataset"]["task_id"] for entry in found} == set(scores)
    for entry in found:
        assert set(entry) == {"dataset", "value", "date", "source", "notes"}
        assert entry["dataset"]["id"] == "someone/smartplay"
        score = scores[entry["dataset"]["task_id"]].score
        assert score is not None
        assert entry["value"] == pytest.approx(score.mean, rel=1e-5)
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", entry["date"])
        assert entry["source"] == {"url": "https://example.org/run", "name": "SmartPlay run folder"}
        for told in ("95 % interval", "retr", "SmartPlay 0", "agent random", "trial"):
            assert told in entry["notes"], entry["notes"]
        if score.low is not None:
            assert f"interval {score.low:.6g} to" in entry["notes"]
    without = yaml.safe_load(write(played, "eval-results", tmp_path, "--dataset", "a/b"))
    assert all("source" not in entry for entry in without)
    assert [entry["value"] for entry in without[1:]] == [entry["value"] for entry in found]


def test_a_model_card_has_a_row_per_game(played: Path, tmp_path: Path) -> None:
    told = write(played, "model-card", tmp_path)
    rows = [line.split(" | ") for line in told.splitlines() if line.startswith("| ")]
    assert [row[0] for row in rows[2:]] == [
        "| BanditTwoArmedHighLowFixed-v0", "| Hanoi3Disk-v0",
    ]  # fmt: skip
    assert len({len(row) for row in rows}) == 1
    assert [row[1] for row in rows[2:]] == [str(each.score) for each in scores_of(played).values()]
    assert "8 of 8 episodes were scored" in told
    assert "smartplay verify" in told


def test_a_model_card_holds_scores_against_the_setting_that_was_played(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    run("random", "BanditTwoArmedHighLowFixed", episodes=2, steps=6, out=folder)
    (row,) = (
        line for line in write(folder, "model-card", tmp_path).splitlines() if "| Band" in line
    )
    assert 1 < float(row.split(" | ")[3]) < 5, "25 in the 50 steps of the card"


def test_results_of_a_game_of_ones_own_are_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    card, folder = write_game(tmp_path), tmp_path / "run"
    run("random", str(card), episodes=2, out=folder)
    monkeypatch.setattr(registry, "_cards", {})
    assert main(["export", str(folder), "--to", "bibtex", "--out", str(tmp_path)]) == 2
    assert "name its card file with --card" in capsys.readouterr().err
    assert "| Ticks" in write(folder, "model-card", tmp_path, "--card", str(card))


def test_a_bibliography_has_three_entries(played: Path, tmp_path: Path) -> None:
    told = write(played, "bibtex", tmp_path)
    assert re.findall(r"^@(\w+)\{([\w-]+),$", told, re.M) == [
        ("misc", "smartplay-result"), ("software", "smartplay"),
        ("inproceedings", "smartplay-paper"),
    ]  # fmt: skip
    assert told.count("{") == told.count("}")
    assert re.search(r"note = \{.*SmartPlay 0.*\}", told)


def test_what_an_agent_is_called_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "odd.py").write_text("def a_b(prompt):\n    return '1'\n")
    folder = tmp_path / "run"
    run(f"{tmp_path}/odd.py:a_b", "Hanoi3Disk", episodes=2, out=folder)
    told = write(folder, "bibtex", tmp_path)
    assert r"a\_b" in told
    assert told.count("{") == told.count("}")
    assert publish._latex("a&{b}\x1b") == r"a\&\{b\}" + publish._latex("\x1b")
    assert r"odd.py:a\_b" in write(folder, "model-card", tmp_path)
    (entry, *_) = yaml.safe_load(write(folder, "eval-results", tmp_path, "--dataset", "a/b"))
    assert "odd.py:a_b" in entry["notes"]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--to", "eval-results"], "--dataset OWNER/NAME"),
        (["--to", "eval-results", "--dataset", "nonsense"], "--dataset OWNER/NAME"),
        (["--to", "bibtex", "--won"], "one whole run, without filters"),
        (["--to", "model-card", "--game", "Hanoi3Disk"], "one whole run, without filters"),
    ],
)
def test_what_cannot_be_published(
    played: Path, more: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", str(played), "--out", str(tmp_path / "x"), *more]) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "x").exists()
