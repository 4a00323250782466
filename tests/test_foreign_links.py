"""Links in run folders of strangers lead nowhere: nothing is written, read or deleted there."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

import smartplay
from smartplay.cli import main
from smartplay.core.errors import RunFolderError
from smartplay.core.whole_files import remove_parts, write_atomically
from smartplay.leaderboard import verify_run
from smartplay.records.folder import RunFolder
from smartplay.report import build_report, keep_report
from smartplay.report.html import write_html
from tests.tampering import (
    GAMES,
    change_records,
)

# Links


@pytest.fixture
def secret(tmp_path: Path) -> Iterator[Path]:
    """A file outside of a run that must stay as it is."""
    path = tmp_path / "elsewhere" / "0-Hanoi3Disk-v0-0.js"
    path.parent.mkdir()
    path.write_text("mine")
    yield path
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    assert path.read_text() == "mine"


def go_on(run: Path) -> None:
    """Play what is missing of the recorded run."""
    smartplay.run("random", GAMES, episodes=3, steps=12, out=run, progress=False)


def test_a_report_overwrites_nothing_through_a_link(
    victim: Path, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("report.md", f"report.md.{os.getpid()}.part"):
        (victim / name).unlink(missing_ok=True)
        (victim / name).symlink_to(secret)
    keep_report(build_report(victim), victim)
    assert not (victim / "report.md").is_symlink()
    monkeypatch.setattr(secrets, "token_hex", lambda size: "guessed")
    (victim / "report.md.guessed.part").symlink_to(secret)
    with pytest.raises(FileExistsError):
        write_atomically(victim / "report.md", b"x")


def test_what_killed_writers_leave_is_removed(victim: Path, secret: Path) -> None:
    left = [victim / "report.md.123.part", victim / "steps" / "X-v0" / "00000.jsonl.gz.ab.part"]
    for path in left:
        path.parent.mkdir(exist_ok=True)
        path.write_text("half")
    (secret.parent / "other.part").write_text("not of the run")
    (victim / "steps" / "link").symlink_to(secret.parent)
    remove_parts(victim)
    assert not any(path.exists() for path in left)
    (secret.parent / "other.part").unlink()


STEPS = "steps/Hanoi3Disk-v0.jsonl.gz"


@pytest.mark.parametrize("name", ["steps", STEPS, "episodes.jsonl", ".lock"])
def test_a_run_is_not_continued_through_a_link(name: str, victim: Path, secret: Path) -> None:
    change_records(victim, lambda lines: lines.clear())
    path = victim / name
    if path.is_dir():
        path.rename(victim.parent / "moved")
    else:
        path.unlink(missing_ok=True)
    path.symlink_to(secret.parent if name == "steps" else secret)
    with pytest.raises(RunFolderError, match="is a link"):
        go_on(victim)


@pytest.mark.parametrize(
    "name",
    ["episodes.jsonl", "sessions.jsonl", ".lock", "replies.sqlite", STEPS],
)
def test_a_run_is_not_continued_into_a_file_of_two_names(
    name: str, victim: Path, secret: Path
) -> None:
    (victim / name).unlink(missing_ok=True)
    (victim / name).hardlink_to(secret)
    with pytest.raises(RunFolderError, match=f"{name} is a hard link"):
        RunFolder(victim).replies if name == "replies.sqlite" else go_on(victim)


def test_a_run_does_not_wait_for_a_pipe(victim: Path) -> None:
    (victim / "episodes.jsonl").unlink()
    os.mkfifo(victim / "episodes.jsonl")
    with pytest.raises(RunFolderError, match="not a regular file"):
        RunFolder(victim).mend()


@pytest.mark.parametrize("end", ["", "-wal", "-shm", "-journal"])
def test_replies_are_not_kept_through_a_link(end: str, victim: Path, secret: Path) -> None:
    folder = RunFolder(victim)
    assert folder.replies == victim / "replies.sqlite"
    (victim / f"replies.sqlite{end}").symlink_to(secret)
    with pytest.raises(RunFolderError, match="is a link"):
        _ = folder.replies
    folder.forget_replies()
    assert folder.replies == victim / "replies.sqlite"


def test_the_page_deletes_and_writes_nothing_through_a_link(victim: Path, secret: Path) -> None:
    (victim / "report.steps").symlink_to(secret.parent)
    with pytest.raises(RunFolderError, match="is a link"):
        write_html([build_report(victim)], [victim], victim / "report.html")


def test_strays_are_not_looked_for_through_a_link(victim: Path, tmp_path: Path) -> None:
    nothing = {"status": "unscored", "error": "x", "score": None, "steps": 0}
    change_records(victim, lambda lines: [line.update(nothing) for line in lines])
    (victim / "report.json").unlink()
    (victim / "steps").rename(tmp_path / "elsewhere")
    (victim / "steps").symlink_to(tmp_path / "elsewhere")
    (problem,) = verify_run(victim).problems
    assert "is a link" in problem.what


# Folders that are only read


def test_a_report_that_cannot_be_kept_is_shown(
    victim: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def read_only(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("smartplay.report.write_atomically", read_only)
    assert main(["report", str(victim), "--json"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["agent"] == "random"
    assert "shown but not kept" in told.err
    assert "Read-only file system" in told.err
