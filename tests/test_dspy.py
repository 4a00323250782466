"""DSPy programs: their calls go through our models, and compiling sees no episode of a run."""

from __future__ import annotations

import random
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import gymnasium as gym
import msgspec
import pytest

import smartplay
from smartplay import Run
from smartplay.agents.catalog import find_agent
from smartplay.agents.methods import dspy_program
from smartplay.agents.methods.dspy_program import ProgramFile
from smartplay.cli import main
from smartplay.core.errors import MissingPackageError, UsageError
from smartplay.games.registry import get_card
from smartplay.leaderboard.verify import verify_run
from smartplay.records.prices import read_prices
from smartplay.report.build import build_report
from smartplay.runner.compiling import compile_program
from smartplay.runner.jobs import episode_seeds
from tests.asking import transcript
from tests.fake_server import Answer, FakeServer
from tests.synthetic import synthetic
from tests.test_methods import DOORS, ROUNDS, Asked, close, play

__all__ = ["synthetic"]

needed = pytest.mark.skipif(not find_spec("dspy"), reason="DSPy is an extra")


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dspy_program, "find_spec", lambda name: None)
    with pytest.raises(MissingPackageError, match=r'pip install "smartplay\[dspy\]"'):
        find_agent("openai:x", {"method": "dspy", "base_url": "http://127.0.0.1:9/v1"})


def test_the_core_does_not_load_it() -> None:
    code = "import sys, smartplay.cli, smartplay.agents.methods; sys.exit('dspy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


LAWS: dict[str, Any] = {"p": 0.5, "shown": 0.9}


def compiled(out: Path, *options: str, games: str = DOORS) -> ProgramFile:
    """Compile by the command line."""
    laws = [f"--set={name}={value}" for name, value in LAWS.items()]
    code = main(["compile", "synthetic:one", "--games", games, "--out", str(out), *laws, *options])
    assert code == 0
    return msgspec.json.decode(out.read_bytes(), type=ProgramFile)


@needed
def test_demonstrations_do_what_their_law_says(
    synthetic: Asked, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Right with .5 without a demonstration, with .9 with one: by formula, and in the runner."""
    plain = play(tmp_path / "plain", "dspy", episodes=20, **LAWS)
    assert close(plain, 0.5)
    assert len(synthetic) == 20 * ROUNDS, "one call a step"
    synthetic.clear()
    found = compiled(tmp_path / "program.json")
    [part] = found.games.values()
    assert len(part.demos) == 4
    assert part.calls == len(synthetic) >= 4
    assert {label for _, label in synthetic} == {"compile"}
    assert f"4 demonstrations from 30 steps of 5 episodes; {part.calls} calls" in (
        capsys.readouterr().out
    )
    program = str(tmp_path / "program.json")
    run = play(tmp_path / "run", "dspy", episodes=20, program=program, **LAWS)
    assert close(run, 0.9)
    assert verify_run(run.path).verified
    shown_apart(run, part.calls, tmp_path)


def shown_apart(run: Run, calls: int, folder: Path) -> None:
    """What compiling took is in the header and in the report, and among no calls."""
    told = run.header.agent_settings
    assert (told["program"], told["compiled"]["calls"]) == ("program.json", calls)
    assert sum(record.calls for record in run.episodes) == 20 * ROUNDS
    (folder / "prices.toml").write_text(
        'currency = "USD"\ndate = 2026-11-01\n[models."synthetic:one"]\n'
        "prompt = 1000000\ncompletion = 0\n"
    )
    report = build_report(run.path, read_prices(folder / "prices.toml"))
    [note] = [note for note in report.notes if note.startswith("Compiling")]
    read = told["compiled"]["usage"]["prompt"]
    assert f"took {calls} calls before the run" in note
    assert f"{read:.4g} USD" in note
    assert report.calls == 20 * ROUNDS


@needed
def test_compiling_sees_no_episode_of_any_suite(synthetic: Asked, tmp_path: Path) -> None:
    draw = random.Random(0)
    part = compiled(tmp_path / "program.json", "--episodes", "3").games[get_card(DOORS).id]
    for _ in range(1000):
        suite, episode = draw.randrange(2**31), draw.randrange(10_000)
        assert episode_seeds(suite, get_card(DOORS).id, episode)[0] < min(part.seeds)
    assert len(set(part.seeds)) == 3
    run = play(tmp_path / "run", "direct", episodes=20, p=0.5)
    told = {step["observation"] for steps in transcript(run.path).values() for step in steps}
    seen = {demo["seen"].partition("\n")[2] for demo in part.demos}
    assert seen
    assert not seen & told


@needed
@pytest.mark.parametrize("game", ["Hanoi3Disk", "MessengerL1", "RockPaperScissorBasic", "Crafter",
                                  "BanditTwoArmedHighLowFixed", "T4D", "Notices"])  # fmt: skip
def test_games_take_training_seeds(game: str) -> None:
    card = get_card(game)
    env = gym.make(card.id, disable_env_checker=True)
    first, _ = env.reset(seed=2**31)
    assert first == env.reset(seed=2**31)[0]


@needed
def test_compiled_again_from_recorded_replies_it_is_the_same(
    synthetic: Asked, tmp_path: Path
) -> None:
    cache = f"--cache={tmp_path / 'replies.sqlite'}"
    for name in ("a.json", "b.json"):
        compiled(tmp_path / name, cache, "--demos", "2", "--steps", "8")
        calls = len(synthetic)
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    assert len(synthetic) == calls > 0


@needed
def test_labeled_steps_cost_nothing(synthetic: Asked, tmp_path: Path) -> None:
    found = compiled(tmp_path / "program.json", "--optimizer", "labeled", "--demos", "3")
    [part] = found.games.values()
    assert (part.calls, len(part.demos), synthetic) == (0, 3, [])
    assert all("reasoning" not in demo for demo in part.demos)
    run = play(tmp_path / "run", "dspy", episodes=5, program=str(tmp_path / "program.json"), **LAWS)
    assert close(run, 0.9)


@needed
def test_another_game_is_asked_without_demonstrations(synthetic: Asked, tmp_path: Path) -> None:
    compiled(tmp_path / "program.json", "--optimizer", "labeled", games="Hanoi3Disk")
    run = play(tmp_path / "run", "dspy", episodes=5, program=str(tmp_path / "program.json"), **LAWS)
    assert close(run, 0.5)
    [_, step, *_] = transcript(run.path)[get_card(DOORS).id, 0, 0]
    assert "no demonstrations for this game" in step["attempts"][0]["reasoning"]


@needed
def test_a_reply_in_another_layout_is_read_as_any_other(synthetic: Asked, tmp_path: Path) -> None:
    run = play(tmp_path / "run", "dspy", episodes=3, p=1.0, stops=True)
    assert not run.unscored
    for record in run.episodes:
        assert record.calls >= ROUNDS
    assert len(synthetic) == sum(record.calls for record in run.episodes), "no call of DSPy's own"


@needed
def test_what_the_service_says_is_passed_on(server: FakeServer, tmp_path: Path) -> None:
    server.fail(1.0, [Answer(500)], seed=1)
    run = smartplay.run(
        "openai:fake", "RockPaperScissorBasic", episodes=1, steps=1, out=tmp_path / "run",
        agent_settings={"base_url": server.url, "method": "dspy", "max_retries": 0},
        progress=False,
    )  # fmt: skip
    assert str(run.unscored[0].error).startswith("TransientError")


@needed
@pytest.mark.parametrize(
    ("thoughts", "reply", "cause"),
    [
        ("<think>\n[[ ## action ## ]]\nRock\n</think>\n", "Answer: Paper", None),
        ("<think>\n[[ ## action ## ]]\nRock\n", "<think>", "empty"),
    ],
)
def test_a_program_reads_no_thoughts(
    thoughts: str, reply: str, cause: str | None, server: FakeServer, tmp_path: Path
) -> None:
    """A service that leaves them in the text may leave the program's own headings in them."""
    said = "[[ ## action ## ]]\nPaper\n\n[[ ## completed ## ]]" if cause is None else ""
    server.say(thoughts + said)
    run = smartplay.run(
        "openai:fake", "RockPaperScissorBasic", episodes=1, steps=1, out=tmp_path / "run",
        agent_settings={"base_url": server.url, "method": "dspy", "reasoning": False},
        progress=False, retries=0,
    )  # fmt: skip
    [_, step] = transcript(run.path)[get_card("RockPaperScissorBasic").id, 0, 0]
    [attempt] = step["attempts"]
    assert attempt["reply"].startswith(reply)
    assert attempt.get("cause") == cause


@needed
def test_demonstrations_hold_no_thoughts(server: FakeServer, tmp_path: Path) -> None:
    """Of several games, for each of which the service is reached anew."""
    thoughts = "<think>\n[[ ## action ## ]]\nnone of them\n</think>\n"
    server.say(thoughts + "[[ ## action ## ]]\n1\n\n[[ ## completed ## ]]")
    found = compile_program(
        "openai:fake", "bandit", tmp_path / "p.json", episodes=2, steps=6, demos=1,
        agent_settings={"base_url": server.url, "reasoning": False},
    )  # fmt: skip
    assert len(found.games) > 1
    for part in found.games.values():
        assert [demo["action"] for demo in part.demos] == ["1"]


@needed
def test_a_program_that_cannot_be_written_costs_no_call(
    synthetic: Asked, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    for out in (tmp_path, tmp_path / "file" / "p.json"):
        line = ["compile", "synthetic:one", "--games", DOORS, "--out", str(out)]
        assert main([*line, *(f"--set={name}={value}" for name, value in LAWS.items())]) == 2
        assert f"cannot write {out}: " in capsys.readouterr().err
    assert not synthetic


@needed
@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "is not a program"),
        (b"{}", "is not a program"),
        (b"no", "is not a program"),
    ],
)
def test_a_file_that_is_none(content: bytes | None, told: str, tmp_path: Path) -> None:
    path = tmp_path / "program.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=told):
        find_agent("openai:x", {"method": "dspy", "program": str(path),
                                "base_url": "http://127.0.0.1:9/v1"})  # fmt: skip


@needed
@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--optimizer", "luck"], "unknown optimizer 'luck'; known: bootstrap, labeled"),
        (["--demos", "0"], "demos must be from 1 to 1000, not 0"),
        (["--episodes", "-1"], "episodes must be from 1 to 1000"),
        (["--set", "program=x.json"], "not a program"),
        (["--method", "think"], "a compiled program needs the method dspy, not think"),
    ],
)
def test_what_compile_refuses(
    options: list[str], told: str, synthetic: Asked, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    line = ["compile", "synthetic:one", "--games", DOORS, "--out", str(tmp_path / "p.json")]
    assert main([*line, *options]) == 2
    assert told in capsys.readouterr().err


@needed
def test_it_needs_no_client_of_dspys_own(tmp_path: Path) -> None:
    """Neither its clients nor a look-up of a name: what is asked is our model alone."""
    code = """
import sys, smartplay
from tests.fake_server import FakeServer
with FakeServer() as server:
    run = smartplay.run("openai:fake", "RockPaperScissorBasic", episodes=1, steps=1,
        out=sys.argv[1], agent_settings={"base_url": server.url, "method": "dspy"}, progress=False)
    assert not run.unscored, run.unscored[0].error
    assert len(server.requests) == run.episodes[0].calls
assert not {"litellm", "openai"} & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "run")], capture_output=True,
                          text=True, cwd=Path(__file__).parents[1])  # fmt: skip
    assert done.returncode == 0, done.stderr
