"""Any service that speaks OpenAI's chat protocol."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from smartplay.models.base import Question, choice_schema
from smartplay.models.codes import SYSTEM, Meaning, finish_of, read_complaint
from smartplay.models.served import Replied, ServedModel, Spoken
from smartplay.models.service import BrokenOffError, NoReplyError
from smartplay.models.stream import Text
from smartplay.models.usage import first, make_usage
from smartplay.records import ToolCall, Usage

LIMITS = ("max_completion_tokens", "max_tokens")
"""OpenAI's field for the most tokens of a reply, and the older one that other services kept."""
CHOICE = 1024  # bytes that a choice in a stream takes beside its texts


class Provider(ServedModel):
    """A model behind OpenAI's chat protocol."""

    kind = "openai"
    summary = "a model behind any OpenAI-compatible service (--base-url URL)"
    title = "OpenAI"
    address = "https://api.openai.com/v1"
    variables = ("OPENAI_API_KEY", "OPENAI_BASE_URL")
    key_header = ("authorization", "Bearer ")
    path = "/chat/completions"
    optional = (
        "temperature", *LIMITS, "seed", "n", "stream_options", "parallel_tool_calls", SYSTEM
    )  # fmt: skip

    def _request(self, question: Question) -> dict[str, Any]:
        settings = self.settings
        fields: dict[str, Any] = {
            "model": self._service.model,
            "messages": self._messages(question),
            "temperature": question.temperature,
            self._limit(): settings.max_tokens,
            "seed": question.seed,
            "n": question.wanted if question.wanted > 1 else None,
        }
        if question.tools:
            fields |= {
                "tools": [{"type": "function", "function": tool} for tool in question.tools],
                "tool_choice": "auto" if question.choices is None else "required",
                "parallel_tool_calls": False,
            }
        if settings.stream:
            fields |= {"stream": True, "stream_options": {"include_usage": True}}
        kept = {k: v for k, v in fields.items() if v is not None and k not in self._refused}
        return kept | settings.extra | self._own_fields(question)

    def _own_fields(self, question: Question) -> dict[str, Any]:
        if question.choices is None or question.tools:
            return {}
        schema = {"name": "choice", "strict": True, "schema": choice_schema(question.choices)}
        return {"response_format": {"type": "json_schema", "json_schema": schema}}

    def _limit(self) -> str:
        """The field for the most tokens: the usual one unless it was refused, else the other."""
        usual, other = reversed(LIMITS) if self.settings.base_url else LIMITS
        return other if usual in self._refused else usual

    def _without(self, field: str) -> str:
        if field in LIMITS and not self._refused.issuperset(LIMITS):
            return f"does not take {field}, so it is sent as {self._limit()}"
        return super()._without(field)

    def _gather(self) -> _Chunks:
        return _Chunks()

    def _read(self, reply: dict[str, Any]) -> Replied:
        choices = reply.get("choices")
        if not isinstance(choices, list) or not choices:
            raise NoReplyError("it holds no choices")
        return Replied(
            [_spoken(choice, reply.get("error")) for choice in choices],
            _text(reply.get("model")),
            _usage(reply.get("usage")),
            _text(reply.get("system_fingerprint")),
        )


def _spoken(choice: Any, beside: Any) -> Spoken:
    """Read a choice; a service may complain in it or beside all of them."""
    message = first(choice, "message", "delta")
    if not isinstance(message, dict):
        raise NoReplyError("a choice holds no message")
    finish, error = _text(choice.get("finish_reason")), choice.get("error") or beside
    said = message.get("content") or message.get("tool_calls")
    if finish_of(finish) == Meaning.BROKEN or (error and not said):
        raise BrokenOffError(read_complaint(error))
    content, refusal = message.get("content"), _text(message.get("refusal"))
    text, apart = _texts(content)
    if not refusal and isinstance(content, list):
        refusal = "".join(_text(first(part, "refusal")) for part in content)
    thoughts = first(message, *_THOUGHTS)
    return Spoken(
        text or refusal,
        "".join(_texts(thoughts)) + apart,
        finish,
        withheld=bool(refusal),
        tools=bool(message.get("tool_calls") or message.get("function_call")),
        called=[_called(call) for call in _listed(message.get("tool_calls"))],
    )


def _called(call: Any) -> ToolCall:
    """A call of a function; some services give its arguments as a table."""
    function = first(call, "function")
    arguments = first(function, "arguments")
    if isinstance(arguments, dict):
        arguments = msgspec.json.encode(arguments).decode()
    return ToolCall(_text(first(call, "id")), _text(first(function, "name")), _text(arguments))


_THOUGHTS = ("reasoning_content", "reasoning", "reasoning_details", "thinking")
_SAID = ("text", "thinking", "reasoning", "summary", "content")


def _texts(content: Any) -> tuple[str, str]:
    """What a content says, and what it says as a thought."""
    if isinstance(content, str) or content is None:  # as nearly always
        return content or "", ""
    parts = list(_parts(content))
    said = "".join(text for is_text, text in parts if is_text)
    return said, "".join(text for is_text, text in parts if not is_text)


def _parts(content: Any, is_text: bool = True, depth: int = 4) -> Iterator[tuple[bool, str]]:
    """The texts of a content, each with whether it is part of the reply and not a thought."""
    if isinstance(content, str):
        yield is_text, content
    elif isinstance(content, list) and depth:
        for part in content:
            yield from _parts(part, is_text, depth - 1)
    elif isinstance(content, dict) and depth:
        kind = _text(content.get("type"))
        spoken = is_text and not ("think" in kind or "reason" in kind)
        yield from _parts(first(content, *_SAID), spoken, depth - 1)


def _listed(content: Any) -> list[Any]:
    return content if isinstance(content, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _usage(reported: Any) -> Usage | None:
    if not isinstance(reported, dict):
        return None
    prompt = first(reported, "prompt_tokens_details", "input_tokens_details")
    completion = first(reported, "completion_tokens_details", "output_tokens_details")
    cached = first(prompt, "cached_tokens")
    thought = first(completion, "reasoning_tokens")
    return make_usage(
        first(reported, "prompt_tokens", "input_tokens"),
        first(reported, "completion_tokens", "output_tokens"),
        first(reported, "cached_tokens", "prompt_cache_hit_tokens") if cached is None else cached,
        first(reported, "reasoning_tokens") if thought is None else thought,
        reported.get("total_tokens"),
    )


class _Chunks:
    """A reply that comes in chunks, each with a piece of some choices."""

    def __init__(self) -> None:
        self.done, self.size = False, 0
        self._reply: dict[str, Any] = {}
        self._choices: dict[int, dict[str, Any]] = {}

    def add(self, event: dict[str, Any]) -> None:
        """Take in a chunk."""
        choices = event.get("choices")
        if event.get("error") and not choices:
            self._reply, self.done = {"error": event["error"]}, True
            return
        for name in ("model", "usage", "system_fingerprint"):
            if event.get(name) is not None:
                self._reply[name] = event[name]
        for choice in _listed(choices):
            if isinstance(choice, dict):
                self._add({"error": event.get("error")} | choice)

    def _add(self, choice: dict[str, Any]) -> None:
        number = choice.get("index")
        number = number if isinstance(number, int) else 0
        if number not in self._choices:
            self._choices[number] = {"content": Text(), "reasoning": Text(), "refusal": Text()}
            self.size += CHOICE
        kept = self._choices[number]
        delta = first(choice, "delta", "message")
        thoughts = first(delta, *_THOUGHTS)
        said, apart = _texts(first(delta, "content"))
        self.size += kept["content"].add(said)
        self.size += kept["reasoning"].add(apart + "".join(_texts(thoughts)))
        self.size += kept["refusal"].add(_text(first(delta, "refusal")))
        self._call(kept, delta)
        for name in ("finish_reason", "error"):
            if choice.get(name) is not None:
                kept[name] = choice[name]

    def _call(self, kept: dict[str, Any], delta: Any) -> None:
        """Take in pieces of calls, each with the number of its call."""
        calls = _listed(first(delta, "tool_calls"))
        if calls or first(delta, "function_call"):
            kept.setdefault("tool_calls", {})
        for piece in filter(None, calls):
            number = first(piece, "index")
            whole = kept["tool_calls"].setdefault(
                number if isinstance(number, int) else 0, {"arguments": Text()}
            )
            called = _called(piece)
            self.size += whole["arguments"].add(called.arguments) + CHOICE
            whole["id"] = whole.get("id") or called.id
            whole["name"] = whole.get("name") or called.name

    def reply(self) -> dict[str, Any]:
        """The reply as if it had come in one piece."""
        if "error" in self._reply:
            return self._reply
        whole = [self._choices[number] for number in sorted(self._choices)]
        if not self.done and not all("finish_reason" in kept for kept in whole):
            raise ValueError("it ends in the middle")
        return self._reply | {"choices": [_choice(kept) for kept in whole]}


def _choice(kept: dict[str, Any]) -> dict[str, Any]:
    """A choice with its message, whose texts are whole now."""
    texts = {name: str(kept[name]) for name in ("content", "reasoning", "refusal")}
    calls = [
        {
            "id": call["id"],
            "function": {"name": call["name"], "arguments": str(call["arguments"])},
        }
        for call in kept.get("tool_calls", {}).values()
    ]
    return kept | {"message": texts | {"tool_calls": calls or "tool_calls" in kept}}
