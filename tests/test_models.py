"""The services: what is sent, what is read out of replies, and how failures are told."""

from __future__ import annotations

import asyncio
import socket
import time
from itertools import pairwise
from typing import Any

import pytest

from smartplay.core.errors import (
    ModelError,
    NoAccessError,
    PromptTooLongError,
    TransientError,
    UsageError,
)
from smartplay.models.base import Settings, make_settings
from smartplay.models.providers import anthropic, openai
from smartplay.models.providers.anthropic import AnthropicSettings
from smartplay.records import Call, Usage
from tests.fake_server import TALK, Answer, FakeServer, anthropic_body, ask, error_body, openai_body
from tools.prompt_tokens import blocks_of, play

KEY = "sk-very-secret"


def openai_model(server: FakeServer, **settings: Any) -> openai.Provider:
    defaults: dict[str, Any] = {"base_url": server.url, "timeout": 5.0, "max_retries": 0}
    return openai.Provider("fake", Settings(**(defaults | settings)))


def anthropic_model(server: FakeServer, **settings: Any) -> anthropic.Provider:
    url = server.url.removesuffix("/v1")
    defaults: dict[str, Any] = {"base_url": url, "timeout": 5.0, "max_retries": 0}
    return anthropic.Provider("fake", AnthropicSettings(**(defaults | settings)))


# --- OpenAI's protocol


def test_a_call_records_reply_and_tokens(server: FakeServer) -> None:
    server.say("Answer: Rock", reasoning_content="They like scissors.")
    call = ask(openai_model(server))
    assert (call.text, call.reasoning) == ("Answer: Rock", "They like scissors.")
    assert (call.finish, call.model, call.messages) == ("stop", "fake-1", TALK)
    assert call.usage == Usage(prompt=100, cached=60, completion=7, reasoning=3)
    assert call.seconds > 0


def test_the_request_holds_the_settings(server: FakeServer) -> None:
    ask(openai_model(server, max_tokens=9, seed="episode", extra={"top_k": 1}), seed=5)
    assert server.requests == [
        {
            "model": "fake",
            "messages": TALK,
            "temperature": 0,
            "max_tokens": 9,
            "seed": 5,
            "top_k": 1,
        }
    ]


def test_settings_of_none_are_left_out(server: FakeServer) -> None:
    settings = make_settings(Settings, {"temperature": "none", "max_tokens": "none"})
    assert (settings.temperature, settings.max_tokens) == (None, None)
    ask(openai_model(server, temperature=None, max_tokens=None))
    assert server.requests == [{"model": "fake", "messages": TALK}]


def test_choices_become_a_schema(server: FakeServer) -> None:
    ask(openai_model(server), choices=["Rock", "Paper"])
    schema = server.requests[0]["response_format"]["json_schema"]["schema"]
    assert schema["properties"]["action"]["enum"] == ["Rock", "Paper"]


@pytest.mark.parametrize(
    ("body", "text", "finish"),
    [
        (openai_body(None), "", "stop"),
        (openai_body("", "length"), "", "length"),
        (openai_body(None, refusal="I cannot."), "I cannot.", "withheld"),
        (openai_body([{"type": "text", "text": "Rock"}]), "Rock", "stop"),  # type: ignore[arg-type]
        (b'{"choices": [{"message": {"content": "Rock"}}], "usage": null}', "Rock", "stop"),
        (openai_body("x" * 900_000), "x" * 900_000, "stop"),
    ],
    ids=["null", "length", "refusal", "parts", "bare", "900 kB"],
)
def test_odd_replies_are_read(server: FakeServer, body: bytes, text: str, finish: str) -> None:
    server.then(Answer(body=body))
    call = ask(openai_model(server, timeout=20.0))
    assert (call.text == text, call.finish) == (True, finish)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer(401, error_body(f"Incorrect key {KEY}")), "wants another key: check TEST_KEY"),
        (Answer(404, error_body("no such model")), "has no model 'fake'"),
        (Answer(429, error_body("quota")), "refuses more calls for now: .*quota"),
        (
            Answer(400, error_body(f"bad\x1b[31m field {KEY}")),
            r"does not take .*bad⟨001B⟩\[31m field …",
        ),
        (Answer(500, b"<html>oops"), "failed with status 500"),
        (Answer(body=b'{"choices": []}'), "cannot be read: it holds no choices"),
        (Answer(body=b'{"choices": [{"mess'), "cannot be read"),
        (Answer(body=b'{"answer": 42}'), "cannot be read"),
        (Answer(body=b'{"choices": [{"message": {"content": "\xff"}}]}'), "cannot be read"),
        (
            Answer(body=openai_body("Rock"), cut=True),
            "connection to the service at http.* broke: ",
        ),
        (Answer(body=b"", delay=1.0), "no whole reply within 0.3 seconds"),
        (Answer(body=openai_body("Rock"), pause=0.05), "no whole reply within 0.3 seconds"),
    ],
    ids=str,
)
def test_failures_are_one_sentence(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch, answer: Answer, told: str
) -> None:
    monkeypatch.setenv("TEST_KEY", KEY)
    server.then(answer)
    with pytest.raises(ModelError, match=told) as caught:
        ask(openai_model(server, timeout=0.3, api_key_env="TEST_KEY"))
    assert KEY not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "message",
    [
        "This model's maximum context length is 8192 tokens.",
        "request (631 tokens) exceeds the available context size (512 tokens)",
    ],
)
def test_a_prompt_that_is_too_long_is_told_apart(server: FakeServer, message: str) -> None:
    server.then(Answer(400, error_body(message)))
    with pytest.raises(PromptTooLongError):
        ask(openai_model(server))


def test_an_unreachable_host_is_named() -> None:
    settings = Settings(base_url="http://127.0.0.1:9/v1", max_retries=0)
    with pytest.raises(
        ModelError, match=r"cannot reach .* http://127\.0\.0\.1:9/v1: Connection refused"
    ):
        ask(openai.Provider("fake", settings))


def test_a_host_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A queue of connections that is full: further ones hang, as at an address nobody has."""
    monkeypatch.setattr("smartplay.models.http.CONNECTING", 0.2)
    with socket.socket() as deaf, socket.socket() as first, socket.socket() as second:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        for caller in (first, second):
            caller.setblocking(False)
            caller.connect_ex(deaf.getsockname())
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}/v1"
        with pytest.raises(
            ModelError, match=rf"cannot reach the service at {url}: nobody answers there"
        ):
            ask(openai.Provider("fake", Settings(base_url=url, max_retries=0, timeout=5.0)))


def test_a_proxy_of_the_environment_is_asked(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", server.url.removesuffix("/v1"))
    settings = Settings(base_url="http://nowhere.invalid/v1", max_retries=0)
    assert ask(openai.Provider("fake", settings)).text == "Answer: Rock"
    assert server.headers[0]["host"] == "nowhere.invalid"
    monkeypatch.setenv("no_proxy", "nowhere.invalid")
    with pytest.raises(ModelError, match="cannot reach"):
        ask(openai.Provider("fake", settings))


def test_no_call_follows_a_redirect(server: FakeServer) -> None:
    server.then(Answer(302, headers=(("Location", f"{server.url}/elsewhere"),)))
    told = rf"does not take the request \(status 302\), but leads to {server.url}/elsewhere"
    with pytest.raises(ModelError, match=told):
        ask(openai_model(server))
    assert len(server.requests) == 1


def test_the_client_tries_again(server: FakeServer) -> None:
    server.then(Answer(500), Answer(429, headers=(("Retry-After", "0.01"),)))
    assert ask(openai_model(server, max_retries=2)).text == "Answer: Rock"
    assert len(server.requests) == 3


def test_retry_after_is_kept(server: FakeServer) -> None:
    server.then(Answer(429, headers=(("Retry-After", "0.7"),)))
    began = time.monotonic()
    ask(openai_model(server, max_retries=1))
    assert time.monotonic() - began >= 0.7


def test_pauses_grow_and_differ(server: FakeServer) -> None:
    service, fault = openai_model(server)._service, TransientError("oops")

    def pauses(attempt: int) -> list[float]:
        return [service._pause(attempt, fault) for _ in range(50)]

    assert len(set(pauses(1))) > 40, "all who were refused come back at once"
    assert max(pauses(1)) <= 0.5
    assert sum(pauses(6)) > 5 * sum(pauses(1))
    assert max(pauses(5000)) <= 60


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b'"\\ud800 Answer: Rock"', "? Answer: Rock"),
        (b'"\\ud83d\\ude00 Rock"', "\U0001f600 Rock"),
        (b'[{"type": "text", "text": null}, {"type": "text", "text": "Rock"}]', "Rock"),
    ],
    ids=["half a pair", "a pair", "null"],
)
def test_odd_texts_are_read(server: FakeServer, content: bytes, text: str) -> None:
    body = b'{"choices": [{"message": {"content": %s}}]}' % content
    server.then(Answer(body=body))
    assert ask(openai_model(server)).text == text


@pytest.mark.parametrize(
    ("number", "usage"), [(b"-5", Usage(completion=3)), (b"1000000000000000", Usage())]
)
def test_some_numbers_of_tokens_are_nonsense(
    server: FakeServer, number: bytes, usage: Usage
) -> None:
    told = b'{"prompt_tokens": %s, "completion_tokens": 3}' % number
    body = b'{"choices": [{"message": {"content": "Rock"}}], "usage": %s}' % told
    server.then(Answer(body=body))
    assert ask(openai_model(server)).usage == usage


@pytest.mark.parametrize(
    "settings",
    [
        {"base_url": "http://user:sk-very-secret@localhost/v1"},
        {"base_url": "http://localhost/v1?api_key=sk-very-secret"},
        {"base_url": "sk-very-secret"},
        {"base_url": "http://localhost:sk-very-secret/v1"},
        {"base_url": "ftp://localhost/sk-very-secret"},
        {"api_key_env": "sk-very-secret"},
        {"extra": {"api_key": "sk-very-secret"}},
        {"extra": {"more": [{"extra_headers": {"x": "sk-very-secret"}}]}},
    ],
    ids=str,
)
def test_settings_hold_no_secret(settings: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as caught:
        make_settings(Settings, settings)
    assert KEY not in str(caught.value)


def test_an_address_of_the_environment_holds_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://me:{KEY}@localhost/v1")
    with pytest.raises(UsageError, match="base_url must not hold") as caught:
        openai.Provider("fake", Settings())
    assert KEY not in str(caught.value)


def test_harmless_extras_are_let_through() -> None:
    make_settings(Settings, {"extra": {"prompt_cache_key": "a", "max_completion_tokens": 5}})


def test_a_missing_key_is_named() -> None:
    with pytest.raises(UsageError, match="set the environment variable OPENAI_API_KEY"):
        openai.Provider("gpt", Settings())
    with pytest.raises(UsageError, match="set the environment variable MY_KEY"):
        anthropic.Provider("claude", AnthropicSettings(api_key_env="MY_KEY"))


def test_a_key_is_sent_and_not_recorded(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    model = openai_model(server)
    call = ask(model)
    assert server.headers[0]["authorization"] == f"Bearer {KEY}"
    assert KEY not in repr(call) + repr(model.settings)


# --- Anthropic's protocol


def test_anthropic_call(server: FakeServer) -> None:
    thought = {"type": "thinking", "thinking": "Hmm."}
    text = {"type": "text", "text": "Answer: Rock"}
    server.then(Answer(body=anthropic_body(thought, text)))
    call = ask(anthropic_model(server), choices=["Rock"])
    assert (call.text, call.reasoning, call.finish) == ("Answer: Rock", "Hmm.", "stop")
    assert (call.model, call.usage) == ("claude-1", Usage(prompt=100, cached=50, completion=7))
    sent = server.requests[0]
    [rules] = sent["system"]
    [asked] = sent["messages"]
    assert rules["text"] == "Rules."
    assert (asked["role"], [block["text"] for block in asked["content"]]) == ("user", ["Now?"])
    assert sent["max_tokens"] == 1024
    assert "temperature" not in sent
    choice = sent["output_config"]["format"]["schema"]["properties"]["action"]
    assert choice["enum"] == ["Rock"]


@pytest.mark.parametrize("told", [{}, {"history_diff": True}])
def test_anthropic_is_told_to_keep_what_the_next_prompt_begins_with(told: dict[str, Any]) -> None:
    asked = play("smartplay/BanditTwoArmedHighLowFixed-v0", 0, 6, told).asked
    requests = [blocks_of(messages) for messages in asked]
    for messages, blocks in zip(asked, requests, strict=True):
        texts = [text for text, _ in blocks]
        assert "".join(texts) == "".join(str(message["content"]) for message in messages)
        assert all(text.strip() for text in texts), "the service takes no empty block"
        assert sum(marked for _, marked in blocks) <= 4, "nor more marks, with that of the whole"
    for before, after in pairwise(requests):
        common = [text for (text, _), (other, _) in zip(before, after, strict=False)
                  if text == other]  # fmt: skip
        assert len(common) == len(before) - 1, "all but the question stands in the next one, too"
        assert before[len(common) - 1][1], "so there is a mark behind it"


def test_anthropic_gets_no_marks_if_the_cache_is_switched_off(server: FakeServer) -> None:
    server.then(Answer(body=anthropic_body({"type": "text", "text": "Answer: Rock"})))
    ask(anthropic_model(server, extra={"cache_control": None}))
    assert server.requests[0]["messages"] == TALK[1:]
    assert "cache_control" not in str(server.requests[0]["system"])


def test_anthropic_finish_reasons(server: FakeServer) -> None:
    server.then(Answer(body=anthropic_body(stop="max_tokens")))
    server.then(Answer(body=anthropic_body(stop="refusal")))
    assert [ask(anthropic_model(server)).finish for _ in "12"] == ["length", "withheld"]


def test_anthropic_failures(server: FakeServer) -> None:
    server.then(Answer(400, b'{"error": {"message": "prompt is too long: 9 tokens"}}'))
    with pytest.raises(PromptTooLongError):
        ask(anthropic_model(server))
    server.then(Answer(529, b'{"error": {"message": "Overloaded"}}'))
    with pytest.raises(ModelError, match="failed with status 529"):
        ask(anthropic_model(server))


@pytest.mark.parametrize("setting", [{"max_tokens": "none"}, {"seed": 1}, {"temperature": 0}])
def test_settings_anthropic_does_not_take_are_refused(setting: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=next(iter(setting))):
        make_settings(AnthropicSettings, setting)


# --- Services that are not there


def test_a_service_that_was_never_reached_is_given_up_soon() -> None:
    began = time.monotonic()
    with pytest.raises(NoAccessError, match=r"cannot reach .*: Connection refused"):
        ask(openai.Provider("fake", Settings(base_url="http://127.0.0.1:9/v1", max_retries=50)))
    assert time.monotonic() - began < 4


@pytest.mark.slow
def test_a_service_that_was_reached_is_waited_for() -> None:
    with FakeServer() as first:
        model, port = openai_model(first, max_retries=50, timeout=5.0), int(first.url[17:-3])

    async def body() -> Call:
        loop = asyncio.get_running_loop()
        server = await asyncio.start_server(answer, "127.0.0.1", port)
        [call] = await model.chat(TALK)
        server.close()
        await server.wait_closed()
        again = loop.create_task(model.chat(TALK))
        await asyncio.sleep(2.5)
        assert not again.done(), "it was given up while it was started anew"
        server = await asyncio.start_server(answer, "127.0.0.1", port)
        [call] = await again
        server.close()
        await model.aclose()
        await asyncio.sleep(0.05)
        return call

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"}]")
        text = openai_body("Rock")
        head = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(text)
        writer.write(head + text)
        await writer.drain()
        writer.close()

    assert asyncio.run(body()).text == "Rock"
