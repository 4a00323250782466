"""An entry: a run packed for publication, with what is to be known of it.

```
leaderboard/entries/DATE_AGENT/
    entry.json               `EntryInfo`
    run.json                 as in the run folder, without the arguments as typed
    episodes.jsonl           a line per episode
    replays/GAME.jsonl.gz    seeds, actions, and digests of what they led to; or, with traces,
    steps/                   as in the run folder: prompts and replies as well
```
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import msgspec

from smartplay.core import printable
from smartplay.core.errors import RunFolderError, UsageError
from smartplay.core.untrusted import LINES_LIMIT, read_file
from smartplay.core.version import __version__
from smartplay.leaderboard.claims import make_claim, pack_claims, replays_name
from smartplay.leaderboard.verify import Verification, verify_run
from smartplay.records import EpisodeRecord, RunHeader, StepRecord
from smartplay.records.folder import RunFolder, pretty, steps_name

LINK = re.compile(r"https?://[^\s\"'<>]{1,500}")
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
LARGEST_COST = 1e9

Line = Annotated[str, msgspec.Meta(max_length=300)]


class EntryInfo(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the submitter says of a run; nothing of it can be checked by replay.

    Attributes:
        agent: The name in the table.
        model: The model behind the agent; empty if there is none.
        author: Who played.
        date: The day the run was begun (ISO 8601).
        link: Where to read more: code, paper, model.
        note: One sentence on how the agent works.
        cost: What the run's calls cost, in US dollars; None if not stated.
        version: SmartPlay's version that packed the entry.
    """

    agent: Line
    model: Line = ""
    author: Line = ""
    date: Line
    link: Annotated[str, msgspec.Meta(max_length=520)] = ""
    note: Line = ""
    cost: Annotated[float, msgspec.Meta(ge=0, le=LARGEST_COST)] | None = None
    version: Line = __version__


def read_info(path: Path) -> EntryInfo:
    """Read `entry.json`.

    Raises:
        RunFolderError: If it is missing, malformed, or its date or link is none.
    """
    try:
        info = RunFolder(path).read("entry.json", EntryInfo)
    except FileNotFoundError as error:
        raise RunFolderError(f"{path} holds no entry (no entry.json)") from error
    _check_info(info, str(path))
    return info


def add_entry(
    run: Path,
    entries: Path,
    *,
    agent: str = "",
    model: str = "",
    author: str = "",
    link: str = "",
    note: str = "",
    cost: float | None = None,
    with_traces: bool = False,
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
        cost: What the calls cost, in US dollars.
        with_traces: Pack prompts and replies as well.

    Returns:
        The entry's folder, and what the check found.

    Raises:
        UsageError: If the run does not verify, it or its name is taken, or a text or cost is none.
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
        cost=cost,
    )
    _check_info(info, "the entry")
    if not agent and "<" in info.agent:
        raise UsageError(f"{info.agent} is no name for a table; give the agent one with --agent")
    target = entries / f"{info.date}_{_slug(info.agent)}"
    if target.exists():
        raise UsageError(f"{target} exists; give the entry another name with --agent")
    verification = verify_run(run)
    if not verification.verified:
        first = "; ".join(map(str, verification.problems[:3]))
        raise UsageError(f"{run} does not verify, so it cannot be added: {first}")
    same = _same_run(folder, entries)
    if same:
        raise UsageError(f"{run} is on the leaderboard already, as {same}")
    part = target.with_name(f"{target.name}.part")
    try:
        shutil.rmtree(part, ignore_errors=True)
        _write(part, folder, header, info, with_traces)
        part.rename(target)
    except OSError as error:
        raise UsageError(f"cannot write {target}: {error.strerror or error}") from error
    return target, verification


def fingerprint(records: Iterable[EpisodeRecord]) -> str:
    """What two runs share only if they are one: the times of its episodes are in it."""
    lines = sorted(msgspec.json.encode(record) for record in records)
    return hashlib.sha256(b"\n".join(lines)).hexdigest()


def _same_run(folder: RunFolder, entries: Path) -> str:
    """The name of the entry that holds the same run; empty if there is none."""
    own = fingerprint(folder.episodes())
    for path in sorted(entries.iterdir()) if entries.is_dir() else ():
        try:
            if fingerprint(RunFolder(path).episodes()) == own:
                return path.name
        except RunFolderError:
            continue  # what is no entry holds no run
    return ""


def _write(
    target: Path, folder: RunFolder, header: RunHeader, info: EntryInfo, with_traces: bool
) -> None:
    target.mkdir(parents=True)
    (target / "entry.json").write_bytes(pretty(info))
    (target / "run.json").write_bytes(pretty(msgspec.structs.replace(header, arguments={})))
    records = folder.results(header)
    lines = [msgspec.json.encode(record) + b"\n" for record in records]
    (target / "episodes.jsonl").write_bytes(b"".join(lines))
    for game in header.games:
        own = [record for record in records if record.game == game and record.steps]
        if with_traces:
            files = {
                name: read_file(folder.path, name, LINES_LIMIT)
                for name in (steps_name(*record.key) for record in own)
            }
        else:
            claims = (
                make_claim(*folder.stream(record.key, record.steps, StepRecord)) for record in own
            )
            files = {replays_name(game): pack_claims(claims)}
        for name, data in files.items():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_bytes(data)


def _check_info(info: EntryInfo, where: str) -> None:
    """Hold what an entry says against the rules for reading it, before it is written too."""
    try:
        msgspec.convert(msgspec.to_builtins(info), EntryInfo)
    except msgspec.ValidationError as error:
        raise RunFolderError(f"{where}: {error}") from error
    if info.cost is not None and not 0 <= info.cost <= LARGEST_COST:
        raise RunFolderError(f"{where}: the cost must be 0 or more US dollars, not {info.cost}")
    for name in ("agent", "model", "author", "note", "link", "version"):
        if not printable.is_clean(getattr(info, name)):
            raise RunFolderError(f"{where}: {name} holds characters that cannot be shown")
    if printable.is_blank(info.agent):
        raise RunFolderError(f"{where}: agent is empty; give the agent a name")
    if not DATE.fullmatch(info.date):
        raise RunFolderError(f"{where}: the date {info.date[:20]!r} is not of the form 2026-01-31")
    if info.link and not LINK.fullmatch(info.link):
        raise RunFolderError(f"{where}: the link must be an http or https address")


def _slug(name: str) -> str:
    """A folder's name in plain letters; a digest tells names apart that are written in others."""
    plain = "".join(c if c.isascii() and c.isalnum() else "-" for c in name)
    digest = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:8]
    more = [] if name.isascii() and len(name) <= 60 else [digest]
    return "-".join([*filter(None, [re.sub("-+", "-", plain).strip("-")[:60]]), *more]) or "agent"
