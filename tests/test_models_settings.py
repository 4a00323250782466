"""What of a call can be set, where keys may be, and through which proxy it goes."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any
from urllib.parse import parse_qsl, quote

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartplay.core.errors import ModelError, NoAccessError, UsageError
from smartplay.models import open_model
from smartplay.models.masking import MASK, Mask, holds_key, is_secret
from smartplay.records import Usage
from tests.fake_server import TALK, Answer, FakeServer, ask, error_body, openai_body, openai_model

KEY = "sk-Very+Secret/0123456789"
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


# --- Headers, parameters, the key's header


def test_headers_and_parameters(server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN", KEY)
    model = openai_model(
        server,
        headers={
            "X-Title": "games",
            "Proxy-Authorization": "Bearer ${MY_TOKEN}",
            "X-T": "$MY_TOKEN",
        },
        query={"api-version": "2026-01-01", "key": "$MY_TOKEN"},
    )
    ask(model)
    sent = server.headers[0]
    assert (sent["x-title"], sent["x-t"]) == ("games", KEY)
    assert sent["proxy-authorization"] == f"Bearer {KEY}"
    [path] = server.paths
    place, _, query = path.partition("?")
    assert place == "/v1/chat/completions"
    assert dict(parse_qsl(query)) == {"api-version": "2026-01-01", "key": KEY}
    assert KEY not in json.dumps(msgspec.to_builtins(model.settings))
    server.then(Answer(500, error_body(f"who is {KEY}?")))
    with pytest.raises(ModelError) as caught:
        ask(model)
    assert KEY not in str(caught.value)


def test_the_header_of_the_key(server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    ask(openai_model(server, key_header="api-key"))
    ask(openai_model(server, headers={"AUTHORIZATION": "Basic $OPENAI_API_KEY"}))
    assert server.headers[0]["api-key"] == KEY
    assert "authorization" not in server.headers[0]
    assert server.headers[1]["authorization"] == f"Basic {KEY}"


def test_an_own_authorization_needs_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINE", KEY)
    open_model("openai:x", headers={"Authorization": "Bearer $MINE"})


def test_no_system_role(server: FakeServer) -> None:
    model = openai_model(server, system_role=False)
    ask(model)
    assert server.requests[0]["messages"] == [{"role": "user", "content": "Rules.\n\nNow?"}]
    picture = [{"type": "image_url", "image_url": {"url": "data:image/png;base64,"}}]

    async def body(*messages: dict[str, Any]) -> None:
        try:
            await model.chat(list(messages))
        finally:
            await model.aclose()

    asyncio.run(body(TALK[0], {"role": "user", "content": picture}))
    text = {"type": "text", "text": "Rules."}
    assert server.requests[1]["messages"] == [{"role": "user", "content": [text, *picture]}]
    asyncio.run(body(TALK[0]))
    assert server.requests[2]["messages"] == [{"role": "user", "content": "Rules."}]


@pytest.mark.parametrize(
    "settings",
    [
        {"headers": {"Authorization": f"Bearer {KEY}"}},
        {"headers": {"x-api-key": "plain"}},
        {"headers": {"cookie": "a=b"}},
        {"headers": {"x-note": "sk-0123456789abcdef"}},
        {"query": {"key": "plain"}},
        {"query": {"access_token": "plain"}},
        {"extra": {"user": "sk-0123456789abcdef"}},
        {"extra.metadata.api_key": "plain"},
        {"base_url": "http://localhost/sk-0123456789abcdef/v1"},
        {"base_url": "http://localhost/%73k-0123456789abcdef/v1"},
    ],
    ids=str,
)
def test_no_secret_is_taken_where_it_would_be_recorded(settings: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="must not hold") as caught:
        open_model("openai:x", **({"base_url": "http://localhost/v1"} | settings))
    for secret in (KEY, "plain", "0123456789abcdef", "a=b"):
        assert secret not in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"headers": {"x": "$NO_SUCH_THING"}}, "set the environment variable NO_SUCH_THING"),
        ({"headers": {"x": "$BROKEN"}}, "header x cannot be sent"),
        ({"headers": {"content-length": "3"}}, "cannot be set as a header"),
        ({"headers": {"a b": "3"}}, "cannot be set as a header"),
        ({"key_header": "api key"}, "cannot be set as a header"),
        ({"api_key_env": "BROKEN"}, "header authorization cannot be sent"),
    ],
    ids=str,
)
def test_headers_that_cannot_be_sent(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any], told: str
) -> None:
    monkeypatch.setenv("BROKEN", "sk-one\r\nX: two")
    with pytest.raises(UsageError, match=told) as caught:
        open_model("openai:x", base_url="http://localhost/v1", **settings)
    assert "sk-one" not in str(caught.value)


# --- Keys


@pytest.mark.parametrize(
    "word",
    ["token", "1", "content", "Answer", "EMPTY", "none", "Scissors", "completion", "choices"],
)
def test_a_plain_word_as_key_alters_nothing(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", word)
    server.say(f"Answer: {word}, Scissors 1")
    call = ask(openai_model(server))
    assert call.text == f"Answer: {word}, Scissors 1"
    assert call.usage == Usage(100, 60, 7, 3)
    assert server.headers[0]["authorization"] == f"Bearer {word}"


SPELLINGS = {
    "plain": KEY,
    "JSON": "".join(f"\\u{ord(c):04x}" for c in KEY),
    "JSON in capitals": "".join(f"\\u{ord(c):04X}" for c in KEY),
    "JSON within JSON": "".join(f"\\\\u{ord(c):04x}" for c in KEY),
    "some of it": KEY.replace("S", "\\u0053"),
    "URL": quote(KEY, safe=""),
    "URL, all of it": "".join(f"%{ord(c):02X}" for c in KEY),
    "HTML": KEY.replace("+", "&#43;").replace("/", "&#x2F;"),
    "hexadecimal": KEY.encode().hex(),
    "Base64": base64.b64encode(KEY.encode()).decode(),
    "Base64 of more": base64.b64encode(f"me:{KEY}:you".encode()).decode(),
    "Base64 for addresses": base64.urlsafe_b64encode(f"x{KEY}".encode()).decode(),
    "within a word": f"x{KEY}y",
}


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_a_key_that_is_repeated_is_masked(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch, spelling: str
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    where = openai_body("HERE!", "HERE!", reasoning_content="HERE!")
    where = where.replace(b'"fake-1"', b'"HERE!", "system_fingerprint": "HERE!"')
    server.then(
        Answer(body=where.replace(b"HERE", spelling.encode())),
        Answer(400, error_body("HERE!").replace(b"HERE", spelling.encode())),
        Answer(400, f"<p>{spelling}</p>".encode()),
    )
    model = openai_model(server)
    told = [repr(ask(model))]
    for _ in range(2):
        with pytest.raises(ModelError) as caught:
            ask(model)
        told.append(str(caught.value))
    assert "!" in told[0]
    for text in told:
        assert MASK in text
        assert KEY[5:] not in text
        assert spelling[12:30] not in text


@pytest.mark.slow
@given(st.text(min_size=20, max_size=40).filter(lambda s: s.isprintable()), st.text(max_size=9))
def test_no_encoding_of_a_key_gets_through(key: str, around: str) -> None:
    mask = Mask([key])
    data = f"{around}{key}{around}".encode()
    for text in (base64.b64encode(data).decode(), base64.urlsafe_b64encode(data).decode()):
        assert MASK in mask(text)
    assert key not in mask(f"{around}{key}{around}")


@pytest.mark.parametrize(
    ("value", "secret"),
    [
        ("sk-very-secret", True), ("sk-12345", True), ("a1b2c3d4", True), ("hunter2hunter2", True),
        ("abcdefghijklmnopqrstuvwxyz", True), ("XkcdPasswordAbc", True), ("", False),
        ("token", False), ("12345", False), ("reasoning", False), ("lm-studio", False),
        ("acknowledgment", False), ("Acknowledgment", False), ("UNDETERMINED", False),
    ],
)  # fmt: skip
def test_what_is_a_key(value: str, secret: bool) -> None:
    assert is_secret(value) == secret


@pytest.mark.parametrize(
    "text",
    ["gpt-4o-mini-2024-07-18", "meta-llama/Llama-3.3-70B-Instruct-Turbo", "skt/A.X-4.0-Light",
     "accounts/0123456789abcdef0123456789abcdef/ai/v1", "task-force-99"],
)  # fmt: skip
def test_names_and_addresses_are_no_keys(text: str) -> None:
    assert not holds_key(text)


@pytest.mark.parametrize("name", ["sk-proj-0123456789abcdef", "My0wnKeyValue", "org/My0wnKeyValue"])
def test_a_key_as_the_models_name_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "My0wnKeyValue")
    with pytest.raises(UsageError, match="the model's name holds a key") as caught:
        open_model(f"openai:{name}", base_url="http://localhost/v1")
    assert name not in str(caught.value)


def test_the_key_in_the_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "My0wnKeyValue")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost/My0wnKeyValue/v1")
    with pytest.raises(UsageError, match="base_url holds a key") as caught:
        open_model("openai:x")
    assert "My0wn" not in str(caught.value)


@pytest.mark.parametrize("status", [401, 403, 404, 402, 400, 500])
def test_a_refusal_tells_the_services_reason_without_the_key(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setenv("TEST_KEY", KEY)
    server.then(Answer(status, error_body(f"Your plan ends today, {KEY}.")))
    with pytest.raises(ModelError, match=f"Your plan ends today, {MASK}") as caught:
        ask(openai_model(server, api_key_env="TEST_KEY"))
    assert isinstance(caught.value, NoAccessError) == (status in (401, 402, 403, 404))
    if status in (401, 403):
        assert "check TEST_KEY" in str(caught.value)


# --- Proxies


@pytest.mark.parametrize(
    ("variable", "proxy", "shown"),
    [
        ("http_proxy", "http://me:s3cret-pass@127.0.0.1:9", "http://127.0.0.1:9"),
        ("http_proxy", "127.0.0.1:9", "http://127.0.0.1:9"),
        ("all_proxy", "http://127.0.0.1:9", "http://127.0.0.1:9"),
    ],
)
def test_a_proxy_that_fails_is_named(
    monkeypatch: pytest.MonkeyPatch, variable: str, proxy: str, shown: str
) -> None:
    monkeypatch.setenv(variable, proxy)
    model = open_model("openai:x", base_url="http://nowhere.invalid/v1", max_retries=0)
    told = rf"cannot reach .*nowhere.*, as the proxy {shown} fails: Connection refused"
    with pytest.raises(ModelError, match=told) as caught:
        ask(model)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "proxy",
    ["socks5://me:s3cret-pass@127.0.0.1:1080", "socks5h://127.0.0.1", "http://[", "http://"],
)
def test_a_proxy_that_cannot_be_used_is_named(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("all_proxy", proxy)
    with pytest.raises(UsageError, match="only HTTP proxies are supported") as caught:
        open_model("openai:x", base_url="http://nowhere.invalid/v1")
    assert "s3cret" not in str(caught.value)
    assert ("127.0.0.1" in proxy) == ("127.0.0.1" in str(caught.value))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert ask(openai_model(server)).text == "Answer: Rock"


def test_a_proxy_that_wants_a_password(server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", server.url.removesuffix("/v1"))
    server.then(Answer(407, b"Who are you?"))
    model = open_model("openai:x", base_url="http://nowhere.invalid/v1", max_retries=0)
    with pytest.raises(NoAccessError, match=r"the proxy http://127.* wants a name .*Who are you"):
        ask(model)
