"""Runs are watched in a browser: what there is, how far it is, reports, comparisons, films."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

pytest.importorskip("starlette", reason="starlette is not installed")
pytest.importorskip("httpx2", reason="httpx2 is not installed")

import smartplay
from smartplay.records.folder import LOCK, RunFolder
from smartplay.runner import live
from tests.players import recorded_run
from tests.webbing import Visitor, app_of


@pytest.fixture
def visitor(tmp_path: Path) -> Iterator[Visitor]:
    with app_of(tmp_path / "runs") as app:
        yield Visitor(app)


def test_the_runs_are_listed_with_what_is_no_run(tmp_path: Path, visitor: Visitor) -> None:
    assert "There are no runs" in visitor.get("/")
    recorded_run(tmp_path / "runs" / "a run")
    recorded_run(tmp_path / "runs" / "deeper" / "another")
    (tmp_path / "runs" / "broken").mkdir()
    (tmp_path / "runs" / "broken" / "run.json").write_text("{")
    page = visitor.get("/")
    for name in ("a%20run", "deeper/another"):
        assert f'href="/runs/{name}"' in page
        assert "1 of 1 episodes scored" in visitor.get(f"/runs/{name}")
    assert "1 folder without a run" in page
    visitor.get("/runs/broken")
    assert visitor.last.status_code == 400
    assert "malformed" in visitor.last.text


def test_an_episode_is_seen_while_it_is_played(
    tmp_path: Path, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "SECONDS", 0.0)
    reached, go_on = threading.Event(), threading.Event()
    asked: list[str] = []

    def agent(prompt: str) -> str:
        asked.append(prompt)
        if len(asked) == 4:
            reached.set()
            assert go_on.wait(60)
        return f"Thought {len(asked)}.\nAnswer: 1" if len(asked) != 3 else "I cannot say"

    run = tmp_path / "runs" / "now"
    how: dict[str, Any] = {"episodes": 1, "steps": 5, "out": run, "progress": False}
    playing = threading.Thread(target=smartplay.run, args=(agent, "Hanoi3Disk"), kwargs=how)
    playing.start()
    try:
        assert reached.wait(60)
        page = visitor.get("/runs/now")
    finally:
        go_on.set()
        playing.join()
    assert "0 of 1 episodes scored" in page
    assert 'data-poll="2"' in page
    assert "Step 2 of at most 5" in page
    assert "Thought 2." in page
    assert not (run / live.LIVE).exists()
    after = visitor.get("/runs/now")
    assert "Now playing" not in after
    assert "data-poll" not in after
    assert RunFolder(run).episodes()[0].score is not None


@pytest.mark.parametrize("lock", [False, True], ids=["no lock", "a free lock"])
def test_a_run_that_was_killed_is_not_shown_as_playing(
    lock: bool, tmp_path: Path, visitor: Visitor
) -> None:
    run = tmp_path / "runs" / "killed"
    smartplay.run("random", "Hanoi3Disk", episodes=2, steps=3, out=run, progress=False)
    first, *_ = (run / "episodes.jsonl").read_text().splitlines(keepends=True)
    (run / "episodes.jsonl").write_text(first)
    left = live.Live([live.LiveEpisode("smartplay/Hanoi3Disk-v0", 1, 0, 3, [])])
    (run / live.LIVE).write_bytes(msgspec.json.encode(left))
    if lock:
        (run / LOCK).touch()
    assert "Now playing" not in visitor.get("/runs/killed")
    with RunFolder(run).lock():
        assert "Now playing" in visitor.get("/runs/killed"), "while a run holds it, it is believed"
    smartplay.run("random", "Hanoi3Disk", episodes=2, steps=3, out=run, progress=False)
    assert not (run / live.LIVE).exists(), "a run that goes on forgets it"


def test_reports_comparisons_and_films_are_made_once(tmp_path: Path, visitor: Visitor) -> None:
    for name in ("one", "two"):
        recorded_run(tmp_path / "runs" / name)
    for path in ("/report/one", "/compare?run=one&run=two",
                 "/film/one?game=smartplay/Hanoi3Disk-v0&episode=0"):  # fmt: skip
        visitor.get(path)
        assert visitor.last.status_code == 200, visitor.last.text
        first = str(visitor.last.url), visitor.last.headers["last-modified"]
        visitor.get(path)
        assert (str(visitor.last.url), visitor.last.headers["last-modified"]) == first
    assert visitor.last.headers["content-type"] == "image/gif"
    assert visitor.last.content[:3] == b"GIF"
    before = visitor.get("/report/one") and str(visitor.last.url)
    recorded_run(tmp_path / "runs" / "three", agent="random")
    visitor.get("/report/three")
    assert str(visitor.last.url) != before
    for wrong in ("/compare?run=one", "/compare", "/film/one?episode=7", "/film/one?episode=-1",
                  "/film/one?game=Nosuch&episode=0", "/compare?run=one&run=one"):  # fmt: skip
        visitor.get(wrong)
        assert visitor.last.status_code == 400, wrong


def test_the_leaderboard_is_shown_where_there_is_one(tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "index.html").write_text("<h1>Board</h1>")
    with app_of(tmp_path / "runs", board=site) as app:
        visitor = Visitor(app)
        assert 'href="/board/index.html"' in visitor.get("/")
        assert "Board" in visitor.get("/board/index.html")
        assert "sandbox" in visitor.last.headers["content-security-policy"]
