"""Several replies to one question, their temperatures and their seeds."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest

from smartplay.core.errors import ModelError, TransientError, UsageError
from smartplay.models import open_model
from smartplay.models.base import Model, sample_seed, together
from smartplay.records import Call, Usage
from tests.fake_server import Answer, FakeServer, error_body, openai_body, openai_model

TALK = [{"role": "user", "content": "Now?"}]


def ask(model: Model, **options: Any) -> list[Call]:
    async def once() -> list[Call]:
        try:
            return await model.chat(TALK, **options)
        finally:
            await model.aclose()

    return asyncio.run(once())


def several(*texts: str) -> bytes:
    body = json.loads(openai_body(""))
    body["choices"] = [
        {"index": k, "message": {"content": text}, "finish_reason": "stop"}
        for k, text in enumerate(texts)
    ]
    return json.dumps(body).encode()


def by_seed(request: dict[str, Any]) -> str:
    return f"seed {request.get('seed')}"


def test_seeds_of_samples() -> None:
    seeds = [sample_seed(7, k) for k in range(100)]
    assert seeds[0] == 7, "the first sample keeps the seed"
    assert len(set(seeds)) == 100
    assert all(0 <= seed < 2**31 for seed in seeds)
    assert seeds[1:] != [sample_seed(8, k) for k in range(1, 100)]
    assert sample_seed(0, 1) == 904_525_415, "a resumed run asks with the same seeds"


def test_samples_come_in_order(server: FakeServer) -> None:
    server.answer(by_seed)
    calls = ask(
        openai_model(server, temperature=1, seed="episode"), samples=4, seed=5, label="vote"
    )
    assert [call.text for call in calls] == [f"seed {sample_seed(5, k)}" for k in range(4)]
    assert [(call.sample, call.label, call.asked) for call in calls] == [
        (k, "vote", "openai:fake") for k in range(4)
    ]


def test_samples_are_asked_at_once(server: FakeServer) -> None:
    server.then(*[Answer(body=openai_body("Rock"), delay=0.4)] * 8)
    began = time.monotonic()
    ask(openai_model(server, temperature=1), samples=8)
    assert time.monotonic() - began < 1.6


@pytest.mark.parametrize(
    ("setting", "seed", "sent"),
    [("episode", 5, 5), ("episode", None, None), (3, 5, 5), (None, 5, 5), (3, None, 3)],
)
def test_which_seed_is_sent(server: FakeServer, setting: Any, seed: Any, sent: Any) -> None:
    ask(openai_model(server, seed=setting), seed=seed)
    assert server.requests[0].get("seed") == sent


def test_the_temperature_can_be_another(server: FakeServer) -> None:
    model = openai_model(server, temperature=0.2)
    for options in ({}, {"temperature": 0.9}, {"temperature": None}):
        ask(model, **options)
    assert [request.get("temperature") for request in server.requests] == [0.2, 0.9, None]


def test_samples_that_would_be_alike_are_refused(server: FakeServer) -> None:
    model = openai_model(server)
    with pytest.raises(
        UsageError, match=r"3 samples at temperature 0 .* set a temperature above 0"
    ):
        ask(model, samples=3)
    with pytest.raises(UsageError, match="1 or more, not 0"):
        ask(model, samples=0)
    assert not server.requests
    assert len(ask(model, samples=3, temperature=None)) == 3, "the service decides"


def test_samples_where_no_temperature_can_be_set(server: FakeServer) -> None:
    reply = {"content": [{"type": "text", "text": "Rock"}], "stop_reason": "end_turn", "usage": {}}
    server.then(*[Answer(body=json.dumps(reply).encode())] * 4)
    url = server.url.removesuffix("/v1")
    model = open_model("anthropic:fake", base_url=url, samples_per_request=True)
    assert [call.text for call in ask(model, samples=2, temperature=0)] == ["Rock"] * 2
    ask(model, samples=2, temperature=0.5)
    assert all("temperature" not in request for request in server.requests)
    assert [note for note in model.notes if "temperature" in note] == [
        "anthropic:fake takes no temperature: the service decides"
    ]


def test_one_request_for_all_samples(server: FakeServer) -> None:
    server.then(Answer(body=several("a", "b", "c")))
    model = openai_model(server, temperature=1, samples_per_request=True, seed=9)
    calls = ask(model, samples=3)
    assert [(call.text, call.sample) for call in calls] == [("a", 0), ("b", 1), ("c", 2)]
    assert [(request["n"], request["seed"]) for request in server.requests] == [(3, 9)]
    billed = Usage(prompt=100, cached=60, completion=7, reasoning=3)
    assert [call.usage for call in calls] == [billed, Usage(), Usage()]


def test_samples_the_service_leaves_out_are_asked_for(server: FakeServer) -> None:
    server.then(Answer(body=several("a", "b")))
    server.answer(by_seed)
    model = openai_model(server, temperature=1, samples_per_request=True, seed=9)
    calls = ask(model, samples=4)
    wanted = ["a", "b", f"seed {sample_seed(9, 2)}", f"seed {sample_seed(9, 3)}"]
    assert [call.text for call in calls] == wanted
    assert [call.sample for call in calls] == [0, 1, 2, 3]


def test_more_samples_than_asked_for_are_not_taken(server: FakeServer) -> None:
    server.then(Answer(body=several("a", "b", "c", "d")))
    model = openai_model(server, temperature=1, samples_per_request=True)
    assert [call.text for call in ask(model, samples=2)] == ["a", "b"]


def test_a_service_that_takes_no_n(server: FakeServer) -> None:
    server.then(Answer(400, error_body("Unsupported parameter: 'n' is not supported.")))
    model = openai_model(server, temperature=1, samples_per_request=True)
    assert len(ask(model, samples=2)) == 2
    assert len(ask(model, samples=2)) == 2
    assert [request.get("n") for request in server.requests] == [2, None, None, None, None]
    assert len(model.notes) == 1


def test_the_first_error_is_raised_as_itself(server: FakeServer) -> None:
    server.then(Answer(400, error_body("bad request")), *[Answer(delay=3.0)] * 5)
    began = time.monotonic()
    with pytest.raises(ModelError, match="bad request"):
        ask(openai_model(server, temperature=1), samples=6)
    assert time.monotonic() - began < 2.5, "the others are not waited for"


def test_the_others_are_cancelled_and_awaited() -> None:
    ended: list[str] = []

    class Stop(BaseException):
        pass

    async def slow() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0)
            ended.append("slow")

    async def fails(error: BaseException) -> None:
        await asyncio.sleep(0)
        raise error

    for error in (TransientError("oops"), Stop()):
        with pytest.raises(type(error)) as caught:
            asyncio.run(together([slow(), fails(error), slow()]))
        assert caught.value is error
    assert ended == ["slow"] * 4


def test_a_question_that_is_cancelled_leaves_nothing_behind() -> None:
    ended: list[int] = []

    async def slow() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(1)

    async def body() -> None:
        task = asyncio.ensure_future(together([slow(), slow()]))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(body())
    assert ended == [1, 1]
