"""Runs for the tests of the report, played once per session."""

from __future__ import annotations

import random
import shutil
from collections.abc import Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

import smartplay
from smartplay.agents.catalog import find_agent
from smartplay.agents.context import Observation, Reply
from smartplay.agents.reference import reference
from smartplay.cards.capabilities import Capability
from smartplay.leaderboard.claims import EntryInfo
from smartplay.leaderboard.rows import Refused, Row, Status, published_rows
from smartplay.leaderboard.site import make_board, to_html
from smartplay.leaderboard.tracks import Track
from smartplay.records import Call, EpisodeRecord, Usage
from smartplay.records.prices import Price, Prices
from smartplay.report import Report, build_report
from smartplay.report.html import pictures, traces, write_html
from smartplay.scores.intervals import Interval
from tests.chatty import HOSTILE, Chatty

GAMES = "BanditTwoArmedHighLowFixed,Hanoi3Disk"
PRICES = Prices(
    currency="USD",
    date=date(2026, 11, 1),
    models={"Pupil": Price(prompt=1, completion=8)},
)
"""Of the agents of `many_runs`."""


def play(folder: Path, agent: Any, games: str = GAMES, episodes: int = 3) -> Path:
    """Play a small run into a folder."""
    smartplay.run(agent, games, episodes=episodes, out=folder, progress=False)
    return folder


def hostile_run(folder: Path) -> Path:
    """A run whose agent, replies, errors and causes are hostile."""
    agent = partial(Chatty, hostile=True)
    play(folder, agent)
    header = msgspec.json.decode((folder / "run.json").read_bytes())
    header |= {
        "agent": HOSTILE + 150 * "W",
        "agent_settings": {HOSTILE: HOSTILE},
        "versions": {HOSTILE: "1"},
    }
    (folder / "run.json").write_bytes(msgspec.json.encode(header))
    lines = (folder / "episodes.jsonl").read_bytes().splitlines()
    records = [msgspec.json.decode(line, type=EpisodeRecord) for line in lines]
    records[0] = msgspec.structs.replace(records[0], status="unscored", error=HOSTILE, score=None)
    records[1] = msgspec.structs.replace(records[1], invalid={HOSTILE: 1})
    (folder / "episodes.jsonl").write_bytes(
        b"".join(msgspec.json.encode(r) + b"\n" for r in records)
    )
    return folder


def failing_run(folder: Path) -> Path:
    """A run of which every episode fails at the fourth step."""
    return play(folder, partial(Chatty, fails=True))


def page_of(
    folders: Sequence[Path], out: Path, prices: Prices | None = None
) -> tuple[str, list[Report]]:
    """Write the page of some runs; its HTML and the reports it is made of."""
    reports = [build_report(folder, prices) for folder in folders]
    write_html(reports, folders, out)
    return out.read_text(encoding="utf-8"), reports


def every_page(root: Path) -> dict[str, Path]:
    """A page of each kind of run, by name; `both` and `two` compare, `aside` keeps steps apart."""
    runs = {
        "random": play(root / "random", "random"),
        "reference": play(root / "reference", "reference"),
        "hostile": hostile_run(root / "hostile"),
        "failing": failing_run(root / "failing"),
        "chatty": play(root / "chatty", Chatty),
        "single": play(root / "single", "random", "Hanoi3Disk"),
        "core": play(root / "core", "random", "core", episodes=2),
        "flat": play(root / "flat", "constant:1", "Hanoi3Disk"),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pictures, "FRAMES", 3)
        for name, folder in runs.items():
            page_of([folder], root / f"{name}.html")
        page_of([runs["hostile"], runs["random"], runs["reference"]], root / "both.html")
        page_of([runs["random"], runs["reference"]], root / "two.html")
        page_of(many_runs(root, 20), root / "twenty.html", PRICES)
        page_of(many_runs(root, 8), root / "eight.html")
        page_of([measured_run(root)], root / "measured.html")
        page_of([measured_run(root), runs["random"]], root / "mixed.html")
        page_of([aided_run(root), runs["single"]], root / "aided.html")
        page_of([unfinished_run(root, runs["core"])], root / "unfinished.html")
        page_of([repeated_run(root)], root / "repeated.html")
        longest = play(root / "contrast", "random", "ContrastLongTextUnderstandingEasy", 1)
        page_of([longest], root / "contrast.html")
        patch.setattr(traces, "EPISODE_BYTES", 100)
        page_of([runs["random"]], root / "aside.html")
    return {path.stem: path for path in root.glob("*.html")}


def many_runs(root: Path, number: int) -> list[Path]:
    """Runs of agents with names as long as those of models; the later ones play better."""
    return [
        play(root / f"many-{k}", partial(Pupil, good=k), episodes=2)
        if not (root / f"many-{k}").exists()
        else root / f"many-{k}"
        for k in range(number)
    ]


class Pupil:
    """Plays as the reference does in some of twenty steps, else at random."""

    def __init__(self, manual: str, actions: list[str], seed: int, good: int) -> None:
        self._best, self._luck = reference(manual, actions, seed), random.Random(seed)
        self._actions, self._good = actions, good

    def act(self, observation: Observation) -> Reply:
        best = self._best.act(observation)
        luck = f"Answer: {self._luck.choice(self._actions)}"
        text = str(best) if self._luck.randrange(20) < self._good else luck
        usage = Usage(prompt=100 * (1 + self._good), completion=10)
        call = Call([], text, model=f"thinking-model-{self._good}-instruct-20261101", usage=usage)
        return Reply(text, calls=[call])


def measured_run(root: Path) -> Path:
    """Thresholds on two dials, one of them of the other method."""
    games = "ContrastReasoning,HarborPlanning"
    return smartplay.measure(
        "reference", games, max_calls=200, out=root / "measured", progress=False
    ).path


def repeated_run(root: Path) -> Path:
    """Three plays of each episode."""
    folder = root / "repeated"
    smartplay.run("random", GAMES, episodes=3, repeats=3, out=folder, progress=False)
    return folder


def aided_run(root: Path) -> Path:
    agent = find_agent("random", {"aid": ["map"]})
    return play(root / "aided", agent, "Hanoi3Disk")


def unfinished_run(root: Path, whole: Path) -> Path:
    """The first episodes of a run."""
    folder = root / "unfinished"
    shutil.copytree(whole, folder)
    lines = (whole / "episodes.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "episodes.jsonl").write_bytes(b"".join(lines[:5]))
    return folder


def board_row(key: str, status: Status, score: float | None, method: str) -> Row:
    """A row with long names, as people give them."""
    track = Track(
        games="core", steps="", episodes="", engine="", observation="text", settings="", seed=0,
        method=method,
    )  # fmt: skip
    spread = None if score is None else Interval(score, score - 0.1, score + 0.1)
    names = published_rows()[0].games
    games: dict[str, Interval | None] = dict.fromkeys(names, spread)
    return Row(
        key=key,
        info=EntryInfo(agent=f"thinking-model-{key}-instruct", author="a group", date="2026-11-26"),
        status=status,
        track=track,
        overall=spread,
        games=games,
        capabilities={str(name): spread for name in Capability},
        invalid=0.125,
        causes={"unparsable": 0.125},
        read=123_456_789,
        coverage="280/280",
        suite="public",
    )


def board_page(page: Path) -> Path:
    """A leaderboard's page with rows of every kind."""
    rows = [
        board_row("one", "verified", 0.75, "direct protocol"),
        board_row("two", "incomplete", None, "direct protocol"),
        board_row("three", "verified", 0.25, ""),
    ]
    info = msgspec.structs.replace(rows[1].info, agent=rows[1].info.agent + 150 * "W")
    rows[1] = msgspec.structs.replace(rows[1], info=info)
    refused = [Refused(key="four", stale=True, reasons=["the run cannot be replayed"])]
    page.write_text(to_html(make_board(rows, refused)), encoding="utf-8")
    return page
