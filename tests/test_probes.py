"""Probes find an agent that knows the public seeds by heart, and one that trusts names."""

from __future__ import annotations

import random
from functools import partial
from typing import Any

import gymnasium as gym
import pytest

from smartplay.agents.catalog import find_agent
from smartplay.agents.context import Agent, Context, Observation
from smartplay.games.registry import get_card
from smartplay.runner.plan import episode_seeds
from smartplay.scores.intervals import Interval
from smartplay.validity.probes import PUBLIC, probe

CARD = get_card("HarborPlanning")
LEVELS, EPISODES = (2, 8), 3


class ByHeart:
    """Knows the right answer to every text it was shown before, and guesses elsewhere."""

    def __init__(self, known: dict[str, str], context: Context) -> None:
        self._known, self._actions = known, context.actions
        self._random = random.Random(context.seed)

    def act(self, observation: Observation) -> str:
        return self._known.get(str(observation)) or self._random.choice(self._actions)


class TrustsNames:
    """The reference agent, which is lost where no quay is to the left."""

    def __init__(self, context: Context) -> None:
        self._agent: Agent = find_agent("reference", {}).make(context)
        self._lost = not any("left" in name for name in context.actions)
        self._actions = context.actions

    def act(self, observation: Observation) -> Any:
        return self._actions[0] if self._lost else self._agent.act(observation)


def by_heart() -> dict[str, str]:
    known = {}
    for level in LEVELS:
        env = gym.make(CARD.id, level=level, disable_env_checker=True)
        for k in range(EPISODES):
            stream = f"{CARD.id}, level {level}"
            text, info = env.reset(seed=episode_seeds(PUBLIC, stream, k)[0])
            over = False
            while not over:
                right = info["actions"][info["state"]["right"]]
                known[text] = right
                text, _, over, _, info = env.step(info["actions"].index(right))
    return known


def spans(found: Interval, value: float) -> bool:
    assert found.low is not None
    assert found.high is not None
    return found.low <= value <= found.high


def test_an_agent_that_knows_the_seeds_by_heart_is_found() -> None:
    found = probe(partial(ByHeart, by_heart()), CARD, LEVELS, EPISODES, private=77)
    assert found.seeds.mean > 0.9
    assert not spans(found.seeds, 0)
    assert spans(found.names, 0)


def test_an_agent_that_trusts_names_is_found() -> None:
    found = probe(TrustsNames, CARD, LEVELS, EPISODES, private=77)
    assert found.names.mean > 0.9
    assert found.seeds.mean == 0
    assert spans(found.seeds, 0)


@pytest.mark.parametrize("name", ["HarborSpatialReasoning", "HarborReasoning"])
def test_the_reference_owes_nothing_to_seeds(name: str) -> None:
    make = find_agent("reference", {}).make
    assert probe(make, get_card(name), (3,), 2, private=5).seeds.mean == 0
