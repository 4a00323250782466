"""What a build of the leaderboard remembers: only what verified, and only while nothing changed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import smartplay
from smartplay.leaderboard import remembered, rows, site
from smartplay.leaderboard.entry import add_entry
from smartplay.leaderboard.site import build
from smartplay.leaderboard.verify import verify_run
from smartplay.runner.suite import Suite


@pytest.fixture(scope="module")
def entry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("remembered")
    smartplay.run("reference", "Hanoi3Disk", out=folder / "run", episodes=2, progress=False)
    add_entry(folder / "run", folder / "board" / "entries")
    return next((folder / "board" / "entries").iterdir())


@pytest.fixture
def root(entry: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A board of one entry, and a memory of its own."""
    monkeypatch.setenv("SMARTPLAY_CACHE", str(tmp_path / "cache"))
    shutil.copytree(entry.parents[1], tmp_path / "board")
    return tmp_path / "board"


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The entries that were replayed."""
    found: list[str] = []
    verify = verify_run

    def counted(path: Path, **given: object) -> object:
        found.append(path.name)
        return verify(path, **given)  # type: ignore[arg-type]

    monkeypatch.setattr(rows, "verify_run", counted)
    return found


def only(root: Path) -> Path:
    return next((root / "entries").iterdir())


def test_an_entry_is_replayed_once_and_told_alike(root: Path, checks: list[str]) -> None:
    first = build(root)
    pages = {path: path.read_bytes() for path in root.rglob("*.html")}
    assert build(root) == first
    assert len(checks) == 1
    assert {path: path.read_bytes() for path in root.rglob("*.html")} == pages


@pytest.mark.parametrize("changed", ["content", "name", "more"])
def test_a_changed_entry_is_checked_again(root: Path, checks: list[str], changed: str) -> None:
    build(root)
    entry = only(root)
    if changed == "content":
        path = entry / "episodes.jsonl"
        path.write_bytes(path.read_bytes().replace(b'"score":3', b'"score":2'))
    elif changed == "name":
        entry.rename(entry.with_name("another"))
    else:
        (entry / "more.txt").write_text("more")
    board = build(root)
    assert len(checks) == 2
    assert bool(board.refused) == (changed != "name")


def test_what_did_not_verify_is_not_remembered(root: Path, checks: list[str]) -> None:
    path = only(root) / "episodes.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"score":3', b'"score":2'))
    assert build(root).refused
    assert build(root).refused
    assert len(checks) == 2


def test_other_code_and_other_suites_check_again(
    root: Path, checks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    build(root)
    (root / "suites").mkdir()
    (root / "suites" / "one.json").write_text(f'{{"secret": "{"0" * 32}", "rule": 1}}')
    build(root)
    assert len(checks) == 2
    monkeypatch.setattr(remembered, "own_digest", lambda *_: "other code")
    build(root)
    assert len(checks) == 3


def test_a_damaged_memory_is_made_again(root: Path, checks: list[str], tmp_path: Path) -> None:
    first = build(root)
    for path in (tmp_path / "cache" / "verified").iterdir():
        path.write_bytes(b"\xc1 nonsense")
    assert build(root) == first
    assert len(checks) == 2


def test_a_page_that_was_changed_is_written_again(root: Path) -> None:
    build(root)
    (page,) = (root / "site" / "entries").iterdir()
    told = page.read_bytes()
    page.write_bytes(b"something else")
    build(root)
    assert page.read_bytes() == told


def test_the_page_of_an_entry_that_is_not_remembered_is_written_each_time(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remembered, "MOST_BYTES", 0)
    written: list[Path] = []
    monkeypatch.setattr(site, "write_html", lambda reports, runs, page: written.append(page))
    build(root)
    build(root)
    assert len(written) == 2


def test_links_are_not_remembered(root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("secret")
    assert remembered.digest_of(only(root), [], None)
    (only(root) / "link").symlink_to(tmp_path / "outside")
    assert remembered.digest_of(only(root), [Suite("0" * 32)], None) == ""
