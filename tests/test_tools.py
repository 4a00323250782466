"""The protocols `chat` and `tools`: conversations that only grow, over a real HTTP server."""

from __future__ import annotations

import asyncio
import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import smartplay
from smartplay import Run
from smartplay.agents.context import Observation
from smartplay.agents.llm import LLMAgent
from smartplay.agents.methods import METHODS
from smartplay.agents.methods.chat import chosen
from smartplay.leaderboard.verify import verify_run
from smartplay.models import open_model
from smartplay.models.base import Model
from smartplay.records import Call, ToolCall
from smartplay.records.folder import RunFolder
from tests.fake_server import (
    Answer,
    FakeServer,
    anthropic_body,
    error_body,
    openai_body,
    openai_call,
)
from tests.lent import context, lend
from tests.test_models_meanings import events

ROCK, HANOI = "RockPaperScissorBasic", "Hanoi3Disk"
KINDS = ("openai", "anthropic")


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-none")


def model_of(kind: str, server: FakeServer, **settings: Any) -> Model:
    url = server.url if kind == "openai" else server.url.removesuffix("/v1")
    return open_model(f"{kind}:fake", base_url=url, max_retries=0, timeout=10.0, **settings)


def play(kind: str, server: FakeServer, out: Path, method: str, **settings: Any) -> Run:
    url = server.url if kind == "openai" else server.url.removesuffix("/v1")
    told = {"base_url": url, "method": method, "max_retries": 0} | settings
    games, steps = settings.pop("games", ROCK), settings.pop("steps", 4)
    return smartplay.run(f"{kind}:fake", games, episodes=1, steps=steps, out=out, progress=False,
                         agent_settings={k: told[k] for k in told if k not in ("games", "steps")},
                         )  # fmt: skip


def calls_of(run: Run) -> list[Call]:
    _, steps = RunFolder(run.path).steps(run.episodes[0].game, 0)
    return [call for step in steps for call in step.calls]


# chat


@pytest.mark.parametrize("kind", KINDS)
def test_a_chat_only_grows(kind: str, server: FakeServer, tmp_path: Path) -> None:
    replies = iter(["I take it.\nAnswer: Rock", "No idea", "Answer: Paper", *3 * ["Rock"]])
    server.answer(lambda request: next(replies))
    run = play(kind, server, tmp_path / "run", "chat")
    sent = [request["messages"] for request in server.requests]
    for early, late in itertools.pairwise(sent):
        assert late[: len(early)] == early
        assert [message["role"] for message in late[len(early) :]] == ["assistant", "user"]
    assert sent[1][-2]["content"] == "I take it.\nAnswer: Rock"
    assert sent[1][-1]["content"].startswith("Step 1:\n")
    assert "did not name one" in sent[2][-1]["content"], "a complaint is said in its place"
    assert sum("Step 0:" in str(message) for message in sent[-1]) == 1, "nothing is told twice"
    assert run.header.agent_settings["protocol"] == "chat"
    assert verify_run(run.path).verified


@pytest.mark.parametrize("method", ["chat", "tools"])
def test_the_older_half_is_left_out_if_there_is_no_room(
    method: str, server: FakeServer, tmp_path: Path
) -> None:
    full = Answer(400, error_body("too long", "context_length_exceeded"))
    told: Any = "Answer: Rock" if method == "chat" else {"action": "Rock"}
    server.answer(lambda request: told)
    fitting = Answer(body=openai_body("Answer: Rock"))
    if method == "tools":
        calls = [openai_call("act", {"action": "Rock"})]
        fitting = Answer(body=openai_body(None, "tool_calls", tool_calls=calls))
    server.then(fitting, fitting, fitting, full)
    play("openai", server, tmp_path / "run", method, steps=6)
    before, after = server.requests[3]["messages"], server.requests[4]["messages"]
    assert len(after) < len(before)
    assert [message["role"] for message in after[:3]] == ["system", "user", "assistant"]
    note, told = after[1]["content"].split("\n\n", 1)
    assert note == "(The steps before are left out, as there is no room for them.)"
    assert told.startswith("Step 2:\n"), "the result of a call that is gone is told as text"
    assert after[-1] == before[-1]
    assert server.requests[5]["messages"][: len(after)] == after


def test_a_chat_that_never_fits_fails(server: FakeServer, tmp_path: Path) -> None:
    server.then(*5 * [Answer(400, error_body("too long", "context_length_exceeded"))])
    run = play("openai", server, tmp_path / "run", "chat")
    assert "PromptTooLongError" in (run.episodes[0].error or "")
    assert len(server.requests) == 1


# tools


@pytest.mark.parametrize("kind", KINDS)
def test_actions_are_calls(kind: str, server: FakeServer, tmp_path: Path) -> None:
    actions = iter(["Rock", "Paper", "Scissors", "Rock"])
    server.answer(lambda request: {"action": next(actions)})
    run = play(kind, server, tmp_path / "run", "tools")
    _, steps = RunFolder(run.path).steps(run.episodes[0].game, 0)
    assert [step.name for step in steps] == ["Rock", "Paper", "Scissors", "Rock"]
    assert not run.episodes[0].rejected
    called = [call.tools for call in calls_of(run)]
    assert [json.loads(tool.arguments)["action"] for [tool] in called] == [s.name for s in steps]
    assert all(tool.name == "act" for [tool] in called)
    assert all(call.finish == "tool" for call in calls_of(run))
    last = server.requests[-1]
    if kind == "openai":
        tool = last["tools"][0]["function"]
        assert (tool["name"], last["tool_choice"]) == ("act", "auto")
        assert tool["parameters"]["properties"]["action"]["enum"] == ["Rock", "Paper", "Scissors"]
        told, result = last["messages"][-2:]
        assert told["tool_calls"][0]["function"]["name"] == "act"
        assert (result["role"], result["tool_call_id"]) == ("tool", told["tool_calls"][0]["id"])
        assert result["content"].startswith("Step 3:\n")
    else:
        assert last["tools"][0]["input_schema"]["required"] == ["action"]
        assert last["tool_choice"]["type"] == "auto"
        [use], [result] = (message["content"] for message in last["messages"][-2:])
        assert (use["type"], use["input"]) == ("tool_use", {"action": "Scissors"})
        assert (result["type"], result["tool_use_id"]) == ("tool_result", use["id"])
        assert result["content"].startswith("Step 3:\n")
    assert run.header.agent_settings["protocol"] == "tools"
    assert verify_run(run.path).verified


@pytest.mark.parametrize("kind", KINDS)
def test_constrained_models_must_call(kind: str, server: FakeServer, tmp_path: Path) -> None:
    server.answer(lambda request: {"action": "Rock"})
    play(kind, server, tmp_path / "run", "tools", constrained=True)
    sent = server.requests[0]
    assert not {"response_format", "output_config"} & set(sent)
    choice = sent["tool_choice"]
    assert choice == "required" if kind == "openai" else choice["type"] == "any"


@pytest.mark.parametrize("kind", KINDS)
def test_a_reply_without_a_call_is_read(kind: str, server: FakeServer, tmp_path: Path) -> None:
    replies: Any = iter(["Answer: Paper", {"action": "Dynamite"}, {"action": "Rock"}, "", "Rock"])
    server.answer(lambda request: next(replies))
    run = play(kind, server, tmp_path / "run", "tools", steps=3)
    _, steps = RunFolder(run.path).steps(run.episodes[0].game, 0)
    assert [step.name for step in steps] == ["Paper", "Rock", "Rock"]
    assert run.episodes[0].rejected == {"unparsable": 1, "empty": 1}
    complaint = server.requests[2]["messages"][-1]
    assert "did not name one" in str(complaint["content"])
    assert complaint["role"] == ("tool" if kind == "openai" else "user")


def test_of_several_calls_the_first_counts(server: FakeServer, tmp_path: Path) -> None:
    calls = [openai_call("act", {"action": name}, name) for name in ("Paper", "Rock")]
    server.then(Answer(body=openai_body("Hm.", "tool_calls", tool_calls=calls)))
    server.answer(lambda request: {"action": "Rock"})
    run = play("openai", server, tmp_path / "run", "tools", steps=2)
    _, [step, _] = RunFolder(run.path).steps(run.episodes[0].game, 0)
    assert (step.name, step.attempts[0].reasoning) == ("Paper", "Hm.")
    _, first, second = server.requests[1]["messages"][-3:]
    assert (first["tool_call_id"], second["tool_call_id"]) == ("Paper", "Rock")
    assert second["content"] == "This call was not carried out: one action a turn."


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ('{"action": "Rock"}', "Answer: Rock"),
        ('{"action": 2}', "Answer: 2"),
        ('{"move": "Rock"}', '{"move": "Rock"}'),
        ("[1]", "[1]"),
        ("[" * 10_000, "[" * 10_000),
        ('{"action": "Ro', '{"action": "Ro'),
        ("", ""),
    ],
)
def test_what_arguments_say(arguments: str, told: str) -> None:
    assert chosen(arguments) == told


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_follows_its_result(kind: str, server: FakeServer) -> None:
    server.answer(lambda request: {"action": "Rock"})
    picture = np.zeros((4, 4, 3), dtype=np.uint8)

    async def twice(model: Model) -> None:
        agent = LLMAgent(context(models=lend(model)), METHODS["tools"]())
        try:
            for text in ("Look.", "Look again."):
                await agent.act(Observation(text, image=picture))
        finally:
            await model.aclose()

    asyncio.run(twice(model_of(kind, server)))
    *_, result, shown = server.requests[1]["messages"]
    assert "Look again." in str(result["content"])
    assert [part["type"] for part in shown["content"]][1] in ("image", "image_url")


def ask(model: Model) -> Call:
    async def once() -> Call:
        try:
            tools = [{"name": "act", "description": "Act.", "parameters": {"type": "object"}}]
            [call] = await model.chat([{"role": "user", "content": "Go."}], tools=tools)
            return call
        finally:
            await model.aclose()

    return asyncio.run(once())


def test_streamed_calls_of_openai(server: FakeServer) -> None:
    def piece(**call: Any) -> dict[str, Any]:
        return {"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]}

    end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}
    server.then(events(
        piece(index=0, id="a", function={"name": "act", "arguments": ""}),
        piece(index=0, function={"arguments": '{"action": '}),
        piece(index=1, id="b", function={"name": "act", "arguments": "{}"}),
        piece(index=0, function={"arguments": '"Rock"}'}),
        end,
    ))  # fmt: skip
    call = ask(model_of("openai", server, stream=True))
    assert call.tools == [ToolCall("a", "act", '{"action": "Rock"}'), ToolCall("b", "act", "{}")]
    assert call.finish == "tool"


def test_streamed_calls_of_anthropic(server: FakeServer) -> None:
    def piece(text: str) -> dict[str, Any]:
        delta = {"type": "input_json_delta", "partial_json": text}
        return {"type": "content_block_delta", "index": 1, "delta": delta}

    block = {"type": "tool_use", "id": "t", "name": "act", "input": {}}
    server.then(events(
        {"type": "message_start", "message": {"model": "claude-1"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hm"}},
        {"type": "content_block_start", "index": 1, "content_block": block},
        piece('{"action": '), piece('"Rock"}'),
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}},
        {"type": "message_stop"}, end="",
    ))  # fmt: skip
    call = ask(model_of("anthropic", server, stream=True))
    assert call.tools == [ToolCall("t", "act", '{"action": "Rock"}')]
    assert call.text == "Hm"


@pytest.mark.parametrize(
    "calls",
    [[None], ["x"], [{}], [{"function": None}], [{"id": 3, "function": {"arguments": 4}}],
     [{"function": {"name": "act", "arguments": {"action": "Rock"}}}]],
    ids=str,
)  # fmt: skip
def test_calls_that_make_no_sense_cost_nothing(calls: Any, server: FakeServer) -> None:
    server.then(Answer(body=openai_body(None, "tool_calls", tool_calls=calls)))
    assert all(isinstance(each, ToolCall) for each in ask(model_of("openai", server)).tools)


def test_blocks_that_make_no_sense_cost_nothing(server: FakeServer) -> None:
    blocks: Any = [{"type": "tool_use"}, {"type": "tool_use", "input": [1], "id": 5, "name": None}]
    server.then(Answer(body=anthropic_body(*blocks, stop="tool_use")))
    assert len(ask(model_of("anthropic", server)).tools) == 2
