"""`smartplay runs`: a line for whatever lies in a folder, and none is wider than 80 columns."""

from __future__ import annotations

import html
import json
import re
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from rich.cells import cell_len

import smartplay
from smartplay.cli import main
from smartplay.cli.commands import report as report_command
from smartplay.core.errors import UsageError
from smartplay.report import build_report
from smartplay.report.listing import LARGEST, Listed, list_runs
from tests.folders import BANDIT, HANOI, play
from tests.tampering import change_header, change_records

ENTRIES = Path(__file__).parents[1] / "leaderboard" / "entries"


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return play(tmp_path_factory.mktemp("played") / "run", games=[BANDIT, HANOI]).path


@pytest.fixture
def runs(played: Path, tmp_path: Path) -> Path:
    """A folder with one run; tests put other things beside it."""
    shutil.copytree(played, tmp_path / "runs" / "honest")
    return tmp_path / "runs"


def listed(folder: Path) -> dict[str, Listed]:
    return {Path(each.path).relative_to(folder).as_posix(): each for each in list_runs(folder)}


def lines(folder: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    assert main(["runs", str(folder)]) == 0
    found = capsys.readouterr().out.splitlines()
    assert max(map(cell_len, found)) <= 80
    assert all(line.isprintable() for line in found)
    return found


def test_a_run_is_told_in_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = {"episodes": 2, "steps": None}
    play(tmp_path / "runs" / "one", "constant", games=[BANDIT, HANOI], **whole)
    head, line, count = lines(tmp_path / "runs", capsys)
    report = build_report(tmp_path / "runs" / "one")
    assert report.overall is not None
    assert head.split() == ["Run", "Agent", "Games", "Begun", "(UTC)", "Episodes", "Score"]
    assert line.split()[:4] == ["one", "constant", "2", "games"]
    assert line.split()[-2:] == ["4/4", f"{report.overall.mean:.2f}"]
    assert count == "1 run"
    assert listed(tmp_path / "runs")["one"].overall == report.overall


@pytest.mark.slow
def test_runs_of_version_0_1_have_the_scores_of_their_reports() -> None:
    found = listed(ENTRIES)
    assert len(found) >= 4
    for name, each in found.items():
        report = build_report(ENTRIES / name)
        assert each.problem == ""
        assert (each.overall, each.scored) == (report.overall, report.episodes)


def test_json_is_the_same_and_nothing_else(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (runs / "notes").mkdir()
    assert main(["runs", str(runs), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [bool(each["problem"]) for each in found] == [False, True]
    assert found[0]["games"] == [f"smartplay/{name}-v0" for name in (BANDIT, HANOI)]
    assert found[0]["overall"] is None, "a shortened run has no overall score"


def test_an_unfinished_and_a_failed_run_say_how_far_they_are(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def cut(records: list[dict[str, Any]]) -> None:
        del records[2:]
        records[0].update(status="unscored", error="x", score=None)

    change_records(runs / "honest", cut)
    assert "1/6, 1 failed" in lines(runs, capsys)[1]
    (runs / "honest" / "episodes.jsonl").unlink()
    assert "0/6" in lines(runs, capsys)[1]


def test_a_run_of_one_game_shows_its_raw_score(tmp_path: Path) -> None:
    run = play(tmp_path / "runs" / "one", "constant")
    assert listed(tmp_path / "runs")["one"].score == sum(r.score or 0 for r in run.episodes) / 3


def test_a_measured_run_has_no_score(tmp_path: Path) -> None:
    games = ["ContrastPlanning-v0"]
    smartplay.measure("random", games, max_calls=12, out=tmp_path / "r" / "m", progress=False)
    found = listed(tmp_path / "r")["m"]
    assert (found.problem, found.overall, found.score) == ("", None, None)
    assert found.played == "1/1", "more were possible, and none is to be played"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("run.json", "{}", "malformed"),
        ("run.json", "[" * 10**5, "malformed"),
        ("run.json", '{"schema": 99}', "schema 99"),
        ("episodes.jsonl", "x\n", "malformed"),
        ("episodes.jsonl", '{"game": "smartplay/Other-v0"}\n', "malformed"),
    ],
)
def test_a_damaged_run_says_what_is_wrong(
    runs: Path, name: str, content: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(runs / "honest", runs / "damaged")
    (runs / "damaged" / name).write_text(content)
    problem = listed(runs)["damaged"].problem
    assert words in problem
    assert str(runs) not in problem
    assert [line for line in lines(runs, capsys) if line.startswith("damaged")]


def test_a_huge_run_is_not_read(runs: Path) -> None:
    with (runs / "honest" / "episodes.jsonl").open("r+b") as file:
        file.truncate(LARGEST + 1)
    assert "32 MB" in listed(runs)["honest"].problem


def test_links_are_not_followed(runs: Path, tmp_path: Path) -> None:
    (runs / "loop").symlink_to(runs)
    (runs / "away").symlink_to(runs / "honest")
    (runs / "dangling").symlink_to(tmp_path / "nothing")
    shutil.copytree(runs / "honest", runs / "linked")
    (runs / "linked" / "run.json").unlink()
    (runs / "linked" / "run.json").symlink_to(runs / "honest" / "run.json")
    found = listed(runs)
    assert [name for name, each in found.items() if not each.problem] == ["honest"]
    assert all("link" in found[name].problem for name in ("loop", "away", "linked"))
    assert "dangling" not in found


def test_a_card_of_ones_own_leaves_out_only_the_score(runs: Path) -> None:
    def rename(header: dict[str, Any]) -> None:
        header["games"] = {"smartplay/Mine-v0": header["games"].popitem()[1]}

    change_header(runs / "honest", rename)
    (runs / "honest" / "episodes.jsonl").unlink()
    found = listed(runs)["honest"]
    assert (found.problem, found.games, found.overall) == ("", ["smartplay/Mine-v0"], None)


def test_experiments_keep_their_runs_a_folder_deeper(runs: Path) -> None:
    shutil.copytree(runs / "honest", runs / "diagnosis" / "map")
    (runs / "diagnosis" / "logs").mkdir()
    (runs / ".hidden").mkdir()
    (runs / "a.txt").touch()
    assert list(listed(runs)) == ["diagnosis/map", "honest"]


@pytest.mark.parametrize("name", ["x\x1b[2J", "a\nb: verified", "\u202egnol", "名" * 60, "n" * 200])
def test_names_forge_no_line_and_stay_narrow(
    runs: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (runs / "honest").rename(runs / name)
    change_header(runs / name, lambda header: header.update(agent=name * 9))
    (runs / f"{name}2").mkdir()
    found = lines(runs, capsys)
    assert len(found) == 5
    assert found[1].split()[-2:] == ["6/6", "-"], "what matters is cut"
    assert "no run.json" in found[3] or "…" in found[3]


def test_a_folder_that_is_none_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError, match="no folder"):
        list(list_runs(tmp_path / "nothing"))
    assert main(["runs", str(tmp_path / "nothing")]) == 2
    assert "no folder" in capsys.readouterr().err
    assert lines(tmp_path, capsys) == ["0 runs"]


# The index of `report --html`


@pytest.mark.slow
def test_a_folder_of_runs_becomes_an_index_of_pages(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(runs / "honest", runs / "a b#?&%41<i>")
    shutil.copytree(runs / "honest", runs / "damaged")
    (runs / "damaged" / "episodes.jsonl").write_text("x\n")
    assert main(["report", str(runs), "--html"]) == 0
    page = (runs / "index.html").read_text()
    assert "2 runs" in page
    assert "damaged: episodes.jsonl, line 1 is malformed" in page
    assert str(runs) not in page
    links = re.findall('<a href="([^"]*)">', page)
    assert len(links) == 2
    for link in links:
        assert (runs / unquote(html.unescape(link))).is_file()
        assert "<i>" not in link
    assert "index.html" in capsys.readouterr().out


@pytest.mark.slow
def test_more_runs_than_can_be_compared_become_an_index(
    runs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(report_command, "MOST_COMPARED", 2)
    monkeypatch.chdir(runs)
    for name in ("one", "two"):
        shutil.copytree("honest", name)
    assert main(["report", "one", "two", "--html"]) == 0
    assert Path("comparison.html").exists()
    assert main(["report", "one", "two", "honest", "--html", "--out", "all.html", "--json"]) == 0
    assert Path("all.html").read_text().count("<a href=") == 3
    assert not Path("index.html").exists()
    capsys.readouterr()


def test_an_index_of_nothing_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x").mkdir()
    assert main(["report", str(tmp_path), "--html"]) == 2
    assert "no run to report" in capsys.readouterr().err
    assert not (tmp_path / "index.html").exists()


def test_a_folder_of_runs_is_not_taken_for_a_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "run.json").touch()
    assert main(["report", str(tmp_path)]) == 2
    assert "name one of the run folders inside" in capsys.readouterr().err
