"""Repeats: pass^k, pass@k and the variance components, by hand, by chance and in reports."""

from __future__ import annotations

import json
import math
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import smartplay
from smartplay.cli import main
from smartplay.games.registry import get_card
from smartplay.report import build_report
from smartplay.report.html import write_html
from smartplay.scores.repeats import score_repeats, spread, tries

plays = st.lists(st.booleans(), min_size=1, max_size=6)


@given(st.lists(plays, min_size=1, max_size=4))
def test_all_choices_of_plays_are_counted(goals: list[list[bool]]) -> None:
    found = tries(goals)
    assert [each.k for each in found] == list(range(1, max(map(len, goals)) + 1))
    for each in found:
        enough = [own for own in goals if len(own) >= each.k]
        every = [np.mean([all(c) for c in combinations(own, each.k)]) for own in enough]
        some = [np.mean([any(c) for c in combinations(own, each.k)]) for own in enough]
        assert each.episodes == len(enough)
        assert each.passed_all.mean == pytest.approx(np.mean(every))
        assert each.passed_any.mean == pytest.approx(np.mean(some))
        for interval in (each.passed_all, each.passed_any):
            if interval.low is not None and interval.high is not None:
                assert 0 <= interval.low <= interval.mean <= interval.high <= 1
                assert interval.low < interval.high


def test_the_estimates_are_unbiased_and_their_intervals_hold() -> None:
    """Success rates of episodes uniform in 0 to 1, so pass^k is 1 / (k + 1)."""
    rng, trials = np.random.default_rng(0), 150
    means, held = np.zeros(4), np.zeros(4)
    for _ in range(trials):
        rates = rng.random(10)
        for place, each in enumerate(tries((rng.random((10, 4)) < rates[:, None]).tolist())):
            true, found = 1 / (each.k + 1), each.passed_all
            means[place] += found.mean / trials
            assert found.low is not None
            assert found.high is not None
            held[place] += found.low <= true <= found.high
    assert means == pytest.approx([1 / 2, 1 / 3, 1 / 4, 1 / 5], abs=0.03)
    assert held.min() >= 0.93 * trials


def test_no_tries_and_single_ones() -> None:
    assert tries([]) == []
    (one,) = tries([[True]])
    assert (one.passed_all.mean, one.passed_all.low) == (1.0, None)


def test_the_components_by_hand() -> None:
    found = spread([[1.0, 3.0], [5.0, 7.0]])
    assert found is not None
    assert found.sampling == pytest.approx(math.sqrt(2))
    assert found.seed == pytest.approx(math.sqrt((16 - 2) / 2))
    assert found.share == pytest.approx(7 / 9)
    assert (found.episodes, found.plays) == (2, 4)


def test_an_estimate_below_zero_is_none_seen() -> None:
    found = spread([[0.0, 10.0], [10.0, 0.0], [1.0, 9.0]])
    assert found is not None
    assert (found.seed, found.share) == (0.0, 0.0)
    assert found.sampling > 5


def test_what_cannot_be_told() -> None:
    assert spread([[1.0, 2.0]]) is None, "a single episode"
    assert spread([[1.0], [2.0]]) is None, "no repeats"
    assert spread([]) is None
    equal = spread([[1.0, 1.0], [1.0, 1.0]])
    assert equal is not None
    assert equal.share is None
    rounded = spread([[0.1] * 3, [0.1, 0.3 - 0.2]])
    assert rounded is not None
    assert (rounded.seed, rounded.sampling, rounded.share) == (0.0, 0.0, None)
    uneven = spread([[1.0, 2.0, 3.0], [7.0], []])
    assert uneven is not None
    assert (uneven.episodes, uneven.plays) == (2, 4)


@pytest.mark.parametrize(("seed", "sampling"), [(1.0, 1.0), (0.0, 2.0), (3.0, 0.5)])
def test_the_components_are_found(seed: float, sampling: float) -> None:
    rng, found = np.random.default_rng(1), []
    for _ in range(100):
        sizes = rng.integers(1, 6, 30)
        luck = rng.normal(0, seed, 30)
        each = spread([rng.normal(luck[k], sampling, n).tolist() for k, n in enumerate(sizes)])
        assert each is not None
        found.append((each.seed**2, each.sampling**2))
    mean = np.mean(found, axis=0)
    assert mean[0] == pytest.approx(seed**2, abs=0.12 * seed**2 + 0.35 * (seed == 0))
    assert mean[1] == pytest.approx(sampling**2, rel=0.08)


def test_games_without_a_goal_have_no_pass_rate() -> None:
    assert score_repeats(get_card("RockPaperScissorBasic"), []).tries == []
    assert not get_card("BanditTwoArmedHighLowFixed").goal
    assert get_card("Hanoi3Disk").goal


class Lucky:
    """Solves the towers in some of the plays, fails in others."""

    def __init__(self, manual: str, actions: list[str], seed: int) -> None:
        from smartplay.agents.reference import reference

        self._whole, self._actions = reference(manual, actions, seed), actions
        self._solves, self._fails = seed % 3 > 0, seed % 7 == 0

    def act(self, observation: Any) -> Any:
        if self._fails:
            raise RuntimeError("out of order")
        return self._whole.act(observation) if self._solves else self._actions[0]


@pytest.mark.slow
def test_repeats_are_reported_everywhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    games = "Hanoi3Disk,RockPaperScissorBasic"
    smartplay.run(Lucky, games, episodes=4, repeats=3, out=run, progress=False)
    records = smartplay.load_run(run).episodes
    goals: dict[int, list[bool]] = {}
    for record in records:
        if record.score is not None and "Hanoi" in record.game:
            goals.setdefault(record.episode, []).append(record.completed)
    report = build_report(run)
    assert report.unscored
    assert report.repeats[0].tries == tries(list(goals.values()))
    assert main(["report", str(run)]) == 0
    told = capsys.readouterr().out
    assert "Reliability" in told
    assert "pass^k" in told
    assert "no goal" in told
    assert "By the seed" in told
    markdown = (run / "report.md").read_text()
    assert "## Reliability" in markdown
    assert "## Spread" in markdown
    plain = json.loads((run / "report.json").read_text())
    assert plain["repeats"][0]["tries"][1]["k"] == 2
    page = write_html([report], [run], tmp_path / "page.html").read_text()
    assert 'id="repeats"' in page
    assert "pass^k" in page


def test_a_run_without_repeats_says_nothing_of_them(tmp_path: Path) -> None:
    smartplay.run("random", "Hanoi3Disk", episodes=2, out=tmp_path / "run", progress=False)
    report = build_report(tmp_path / "run")
    assert report.repeats == []
    page = write_html([report], [tmp_path / "run"], tmp_path / "page.html").read_text()
    assert "pass^k" not in page
