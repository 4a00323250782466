"""The language-model agent: the conversation it holds, over a real HTTP server."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartplay.agents.catalog import find_agent
from smartplay.agents.context import Observation, Reply
from smartplay.agents.llm import LLMAgent
from smartplay.agents.methods import METHODS
from smartplay.core.errors import ModelError, PromptTooLongError, UnknownNameError, UsageError
from smartplay.models import open_model
from smartplay.models.base import Settings
from smartplay.models.pace import Pace
from smartplay.records import Call, Message
from tests.fake_server import Answer, FakeServer, error_body, openai_body
from tests.lent import context, lend

ACTIONS = ["Rock", "Paper", "Scissors"]


class Scripted:
    """A model that replies from a list, and cannot read more than `room` characters."""

    name, settings, concurrency, pace = "scripted", Settings(), 1, Pace()
    notes: list[str] = []

    def __init__(self, *replies: str, room: int = 10**9) -> None:
        self.replies, self.room = list(replies), room
        self.heard: list[list[Message]] = []
        self.fresh: list[bool] = []

    async def chat(
        self,
        messages: list[Message],
        *,
        choices: Sequence[str] | None = None,
        fresh: bool = False,
        **_: Any,
    ) -> list[Call]:
        if sum(len(m["content"]) for m in messages) > self.room:
            raise PromptTooLongError("too long")
        self.heard.append(messages)
        self.fresh.append(fresh)
        return [Call(messages=messages, text=self.replies.pop(0) if self.replies else "Rock")]

    async def aclose(self) -> None:
        pass


def play(agent: LLMAgent, *observations: Observation) -> list[Reply]:
    async def all_of_them() -> list[Reply]:
        return [await agent.act(observation) for observation in observations]

    return asyncio.run(all_of_them())


def observations(n: int, history: int) -> list[Observation]:
    texts = [f"Round {k} is over." for k in range(n)]
    return [Observation(text, texts[max(0, k - history) : k]) for k, text in enumerate(texts)]


def agent_of(model: Scripted, method: str = "direct") -> LLMAgent:
    return LLMAgent(context("The rules.", ACTIONS, models=lend(model)), METHODS[method]())


texts = st.text(max_size=5)


@settings(max_examples=30)
@given(st.lists(st.tuples(st.lists(texts, max_size=6), texts), max_size=12))
def test_a_page_says_what_the_observation_says(told: list[tuple[list[str], str]]) -> None:
    """Whatever history the game gives, though most pages are made of the page before."""
    steps = observations(5, history=3) + [Observation(text, past) for past, text in told]
    model = Scripted()
    play(agent_of(model), *steps)
    for k, (seen, messages) in enumerate(zip(steps, model.heard, strict=True)):
        oldest = max(k - len(seen.history), 0)
        pages = [*seen.history, seen.text][oldest - k - 1 :]
        want = "".join(f"Step {n}:\n{text}\n\n" for n, text in enumerate(pages, start=oldest))
        assert messages[1]["content"] == f"{want}What is your answer?"


def test_the_model_is_told_all_it_needs() -> None:
    model = Scripted()
    play(agent_of(model), *observations(3, history=10))
    system, user = (m["content"] for m in model.heard[-1])
    assert system.startswith("The rules.\n\nYour actions:\n1. Rock\n2. Paper\n3. Scissors\n\n")
    assert user == (
        "Step 0:\nRound 0 is over.\n\nStep 1:\nRound 1 is over.\n\nStep 2:\nRound 2 is over.\n\n"
        "What is your answer?"
    )


def test_prompts_grow_at_their_end_until_the_history_is_full() -> None:
    model = Scripted()
    play(agent_of(model), *observations(6, history=3))
    pages = [
        messages[1]["content"].removesuffix("What is your answer?") for messages in model.heard
    ]
    assert [late.startswith(early) for early, late in itertools.pairwise(pages)] == [
        True,
        True,
        True,
        False,
        False,
    ]
    assert pages[5].startswith("Step 2:\n"), "steps keep their numbers when the history slides"
    assert len({messages[0]["content"] for messages in model.heard}) == 1


def test_a_complaint_carries_on_the_conversation() -> None:
    model = Scripted("I like spoons.", "", "Paper")
    wrong = Observation("Go.", complaint="That is no action.")
    again = Observation("Go.", complaint="That was empty.")
    replies = play(agent_of(model), Observation("Go."), wrong, again, Observation("On.", ["Go."]))
    assert [reply.text for reply in replies] == ["I like spoons.", "", "Paper", "Rock"]
    assert model.heard[2][2:] == [
        {"role": "assistant", "content": "I like spoons."},
        {"role": "user", "content": "That is no action."},
        {"role": "assistant", "content": "(no reply)"},
        {"role": "user", "content": "That was empty."},
    ]
    assert [len(messages) for messages in model.heard] == [2, 4, 6, 2]
    assert model.heard[3][1]["content"].startswith("Step 0:\nGo.\n\nStep 1:\nOn.")


def test_think_asks_twice() -> None:
    model = Scripted("Paper beats rock.", "Answer: Paper")
    models = lend(model)
    [reply] = play(LLMAgent(context(models=models), METHODS["think"]()), Observation("Go."))
    assert (reply.text, reply.reasoning) == ("Answer: Paper", "Paper beats rock.")
    assert [len(call.messages) for call in models.take()] == [2, 4]
    assert model.heard[1][2] == {"role": "assistant", "content": "Paper beats rock."}


def test_only_the_first_call_of_an_episode_is_fresh() -> None:
    model = Scripted()
    for _ in range(2):
        play(agent_of(model), *observations(2, history=5))
    assert model.fresh == [True, False, True, False]


def test_the_oldest_steps_make_room() -> None:
    model = Scripted(room=600)
    replies = play(agent_of(model), *observations(40, history=40))
    assert len(replies) == 40
    last = model.heard[-1][1]["content"]
    assert last.startswith("(The steps before are left out, as there is no room for them.)")
    assert "Step 39:\nRound 39 is over." in last
    assert "Step 0:" not in last


def test_a_prompt_without_history_that_is_too_long_is_an_error() -> None:
    with pytest.raises(PromptTooLongError):
        play(agent_of(Scripted(room=50)), Observation("Go."))


# --- Over HTTP


def run_over_http(
    server: FakeServer, *observations: Observation, seed_of_agent: int = 7, **settings: Any
) -> tuple[list[Reply], list[Call]]:
    own = {"base_url": server.url, "max_retries": 0} | settings
    source = find_agent("openai:fake", own)
    (model,) = source.models.values()
    models = lend(model, seed=seed_of_agent)

    async def all_of_them() -> list[Reply]:
        agent: Any = source.make(context("The rules.", ACTIONS, seed_of_agent, models))
        try:
            return [await agent.act(observation) for observation in observations]
        finally:
            await model.aclose()

    return asyncio.run(all_of_them()), models.take()


def test_a_reply_over_http(server: FakeServer) -> None:
    server.then(Answer(body=openai_body("Answer: Pa", "length", reasoning_content="Hm.")))
    [reply], [call] = run_over_http(server, Observation("Go."))
    assert (reply.text, reply.truncated, reply.reasoning) == ("Answer: Pa", True, "Hm.")
    assert call.usage.prompt == 100


def test_an_episode_is_asked_with_its_seed_in_31_bits(server: FakeServer) -> None:
    for seed in (3, 3, 2**40 + 3):
        run_over_http(server, *observations(2, history=5), seed="episode", seed_of_agent=seed)
    seeds = [request["seed"] for request in server.requests]
    assert len(set(seeds[:4])) == 1, "an episode that is played again is asked otherwise"
    assert seeds[4] == seeds[5] != seeds[0]
    assert all(0 <= seed < 2**31 for seed in seeds)


def test_only_the_choice_is_constrained(server: FakeServer) -> None:
    server.say(json.dumps({"action": "Paper"}))
    run_over_http(server, Observation("Go."), protocol="think", constrained=True)
    assert ["response_format" in request for request in server.requests] == [False, True]


def test_a_long_prompt_is_shortened_over_http(server: FakeServer) -> None:
    server.then(Answer(body=openai_body("Rock")), Answer(400, error_body("maximum context length")))
    run_over_http(server, *observations(2, history=5))
    contents = [request["messages"][1]["content"] for request in server.requests]
    assert "Step 0" in contents[1]
    assert "Step 0" not in contents[2]


def test_a_failed_call_is_a_model_error(server: FakeServer) -> None:
    server.then(Answer(503))
    with pytest.raises(ModelError, match="status 503"):
        run_over_http(server, Observation("Go."))


# --- By name


def test_the_source_says_what_it_is(server: FakeServer) -> None:
    source = find_agent("openai:fake", {"base_url": server.url, "temperature": 0.5})
    assert json.loads(json.dumps(source.settings)) == source.settings
    assert source.settings["model"] == "openai:fake"
    assert source.settings["protocol"] == "direct"
    assert source.settings["temperature"] == 0.5
    (model,) = source.models.values()
    assert (source.asynchronous, model.concurrency) == (True, 128)


@pytest.mark.parametrize(
    ("kind", "model", "settings", "error"),
    [
        ("opneai", "x", {}, UnknownNameError),
        ("openai", "x", {"colour": 1}, UnknownNameError),
        ("openai", "", {}, UsageError),
        ("local", "no/such/file.gguf", {}, UsageError),
        ("local", "", {"base_url": "http://localhost"}, UsageError),
    ],
)
def test_wrong_names_are_refused(
    kind: str, model: str, settings: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        open_model(f"{kind}:{model}", **settings)


def test_a_wrong_protocol_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="protocol 'shout'"):
        find_agent("openai:x", {"protocol": "shout"})
