"""Runs for the tests of the report, played once per session."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

import smartplay
from smartplay.records import EpisodeRecord
from smartplay.records.prices import Prices
from smartplay.report import Report, build_report
from smartplay.report.html import write_html
from tests.chatty import HOSTILE, Chatty

GAMES = "BanditTwoArmedHighLowFixed,Hanoi3Disk"


def play(folder: Path, agent: Any, games: str = GAMES, episodes: int = 3) -> Path:
    """Play a small run into a folder."""
    smartplay.run(agent, games, episodes=episodes, out=folder, progress=False)
    return folder


def hostile_run(folder: Path) -> Path:
    """A run whose agent, replies, errors and causes are hostile."""
    agent = partial(Chatty, hostile=True)
    play(folder, agent)
    header = msgspec.json.decode((folder / "run.json").read_bytes())
    header |= {"agent": HOSTILE, "agent_settings": {HOSTILE: HOSTILE}, "versions": {HOSTILE: "1"}}
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
