"""The `observation` setting of every game: text, picture, or both."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from smartplay.card import GameCard
from smartplay.errors import UnknownNameError
from tests.golden import all_cards

FIRST_OF_FAMILY = list({card.family: card for card in reversed(all_cards())}.values())


@pytest.mark.parametrize("card", FIRST_OF_FAMILY, ids=lambda card: card.name)
def test_pictures_as_observations(card: GameCard) -> None:
    text = gym.make(card.id)
    image: Any = gym.make(card.id, observation="image")
    both: Any = gym.make(card.id, observation="both")
    words, info = text.reset(seed=4)
    picture, image_info = image.reset(seed=4)
    pair, _ = both.reset(seed=4)
    for _ in range(3):
        assert image.observation_space.contains(picture)
        assert both.observation_space.contains(pair)
        assert image_info["obs"] == info["obs"] == words == pair["text"]
        np.testing.assert_array_equal(picture, pair["image"])
        words, _, terminated, _, info = text.step(0)
        picture, _, _, _, image_info = image.step(0)
        pair = both.step(0)[0]
        if terminated:
            break
    for env in (text, image, both):
        env.close()


def test_unknown_observation() -> None:
    with pytest.raises(UnknownNameError, match="did you mean text"):
        gym.make("smartplay/Hanoi3Disk-v0", observation="texts")
