"""What services of many makes say, over HTTP, and what it is taken for."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from smartplay.core.errors import ModelError, NoAccessError, PromptTooLongError, TransientError
from smartplay.models import open_model
from smartplay.models.codes import Meaning, meaning_of, read_complaint
from smartplay.records import Call, Usage
from tests.fake_server import TALK, Answer, FakeServer, ask, error_body, openai_body, openai_model

Body = dict[str, Any] | list[Any]


def answer(status: int, body: Body | str) -> Answer:
    return Answer(status, (body if isinstance(body, str) else json.dumps(body)).encode())


def said(text: str | None, finish: str | None, **message: Any) -> Body:
    told = {"role": "assistant", "content": text} | message
    return {"choices": [{"index": 0, "message": told, "finish_reason": finish}]}


# --- Finish reasons

TOOL_CALLS = [{"id": "1", "type": "function", "function": {"name": "go", "arguments": "{}"}}]

FINISHES: dict[str, list[tuple[str, str]]] = {
    "stop": [
        ("OpenAI", "stop"), ("Gemini", "STOP"), ("Anthropic", "end_turn"), ("TGI", "eos_token"),
        ("Cohere", "COMPLETE"), ("a broker", "stop_sequence"), ("Vertex", "FINISH_REASON_STOP"),
    ],
    "length": [
        ("OpenAI", "length"), ("Gemini", "MAX_TOKENS"), ("Mistral", "model_length"),
        ("Anthropic", "model_context_window_exceeded"), ("a broker", "max_tokens"),
        ("Cohere", "max-tokens"), ("a broker", "max_output_tokens"),
    ],
    "withheld": [
        ("Azure", "content_filter"), ("Anthropic", "refusal"), ("Gemini", "SAFETY"),
        ("Gemini", "RECITATION"), ("Gemini", "PROHIBITED_CONTENT"), ("Zhipu", "sensitive"),
        ("Bedrock", "guardrail_intervened"), ("Vertex", "FINISH_REASON_SAFETY"),
    ],
    "tool": [("OpenAI", "tool_calls"), ("Anthropic", "tool_use"), ("old OpenAI", "function_call")],
    "gave up": [("nobody yet", "gave up")],
}  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        pytest.param(reason, finish, id=f"{maker}: {reason}")
        for finish, reasons in FINISHES.items()
        for maker, reason in reasons
    ],
)
def test_finish_reasons(server: FakeServer, reason: str, finish: str) -> None:
    more = {"tool_calls": TOOL_CALLS} if finish == "tool" else {}
    server.then(answer(200, said(None, reason, **more)))
    assert ask(openai_model(server)).finish == finish


@pytest.mark.parametrize(
    ("body", "text", "finish"),
    [
        (said("I cannot.", "stop", refusal="I cannot."), "I cannot.", "withheld"),
        (said(None, "stop", refusal="No."), "No.", "withheld"),
        (said([{"type": "refusal", "refusal": "No."}], "stop"), "No.", "withheld"),  # type: ignore
        (said(None, "stop", tool_calls=TOOL_CALLS), "", "tool"),
        (said("Rock", "tool_calls", tool_calls=TOOL_CALLS), "Rock", "stop"),
        (said("Rock", None), "Rock", "stop"),
        (said("Answer: Ro", "content_filter"), "Answer: Ro", "withheld"),
    ],
    ids=["both", "refusal", "part", "tools only", "tools too", "no reason", "cut by a filter"],
)
def test_what_a_reply_amounts_to(server: FakeServer, body: Body, text: str, finish: str) -> None:
    server.then(answer(200, body))
    call = ask(openai_model(server))
    assert (call.text, call.finish) == (text, finish)


@pytest.mark.parametrize("reason", ["error", "abort", "insufficient_system_resource"])
def test_a_reply_that_was_broken_off_is_asked_again(server: FakeServer, reason: str) -> None:
    broken = {"message": "Provider disconnected", "code": 502}
    choice = {"message": {"content": "Answer: Ro"}, "finish_reason": reason, "error": broken}
    server.then(answer(200, {"choices": [choice]}))
    assert ask(openai_model(server, max_retries=1)).text == "Answer: Rock"
    server.then(answer(200, {"choices": [choice]}))
    with pytest.raises(TransientError, match="broke its reply off: Provider disconnected"):
        ask(openai_model(server))


def test_an_error_beside_an_empty_reply_is_the_services(server: FakeServer) -> None:
    choice = {"message": {"content": ""}, "finish_reason": "stop"}
    server.then(answer(200, {"choices": [choice], "error": {"message": "No upstream"}}))
    with pytest.raises(TransientError, match="broke its reply off: No upstream"):
        ask(openai_model(server))


# --- Errors

BUSY, BROKEN = "busy", "broken"
ERRORS: list[tuple[str, int, Body | str, Any, str]] = [
    # maker, status, body, what it is, its own words
    ("OpenAI", 400, {"error": {"message": "Shorten it.", "code": "context_length_exceeded"}},
     PromptTooLongError, "Shorten it."),
    ("OpenAI", 400, {"error": {"message": "Your input exceeds the context window."}},
     PromptTooLongError, "context window"),
    ("OpenAI", 429, {"error": {"message": "Request too large for gpt-4o on tokens per min.",
                               "code": "rate_limit_exceeded"}}, PromptTooLongError, "tokens per"),
    ("OpenAI", 401, {"error": {"message": "Country not supported",
                               "code": "unsupported_country_region_territory"}},
     NoAccessError, "Country not supported"),
    ("OpenAI", 429, {"error": {"message": "You spent it.", "code": "insufficient_quota"}},
     NoAccessError, "credit .* is spent: You spent it."),
    ("OpenAI", 403, {"error": {"message": "Project has no access", "code": "model_not_found"}},
     NoAccessError, "no model 'fake'.*Project has no access"),
    ("OpenAI", 200, {"error": {"message": "The server is overloaded", "type": "server_error"}},
     BROKEN, "overloaded"),
    ("Azure", 401, {"statusCode": 401, "message": "Access denied: wrong subscription key."},
     NoAccessError, "wrong subscription key"),
    ("Azure", 404, {"error": {"code": "DeploymentNotFound", "message": "No such deployment."}},
     NoAccessError, "No such deployment"),
    ("Azure", 429, {"error": {"code": "TooManyRequests", "message": "Slow down."}}, BUSY, "Slow"),
    ("Anthropic", 400, {"type": "error", "error": {
        "type": "invalid_request_error", "message": "prompt is too long: 9 tokens > 8 maximum"}},
     PromptTooLongError, "9 tokens"),
    ("Anthropic", 413, {"type": "error", "error": {"type": "request_too_large"}},
     PromptTooLongError, "request_too_large"),
    ("Anthropic", 400, {"type": "error", "error": {
        "type": "invalid_request_error", "message": "Your credit balance is too low."}},
     NoAccessError, "too low"),
    ("Anthropic", 529, {"type": "error", "error": {"type": "overloaded_error",
                                                   "message": "Overloaded"}}, BUSY, "Overloaded"),
    ("Anthropic", 200, {"type": "error", "error": {"type": "overloaded_error",
                                                   "message": "Overloaded"}}, BUSY, "Overloaded"),
    ("Gemini", 400, [{"error": {"code": 400, "status": "INVALID_ARGUMENT",
                                "message": "The input token count (9) exceeds the maximum."}}],
     PromptTooLongError, "token count"),
    ("Gemini", 400, [{"error": {"code": 400, "message": "API key not valid."}}],
     NoAccessError, "API key not valid"),
    ("Gemini", 429, [{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED",
                                "message": "Quota exceeded."}}], BUSY, "Quota exceeded"),
    ("Gemini", 503, [{"error": {"code": 503, "status": "UNAVAILABLE", "message": "Later."}}],
     BUSY, "Later"),
    ("Mistral", 400, {"object": "error", "message": "Prompt has 9 tokens, too large for model",
                      "code": "3051"}, PromptTooLongError, "9 tokens"),
    ("Mistral", 401, {"detail": "Unauthorized"}, NoAccessError, "Unauthorized"),
    ("Mistral", 422, {"detail": [{"loc": ["body", "top_k"], "msg": "not permitted",
                                  "type": "extra_forbidden"}]}, ModelError, "top_k: not permitted"),
    ("vLLM", 400, {"object": "error", "type": "BadRequestError", "code": 400,
                   "message": "'max_tokens' must be at least 1, got -20."},
     PromptTooLongError, "-20"),
    ("vLLM", 400, {"error": {"message": "The decoder prompt is longer than the maximum length."}},
     PromptTooLongError, "decoder prompt"),
    ("vLLM", 404, {"object": "error", "message": "The model `fake` does not exist.", "code": 404},
     NoAccessError, "does not exist"),
    ("SGLang", 400, {"object": "error", "message": "Input length (9) exceeds the maximum (8)."},
     PromptTooLongError, "Input length"),
    ("llama.cpp", 400, {"error": {"type": "exceed_context_size_error", "message": "n = 9 > 8"}},
     PromptTooLongError, "9 > 8"),
    ("llama.cpp", 500, {"error": {"message": "the request exceeds the available context size"}},
     PromptTooLongError, "available"),
    ("llama.cpp", 503, {"error": {"message": "Loading model", "type": "unavailable_error"}},
     BUSY, "Loading model"),
    ("LM Studio", 400, {"error": "The number of tokens is greater than the context length."},
     PromptTooLongError, "greater"),
    ("Ollama", 404, {"error": {"message": "model 'fake' not found", "type": "api_error"}},
     NoAccessError, "not found"),
    ("TGI", 422, {"error": "Input validation error: `inputs` tokens + `max_new_tokens` <= 9",
                  "error_type": "validation"}, PromptTooLongError, "inputs"),
    ("Grok", 400, {"code": "Client specified an invalid argument",
                   "error": "This model's maximum prompt length is 8 but the request has 9."},
     PromptTooLongError, "maximum prompt length"),
    ("Grok", 403, {"code": "denied", "error": "Content violates usage guidelines."},
     ModelError, "usage guidelines"),
    ("Groq", 413, {"error": {"message": "Reduce your message size", "code": "rate_limit_exceeded"}},
     PromptTooLongError, "Reduce"),
    ("Groq", 498, {"error": {"message": "Flex tier is full"}}, BUSY, "Flex tier"),
    ("DeepSeek", 402, {"error": {"message": "Insufficient Balance"}}, NoAccessError, "Balance"),
    ("Moonshot", 400, {"error": {"message": "Your request exceeded model token limit: 8"}},
     PromptTooLongError, "token limit"),
    ("Moonshot", 429, {"error": {"message": "busy", "type": "engine_overloaded_error"}},
     BUSY, "busy"),
    ("Alibaba", 400, {"error": {"message": "Range of input length should be [1, 9]"}},
     PromptTooLongError, "Range"),
    ("OpenRouter", 403, {"error": {"message": "Your input was flagged by moderation", "code": 403,
                                   "metadata": {"reasons": ["violence"]}}},
     ModelError, "flagged by moderation: violence"),
    ("OpenRouter", 400, {"error": {"message": "Provider returned error", "code": 400, "metadata": {
        "raw": '{"error": {"message": "prompt is too long"}}', "provider_name": "X"}}},
     PromptTooLongError, "prompt is too long"),
    ("OpenRouter", 200, {"error": {"message": "Rate limited", "code": 429}}, BUSY, "Rate limited"),
    ("OpenRouter", 200, {"error": {"message": "No such key", "code": 401}},
     NoAccessError, "No such key"),
    ("OpenRouter", 200, {"error": {"message": "It is down", "code": 502}, "choices": []},
     BROKEN, "It is down"),
    ("MiniMax", 200, {"base_resp": {"status_code": 1002, "status_msg": "rate limit"}},
     BROKEN, "rate limit"),
    ("a region", 403, {"error": {"message": "Not available in your region"}},
     NoAccessError, r"refuses access \(status 403\): Not available in your region"),
    ("a gateway", 502, "<html><head><title>502 Bad Gateway</title></head></html>",
     BROKEN, "status 502: 502 Bad Gateway"),
    ("a gateway", 403, "<h1>Blocked by the firewall</h1>", NoAccessError, "Blocked by the"),
    ("nothing", 401, "", NoAccessError, "wants another key: set OPENAI_API_KEY"),
    ("nothing", 200, "", BROKEN, "cannot be read: it is empty"),
    ("a web server", 200, "<html><h1>Welcome!</h1></html>", BROKEN, r"read: Welcome! \(Expecting"),
    ("a broken gateway", 200, "upstream\n timed out", BROKEN, r"read: upstream timed out \("),
    ("an own error", 200, {"detail": "Oops"}, BROKEN, "Oops"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [pytest.param(*case, id=f"{maker}: {case[0]}: {case[3]}") for maker, *case in ERRORS],
)
def test_errors(server: FakeServer, status: int, body: Body | str, kind: Any, words: str) -> None:
    server.then(answer(status, body))
    expected = TransientError if kind in (BUSY, BROKEN) else kind
    with pytest.raises(expected, match=words) as caught:
        ask(openai_model(server))
    error = caught.value
    assert type(error) is expected or kind is ModelError
    assert not isinstance(error, NoAccessError) or kind is NoAccessError
    if isinstance(error, TransientError):
        assert error.busy == (kind is BUSY)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (500, "Value is not callable: null at row 1, column 72: ... System role not supported"),
        (400, "Conversation roles must alternate user/assistant/user/assistant/..."),
    ],
    ids=["llama.cpp", "vLLM"],
)
def test_a_template_without_the_role_system(server: FakeServer, status: int, words: str) -> None:
    server.then(answer(status, {"error": {"message": words, "code": status}}))
    assert ask(openai_model(server)).text == "Answer: Rock"
    refused, taken = (request["messages"] for request in server.requests)
    assert [m["role"] for m in refused] == ["system", "user"]
    assert taken == [{"role": "user", "content": "Rules.\n\nNow?"}]


def test_a_template_that_takes_a_system_message_is_not_asked_again(server: FakeServer) -> None:
    words = "After the optional system message, conversation roles must alternate user/assistant"
    server.then(answer(400, {"error": {"message": words}}))
    with pytest.raises(ModelError, match="roles must alternate"):
        ask(openai_model(server))
    assert len(server.requests) == 1


def test_busy_with_status_200_is_tried_again_more_slowly(server: FakeServer) -> None:
    server.then(answer(200, {"error": {"message": "Rate limited", "code": 429}}))
    model = openai_model(server, max_retries=1)
    before = model.pace.limit
    assert ask(model).text == "Answer: Rock"
    assert len(server.requests) == 2
    assert model.pace.limit < before


def test_a_prompt_that_a_filter_stops_is_a_withheld_reply(server: FakeServer) -> None:
    """The same prompt would be stopped again, so the game goes on as with any other refusal."""
    stopped = {"error": {"message": "The prompt triggered a policy.", "code": "content_filter"}}
    server.then(answer(400, stopped), answer(400, stopped))
    model = openai_model(server, max_retries=3)
    call = ask(model)
    assert (call.text, call.finish) == ("The prompt triggered a policy.", "withheld")
    ask(model)
    assert model.notes == ["openai:fake withheld a reply: The prompt triggered a policy."]
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "2"}, 2.0),
        ({"retry-after-ms": "soon", "retry-after": "2"}, 2.0),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "-5"}, 0.0),
        ({}, None),
    ],
    ids=str,
)
def test_how_long_to_wait(server: FakeServer, headers: dict[str, str], wait: float | None) -> None:
    server.then(Answer(429, error_body("slow down"), headers=tuple(headers.items())))
    with pytest.raises(TransientError) as caught:
        ask(openai_model(server))
    assert caught.value.wait == wait


# --- Odd fields

ROCK = {"message": {"content": "Rock"}, "finish_reason": "stop"}


@pytest.mark.parametrize(
    "more",
    [
        {"usage": {"prompt_tokens": 9, "prompt_tokens_details": [{"cached_tokens": 3}]}},
        {"usage": {"prompt_tokens": 9, "completion_tokens_details": "many"}},
        {"usage": {"prompt_tokens": 9, "completion_tokens": {"n": 3}, "total_tokens": [1]}},
        {"usage": {"prompt_tokens": 9, "prompt_tokens_details": {"cached_tokens": "3"}}},
        {"usage": {"prompt_tokens": 9, "completion_tokens": True}},
        {"usage": [1], "model": 5, "system_fingerprint": {"a": 1}, "id": []},
        {"usage": "none", "error": None, "created": "yesterday"},
    ],
    ids=str,
)
def test_odd_fields_cost_no_reply(server: FakeServer, more: dict[str, Any]) -> None:
    server.then(answer(200, {"choices": [ROCK], **more}))
    call = ask(openai_model(server))
    assert call.text == "Rock"
    assert call.usage == Usage(prompt=9 if isinstance(more["usage"], dict) else 0)


@pytest.mark.parametrize(
    ("message", "reasoning"),
    [
        ({"content": "Rock", "reasoning_content": "Hm."}, "Hm."),
        ({"content": "Rock", "reasoning": {"text": "Hm."}}, "Hm."),
        ({"content": "Rock", "reasoning": 5}, ""),
        ({"content": "Rock", "reasoning_details": [{"type": "x", "text": "Hm."}]}, "Hm."),
        (
            {
                "content": [
                    {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]},
                    {"type": "text", "text": "Rock"},
                ]
            },
            "Hm.",
        ),
        ({"content": [{"type": "reasoning", "summary": "Hm."}, "Ro", {"text": "ck"}]}, "Hm."),
    ],
    ids=str,
)
def test_thoughts_are_kept_apart(
    server: FakeServer, message: dict[str, Any], reasoning: str
) -> None:
    server.then(answer(200, {"choices": [{"message": message, "finish_reason": "stop"}]}))
    call = ask(openai_model(server))
    assert (call.text, call.reasoning) == ("Rock", reasoning)


def test_numbers_that_are_none_are_let_through(server: FakeServer) -> None:
    server.then(answer(200, '{"choices": [{"message": {"content": "Rock"}, "logprob": NaN}]}'))
    assert ask(openai_model(server)).text == "Rock"
    body = json.dumps({"choices": [ROCK], "x": "digits"})
    server.then(answer(200, body.replace('"digits"', "9" * 6000)))
    assert ask(openai_model(server)).text == "Rock"


def details(cached: Any = None, reasoning: Any = None) -> dict[str, Any]:
    return {
        "prompt_tokens_details": {"cached_tokens": cached},
        "completion_tokens_details": {"reasoning_tokens": reasoning},
    }


@pytest.mark.parametrize(
    ("prompt", "completion", "total", "more", "usage"),
    [
        (100, 5, 905, details(reasoning=800), Usage(100, 0, 805, 800)),
        (100, 5, 905, {}, Usage(100, 0, 805, 800)),
        (100, 5, None, details(reasoning=800), Usage(100, 0, 805, 800)),
        (100, 805, 905, details(reasoning=800), Usage(100, 0, 805, 800)),
        (100, 5, 50, {}, Usage(100, 0, 5, 0)),
        (None, 5, 105, {}, Usage(100, 0, 5, 0)),
        (100, None, 105, {}, Usage(100, 0, 5, 0)),
        (100, 5, 105, details(cached=10**9), Usage(100, 100, 5, 0)),
        (100, 5, 105, details(cached=-4, reasoning=-4), Usage(100, 0, 5, 0)),
        (-(2**53), 5, None, {}, Usage(0, 0, 5, 0)),
        (1e300, 5, 10**15, {}, Usage()),
        (100.0, 5.0, None, {"cached_tokens": 30}, Usage(100, 30, 5, 0)),
        (100, 5, None, {"prompt_cache_hit_tokens": 30}, Usage(100, 30, 5, 0)),
    ],
)
def test_tokens_add_up(
    server: FakeServer, prompt: Any, completion: Any, total: Any, more: Any, usage: Usage
) -> None:
    counts = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": total}
    server.then(answer(200, {"choices": [ROCK], "usage": counts | more}))
    assert ask(openai_model(server)).usage == usage


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens": "9", "completion_tokens": 0}])
def test_a_service_that_counts_no_tokens_is_told_once(server: FakeServer, usage: Any) -> None:
    body = {"choices": [ROCK], "usage": usage}
    server.then(answer(200, body), answer(200, body))
    model = openai_model(server)
    ask(model), ask(model)
    assert model.notes == [
        "openai:fake reports no tokens, so limits of tokens and cost do not hold"
    ]


def test_what_really_served_is_recorded(server: FakeServer) -> None:
    server.then(answer(200, {"choices": [ROCK], "system_fingerprint": "fp_1", "model": "fake-7"}))
    call = ask(openai_model(server), label="judge")
    assert (call.asked, call.model, call.fingerprint, call.label) == (
        "openai:fake", "fake-7", "fp_1", "judge",
    )  # fmt: skip


# --- Fields a model does not take

REFUSALS = {
    "OpenAI, temperature": (
        {"message": "Unsupported value: 'temperature' does not support 0 with this model.",
         "param": "temperature", "code": "unsupported_value"},
        {"temperature": None},
    ),
    "OpenAI, max_tokens": (
        {"message": "Unsupported parameter: 'max_tokens' is not supported with this model. "
                    "Use 'max_completion_tokens' instead.",
         "param": "max_tokens", "code": "unsupported_parameter"},
        {"max_tokens": None, "max_completion_tokens": 1024},
    ),
    "Moonshot": ({"message": "invalid temperature: only 1 is allowed for this model"},
                 {"temperature": None}),
    "Groq": ({"message": "property 'seed' is unsupported"}, {"seed": None}),
    "Gemini": ({"message": 'Unknown name "seed": Cannot find field.'}, {"seed": None}),
    "a parameter alone": ({"message": "Wrong.", "param": "seed", "code": "unknown_parameter"},
                          {"seed": None}),
    "system": ({"message": "System role not supported"},
               {"messages": [{"role": "user", "content": "Rules.\n\nNow?"}]}),
}  # fmt: skip


@pytest.mark.parametrize(("error", "changed"), REFUSALS.values(), ids=REFUSALS)
def test_a_field_that_is_refused_is_left_out(
    server: FakeServer, error: dict[str, Any], changed: dict[str, Any]
) -> None:
    server.then(answer(400, {"error": error}))
    model = openai_model(server, seed=3)
    assert [ask(model).text, ask(model).text] == ["Answer: Rock"] * 2
    first, second, third = server.requests
    assert second == third, "it is remembered"
    wanted = {k: v for k, v in (first | changed).items() if v is not None}
    assert second == wanted
    assert len(model.notes) == 1
    assert error["message"][:30] in model.notes[0]


def test_what_is_refused_has_an_end(server: FakeServer) -> None:
    """A service that refuses all there is gets each field once, and then its word is told."""
    every = ("temperature", "max_tokens", "max_completion_tokens", "seed", "n", "stream_options")
    for name in [*every, *every]:
        told = {"message": f"'{name}' is not supported", "param": name}
        server.then(answer(400, {"error": told}))
    model = openai_model(server, seed=3)
    with pytest.raises(ModelError, match="'n' is not supported"):
        ask(model)
    assert [sorted(r) for r in server.requests][-1] == ["messages", "model"]
    assert len(server.requests) == 5
    assert len(model.notes) == 4


@pytest.mark.parametrize(
    "message",
    [
        "max_tokens is too large: 1024. This model supports at most 512 completion tokens.",
        "temperature must be less than 2",
        "top_k is not supported",
        "Something is wrong.",
    ],
)
def test_other_complaints_change_nothing(server: FakeServer, message: str) -> None:
    server.then(Answer(400, error_body(message)))
    model = openai_model(server)
    with pytest.raises(ModelError, match="does not take the request"):
        ask(model)
    assert (len(server.requests), model.notes) == (1, [])


def test_what_the_user_adds_is_not_left_out(server: FakeServer) -> None:
    server.then(Answer(400, error_body("'seed' is not supported")))
    with pytest.raises(ModelError, match="'seed' is not supported"):
        ask(openai_model(server, extra={"seed": 4}))


def test_many_calls_at_once_find_out_once(server: FakeServer) -> None:
    refused = Answer(400, error_body("'temperature' is not supported"), delay=0.2)
    server.then(*[refused] * 6)
    model = openai_model(server)

    async def body() -> list[list[Call]]:
        try:
            return await asyncio.gather(*(model.chat(TALK) for _ in range(6)))
        finally:
            await model.aclose()

    assert len(asyncio.run(body())) == 6
    assert (len(server.requests), len(model.notes)) == (12, 1)


# --- Replies that come piece by piece


def events(*chunks: Any, end: str = "data: [DONE]\n\n", status: int = 200) -> Answer:
    lines = [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks]
    body = (": hello\n\n" + "".join(lines) + end).encode()
    return Answer(status, body, headers=(("Content-Type", "text/event-stream"),))


def piece(finish: str | None = None, index: int = 0, **delta: Any) -> dict[str, Any]:
    choice = {"index": index, "delta": delta, "finish_reason": finish}
    return {"model": "fake-2", "system_fingerprint": "fp", "choices": [choice], "usage": None}


WHOLE = (
    piece(role="assistant", content=""),
    piece(reasoning_content="H"), piece(thinking="m."),
    piece(content="Answer: "), piece(content="Rock"), piece("length"),
    {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 4}},
)  # fmt: skip


@pytest.mark.parametrize("end", ["data: [DONE]\n\n", "data:[DONE]", "", "data: [DONE]\r\n\r\n"])
def test_a_streamed_reply(server: FakeServer, end: str) -> None:
    server.then(events(*WHOLE, end=end))
    call = ask(openai_model(server, stream=True))
    assert (call.text, call.reasoning, call.finish) == ("Answer: Rock", "Hm.", "length")
    assert (call.usage, call.model, call.fingerprint) == (Usage(9, 0, 4, 0), "fake-2", "fp")
    assert server.requests[0]["stream"] is True
    assert server.requests[0]["stream_options"] == {"include_usage": True}


def test_a_server_that_streams_unasked_or_not_though_asked(server: FakeServer) -> None:
    server.then(events(*WHOLE), Answer(body=openai_body("Answer: Rock")))
    assert ask(openai_model(server)).text == "Answer: Rock"
    assert ask(openai_model(server, stream=True)).text == "Answer: Rock"


def test_a_stream_with_several_samples(server: FakeServer) -> None:
    server.then(
        events(piece(index=1, content="b"), piece(index=0, content="a"), piece("stop", 0),
               piece("stop", 1))
    )  # fmt: skip
    model = openai_model(server, stream=True, temperature=1, samples_per_request=True)

    async def body() -> list[Call]:
        try:
            return await model.chat(TALK, samples=2)
        finally:
            await model.aclose()

    assert [call.text for call in asyncio.run(body())] == ["a", "b"]


def test_stream_options_are_left_out_where_they_are_refused(server: FakeServer) -> None:
    server.then(Answer(400, error_body("Unrecognized field: stream_options")), events(*WHOLE))
    assert ask(openai_model(server, stream=True)).text == "Answer: Rock"
    assert "stream_options" not in server.requests[1]


@pytest.mark.parametrize(
    ("chunks", "end", "told"),
    [
        ((piece(content="Answer: Ro"),), "", "ends in the middle"),
        ((piece(content="x"), {"error": {"message": "Lost it", "code": 502}}), "", "Lost it"),
        ((), "data: {oops\n\n", "cannot be read"),
        ((), "", "no choices"),
        ((piece("error", content="x"),), "data: [DONE]\n\n", "broke its reply off"),
        ((piece("error", content="x") | {"error": {"message": "Lost it"}},), "", "off: Lost it"),
    ],
    ids=["cut", "error", "no JSON", "empty", "broken off", "broken off, said beside"],
)
def test_streams_that_fail(server: FakeServer, chunks: Any, end: str, told: str) -> None:
    server.then(events(*chunks, end=end))
    with pytest.raises(TransientError, match=told):
        ask(openai_model(server, stream=True))


def anthropic_events(*more: Any) -> Answer:
    start = {"input_tokens": 9, "output_tokens": 1}
    parts = [
        {"type": "message_start", "message": {"model": "claude-1", "usage": start}},
        {"type": "content_block_delta", "delta": {"type": "thinking_delta", "thinking": "Hm."}},
        {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "Answer: "}},
        {"type": "ping"},
        {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "Rock"}},
        *more,
    ]
    return events(*parts, end="")


def test_a_streamed_reply_of_anthropic(server: FakeServer) -> None:
    end = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}}
    server.then(
        anthropic_events(end | {"usage": {"output_tokens": 7}}, {"type": "message_stop"}),
        anthropic_events({"type": "error", "error": {"type": "overloaded_error"}}),
        anthropic_events(),
    )
    url = server.url.removesuffix("/v1")
    model = open_model("anthropic:x", base_url=url, stream=True, max_retries=0)
    call = ask(model)
    assert (call.text, call.reasoning, call.finish) == ("Answer: Rock", "Hm.", "stop")
    assert (call.usage, call.model) == (Usage(9, 0, 7, 0), "claude-1")
    with pytest.raises(TransientError, match=r"refuses more calls .*overloaded_error") as caught:
        ask(model)
    assert caught.value.busy
    with pytest.raises(TransientError, match="ends in the middle"):
        ask(model)


@pytest.mark.parametrize(
    ("delay", "seconds"), [("0.7s", 0.7), ("2s", None), (0.7, 0.7), ("soon", 0), ({"a": 1}, 0)]
)
def test_a_wait_that_the_body_asks_for_is_kept(delay: Any, seconds: float | None) -> None:
    """Gemini says in its error, and not in a header, when to come back."""
    info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}
    details = [{"@type": "QuotaFailure"}, {"links": []}, {"reason": "x"}, info]
    error = {"code": 429, "message": "Quota", "status": "RESOURCE_EXHAUSTED", "details": details}
    complaint = read_complaint([{"error": error}])
    assert complaint.wait == (2.0 if seconds is None else seconds or None)
    assert meaning_of(429, complaint) == Meaning.BUSY
