"""No key gets into what is recorded or told, and no plain word that serves as a key is touched."""

from __future__ import annotations

import asyncio
import base64
import html
import json
import textwrap
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from smartplay.core.errors import ModelError, UsageError
from smartplay.models import open_model
from smartplay.models.masking import MASK, Mask, is_secret
from smartplay.records import Call
from smartplay.records.encoding import encode
from smartplay.runner.episode import one_line
from tests.fake_server import Answer, FakeServer, error_body, openai_body

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
KEYS = st.builds(
    str.__add__,
    st.sampled_from(["sk-", "gsk_", "AIza", "", "user:", "Bearer"]),
    st.text(LETTERS + "-_.+/=~&", min_size=16, max_size=64),
).filter(lambda key: is_secret(key) and len(set(key)) > 8)
AROUND = st.text(max_size=12)
EVENTS = (("Content-Type", "text/event-stream"),)
TALK = [{"role": "user", "content": "Now?"}]
THOROUGH = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def quiet() -> Iterator[FakeServer]:
    with FakeServer() as server:
        yield server


def some(draw: st.DrawFn, key: str, escape: Any) -> str:
    """The key with some of its characters escaped, one of them at least."""
    chosen = draw(st.sets(st.integers(0, len(key) - 1), min_size=1))
    return "".join(escape(c) if k in chosen else c for k, c in enumerate(key))


@st.composite
def spellings(draw: st.DrawFn, key: str) -> str:
    """Some way to write a key."""
    ways: dict[str, Any] = {
        "as it is": lambda: key,
        "JSON": lambda: some(draw, key, lambda c: f"\\u{ord(c):04x}"),
        "JSON in JSON": lambda: some(draw, key, lambda c: f"\\\\u{ord(c):04X}"),
        "slashes": lambda: key.replace("/", "\\/"),
        "octal": lambda: some(draw, key, lambda c: f"\\{ord(c):03o}"),
        "code points": lambda: some(draw, key, lambda c: f"\\u{{{ord(c):x}}}"),
        "long code points": lambda: some(draw, key, lambda c: f"\\U{ord(c):08x}"),
        "printable": lambda: some(draw, key, lambda c: f"={ord(c):02X}"),
        "hexadecimal in pairs": lambda: key.encode().hex(" "),
        "bytes": lambda: some(draw, key, lambda c: f"\\x{ord(c):02x}"),
        "address": lambda: quote(key, safe=""),
        "all of an address": lambda: some(draw, key, lambda c: f"%{ord(c):02x}"),
        "an address in an address": lambda: some(draw, key, lambda c: f"%25{ord(c):02X}"),
        "HTML": lambda: html.escape(key),
        "HTML by number": lambda: some(draw, key, lambda c: f"&#{ord(c)};"),
        "HTML in hexadecimal": lambda: some(draw, key, lambda c: f"&#x{ord(c):X};"),
        "hexadecimal": lambda: key.encode().hex(),
    }
    of_base64 = ["Base64", "Base64 for addresses", "Base64 in an address", "lines of Base64"]
    name = draw(st.sampled_from([*ways, *of_base64]))
    if name in ways:
        return str(ways[name]())
    before, after = draw(st.binary(max_size=5)), draw(st.binary(max_size=5))
    encoded = base64.b64encode(before + key.encode() + after).decode()
    if name == "lines of Base64":
        return "\n".join(textwrap.wrap(encoded, draw(st.integers(8, 76))))
    if name == "Base64 for addresses":
        return encoded.replace("+", "-").replace("/", "_")
    return encoded if name == "Base64" else quote(encoded, safe="")


def core(spelling: str) -> str:
    """Ten characters of a spelling that depend on nothing around the key."""
    middle = len(spelling) // 2
    return spelling[middle - 5 : middle + 5]


@THOROUGH
@given(st.data(), KEYS, AROUND, AROUND)
def test_no_spelling_gets_through(data: st.DataObject, key: str, before: str, after: str) -> None:
    spelling = data.draw(spellings(key))
    masked = Mask([key])(before + spelling + after)
    assert MASK in masked
    assert key not in masked
    assert core(spelling) not in masked


def ask(url: str, **options: Any) -> Call:
    model = open_model("openai:x", base_url=url, max_retries=0, **options)

    async def once() -> Call:
        try:
            return (await model.chat(TALK))[0]
        finally:
            await model.aclose()

    return asyncio.run(once())


@THOROUGH
@given(st.data(), KEYS)
def test_no_record_holds_a_key_in_any_spelling(
    quiet: FakeServer, data: st.DataObject, key: str
) -> None:
    """Whether as text, as reasoning, as a name, or as why a reply ended."""
    spelling = data.draw(spellings(key))
    where = openai_body("HERE!", "HERE!", reasoning_content="HERE!")
    where = where.replace(b'"fake-1"', b'"HERE!", "system_fingerprint": "HERE!"')
    raw = data.draw(st.booleans())  # spelled so in the reply itself, or in what the reply says
    told = json.dumps(spelling)[1:-1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_API_KEY", key)
        try:
            json.loads(f'"{spelling}"')
        except ValueError:
            raw = False
        quiet.then(Answer(body=where.replace(b"HERE", (spelling if raw else told).encode())))
        call = ask(quiet.url)
    record = encode(call).decode()
    assert call.text.endswith("!")
    for text in (record, call.text, call.reasoning, call.model, call.fingerprint, call.finish):
        assert key not in text
        assert core(spelling) not in text
        assert core(told) not in text


@THOROUGH
@given(st.data(), KEYS, st.sampled_from([200, 400, 401, 403, 404, 429, 500]))
def test_no_sentence_holds_a_key_in_any_spelling(
    quiet: FakeServer, data: st.DataObject, key: str, status: int
) -> None:
    spelling = data.draw(spellings(key))
    page = data.draw(st.booleans())
    body = f"<p>{spelling}</p>".encode() if page else error_body(f"not {spelling}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_API_KEY", key)
        quiet.then(Answer(status, body))
        with pytest.raises(ModelError) as caught:
            ask(quiet.url)
    assert key not in str(caught.value)
    assert core(spelling) not in str(caught.value)


@THOROUGH
@given(KEYS, st.integers(8, 60))
def test_a_key_that_is_cut_off_is_not_told(quiet: FakeServer, key: str, length: int) -> None:
    assume(length < len(key))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_API_KEY", key)
        quiet.then(Answer(500, b" " * 20_000 + key[:length].encode()))
        with pytest.raises(ModelError) as caught:
            ask(quiet.url)
    assert key[:8] not in str(caught.value)
    masked = Mask([key])(f"It is {key[:length]}")
    assert masked == f"It is {MASK}"


@THOROUGH
@given(KEYS, st.lists(st.integers(1, 9), min_size=1, max_size=9))
def test_a_key_in_pieces_of_a_stream_is_masked(
    quiet: FakeServer, key: str, sizes: list[int]
) -> None:
    pieces: list[str] = []
    rest = key
    while rest:
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(rest[:size])
        rest = rest[size:]
    events = [
        {"choices": [{"index": 0, "delta": {"content": piece, "reasoning_content": piece}}]}
        for piece in ["It is ", *pieces]
    ]
    events.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    body = b"".join(b"data: " + json.dumps(each).encode() + b"\n\n" for each in events)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_API_KEY", key)
        quiet.then(Answer(body=body, headers=EVENTS))
        call = ask(quiet.url, stream=True)
    assert call.text == call.reasoning == f"It is {MASK}"


@THOROUGH
@given(KEYS.filter(lambda key: "&" not in key), st.sampled_from(["host", "path", "extra", "user"]))
def test_no_setting_holds_the_key(key: str, place: str) -> None:
    assume(key.isalnum() or place not in ("host",))
    url = f"http://{key}.org/v1" if place == "host" else "http://localhost/v1"
    url = f"http://localhost/{quote(key, safe='')}/v1" if place == "path" else url
    more: dict[str, Any] = {"extra": {"note": key}} if place == "extra" else {}
    more = {"headers": {"x-user": f"me {key}"}} if place == "user" else more
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_API_KEY", key)
        with pytest.raises(UsageError) as caught:
            open_model("openai:x", base_url=url, **more)
    assert key not in str(caught.value)


WORDS = st.one_of(
    st.sampled_from(
        ["token", "content", "1", "Answer", "null", "true", "Rock", "choices", "message", "role",
         "usage", "stop", '"', "{", "\\", "u0041", "data", "EMPTY", "lm-studio", "ollama", " "]
    ),
    st.text(LETTERS, min_size=1, max_size=7),
    st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=19),
)  # fmt: skip


@THOROUGH
@given(WORDS, st.booleans(), st.text(max_size=30))
def test_a_plain_word_as_key_alters_no_reply(
    quiet: FakeServer, word: str, streamed: bool, more: str
) -> None:
    said = f"I take {word}; {more}\nAnswer: Rock"
    body = openai_body(said, reasoning_content=word)
    event = {"choices": [{"index": 0, "delta": {"content": said, "reasoning_content": word}}]}
    last = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    events = b"".join(b"data: " + json.dumps(each).encode() + b"\n\n" for each in (event, last))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_API_KEY", word)
        quiet.then(Answer(body=events, headers=EVENTS) if streamed else Answer(body=body))
        call = ask(quiet.url, stream=streamed)
    assert call.text == said.encode("utf-8", "replace").decode()
    assert (call.reasoning, call.finish) == (word, "stop")
    if not streamed:
        assert (call.model, call.usage.prompt, call.usage.completion) == ("fake-1", 100, 7)


@pytest.mark.slow
@pytest.mark.parametrize("run", ["\\", "%25", "%41", "&#0", "&#x00", "\\u0073", "s"])
def test_masking_takes_no_longer_for_long_runs(run: str) -> None:
    began = time.process_time()
    Mask(["sk-Secret-0123456789abcdef"])(run * (1_000_000 // len(run)))
    assert time.process_time() - began < 5


def test_words_that_form_a_key_are_left() -> None:
    mask = Mask(["correcthorsebatterystaple"])
    assert mask("a correct horse battery staple") == "a correct horse battery staple"
    assert mask("acorrecthorsebatterystaple") == f"a{MASK}"


# What an agent's own code says


@given(key=KEYS)
@THOROUGH
def test_no_key_of_the_environment_is_in_an_agents_failure(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_OWN_API_KEY", key)
    for told in (key, quote(key, safe=""), base64.b64encode(key.encode()).decode()):
        assert key not in one_line(RuntimeError(f"400 for https://api.example.com/v1?key={told}"))
        assert MASK in one_line(RuntimeError(f"400 for https://api.example.com/v1?key={told}"))


def test_a_key_of_a_known_kind_is_in_no_failure() -> None:
    key = "sk-" + "a1B2" * 8
    assert one_line(ValueError(f"Incorrect key {key}.")) == f"ValueError: Incorrect key {MASK}."
    assert one_line(ValueError("the task-list is empty")) == "ValueError: the task-list is empty"
