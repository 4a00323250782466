"""The `observation` setting of every game: text, picture, or both."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from PIL import Image

from smartplay.agents.context import Observation
from smartplay.agents.llm import LLMAgent
from smartplay.cards.card import GameCard
from smartplay.core.errors import UnknownNameError
from smartplay.models import open_model
from smartplay.models.base import Model
from smartplay.records import Call
from tests.fake_server import Answer, FakeServer, openai_body
from tests.golden import all_cards
from tests.lent import context, lend

IMAGE_PART = {"openai": "image_url", "anthropic": "image"}

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


def test_models_are_sent_pictures_in_their_own_format(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-none")
    picture = np.full((6, 5, 3), 77, dtype=np.uint8)
    observation = Observation("Look.", image=picture)
    for kind in ("openai", "anthropic"):
        with FakeServer() as server:
            body = b'{"content": [{"type": "text", "text": "Rock"}], "stop_reason": "end_turn"}'
            server.then(
                Answer(body=body) if kind == "anthropic" else Answer(body=openai_body("Rock"))
            )
            url = server.url if kind == "openai" else server.url.removesuffix("/v1")
            model = open_model(f"{kind}:fake", base_url=url, max_retries=0, timeout=5.0)
            call = asyncio.run(_act_once(model, observation))
            content = server.requests[0]["messages"][-1]["content"]
        assert [part["type"] for part in content] == ["text", IMAGE_PART[kind]]
        sent = content[1]
        data = sent["source"]["data"] if kind == "anthropic" else sent["image_url"]["url"]
        png = base64.b64decode(data.removeprefix("data:image/png;base64,"))
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(png))), picture)
        recorded = call.messages[-1]["content"][1]["image_url"]["url"]
        assert recorded == f"sha256:{hashlib.sha256(png).hexdigest()}"


async def _act_once(model: Model, observation: Observation) -> Call:
    models = lend(model)
    try:
        await LLMAgent(context(models=models)).act(observation)
    finally:
        await model.aclose()
    (call,) = models.take()
    return call
