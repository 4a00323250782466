"""`smartplay measure`: levels chosen as an agent plays, on a game whose right action is known."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import smartplay
from smartplay import Run
from smartplay.cli import main
from smartplay.core.errors import RunFolderError, UsageError
from smartplay.games.registry import register_cards
from smartplay.leaderboard import verify_run
from smartplay.runner.plan import select_dials
from smartplay.scores.thresholds import RULE
from tests.asking import same, transcript
from tests.dial_game import write_dials
from tests.fake_server import FakeServer
from tests.folders import put_trace
from tests.tampering import change_header, change_records

THETAS = {"reasoning": 4.2, "planning": 7.5, "error_handling": -30.0, "spatial_reasoning": 40.0}
CALLS = 300


class Measured:
    """A measurement on dials in a folder of its own."""

    def __init__(self, folder: Path, thetas: dict[str, float], prefix: str = "Stairs") -> None:
        self.folder = folder
        games, self.agent = write_dials(folder, thetas, prefix)
        self.games = games.split(",")

    def play(self, name: str = "run", agent: Any = "", **options: Any) -> Run:
        given: dict[str, Any] = {
            "max_calls": CALLS,
            "progress": False,
            "out": self.folder / name,
        } | options
        return smartplay.measure(agent or self.agent, self.games, **given)

    def command(self, *more: str, agent: str = "", out: str = "run") -> list[str]:
        where = ["--games", ",".join(self.games), "--out", str(self.folder / out)]
        return ["measure", agent or self.agent, *where, "--max-calls", str(CALLS), *more]


@pytest.fixture
def dials(tmp_path: Path) -> Measured:
    return Measured(tmp_path / "dials", THETAS)


@pytest.fixture
def two(tmp_path: Path) -> Measured:
    return Measured(tmp_path / "two", {"reasoning": 4.2, "planning": 7.5})


@pytest.mark.slow
def test_known_thresholds_are_found(dials: Measured) -> None:
    run = dials.play(max_calls=600)
    assert list(run.thresholds) == [
        "Reasoning", "Planning", "Error/Mistake Handling", "Spatial Reasoning",
    ]  # fmt: skip
    for name in ("reasoning", "planning"):
        level = run.thresholds[name].level
        assert level.low is not None
        assert level.high is not None
        assert level.low <= THETAS[name] <= level.high
        assert (level.high - level.low) / 2 <= 0.5
    assert run.thresholds["Error/Mistake Handling"].beyond == "below"
    assert run.thresholds["spatial_reasoning"].beyond == "beyond"
    assert sum(each.rounds for each in run.thresholds.values()) == 12 * len(run.episodes) <= 600
    assert run.stopped is None
    levels = {record.level for record in run.episodes}
    assert len(levels) > 3, "levels are chosen, not fixed"


@pytest.mark.slow
def test_a_notebook_shows_them_in_short(two: Measured) -> None:
    run = two.play()
    assert re.fullmatch(r"<Run of .*: \d+ episodes, .*>", repr(run))
    found = run.thresholds["Reasoning"]
    assert repr(found) == f"<Threshold Reasoning: {found.sentence}>"
    assert re.search(r"Reasoning +follows \d\.\d facts in a row \[", repr(run.thresholds))
    assert "<table" in run.thresholds._repr_html_()


@pytest.mark.slow
def test_nothing_depends_on_how_many_are_played_at_once(two: Measured) -> None:
    calm = two.play(concurrency=1)
    same(two.play("many", concurrency=8), calm)
    with ThreadPoolExecutor(3) as executor:
        same(two.play("elsewhere", executor=executor), calm)


@pytest.mark.slow
def test_a_run_that_is_over_is_over(two: Measured) -> None:
    calm = two.play()
    before = (calm.path / "episodes.jsonl").read_bytes()
    two.play()
    assert (calm.path / "episodes.jsonl").read_bytes() == before


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="kills itself")
def test_a_killed_run_comes_to_the_same_end(two: Measured) -> None:
    calm = two.play("calm")
    command = [sys.executable, "-m", "smartplay", *two.command("--quiet", "--json")]
    codes = []
    for _ in range(2):
        (two.folder / "kill").touch()
        codes.append(subprocess.run(command, capture_output=True, check=False).returncode)
    (two.folder / "kill").unlink(missing_ok=True)
    assert codes[0] == -9
    same(two.play(), calm)


@pytest.mark.slow
def test_a_failure_ends_the_sweeps_and_the_same_call_goes_on(two: Measured) -> None:
    calm = two.play("calm")
    (two.folder / "fail planning").touch()
    failed = two.play()
    assert len(failed.unscored) == 1
    assert len(failed.episodes) == 2, "nothing rests on a sweep that is not whole"
    assert main(two.command("--quiet")) == 3
    (two.folder / "fail planning").unlink()
    same(two.play(), calm)


@pytest.mark.slow
def test_a_memory_is_kept_from_level_to_level(two: Measured) -> None:
    code = (two.folder / "climber.py").read_text() + (
        "\n    @staticmethod\n    def learn(memory, trajectory):\n"
        "        return (memory or b'') + trajectory.actions[0].encode()\n"
    )
    (two.folder / "learner.py").write_text(code)
    agent = f"{two.folder / 'learner.py'}:Climber"
    calm = two.play("calm", agent, concurrency=1)
    same(two.play(agent=agent, concurrency=4), calm)
    memories = [told[0]["memory"] for told in transcript(calm.path).values()]
    assert len(set(memories)) > 3


@pytest.mark.slow
def test_another_measurement_is_another_run(two: Measured) -> None:
    two.play()
    with pytest.raises(RunFolderError, match="measurement width differs"):
        two.play(width=0.7)


@pytest.mark.slow
def test_verify_recomputes_every_choice_of_level(
    two: Measured, capsys: pytest.CaptureFixture[str]
) -> None:
    run = two.play()
    run.report()
    cards = [word for card in two.games for word in ("--card", card)]
    assert main(["verify", str(run.path), *cards]) == 0
    assert f"{len(run.episodes)} choices of level recomputed" in capsys.readouterr().out
    found = verify_run(run.path, cards=two.games)
    assert found.complete
    assert found.levels == len(run.episodes)


Change = Callable[[list[dict[str, Any]]], Any]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda r: r[3].update(level=r[3]["level"] % 12 + 1), "the level does not follow"),
        (lambda r: r[0].update(level=0), "is not one of 1 to 12"),
        (lambda r: r[0].update(level=99), "is not one of 1 to 12"),
        (lambda r: r[0].update(score=r[0]["score"] % 12 + 1), "NOT verified"),
        (lambda r: r[-1].update(score=r[-1]["score"] % 12 + 1), "the episode's score differs"),
        (lambda r: r[-1].update(score=3.5), "not within 0 to 12 rounds"),
        (lambda r: r.pop(0), "no such episode"),
    ],
)
def test_tampering_is_found(two: Measured, change: Change, words: str) -> None:
    run = two.play()
    change_records(run.path, change)
    found = verify_run(run.path, cards=two.games)
    assert not found.verified
    assert words in str(found)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda h: h["measurement"].update(calls=12), "no such episode"),
        (lambda h: h["measurement"].update(rule=RULE + 1), "by another rule"),
        (lambda h: h.update(measurement=None), "episodes are missing"),
        (lambda h: h.update(repeats=2), "plays each episode once"),
        (lambda h: next(iter(h["games"].values())).update(steps=99), "other steps or settings"),
    ],
)
def test_another_header_is_found(
    two: Measured, change: Callable[[dict[str, Any]], Any], words: str
) -> None:
    run = two.play()
    change_header(run.path, change)
    found = verify_run(run.path, cards=two.games)
    assert not found.verified
    assert words in str(found)


def test_a_level_without_a_measurement_is_found(untouched: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(untouched, tmp_path / "run"))
    change_records(run, lambda records: records[0].update(level=2))
    assert "the level does not follow" in str(verify_run(run))


@pytest.mark.slow
def test_what_was_stopped_early_is_verified_but_not_complete(two: Measured) -> None:
    run = two.play()
    lines = (run.path / "episodes.jsonl").read_text().splitlines()
    last = json.loads(lines[-1])
    (run.path / "episodes.jsonl").write_text("".join(f"{line}\n" for line in lines[:-1]))
    put_trace(run.path, (last["game"], last["episode"], 0), None)
    found = verify_run(run.path, cards=two.games)
    assert found.verified, str(found)
    assert not found.complete
    assert "stopped before its end" in str(found)
    assert run.report(keep=False).missing == 1


@pytest.mark.slow
def test_json_holds_the_thresholds(dials: Measured, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(dials.command("--quiet", "--json")) == 0
    report = json.loads(capsys.readouterr().out)
    found = {each["capability"]: each for each in report["thresholds"]}
    assert found["Error/Mistake Handling"]["level"]["mean"] is None
    assert found["Error/Mistake Handling"]["value"]["low"] is None
    assert found["Spatial Reasoning"]["level"]["high"] is None
    assert found["Reasoning"]["level"]["low"] < found["Reasoning"]["level"]["high"]
    assert found["Reasoning"]["data"][0].keys() == {"level", "right", "played"}
    assert report["games"][0]["score"] is None, "a mean over chosen levels is no score"
    assert report["missing"] == 0


@pytest.mark.slow
def test_the_report_shows_and_draws_them(two: Measured, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(two.command("--quiet")) == 0
    told = capsys.readouterr().out
    assert "Thresholds" in told
    assert "facts in a row" in told
    assert "█" in told
    assert "No family of language models has been measured" in " ".join(told.split())
    cards = [word for card in two.games for word in ("--card", card)]
    run = two.folder / "run"
    assert main(["report", str(run), "--html", *cards]) == 0
    page = (run / "report.html").read_text()
    assert page.count("share of right rounds by level") == 2
    assert "rounds right</title>" in page
    picture = (run / "thresholds.svg").read_text()
    assert picture.startswith("<svg xmlns")
    assert "Planning" in picture
    markdown = (run / "report.md").read_text()
    assert "![Thresholds](thresholds.svg)" in markdown
    assert "Solved" not in markdown, "levels are chosen, so that this says nothing"


@pytest.mark.slow
def test_two_agents_are_compared_by_their_thresholds(two: Measured) -> None:
    runs = [two.play("first"), two.play("second", "random", max_calls=120)]
    found = smartplay.compare(runs)
    assert [each.name for each in found.thresholds] == ["Reasoning", "Planning"]
    for subject in found.thresholds:
        (difference,) = subject.differences
        assert difference.mean is not None
        assert difference.mean.high is None, "the other is below the range"
        assert difference.mean.low is not None
        assert difference.mean.low > 1
        assert difference.p is not None
        assert difference.corrected is not None
        assert difference.p <= difference.corrected < 0.05
    assert found.games == [], "scores at chosen levels are not compared"
    out = two.folder / "page.html"
    cards = [word for card in two.games for word in ("--card", card)]
    paths = [str(run.path) for run in runs]
    assert main(["report", *paths, "--html", "--out", str(out), *cards]) == 0
    page = out.read_text()
    rows = page[page.index("Thresholds, in levels") :]
    assert rows.count("</tr>\n", 0, rows.index("</tbody>")) >= 2
    assert ", -] <small>p " in rows, "an end beyond the range is left open"
    plain = json.loads(out.with_suffix(".comparison.json").read_text())
    assert plain["thresholds"][0]["differences"][0]["mean"]["high"] is None


@pytest.mark.slow
def test_a_limit_ends_it_with_what_was_found(
    two: Measured, server: FakeServer,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    prices = two.folder / "prices.toml"
    prices.write_text(
        'currency = "USD"\ndate = 2026-11-01\n[models.fake]\nprompt = 1\ncompletion = 10\n'
    )
    more = ["--base-url", server.url, "--prices", str(prices), "--max-cost", "0.02", "--quiet"]
    assert main(two.command(*more, agent="openai:fake")) == 0
    told = capsys.readouterr()
    assert "USD are spent of at most 0.02 USD" in told.err
    row = next(line for line in told.out.splitlines() if line.startswith("Reasoning"))
    assert "USD" in row


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"width": -1.0}, "width must be a number of 0 or more"),
        ({"width": float("nan")}, "width must be a number of 0 or more"),
        ({"width": "1"}, "width must be a number of 0 or more, not '1'"),
        ({"max_calls": 0}, "most calls must be 1"),
        ({"max_calls": 900.0}, "most calls must be a whole number, not 900.0"),
        ({"max_calls": 11}, "takes 12 calls"),
        ({"capabilities": ["flying"]}, "unknown capability 'flying'"),
        ({"capabilities": ["understanding_the_odds"]}, "no game with a dial"),
        ({"game_settings": {"ticks": {"level": 3}}}, "chosen by the measurement"),
        ({"game_settings": {"ticks": {"attempts": 2}}}, "steps and settings of its card"),
        ({"steps": 5}, "steps and settings of its card"),
        ({"width": 5.5}, "known to ±5.5 levels before anything is played"),
        ({"width": float("inf")}, "known to ±inf levels before anything is played"),
        ({"repeats": 2}, "plays each episode once"),
    ],
)
def test_what_cannot_be_measured_is_said(
    two: Measured, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(UsageError, match=re.escape(words)):
        two.play(**options)


def test_calls_that_do_not_suffice_are_no_unfinished_run(tmp_path: Path) -> None:
    games = ["ContrastPlanning", "ContrastReasoning"]
    run = smartplay.measure("random", games, max_calls=12, out=tmp_path, progress=False)
    told = " ".join(run.report().notes)
    assert "The calls did not suffice for a threshold of ContrastReasoning-v0." in told
    assert "unfinished" not in told


def test_attacks_on_our_dials_say_nothing_of_a_strangers(tmp_path: Path) -> None:
    mine = Measured(tmp_path, {"planning": 5.0}, prefix="Posing")
    card = Path(mine.games[0])
    card.write_text(card.read_text().replace('family = "ticks"', 'family = "contrast"'))
    run = mine.play(max_calls=12)
    assert run.thresholds
    assert "attacks" not in " ".join(run.report().notes)


def test_a_family_of_ones_own_is_measured_by_its_name(tmp_path: Path) -> None:
    for file in Measured(tmp_path, {"planning": 5.0, "reasoning": 3.0}, prefix="Kin").games:
        Path(file).write_text(Path(file).read_text().replace('family = "ticks"', 'family = "kin"'))
        register_cards(file)
    assert select_dials("kin", "") == ["smartplay/Kinplanning-v0", "smartplay/Kinreasoning-v0"]


def test_games_without_a_dial_are_refused() -> None:
    for games in ("Hanoi3Disk", "hanoi", ["bandit"]):
        with pytest.raises(UsageError, match="no dial"):
            smartplay.measure("random", games)
    assert main(["measure", "random", "--games", "Hanoi3Disk"]) == 2


@pytest.mark.slow
def test_some_capabilities_are_measured_alone(two: Measured) -> None:
    run = two.play(capabilities="Planning, ", max_calls=60)
    assert list(run.thresholds) == ["Planning"]


def test_a_capability_is_measured_once(two: Measured, tmp_path: Path) -> None:
    other = Measured(tmp_path / "other", {"planning": 3.0}, prefix="Other")
    with pytest.raises(UsageError, match="both measure planning"):
        smartplay.measure("random", [*two.games, *other.games])
