"""A diagnosis names what helps, nothing by chance, and never the placebo."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import smartplay
from smartplay import runner
from smartplay.agents.aids import AIDS
from smartplay.agents.context import Observation
from smartplay.agents.reference import reference
from smartplay.cli import main
from smartplay.core.errors import UsageError
from smartplay.games.registry import get_card
from smartplay.records.folder import RunFolder
from smartplay.report.diagnosis import to_markdown
from smartplay.scores.aids import gains, joint_intervals
from smartplay.validity.diagnosis import ARMS, CAPABILITIES, _scores
from tests.fake_server import FakeServer
from tools.diagnosis import CASES, Case, try_often

RNG = np.random.default_rng
QUICK = [case for case in CASES if case.game not in ("Crafter", "BanditTwoArmedHighLowFixed")]


@pytest.mark.slow
@pytest.mark.parametrize("case", QUICK, ids=lambda case: f"{case.lacks}-{case.game}")
def test_the_named_aid_is_the_right_one(case: Case) -> None:
    found = try_often(case, pool=20, tries=5, episodes=20)
    assert found.first >= 4, found
    assert "placebo" not in found.named


def scores(rng: np.random.Generator, episodes: int = 20, **shifts: float) -> dict[str, Any]:
    luck = rng.normal(size=episodes)
    return {arm: luck + rng.normal(size=episodes) * 0.3 + shifts.get(arm, 0.0) for arm in ARMS}


def named(table: dict[str, Any], reach: float = 3.0) -> list[str]:
    return gains(table, CAPABILITIES, reach).named


def test_chance_alone_is_seldom_named() -> None:
    rng = RNG(1)
    false = sum(bool(named(scores(rng))) for _ in range(80))
    assert false <= 6, "more than about one in twenty"


def test_what_helps_is_named_and_the_placebo_never() -> None:
    rng = RNG(2)
    assert named(scores(rng, map=1.0, rules=0.2)) == ["map"]
    found = gains(scores(rng, placebo=2.0), CAPABILITIES, 4.0)
    assert found.named == []
    assert found.verdict == "no aid helped reliably, but the placebo did"
    assert named(scores(rng, placebo=2.0, map=1.0)) == [], "words alone help more"


def test_what_cannot_be_told_apart_is_named_together() -> None:
    found = gains(scores(RNG(3), map=1.0, rules=1.0), CAPABILITIES, 4.0)
    assert sorted(found.named) == ["map", "rules"]
    assert found.verdict.endswith("(these cannot be told apart)")


def test_a_verdict_tells_the_gain_with_its_interval() -> None:
    found = gains(scores(RNG(4), map=1.0), CAPABILITIES, 4.0)
    gain = next(each.gain for each in found.aids if each.aid == "map")
    assert found.verdict == f"helped most by a map: {gain:+.2f}"
    assert gain.low is not None
    assert gain.high is not None
    assert gain.low < gain.mean < gain.high


def test_intervals_hold_together() -> None:
    """Of ten comparisons at once, all hold their true means in about 95 of 100 cases."""
    rng, held = RNG(5), 0
    for _ in range(100):
        means = rng.uniform(-1, 1, 10)
        drawn = rng.normal(size=(1, 20)) + rng.normal(size=(10, 20)) + means[:, None]
        intervals = joint_intervals(drawn, 4.0)
        held += all(
            each.low is not None and each.high is not None and each.low <= mean <= each.high
            for each, mean in zip(intervals, means, strict=True)
        )
    assert held >= 88


def test_intervals_without_spread_have_a_width_and_few_episodes_none() -> None:
    (alike,) = joint_intervals(np.zeros((1, 20)), 1.0)
    assert alike.low is not None
    assert alike.low < 0 < (alike.high or 0)
    (few,) = joint_intervals(np.ones((1, 5)), 1.0)
    assert (few.mean, few.low) == (1.0, None)
    assert named({arm: np.full(5, float(arm == "map")) for arm in ARMS}, 1.0) == []
    assert "too few" in gains({arm: [0.0] * 5 for arm in ARMS}, {}, 1.0).verdict


class Woken:
    """Plays well as soon as it reads more than the game tells."""

    def __init__(self, manual: str, actions: list[str], seed: int) -> None:
        self._inner = reference(manual, actions, seed)
        self._seed = seed
        self._steps = count()

    def act(self, observation: Observation) -> Any:
        reply = self._inner.act(observation)
        return reply if "Hint" in observation else (self._seed + next(self._steps)) % 3


@pytest.mark.slow
def test_words_that_help_by_being_there_are_not_taken_for_an_aid(tmp_path: Path) -> None:
    found = smartplay.diagnose(Woken, "RockPaperScissorBasic", episodes=12, out=tmp_path,
                               progress=False)  # fmt: skip
    assert found.overall is not None
    assert found.overall.named == []
    assert "the placebo did" in str(found)


def test_an_unfinished_diagnosis_claims_nothing() -> None:
    lone = gains({"none": [0.0, 1.0] * 5}, {}, 1.0)
    assert (lone.aids, lone.named) == ([], [])
    table = scores(RNG(2), map=1.0)
    del table["placebo"]
    for found in (lone, gains(table, CAPABILITIES, 3.0)):
        assert found.verdict.startswith("no placebo was played"), found.verdict


def test_a_diagnosis_without_any_time_is_kept_as_unfinished(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["diagnose", "random", "--games", "Hanoi3Disk", "--max-time", "0", "--out",
                 str(out)]) == 4  # fmt: skip
    assert "stopped: " in capsys.readouterr().err
    assert json.loads((out / "diagnosis.json").read_bytes())["games"] == {}


def command(out: Path, *more: str) -> list[str]:
    return ["diagnose", "reference", "--games", "RockPaperScissorBasic", "--episodes", "12",
            "--out", str(out), "--set", "without=inferences", *more]  # fmt: skip


@pytest.mark.slow
def test_the_command_plays_prints_keeps_and_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command(tmp_path)) == 0
    assert "helped most by conclusions: +" in capsys.readouterr().out
    assert sorted(p.name for p in tmp_path.iterdir() if p.is_dir()) == sorted(ARMS)
    kept = (tmp_path / "diagnosis.json").read_bytes()
    played = (tmp_path / "map" / "episodes.jsonl").read_bytes()
    assert main(command(tmp_path, "--json")) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(kept)
    assert (tmp_path / "map" / "episodes.jsonl").read_bytes() == played
    page = (tmp_path / "diagnosis.md").read_text()
    assert all(f"| {aid.name} | " in page for aid in AIDS)
    seeds = {
        frozenset(record.seed for record in RunFolder(tmp_path / arm).episodes()) for arm in ARMS
    }
    assert len(seeds) == 1, "the arms met other episodes"


def test_the_list_names_all_nine_with_what_they_serve(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diagnose", "--list"]) == 0
    text = capsys.readouterr().out
    for aid in AIDS:
        assert aid.name in text
        assert str(aid.capability) in text
    assert main(["diagnose"]) == 2


@pytest.mark.slow
def test_every_game_is_scored_on_its_scale(tmp_path: Path) -> None:
    found = smartplay.diagnose(
        "reference", "Hanoi3Disk,RockPaperScissorBasic,Hanoi4Disk", episodes=6, out=tmp_path,
        progress=False, game_settings={"Hanoi4Disk": {"noise": 0.1}},
    )  # fmt: skip
    assert list(found.units.values()) == ["normalized", "normalized", "raw"]
    assert found.overall is not None
    assert found.overall.episodes == 12, "a raw score has no place in a mean of normalised ones"
    scaled = ("Hanoi3Disk", "RockPaperScissorBasic")
    means = [found.games[f"smartplay/{name}-v0"].score for name in scaled]
    assert found.overall.score == pytest.approx(np.mean(means))
    assert "raw scores" in to_markdown(found)


def diagnose_served(server: FakeServer, out: Path, **options: Any) -> tuple[Any, int]:
    """A diagnosis of a served model, and the calls it took."""
    before = len(server.requests)
    server.say("Answer: 1")
    found = smartplay.diagnose(
        "openai:fake", "MessengerL1", episodes=6, out=out, steps=2, progress=False,
        agent_settings={"base_url": server.url}, **options,
    )  # fmt: skip
    return found, len(server.requests) - before


def test_arms_share_replies_where_an_aid_says_nothing(tmp_path: Path) -> None:
    with FakeServer() as server:
        _, calls = diagnose_served(server, tmp_path)
    records = {arm: RunFolder(tmp_path / arm).episodes() for arm in ARMS}
    steps = {arm: sum(record.steps for record in found) for arm, found in records.items()}
    silent = steps["conclusions"] + steps["subgoal"] + steps["odds"]
    assert silent > 0
    assert calls <= sum(steps.values()) - silent


@pytest.mark.slow
def test_a_limit_holds_over_all_arms_and_the_rest_can_be_played(tmp_path: Path) -> None:
    limits = smartplay.Limits(tokens=107 * 20)  # of twenty calls
    with FakeServer() as server:
        found, calls = diagnose_served(server, tmp_path, limits=limits)
        assert found.stopped
        assert 15 <= calls <= 40
        found, calls = diagnose_served(server, tmp_path, limits=limits)
        assert found.stopped
        assert calls <= 12, "another session got another allowance"
        found, _ = diagnose_served(server, tmp_path)
        assert found.stopped is None
        assert list(found.runs) == list(ARMS)


@pytest.mark.parametrize(
    ("aid", "words"),
    [(3, "unknown aid 3"), (None, "unknown aid None"), ([*ARMS[1:]], "has every aid already")],
)
def test_aids_that_cannot_be_tried_are_said(aid: Any, words: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=words):
        smartplay.diagnose("random", "Hanoi3Disk", agent_settings={"aid": aid}, out=tmp_path)


def test_the_plays_of_an_episode_count_as_their_mean(tmp_path: Path) -> None:
    run = runner.run("random", "bandit", episodes=2, repeats=3, out=tmp_path, progress=False)
    of_first = [r.score for r in run.episodes if r.episode == 0 and r.game == run.episodes[0].game]
    found = _scores(run)[run.episodes[0].game, run.episodes[0].seed]
    card = get_card(run.episodes[0].game)
    assert len(set(of_first)) > 1
    own = [card.normalized(score) or score for score in of_first if score is not None]
    assert found == pytest.approx(sum(own) / 3)


@pytest.mark.slow
def test_nothing_to_compare_is_said(tmp_path: Path) -> None:
    def broken(prompt: str) -> str:
        raise ValueError("no")

    with pytest.raises(UsageError, match=r"compare; `smartplay report .*none` says why"):
        smartplay.diagnose(broken, "Hanoi3Disk", episodes=1, out=tmp_path, progress=False)
