"""Folders that strangers made: valid ones, changed in a thousand ways that might do harm.

`python -m tests.strangers 1000` sends so many through the commands that read other people's folders
and prints what became of them. Number n is always the same folder.

Asked of every command: it ends with a documented exit code, shows no traceback and no control
character, writes nothing outside of the folders it was given, runs no code that it found there,
and stays within `SECONDS` and `MEGABYTES`.
"""

from __future__ import annotations

import gzip
import io
import json
import multiprocessing
import os
import random
import re
import resource
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import chdir, redirect_stderr, redirect_stdout, suppress
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import smartplay
from smartplay.cli import main
from smartplay.core import printable
from smartplay.leaderboard.entry import add_entry
from smartplay.records.members import HEADER, member
from tests.folders import members_of, with_own_files
from tests.players import play
from tests.tampering import reseal

SECONDS = 60
MEGABYTES = 1500
BATCH = 100
"""Folders after which new processes try the rest; `max_tasks_per_child` hangs in Python 3.11."""
CODES = {0, 1, 2, 3}
GAMES = "BanditTwoArmedHighLowFixed,Hanoi3Disk"
KINDS = ("run", "before", "entry", "traces", "person")

Rng = random.Random


class Place(NamedTuple):
    """Where a folder lies while it is tried.

    Attributes:
        root: All that the commands are given, and what lies beside it.
        folder: The stranger's folder.
        outside: A folder that nothing may touch.
    """

    root: Path
    folder: Path
    outside: Path


# What is changed


def files(place: Place) -> list[Path]:
    return sorted(path for path in place.folder.rglob("*") if path.is_file())


def read(path: Path) -> bytes:
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


def write(path: Path, data: bytes) -> None:
    """Write other content; a file of steps keeps its members, the last of which may grow."""
    if path.suffix == ".gz":
        packed, lines = b"", data.splitlines(keepends=True)
        names = list(members := members_of(path))
        for name in names[:-1]:
            count = gzip.decompress(members[name]).count(b"\n")
            packed += member(name, gzip.compress(b"".join(lines[:count]), 1, mtime=0))
            del lines[:count]
        last = gzip.compress(b"".join(lines), 1, mtime=0)
        data = packed + (member(names[-1], last) if names else last)
    path.write_bytes(data)


def false_header(place: Place, rng: Rng) -> None:
    """Let members of a file of steps say other lengths and names."""
    path = rng.choice([path for path in files(place) if path.suffix == ".gz"] or files(place))
    data = bytearray(path.read_bytes())
    for match in re.finditer(HEADER.pattern, bytes(data), re.DOTALL):
        if rng.random() < 0.5:
            length = rng.choice([0, 1, 30, rng.randrange(2**10), 2**31, 2**32 - 1])
            data[match.start(1) : match.end(1)] = length.to_bytes(4, "little")
        elif rng.random() < 0.3:
            data[match.start(2) : match.start(2) + 5] = b"%05d" % rng.randrange(9)
    path.write_bytes(bytes(data))


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all values inside a piece of JSON."""
    yield path
    if isinstance(value, dict | list):
        for key, below in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(below, (*path, key))


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """The same JSON with another value at a path."""
    if not path:
        return new
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = put(value[path[0]], path[1:], new)
    return copy


def get(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def change_json(
    place: Place, rng: Rng, change: Callable[[Any], str | None], chosen: type | None = None
) -> None:
    """Change one value somewhere in one of the files; `change` gives the new one as JSON."""
    path = rng.choice([path for path in files(place) if ".json" in path.name])
    whole = path.suffix == ".json"
    lines = [read(path)] if whole else read(path).splitlines()
    number = rng.randrange(len(lines))
    value = json.loads(lines[number])
    paths = [p for p in leaves(value) if chosen is None or isinstance(get(value, p), chosen)]
    where = rng.choice(paths or [()])
    new = change(get(value, where))
    text = json.dumps(put(value, where, "@@here@@")).replace('"@@here@@"', new or "null")
    lines[number] = text.encode("utf-8", "surrogatepass")
    write(path, b"\n".join(lines) + (b"" if whole else b"\n"))


VALUES = ["null", "true", "[]", "{}", '""', '"x"', "-1", "0.5", "[null]", '{"a": [1]}', "1"]
NUMBERS = ["9" * 400, "-1e308", "1e999", "NaN", "Infinity", "-0.0", str(2**63), str(-(2**53) - 1)]
NASTY = [
    "\x1b[2J\x1b]0;owned\x07",
    "a\nrandom: verified",
    "\u202egnol",
    "\u2066x",
    "\u200b",
    "\x00",
    "\r\n",
    "\x9b31m",
    "\u3164",
    "\ud800",
    "<script>alert(1)</script>",
    "|`*_[x](javascript:1)",
    "\U000e0041",
    "=cmd|' /C calc'!A0",
    "{{7*7}}",
    "%s%n",
    "\ufeff",
    "e\u0301" * 99,
    "\u202a" * 9999,
]
TRICKS = [
    "../../outside/x",
    "/etc/passwd",
    "smartplay/../../../outside",
    "..",
    "C:\\x",
    "a\0b",
    "~/x",
    "file:///etc/passwd",
    "steps/../../outside/canary",
    "os:system",
    "evil.py:Evil",
    "evil.toml",
]


def wrong_type(place: Place, rng: Rng) -> None:
    change_json(place, rng, lambda old: rng.choice(VALUES))


def impossible_number(place: Place, rng: Rng) -> None:
    change_json(place, rng, lambda old: rng.choice(NUMBERS), int if rng.random() < 0.5 else float)


def deep(place: Place, rng: Rng) -> None:
    depth = rng.choice([50, 2000, 100_000])
    change_json(place, rng, lambda old: "[" * depth + "]" * depth)


def nasty_text(place: Place, rng: Rng) -> None:
    text = rng.choice(NASTY)
    change_json(place, rng, lambda old: json.dumps(rng.choice([text, str(old) + text])), str)


def long_text(place: Place, rng: Rng) -> None:
    change_json(place, rng, lambda old: json.dumps("x" * rng.choice([301, 10**5, 10**6])), str)


def path_trick(place: Place, rng: Rng) -> None:
    change_json(place, rng, lambda old: json.dumps(rng.choice(TRICKS)), str)


def other_key(place: Place, rng: Rng) -> None:
    """Rename a key, such as a game's id."""
    key = rng.choice(TRICKS + NASTY)
    text = json.dumps(key)

    def change(old: Any) -> str:
        items = list(old.items())
        place = rng.randrange(len(items)) if items else 0
        told = [f"{json.dumps(k)}: {json.dumps(v)}" for k, v in items]
        told[place : place + 1] = [f"{text}: {json.dumps(items[place][1]) if items else 1}"]
        return "{" + ", ".join(told) + "}"

    change_json(place, rng, change, dict)


def key_twice(place: Place, rng: Rng) -> None:
    def change(old: Any) -> str:
        told = [f"{json.dumps(k)}: {json.dumps(v)}" for k, v in old.items()]
        return "{" + ", ".join([*told, *told[: rng.choice([1, 9])]]) + "}"

    change_json(place, rng, change, dict)


def truncated(place: Place, rng: Rng) -> None:
    path = rng.choice(files(place))
    data = path.read_bytes()
    path.write_bytes(data[: rng.randrange(len(data))])


def flipped(place: Place, rng: Rng) -> None:
    path = rng.choice(files(place))
    data = bytearray(path.read_bytes())
    for _ in range(rng.choice([1, 1, 20])):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    path.write_bytes(bytes(data))


def swapped(place: Place, rng: Rng) -> None:
    """Exchange two files of a kind, or two lines of one."""
    path = rng.choice([path for path in files(place) if path.suffix != ".json"])
    alike = [other for other in files(place) if other.suffix == path.suffix and other != path]
    if alike and rng.random() < 0.5:
        other = rng.choice(alike)
        first, second = path.read_bytes(), other.read_bytes()
        path.write_bytes(second)
        other.write_bytes(first)
        return
    lines = read(path).splitlines(keepends=True)
    one, two = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[one], lines[two] = lines[two], lines[one]
    write(path, b"".join(lines + lines[: rng.choice([0, 0, 1])]))


def many_lines(place: Place, rng: Rng) -> None:
    path = rng.choice([path for path in files(place) if path.suffix != ".json"])
    lines = read(path).splitlines(keepends=True)
    write(path, b"".join([*lines[:-1], *[lines[-1]] * rng.choice([2, 1000, 20_000])]))


def wrong_digest(place: Place, rng: Rng) -> None:
    path = rng.choice([path for path in files(place) if ".json" in path.name])
    text = read(path)
    found = list(re.finditer(rb'"([0-9a-f]{16,64})"', text))
    if found:
        match = rng.choice(found)
        other = bytes(rng.choice(b"0123456789abcdef") for _ in match[1])
        write(path, text[: match.start(1)] + other + text[match.end(1) :])


@cache
def zeros() -> bytes:
    """A member of a gzip file: 16 MB in 16 kB."""
    return gzip.compress(bytes(2**24), 9, mtime=0)


def bomb(place: Place, rng: Rng) -> None:
    """What unpacks to gigabytes, as one line or as millions of lines."""
    path = rng.choice([path for path in files(place) if path.suffix == ".gz"] or files(place))
    start = path.read_bytes() if path.suffix == ".gz" else b""
    lines = gzip.compress(b"\n" * 2**24, 9, mtime=0)
    path.write_bytes(start + rng.choice([zeros(), lines]) * rng.choice([5, 200]))


def sparse(place: Place, rng: Rng) -> None:
    with rng.choice(files(place)).open("ab") as file:
        file.truncate(rng.choice([2**28, 2**40]))


def gone(place: Place, rng: Rng) -> None:
    rng.choice(files(place)).unlink()


def emptied(place: Place, rng: Rng) -> None:
    rng.choice(files(place)).write_bytes(rng.choice([b"", b"\n", b"\xff\xfe", b"\0" * 99]))


def linked(place: Place, rng: Rng) -> None:
    """Put a link in the place of a file or folder: out, in a circle, or to nowhere."""
    folders = [path for path in place.folder.rglob("*") if path.is_dir()]
    path = rng.choice(files(place) + folders)
    target = rng.choice(
        [place.outside / "canary", place.outside, path, Path("/dev/zero"), Path("no")]
    )
    if rng.random() < 0.3:
        target = place.outside / path.name
        path.rename(target)
    elif path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    path.symlink_to(target)


def hard_linked(place: Place, rng: Rng) -> None:
    path = rng.choice(files(place))
    path.unlink()
    os.link(place.outside / "canary", path)


def no_plain_file(place: Place, rng: Rng) -> None:
    path = rng.choice(files(place))
    path.unlink()
    kind = rng.randrange(3)
    if kind == 0:
        os.mkfifo(path)
    elif kind == 1:
        path.mkdir()
    else:
        with chdir(path.parent), socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)


def without_permission(place: Place, rng: Rng) -> None:
    rng.choice(list(place.folder.rglob("*"))).chmod(rng.choice([0o000, 0o111, 0o444]))


STRAYS = [
    "notes.txt",
    ".x",
    "steps/x",
    "replays/x",
    "replays/Other-v0.jsonl.gz",
    "sitecustomize.py",
    "x.toml",
    "steps/\u202egnol",
    "steps/\u6f22\u5b57",
    "a\nb",
    "x\x1b[2J",
    "conftest.py",
    "report.json/x",
    "steps/Hanoi3Disk-v0/99999.jsonl.gz",
    "steps/Hanoi3Disk-v0/00000.jsonl.gz",
    "steps/Other-v0.jsonl.gz",
    "x" * 250,
    "replies.sqlite",
    "smartplay/__init__.py",
    ".lock",
    "journal.jsonl",
    "episodes.jsonl.0.part",
]


def stray(place: Place, rng: Rng) -> None:
    for name in rng.sample(STRAYS, rng.choice([1, 3])):
        path = place.folder / name
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(EVIL.format(mark=str(place.outside / "mark")))


EVIL = """
import pathlib
pathlib.Path({mark!r}).write_text("code of a stranger ran")
class Evil:
    def __init__(self, *arguments, **options): pass
"""
CARD = """
[defaults]
title = "Evil"
family = "evil"
environment = "evil.py:Evil"
describer = "evil.py:Evil"
steps = 5
episodes = 1
score = "nothing"
[ids.Evil-v0]
"""


def code(place: Place, rng: Rng) -> None:
    """A card and a module in the folder, and a header that names them in some place."""
    (place.folder / "evil.py").write_text(EVIL.format(mark=str(place.outside / "mark")))
    (place.folder / "evil.toml").write_text(CARD)
    path = place.folder / "run.json"
    header = json.loads(path.read_text())
    game = rng.choice(list(header["games"]))
    named = [str(place.folder / "evil.toml"), "evil.toml", f"{place.folder}/evil.py:Evil"]
    where = rng.randrange(5)
    if where == 0:
        header["games"][game]["card"] = rng.choice(named)
    elif where == 1:
        keys = ["environment", "describer", "engine", "observation", "render_mode", "arms", "disks"]
        header["games"][game]["settings"][rng.choice(keys)] = rng.choice(named)
    elif where == 2:
        header["games"]["smartplay/Evil-v0"] = header["games"].pop(game) | {"card": named[0]}
    elif where == 3:
        header["agent"] = named[2]
    else:
        header["agent_settings"] = {"models": {"x": {"agent": named[2]}}, "protocol": named[0]}
    path.write_text(json.dumps(header))


def large_world(place: Place, rng: Rng) -> None:
    path = place.folder / "run.json"
    header = json.loads(path.read_text())
    plan = header["games"][rng.choice(list(header["games"]))]
    settings = [{"disks": 10**9}, {"history": 10**9}, {"probabilities": [0.1] * 10**5}]
    sizes = [("episodes", 2**31 - 1), ("episodes", 10**6), ("steps", 2**31 - 1), ("history", 10**9)]
    key, value = rng.choice([*(("settings", each) for each in settings), *sizes])
    plan[key] = value
    if rng.random() < 0.3:
        header["repeats"] = rng.choice([10**6, 2**31])
    path.write_text(json.dumps(header))


CHANGES = [
    wrong_type,
    impossible_number,
    deep,
    nasty_text,
    long_text,
    path_trick,
    other_key,
    key_twice,
    truncated,
    false_header,
    flipped,
    swapped,
    many_lines,
    wrong_digest,
    bomb,
    sparse,
    gone,
    emptied,
    linked,
    hard_linked,
    no_plain_file,
    without_permission,
    stray,
    code,
    large_world,
]


# Valid folders


def make_valid(folder: Path) -> None:
    """Make one valid folder of each kind; each is known by its name."""
    options: dict[str, Any] = {"episodes": 2, "steps": 4, "progress": False}
    smartplay.run("random", GAMES, out=folder / "run", **options).report()
    for kind in ("entry", "traces"):
        path, _ = add_entry(
            folder / "run", folder / "board", agent=kind, with_traces=kind != "entry"
        )
        path.rename(folder / kind)
    with_own_files(Path(shutil.copytree(folder / "run", folder / "before")))
    play(folder / "person", ["enter", "1", "2", "enter"], "BanditTwoArmedHighLowFixed", steps=2)


# The trial


class Tried(NamedTuple):
    """What became of a folder.

    Attributes:
        name: Its number, kind and change.
        codes: The commands' exit codes.
        faults: What a command did that it may not do.
        seconds: The most time of a processor that one of them took.
        megabytes: The most memory of the process.
    """

    name: str
    codes: list[int]
    faults: list[str]
    seconds: float
    megabytes: float


def commands(place: Place, kind: str) -> list[list[str]]:
    at = str(place.folder)
    board = ["--root", str(place.root / "board")]
    watched = ["--out", str(place.root / "film.gif")]
    return [
        ["verify", at],
        ["report", at, "--html"],
        ["leaderboard", "add", at, *board, "--agent", "stranger"],
        ["leaderboard", "build", *board],
        *([["watch", at, *watched]] if kind in ("run", "before", "traces") else []),
        *([["baseline", at, "--games", str(place.root / "games")]] if kind == "person" else []),
        *(
            [["run", "random", "--games", GAMES, "--episodes", "2", "--steps", "4", "--out", at]]
            if kind == "run"
            else []
        ),
    ]


def try_stranger(valid: Path, number: int, short: bool = False) -> Tried:
    """Make folder `number` and send it through the commands that read such a folder.

    Args:
        valid: Where the valid folders are.
        number: Which folder.
        short: Try two of the commands only, others for other numbers.
    """
    change, kind = CHANGES[number % len(CHANGES)], KINDS[number // len(CHANGES) % len(KINDS)]
    rng = random.Random(f"stranger {number}")
    name = f"{number} {kind} {change.__name__}"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as made:
        place = Place(Path(made), Path(made) / "board" / "entries" / "x", Path(made) / "outside")
        for path in (place.outside, place.folder.parent, place.root / "games" / "bandit"):
            path.mkdir(parents=True)
        (place.outside / "canary").write_text("{}\n")
        shutil.copytree(valid / kind, place.folder)
        change(place, rng)
        if (place.folder / "entry.json").is_file() and rng.random() < 0.5:
            with suppress(Exception):  # a forger fits the digest too, where there still is one
                reseal(place.folder)
        before = snapshot(place)
        codes, faults, slowest = [], [], 0.0
        with chdir(place.root):
            verify, *others = commands(place, kind)
            chosen = [others[number % len(others)]] if short else others
            for arguments in [verify, *chosen]:
                started = time.process_time()
                exit_code, wrong = call(arguments)
                slowest = max(slowest, time.process_time() - started)
                codes.append(exit_code)
                faults += [f"{' '.join(arguments[:2])}: {each}" for each in wrong]
        if snapshot(place) != before:
            faults.append("something was written outside")
        for path in place.root.rglob("*"):
            if path.is_dir() and not path.is_symlink():
                path.chmod(0o700)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if slowest > SECONDS:
        faults.append(f"it took {slowest:.0f} s")
    if peak > MEGABYTES:
        faults.append(f"it took {peak:.0f} MB")
    return Tried(name, codes, faults, slowest, peak)


def snapshot(place: Place) -> dict[str, bytes | None]:
    """All files that no command has business with."""
    own = (place.root / "board", place.root / "games", place.root / "film.gif")
    return {
        str(path): path.read_bytes() if path.is_file() and path.stat().st_size < 10**6 else None
        for path in sorted(place.root.rglob("*"))
        if not any(path.is_relative_to(folder) for folder in own)
    }


def call(arguments: list[str]) -> tuple[int, list[str]]:
    """A command's exit code, and what was wrong with what it said."""
    out, err = io.StringIO(), io.StringIO()
    code = -1
    wrong = []
    signal.alarm(10 * SECONDS)  # of a machine that may be busy
    try:
        with redirect_stdout(out), redirect_stderr(err):
            code = main(arguments)
    except BaseException as error:
        wrong.append(f"{type(error).__name__}: {error}")
    finally:
        signal.alarm(0)
    told = out.getvalue() + err.getvalue()
    if code not in CODES:
        wrong.append(f"exit code {code}")
    if "Traceback" in told or "--debug shows" in told:
        wrong.append(told.strip()[-300:])
    if not all(printable.is_seen(c) for c in told.replace("\n", "")):
        wrong.append("control characters")
    return code, wrong


def hurry(number: int, frame: Any) -> None:
    raise TimeoutError("it hangs")


def prepare() -> None:
    signal.signal(signal.SIGALRM, hurry)


def try_strangers(numbers: list[int], short: bool = False) -> Iterator[Tried]:
    """Try folders of these numbers, each in one of two processes."""
    with tempfile.TemporaryDirectory() as made:
        make_valid(Path(made))
        context = multiprocessing.get_context("spawn")
        for start in range(0, len(numbers), BATCH):
            with ProcessPoolExecutor(2, context, prepare) as pool:
                batch = numbers[start : start + BATCH]
                yield from pool.map(partial(try_stranger, Path(made), short=short), batch)


def report(count: int) -> int:
    codes: Counter[int] = Counter()
    faulty = 0
    slowest, most = 0.0, 0.0
    for done, tried in enumerate(try_strangers(list(range(count))), start=1):
        if done % 100 == 0:
            print(f"{done} of {count}", file=sys.stderr, flush=True)
        codes.update(tried.codes)
        slowest, most = max(slowest, tried.seconds), max(most, tried.megabytes)
        faulty += bool(tried.faults)
        for fault in tried.faults:
            print(f"{tried.name}: {fault}", flush=True)
    told = ", ".join(f"{number} x {code}" for code, number in sorted(codes.items()))
    print(f"{count} folders, {sum(codes.values())} commands; exit codes: {told}")
    print(f"slowest {slowest:.1f} s, most memory {most:.0f} MB, faulty folders: {faulty}")
    return 1 if faulty else 0


if __name__ == "__main__":
    sys.exit(report(int(sys.argv[1]) if len(sys.argv) > 1 else 1000))
