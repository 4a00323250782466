"""Studies: what is fixed is fixed, controls are there, budgets match, and nothing is made up."""

from __future__ import annotations

import json
import math
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pytest

import smartplay
from smartplay.agents.catalog import controls_of, definition_of
from smartplay.cli import main
from smartplay.core.errors import RunFolderError, UsageError
from smartplay.leaderboard.verify import verify_run
from smartplay.models import open_model
from smartplay.records.folder import RunFolder
from smartplay.runner import Limits
from smartplay.runner.awaited import opened_again
from smartplay.scores.comparison import compare
from smartplay.scores.entries import Entry
from smartplay.scores.intervals import Interval
from smartplay.studies import StudyResult, find_study, study
from smartplay.studies.file import arms_of, read_study
from smartplay.studies.playing import expected
from smartplay.studies.result import ArmResult, _cheapest
from smartplay.studies.showing import to_html, to_markdown
from tests.fake_server import Answer, FakeServer
from tools.studies import LAWS, held, intervals

SHIPPED = Path(__file__).parents[1] / "docs" / "studies"
MODEL = "synthetic.py:Noisy"
HEAD = 'games = ["ContrastReasoningEasy"]\nepisodes = 6\nbaseline = "one call"\nmargin = 0.1\n'
ONE = f'[[arms]]\nname = "one call"\nagent = "{MODEL}"\nsettings = {{ p = 0.5 }}\n'
REVIEW = (
    f'[[arms]]\nname = "review"\nagent = "{MODEL}"\n'
    'settings = { method = "correct", p = 0.5, mends = 0.4 }\n'
)
SWEEP = '[sweep]\narm = "one call"\nsetting = "p"\nvalues = {}\nexpected = {}\n'


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes a study with the synthetic models beside it."""
    shutil.copy(SHIPPED / "synthetic.py", tmp_path)

    def write(*parts: str) -> Path:
        path = tmp_path / "mine.toml"
        path.write_text("".join(parts), encoding="utf-8")
        return path

    return write


def play(path: Path, out: Path | None = None, **options: Any) -> StudyResult:
    return study(path, out=out or path.parent / "out", progress=False, **options)


def by_name(result: StudyResult) -> dict[str, ArmResult]:
    return {arm.name: arm for arm in result.arms}


class Calm(NamedTuple):
    """A study that was played undisturbed."""

    path: Path
    out: Path
    result: StudyResult


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Calm:
    folder = tmp_path_factory.mktemp("calm")
    shutil.copy(SHIPPED / "synthetic.py", folder)
    path = folder / "mine.toml"
    path.write_text(HEAD + ONE + REVIEW)
    return Calm(path, folder / "out", play(path))


def outcome(folder: Path) -> list[bytes]:
    return [(folder / f"study.{kind}").read_bytes() for kind in ("json", "md", "html")]


# The file


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ([HEAD], r"mine.toml has no arms; add a table \[\[arms\]\]"),
        ([HEAD, "arms = []"], "has no arms"),
        ([HEAD.replace("margin = 0.1\n", ""), ONE], "has no margin; say how much lower"),
        ([HEAD.replace("0.1", "0"), ONE], "the setting margin takes a number above 0"),
        ([HEAD.replace("0.1", "-1"), ONE], "the setting margin takes a number above 0"),
        ([HEAD.replace("0.1", "nan"), ONE], "the setting margin takes a number above 0"),
        ([HEAD.replace('"one call"', '""'), ONE], "has no baseline"),
        ([HEAD.replace('"one call"', '"one cal"'), ONE], "did you mean one call"),
        ([HEAD, 'primary = "other"\n', ONE], "unknown arm as the primary 'other'"),
        ([HEAD, "epsiodes = 3\n", ONE], "unknown key of a study .*did you mean episodes"),
        ([HEAD, ONE, 'metod = "x"\n'], "unknown key of an arm .*'metod'"),
        ([HEAD, ONE, ONE], "two arms are called 'one call'"),
        ([HEAD, *[ONE.replace("one call", "a")] * 2], "two arms are called 'a'"),
        ([HEAD, ONE, ONE.replace("one call", "One-Call")], "two arms are called"),
        ([HEAD, ONE, ONE.replace("one call", "again")], "'one call' and 'again' play alike"),
        ([HEAD, ONE, 'expected = 2\n'], r"the setting arms\[0\].expected takes"),
        ([HEAD, ONE.replace("Noisy", "Nosy")], "arm 'one call'.*did you mean Noisy"),
        ([HEAD, ONE.replace("p = 0.5", "q = 0.5")], "arm 'one call'.*unknown setting 'q'"),
        ([HEAD, ONE.replace("p = 0.5", 'method = "vote"')], "arm 'one call': unknown method"),
        ([HEAD, ONE.replace("synthetic.py:Noisy", "opnai")], "arm 'one call'.*did you mean"),
        ([HEAD, ONE.replace("synthetic.py:Noisy", "none.toml")], "arm 'one call'.*cannot read"),
        ([HEAD.replace("ContrastReasoningEasy", "Hanoi3Dsk"), ONE], "did you mean Hanoi3Disk"),
        ([HEAD.replace("= 6", "= 0"), ONE], "episodes must be 1 or more"),
        ([HEAD, "[game_settings.hanoi]\nx = 1\n", ONE], "settings given for 'hanoi'"),
        ([HEAD, 'prices = "none.toml"\n', ONE], "cannot read prices"),
        ([HEAD, ONE, '[sweep]\narm = "x"\nsetting = "p"\nvalues = [1]\n'], "arm of the sweep"),
        ([HEAD, ONE, '[sweep]\narm = "one call"\nsetting = "p"\nvalues = []\n'], "no values"),
        ([HEAD, ONE, SWEEP.format("[0.1]", "[0.1, 0.2]")], "as many expected shares as values"),
        ([HEAD, ONE, SWEEP.format("[0.1]", "[0.1]")], r"did you mean one call \(p = 0.1\)"),
        ([HEAD, ONE, SWEEP.format("[0.1, 0.1]", "[]")], "two arms are called"),
        ([HEAD, "arms = 3\n"], "the setting arms takes"),
        (["games = [\n"], "is not valid TOML"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_one_sentence(
    parts: list[str], said: str, write: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(*parts)
    out = path.parent / "out"
    assert main(["study", str(path), "--out", str(out)]) == 2
    told = capsys.readouterr().err
    assert re.search(said, told), told
    assert told.count("\n") == 1
    assert not out.exists(), "nothing is played"


def test_a_study_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read study"):
        find_study(tmp_path / "none.toml")


def test_each_game_counts_on_a_scale_of_its_own(write: Callable[..., Path]) -> None:
    games = HEAD.replace('["ContrastReasoningEasy"]', '["Hanoi3Disk", "ContrastReasoningEasy"]')
    arms = '[[arms]]\nname = "one call"\nagent = "random"\n[[arms]]\nagent = "reference"\n'
    path = write(games, arms)
    scales = [re.sub(".*/|-v.", "", g) + s for g, s in play(path).games.items()]
    assert scales == ["Hanoi3Disknormalised", "ContrastReasoningEasyover chance"]
    path = write(games, "steps = 9\n", arms)
    result = play(path, path.parent / "short")
    assert set(result.games.values()) == {"of its range"}
    folder = RunFolder(path.parent / "short" / "arms" / "one-call")
    scores = {game: [r.score or 0.0 for r in folder.results(folder.header()) if r.game == game]
              for game in result.games}  # fmt: skip
    hanoi, doors = (sum(found) / 6 for found in scores.values())
    mean = by_name(result)["one call"].score
    assert mean is not None
    assert mean.mean == pytest.approx((hanoi / 3 + doors / 9) / 2)


def test_games_without_a_common_scale(write: Callable[..., Path]) -> None:
    lake = Path(__file__).parents[1] / "games" / "frozen_lake"
    path = write()
    shutil.copy(lake / "frozen_lake.py", path.parent)
    card = (lake / "frozen_lake.toml").read_text().replace("bounds = { low = 0, high = 1 }", "")
    card = card.replace("FrozenLake-v0", "Endless-v0").replace("FrozenLakeSlippery", "Slippery")
    (path.parent / "lake.toml").write_text(card)
    arm = '[[arms]]\nname = "one call"\nagent = "random"\n'
    for games in ('["lake.toml"]', '["Endless", "Hanoi3Disk"]'):
        path = write(HEAD.replace('["ContrastReasoningEasy"]', games), arm)
        with pytest.raises(UsageError, match="no scale is known for Endless-v0"):
            find_study(path)


# Arms


def test_controls_are_added_and_none_is_played_twice(write: Callable[..., Path]) -> None:
    arms = {arm.name: arm for arm in arms_of(read_study(write(HEAD, ONE, REVIEW)))}
    assert list(arms) == [
        "one call", "review", "one call, for review", "one call with the review's words",
        "again without a review", "majority, equal calls", "review until right",
    ]  # fmt: skip
    assert [name for name, arm in arms.items() if arm.oracle] == ["review until right"]
    assert {arm.kind for arm in list(arms.values())[2:]} == {"control"}
    same = write(HEAD, ONE.replace("p = 0.5", "p = 0.5, mends = 0.4"), REVIEW)
    assert arms_of(read_study(same))[0].of == ("review",), "the arm is the control itself"


def test_a_cascade_is_beside_each_of_its_models(write: Callable[..., Path]) -> None:
    arm = (
        '[[arms]]\nname = "one call"\nagent = "cascade"\nsettings = { samples = 4, agree = 3 }\n'
        f'models.weak = {{ agent = "{MODEL}", p = 0.4 }}\n'
        f'models.strong = {{ agent = "{MODEL}", p = 0.9, temperature = 0.2 }}\n'
    )
    arms = {arm.name: arm for arm in arms_of(read_study(write(HEAD, arm)))}
    laws = {name: (arm.source.settings.get("p"), arm.source.settings.get("temperature"))
            for name, arm in arms.items()}  # fmt: skip
    assert laws["weak, one call"] == (0.4, 0.0)
    assert laws["weak, majority"] == (0.4, 0.7)
    assert laws["strong, one call"] == (0.9, 0.0)
    assert laws["strong, majority"] == (0.9, 0.2)
    assert "agree 2 of 4" in arms
    assert "agree 4 of 4" in arms
    assert "one call, for one call" not in arms, "one call of the weak model is there"


def test_a_service_without_a_temperature_has_controls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "k")
    settings = {"method": "majority", "samples": 3}
    for control in controls_of("anthropic:x", settings):
        _, own = definition_of(control, "anthropic:x", settings)
        assert "temperature" not in own


def test_a_control_of_ones_own_agent_asks_the_same_service(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("class Mine:\n    def __init__(self, context, k): ...\n")
    url, agent = "http://127.0.0.1:9", f"{tmp_path / 'mine.py'}:Mine"
    settings = {"base_url": url, "k": 3, "models": {"a": {"agent": "openai:x"}}}
    [control] = controls_of(agent, settings)
    name, own = definition_of(control, agent, settings)
    assert (name, own) == ("openai:x", {"base_url": url, "method": "direct"})


def test_a_sweep_is_an_arm_for_each_value(write: Callable[..., Path]) -> None:
    arm = (
        '[[arms]]\nname = "one call"\nagent = "openai:some"\n'
        '[[arms]]\nname = "hard"\nagent = "openai:some"\nsettings = { max_tokens = 99 }\n'
        '[sweep]\narm = "hard"\nsetting = "extra.reasoning_effort"\nvalues = ["low", "high"]\n'
    )
    arms = {arm.name: arm for arm in arms_of(read_study(write(HEAD, arm)))}
    assert "hard" not in arms
    for value in ("low", "high"):
        settings = arms[f"hard (extra.reasoning_effort = {value})"].source.settings
        assert settings["extra"] == {"reasoning_effort": value}
        assert settings["max_tokens"] == 99
    roles = (
        '[[arms]]\nname = "one call"\nagent = "cascade"\n'
        f'models.weak = {{ agent = "{MODEL}" }}\nmodels.strong = {{ agent = "{MODEL}", p = 1.0 }}\n'
        '[sweep]\narm = "one call"\nsetting = "models.weak.p"\nvalues = [0.25, 0.5]\n'
    )
    head = HEAD.replace('"one call"', '"one call (models.weak.p = 0.25)"')
    first, second = arms_of(read_study(write(head, roles)))[:2]
    assert first.source.settings["models"]["weak"]["p"] == 0.25
    assert second.source.settings["models"]["weak"]["p"] == 0.5


def test_agents_of_ones_own_and_definitions_beside_the_study(write: Callable[..., Path]) -> None:
    path = write(
        HEAD,
        '[[arms]]\nname = "one call"\nagent = "mine.py:First"\n',
        '[[arms]]\nname = "defined"\nagent = "defined.toml"\n',
    )
    (path.parent / "mine.py").write_text(
        "class First:\n"
        "    def __init__(self, manual, actions, seed):\n        self.actions = actions\n"
        "    def act(self, observation):\n        return self.actions[0]\n"
    )
    (path.parent / "defined.toml").write_text(
        f'agent = "{MODEL}"\n[settings]\nmethod = "majority"\nsamples = 3\np = 0.9\n'
    )
    result = play(path)
    arms = by_name(result)
    assert arms["one call"].cost == 0
    assert arms["one call"].matches == []
    assert [m.vote for m in arms["defined"].matches] == ["defined", "defined"]
    assert arms["defined"].difference is not None
    assert arms["defined"].difference.mean is not None
    assert arms["defined"].difference.mean.mean > 0.5
    assert arms["defined"].ratio is None, "nothing costs so many times nothing"
    assert "one sample" in arms


# What is fixed


@pytest.mark.slow
def test_what_was_fixed_cannot_be_changed_afterwards(
    write: Callable[..., Path], calm: Calm
) -> None:
    out = shutil.copytree(calm.out, write().parent / "out")
    plan = json.loads((out / "plan.json").read_bytes())
    assert plan["study"]["margin"] == 0.1
    assert plan["digest"] == calm.result.digest
    find_study(write("# words that change nothing\n", HEAD, ONE, REVIEW), out)
    for parts, said in [
        ((HEAD.replace("0.1", "0.3"), ONE, REVIEW), r"margin differs \(0.1 there, 0.3 here\)"),
        ((HEAD.replace("= 6", "= 7"), ONE, REVIEW), r"episodes differs \(6 there, 7 here\)"),
        ((HEAD, ONE), "arms review differs"),
        ((HEAD, ONE, REVIEW.replace("0.4", "0.3")), "arms review settings mends differs"),
        ((HEAD, 'primary = "review"\n', ONE, REVIEW), "primary differs"),
    ]:
        with pytest.raises(RunFolderError, match=said):
            find_study(write(*parts), out)
    path = write(HEAD, ONE, REVIEW)
    (path.parent / "synthetic.py").write_text((SHIPPED / "synthetic.py").read_text() + "#\n")
    with pytest.raises(RunFolderError, match="code differs"):
        find_study(path, out)
    shutil.copy(SHIPPED / "synthetic.py", path.parent)
    (out / "plan.json").unlink()
    with pytest.raises(RunFolderError, match="nobody knows what was fixed"):
        find_study(path, out)
    (out / "plan.json").write_text("{}")
    with pytest.raises(RunFolderError, match="cannot read"):
        find_study(path, out)


def test_prices_are_fixed_too(write: Callable[..., Path]) -> None:
    path = write(HEAD, 'prices = "prices.toml"\n', ONE)
    prices = 'currency = "EUR"\ndate = 2026-11-01\n[models."synthetic.py:Noisy"]\nprompt = 2e6\n'
    (path.parent / "prices.toml").write_text(f"{prices}completion = 0\n")
    result = play(path)
    [arm] = result.arms
    folder = RunFolder(path.parent / "out" / arm.folder)
    read = [record.usage.prompt for record in folder.results(folder.header())]
    assert arm.cost == pytest.approx(2 * sum(read) / len(read))
    assert result.unit == "EUR, prices of 2026-11-01"
    (path.parent / "prices.toml").write_text(f"{prices}completion = 1\n")
    with pytest.raises(RunFolderError, match="completion differs"):
        find_study(path, path.parent / "out")


@pytest.mark.slow
def test_a_dry_run_says_what_it_takes_and_writes_nothing(
    write: Callable[..., Path], calm: Calm, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(HEAD, ONE, REVIEW)
    out = path.parent / "out"
    assert main(["study", str(path), "--out", str(out), "--dry-run"]) == 0
    told = capsys.readouterr().out
    assert "0 of 6" in told
    assert re.search(r"In all \d+ episodes, \d+ calls", told)
    assert not out.exists()
    reckoned = {each.arm: each for each in expected(find_study(path, out))}
    assert (reckoned["one call"].calls, reckoned["review"].calls) == (72, 3 * 72)
    assert reckoned["majority, equal calls"].calls == 3 * 72
    left = expected(find_study(calm.path, calm.out))
    assert [(each.calls, each.done) for each in left] == [(0, 6)] * len(calm.result.arms)


def test_the_command_prints_what_it_writes(calm: Calm, capsys: pytest.CaptureFixture[str]) -> None:
    before = outcome(calm.out)
    assert main(["study", str(calm.path), "--out", str(calm.out), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert [arm["episodes"] for arm in result["arms"]] == [6] * len(result["arms"])
    assert outcome(calm.out) == before, "what is finished stays what it is"


# Budgets


def test_votes_take_as_much_as_the_arm(calm: Calm) -> None:
    arms = by_name(calm.result)
    calls, tokens = arms["review"].matches
    assert (calls.budget, calls.vote) == ("calls", "majority, equal calls")
    vote = arms["majority, equal calls"]
    assert vote.calls == arms["review"].calls == 3
    assert calls.ratio == 1
    assert tokens.ratio is not None
    took = [(arm.read or 0) + (arm.written or 0) for arm in (vote, arms["review"])]
    assert tokens.ratio == pytest.approx(took[0] / took[1])
    assert tokens.matched == (abs(took[0] / took[1] - 1) <= 0.05)
    assert arms["one call"].matches == [], "one call is what votes are counted in"
    assert vote.billed_once is not None
    assert vote.billed_once == pytest.approx((vote.written or 0) + (vote.read or 0) / 3)


@pytest.mark.slow
def test_a_vote_that_is_not_close_enough_is_unmatched(write: Callable[..., Path]) -> None:
    """Lessons take a call an episode beside one a step: one call takes 12 of 13 as many."""
    lessons = f'[[arms]]\nname = "lessons"\nagent = "{MODEL}"\nsettings.method = "reflect"\n'
    result = play(write(HEAD, ONE.replace("p = 0.5", ""), lessons))
    calls, _ = by_name(result)["lessons"].matches
    assert calls.vote == "one call"
    assert calls.ratio == pytest.approx(12 * 6 / (12 * 6 + 5))
    assert not calls.matched
    assert "0.94, unmatched" in to_markdown(result)


# Resuming


@pytest.mark.slow
def test_a_study_goes_on_where_a_limit_stopped_it(calm: Calm, tmp_path: Path) -> None:
    path, arms = calm.path, calm.result.arms
    total = sum(a.episodes * 12 * ((a.read or 0) + (a.written or 0)) for a in arms)
    broken = play(path, tmp_path / "broken", limits=Limits(tokens=int(total / 3)))
    assert broken.stopped is not None
    assert "tokens" in broken.stopped
    assert sum(arm.episodes for arm in broken.arms) < sum(arm.episodes for arm in arms) / 2
    assert by_name(broken)["review until right"].score is None, "missing is not zero"
    again = play(path, tmp_path / "broken")
    assert again.stopped is None
    assert outcome(tmp_path / "broken") == outcome(calm.out)


def test_a_study_that_stops_before_its_votes_shows_them(write: Callable[..., Path]) -> None:
    """Two arms are finished that two votes go with; what is left does not suffice for these."""
    think = ONE.replace("one call", "think").replace("{ ", '{ method = "think", ')
    both = [ONE, think, think.replace('"think"\n', '"other"\n').replace("0.5", "0.7")]
    path = write(HEAD, *both)
    whole = play(path, path.parent / "calm")
    arms = [arm for arm in whole.arms if arm.kind != "matched"]
    spent = sum(a.episodes * 12 * ((a.read or 0) + (a.written or 0)) for a in arms)
    for more in (1, -1000):
        broken = play(path, path.parent / str(more), limits=Limits(tokens=spent + more))
        assert broken.stopped is not None
        votes = {match.vote for arm in broken.arms for match in arm.matches}
        assert "majority of 2" in votes <= {arm.name for arm in broken.arms}
        assert "not finished" in to_markdown(broken)


def test_an_arm_that_failed_at_first_changes_no_name(write: Callable[..., Path]) -> None:
    """A vote goes with the second arm; it keeps its folder when one goes with the first, too."""
    think = ONE.replace("one call", "later").replace("{ ", '{ method = "think", ')
    frail = think.replace("later", "frail").replace(MODEL, "mine.py:Frail")
    path = write(HEAD, ONE, frail, think.replace("0.5", "0.7"))
    (path.parent / "mine.py").write_text(
        "from pathlib import Path\nfrom synthetic import Noisy\n"
        "from smartplay.core.errors import ModelError\n"
        "class Frail(Noisy):\n"
        "    async def chat(self, messages, **more):\n"
        "        if Path(__file__).with_name('broken').exists():\n"
        "            raise ModelError('no')\n"
        "        return await super().chat(messages, **more)\n"
    )
    play(path, path.parent / "calm")
    (path.parent / "broken").touch()
    assert {m.vote for m in by_name(play(path))["later"].matches} == {"majority of 2, for later"}
    (path.parent / "broken").unlink()
    play(path)
    assert outcome(path.parent / "out") == outcome(path.parent / "calm")


def test_a_study_that_has_no_time_plays_nothing(calm: Calm, tmp_path: Path) -> None:
    spent = play(calm.path, tmp_path / "none", limits=Limits(seconds=0.001))
    assert spent.stopped is not None
    assert spent.digest == calm.result.digest
    assert {arm.score for arm in spent.arms} == {None}
    assert spent.cheapest == ""


@pytest.mark.parametrize(
    ("limits", "said"),
    [(Limits(tokens=0), "must be more than 0"), (Limits(cost=1.0), "needs prices")],
)
def test_limits_that_make_no_sense(limits: Limits, said: str, calm: Calm, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=said):
        play(calm.path, tmp_path / "out", limits=limits)
    assert not (tmp_path / "out").exists()


def test_a_limit_on_the_cost_is_that_of_the_whole_study(write: Callable[..., Path]) -> None:
    prices = 'currency = "EUR"\ndate = 2026-11-01\n[models."synthetic.py:Noisy"]\nprompt = 1e6\n'
    path = write(
        HEAD, 'prices = "prices.toml"\n', ONE, ONE.replace("0.5", "0.7").replace("one call", "b")
    )
    (path.parent / "prices.toml").write_text(f"{prices}completion = 0\n")
    once = 6 * 12 * 620  # tokens read by one arm, about
    result = play(path, limits=Limits(cost=1.5 * once))
    assert result.stopped is not None
    assert "EUR" in result.stopped
    assert result.arms[0].episodes == 6
    assert sum(arm.episodes for arm in result.arms) < 12


def test_what_a_cache_gives_counts_towards_no_limit(calm: Calm, tmp_path: Path) -> None:
    kept = tmp_path / "kept.sqlite"
    play(calm.path, tmp_path / "one", cache=kept)
    again = play(calm.path, tmp_path / "two", cache=kept, limits=Limits(tokens=1))
    assert again.stopped is None


def test_failed_episodes_count_towards_a_limit_on_the_cost(write: Callable[..., Path]) -> None:
    """Each of the first arm is paid for up to its last step but one."""
    frail = ONE.replace("one call", "frail").replace(MODEL, "mine.py:Frail")
    path = write(HEAD, 'prices = "prices.toml"\n', frail, ONE)
    (path.parent / "mine.py").write_text(
        "from synthetic import Noisy, page\nfrom smartplay.core.errors import ModelError\n"
        "class Frail(Noisy):\n"
        "    async def chat(self, messages, **more):\n"
        "        if 'Step 11:' in page(messages):\n            raise ModelError('no')\n"
        "        return await super().chat(messages, **more)\n"
    )
    named = "".join(f'[models."synthetic.py:{name}"]\nprompt = 1e6\ncompletion = 0\n'
                    for name in ("Noisy", "Frail"))  # fmt: skip
    (path.parent / "prices.toml").write_text(f'currency = "EUR"\ndate = 2026-11-01\n{named}')
    result = play(path, limits=Limits(cost=60_000))  # an arm takes about 45 000
    assert result.stopped is not None
    assert result.arms[1].episodes < 3


@pytest.mark.slow
def test_elsewhere_the_same_comes_out_and_every_run_is_verified(calm: Calm, tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        play(calm.path, tmp_path / "elsewhere", executor=pool, concurrency=2)
    assert outcome(tmp_path / "elsewhere") == outcome(calm.out)
    for arm in calm.result.arms:
        assert verify_run(calm.out / arm.folder).verified


@pytest.mark.slow
def test_a_killed_study_goes_on(write: Callable[..., Path], server: FakeServer) -> None:
    """Killed with SIGKILL in the middle, it comes to the same bytes, and pays for little twice."""
    arm = '[[arms]]\nname = "{}"\nagent = "openai:fake"\nsettings = {{ base_url = "{}"{} }}\n'
    path = write(
        HEAD.replace("episodes = 6", "episodes = 2"),
        arm.format("one call", server.url, ""),
        arm.format("vote", server.url, ', method = "majority", samples = 3, seed = "episode"'),
    )
    told = [sys.executable, "-m", "smartplay", "study", str(path), "--concurrency", "1", "--out"]
    count = 0

    def answer(request: dict[str, Any]) -> str:
        nonlocal count
        count += 1
        if count == kill_at:
            process.kill()
            time.sleep(0.3)
        return "Answer: red door"

    kill_at = -1
    server.answer(answer)
    subprocess.run([*told, str(path.parent / "calm")], check=True, capture_output=True, timeout=90)
    calls, count, kill_at = count, 0, count // 2
    process = subprocess.Popen(
        [*told, str(path.parent / "out")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    assert process.wait(90) == -9
    kill_at = -1
    time.sleep(0.5)
    subprocess.run([*told, str(path.parent / "out")], check=True, capture_output=True, timeout=90)
    assert outcome(path.parent / "out") == outcome(path.parent / "calm")
    assert calls <= count <= calls + 3


# Failing services


def test_a_service_that_fails_spoils_its_own_arms_only(
    write: Callable[..., Path], server: FakeServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.fail(1.0, [Answer(status=500)], seed=0)
    settings = f'base_url = "{server.url}", max_retries = 0'
    arm = f'[[arms]]\nname = "away"\nagent = "openai:fake"\nsettings = {{ {settings} }}\n'
    path = write(HEAD, arm, ONE)
    assert main(["study", str(path), "--out", str(path.parent / "out")]) == 1
    assert "away could not be played" in capsys.readouterr().out
    arms = by_name(result := play(path))
    assert arms["one call"].episodes == 6
    away = arms["away"]
    assert (away.score, away.cost, away.non_inferior) == (None, None, None)
    assert not away.front
    assert result.cheapest == "one call"


def test_a_model_without_a_key_stops_a_study_before_it_begins(write: Callable[..., Path]) -> None:
    path = write(HEAD, ONE, '[[arms]]\nname = "away"\nagent = "openai:some"\n')
    assert expected(find_study(path, path.parent / "out"))[-1].calls == 72
    with pytest.raises(UsageError, match=r"arm 'away'.*OPENAI_API_KEY"):
        play(path)
    assert not (path.parent / "out").exists()


def test_unscored_episodes_are_missing_and_not_zero(write: Callable[..., Path]) -> None:
    path = write(HEAD, ONE, '[[arms]]\nname = "frail"\nagent = "mine.py:Frail"\n')
    (path.parent / "mine.py").write_text(
        "class Frail:\n"
        "    def __init__(self, manual, actions, seed):\n"
        "        self.actions, self.seed = actions, seed\n"
        "    def act(self, observation):\n"
        "        if self.seed % 2:\n            raise ValueError('no')\n"
        "        return self.actions[0]\n"
    )
    result = play(path)
    arm = by_name(result)["frail"]
    assert 0 < arm.episodes < arm.planned == 6
    assert result.unscored == 6 - arm.episodes
    assert arm.difference is not None
    assert arm.difference.pairs == arm.episodes
    assert any(note.startswith(f"frail lacks {6 - arm.episodes} of 6") for note in result.notes)


def test_calls_of_failed_episodes_are_in_no_mean(write: Callable[..., Path]) -> None:
    frail = ONE.replace("one call", "frail").replace(MODEL, "mine.py:Frail")
    path = write(HEAD, ONE, frail)
    (path.parent / "mine.py").write_text(
        "import zlib\nfrom synthetic import Noisy, page\n"
        "from smartplay.core.errors import ModelError\n"
        "class Frail(Noisy):\n"
        "    async def chat(self, messages, **more):\n"
        "        seen = page(messages)\n"
        "        if 'Step 4:' in seen and zlib.crc32(seen.encode()) % 2:\n"
        "            raise ModelError('no')\n"
        "        return await super().chat(messages, **more)\n"
    )
    arm = by_name(play(path))["frail"]
    assert 0 < arm.episodes < arm.planned
    assert arm.calls == 1


def test_an_arm_that_lacks_a_game_has_no_score(write: Callable[..., Path]) -> None:
    path = write(
        'games = ["Hanoi3Disk", "MessengerL1"]\nsteps = 2\nepisodes = 6\nmargin = 0.1\n',
        'baseline = "dice"\n[[arms]]\nname = "dice"\nagent = "random"\n',
        '[[arms]]\nname = "frail"\nagent = "mine.py:Frail"\n',
    )
    (path.parent / "mine.py").write_text(
        "class Frail:\n"
        "    def __init__(self, manual, actions, seed):\n"
        "        self.actions, self.lost = actions, 'message' in manual\n"
        "    def act(self, observation):\n"
        "        if self.lost:\n            raise ValueError('no')\n"
        "        return self.actions[0]\n"
    )
    arm = by_name(play(path))["frail"]
    assert 0 < arm.episodes < arm.planned
    assert arm.difference is not None, "the games that both played are compared"
    assert (arm.score, arm.front, arm.non_inferior) == (None, False, None)
    page = (path.parent / "out" / "study.html").read_text()
    assert "cost per episode" not in page, "no arm costs anything"


# Numbers


def test_repeats_are_tries_at_the_same_episode(write: Callable[..., Path]) -> None:
    games = HEAD.replace("ContrastReasoningEasy", "Hanoi3Disk").replace("= 6", "= 3")
    arm = '[[arms]]\nname = "one call"\nagent = "random"\n'
    path = write(
        games, "repeats = 4\n", arm, arm.replace("one call", "r").replace("random", "reference")
    )
    result = play(path)
    arms = by_name(result)
    assert arms["one call"].planned == 12
    assert arms["r"].difference is not None
    assert arms["r"].difference.pairs == 3, "an episode counts once"
    [tries] = [each for each in arms["r"].repeats[0].tries if each.k == 4]
    assert tries.passed_any.mean == 1
    assert "| r | 4 | " in to_markdown(result)


def entry(name: str, scores: list[float], cost: float = 1.0) -> Entry:
    by_seed = {"g": dict(enumerate(scores))}
    return Entry(name=name, normalized=by_seed, scores=by_seed, cost=cost)


def test_a_baseline_is_subtracted_from_each_and_the_others_are_not_compared() -> None:
    rng = np.random.default_rng(1)
    runs = [entry(str(k), list(rng.normal(k, 1, 20))) for k in range(4)]
    found = compare(runs, baseline=2)
    assert [(d.first, d.second) for d in found.overall.differences] == [(0, 2), (1, 2), (3, 2)]
    every = {(d.first, d.second): d for d in compare(runs).overall.differences}
    for each in found.overall.differences:
        pair = every.get((each.first, each.second)) or every[each.second, each.first]
        assert each.mean is not None
        assert pair.mean is not None
        assert abs(each.mean.mean) == pytest.approx(abs(pair.mean.mean))
        assert (each.corrected or 0) <= (pair.corrected or 0) + 0.01, "fewer comparisons"


@pytest.mark.slow
@pytest.mark.parametrize("law", LAWS)
def test_corrected_intervals_hold_together(law: str) -> None:
    rng = np.random.default_rng(3)
    found = [intervals(LAWS[law], 0.75, 5, 12, rng) for _ in range(60)]
    assert sum(held(each, 0.75 - 0.6) for each in found) >= 52


@pytest.mark.slow
def test_the_cheapest_arm_that_is_not_inferior(write: Callable[..., Path]) -> None:
    """A vote of 9 is much better at nine times the cost; one that is always right costs as much."""
    vote = (
        f'[[arms]]\nname = "vote"\nagent = "{MODEL}"\n'
        'settings = { method = "majority", samples = 9, p = 0.5 }\n'
    )
    head = HEAD.replace('"one call"', '"vote"').replace("0.1", "0.3").replace("= 6", "= 12")
    dear = play(write(head, vote))
    assert dear.cheapest == "vote"
    arms = by_name(dear)
    assert arms["one call"].non_inferior is False
    assert arms["one call"].ratio is not None
    assert arms["one call"].ratio.mean == pytest.approx(1 / 9, abs=0.01)
    right = ONE.replace("one call", "right").replace("p = 0.5", "p = 1.0")
    path = write(head, vote, right)
    found = play(path, path.parent / "other")
    assert found.cheapest == "right"
    assert by_name(found)["right"].front
    assert not by_name(found)["vote"].front


def test_an_arm_that_lacks_dear_episodes_is_not_cheap_for_that() -> None:
    base = ArmResult(name="base", agent="", folder="", kind="arm", of=(), oracle=False, episodes=4,
                     planned=4, cost=55.0, ratio=Interval(1.0))  # fmt: skip
    short = msgspec.structs.replace(
        base, name="short", episodes=2, cost=20.0, ratio=Interval(2.0), non_inferior=True
    )
    assert _cheapest([base, short], "base") == "base"


def test_evidence_is_that_of_the_analyses(calm: Calm) -> None:
    arms = by_name(calm.result)
    [review] = arms["review"].evidence
    assert review.flips is not None
    assert review.flips.right_wrong == 0
    assert review.flips.wrong_right > 0
    [vote] = arms["majority, equal calls"].evidence
    assert vote.agreement is not None
    assert {each.samples for each in vote.agreement.votes} == {3}
    assert arms["review"].roles == {"player": 2, "reviewer": 1}


# Pages


def test_the_page_runs_nothing_and_shows_any_name(write: Callable[..., Path]) -> None:
    hostile = "<script>alert(1)</script> | *x* \\u202e"
    path = write(
        HEAD.replace('"one call"', f'"{hostile}"'), f'title = "{hostile}"\n',
        ONE.replace('"one call"', f'"{hostile}"'), ONE.replace("0.5", "0.7"),
    )  # fmt: skip
    result = play(path)
    page = to_html(result)
    assert "<script" not in page
    assert "&lt;script" in page
    assert "default-src" in page
    assert "Score against cost" in page
    told = to_markdown(result)
    assert not re.search(r"(?<!\\)<script", told)
    header = next(line for line in told.splitlines() if line.startswith("| Arm"))
    rows = [line for line in told.splitlines() if "script" in line and line.startswith("|")]
    assert len(re.findall(r"(?<!\\)\|", rows[0])) == len(re.findall(r"(?<!\\)\|", header))


# Models from files


def test_a_model_of_ones_own(write: Callable[..., Path]) -> None:
    path = write(HEAD, ONE)
    model = open_model(f"{path.parent / 'synthetic.py'}:Noisy", p=0.25)
    assert model.name == MODEL
    again = opened_again(model)  # for a second event loop, wherever the file is
    assert (type(again), again.name, again.settings) == (type(model), MODEL, model.settings)
    run = smartplay.run(
        f"{path.parent / 'synthetic.py'}:Noisy", "ContrastReasoningEasy", episodes=2,
        out=path.parent / "run", agent_settings={"method": "majority", "samples": 3},
        progress=False,
    )  # fmt: skip
    assert run.header.agent == f"majority({MODEL})"
    assert len(run.header.agent_digest) == 16
    with pytest.raises(UsageError, match="takes a number"):
        open_model(f"{path.parent / 'synthetic.py'}:Noisy", p="x")
    with pytest.raises(UsageError, match="has no summary"):
        open_model(f"{path.parent / 'synthetic.py'}:Laws")


# What is shipped


@pytest.mark.slow
def test_the_shipped_studies_can_be_played() -> None:
    for path in sorted(SHIPPED.glob("*.toml")):
        if not path.stem.endswith("prices"):
            arms = arms_of(read_study(path))
            assert len(arms) > 2


@pytest.mark.slow
def test_the_synthetic_study_meets_the_formulas(tmp_path: Path) -> None:
    result = play(SHIPPED / "synthetic.toml", tmp_path / "out")
    checked = 0
    for arm in result.arms:
        if arm.expected is not None:
            right = arm.evidence[0].right
            assert right is not None
            error = math.sqrt(arm.expected * (1 - arm.expected) / right.steps)
            assert abs(right.share.mean - arm.expected) < 3.5 * error, arm.name
            checked += 1
    assert checked >= 10
    arms = by_name(result)
    assert arms["vote (samples = 3)"].matches[0].ratio == 1
    beaten = arms["same error, vote of 9"].difference
    assert beaten is not None
    assert beaten.mean is not None
    assert beaten.mean.mean < 0
    assert result.primary == "vote (samples = 5)"
