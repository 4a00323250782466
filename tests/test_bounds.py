"""The scores that cards say are possible: nobody who plays ends outside of them."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest

from smartplay.agents.catalog import find_agent
from smartplay.agents.reference import reference_class
from smartplay.cards.bounds import Bounds
from smartplay.cards.card import GameCard
from smartplay.core.errors import CardError
from smartplay.validity.anchors import play_episode
from tests.golden import all_cards
from tests.test_cards import card_with

CARDS = [card for card in all_cards() if card.playable]
SHORT, SHORTER = 40, 4


def ended(card: GameCard, agent: str, steps: int, seed: int, **settings: Any) -> float:
    """The score that an agent ends an episode with."""
    options = settings | {"max_episode_steps": steps, "disable_env_checker": True}
    with closing(gym.make(card.id, **options)) as env:
        return play_episode(env, card, find_agent(agent, {}).make, seed, seed)


@pytest.mark.slow
@pytest.mark.parametrize("card", CARDS, ids=lambda card: str(card.name))
def test_nobody_ends_outside_of_the_bounds(card: GameCard) -> None:
    agents = ["random", "constant:1", "constant:2"]
    agents += ["reference"] * (reference_class(card.title) is not None)
    most = SHORT if card.heavy else card.steps
    for steps in (most, SHORTER):
        bounds = card.bounds_within(steps)
        assert bounds.low is not None, "every shipped card says what the least score is"
        for seed, agent in enumerate(agents):
            score = ended(card, agent, steps, seed)
            assert bounds.low <= score
            assert bounds.high is None or score <= bounds.high


REACHED = [
    ("Hanoi", {"disks": 2}, 30, 2),
    ("Hanoi", {"disks": 5}, 40, 5),
    ("Bandit", {"arms": [1.0, 0.0]}, 7, 7),
    ("ContrastReasoningEasy", {}, 12, 12),
    ("HarborReasoning", {}, 36, 12),
    ("HarborReasoning", {}, 8, 2),
    ("MessengerL1", {}, 4, 1),
]


@pytest.mark.parametrize(("name", "settings", "steps", "best"), REACHED)
def test_the_greatest_score_can_be_reached(
    name: str, settings: dict[str, Any], steps: int, best: float
) -> None:
    card = next(each for each in CARDS if each.name == name)
    bounds = card.as_played(steps, settings).bounds_within(steps)
    assert bounds.high == best
    scores = [ended(card, "reference", steps, seed, **settings) for seed in range(5)]
    assert best - 1 <= max(scores) <= best


def test_the_scale_of_a_card_begins_within_its_bounds() -> None:
    for card in CARDS:
        assert (card.bounds_within(card.steps).low or 0.0) <= card.anchors.min, card.id


WRONG: list[tuple[str, str]] = [
    ("bounds = { low = 3, high = 3 }", "bounds.low must be below bounds.high"),
    ('bounds = { high = "disks" }', "bounds name 'disks', which is not a numeric setting"),
    ("bounds = { low = 0, steps_per_point = 0 }", "steps_per_point"),
    ("bounds = { least = 0 }", "unknown field `least`"),
]


@pytest.mark.parametrize(("line", "words"), WRONG)
def test_bounds_that_make_no_sense_are_refused(line: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(CardError, match=words):
        card_with(tmp_path, line)


def test_a_card_without_bounds_promises_nothing(tmp_path: Path) -> None:
    card = card_with(tmp_path, "steps = 7")
    assert card.bounds_within(7) == Bounds()
