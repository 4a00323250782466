"""Rock, paper, scissors: who wins, the opponent, the words."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartplay.games.rock_paper_scissors import OPTIONS, RockPaperScissorsEnv, beats
from tests.small_games import make, near


@pytest.mark.parametrize(("own", "other"), list(itertools.product(range(3), repeat=2)))
def test_who_beats_whom(own: int, other: int) -> None:
    winners = {("Rock", "Scissors"), ("Paper", "Rock"), ("Scissors", "Paper")}
    assert beats(own, other) == ((OPTIONS[own], OPTIONS[other]) in winners)


@pytest.mark.parametrize(
    ("name", "distribution", "values"),
    [
        ("RockPaperScissorBasic", (0.2, 0.2, 0.6), (1, 1, 1)),
        ("RockPaperScissorDifferentScore", (0.3, 0.3, 0.4), (1, 2, 1)),
    ],
)
def test_the_opponent_is_the_originals(
    name: str, distribution: tuple[float, ...], values: tuple[float, ...]
) -> None:
    env = make(name, max_episode_steps=-1)
    orders: Counter[tuple[Any, ...]] = Counter()
    for seed in range(600):
        state = env.reset(seed=seed)[1]["state"]
        pairs = tuple(zip(state["probabilities"], state["values"], strict=True))
        assert sorted(pairs) == sorted(zip(distribution, map(float, values), strict=True)), (
            "values and probabilities are not shuffled together"
        )
        orders[pairs] += 1
    kinds = len(set(itertools.permutations(zip(distribution, values, strict=True))))
    assert len(orders) == kinds
    assert all(near(count, 600, 1 / kinds) for count in orders.values())
    state = env.reset(seed=1)[1]["state"]
    drawn = Counter(re.findall(r"opponent chose (\w+)", env.step(0)[0])[0] for _ in range(3000))
    for option, probability in zip(OPTIONS, state["probabilities"], strict=True):
        assert near(drawn[option], 3000, probability)


@given(
    st.lists(st.integers(0, 10), min_size=3, max_size=3).filter(any),
    st.lists(st.integers(0, 5), min_size=3, max_size=3),
    st.integers(0, 10**6),
)
def test_rewards_and_the_best_option(parts: list[int], values: list[int], seed: int) -> None:
    distribution = [part / sum(parts) for part in parts]
    env = RockPaperScissorsEnv(distribution, values)
    env.reset(seed=seed)
    expected = [
        sum(
            probability * (env.values[own] if beats(own, other) else 0)
            - probability * (env.values[other] if beats(other, own) else 0)
            for other, probability in enumerate(env.probabilities)
        )
        for own in range(3)
    ]
    assert expected[env.optimal] == pytest.approx(max(expected))
    score = 0
    for own in range(3):
        other, reward, *_ = env.step(own)
        assert env.probabilities[other] > 0, "the opponent chose what it never chooses"
        won, lost = beats(own, other), beats(other, own)
        assert reward == (env.values[own] if won else -env.values[other] if lost else 0)
        score += expected[own] >= max(expected) - 1e-9
    assert env.score == score


def test_different_score_is_told_truly() -> None:
    env = make("RockPaperScissorDifferentScore")
    seen = set()
    for seed in range(12):
        _, info = env.reset(seed=seed)
        told = re.search(
            r"A win with rock is worth (\d) points?, with paper (\d) points? and with scissors "
            r"(\d) points?\.",
            info["manual"],
        )
        assert told, info["manual"]
        assert [float(value) for value in told.groups()] == info["state"]["values"]
        seen.add(told.groups())
        for action in (0, 1, 2) * 5:
            text, paid, *_ = env.step(action)
            reward = float(paid)
            own, other = re.findall(r"chose (\w+)", text)
            values = dict(zip(OPTIONS, info["state"]["values"], strict=True))
            if reward > 0:
                assert reward == values[own]
                assert f"You won {reward:g} point" in text
            elif reward < 0:
                assert reward == -values[other]
                assert f"You lost {-reward:g} point" in text
            else:
                assert own == other
                assert text.endswith("It is a tie: 0 points.")
    assert len(seen) == 3


@pytest.mark.parametrize("value", [1234567, 0.1, 2.5, 123456.789, 0, 1])
def test_values_are_told_in_full(value: float) -> None:
    env = make("RockPaperScissor", values=[value, 3, 3])
    _, info = env.reset(seed=0)
    told = [float(text) for text in re.findall(r"([\d.e+-]+) points?(?=[,. ])", info["manual"])]
    assert sorted(told[:3]) == sorted([value, 3, 3])
    text = env.step(0)[0]
    assert "1 points" not in re.sub(r"[\d.]1 points", "", text + info["manual"])


def test_the_opponents_odds_are_not_told() -> None:
    env = make("RockPaperScissorBasic")
    _, info = env.reset(seed=0)
    texts = info["manual"] + "".join(env.step(0)[0] for _ in range(50))
    assert not re.search(r"0\.\d", texts)
