"""Odd command lines, odd surroundings and agents that misbehave: a sentence, a code, a record."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

import smartplay
from smartplay.records.folder import RunFolder
from smartplay.runner.plan import LONGEST_SLUG, slug
from tests.games import unique, write_game
from tests.test_cli import call

HANOI = "Hanoi3Disk"
HERE = {**os.environ, "PYTHONPATH": str(Path(smartplay.__file__).parents[1])}
ASTRAL = "\U00020000"

AGENTS = '''
import asyncio, os
from pathlib import Path

class Odd(BaseException):
    """No Exception."""

class Agent:
    def __init__(self, manual, actions, seed):
        self.first, self.bad = actions[0], seed % 2

class Leaves(Agent):
    def act(self, observation):
        place = Path(__file__).with_name("elsewhere")
        place.mkdir(exist_ok=True)
        os.chdir(place)
        return self.first

class Raises(Agent):
    def act(self, observation):
        if self.bad:
            raise Odd("not this way")
        return self.first

class RaisesLater(Agent):
    async def act(self, observation):
        await asyncio.sleep(0)
        if self.bad:
            raise Odd("not this way")
        return self.first

class StopsTheLoop(Agent):
    async def act(self, observation):
        if self.bad:
            asyncio.get_running_loop().stop()
        await asyncio.sleep(0)
        return self.first

class Ends(Agent):
    def act(self, observation):
        if self.bad:
            os._exit(0)
        return self.first

class Chained(Agent):
    def act(self, observation):
        try:
            return {}["missing"]
        except KeyError as error:
            raise ValueError("no such reply") from error

class Picky(Agent):
    def act(self, observation):
        from smartplay.core.errors import UsageError
        raise UsageError("this agent plays chess only")

def deep(n):
    return deep(n - 1) if n else 1 / 0

class Deep(Agent):
    def act(self, observation):
        return deep(300)
'''


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(AGENTS)


def shell(line: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a line of bash in which SP is the command."""
    line = line.replace("SP", f"{sys.executable} -m smartplay")
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", line],
        env=HERE | env, capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip


# Odd requests

WRONG: list[tuple[tuple[str, ...], str]] = [
    (("run", "openai:x", "--base-url", ""), "base_url must be an address"),
    (("run", "openai:x", "--model", "judge"), "write ROLE=AGENT"),
    (("run", "openai:x", "--model", "=x"), "write ROLE=AGENT"),
    (("run", "random", "--games", HANOI, "--episode-timeout", "nan"), "0.001 seconds or more"),
    (("run", "random", "--games", HANOI, "--episode-timeout", "0"), "0.001 seconds or more"),
    (
        ("run", "random", "--games", HANOI, "--cluster", "junk"),
        "not an address; write tcp://HOST:PORT",
    ),
    (("run", "random", "--games", HANOI, "--cluster", "tcp://:8"), "not an address; write tcp"),
    (("run", "random", "--games", HANOI, "--cluster", "a:99999"), "not an address; write tcp"),
    (("run", "constant:99", "--games", HANOI), "no action 99"),
    (("run", "constant:abc", "--games", HANOI), "no action 'abc'"),
    (("run", "constant:", "--games", HANOI), "write constant or, for its second action, constant:"),
    (("run", "random:", "--games", HANOI), "says nothing after the colon; write random"),
    (
        ("run", "random", "--games", HANOI, "--out", "mine.py"),
        "mine.py: it is a file; choose another",
    ),
    (("run", "random", "--games", HANOI, "--game-set", "hanoi.disks="), "write GAME.KEY=VALUE"),
    (("run", "mine.py:Picky", "--games", HANOI, "--out", "mine.py/x"), "Not a directory"),
    (("run", "bad/mine.py"), "name the class or function in it: bad/mine.py:Name"),
    (("run", "unclosed.toml"), 'unclosed.toml is not valid TOML: Expected "\'"'),
    (("run", "openai:x", "--set", "temperature=hot"), "temperature takes a number or none"),
    (("verify", "x", "--workers", "0"), "workers must be 1 or more"),
    (("leaderboard", "build", "--root", "gone"), "there is no folder entries in gone"),
    (("bench", "--seconds", "inf"), "seconds must be a finite number"),
    (("run", "mine.py:Picky", "--games", HANOI), "this agent plays chess only"),
    (("run", "random", "--games", f"Ha\x1b[31m{ASTRAL}\n"), "unknown game 'Ha\\x1b[31m"),
    (("report", ""), "holds no run"),
    (("report", "x" * 300), "File name too long"),
]


@pytest.mark.parametrize(("arguments", "words"), WRONG, ids=lambda value: ascii(value)[:40])
def test_an_odd_request_is_refused_in_one_line(
    arguments: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    (tmp_path / "unclosed.toml").write_text("agent = 'random")
    told = call(*arguments)
    assert (told.code, told.out) == (2, ""), told
    assert words in told.err
    assert told.err.count("\n") == 1
    assert "\x1b" not in told.err


@pytest.mark.parametrize("name", ["x" * 300, ASTRAL * 300, "ü/" * 300], ids=ascii)
def test_a_models_long_name_makes_a_folders_name_that_fits(name: str) -> None:
    assert 0 < len(slug(name).encode()) <= LONGEST_SLUG
    Path(f"sensitivity-{slug(name)}-12345678").mkdir()


def test_the_file_lock_is_one_that_works() -> None:
    """3.12 to 3.13 do not know the keyword `blocking`."""
    (needed,) = [each for each in metadata.requires("smartplay") or [] if "filelock" in each]
    least = re.search(r">=(\d+)\.(\d+)", needed)
    assert least
    assert tuple(map(int, least.groups())) >= (3, 14)


@pytest.mark.slow
def test_an_unreachable_service_is_told_in_one_line() -> None:
    told = call("run", "openai:x", "--base-url", "http://127.0.0.1:9/v1", "--games", HANOI,
        "--episodes", "2")  # fmt: skip
    assert told.code == 4
    assert told.err.count("\n") == 1
    assert "cannot reach the service at http://127.0.0.1:9/v1: Connection refused" in told.err
    assert "0 episodes finished" in told.err
    assert told.out == ""


# Odd surroundings

RUN = f"SP run random --games {HANOI} --episodes 1 --steps 2 --out x"
CLOSED = [
    f"{RUN} >&-",
    f"{RUN} 2>&-",
    f"{RUN} --json >&-",
    f"{RUN} <&- >&- 2>&-",
    "SP games >&-",
    "SP --version >&-",
]


@pytest.mark.slow
@pytest.mark.parametrize("line", CLOSED)
def test_streams_may_be_closed(line: str) -> None:
    told = shell(line)
    assert told.returncode == 0
    assert told.stderr == ""
    if "run" in line:
        (record,) = RunFolder(Path("x")).episodes()
        assert record.status == "scored"
        json.loads(Path("x/run.json").read_bytes())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "code"),
    [
        (f"{RUN} | true", 0),
        (f"{RUN} --json | true", 0),
        (f"SP run mine.py:Raises --games {HANOI} --episodes 6 --steps 2 --json | true", 3),
        (f"SP run mine.py:Raises --games {HANOI} --episodes 6 --steps 2 | true", 3),
        ("SP games --json | true", 0),
        ("SP agents | true", 0),
    ],
)
def test_a_reader_that_leaves_changes_no_exit_code(line: str, code: int) -> None:
    told = shell(line)
    assert told.returncode == code, told.stderr
    assert "Traceback" not in told.stderr
    assert "BrokenPipe" not in told.stderr


@pytest.mark.slow
def test_json_is_json_where_only_ascii_can_be_shown() -> None:
    name = f"ü{ASTRAL}.py"
    Path(name).write_text(AGENTS)
    line = f"SP run {name}:Leaves --games {HANOI} --episodes 1 --steps 1 --out x --json"
    told = shell(line, PYTHONIOENCODING="ascii")
    assert told.returncode == 0, told.stderr
    assert told.stdout.isascii()
    assert json.loads(told.stdout)["agent"] == f"{name}:Leaves"
    plain = shell("SP report x", PYTHONIOENCODING="ascii")
    assert plain.returncode == 0, plain.stderr


@pytest.mark.slow
def test_bench_says_what_it_measures() -> None:
    pexpect = pytest.importorskip("pexpect")
    command = ["-m", "smartplay", "bench", "--games", HANOI, "--seconds", "0.01", "--vectors"]
    child = pexpect.spawn(sys.executable, command, dimensions=(30, 100), timeout=60, env=HERE)
    child.expect(f"Measuring 1/4: {HANOI}")
    child.expect(f"Measuring 2/4: {HANOI}, 1 environment[^s]")
    child.expect(f"Measuring 4/4: {HANOI}, 256 environments")
    child.expect("Vectors of environments")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


# Agents that misbehave


@pytest.mark.slow
@pytest.mark.parametrize("game", [HANOI, "heavy"])
def test_an_agent_that_leaves_the_folder_takes_the_run_nowhere(game: str, tmp_path: Path) -> None:
    if game == "heavy":
        game = str(write_game(tmp_path, heavy=True, name=unique(tmp_path)))
    told = call(
        "run", "mine.py:Leaves", "--games", f"{HANOI},{game}", "--episodes", "2", "--steps", "2",
        "--out", "deep/run",
    )  # fmt: skip
    assert told.code == 0, told.err
    assert Path.cwd() == tmp_path
    assert "Report: deep/run/report.md" in told.out
    assert not list((tmp_path / "elsewhere").iterdir())
    assert {each.status for each in RunFolder(tmp_path / "deep/run").episodes()} == {"scored"}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["Raises", "RaisesLater", "StopsTheLoop"])
@pytest.mark.parametrize("heavy", [False, True])
def test_what_an_agent_raises_costs_its_episode_only(
    name: str, heavy: bool, tmp_path: Path
) -> None:
    own = f"Ticks{name}-v0"  # decides the seeds
    game = str(write_game(tmp_path, heavy=True, name=own)) if heavy else HANOI
    told = call("run", f"mine.py:{name}", "--games", game, "--episodes", "8", "--steps", "2",
        "--out", "x")  # fmt: skip
    assert told.code == 3, told.err
    records = RunFolder(Path("x")).episodes()
    assert len(records) == 8
    for record in records:
        assert (record.status == "unscored") == bool(record.agent_seed % 2)
        if record.error:
            words = "event loop that the run plays on" if "Loop" in name else "Odd: not this way"
            assert words in record.error
            assert re.search(r"/mine\.py, line \d+, in act$", record.traceback)
    assert "Traceback" not in told.err


@pytest.mark.slow
def test_an_agent_that_ends_its_worker_process_is_found(tmp_path: Path) -> None:
    """Those that were played beside it are not blamed."""
    game = str(write_game(tmp_path, heavy=True, name="TicksUntilTheEnd-v0"))  # decides the seeds
    told = call("run", "mine.py:Ends", "--games", game, "--episodes", "4", "--steps", "2",
        "--out", "x", "--concurrency", "2")  # fmt: skip
    assert told.code == 3
    records = RunFolder(Path("x")).episodes()
    assert {record.status for record in records} == {"scored", "unscored"}
    for record in records:
        assert (record.status == "unscored") == bool(record.agent_seed % 2), record
    assert "the worker process ended while it played this episode, twice" in told.err


def test_a_failure_is_kept_with_what_led_to_it_and_shown_on_demand() -> None:
    arguments = ("run", "mine.py:Chained", "--games", HANOI, "--episodes", "1", "--out", "x")
    plain, debug = call(*arguments), call(*arguments, "--debug")
    assert plain.err.startswith(
        "smartplay: 1 of 1 episode is unscored: ValueError: no such reply ("
    )
    assert "KeyError" not in plain.err
    record = RunFolder(Path("x")).episodes()[-1]
    first, why, last = record.traceback.splitlines()
    assert why == "KeyError: 'missing', which led to:"
    assert first.endswith("in act")
    assert last.endswith("in act")
    assert str(Path.cwd()) not in record.traceback, "paths are shortened"
    assert debug.err.startswith(record.traceback)


def test_a_traceback_is_capped() -> None:
    assert call("run", "mine.py:Deep", "--games", HANOI, "--episodes", "1", "--out", "x").code == 3
    (record,) = RunFolder(Path("x")).episodes()
    assert 1 < len(record.traceback.splitlines()) < 20


def test_debug_shows_where_an_agent_refused_to_play() -> None:
    told = call("run", "mine.py:Picky", "--games", HANOI, "--debug")
    assert told.code == 2
    assert re.search(r"/mine\.py, line \d+, in act", told.err)


def test_what_ended_well_is_not_told() -> None:
    """No word on standard error but for what is news."""
    told = call("run", "random", "--games", "ContrastReasoningEasy", "--episodes", "1")
    assert (told.code, told.err) == (0, "")
