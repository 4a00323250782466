"""Run folders: what is refused, what is read back."""

from __future__ import annotations

import gzip
import json
import os
import random
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import smartplay
from smartplay.agents.context import Reply
from smartplay.core.errors import RunFolderError
from smartplay.core.whole_files import write_atomically
from smartplay.records import (
    Attempt,
    EpisodeHeader,
    EpisodeRecord,
    RunHeader,
    StepRecord,
    Usage,
)
from smartplay.records.folder import RunFolder, encode, own_steps_name
from smartplay.records.members import PLAIN
from smartplay.report import build_report
from smartplay.runner.plan import default_folder
from tests.folders import BANDIT, HANOI, pack_trace, play, put_trace


def test_a_finished_run_is_not_played_again(tmp_path: Path) -> None:
    run = play(tmp_path)
    before = (tmp_path / "episodes.jsonl").read_bytes()
    assert play(tmp_path).episodes == run.episodes
    assert (tmp_path / "episodes.jsonl").read_bytes() == before


def test_the_last_line_of_an_episode_counts(tmp_path: Path) -> None:
    run = play(tmp_path)
    again = msgspec.structs.replace(run.episodes[1], score=99.0)
    with (tmp_path / "episodes.jsonl").open("ab") as file:
        file.write(encode(again) + b"\n")
    assert [r.score for r in play(tmp_path).episodes][1] == 99.0
    assert build_report(tmp_path).games[0].episodes == 3


# Another run in the folder


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"seed": 1}, r"seed differs \(0 there, 1 here\)\. Choose"),
        ({"episodes": 4}, r"Fixed-v0 episodes differs \(3 there, 4 here\)\. Choose"),
        ({"steps": 5}, r"Fixed-v0 steps differs \(4 there, 5 here\)\. Choose"),
        ({"retries": 2}, r"retries differs \(1 there, 2 here\)\. Choose"),
        ({"repeats": 2}, r"repeats differs \(1 there, 2 here\)\. Choose"),
        ({"games": HANOI}, r"Fixed-v0 differs \(.* there, nothing here\); games .*Hanoi3Disk-v0 d"),
        ({"games": f"{BANDIT},{HANOI}"}, r"run: games .*Hanoi3Disk-v0 differs \(nothing there, "),
        ({"agent": "constant"}, r"run: agent differs \(random there, constant here\)\. Choose"),
        (
            {"game_settings": {BANDIT: {"arms": [0.5, 0.4]}}},
            r"Fixed-v0 settings arms differs \(nothing there, \[0\.5, 0\.4\] here\)\. Choose",
        ),
        (
            {"agent": "constant:2"},
            r"agent differs \(.*\); agent_settings action differs \(nothing there, 2 here\)\. Ch",
        ),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_another_run_in_the_folder_is_refused(
    options: dict[str, Any], told: str, tmp_path: Path
) -> None:
    play(tmp_path)
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    with pytest.raises(RunFolderError, match=told):
        play(tmp_path, **options)
    assert {f: f.read_bytes() for f in tmp_path.rglob("*") if f.is_file()} == before


def test_settings_are_the_same_whether_read_or_given(tmp_path: Path) -> None:
    for arms in ((0.5, 0.25), [0.5, 0.25]):
        play(tmp_path, game_settings={BANDIT: {"arms": arms}})


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(RunFolderError, match="holds files but no run"):
        play(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_the_default_folder_is_the_same_for_the_same_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    options: dict[str, Any] = {"episodes": 1, "steps": 2, "progress": False}
    one = smartplay.run("random", HANOI, **options)
    assert one.path.parent == Path("runs")
    assert smartplay.run("random", HANOI, concurrency=3, **options).path == one.path
    others = [
        smartplay.run("random", HANOI, seed=1, **options),
        smartplay.run("random", BANDIT, **options),
        smartplay.run("constant", HANOI, **options),
        smartplay.run("constant:2", HANOI, **options),
    ]
    assert len({run.path for run in [one, *others]}) == 5


def test_driven_runs_that_begin_at_the_same_moment_get_folders_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with smartplay.DrivenRun("me", adapter="trl", keep=False) as run:
        run.start("Hanoi3Disk")
        one, other = (default_folder(run.header, resumable=False) for _ in range(2))
    assert one != other, "before either has written anything"
    monkeypatch.chdir(one)
    Path("runs").touch()
    with (
        smartplay.DrivenRun("me", adapter="trl") as run,
        pytest.raises(RunFolderError, match="cannot write"),
    ):
        run.start("Hanoi3Disk")


# Folders that cannot be used


@pytest.mark.parametrize("place", ["/proc/nowhere", "/dev/null/run", "x" * 300])
def test_unwritable_folders(place: str) -> None:
    with pytest.raises(RunFolderError, match=r"cannot (write|read) run folder"):
        play(Path(place))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(RunFolderError, match=r"cannot write run folder .*: Permission denied"):
        play(tmp_path / "run")


@pytest.mark.parametrize("name", ["episodes.jsonl", "steps", "run.json"])
def test_a_folder_or_file_in_the_way(name: str, tmp_path: Path) -> None:
    out = tmp_path / "run"
    play(out, episodes=1)
    target = out / name
    if name == "steps":
        (target / f"{BANDIT}-v0.jsonl.gz").unlink()
        (target / f"{BANDIT}-v0.jsonl.gz").mkdir()
        (out / "episodes.jsonl").unlink()
    else:
        target.unlink()
        target.mkdir()
    with pytest.raises(RunFolderError):
        play(out, episodes=1)


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: Any) -> None:
        raise OSError(28, "No space left on device")

    RunFolder(tmp_path / "run").create(play(tmp_path / "other").header)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RunFolderError, match="No space left on device"):
        play(tmp_path / "run")


def test_writing_atomically_leaves_the_old_file_or_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"old")
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError(5, "broken")))
    with pytest.raises(OSError, match="broken"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_what_is_no_file_is_not_replaced_by_one(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")  # as /dev/stdout may be
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "pipe", tmp_path / "folder", Path()):
        with pytest.raises(OSError, match="it is no file"):
            write_atomically(path, b"new")
    assert (tmp_path / "pipe").is_fifo()


# Malformed files

BAD_JSON = [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"[" * 100_000, b"{}", b"\0" * 50]


@pytest.mark.parametrize("data", BAD_JSON, ids=lambda data: repr(data[:8]))
def test_a_malformed_header(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_bytes(data)
    for read in (
        RunFolder(tmp_path).header,
        lambda: build_report(tmp_path),
        lambda: play(tmp_path),
    ):
        with pytest.raises(RunFolderError, match=r"run\.json is malformed"):
            read()


def test_a_header_of_another_schema(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"schema": 2, "player": "of the future"}')
    with pytest.raises(RunFolderError, match="schema 2, this version reads 1"):
        RunFolder(tmp_path).header()


@pytest.mark.parametrize("data", [d for d in BAD_JSON if d], ids=lambda data: repr(data[:8]))
def test_a_malformed_line(data: bytes, tmp_path: Path) -> None:
    play(tmp_path)
    path = tmp_path / "episodes.jsonl"
    first, rest = path.read_bytes().split(b"\n", 1)
    path.write_bytes(first + b"\n" + data + b"\n" + rest)
    with pytest.raises(RunFolderError, match=r"episodes\.jsonl, line 2 is malformed"):
        build_report(tmp_path)


@pytest.mark.parametrize(
    "change", [{"game": "smartplay/Hanoi3Disk-v0"}, {"episode": 3}, {"episode": -1}], ids=str
)
def test_an_episode_that_was_not_planned(change: dict[str, Any], tmp_path: Path) -> None:
    play(tmp_path)
    path = tmp_path / "episodes.jsonl"
    first = json.loads(path.read_text().splitlines()[0])
    path.write_text(json.dumps(first | change) + "\n")
    for read in (lambda: build_report(tmp_path), lambda: play(tmp_path)):
        with pytest.raises(RunFolderError, match="does not plan"):
            read()


def test_a_game_that_has_no_card_here(tmp_path: Path) -> None:
    play(tmp_path)
    path = tmp_path / "run.json"
    path.write_text(path.read_text().replace(BANDIT, "Gone"))
    (tmp_path / "episodes.jsonl").unlink()
    with pytest.raises(RunFolderError, match="has no card here"):
        build_report(tmp_path)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not gzip",
        gzip.compress(b""),
        gzip.compress(b"{}\n"),
        gzip.compress(b'{"a":1}\n' * 200)[:-9],
        gzip.compress(os.urandom(0) + b"abc" * 500)[:15] + b"\xff" * 20,
        gzip.compress(b"\xff\xfe\n"),
    ],
    ids=range(7),
)
def test_a_malformed_steps_file(data: bytes, tmp_path: Path) -> None:
    run = play(tmp_path)
    folder = RunFolder(run.path)
    game = run.episodes[0].game
    put_trace(tmp_path, (game, 0, 0), data if data.startswith(PLAIN) else PLAIN.ljust(10) + data)
    with pytest.raises(RunFolderError, match=r"-v0\.jsonl\.gz, 00000\.jsonl"):
        folder.steps(game, 0)
    put_trace(tmp_path, (game, 0, 0), None)
    (tmp_path / own_steps_name(game, 0)).parent.mkdir()
    (tmp_path / own_steps_name(game, 0)).write_bytes(data)
    with pytest.raises(RunFolderError, match=r"00000\.jsonl\.gz"):
        folder.steps(game, 0)


# What is written is read back

texts = st.text(st.characters(exclude_categories=["Cs"]))
counts = st.dictionaries(texts, st.integers(0, 10**6), max_size=3)
numbers = st.floats(-1e100, 1e100)


@given(st.builds(
    EpisodeRecord,
    game=texts, episode=st.integers(0, 10**9), seed=st.integers(0, 2**31), status=st.just("scored"),
    agent_seed=st.integers(0, 2**31), error=st.none() | texts, score=st.none() | numbers,
    return_=numbers, invalid=counts, rejected=counts, usage=st.just(Usage(1, 2, 3, 4)),
    scores=st.dictionaries(texts, numbers, max_size=3),
))  # fmt: skip
def test_records_survive(record: EpisodeRecord) -> None:
    data = encode(record)
    assert b"\n" not in data
    assert msgspec.json.decode(data, type=EpisodeRecord) == record


@given(st.lists(texts, min_size=1, max_size=4), st.text())
def test_traces_survive_and_repeat(observations: list[str], reply: str) -> None:
    header = EpisodeHeader("smartplay/X-v0", 7, 1, 2, "manual", ["a"], "start")
    steps = [
        StepRecord(k, [Attempt(reply)], 0, "a", True, text, 0.5, 1.0, 0.0)
        for k, text in enumerate(observations)
    ]
    packed = pack_trace(header, steps)
    assert packed == pack_trace(header, steps)
    first, *rest = gzip.decompress(packed).split(b"\n")[:-1]
    assert msgspec.json.decode(first, type=EpisodeHeader) == header
    back = [msgspec.json.decode(line, type=StepRecord) for line in rest]
    assert [step.observation for step in back] == observations
    assert back[0].attempts[0].reply == reply.encode("utf-8", "replace").decode()


@given(st.lists(texts, max_size=30), st.integers(1, 10_000))
def test_traces_are_whole_however_often_they_are_compressed(seen: list[str], batch: int) -> None:
    header = EpisodeHeader("smartplay/X-v0", 7, 1, 2, "manual", ["a"], "start")
    steps = [StepRecord(k, [], 0, "a", True, text, 0.5, 1.0, 0.0) for k, text in enumerate(seen)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("smartplay.records.encoding.BATCH", batch)
        packed = pack_trace(header, steps)
    assert gzip.decompress(packed) == b"".join(encode(line) + b"\n" for line in [header, *steps])


def test_what_could_not_be_read_again_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smartplay.core.untrusted.LINE_LIMIT", 2**20)
    noise = random.Random(1)

    class Talker:
        def __init__(self, **told: Any) -> None:
            pass

        def act(self, observation: Any) -> Reply:
            return Reply("Answer: Rock", reasoning=noise.randbytes(350_000).hex())

    run = smartplay.run(Talker, "RockPaperScissorBasic", episodes=1, steps=20, out=tmp_path / "run")
    (record,) = run.episodes
    assert record.status == "unscored"
    assert record.error is not None
    assert "could read again" in record.error
    _, steps = RunFolder(run.path).steps("smartplay/RockPaperScissorBasic-v0", 0, record.steps)
    assert len(steps) == record.steps > 0


@pytest.mark.slow
def test_a_long_episode_takes_little_memory(tmp_path: Path) -> None:
    noise = random.Random(1)

    class Talker:
        def __init__(self, **told: Any) -> None:
            pass

        def act(self, observation: Any) -> Reply:
            return Reply("Answer: Rock", reasoning=noise.choice("xyz") * 100_000)

    smartplay.run(Talker, "RockPaperScissorBasic", episodes=1, steps=1, out=tmp_path / "warm")
    tracemalloc.start()
    try:
        run = smartplay.run(
            Talker, "RockPaperScissorBasic", episodes=1, steps=200, out=tmp_path / "run"
        )
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 5e6, "its 20 MB of thoughts were kept until it ended"
    _, steps = RunFolder(run.path).steps("smartplay/RockPaperScissorBasic-v0", 0)
    assert all(len(step.attempts[0].reasoning) == 100_000 for step in steps)


def test_the_documented_fields_are_there(tmp_path: Path) -> None:
    play(tmp_path, episodes=1)
    line = json.loads((tmp_path / "episodes.jsonl").read_text())
    assert {"game", "episode", "seed", "status", "score", "return", "steps"} <= set(line)
    assert {"agent_seed", "truncated", "terminated", "invalid", "calls", "usage"} <= set(line)
    header = json.loads((tmp_path / "run.json").read_text())
    assert header["schema"] == 1
    assert header["arguments"]["episodes"] == 1
    assert header["versions"]["smartplay"] == smartplay.__version__
    plan = header["games"][f"smartplay/{BANDIT}-v0"]
    assert plan["digest"] == smartplay.get_card(BANDIT).digest
    assert (plan["episodes"], plan["steps"]) == (1, 4)


def test_reading_runs_nothing(tmp_path: Path) -> None:
    header = play(tmp_path).header
    code = (
        "import sys; from pathlib import Path; from smartplay.records.folder import RunFolder;"
        f"f = RunFolder(Path({str(tmp_path)!r})); f.results(f.header());"
        "light = ('', '.ids', '.registry', '.packs', '.vectors'); own = 'smartplay.games';"
        "print([m for m in sys.modules if m.startswith(own) and m[len(own):] not in light])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
    assert isinstance(header, RunHeader)
