"""Short runs in a folder, and all that such a folder says."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

import smartplay
from smartplay.records import EpisodeHeader, Key, StepRecord
from smartplay.records.folder import RunFolder, Trace, member_name, steps_name
from smartplay.records.members import Members, member
from smartplay.report import build_report
from smartplay.results import Run

BANDIT, HANOI = "BanditTwoArmedHighLowFixed", "Hanoi3Disk"


def play(out: Path, agent: Any = "random", **options: Any) -> Run:
    given: dict[str, Any] = {"games": BANDIT, "episodes": 3, "steps": 4, "progress": False}
    return smartplay.run(agent, out=out, **(given | options))


def content(path: Path) -> dict[str, Any]:
    """All a run folder says, but for times, versions and the paths of reports."""
    folder = RunFolder(path)
    header = folder.header()
    told: dict[str, Any] = {"run.json": drop(msgspec.to_builtins(header))}
    for record in folder.results(header):
        head, steps = folder.steps(record.game, record.episode)
        told[f"{record.game} {record.episode}"] = [
            drop(msgspec.to_builtins(part)) for part in (record, head, *steps)
        ]
    told["report"] = drop(msgspec.to_builtins(build_report(path)))
    told["files"] = sorted(
        str(file.relative_to(path)) for file in path.rglob("*") if file.is_file()
    )
    return told


def drop(value: Any) -> Any:
    """Plain data without times."""
    return without(value, "seconds", "waiting", "started", "concurrency")


def without(value: Any, *names: str) -> Any:
    """Plain data without the fields of these names, however deep."""
    if isinstance(value, dict):
        return {key: without(below, *names) for key, below in value.items() if key not in names}
    return [without(below, *names) for below in value] if isinstance(value, list | tuple) else value


def members_of(path: Path) -> dict[str, bytes]:
    """The members of a file of steps by name, in order."""
    members, data = Members(path.parent, path.name), path.read_bytes()
    members.look()
    return {name: data[part.begin : part.end] for name, part in members.found.items()}


def put_trace(run: Path, key: Key, packed: bytes | None) -> None:
    """Put other steps, or none, in the place of an episode's; the file's form stays right."""
    path, name = run / steps_name(key[0]), member_name(*key[1:])
    members = members_of(path)
    members.pop(name, None)
    if packed is not None:
        members[name] = member(name, packed)
    path.write_bytes(b"".join(members.values()))


def with_own_files(run: Path) -> Path:
    """Keep the steps of a run as runs of before did, each episode's in a file of its own."""
    for path in sorted((run / "steps").iterdir()):
        folder = path.with_name(path.name.removesuffix(".jsonl.gz"))
        folder.mkdir()
        for name, data in members_of(path).items():
            packed = gzip.compress(gzip.decompress(data), mtime=0)
            (folder / f"{name}.gz").write_bytes(packed)
        path.unlink()
    return run


def pack_trace(header: EpisodeHeader, steps: Iterable[StepRecord]) -> bytes:
    """The content of a steps file: compressed JSON lines."""
    trace = Trace(header)
    for step in steps:
        trace.add(step)
    return trace.packed()
