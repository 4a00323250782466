"""Packs a verified run into an entry of the leaderboard."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from smartplay.core.errors import RunFolderError, UsageError
from smartplay.games.registry import find_card
from smartplay.leaderboard.claims import (
    Claim,
    EntryInfo,
    Play,
    check_info,
    claims_of,
    entry_digest,
    pack_claims,
    play_of,
    read_info,
    replays_name,
)
from smartplay.leaderboard.verify import Verification, verify_run
from smartplay.records import RunHeader
from smartplay.records.encoding import encode, pretty
from smartplay.records.folder import RunFolder, steps_name
from smartplay.runner.suite import Suite

__all__ = ["EntryInfo", "add_entry", "read_info"]


def add_entry(
    run: Path,
    entries: Path,
    *,
    agent: str = "",
    model: str = "",
    author: str = "",
    link: str = "",
    note: str = "",
    with_traces: bool = False,
    suites: Sequence[Suite] = (),
) -> tuple[Path, Verification]:
    """Verify a run and pack it into a new entry.

    Args:
        run: The run folder.
        entries: The folder of all entries.
        agent: The name in the table; the run's agent by default.
        model: The model behind it; by default the one in the agent's settings.
        author: Who played.
        link: Where to read more.
        note: One sentence on how the agent works.
        with_traces: Pack prompts and replies as well.
        suites: Private suites whose secret is known; the entry does not reveal it.

    Returns:
        The entry's folder, and what the check found.

    Raises:
        UsageError: If the run does not verify or has no scored episode, it or its name is on the
            leaderboard already, or a text is invalid.
    """
    folder = RunFolder(run)
    header = folder.header()
    info = EntryInfo(
        agent=agent or header.agent,
        model=model or str(header.agent_settings.get("model", "")),
        author=author,
        date=header.started[:10],
        link=link,
        note=note,
    )
    check_info(info, "the entry")
    if not agent and "<" in info.agent:
        raise UsageError(f"{info.agent} cannot name a row; give the agent a name with --agent")
    target = entries / f"{info.date}_{_slug(info.agent)}"
    if target.exists():
        raise UsageError(f"{target} exists; give the entry another name with --agent")
    for game in header.games:
        card = find_card(game)
        if card is None or card.source.endswith(".toml"):
            raise UsageError(
                f"{run} was played on {game}; the leaderboard takes this version's own games and "
                "those of installed packages, no others"
            )
    verification = verify_run(run, suites=suites)
    if not (verification.verified or verification.incomplete):
        told = [*map(str, verification.problems[:3]), *verification.notes[-1:]]
        raise UsageError(f"{run} does not verify, so it cannot be added: {told[0]}")
    records = folder.results(header)
    if all(record.score is None for record in records):
        raise UsageError(f"{run} has no scored episode, so it cannot be added")
    claims = claims_of(folder, header, records)
    same = _same_play(play_of(claims), entries)
    if same:
        raise UsageError(f"{run} is on the leaderboard already, as {same}")
    part = target.with_name(f"{target.name}.part")
    try:
        shutil.rmtree(part, ignore_errors=True)
        _write(part, folder, header, info, claims, with_traces)
        part.rename(target)
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        raise UsageError(f"cannot write {target}: {error.strerror or error}") from error
    return target, verification


def _same_play(play: Play, entries: Path) -> str:
    """The name of the entry with the same play; empty if there is none."""
    for path in sorted(entries.iterdir()) if entries.is_dir() else ():
        with suppress(RunFolderError):  # what is no entry holds no run
            entry = RunFolder(path)
            header = entry.header()
            if play_of(claims_of(entry, header, entry.results(header))).is_same(play):
                return path.name
    return ""


def _write(
    target: Path,
    folder: RunFolder,
    header: RunHeader,
    info: EntryInfo,
    claims: dict[str, list[Claim]],
    with_traces: bool,
) -> None:
    files: dict[str, bytes | bytearray] = {
        "run.json": pretty(msgspec.structs.replace(header, arguments={})),
        "episodes.jsonl": b"".join(encode(record) + b"\n" for record in folder.lines()),
    }
    if with_traces:
        traces = defaultdict[str, bytearray](bytearray)
        for record in folder.results(header):
            if record.steps:
                traces[steps_name(record.game)] += folder.trace(record.key)
        files |= traces
    else:
        files |= {replays_name(game): pack_claims(own) for game, own in claims.items() if own}
    for name, data in files.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes(data)
    sealed = msgspec.structs.replace(info, digest=entry_digest(target, files))
    (target / "entry.json").write_bytes(pretty(sealed))


def _slug(name: str) -> str:
    """A folder's name in plain letters; a digest keeps names in other letters distinct."""
    plain = "".join(c if c.isascii() and c.isalnum() else "-" for c in name)
    digest = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:8]
    more = "" if name.isascii() and len(name) <= 60 else digest
    words = re.sub("-+", "-", plain).strip("-")[:60]
    return "-".join(filter(None, [words, more])) or "agent"
