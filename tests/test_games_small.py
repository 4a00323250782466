"""The small games' reference agents, and their anchors."""

from __future__ import annotations

import random

import numpy as np
import pytest

from smartplay.agents.context import Observation
from smartplay.agents.reference import reference
from smartplay.games.registry import get_card
from tests.small_games import ARMS, make


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
    assert anchor.low is not None
    assert anchor.high is not None
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
