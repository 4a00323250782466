"""What a run leaves behind can be recognised as a benchmark's, and left out of training data."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from smartplay.cli import main
from smartplay.records import CANARY
from smartplay.report.export import FORMATS, Format, export_runs
from tests.chatty import Chatty
from tests.folders import HANOI, play

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return play(tmp_path_factory.mktemp("played") / "run", Chatty, games=[HANOI]).path


def test_the_header_of_a_run_holds_it(played: Path) -> None:
    assert json.loads((played / "run.json").read_text())["canary"] == CANARY


@pytest.mark.parametrize("to", FORMATS)
def test_every_export_holds_it(played: Path, tmp_path: Path, to: Format) -> None:
    files = export_runs([played], to, tmp_path).files
    if to == "chat":
        assert CANARY in (tmp_path / "canary.txt").read_text()
    else:
        assert all(CANARY.encode() in file.read_bytes() for file in files)


def test_the_page_holds_it(played: Path) -> None:
    assert main(["report", str(played), "--html"]) == 0
    assert CANARY in (played / "report.html").read_text()


def test_the_benchmark_card_names_it() -> None:
    assert CANARY in (ROOT / "docs" / "benchmark_card.md").read_text()


def test_a_run_from_before_it_is_read_verified_and_continued(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    episodes = play(tmp_path, "random", games=[HANOI]).episodes
    header = json.loads((tmp_path / "run.json").read_text())
    del header["canary"]
    (tmp_path / "run.json").write_text(json.dumps(header))
    assert main(["verify", str(tmp_path)]) == 0
    assert play(tmp_path, "random", games=[HANOI]).episodes == episodes
    assert "verified" in capsys.readouterr().out
