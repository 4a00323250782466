"""Slot machines: the odds, the score, the words."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from smartplay.games.bandit import BanditEnv
from tests.small_games import ARMS, make, near


@pytest.mark.parametrize("name", ARMS)
def test_bandit_odds_are_those_of_the_original(name: str) -> None:
    env = make(name, max_episode_steps=-1)
    firsts: Counter[float] = Counter()
    for seed in range(200):
        _, info = env.reset(seed=seed)
        told = info["state"]["probabilities"]
        assert sorted(told) == sorted(ARMS[name])
        assert info["state"]["optimal"] == told.index(max(told))
        firsts[told[0]] += 1
    assert near(firsts[ARMS[name][0]], 200, 0.5), "the machines are not shuffled evenly"
    _, info = env.reset(seed=0)
    for machine, probability in enumerate(info["state"]["probabilities"]):
        rewards = Counter(env.step(machine)[1] for _ in range(2000))
        assert set(rewards) <= {1.0, -1.0}
        assert near(rewards[1.0], 2000, probability)


def test_bandit_score_counts_pulls_of_the_better_machine_whatever_comes_out() -> None:
    env = make("BanditTwoArmedHighLowFixed")
    _, info = env.reset(seed=4)
    optimal = info["state"]["optimal"]
    expected = 0
    for step in range(50):
        action = optimal if step % 3 else 1 - optimal
        expected += action == optimal
        text, reward, terminated, truncated, info = env.step(action)
        assert (info["score"], terminated, truncated) == (expected, False, step == 49)
        outcome = "won 1 point" if reward == 1 else "lost 1 point"
        assert text == f"Round {step + 1}: you pulled slot machine {action + 1} and {outcome}."
        assert info["completed"] is False


def test_equally_good_machines_all_count() -> None:
    env = BanditEnv(arms=(0.5, 0.1, 0.5))
    env.reset(seed=0)
    for machine in range(3):
        env.step(machine)
    assert env.score == 2


def test_a_reset_does_not_spoil_the_arms_given() -> None:
    arms = [0.1, 0.2, 0.3, 0.4]
    env = BanditEnv(arms=arms)
    for seed in range(5):
        env.reset(seed=seed)
    assert arms == [0.1, 0.2, 0.3, 0.4]
    env.probabilities.sort()
    assert env.arms == [0.1, 0.2, 0.3, 0.4]


def test_bandit_manual() -> None:
    for arms in ([0.5, 0.5], [0.1] * 7):
        env = make("Bandit", arms=arms, max_episode_steps=12)
        _, info = env.reset(seed=0)
        assert f"There are {len(arms)} slot machines" in info["manual"]
        assert f"from 1 to {len(arms)}" in info["manual"]
        assert "exactly 12 rounds" in info["manual"]
        assert not re.search(r"0\.\d", info["manual"]), "the manual tells the odds"
        assert info["actions"] == [f"Pull slot machine {k + 1}" for k in range(len(arms))]
