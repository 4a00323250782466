"""Runs as tables for other programs, and their replies as conversations to train on.

The columns are described in `docs/export.md`. Steps files are read once, step by step, so that an
export takes the same memory for a run of any length; equal runs give equal bytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, Literal, get_args

import msgspec

from smartplay.core import printable
from smartplay.core.errors import UnknownNameError, UsageError, known_name
from smartplay.core.loading import optional
from smartplay.core.untrusted import LINE_LIMIT
from smartplay.core.whole_files import PART, write_atomically, writing
from smartplay.records import CANARY, Call, EpisodeRecord, Message, RunHeader, StepRecord, Usage
from smartplay.records.encoding import encode
from smartplay.records.folder import RunFolder
from smartplay.report.frame import row_of

Format = Literal["parquet", "csv", "jsonl", "chat"]
FORMATS: tuple[Format, ...] = get_args(Format)

Row = dict[str, Any]

_EPISODE = {"run": "VARCHAR", "agent": "VARCHAR", "game": "VARCHAR", "episode": "BIGINT",
            "repeat": "BIGINT"}  # fmt: skip
_TOKENS = dict.fromkeys(
    ("prompt_tokens", "cached_tokens", "completion_tokens", "reasoning_tokens"), "BIGINT"
)
TABLES: dict[str, dict[str, str]] = {
    "episodes": _EPISODE
    | {"seed": "BIGINT", "agent_seed": "BIGINT", "level": "BIGINT"}
    | {"status": "VARCHAR", "error": "VARCHAR"}
    | dict.fromkeys(("score", "normalized", "return"), "DOUBLE")
    | dict.fromkeys(("completed", "terminated", "truncated"), "BOOLEAN")
    | dict.fromkeys(("steps", "invalid", "rejected", "calls"), "BIGINT")
    | _TOKENS
    | {"reused_tokens": "BIGINT", "seconds": "DOUBLE", "engine": "VARCHAR"}
    | dict.fromkeys(("invalid_causes", "rejected_causes", "scores", "unlocked"), "JSON"),
    "steps": _EPISODE
    | {"step": "BIGINT", "observation": "VARCHAR", "action": "BIGINT", "action_name": "VARCHAR"}
    | {"valid": "BOOLEAN", "cause": "VARCHAR", "replies": "BIGINT", "reply": "VARCHAR"}
    | {"next_observation": "VARCHAR", "reward": "DOUBLE", "score": "DOUBLE"}
    | {"terminated": "BOOLEAN", "truncated": "BOOLEAN", "calls": "BIGINT", "seconds": "DOUBLE"},
    "calls": _EPISODE
    | {"step": "BIGINT", "attempt": "BIGINT", "call": "BIGINT", "role": "VARCHAR"}
    | dict.fromkeys(("asked", "model", "fingerprint", "label"), "VARCHAR")
    | {"sample": "BIGINT", "finish": "VARCHAR", "messages": "JSON"}
    | {"text": "VARCHAR", "reasoning": "VARCHAR"}
    | _TOKENS
    | {"reused": "BOOLEAN", "seconds": "DOUBLE"},
}
for _columns in TABLES.values():
    _columns["canary"] = "VARCHAR"
"""The columns of each table, with their types in SQL."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Which episodes are exported.

    Attributes:
        won: Only those that reached the game's goal.
        valid: Only those in which every reply named an action.
        agents: Only those of these agents, named as in `run.json`; all if there are none.
        games: Only those of these games, by full id, id or name; all if there are none.
        least_score: Only those with this score or more, in the game's own unit.
    """

    won: bool = False
    valid: bool = False
    agents: list[str] = []
    games: list[str] = []
    least_score: float | None = None

    def takes(self, header: RunHeader, record: EpisodeRecord) -> bool:
        """Whether an episode is exported."""
        least = self.least_score
        return not (
            (self.won and not record.completed)
            or (self.valid and (record.invalid or record.rejected))
            or (self.agents and header.agent not in self.agents)
            or (self.games and not {*self.games} & {*_names(record.game)})
            or (least is not None and (record.score is None or record.score < least))
        )

    def check(self, headers: Sequence[RunHeader]) -> None:
        """Make sure that the runs have the agents and games that the filter names.

        Raises:
            UnknownNameError: If one is missing.
        """
        agents = list(dict.fromkeys(header.agent for header in headers))
        games = list(dict.fromkeys(game for header in headers for game in header.games))
        known = {name for game in games for name in _names(game)}
        for agent in self.agents:
            known_name("agent", agent, agents)
        for game in self.games:
            if game not in known:
                raise UnknownNameError("game", game, [_names(each)[-1] for each in games])


def _names(game: str) -> tuple[str, str, str]:
    name = game.split("/")[-1]
    return game, name, name.rsplit("-v", 1)[0]


class Exported(msgspec.Struct, kw_only=True):
    """What was written.

    Attributes:
        files: The files.
        rows: Rows or lines, by table.
        notes: What the files leave out, and why.
    """

    files: list[Path] = []
    rows: dict[str, int] = {}
    notes: list[str] = []


def export_runs(
    runs: Sequence[Path], to: Format, out: Path, chosen: Filter | None = None
) -> Exported:
    """Write the episodes, steps and calls of runs as tables, or their replies as conversations.

    Args:
        runs: The run folders.
        to: `"parquet"`, `"csv"` or `"jsonl"` for a file per table, `"chat"` for `chat.jsonl`.
        out: The folder for the files, made when needed; older ones of these names are replaced.
        chosen: Which episodes; all by default.

    Raises:
        UsageError: If a run is named twice, or `out` is a run folder or cannot be written.
        UnknownNameError: If none of the runs has a chosen agent or game.
        RunFolderError: If a run cannot be read; then nothing is written.
        MissingPackageError: If Parquet is asked for without the package duckdb.
    """
    chosen = chosen or Filter()
    if to == "parquet":
        _duckdb()
    names = _labels(runs)
    folders = [RunFolder(path) for path in runs]
    headers = [folder.header() for folder in folders]
    chosen.check(headers)
    places = {out.resolve(), *out.resolve().parents}
    if (out / "run.json").exists() or places & {path.resolve() for path in runs}:
        raise UsageError(f"{out} is a run folder, or in one; name another folder with --out")
    done = Exported(rows=dict.fromkeys(["chat"] if to == "chat" else TABLES, 0))
    ending = "csv" if to == "csv" else "jsonl"
    with writing(f"into {out}"), ExitStack() as open_files:
        out.mkdir(parents=True, exist_ok=True)
        parts = {table: out / f"{table}.{ending}{PART}" for table in done.rows}
        for part in parts.values():
            part.unlink(missing_ok=True)
            open_files.callback(part.unlink, missing_ok=True)
        files = {t: open_files.enter_context(part.open("xb")) for t, part in parts.items()}
        put = _writer(files, to, done)
        for name, folder, header in zip(names, folders, headers, strict=True):
            _export(name, folder, header, chosen, to, put, done)
        for table, part in parts.items():
            files[table].close()
            target = out / f"{table}.{'parquet' if to == 'parquet' else ending}"
            if to == "parquet":
                part = _to_parquet(part, TABLES[table])
                open_files.callback(part.unlink, missing_ok=True)
            part.replace(target)
            done.files.append(target)
        if to == "chat":  # whose lines have room for messages alone
            write_atomically(out / "canary.txt", f"{CANARY}\n".encode())
            done.files.append(out / "canary.txt")
    return done


def _labels(runs: Sequence[Path]) -> list[str]:
    """What to call each run: as many of the last parts of its path as tell them apart."""
    paths = [path.resolve() for path in runs]
    if len({*paths}) < len(paths):
        twice = next(path for path in runs if paths.count(path.resolve()) > 1)
        raise UsageError(f"{twice} is named twice")
    for length in range(1, max((len(path.parts) for path in paths), default=1) + 1):
        names = ["/".join(path.parts[-length:]) for path in paths]
        if len({*names}) == len(names):
            break
    return names


Put = Callable[[str, Row], None]


def _writer(files: Mapping[str, IO[bytes]], to: Format, done: Exported) -> Put:
    """What adds a row to a table; a table of csv begins with the names of its columns."""
    if to == "csv":
        for table, file in files.items():
            file.write(",".join(TABLES[table]).encode() + b"\n")

    def put(table: str, row: Row) -> None:
        columns = TABLES.get(table)
        ordered = {n: row.get(n) for n in columns} | {"canary": CANARY} if columns else row
        line = _csv_line(ordered) if to == "csv" else encode(ordered)
        files[table].write(line + b"\n")
        done.rows[table] += 1

    return put


def _csv_line(row: Row) -> bytes:
    """Quote text, so that an empty one differs from a missing one; leave all else bare."""
    return b",".join(b"" if value is None else _csv_cell(value) for value in row.values())


def _csv_cell(value: Any) -> bytes:
    if isinstance(value, bool | int | float):
        return encode(value)
    text = value if isinstance(value, str) else encode(value).decode()
    shown = printable.block(text)
    guard = "'" if shown.startswith(FORMULA) else ""
    return f'"{guard}{shown.replace(chr(34), chr(34) * 2)}"'.encode("utf-8", "replace")


def _export(
    name: str,
    folder: RunFolder,
    header: RunHeader,
    chosen: Filter,
    to: Format,
    put: Put,
    done: Exported,
) -> None:
    unlike = 0
    for record in folder.results(header):
        if not chosen.takes(header, record):
            continue
        if to != "chat":
            put("episodes", episode_row(name, header, record))
        if folder.is_packed or not record.steps:
            continue
        first, steps = folder.stream(record.key, record.steps, StepRecord)
        if to == "chat":
            for step in steps:
                talk = conversation(step)
                unlike += talk is None and step.valid
                if talk:
                    put("chat", {"messages": talk})
            continue
        own: Row = {"run": name, "agent": header.agent, "game": record.game}
        own |= {"episode": record.episode, "repeat": record.repeat}
        seen = first.observation
        for step in steps:
            put("steps", own | step_row(seen, step, record))
            for row in call_rows(step):
                put("calls", own | row)
            seen = step.observation
    if folder.is_packed:
        done.notes.append(f"{name} is packed without its steps: only its episodes are told")
    if unlike:
        done.notes.append(
            f"{name}: {unlike} steps are left out, since no call's text is the reply that was "
            "played"
        )


def episode_row(name: str, header: RunHeader, record: EpisodeRecord) -> Row:
    """A row of the table `episodes`."""
    row = row_of(header, record)
    if record.calls:
        row |= _tokens(record.usage)
    return row | {
        "run": name,
        "level": record.level or None,
        "engine": record.engine or None,
        "invalid_causes": record.invalid,
        "rejected_causes": record.rejected,
        "scores": record.scores or None,
        "unlocked": record.unlocked or None,
    }


def step_row(seen: str, step: StepRecord, record: EpisodeRecord) -> Row:
    """A row of the table `steps`, without the columns that name the episode."""
    last = step.step == record.steps
    deciding = step.attempts[-1] if step.attempts else None
    return {
        "step": step.step,
        "observation": seen,
        "action": step.action,
        "action_name": step.name,
        "valid": step.valid,
        "cause": deciding and deciding.cause,
        "replies": len(step.attempts),
        "reply": deciding and deciding.reply,
        "next_observation": step.observation,
        "reward": step.reward,
        "score": step.score,
        "terminated": last and record.terminated,
        "truncated": last and record.time_limit,
        "calls": sum(len(attempt.calls) for attempt in step.attempts),
        "seconds": step.seconds,
    }


def call_rows(step: StepRecord) -> Iterator[Row]:
    """A step's rows of the table `calls`, without the columns that name the episode."""
    for number, attempt in enumerate(step.attempts, start=1):
        for place, call in enumerate(attempt.calls, start=1):
            plain = msgspec.structs.asdict(call)
            told = ("role", "asked", "model", "fingerprint", "label", "reasoning")
            yield (
                plain
                | {name: plain[name] or None for name in told}
                | {
                    "step": step.step,
                    "attempt": number,
                    "call": place,
                    **_tokens(call.usage),
                }
            )


def _tokens(usage: Usage) -> Row:
    """Tokens; missing where the service reported none, since no call reads and writes nothing."""
    counts = (usage.prompt, usage.cached, usage.completion, usage.reasoning)
    return dict(zip(_TOKENS, counts if usage.total else (None,) * len(_TOKENS), strict=True))


def conversation(step: StepRecord) -> list[Message] | None:
    """The conversation that led to the reply that was played, and that reply.

    None if the step has no valid reply, or no call gave it: a method may combine several, and an
    export never attributes to a model what it did not say.
    """
    if not step.valid or not step.attempts:
        return None
    deciding = step.attempts[-1]
    call: Call | None = next((c for c in deciding.calls[::-1] if c.text == deciding.reply), None)
    return [*call.messages, {"role": "assistant", "content": call.text}] if call else None


def _duckdb() -> Any:
    return optional("duckdb", 'Parquet needs the package duckdb: pip install "smartplay[export]"')


def _to_parquet(lines: Path, columns: dict[str, str]) -> Path:
    """The Parquet file of JSON lines, beside them; one thread makes equal bytes of equal rows."""
    target = lines.with_name(f"{lines.name}.parquet{PART}")
    fields = ", ".join(f"\"{name}\": '{kind}'" for name, kind in columns.items())
    source = _quoted(re.sub(r"([*?\[])", r"[\1]", str(lines.absolute())))
    duckdb = _duckdb()
    try:
        with duckdb.connect(":memory:", config={"threads": 1, "memory_limit": "1GB"}) as base:
            base.execute(
                f"COPY (SELECT * FROM read_json({source}, format='newline_delimited', "
                f"maximum_object_size={2 * LINE_LIMIT}, columns={{{fields}}})) "
                f"TO {_quoted(str(target.absolute()))} (FORMAT parquet, COMPRESSION zstd)"
            )
    except duckdb.Error as error:
        raise UsageError(f"cannot write {target}: {error}") from error
    return target


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
