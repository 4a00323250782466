"""The command line: every command, its exit codes, and one line for every wrong request."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import smartplay
from smartplay.cli import main
from tests.games import write_game

HANOI, BANDIT = "Hanoi3Disk", "BanditTwoArmedHighLowFixed"
HERE = {**os.environ, "PYTHONPATH": str(Path(smartplay.__file__).parents[1])}

AGENT = """
import os, sys

print("hello from the module")

class Loud:
    def __init__(self, manual, actions, seed):
        print("hello from the agent")
        self.actions = actions

    def act(self, observation):
        print("hello from a step")
        os.write(1, b"hello from below Python\\n")
        return self.actions[0]

class Fails:
    def __init__(self, manual, actions, seed):
        self.fails = seed % 2

    def act(self, observation):
        if self.fails:
            raise RuntimeError("no <b>service</b>")
        return "1"
"""


class Told(NamedTuple):
    code: int
    out: str
    err: str


def call(*arguments: str) -> Told:
    """Run the command line in this process."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            code = main(arguments)
        except SystemExit as exit_:
            code = int(exit_.code or 0)
    return Told(code, out.getvalue(), err.getvalue())


def command(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run it as a user does."""
    line = [sys.executable, "-m", "smartplay", *arguments]
    return subprocess.run(
        line, env=HERE | env, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs go to `runs/` of a folder of the test's own."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def agent(tmp_path: Path) -> str:
    (tmp_path / "mine.py").write_text(AGENT)
    return "mine.py"


# Every command


def test_run(tmp_path: Path) -> None:
    told = call("run", "reference", "--games", HANOI, "--episodes", "2", "--out", "here")
    assert told.code == 0
    assert told.err == ""
    for text in ("Agent: reference", "3.0 [0.8, 3.0]", "Planning", "Report: here/report.md"):
        assert text in told.out
    assert sorted(path.name for path in (tmp_path / "here").iterdir()) == [
        "episodes.jsonl", "radar.svg", "report.json", "report.md", "run.json", "sessions.jsonl",
        "steps",
    ]  # fmt: skip
    assert call("run", "reference", "--games", HANOI, "--episodes", "2", "--out", "here") == told


def test_a_folders_name_cannot_steer_the_terminal() -> None:
    told = call("run", "random", "--games", HANOI, "--episodes", "1", "--out", "red\x1b[31m\nRun")
    assert told.code == 0
    assert "Report: red⟨001B⟩[31m Run/report.md" in told.out
    assert "\x1b" not in told.out + told.err


def test_every_option_of_run_reaches_the_run() -> None:
    told = call(
        "run", "constant", "--games", "hanoi,Bandit", "--episodes", "2", "--steps", "3", "--seed",
        "9", "--concurrency", "2", "--out", "x", "--retries", "0", "--set", "action=2",
        "--game-set", "hanoi.noise=0.5", "--game-set", "Bandit-v0.arms=[0.1, 0.9, 0.2]", "--json",
    )  # fmt: skip
    assert told.code == 0, told.err
    header = json.loads(told.out)["run"]
    assert (header["seed"], header["retries"], header["agent_settings"]) == (9, 0, {"action": 2})
    plans = header["games"]
    assert [plan["settings"] for plan in plans.values()] == [
        {"noise": 0.5}, {"noise": 0.5}, {"arms": [0.1, 0.9, 0.2]},
    ]  # fmt: skip
    assert {(plan["episodes"], plan["steps"]) for plan in plans.values()} == {(2, 3)}


def test_quick() -> None:
    told = call("run", "random", "--games", f"{BANDIT},{HANOI}", "--quick", "--json")
    assert [g["planned"] for g in json.loads(told.out)["games"]] == [2, 2]


@pytest.mark.parametrize("name", ["Hanoi3Disk", "Hanoi3Disk-v0", "smartplay/Hanoi3Disk-v0"])
def test_games_by_any_name(name: str) -> None:
    assert call("run", "random", "--games", name, "--episodes", "1", "--steps", "1").code == 0


@pytest.mark.slow
def test_a_game_of_ones_own(tmp_path: Path) -> None:
    told = call("run", "random", "--games", str(write_game(tmp_path)), "--episodes", "1")
    assert told.code == 0, told.err
    assert "Ticks" in told.out


def test_report_of_one_run_and_of_several() -> None:
    for seed in ("0", "1"):
        call("run", "random", "--games", HANOI, "--episodes", "2", "--seed", seed, "--out", seed)
    one, both = call("report", "0", "--json"), call("report", "0", "1", "--json")
    assert json.loads(one.out) == json.loads(both.out)[0]
    assert [report["run"]["seed"] for report in json.loads(both.out)] == [0, 1]
    assert call("report", "0", "1").out.count("Agent: random") == 2


def test_games_and_agents() -> None:
    told = call("games")
    assert told.code == 0
    for name in smartplay.env_list:
        assert f"smartplay/{name}" in told.out
    listed = json.loads(call("games", "--json").out)
    assert {card["id"] for card in listed} == {c.id for c in smartplay.cards() if c.playable}
    assert "reference" in call("agents").out
    assert "random" in json.loads(call("agents", "--json").out)


def test_bench() -> None:
    told = call("bench", "--games", HANOI, "--seconds", "0.01")
    assert told.code == 0
    assert "steps/s" in told.out
    (speed,) = json.loads(call("bench", "--games", HANOI, "--seconds", "0.01", "--json").out)[
        "games"
    ]
    assert speed["game"] == f"smartplay/{HANOI}-v0"
    assert speed["steps"] > 100


def test_version_and_help() -> None:
    assert call("--version").out == f"smartplay {smartplay.__version__}\n"
    told = call("--help")
    assert told.code == 0
    for name in ("agents", "bench", "games", "report", "run"):
        assert name in told.out
        own = call(name, "--help")
        assert own.code == 0
        assert "--json" in own.out
        assert "--debug" in own.out


# Nothing but JSON on standard output


@pytest.mark.slow
def test_json_alone_on_standard_output_whatever_an_agent_prints(agent: str) -> None:
    told = command(
        "run", f"{agent}:Loud", "--games", HANOI, "--episodes", "1", "--steps", "2", "--json"
    )
    assert told.returncode == 0, told.stderr
    report = json.loads(told.stdout)
    assert report["episodes"] == 1
    assert "hello from a step" in told.stderr
    assert "hello from below Python" in told.stderr


@pytest.mark.slow
def test_json_with_unscored_episodes(agent: str) -> None:
    told = command(
        "run", f"{agent}:Fails", "--games", HANOI, "--episodes", "8", "--steps", "2", "--json"
    )
    assert told.returncode == 3
    report = json.loads(told.stdout)
    assert 0 < report["episodes"] < 8
    assert report["unscored"] == {"RuntimeError: no <b>service</b>": 8 - report["episodes"]}
    _, cause, advice = told.stderr.splitlines()
    failed = 8 - report["episodes"]
    where = "mine.py, line 22, in act)"
    begins = f"smartplay: {failed} of 8 episodes are unscored: RuntimeError: no <b>service</b> ("
    assert cause.startswith(begins), told.stderr
    assert cause.endswith(where), told.stderr
    assert advice.startswith("smartplay: the same command plays them again; --debug shows")


def test_wrong_requests_print_no_json() -> None:
    told = call("run", "randm", "--json")
    assert (told.code, told.out) == (2, "")


# Exit codes


def test_unscored_episodes_exit_with_3(agent: str) -> None:
    arguments = ("run", f"{agent}:Fails", "--games", HANOI, "--episodes", "8", "--steps", "2")
    told = call(*arguments)
    assert told.code == 3
    assert "Unscored: " in told.out
    assert "of 8 episodes are unscored" in told.err
    assert call(*arguments).code == 3


def test_a_reader_that_goes_away_is_no_failure() -> None:
    line = f"{sys.executable} -m smartplay games | head -c 1"
    shell = ["bash", "-o", "pipefail", "-c", line]
    told = subprocess.run(shell, env=HERE, capture_output=True, text=True, timeout=60, check=False)
    assert told.stderr == ""
    assert told.returncode == 0


@pytest.mark.parametrize("arguments", [[], ["games"], ["games", "--json"]], ids=str)
def test_a_full_disk_is_told_in_one_line(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert main(arguments) == 1
        monkeypatch.undo()
    assert capsys.readouterr().err == "smartplay: cannot write: No space left on device\n"


# Wrong requests: one line, exit code 2, no traceback

RUN = ("run", "random", "--games", HANOI, "--episodes", "1", "--steps", "1")
WRONG: list[tuple[tuple[str, ...], str]] = [
    (("frob",), "unknown command 'frob'; known: agents, "),
    (("runn",), "did you mean run or runs? (smartplay --help"),
    (("run",), "the following arguments are required: agent"),
    (("run", "random", "--speed", "9"), "--speed 9; see smartplay run --help"),
    (("--speed", "9", "run", "random"), "invalid choice: '9'"),
    (("--fast", "run", "random"), "--fast random; see smartplay --help"),
    (("run", "random", "--episodes", "two"), "invalid int value: 'two'"),
    (("run", "random", "--episodes", "0"), "episodes must be 1 or more, not 0"),
    (("run", "random", "--retries", "1001"), "retries must be 1000 or less, not 1001"),
    (("run", "random", "--steps", "-1"), "steps must be 1 or more"),
    (("run", "random", "--seed", "-1"), "seed must be 0 or more"),
    (("run", "random", "--seed", "9" * 30), "seed must be"),
    (("run", "random", "--concurrency", "0"), "concurrency must be 1 or more"),
    (("run", "random", "--retries", "-1"), "retries must be 0 or more"),
    (("run", "randm"), "did you mean random?"),
    (("run", "nobody"), "known: random, constant, reference"),
    (("run", "random", "--games", "Hanoi3Dsk"), "did you mean Hanoi3Disk or"),
    (("run", "random", "--games", ""), "no game selected"),
    (("run", "random", "--games", "gone.toml"), "cannot read card"),
    (("run", "random", "--games", "broken.toml"), "unknown field `stepz`"),
    (("run", "random", "--games", "needy.toml"), "no module named 'no_such_package'"),
    (("run", "gone.toml"), "cannot read agent definition"),
    (("run", "bad.toml"), "not valid TOML"),
    (("run", "gone.py:X"), "no file"),
    (("run", "mine.py:Lout"), "did you mean Loud?"),
    (("run", "mine.py"), "name the class or function in it: mine.py:Name"),
    (("run", "wreck.py:X"), "ZeroDivisionError"),
    (("run", "needy.py:X"), "no module named 'no_such_package'; install"),
    (("run", "random", "--set", "action=1"), "unknown setting of agent random 'action'"),
    (("run", "constant", "--set", "actoin=1"), "did you mean action?"),
    (("run", "constant", "--set", "action"), "write KEY=VALUE"),
    (("run", "constant", "--set", "=1"), "write KEY=VALUE"),
    (("run", "random", "--base-url", "http://x"), "unknown setting of agent random 'base_url'"),
    (("run", "random", "--method", "think"), "the agent random takes no method"),
    ((*RUN, "--game-set", "noise=1"), "write GAME.KEY=VALUE"),
    ((*RUN, "--game-set", "Chess.elo=1"), "not among the selected games"),
    ((*RUN, "--game-set", "hanoi.disk=4"), "did you mean disks?"),
    ((*RUN, "--game-set", "hanoi.disks=many"), "disks must be a whole number"),
    ((*RUN, "--game-set", "hanoi.noise=[1]"), "noise must be a probability"),
    ((*RUN, "--out", "/proc/nowhere"), "cannot write run folder"),
    ((*RUN, "--out", "mine.py"), "cannot"),
    ((*RUN, "--out", "."), "holds files but no run"),
    ((*RUN, "--out", "x" * 300), "File name too long"),
    (("report",), "the following arguments are required: run"),
    (("report", "gone"), "holds no run"),
    (("report", "mine.py"), "cannot read run folder"),
    (("report", "malformed"), "is malformed"),
    (("games", "more"), "unrecognized arguments: more"),
    (("bench", "--seconds", "x"), "invalid float value"),
    (("bench", "--seconds", "-1"), "seconds must be"),
    (("bench", "--games", "Chess"), "unknown game 'Chess'"),
]


@pytest.fixture
def wreckage(tmp_path: Path, agent: str) -> None:
    (tmp_path / "bad.toml").write_text("agent = ")
    (tmp_path / "wreck.py").write_text("1 / 0")
    (tmp_path / "needy.py").write_text("import no_such_package")
    (tmp_path / "malformed").mkdir()
    (tmp_path / "malformed" / "run.json").write_text("{")
    write_game(tmp_path, own="stepz = 1").rename(tmp_path / "broken.toml")
    (tmp_path / "needing").mkdir()
    path = write_game(tmp_path / "needing", fault="import")
    (tmp_path / "ticks.py").write_text((tmp_path / "needing" / "ticks.py").read_text())
    path.rename(tmp_path / "needy.toml")


@pytest.mark.usefixtures("wreckage")
@pytest.mark.parametrize(("arguments", "words"), WRONG, ids=lambda value: str(value)[:40])
def test_a_wrong_request_is_told_in_one_line(arguments: tuple[str, ...], words: str) -> None:
    told = call(*arguments)
    assert told.code == 2, told
    assert told.out.replace("hello from the module\n", "") == ""
    assert words in told.err
    assert told.err.startswith("smartplay")
    assert told.err.endswith("\n")
    assert told.err.count("\n") == 1, "more than one line"
    assert len(told.err) < 700
    assert not Path("runs").exists(), "a wrong request left a folder behind"


@pytest.mark.usefixtures("wreckage")
@pytest.mark.parametrize(
    "arguments", [("run", "wreck.py:X"), ("run", "randm"), ("report", "gone")], ids=str
)
def test_debug_shows_where(arguments: tuple[str, ...]) -> None:
    told = call(*arguments, "--debug")
    assert told.code == 2
    assert "Traceback (most recent call last)" in told.err
    assert told.err.splitlines()[-1].startswith("smartplay: ")


def test_a_bug_is_one_line_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def bug(*arguments: Any, **options: Any) -> None:
        raise ZeroDivisionError("division\nby zero")

    monkeypatch.setattr("smartplay.runner.playing.plan_run", bug)
    told = call("run", "random")
    assert told == (1, "", "smartplay: ZeroDivisionError: division by zero (--debug shows where)\n")


def test_another_run_in_the_folder() -> None:
    assert call(*RUN, "--out", "x").code == 0
    told = call(*RUN, "--out", "x", "--seed", "1")
    assert told.code == 2
    assert told.err == (
        "smartplay: x holds another run: seed differs (0 there, 1 here). "
        "Choose another folder with --out\n"
    )


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
def test_a_missing_key(kind: str) -> None:
    told = call("run", f"{kind}:some-model", "--games", HANOI)
    assert told.code == 2
    assert f"{kind.upper()}_API_KEY" in told.err
    assert told.err.count("\n") == 1


@pytest.mark.slow
def test_as_a_user_calls_it() -> None:
    told = command("run", "nobody", PYTHONWARNINGS="error")
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr.count("\n") == 1
    assert "Traceback" not in told.stderr
