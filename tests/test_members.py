"""Files of steps: one gzip member per episode, whenever the writer is killed."""

from __future__ import annotations

import gzip
import os
import shutil
import struct
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from smartplay.core.errors import MissingStepsError, RunFolderError
from smartplay.leaderboard import verify_run
from smartplay.leaderboard.entry import add_entry
from smartplay.records.folder import RunFolder, own_steps_name
from smartplay.records.members import HEADER, MOST, START, Members, member
from smartplay.report import build_report
from tests.folders import BANDIT, content, members_of, play, put_trace, with_own_files
from tests.tampering import refused, reseal

GAME = f"smartplay/{BANDIT}-v0"
FILE = f"steps/{BANDIT}-v0.jsonl.gz"
ONE, TWO = gzip.compress(b"one\n"), gzip.compress(b"two\n" * 99)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Two members."""
    members = Members(tmp_path, "x.gz")
    members.append("00000.jsonl", ONE)
    members.append("00001.jsonl", TWO)
    return members.path


def found(path: Path) -> dict[str, bytes]:
    return {name: gzip.decompress(data) for name, data in members_of(path).items()}


def test_any_reader_of_gzip_reads_all_of_it(file: Path) -> None:
    assert gzip.decompress(file.read_bytes()) == b"one\n" + b"two\n" * 99
    listed = subprocess.run(["gzip", "-dc", file], capture_output=True, check=True).stdout
    assert listed == b"one\n" + b"two\n" * 99
    assert found(file) == {"00000.jsonl": b"one\n", "00001.jsonl": b"two\n" * 99}


def test_a_writer_killed_at_any_byte_loses_what_it_wrote_and_no_more(file: Path) -> None:
    whole, first = file.read_bytes(), len(member("00000.jsonl", ONE))
    for size in range(len(whole) + 1):
        file.write_bytes(whole[:size])
        members = Members(file.parent, file.name)
        members.look()
        assert members.is_cut_off == (size not in (0, first, len(whole)))
        assert members.damage is None
        members.append("00002.jsonl", ONE)
        kept = ["00000.jsonl", "00001.jsonl"][: (size >= first) + (size == len(whole))]
        assert list(found(file)) == [*kept, "00002.jsonl"]
        assert b"".join(members_of(file).values()) == file.read_bytes()


def test_zeros_that_a_loss_of_power_left_are_cut_off(file: Path) -> None:
    whole = file.read_bytes()
    file.write_bytes(whole + bytes(5000))
    Members(file.parent, file.name).append("00002.jsonl", ONE)
    assert file.read_bytes() == whole + member("00002.jsonl", ONE)


@pytest.mark.parametrize(
    "junk",
    [
        b"x" * 99,
        b"x",
        gzip.compress(b"plain"),
        START + struct.pack("<I", 0) + b"00000.jsonl\0" + bytes(50),
        START + struct.pack("<I", 20) + b"00000.jsonl\0" + bytes(50),
        START + struct.pack("<I", 90) + b"../../etc/passwd\0" + bytes(50),
        START + struct.pack("<I", 90) + b"0" * 90,
        START + struct.pack("<I", 90) + b"\0" + bytes(50),
    ],
    ids=range(8),
)
def test_what_no_killed_writer_leaves_is_not_written_behind(file: Path, junk: bytes) -> None:
    size = file.stat().st_size
    with file.open("ab") as end:
        end.write(junk)
    before = file.read_bytes()
    members = Members(file.parent, file.name)
    with pytest.raises(RunFolderError, match=f"damaged at byte {size}; put a whole copy"):
        members.append("00002.jsonl", ONE)
    assert list(members.found) == ["00000.jsonl", "00001.jsonl"]
    assert file.read_bytes() == before


def test_a_length_beyond_the_end_is_not_read(file: Path) -> None:
    data = bytearray(file.read_bytes())
    match = HEADER.match(data)
    assert match
    assert match.end() <= MOST
    data[match.start(1) : match.end(1)] = struct.pack("<I", 2**32 - 1)
    file.write_bytes(data)
    assert list(found(file)) == ["00001.jsonl"]
    with pytest.raises(RunFolderError, match="damaged at byte 0"):  # and nothing is cut off
        Members(file.parent, file.name).append("00002.jsonl", ONE)
    assert file.read_bytes() == data
    Members(file.parent, "last.gz").append("00000.jsonl", ONE)
    last = file.with_name("last.gz")
    last.write_bytes(data[: len(member("00000.jsonl", ONE))])
    assert found(last) == {}


@pytest.mark.parametrize("place", range(0, 34, 3))
def test_a_damaged_header_hides_no_other_member(
    file: Path, place: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smartplay.records.members.CHUNK", 7)
    Members(file.parent, file.name).append("00002.jsonl", TWO)
    first, data = len(member("00000.jsonl", ONE)), bytearray(file.read_bytes())
    data[first + place] ^= 0x84
    file.write_bytes(data)
    members = Members(file.parent, file.name)
    members.look()
    names = list(members.found)
    assert [names[0], names[-1]] == ["00000.jsonl", "00002.jsonl"]
    assert len(names) == 2 or HEADER.match(data, first), "its name or its length is another"


def test_a_file_of_endless_members_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smartplay.records.members.MOST_LINES", 3)
    file.write_bytes(file.read_bytes() * 2)
    with pytest.raises(RunFolderError, match="more than 3 members: refused"):
        members_of(file)


def test_what_others_packed_otherwise_is_not_kept(file: Path) -> None:
    named = b"\x1f\x8b\x08\x08" + bytes(6) + b"name\0"
    for packed in (b"", b"x", named, member("00000.jsonl", ONE)):
        with pytest.raises(RunFolderError, match="not packed as SmartPlay packs them"):
            Members(file.parent, file.name).append("00002.jsonl", packed)


def test_nothing_is_appended_through_a_link(file: Path, tmp_path: Path) -> None:
    for make in (os.symlink, os.link):
        other = tmp_path / "y.gz"
        make(file, other)
        with pytest.raises(RunFolderError, match="link"):
            Members(tmp_path, "y.gz").append("00002.jsonl", ONE)
        other.unlink()
    assert list(found(file)) == ["00000.jsonl", "00001.jsonl"]


def test_readers_see_whole_members_while_they_are_written(tmp_path: Path) -> None:
    folder, done = tmp_path, threading.Event()
    seen: list[int] = []

    def watch() -> None:
        shared = Members(folder, "x.gz")
        while not done.is_set():
            shared.look()
            assert shared.damage is None
            seen.append(len(shared.found))

    thread = threading.Thread(target=watch)
    thread.start()
    writer = Members(folder, "x.gz")
    for number in range(200):
        writer.append(f"{number:05d}.jsonl", TWO)
    done.set()
    thread.join()
    assert seen == sorted(seen)
    assert len(found(writer.path)) == 200


# In run folders


def test_a_run_cut_off_at_any_place_goes_on(tmp_path: Path) -> None:
    out = tmp_path / "run"
    expected = content(play(out).path)
    steps, lines = (out / FILE).read_bytes(), (out / "episodes.jsonl").read_bytes()
    first = lines.index(b"\n") + 1
    begin = next(iter(members_of(out / FILE).values()))
    for size in range(len(begin), len(steps), 211):
        (out / "episodes.jsonl").write_bytes(lines[:first])
        (out / FILE).write_bytes(steps[:size])
        assert build_report(out).missing == 2
        assert content(play(out).path) == expected
        assert verify_run(out).verified


def test_an_episode_that_is_played_again_counts_as_played_last(tmp_path: Path) -> None:
    run = play(tmp_path / "run")
    folder = RunFolder(run.path)
    expected = folder.steps(GAME, 1)
    folder.add(run.episodes[0], gzip.compress(b"{}\n"))
    with pytest.raises(RunFolderError, match=r"-v0.jsonl.gz, 00000.jsonl, line 1 is malformed"):
        folder.steps(GAME, 0)
    assert folder.steps(GAME, 1) == expected
    assert RunFolder(run.path).steps(GAME, 1) == expected


def test_missing_steps_are_told_from_damaged_ones(tmp_path: Path) -> None:
    run = play(tmp_path / "run").path
    put_trace(run, (GAME, 1, 0), None)
    with pytest.raises(MissingStepsError, match=r"00001.jsonl: there are no such steps"):
        RunFolder(run).steps(GAME, 1)
    refused(run, "episode 1: cannot read", "there are no such steps")
    data = (run / FILE).read_bytes()
    first = data.index(START, 1) if members_of(run / FILE).popitem()[0] == "00002.jsonl" else 0
    (run / FILE).write_bytes(data[:first] + b"x" + data[first + 1 :])
    with pytest.raises(RunFolderError, match=rf"00002.jsonl: damaged at byte {first}") as told:
        RunFolder(run).steps(GAME, 2)
    assert not isinstance(told.value, MissingStepsError)
    assert RunFolder(run).steps(GAME, 0)[1]
    refused(run, f"damaged at byte {first}", "episode 2: cannot read")


def test_a_run_of_before_is_read_verified_and_gone_on_with(tmp_path: Path) -> None:
    new = play(tmp_path / "new", concurrency=1).path
    old = with_own_files(Path(shutil.copytree(new, tmp_path / "old")))
    assert [path.name for path in (old / "steps").iterdir()] == [f"{BANDIT}-v0"]
    both = RunFolder(new), RunFolder(old)
    for record in both[0].episodes():
        assert both[0].steps(*record.key[:2]) == both[1].steps(*record.key[:2])
        assert gzip.decompress(both[0].trace(record.key)) == gzip.decompress(
            both[1].trace(record.key)
        )
    assert verify_run(old).problems == []
    assert build_report(old).details[0].curve == build_report(new).details[0].curve
    lines = (old / "episodes.jsonl").read_bytes()
    (old / "episodes.jsonl").write_bytes(lines[: lines.index(b"\n") + 1])
    play(old)
    assert sorted(members_of(old / FILE)) == ["00001.jsonl", "00002.jsonl"]
    assert verify_run(old).problems == []
    (old / own_steps_name(GAME, 0)).unlink()
    refused(old, "episode 0: cannot read", "there are no such steps")


def test_steps_of_no_recorded_episode_are_found(tmp_path: Path) -> None:
    run = play(tmp_path / "run").path
    lines = (run / "episodes.jsonl").read_bytes().splitlines(keepends=True)
    (run / "episodes.jsonl").write_bytes(b"".join(lines[:-1]))
    refused(run, f"{FILE}, 0000", "belongs to no recorded episode")


def spoil_twice(data: bytes) -> bytes:
    return data + data


def spoil_end(data: bytes) -> bytes:
    return data + data[:40]


@pytest.mark.parametrize(
    ("spoil", "told"), [(spoil_twice, "an episode is in it twice"), (spoil_end, "damaged at byte")]
)
def test_nothing_hides_in_the_steps_of_an_entry(tmp_path: Path, spoil: Any, told: str) -> None:
    run = play(tmp_path / "run").path
    entry, _ = add_entry(run, tmp_path / "entries", with_traces=True)
    assert verify_run(entry).problems == []
    before, _ = add_entry(with_own_files(run), tmp_path / "before", with_traces=True)
    assert members_of(before / FILE).keys() == members_of(entry / FILE).keys()
    (entry / FILE).write_bytes(spoil((entry / FILE).read_bytes()))
    reseal(entry)
    refused(entry, f"{FILE}, {told}")


def test_an_entry_of_before_keeps_its_files(tmp_path: Path) -> None:
    run = play(tmp_path / "run").path
    entry, _ = add_entry(run, tmp_path / "entries", with_traces=True)
    with_own_files(entry)
    reseal(entry)
    assert verify_run(entry).problems == []
    put = entry / FILE
    put.write_bytes((run / FILE).read_bytes())
    reseal(entry)
    refused(entry, f"{own_steps_name(GAME, 0)} belongs to no recorded episode")


KILLED_WRITERS = """
import os, random, signal, sys, time
from pathlib import Path
import msgspec
from smartplay.records.folder import RunFolder

folder = RunFolder(Path(sys.argv[1]))
record = folder.episodes()[0]
header, steps = folder.steps(record.game, record.episode)
from tests.folders import pack_trace
draw = random.Random(int(sys.argv[2]))
number = cuts = 0
for kill in range(25):
    child = os.fork()
    if not child:
        writer = RunFolder(folder.path)
        writer.mend()
        while True:
            number += 1
            key = {"episode": number, "agent_seed": kill}
            own = [msgspec.structs.replace(s, observation=str(draw.random()) * 999) for s in steps]
            trace = pack_trace(msgspec.structs.replace(header, **key), own)
            writer.add(msgspec.structs.replace(record, **key, steps=len(own)), trace)
    time.sleep(draw.uniform(0.02, 0.15))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    found = RunFolder(folder.path).episodes()
    number = max(each.episode for each in found)
    reader = RunFolder(folder.path)
    for each in found[-50:]:
        assert len(reader.steps(each.game, each.episode, each.steps)[1]) == each.steps, each
    members = reader.members(record.game)
    cuts += members.is_cut_off
    assert members.damage is None and len(members.found) - len(found) in (0, 1)
print(number, cuts)
"""


@pytest.mark.slow
def test_writers_killed_while_they_write_leave_every_result_readable(tmp_path: Path) -> None:
    run = play(tmp_path / "run", episodes=1).path
    command = [sys.executable, "-c", KILLED_WRITERS, str(run), "7"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[0]) > 25
