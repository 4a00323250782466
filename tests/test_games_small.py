"""Slot machines, rock-paper-scissors and Tower of Hanoi: the rules, the odds, the words."""

from __future__ import annotations

import itertools
import math
import random
import re
from collections import Counter, deque
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartplay.agents.base import Observation
from smartplay.agents.reference import reference
from smartplay.agents.reference.hanoi import next_move
from smartplay.games.bandit import BanditEnv
from smartplay.games.hanoi import MOVES, HanoiEnv
from smartplay.games.rock_paper_scissors import OPTIONS, RockPaperScissorsEnv, beats
from smartplay.registry import get_card


def make(name: str, **settings: Any) -> gym.Env[Any, Any]:
    return gym.make(f"smartplay/{name}-v0", disable_env_checker=True, **settings)


def near(count: int, of: int, probability: float) -> bool:
    """Whether a count lies within five standard deviations of its expectation."""
    spread = math.sqrt(of * probability * (1 - probability))
    return abs(count - of * probability) <= 5 * spread + 1e-9


# Slot machines

ARMS = {
    "BanditTwoArmedDeterministicFixed": (1.0, 0.0),
    "BanditTwoArmedHighLowFixed": (0.8, 0.2),
    "BanditTwoArmedHighHighFixed": (0.8, 0.9),
    "BanditTwoArmedLowLowFixed": (0.1, 0.2),
}


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


# Rock, paper, scissors


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


# Hanoi


def test_hanoi_actions_are_in_the_originals_order() -> None:
    _, info = make("Hanoi3Disk").reset(seed=0)
    moves = ["".join(re.findall(r"rod ([ABC])", name)) for name in info["actions"]]
    assert moves == ["AB", "AC", "BA", "BC", "CA", "CB"]


def play_by_the_rules(rods: list[list[int]], move: tuple[int, int]) -> bool:
    """Written apart from the game: lists of disks from bottom to top."""
    source, target = move
    if not rods[source]:
        return False
    if rods[target] and rods[target][-1] < rods[source][-1]:
        return False
    rods[target].append(rods[source].pop())
    return True


@given(st.integers(1, 5), st.lists(st.integers(0, 5), max_size=60))
def test_hanoi_plays_by_the_rules(disks: int, moves: list[int]) -> None:
    env = make("Hanoi", disks=disks, max_episode_steps=-1)
    _, info = env.reset(seed=0)
    rods: list[list[int]] = [list(range(disks, 0, -1)), [], []]
    for action in moves:
        allowed = play_by_the_rules(rods, MOVES[action])
        text, reward, terminated, truncated, info = env.step(action)
        solved = len(rods[2]) == disks
        assert info["state"]["rods"] == dict(zip("ABC", rods, strict=True))
        assert reward == (-1 if not allowed else 100 if solved else 0)
        assert (terminated, truncated, info["completed"]) == (solved, False, solved)
        assert info["score"] == len(rods[2])
        assert ("not allowed" in text) == (not allowed)
        for name, pile in zip("ABC", rods, strict=True):
            told = ", ".join(map(str, pile))
            assert (
                f"Rod {name}, from bottom to top: {told}" if pile else f"Rod {name}: empty"
            ) in text
        if solved:
            assert "solved" in text
            break


def test_native_observation_of_hanoi() -> None:
    env = HanoiEnv(disks=3)
    observation, _ = env.reset(seed=0)
    assert observation.tolist() == [0, 0, 0]
    first = env.step(1)[0]
    second = env.step(0)[0]
    assert first.tolist() == [2, 0, 0]
    assert second.tolist() == [2, 1, 0]
    first[:] = 9
    assert env.step(0)[0].tolist() == [2, 1, 0]


@pytest.mark.parametrize("noise", [0.0, 0.1, 0.5, 1.0])
def test_noise_replaces_a_move_by_one_of_all_six(noise: float) -> None:
    env = make("Hanoi", noise=noise, max_episode_steps=-1)
    native: Any = env.unwrapped
    made: Counter[int] = Counter()
    number = 3000
    env.reset(seed=0)
    for _ in range(number):
        text, _, terminated, *_ = env.step(0)
        made[MOVES.index(native.move)] += 1
        assert ("slipped" in text) == (native.move != MOVES[0])
        if "slipped" in text:
            told = re.search(r"the move made was from rod ([ABC]) to rod ([ABC])", text)
            assert told
            assert tuple("ABC".index(rod) for rod in told.groups()) == native.move
        if terminated:
            env.reset()
    assert near(made[0], number, 1 - noise * 5 / 6)
    for other in range(1, 6):
        assert near(made[other], number, noise / 6)


def test_noise_is_told_only_where_there_is_any() -> None:
    told = make("Hanoi", noise=0.07).reset(seed=0)[1]["manual"]
    assert "with a probability of 7 percent" in told
    assert "unsteady" not in make("Hanoi").reset(seed=0)[1]["manual"]


@pytest.mark.parametrize("disks", [1, 2, 5, 99])
def test_hanoi_manual(disks: int) -> None:
    _, info = make("Hanoi", disks=disks, max_episode_steps=1).reset(seed=0)
    assert f"{disks} disk{'s' if disks > 1 else ''}" in info["manual"]
    assert "You have at most 1 move." in info["manual"]
    assert f"numbered from 1 (the smallest) to {disks}" in info["manual"] or disks == 1


def shortest(start: tuple[int, ...]) -> int:
    """Moves to bring all disks to the last rod, by searching all positions."""
    goal = (2,) * len(start)
    distance, queue = {start: 0}, deque([start])
    while queue:
        position = queue.popleft()
        if position == goal:
            return distance[position]
        for source, target in MOVES:
            moving = [disk for disk, rod in enumerate(position) if rod == source]
            onto = [disk for disk, rod in enumerate(position) if rod == target]
            if moving and (not onto or onto[0] > moving[0]):
                after = (*position[: moving[0]], target, *position[moving[0] + 1 :])
                if after not in distance:
                    distance[after] = distance[position] + 1
                    queue.append(after)
    raise AssertionError("no way to the goal")


@given(st.lists(st.integers(0, 2), min_size=1, max_size=4).map(tuple))
def test_the_reference_takes_a_shortest_way_from_anywhere(start: tuple[int, ...]) -> None:
    position, moves = list(start), 0
    while set(position) != {2}:
        source, target = next_move({k + 1: "ABC"[rod] for k, rod in enumerate(position)}, "C")
        top = min(disk for disk, rod in enumerate(position) if "ABC"[rod] == source)
        assert all("ABC"[position[disk]] != target for disk in range(top)), "not allowed"
        position[top] = "ABC".index(target)
        moves += 1
    assert moves == shortest(start)


# The reference agents, and the anchors


def scores(name: str, agent: str, episodes: int) -> list[float]:
    env = make(name)
    found = []
    for seed in range(episodes):
        text, info = env.reset(seed=seed)
        draw = random.Random(seed)
        player = reference(info["manual"], info["actions"], seed) if agent == "reference" else None
        over = False
        while not over:
            if player:
                name_ = player.act(Observation(text, info["history"]))
                action = info["actions"].index(name_)
            else:
                action = draw.randrange(len(info["actions"]))
            text, _, terminated, truncated, info = env.step(action)
            over = terminated or truncated
        found.append(info["score"])
    return found


SMALL = [
    *ARMS,
    "RockPaperScissorBasic",
    "RockPaperScissorDifferentScore",
    "Hanoi3Disk",
    "Hanoi4Disk",
]


@pytest.mark.parametrize("agent", ["random", "reference"])
@pytest.mark.parametrize("name", SMALL)
def test_anchors_can_be_measured_again(name: str, agent: str) -> None:
    found = scores(name, agent, 200)
    card = get_card(name)
    anchor = card.anchors.random if agent == "random" else card.anchors.reference
    assert anchor is not None
    error = np.std(found, ddof=1) / len(found) ** 0.5
    assert abs(np.mean(found) - anchor.mean) <= 4 * error + (anchor.high - anchor.low)


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("BanditTwoArmedDeterministicFixed", 49),
        ("BanditTwoArmedHighLowFixed", 47),
        ("RockPaperScissorBasic", 43),
        ("Hanoi3Disk", 3),
        ("Hanoi4Disk", 4),
    ],
)
def test_the_reference_plays_near_the_optimum(name: str, least: float) -> None:
    assert np.mean(scores(name, "reference", 100)) >= least


@pytest.mark.parametrize("disks", [1, 2, 3, 4, 5, 7])
def test_the_reference_solves_hanoi_in_the_fewest_moves(disks: int) -> None:
    env = make("Hanoi", disks=disks, max_episode_steps=2**disks - 1)
    text, info = env.reset(seed=0)
    player = reference(info["manual"], info["actions"], 0)
    for _ in range(2**disks - 1):
        text, reward, terminated, _, info = env.step(
            info["actions"].index(player.act(Observation(text)))
        )
    assert terminated
    assert reward == 100


def test_the_reference_survives_an_unsteady_hand() -> None:
    env = make("Hanoi", noise=0.3, max_episode_steps=2000)
    for seed in range(5):
        text, info = env.reset(seed=seed)
        player = reference(info["manual"], info["actions"], 0)
        over = False
        while not over:
            action = info["actions"].index(player.act(Observation(text)))
            text, _, over, truncated, info = env.step(action)
            assert not truncated
