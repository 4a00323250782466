"""Tower of Hanoi: the rules, the words, the shortest way."""

from __future__ import annotations

import re
from collections import Counter, deque
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartplay.agents.context import Observation
from smartplay.agents.reference import reference
from smartplay.agents.reference.hanoi import next_move
from smartplay.games.hanoi import MOVES, HanoiEnv
from tests.small_games import make, near


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
