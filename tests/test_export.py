"""What `smartplay export` writes is what the record holds, whatever it holds, and nothing else."""

from __future__ import annotations

import csv
import gzip
import json
import shutil
import sys
import tracemalloc
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import smartplay
from smartplay.agents.context import Observation, Reply
from smartplay.cli import main
from smartplay.core.errors import MissingPackageError, RunFolderError, UnknownNameError, UsageError
from smartplay.records import Attempt, Call, EpisodeHeader, EpisodeRecord, StepRecord, Usage
from smartplay.records.folder import RunFolder, Trace
from smartplay.report.export import FORMATS, TABLES, Filter, Format, export_runs
from tests.chatty import Chatty
from tests.folders import BANDIT, HANOI, play, put_trace
from tests.tampering import change_header, change_records

ENTRIES = Path(__file__).parents[1] / "leaderboard" / "entries"
DOCUMENT = Path(__file__).parents[1] / "docs" / "export.md"


@pytest.fixture(scope="module")
def chatted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with calls, invalid and rejected replies."""
    folder = tmp_path_factory.mktemp("chatted") / "run"
    return play(folder, partial(Chatty, hostile=True), games=[BANDIT, HANOI], steps=30).path


@pytest.fixture
def victim(chatted: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(chatted, tmp_path / "victim"))


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def tables(run: Path, out: Path, **chosen: Any) -> dict[str, list[dict[str, Any]]]:
    export_runs([run], "jsonl", out, Filter(**chosen))
    return {table: rows(out / f"{table}.jsonl") for table in TABLES}


def recorded(run: Path) -> Iterator[tuple[EpisodeRecord, EpisodeHeader, list[StepRecord]]]:
    folder = RunFolder(run)
    for record in folder.results(folder.header()):
        yield record, *folder.steps(record.game, record.episode)


def test_every_row_is_what_the_run_folder_says(chatted: Path, tmp_path: Path) -> None:
    found = tables(chatted, tmp_path)
    steps, calls = iter(found["steps"]), iter(found["calls"])
    for row, (record, header, kept) in zip(found["episodes"], recorded(chatted), strict=True):
        assert (row["run"], row["game"], row["episode"]) == ("run", record.game, record.episode)
        assert (row["score"], row["return"], row["seed"]) == (
            record.score, record.return_, record.seed,
        )  # fmt: skip
        assert (row["invalid"], row["invalid_causes"]) == (
            sum(record.invalid.values()), record.invalid,
        )  # fmt: skip
        assert row["prompt_tokens"] == record.usage.prompt > 0
        seen = header.observation
        for step in kept:
            told = next(steps)
            assert (told["step"], told["observation"], told["next_observation"]) == (
                step.step, seen, step.observation,
            )  # fmt: skip
            last = step.attempts[-1]
            assert (told["reply"], told["cause"], told["valid"]) == (
                last.reply, last.cause, step.valid,
            )  # fmt: skip
            assert (told["terminated"] or told["truncated"]) == (step is kept[-1])
            seen = step.observation
            for attempt in step.attempts:
                for call in attempt.calls:
                    one = next(calls)
                    assert (one["messages"], one["text"]) == (call.messages, call.text)
                    assert one["completion_tokens"] == call.usage.completion
    assert [*steps, *calls] == []


def test_the_columns_are_those_of_the_document(chatted: Path, tmp_path: Path) -> None:
    types = {"VARCHAR": "text", "BIGINT": "integer", "DOUBLE": "number", "BOOLEAN": "boolean",
             "JSON": "JSON"}  # fmt: skip
    found = tables(chatted, tmp_path)
    text = DOCUMENT.read_text()
    for table, columns in TABLES.items():
        section = text.split(f"## `{table}`")[1].split("\n## ")[0]
        lines = [line.split("|") for line in section.splitlines() if line.startswith("| `")]
        told = [(name.strip(), line[2].strip()) for line in lines for name in line[1].split(",")]
        assert told == [(f"`{name}`", types[kind]) for name, kind in columns.items()]
        assert all(list(row) == list(columns) for row in found[table])


@pytest.mark.parametrize("to", FORMATS)
def test_equal_runs_give_equal_bytes(chatted: Path, tmp_path: Path, to: Format) -> None:
    copy = Path(shutil.copytree(chatted, tmp_path / "elsewhere" / "run"))
    one, other = (export_runs([r], to, tmp_path / n) for r, n in ((chatted, "a"), (copy, "b")))
    assert [path.read_bytes() for path in one.files] == [path.read_bytes() for path in other.files]
    assert one.rows == other.rows
    assert sorted(p.name for p in (tmp_path / "a").iterdir()) == sorted(p.name for p in one.files)


def test_csv_and_parquet_hold_the_rows_of_jsonl(chatted: Path, tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    out = tmp_path / "o'dd [folder]*"
    plain = tables(chatted, out)
    export_runs([chatted], "csv", out)
    export_runs([chatted], "parquet", out)
    shutil.copytree(out, tmp_path / "plain")
    for table, columns in TABLES.items():
        with (out / f"{table}.csv").open(newline="") as file:
            assert [len(row) for row in csv.reader(file)] == [len(columns)] * (
                len(plain[table]) + 1
            )
        found = duckdb.execute(f"SELECT * FROM '{tmp_path}/plain/{table}.parquet'").fetchall()
        assert len(found) == len(plain[table])
        for row, values in zip(plain[table], found, strict=True):
            for value, (name, kind) in zip(values, columns.items(), strict=True):
                read = json.loads(value) if kind == "JSON" and value is not None else value
                assert read == row[name], name


HARD = ["=1+1", "+1", "-1", "@x", "\tx", "\rx", 'a"b', "a,b", "a\nb", "", "\x1b[2J\x00", "\u202ex"]


def test_csv_steers_no_spreadsheet_and_no_terminal(victim: Path, tmp_path: Path) -> None:
    for name in HARD:
        change_header(victim, partial(dict.update, agent=name))
        export_runs([victim], "csv", tmp_path / "out")
        data = (tmp_path / "out" / "episodes.csv").read_bytes()
        with (tmp_path / "out" / "episodes.csv").open(newline="", encoding="utf-8") as file:
            agents = {row["agent"] for row in csv.DictReader(file)}
        (agent,) = agents
        assert not agent.startswith(("=", "+", "-", "@", "\t", "\r"))
        assert not {0, 0x1B, 0x0D} & {*data}
        assert "\u202e" not in data.decode()
        if name.isprintable() and name[:1] not in "=+-@":
            assert agent == name
        export_runs([victim], "jsonl", tmp_path / "out")
        assert rows(tmp_path / "out" / "episodes.jsonl")[0]["agent"] == name


def test_missing_is_no_empty_text_and_no_zero(victim: Path, tmp_path: Path) -> None:
    def change(records: list[dict[str, Any]]) -> None:
        records[0].update(status="unscored", error="", score=None)
        records[0]["usage"] = {}

    change_records(victim, change)
    row = tables(victim, tmp_path)["episodes"][0]
    assert [row[name] for name in ("score", "normalized", "prompt_tokens", "engine")] == [None] * 4
    export_runs([victim], "csv", tmp_path)
    head, first = (tmp_path / "episodes.csv").read_text().splitlines()[:2]
    cells = dict(zip(head.split(","), first.split(","), strict=False))
    assert (cells["score"], cells["error"]) == ("", '""')


def test_an_agent_without_calls_read_no_token(tmp_path: Path) -> None:
    found = tables(play(tmp_path / "run").path, tmp_path / "out")
    assert {row["prompt_tokens"] for row in found["episodes"]} == {0}
    assert found["calls"] == []


def test_a_shortened_run_is_not_held_to_a_human(tmp_path: Path) -> None:
    run = play(tmp_path / "run", "constant", steps=None, episodes=1)
    short = play(tmp_path / "short", "constant", episodes=1)
    scores = [tables(each.path, tmp_path / "out")["episodes"][0] for each in (run, short)]
    (whole,) = run.report(keep=False).games
    assert whole.normalized is not None
    assert scores[0]["normalized"] == pytest.approx(whole.normalized.mean)
    assert scores[1]["score"] is not None
    assert scores[1]["normalized"] is None


# Conversations


def test_a_line_is_a_prompt_and_the_reply_that_was_played(chatted: Path, tmp_path: Path) -> None:
    export_runs([chatted], "chat", tmp_path)
    lines = iter(rows(tmp_path / "chat.jsonl"))
    for _, _, steps in recorded(chatted):
        for step in steps:
            if not step.valid:
                continue
            line = next(lines)
            assert list(line) == ["messages"]
            *prompt, reply = line["messages"]
            assert reply == {"role": "assistant", "content": step.attempts[-1].reply}
            assert prompt == step.attempts[-1].calls[-1].messages
    assert next(lines, None) is None


def test_a_step_of_the_fallback_is_no_conversation(tmp_path: Path) -> None:
    run = play(tmp_path / "run", Chatty, games=BANDIT, steps=50, retries=0).path
    steps = [step for _, _, steps in recorded(run) for step in steps]
    valid = sum(step.valid for step in steps)
    assert export_runs([run], "chat", tmp_path / "out").rows == {"chat": valid}
    assert 0 < valid < len(steps)


class Voter:
    """Asks twice, and replies with the one, the other or something of its own."""

    def __init__(self, manual: str, actions: list[str], seed: int) -> None:
        self.actions, self.turn = actions, 0

    def act(self, observation: Observation) -> Reply:
        self.turn += 1
        texts = [f"Answer: {action}" for action in self.actions[:2]]
        calls = [Call([{"role": "user", "content": "?"}], text) for text in texts]
        own = [*texts, self.actions[0]]
        return Reply(own[self.turn % 3], calls=calls)


def test_no_reply_is_put_into_a_models_mouth(tmp_path: Path) -> None:
    run = play(tmp_path / "run", Voter, games=HANOI, steps=6, episodes=1).path
    done = export_runs([run], "chat", tmp_path / "out")
    told = {line["messages"][-1]["content"] for line in rows(tmp_path / "out" / "chat.jsonl")}
    assert told == {step.attempts[-1].reply for _, _, steps in recorded(run) for step in steps} - {
        steps[1].attempts[-1].reply for _, _, steps in recorded(run)
    }
    assert done.rows == {"chat": 4}
    assert "2 steps are left out" in done.notes[0]


# Filters


@pytest.mark.parametrize(
    ("chosen", "keeps"),
    [
        ({}, lambda record: True),
        ({"won": True}, lambda record: record.completed),
        ({"valid": True}, lambda record: not record.rejected),
        ({"games": [HANOI]}, lambda record: HANOI in record.game),
        ({"games": [f"smartplay/{HANOI}-v0"]}, lambda record: HANOI in record.game),
        ({"least_score": 2.0}, lambda record: record.score is not None and record.score >= 2),
        ({"least_score": 2.0, "games": [HANOI]}, lambda r: (r.score or 0) >= 2 and HANOI in r.game),
    ],
)
def test_filters_choose_episodes_in_all_tables(
    victim: Path, tmp_path: Path, chosen: dict[str, Any], keeps: Any
) -> None:
    def change(records: list[dict[str, Any]]) -> None:
        records[0].update(status="unscored", error="x", score=None)
        records[-1].update(score=2.0, completed=True, rejected={}, invalid={})

    change_records(victim, change)
    kept = {r.key[:2] for r, _, _ in recorded(victim) if keeps(r)}
    assert kept
    for table in tables(victim, tmp_path, **chosen).values():
        assert {(row["game"], row["episode"]) for row in table} == kept


def test_filters_know_what_is_there(chatted: Path, tmp_path: Path) -> None:
    for chosen in (Filter(agents=["nobody"]), Filter(games=["Hanoi3Disc"])):
        with pytest.raises(UnknownNameError):
            export_runs([chatted], "csv", tmp_path / "out", chosen)
    agent = RunFolder(chatted).header().agent
    assert export_runs([chatted], "chat", tmp_path, Filter(agents=[agent])).rows["chat"] > 0
    other = play(tmp_path / "other").path
    done = export_runs([chatted, other], "csv", tmp_path / "out", Filter(agents=["random"]))
    assert done.rows == {"episodes": 3, "steps": 12, "calls": 0}


# Folders that lie, are empty or packed


def test_an_unfinished_and_an_empty_run_give_what_is_there(victim: Path, tmp_path: Path) -> None:
    change_records(victim, lambda records: records.__delitem__(slice(1, None)))
    found = tables(victim, tmp_path)
    assert len(found["episodes"]) == 1
    assert {row["episode"] for row in found["steps"]} == {0}
    (victim / "episodes.jsonl").unlink()
    assert tables(victim, tmp_path) == {"episodes": [], "steps": [], "calls": []}
    for to in FORMATS:
        done = export_runs([victim], to, tmp_path / to)
        assert not any(done.rows.values())
        assert all(path.exists() for path in done.files)


def test_entries_of_version_0_1_have_episodes_alone(tmp_path: Path) -> None:
    entries = sorted(ENTRIES.iterdir())
    done = export_runs(entries, "csv", tmp_path)
    assert done.rows["episodes"] >= 3 * 280
    assert done.rows["steps"] == 0
    assert len(done.notes) == len(entries)
    assert "only its episodes" in done.notes[0]


@pytest.mark.parametrize("to", FORMATS)
def test_a_damaged_run_leaves_nothing_behind(victim: Path, tmp_path: Path, to: Format) -> None:
    put_trace(victim, (f"smartplay/{HANOI}-v0", 2, 0), gzip.compress(b"x"))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.csv").touch()
    with pytest.raises(RunFolderError, match="00002"):
        export_runs([victim], to, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.csv"]


def test_no_run_is_written_over(victim: Path, tmp_path: Path, chatted: Path) -> None:
    before = (victim / "episodes.jsonl").read_bytes()
    for out in (victim, victim / "steps", victim / "new"):
        with pytest.raises(UsageError, match="run folder"):
            export_runs([victim], "jsonl", out)
    with pytest.raises(UsageError, match="run folder"):
        export_runs([chatted], "jsonl", victim)
    assert (victim / "episodes.jsonl").read_bytes() == before
    assert not (victim / "new").exists()


def test_a_link_in_the_folder_is_replaced_and_not_followed(victim: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "precious").write_text("keep me")
    for name in ("steps.csv", "steps.csv.part"):
        (tmp_path / "out" / name).symlink_to(tmp_path / "precious")
    export_runs([victim], "csv", tmp_path / "out")
    assert (tmp_path / "precious").read_text() == "keep me"
    assert not (tmp_path / "out" / "steps.csv").is_symlink()


def test_runs_are_named_apart_without_their_place(tmp_path: Path) -> None:
    runs = [play(tmp_path / name, episodes=1).path for name in ("a/run", "b/run", "c/other")]
    export_runs(runs, "jsonl", tmp_path / "out")
    found = rows(tmp_path / "out" / "episodes.jsonl")
    assert [row["run"] for row in found] == ["a/run", "b/run", "c/other"]
    assert str(tmp_path) not in (tmp_path / "out" / "episodes.jsonl").read_text()
    with pytest.raises(UsageError, match="twice"):
        export_runs([runs[0], runs[0].parent / "." / "run"], "csv", tmp_path / "out")


LONG, WIDE = 10_000, 3_000


@pytest.mark.slow
def test_a_long_episode_takes_no_more_memory_than_a_short_one(tmp_path: Path) -> None:
    """Thirty megabytes of replies are never held together."""
    run = play(tmp_path / "run", games=HANOI, episodes=1).path
    (_, header, (step, *_)), *_ = recorded(run)
    text = "x" * WIDE
    call = Call([{"role": "user", "content": text}], "Answer", usage=Usage(9, 0, 1, 0))
    trace = Trace(header)
    for number in range(1, LONG + 1):
        attempt = Attempt(f"{text}{number}", calls=[call])
        trace.add(StepRecord(number, [attempt], 0, step.name, True, "", 0.0, 0.0, 0.0))
    put_trace(run, (f"smartplay/{HANOI}-v0", 0, 0), trace.packed())
    change_records(run, lambda records: records[0].update(steps=LONG))
    change_header(run, lambda h: next(iter(h["games"].values())).update(steps=LONG))
    del trace
    tracemalloc.start()
    done = export_runs([run], "jsonl", tmp_path / "out")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert done.rows["steps"] == LONG
    assert (tmp_path / "out" / "steps.jsonl").stat().st_size > LONG * WIDE
    assert peak < 15e6


# The command


def test_the_command(chatted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = ["--out", str(tmp_path / "out")]
    assert main(["export", str(chatted), "--to", "csv", *out]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0].endswith("episodes.csv: 6 rows")
    assert main(["export", str(chatted), "--to", "chat", "--valid", "--json", *out]) == 0
    files = [str(tmp_path / "out" / name) for name in ("canary.txt", "chat.jsonl")]
    assert sorted(json.loads(capsys.readouterr().out)["files"]) == files
    assert main(["export", str(chatted), "--to", "chat", *out]) == 0
    assert " conversations" in capsys.readouterr().out
    for wrong in (["--least-score", "nan"], ["--game", "Chess"], ["--agent", "x"]):
        assert main(["export", str(chatted), "--to", "csv", *wrong, *out]) == 2
    assert main(["export", str(tmp_path), "--to", "csv", *out]) == 2
    assert "no run" in capsys.readouterr().err


def test_parquet_without_duckdb_is_one_sentence(
    chatted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(MissingPackageError, match=r'pip install "smartplay\[export\]"'):
        export_runs([chatted], "parquet", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    smartplay.load_run(chatted)
    assert export_runs([chatted], "csv", tmp_path / "out").files
