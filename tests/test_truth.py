"""The games' own truth: which actions are best, for analysis alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from smartplay.agents.context import Observation
from smartplay.agents.reference import reference
from smartplay.agents.reference.hanoi import next_move
from smartplay.cards.card import GameCard
from smartplay.games.hanoi import MOVES
from tests.golden import all_cards

EXACT = [
    card.name
    for card in all_cards()
    if card.family in ("contrast", "harbor", "hanoi", "t4d", "notices") or card.name in
    ("MessengerL1", "FrozenLake", "BanditTwoArmedDeterministicFixed", "RockPaperScissorBasic")
]  # fmt: skip
NONE = ("crafter", "minedojo")


IDS = {card.name: card.id for card in all_cards()}


def made(name: str, **settings: Any) -> gym.Env[Any, Any]:
    return gym.make(IDS[name], disable_env_checker=True, **settings)


def describer(env: gym.Env[Any, Any]) -> Any:
    return env.get_wrapper_attr("describer")


def played(name: str, seed: int, choose: str) -> Iterator[tuple[frozenset[int] | None, Any]]:
    """Best actions and what followed; `choose` is "best", "worst" or "any"."""
    env = made(name)
    env.reset(seed=seed)
    draw = np.random.default_rng(seed)
    over = False
    number = int(env.action_space.n)  # type: ignore[attr-defined]
    while not over:
        best = describer(env).best_actions()
        others = [
            k for k in range(number) if choose == "any" or (k in (best or ())) == (choose == "best")
        ]
        action = int(draw.choice(others or range(number)))
        result = env.step(action)
        over = result[2] or result[3]
        yield best, (action, *result)
    env.close()


@pytest.mark.parametrize("name", EXACT)
def test_who_plays_the_best_actions_reaches_the_best_score(name: str) -> None:
    card = next(card for card in all_cards() if card.name == name)
    for seed in range(3):
        *_, (_, (*_, info)) = played(name, seed, "best")
        assert card.anchors.optimum is None or info["score"] == card.anchors.optimum
        assert name != "MessengerL1" or info["completed"]


@pytest.mark.parametrize("name", ["Notices", "T4D", "ContrastReasoningHard"])
def test_who_never_plays_them_scores_nothing(name: str) -> None:
    *_, (_, (*_, info)) = played(name, 1, "worst")
    assert info["score"] == 0


@pytest.mark.parametrize("card", all_cards(), ids=lambda card: card.name)
def test_a_game_says_what_its_truth_is(card: GameCard) -> None:
    env = made(card.name)
    _, info = env.reset(seed=2)
    found = describer(env)
    best = found.best_actions()
    if card.family in NONE:
        assert (found.truth, best) == (None, None)
    elif found.truth == "agreement":
        assert card.name in ("MessengerL2", "MessengerL3")
        assert best is None
    else:
        informed = card.family in ("bandit", "rock_paper_scissors")
        assert found.truth == ("informed" if informed else "right")
        assert best is None or set(best) < set(range(len(info["actions"])))
    env.close()


def test_hanoi_has_one_best_move_everywhere_but_at_the_goal() -> None:
    for seed in range(4):
        env = made("Hanoi4Disk", max_episode_steps=60)
        _, info = env.reset(seed=seed)
        draw = np.random.default_rng(seed)
        for _ in range(60):
            rods = {d: rod for rod, pile in info["state"]["rods"].items() for d in pile}
            move = next_move(rods, "C")
            assert describer(env).best_actions() == {MOVES.index(tuple(map("ABC".index, move)))}
            *_, over, _, info = env.step(int(draw.integers(6)))
            if over:
                assert describer(env).best_actions() is None
                break


def test_messenger_1_keeps_clear_of_the_others() -> None:
    for seed in range(60):
        env = made("MessengerL1")
        text, info = env.reset(seed=seed)
        player = reference(info["manual"], info["actions"], 0)
        over = False
        while not over:
            action = info["actions"].index(player.act(Observation(text)))
            assert action in describer(env).best_actions()
            text, _, over, _, info = env.step(action)
        assert info["completed"]


@pytest.mark.parametrize("size", ["4x4", "8x8"])
def test_the_frozen_lake_is_crossed_on_a_shortest_way(size: str) -> None:
    env = made("FrozenLake", map_name=size)
    env.reset(seed=0)
    moves, over = 0, False
    while not over:
        _, reward, over, _, _ = env.step(min(describer(env).best_actions()))
        moves += 1
    assert (reward, moves) == (1.0, 2 * int(size[0]) - 2)


def test_slippery_ice_is_crossed_as_often_as_can_be() -> None:
    """From the start of the small map at most 82 of 100 reach the goal, given time enough."""
    env = made("FrozenLakeSlippery", max_episode_steps=1000)
    reached = 0.0
    for seed in range(200):
        env.reset(seed=seed)
        over = False
        while not over:
            _, reward, over, _, _ = env.step(min(describer(env).best_actions()))
        reached += float(reward)
    assert 0.75 < reached / 200 < 0.9


def test_no_agent_is_shown_the_truth() -> None:
    env = made("T4D")
    text, info = env.reset(seed=0)
    assert "best" not in " ".join(map(str, [*info, *info["state"]]))
    assert not hasattr(Observation(text), "best_actions")
