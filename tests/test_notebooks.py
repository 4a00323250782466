"""The notebooks of the site run from top to bottom, offline, and what they say comes true."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])


def cells(path: Path, kind: str = "code") -> list[str]:
    found = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in found if cell["cell_type"] == kind]


def run(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What a notebook's cells leave behind, run one after the other in a folder."""
    monkeypatch.chdir(folder)
    names: dict[str, Any] = {"__name__": "notebook"}
    for number, cell in enumerate(cells(ROOT / "docs" / "notebooks" / f"{name}.ipynb")):
        exec(compile(cell, f"{name}, cell {number}", "exec"), names)
    return names


def test_there_are_three() -> None:
    assert len(NOTEBOOKS) == 3


def test_the_first_report_shows_that_the_reference_beats_chance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pandas")
    found = run("first_report", tmp_path, monkeypatch)
    ours, chance = found["run"].scores, found["chance"].scores
    assert all(score.score.mean > chance[name].score.mean for name, score in ours.items())
    assert (tmp_path / "runs" / "first" / "report.md").is_file()


def test_an_agent_of_ones_own_is_counted_and_priced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pandas")
    found = run("your_agent", tmp_path, monkeypatch)
    assert sum(episode.calls for episode in found["run"].episodes) == 4 * 20
    tokens = sum(episode.usage.prompt for episode in found["run"].episodes)
    assert found["report"].cost.total > tokens * 1.0 / 1e6 > 0


def test_the_vote_is_told_apart_from_the_single_guess(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = run("comparing", tmp_path, monkeypatch)
    (told,) = found["comparison"].overall.differences
    assert told.mean.mean < 0
    assert told.corrected < 0.05
    assert found["difference"].needed > 20


@pytest.mark.slow
@each_notebook
def test_jupyter_runs_it(path: Path, tmp_path: Path) -> None:
    nbformat = pytest.importorskip("nbformat")
    client = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    book = nbformat.read(path, as_version=4)
    client.NotebookClient(
        book, timeout=120, resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    shown = [cell.outputs for cell in book.cells if cell.cell_type == "code"]
    assert any(shown)


@each_notebook
def test_it_is_kept_without_outputs(path: Path) -> None:
    """The site shows those of its own build; kept ones would be of some older version."""
    found = json.loads(path.read_text(encoding="utf-8"))["cells"]
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in found)
