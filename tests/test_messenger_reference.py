"""The scripted agent of Messenger wins from the text alone, nearly as often as who knows all."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from smartplay.agents.context import Observation
from smartplay.agents.reference import reference
from smartplay.agents.reference.messenger import (
    DEPTH,
    MessengerReference,
    cast_of_five,
    cast_of_three,
    locate,
)
from smartplay.agents.reference.messenger_belief import Guess, Look, blend, place
from smartplay.agents.reference.messenger_plan import Scene, best_action, next_spots, square
from smartplay.games.messenger import deal
from smartplay.games.messenger.corpus import MEANINGS
from smartplay.games.messenger.reading import Reading
from smartplay.games.messenger.text import ACTIONS


class AllKnowing:
    """Plans like the reference agent, but is told roles, movements and exact places."""

    def __init__(self) -> None:
        self.visits = [0] * 100
        self.had = False

    def act(self, state: dict[str, Any], has_message: bool) -> int:
        if has_message != self.had:
            self.visits, self.had = [0] * 100, has_message
        where = {
            role: {(state["movements"][role], *state["lattice"][name]): 1.0}
            for role, name in state["roles"].items()
            if name in state["lattice"]
        }
        enemies = [spot for role, spot in where.items() if role not in ("message", "goal")]
        x, y = state["lattice"]["agent"]
        scene = Scene(
            x, y, has_message, where.get("message", {}), where["goal"], tuple(enemies), self.visits
        )
        self.visits[square(x, y)] += 1
        return best_action(scene, DEPTH)


def play(level: int, episodes: int, knowing: bool = False, **settings: Any) -> float:
    """Share of episodes won."""
    env = gym.make(f"smartplay/MessengerL{level}-v0", **settings)
    won = 0
    for seed in range(episodes):
        text, info = env.reset(seed=seed)
        reader = MessengerReference(info["manual"], info["actions"], seed)
        knower = AllKnowing()
        over = False
        while not over:
            if knowing:
                action = knower.act(info["state"], "You have the message." in text)
            else:
                action = info["actions"].index(reader.act(text))
            text, _, terminated, truncated, info = env.step(action)
            over = terminated or truncated
        won += info["completed"]
    return won / episodes


@pytest.mark.slow
@pytest.mark.parametrize(
    ("level", "split", "episodes", "least"),
    [
        (1, "test", 300, 1.0),
        (1, "val", 100, 1.0),
        (1, "train", 100, 1.0),
        (2, "test", 25, 0.95),
        (2, "train", 20, 0.9),
        (3, "test", 25, 0.9),
        (3, "val", 15, 0.9),
    ],
)
def test_it_wins(level: int, split: str, episodes: int, least: float) -> None:
    assert play(level, episodes, split=split) >= least


@pytest.mark.slow
@pytest.mark.parametrize("level", [2, 3])
def test_knowing_all_helps_little(level: int) -> None:
    assert play(level, 25, knowing=True) >= 0.95


def test_it_is_found_by_the_manuals_title() -> None:
    _, info = gym.make("smartplay/MessengerL2-v0").reset(seed=0)
    assert isinstance(reference(info["manual"], info["actions"], 0), MessengerReference)


@pytest.mark.parametrize("level", deal.LEVELS)
def test_it_survives_texts_it_cannot_read(tmp_path: Path, level: int) -> None:
    texts = {
        entity: {
            role: {movement: ["Nothing to see."] for movement in MEANINGS} for role in deal.ROLES
        }
        for entity in deal.ENTITIES
    }
    path = tmp_path / "texts.json"
    path.write_text(json.dumps(texts))
    play(level, 3, texts=str(path), max_episode_steps=30)


@pytest.mark.slow
@pytest.mark.parametrize("level", [2, 3])
def test_the_first_observation_tells_where_the_agent_is(level: int) -> None:
    squares = deal.STARTS[level]
    for order in permutations(squares):
        agent = (2 * order[-1][0], 2 * order[-1][1])
        lines = [
            (f"look {number}", place(agent, ("unknown", 2 * x, 2 * y)))
            for number, (x, y) in enumerate(order[:-1])
        ]
        found = locate(squares, lines)
        assert {at for at, _ in found} == {agent}
        truth = [(f"look {number}", (2 * x, 2 * y)) for number, (x, y) in enumerate(order[:-1])]
        assert truth in [spots for _, spots in found]


def test_who_is_who_of_three() -> None:
    readings = [
        Reading("dog", "message", "chaser"),
        Reading("mage", "enemy", "unknown"),
        Reading(None, "goal", "fleeing"),
    ]
    assert cast_of_three(["ship", "mage", "dog"], readings) == {
        "enemy": "mage",
        "message": "dog",
        "goal": "ship",
    }


def test_who_is_who_of_five_with_a_false_lead() -> None:
    readings = [
        Reading("mage", "goal", "chaser"),
        Reading("mage", "enemy", "fleeing"),
        Reading("dog", "message", "chaser"),
        Reading("dog", "enemy", "fleeing"),
        Reading("ship", "goal", "immovable"),
        Reading("ship", "enemy", "chaser"),
    ]
    assert cast_of_five(["ship", "mage", "dog", "dog", "ship"], readings) == {
        "mage": ["enemy"],
        "dog": ["message", "message_decoy"],
        "ship": ["goal", "goal_decoy"],
    }


def test_two_of_one_look_are_told_apart_by_how_they_move() -> None:
    roles = ["message", "message_decoy"]
    look = Look(roles, [["immovable"], ["chaser"]], [(0, 0), (18, 0)])
    assert look.belief("message") == pytest.approx(
        {("immovable", 0, 0): 0.5, ("immovable", 18, 0): 0.5}
    )
    agent = (8, 0)
    look.follow(agent, agent, [(4, "west"), (4, "east")], taken=False)
    assert set(look.belief("message")) == {("immovable", 0, 0)}
    assert set(look.belief("message_decoy")) == {("chaser", 17, 0)}


def test_a_guess_that_foretold_the_observation_wrongly_is_out() -> None:
    right = Guess({"dog": Look(["enemy"], [["immovable"]], [(0, 0)])})
    wrong = Guess({"dog": Look(["enemy"], [["immovable"]], [(18, 0)])})
    for guess in (right, wrong):
        guess.follow((8, 0), (8, 0), [("dog", (4, "west"))], taken=False)
    assert (right.weight, wrong.weight) == (1, 0)
    assert blend([right], "enemy") == {("immovable", 0, 0): 1}


def test_it_moves_the_others_as_the_world_does() -> None:
    assert set(next_spots(("chaser", 4, 4), (10, 10))) == {("chaser", 5, 4), ("chaser", 4, 5)}
    assert next_spots(("immovable", 4, 4), (10, 10)) == (("immovable", 4, 4),)
    assert set(next_spots(("fleeing", 0, 0), (10, 10))) == {("fleeing", 0, 0)}


@pytest.mark.parametrize(
    ("enemy", "expected"),
    [((0, 18), "Move East"), ((12, 10), "not Move East")],
)
def test_it_goes_for_the_goal_but_not_through_the_enemy(
    enemy: tuple[int, int], expected: str
) -> None:
    goal, danger = {("immovable", 16, 10): 1.0}, {("immovable", *enemy): 1.0}
    action = ACTIONS[best_action(Scene(10, 10, True, {}, goal, (danger,), [0] * 100), DEPTH)]
    assert (action == "Move East") == (expected == "Move East")


def test_the_reference_follows_moves_that_are_not_its_own() -> None:
    for seed in range(6):
        env = gym.make("smartplay/MessengerL2-v0", disable_env_checker=True)
        text, info = env.reset(seed=seed)
        player: Any = reference(info["manual"], info["actions"], 0)
        draw = np.random.default_rng(seed)
        world: Any = env.get_wrapper_attr("world")
        for _ in range(12):
            player.act(Observation(text))
            assert player._before == (world.x, world.y)
            text, _, over, _, info = env.step(int(draw.integers(5)))
            if over:
                break
