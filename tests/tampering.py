"""A recorded run, ways to tamper with it, and a look at whether that was found."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from smartplay.leaderboard import Verification, verify_run
from smartplay.leaderboard.claims import entry_digest
from smartplay.records.folder import RunFolder
from tests.folders import put_trace

GAMES = "BanditTwoArmedHighLowFixed,Hanoi3Disk"
BANDIT, HANOI = "smartplay/BanditTwoArmedHighLowFixed-v0", "smartplay/Hanoi3Disk-v0"


def refused(run: Path, *words: str) -> Verification:
    found = verify_run(run)
    told = "\n".join(map(str, found.problems))
    assert not found.verified, "the run was verified"
    for word in words:
        assert word in told, f"{word!r} is missing in: {told}"
    return found


def change_records(run: Path, change: Callable[[list[dict[str, Any]]], Any]) -> None:
    path = run / "episodes.jsonl"
    records = [json.loads(line) for line in path.read_text().splitlines()]
    games = list(json.loads((run / "run.json").read_text())["games"])
    # Lines stand in the order in which episodes ended, which is not always the same.
    places = {game: place for place, game in enumerate(games)}
    records.sort(key=lambda record: (places.get(record["game"], 0), record["episode"]))
    change(records)
    path.write_text("".join(json.dumps(record) + "\n" for record in records))


def change_header(run: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    header = json.loads((run / "run.json").read_text())
    change(header)
    (run / "run.json").write_text(json.dumps(header))


def steps_of(run: Path) -> bytes:
    """The lines of Hanoi's first episode; the first line is its header."""
    return gzip.decompress(RunFolder(run).trace((HANOI, 0, 0)))


def change_steps(run: Path, change: Callable[[list[dict[str, Any]]], Any]) -> None:
    """Change the lines of Hanoi's first episode."""
    lines = [json.loads(line) for line in steps_of(run).splitlines()]
    change(lines)
    put_steps(run, "".join(json.dumps(x) + "\n" for x in lines).encode())


def put_steps(run: Path, lines: bytes) -> None:
    put_trace(run, (HANOI, 0, 0), gzip.compress(lines, 1))


def reseal(entry: Path) -> None:
    """Forge the digest of an entry that was changed."""
    files = [path for path in entry.rglob("*") if path.is_file() and path.name != "entry.json"]
    digest = entry_digest(entry, [path.relative_to(entry).as_posix() for path in files])
    info = json.loads((entry / "entry.json").read_text())
    (entry / "entry.json").write_text(json.dumps(info | {"digest": digest}))


def hanoi(records: list[dict[str, Any]]) -> dict[str, Any]:
    return next(r for r in records if r["game"] == HANOI and r["episode"] == 0)
