"""Scores: the published numbers, the scales, the intervals, and what None means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import smartplay
from smartplay.cards.anchors import Anchors, Measured
from smartplay.cards.bounds import Bounds
from smartplay.cards.capabilities import Capability
from smartplay.cards.card import GameCard
from smartplay.core.errors import UsageError
from smartplay.games.registry import get_card
from smartplay.records import EpisodeRecord, Usage
from smartplay.scores.intervals import Interval, mean_interval
from smartplay.scores.scoring import (
    WEIGHTS,
    Weights,
    analyze_capabilities,
    score_capabilities,
    score_game,
    separability,
    weigh,
)

SEVEN = ("BanditTwoArmedHighLowFixed", "RockPaperScissorBasic", "Hanoi3Disk", "MessengerL1",
         "MessengerL2", "Crafter", "MinedojoCreative0")  # fmt: skip
GPT_4_0613 = dict(zip(SEVEN, (1.00, 0.91, 0.83, 0.90, 0.93, 0.26, 0.61), strict=True))
RAW = dict(zip(SEVEN, (45.09, 39.25, 2.5, 0.8, 0.85, 700, 0.61), strict=True))

finite = st.floats(-1e3, 1e3)


def card(**fields: Any) -> GameCard:
    return msgspec.structs.replace(get_card("Hanoi3Disk"), **fields)


def of_degrees(degrees: Sequence[int]) -> GameCard:
    keys = [capability.key for capability in Capability]
    return card(degrees=dict(zip(keys, degrees, strict=True)))


def demanding(name: str, **degrees: int) -> GameCard:
    every = {capability.key: 1 for capability in Capability}
    return card(id=f"smartplay/{name}-v0", degrees=every | degrees)


def episode(score: float | None, number: int = 0, **fields: Any) -> EpisodeRecord:
    status: Any = "unscored" if score is None else "scored"
    error = "ModelError: no reply" if score is None else None
    given = {"status": status, "error": error, "score": score, "steps": 10} | fields
    return EpisodeRecord(
        game="smartplay/Hanoi3Disk-v0", episode=number, seed=1, agent_seed=2, **given
    )


# Published numbers


def test_published_capability_scores() -> None:
    shipped = smartplay.analyze_capabilities(GPT_4_0613)
    paper = smartplay.analyze_capabilities(GPT_4_0613, weights="paper")
    told = [
        (shipped["Error/Mistake Handling"], 0.49),
        (shipped["Planning"], 0.62),
        (paper["Error/Mistake Handling"], 0.67),
        (paper["Planning"], 0.71),
    ]
    for value, expected in told:
        assert value is not None
        assert round(value, 2) == expected
    for weights in (shipped, paper):
        assert weights["Planning"] == weights["Reasoning"]
        assert list(weights) == [str(capability) for capability in Capability]


@pytest.mark.parametrize("weights", WEIGHTS)
def test_the_seven_games_have_rank_seven_and_cannot_tell_planning_from_reasoning(
    weights: Weights,
) -> None:
    found = separability([get_card(name) for name in SEVEN], weights)
    assert found.rank == 7
    assert ["Reasoning", "Planning"] in found.groups


@pytest.mark.parametrize("name", SEVEN)
def test_published_normalised_scores(name: str) -> None:
    assert smartplay.normalize_score(name, RAW[name]) == pytest.approx(GPT_4_0613[name], abs=0.0051)


def test_published_numbers_of_the_games_there_are() -> None:
    """The formulas by hand, for two games: weights 2 and 3, or 1 and 2, for Hanoi."""
    scores = {"BanditTwoArmedHighLowFixed": 1.0, "Hanoi3Disk-v0": 0.5}
    shipped = smartplay.analyze_capabilities(scores)
    paper = smartplay.analyze_capabilities(scores, weights="paper")
    assert shipped["Planning"] == 0.5
    assert paper["Planning"] == pytest.approx((1 * 1.0 + 3 * 0.5) / 4)
    assert shipped["Understanding the Odds"] == 1.0
    assert shipped["Spatial Reasoning"] is None
    assert paper["Spatial Reasoning"] == pytest.approx(0.75)


# The original's names


def test_nothing_given_gives_none_and_no_nan() -> None:
    for weights in WEIGHTS:
        found = smartplay.analyze_capabilities({}, weights=weights)
        assert set(found.values()) == {None}
        assert len(found) == 9


def test_unknown_names_and_weights() -> None:
    with pytest.raises(UsageError, match="did you mean Hanoi3Disk"):
        smartplay.analyze_capabilities({"Hanoi3Dsk": 1.0})
    with pytest.raises(UsageError, match="unknown weights 'mine'; known: shipped, paper"):
        smartplay.analyze_capabilities({}, weights="mine")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="no human score is known for smartplay/Hanoi4Disk-v0"):
        smartplay.normalize_score("Hanoi4Disk", 3)
    with pytest.raises(UsageError, match="unknown game"):
        smartplay.normalize_score("Chess", 3)


def test_normalising_by_any_spelling() -> None:
    for name in ("Hanoi3Disk", "Hanoi3Disk-v0", "smartplay/Hanoi3Disk-v0"):
        assert smartplay.normalize_score(name, 1.5) == 0.5


# Weighted means


def test_weights() -> None:
    assert weigh([1, 2, 3, 4], "shipped").tolist() == [0, 1, 2, 3]
    assert weigh([1, 2, 3, 4], "paper").tolist() == [1, 2, 3, 4]


@given(st.lists(st.tuples(st.lists(st.integers(1, 3), min_size=9, max_size=9), finite), max_size=5))
def test_capability_scores_lie_between_the_games_scores(
    games: list[tuple[list[int], float]],
) -> None:
    pairs = [(of_degrees(d), s) for d, s in games]
    for weights in WEIGHTS:
        found = analyze_capabilities(pairs, weights)
        for place, value in enumerate(found.values()):
            counted = [s for d, s in games if weigh(d[place], weights)]
            if not counted:
                assert value is None
            else:
                assert value is not None
                assert min(counted) - 1e-6 <= value <= max(counted) + 1e-6


# A game's score


def test_a_game_is_summed_up() -> None:
    records = [
        episode(3.0, 0, completed=True, return_=100.0, invalid={"empty": 2}, rejected={"empty": 4}),
        episode(1.0, 1, invalid={"empty": 1, "ambiguous": 2}, calls=3, usage=Usage(5, 1, 2, 0)),
        episode(None, 2, steps=7, invalid={"empty": 7}, calls=2, usage=Usage(1, 0, 1, 0)),
    ]
    found = score_game(get_card("Hanoi3Disk"), records, planned=4, steps_limit=30)
    assert (found.episodes, found.planned, found.steps) == (2, 4, 20)
    assert found.unscored == {"ModelError: no reply": 1}
    assert found.score is not None
    assert found.score.mean == 2
    assert found.normalized is not None
    assert found.normalized.mean == pytest.approx(2 / 3)
    assert found.corrected is not None
    assert found.corrected.mean == pytest.approx((2 - 0.836) / (3 - 0.836))
    assert found.return_mean == 50
    assert found.completed == 0.5
    assert found.invalid == {"empty": 3 / 20, "ambiguous": 2 / 20}
    assert found.invalid_rate == pytest.approx(0.25)
    assert found.rejected == {"empty": 4}
    assert (found.calls, found.usage) == (5, Usage(6, 1, 3, 0))
    assert not found.shortened
    assert score_game(get_card("Hanoi3Disk"), records, 4, 29).shortened


def test_nothing_scored_is_none_not_zero() -> None:
    found = score_game(get_card("Hanoi3Disk"), [episode(None)], planned=1, steps_limit=30)
    assert found.score is None
    assert found.normalized is None
    assert found.corrected is None
    assert found.return_mean is None
    assert found.completed is None
    assert found.invalid_rate is None
    assert score_game(get_card("Hanoi3Disk"), [], 1, 30).unscored == {}


def test_a_score_of_zero_is_a_score() -> None:
    found = score_game(get_card("Hanoi3Disk"), [episode(0.0), episode(0.0, 1)], 2, 30)
    assert found.score == mean_interval([0.0, 0.0], Bounds(0, 3))
    assert found.score.low == 0
    assert found.score.high
    assert found.score.high < 3
    assert found.normalized == found.score.scaled(0, 3)


def test_scales_without_an_end_are_none() -> None:
    level = Measured(mean=1.0, low=0.9, high=1.1, episodes=10)
    for anchors in (Anchors(), Anchors(optimum=3.0), Anchors(optimum=1.0, random=level)):
        found = score_game(card(anchors=anchors), [episode(2.0), episode(1.0, 1)], 2, 30)
        assert found.score is not None
        assert found.normalized is None
        assert found.corrected is None


def test_further_scores() -> None:
    records = [episode(1.0, 0, scores={"a": 1.0}), episode(2.0, 1, scores={"a": 3.0, "b": 5.0})]
    found = score_game(get_card("Hanoi3Disk"), records, 2, 30).further
    assert found["a"].mean == 2.0
    assert found["b"] == Interval(5.0)


# Capability scores


def test_capabilities_with_reasons() -> None:
    planner = demanding("Planner", planning=3)
    odds = demanding("Odds", understanding_the_odds=2, planning=2)
    scores = {planner.id: Interval(0.5, 0.1, 0.9), odds.id: Interval(0.5, 0.2, 0.8)}
    found = {score.capability: score for score in score_capabilities([planner, odds], scores)}
    assert list(found) == [str(capability) for capability in Capability]
    planning = found["Planning"].scores["shipped"]
    assert planning is not None
    assert planning.mean == 0.5
    assert found["Planning"].covers == {planner.id: 2, odds.id: 1}
    assert found["Planning"].reason == ""
    assert found["Understanding the Odds"].scores["shipped"] == scores[odds.id]
    spatial = found["Spatial Reasoning"]
    assert spatial.scores["shipped"] is None
    assert spatial.scores["paper"] is not None
    assert spatial.covers == {}
    assert spatial.reason == "no played game demands it"
    nothing = score_capabilities([planner], {})
    assert {score.reason for score in nothing} == {"no game has a normalised score"}
    assert {value for score in nothing for value in score.scores.values()} == {None}


def test_a_capabilitys_interval_does_not_depend_on_the_others() -> None:
    one, other = demanding("A", planning=2), demanding("B", reasoning=2)
    scores = {one.id: Interval(0.5, 0.1, 0.8), other.id: Interval(0.5)}
    together = {s.capability: s for s in score_capabilities([one, other], scores)}
    alone = {s.capability: s for s in score_capabilities([one], scores)}
    assert alone["Planning"].scores["shipped"] == scores[one.id]
    assert together["Planning"].scores["shipped"] == alone["Planning"].scores["shipped"]


# What games can tell apart


def test_separability() -> None:
    one = demanding("A", planning=2, reasoning=3)
    other = demanding("B", planning=3, reasoning=3, spatial_reasoning=2)
    found = separability([one])
    assert found.rank == 1
    assert found.groups == [["Reasoning", "Planning"]], "proportional weights give equal scores"
    assert separability([one, other]).groups == []
    assert separability([one, other]).rank == 2
    assert separability([]) == msgspec.convert({"rank": 0, "groups": []}, type(found))
    assert separability([demanding("C")]).rank == 0


@given(st.lists(st.lists(st.integers(1, 3), min_size=9, max_size=9), min_size=1, max_size=4))
def test_grouped_capabilities_have_equal_scores(degrees: list[list[int]]) -> None:
    games = [of_degrees(row) for row in degrees]
    draw = np.random.default_rng(0)
    scores = analyze_capabilities([(game, float(draw.random())) for game in games])
    for group in separability(games).groups:
        values = [scores[name] for name in group]
        assert None not in values
        assert np.ptp(np.array(values, dtype=float)) < 1e-9
