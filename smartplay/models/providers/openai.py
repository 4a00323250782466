"""Any service that speaks OpenAI's chat protocol."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from smartplay.models.codes import SYSTEM, Meaning, finish_of, read_complaint
from smartplay.models.served import Question, Replied, ServedModel, Spoken
from smartplay.models.service import BrokenOffError, NoReplyError
from smartplay.models.stream import Text
from smartplay.models.usage import first, make_usage
from smartplay.records import Usage

LIMITS = ("max_completion_tokens", "max_tokens")
"""OpenAI's name for the most tokens of a reply, and the one that others have kept."""
CHOICE = 1024  # bytes that a choice of a stream takes beside its texts


class Provider(ServedModel):
    """A model behind OpenAI's chat protocol."""

    kind = "openai"
    summary = "a model behind any OpenAI-compatible service (--base-url URL)"
    title = "OpenAI"
    address = "https://api.openai.com/v1"
    variables = ("OPENAI_API_KEY", "OPENAI_BASE_URL")
    key_header = ("authorization", "Bearer ")
    path = "/chat/completions"
    optional = ("temperature", *LIMITS, "seed", "n", "stream_options", SYSTEM)

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
        if settings.stream:
            fields |= {"stream": True, "stream_options": {"include_usage": True}}
        kept = {k: v for k, v in fields.items() if v is not None and k not in self._refused}
        return kept | settings.extra | self._own_fields(question)

    def _own_fields(self, question: Question) -> dict[str, Any]:
        if question.choices is None:
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
            [_spoken(choice) for choice in choices],
            _text(reply.get("model")),
            _usage(reply.get("usage")),
            _text(reply.get("system_fingerprint")),
        )


def choice_schema(choices: Sequence[str]) -> dict[str, Any]:
    """The JSON schema of a choice: an object whose `action` is one of the choices."""
    return {
        "type": "object",
        "properties": {"action": {"type": "string", "enum": list(choices)}},
        "required": ["action"],
        "additionalProperties": False,
    }


def _spoken(choice: Any) -> Spoken:
    message = first(choice, "message", "delta")
    if not isinstance(message, dict):
        raise NoReplyError("a choice holds no message")
    finish = _text(choice.get("finish_reason"))
    if finish_of(finish) == Meaning.BROKEN:
        raise BrokenOffError(read_complaint(choice.get("error")))
    content, refusal = message.get("content"), _text(message.get("refusal"))
    text, apart = _texts(content)
    if not refusal and isinstance(content, list):
        refusal = "".join(_text(first(part, "refusal")) for part in content)
    thoughts = first(message, "reasoning_content", "reasoning", "reasoning_details", "thinking")
    return Spoken(
        text or refusal,
        "".join(_texts(thoughts)) + apart,
        finish,
        withheld=bool(refusal),
        tools=bool(message.get("tool_calls") or message.get("function_call")),
    )


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
                self._add(choice)

    def _add(self, choice: dict[str, Any]) -> None:
        number = choice.get("index")
        number = number if isinstance(number, int) else 0
        if number not in self._choices:
            self._choices[number] = {"content": Text(), "reasoning": Text(), "refusal": Text()}
            self.size += CHOICE
        kept = self._choices[number]
        delta = first(choice, "delta", "message")
        thoughts = first(delta, "reasoning_content", "reasoning", "reasoning_details")
        said, apart = _texts(first(delta, "content"))
        self.size += kept["content"].add(said)
        self.size += kept["reasoning"].add(apart + "".join(_texts(thoughts)))
        self.size += kept["refusal"].add(_text(first(delta, "refusal")))
        if first(delta, "tool_calls", "function_call"):
            kept["tool_calls"] = True
        for name in ("finish_reason", "error"):
            if choice.get(name) is not None:
                kept[name] = choice[name]

    def reply(self) -> dict[str, Any]:
        """The reply as it would have come at once."""
        if "error" in self._reply:
            return self._reply
        whole = [self._choices[number] for number in sorted(self._choices)]
        if not self.done and not all("finish_reason" in kept for kept in whole):
            raise ValueError("it ends in the middle")
        return self._reply | {"choices": [_choice(kept) for kept in whole]}


def _choice(kept: dict[str, Any]) -> dict[str, Any]:
    """A choice with its message, whose texts are whole now."""
    texts = {name: str(kept[name]) for name in ("content", "reasoning", "refusal")}
    return kept | {"message": texts | {"tool_calls": kept.get("tool_calls")}}
