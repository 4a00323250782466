"""Anthropic's models."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from msgspec import UNSET
from msgspec import UnsetType as Unset

from smartplay.models.base import Positive, Question, Settings, choice_schema
from smartplay.models.images import for_anthropic
from smartplay.models.served import Replied, ServedModel, Spoken
from smartplay.models.service import NoReplyError
from smartplay.models.stream import Text
from smartplay.models.usage import first, make_usage, tokens
from smartplay.records import ToolCall, Usage

VERSION = "2026-10-21"
CALL = 1024  # bytes that a call of a stream takes beside its arguments
MARKED = 2
"""How many ends of paragraphs before the last one are marked for the cache; a request may have four
marks, of which the rules and the whole take one each."""
_PARAGRAPH = re.compile(r"(?<=\S)(?=\n\n\s*\S)")


class AnthropicSettings(Settings, frozen=True, kw_only=True):
    """Settings of Anthropic's models.

    The service rejects any temperature (from API version 2026-10-21 on, which its client sends) and
    takes no seed, so replies do not repeat. It gives one reply per request.
    """

    temperature: None = None
    seed: None = None
    max_tokens: Positive = 1024


class Provider(ServedModel):
    """One of Anthropic's models. The service's prompt cache is on: prompts grow at their end.

    The service caches what comes before a mark, and marks stand between blocks. One mark is at the
    very end, for conversations that go on. One follows the rules, which stay the same when the
    history slides. The others stand before the last paragraphs of the user's first message: it
    shows the past and ends with a question, so the next step's message begins alike up to there.
    Each paragraph is a block, so that a block of one request is also one of the next.
    """

    kind = "anthropic"
    summary = "a model of Anthropic"
    settings_type = AnthropicSettings
    title = "Anthropic"
    address = "https://api.anthropic.com"
    variables = ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL")
    key_header = ("x-api-key", "")
    path = "/v1/messages"

    def _temperature(self, asked: float | Unset | None) -> None:
        if asked is not UNSET and asked is not None:
            self._note(f"{self.name} takes no temperature: the service decides")

    def _request(self, question: Question) -> dict[str, Any]:
        extra = {"cache_control": {"type": "ephemeral"}} | self.settings.extra
        mark = extra["cache_control"]
        if question.tools:
            extra["tools"] = [
                {
                    "name": tool["name"],
                    "description": tool["description"],
                    "input_schema": tool["parameters"],
                }
                for tool in question.tools
            ]
            kind = "auto" if question.choices is None else "any"
            extra["tool_choice"] = {"type": kind, "disable_parallel_tool_use": True}
        elif question.choices is not None:
            form = {"type": "json_schema", "schema": choice_schema(question.choices)}
            extra["output_config"] = extra.get("output_config", {}) | {"format": form}
        if self.settings.stream:
            extra["stream"] = True
        messages = self._messages(question)
        told = for_anthropic([m for m in messages if m["role"] != "system"])
        request: dict[str, Any] = {
            "model": self._service.model,
            "max_tokens": self.settings.max_tokens,
            "messages": told,
            **extra,
        }
        system = "\n\n".join(m["content"] for m in messages if m["role"] == "system")
        if system:
            request["system"] = [_block(system, mark)]
        if mark and told and isinstance(told[0]["content"], str):
            told[0] = told[0] | {"content": _marked(told[0]["content"], mark)}
        return request

    def _gather(self) -> _Events:
        return _Events()

    def _read(self, reply: dict[str, Any]) -> Replied:
        content = reply.get("content")
        if not isinstance(content, list):
            raise NoReplyError("it holds no content")
        blocks = [block for block in content if isinstance(block, dict)]
        spoken = Spoken(
            "".join(_text(b.get("text")) for b in blocks if b.get("type", "text") == "text"),
            "".join(_text(b.get("thinking")) for b in blocks),
            _text(reply.get("stop_reason")),
            tools=any(b.get("type") == "tool_use" for b in blocks),
            called=[_called(block) for block in blocks if block.get("type") == "tool_use"],
        )
        return Replied([spoken], _text(reply.get("model")), _usage(reply.get("usage")))


def _block(text: str, mark: Any) -> dict[str, Any]:
    return {"type": "text", "text": text} | ({"cache_control": mark} if mark else {})


def _marked(text: str, mark: Any) -> list[dict[str, Any]]:
    """A text with a block per paragraph and marks before the last ones."""
    *before, last = _PARAGRAPH.split(text)
    first = len(before) - MARKED
    blocks = [_block(part, mark if place >= first else None) for place, part in enumerate(before)]
    return [*blocks, _block(last, None)]


def _called(block: dict[str, Any]) -> ToolCall:
    given = block.get("input")
    arguments = given if isinstance(given, str) else msgspec.json.encode(given).decode()
    return ToolCall(_text(block.get("id")), _text(block.get("name")), arguments)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _usage(reported: Any) -> Usage | None:
    if not isinstance(reported, dict):
        return None
    cached = tokens(reported.get("cache_read_input_tokens"))
    written = tokens(reported.get("cache_creation_input_tokens"))
    thought = first(reported.get("output_tokens_details"), "thinking_tokens")
    read = tokens(reported.get("input_tokens")) + cached + written
    return make_usage(read, reported.get("output_tokens"), cached, thought)


class _Events:
    """A reply that comes in events, each with a piece of a block."""

    def __init__(self) -> None:
        self.done, self.size = False, 0
        self._reply: dict[str, Any] = {}
        self._said, self._thought = Text(), Text()
        self._calls: dict[Any, dict[str, Any]] = {}

    def add(self, event: dict[str, Any]) -> None:
        """Take in an event."""
        kind = event.get("type")
        if kind == "error":
            self._reply, self.done = event, True
        elif kind == "message_start":
            message = event.get("message")
            self._reply |= message if isinstance(message, dict) else {}
        elif kind in ("content_block_start", "content_block_delta"):
            piece = first(event, "content_block", "delta")
            self._call(event.get("index"), piece)
            self.size += self._said.add(_text(first(piece, "text")))
            self.size += self._thought.add(_text(first(piece, "thinking")))
        elif kind == "message_delta":
            usage = self._reply.get("usage"), event.get("usage")
            known = [table for table in usage if isinstance(table, dict)]
            self._reply["usage"] = {name: n for table in known for name, n in table.items()}
            self._reply["stop_reason"] = first(event.get("delta"), "stop_reason")
        elif kind == "message_stop":
            self.done = True

    def reply(self) -> dict[str, Any]:
        """The reply as if it had come in one piece."""
        if self._reply.get("type") == "error":
            return self._reply
        if not self.done:
            raise ValueError("it ends in the middle")
        content: list[dict[str, Any]] = [
            {"type": "thinking", "thinking": str(self._thought)},
            {"type": "text", "text": str(self._said)},
        ]
        calls = [call | {"input": str(call["input"])} for call in self._calls.values()]
        return self._reply | {"content": content + calls}

    def _call(self, number: Any, piece: Any) -> None:
        """Take in a piece of a call of a function."""
        if first(piece, "type") == "tool_use":
            told = {"id": first(piece, "id"), "name": first(piece, "name")}
            self._calls[str(number)] = {"type": "tool_use", **told, "input": Text()}
            self.size += CALL
        elif str(number) in self._calls:
            self.size += self._calls[str(number)]["input"].add(_text(first(piece, "partial_json")))
