"""Anthropic's models."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import msgspec

from smartplay.models.base import Settings
from smartplay.models.images import for_anthropic, for_record
from smartplay.models.openai import choice_schema
from smartplay.models.service import Service, read_key, tokens
from smartplay.records import Call, Message, Usage

ADDRESS = "https://api.anthropic.com"
VERSION = "2026-10-21"
KEY = "ANTHROPIC_API_KEY"
FINISH = {"end_turn": "stop", "stop_sequence": "stop", "max_tokens": "length"}


class AnthropicSettings(Settings, frozen=True, kw_only=True):
    """Settings of Anthropic's models.

    The service rejects a temperature whatever its value (from its API version 2026-10-21 on, which
    its client sends) and knows no seed, so replies cannot be made to repeat.
    """

    temperature: None = None
    seed: None = None
    max_tokens: int = 1024


class AnthropicModel:
    """One of Anthropic's models. The service's prompt cache is on: prompts grow at their end.

    Args:
        model: The model as the service names it.
        settings: How it is called.

    Raises:
        MissingPackageError: If the packages that calls need are not installed.
        UsageError: If there is no key.
    """

    concurrency = 128

    def __init__(self, model: str, settings: AnthropicSettings) -> None:
        variable = settings.api_key_env or KEY
        url = settings.base_url or os.environ.get("ANTHROPIC_BASE_URL") or None
        self.name = f"anthropic:{model}"
        self.settings = msgspec.structs.replace(settings, base_url=url, api_key_env=variable)
        title = f"the service at {url}" if url else "Anthropic"
        key = read_key(variable, required=url is None, title=title)
        headers = {"anthropic-version": VERSION} | ({"x-api-key": key} if key else {})
        self._service = Service(title, model, url or ADDRESS, self.settings, key, headers)
        self.pace = self._service.pace

    async def chat(
        self,
        messages: list[Message],
        *,
        samples: int = 1,
        temperature: Any = None,
        seed: int | None = None,
        choices: Sequence[str] | None = None,
        label: str = "",
        fresh: bool = False,
    ) -> list[Call]:
        """Reply to a conversation; see `Model.chat`."""
        request = self._request(messages, choices)
        reply, seconds = await self._service.post("/v1/messages", request, _Reply)
        return [
            Call(
                messages=for_record(messages),
                text="".join(block.text for block in reply.content if block.type == "text"),
                reasoning="".join(block.thinking for block in reply.content),
                finish=FINISH.get(reply.stop_reason or "", reply.stop_reason or ""),
                model=reply.model,
                usage=_usage(reply.usage),
                seconds=seconds,
                label=label,
                asked=self.name,
            )
        ]

    async def aclose(self) -> None:
        """Close the connections."""
        await self._service.aclose()

    def _request(self, messages: list[Message], choices: Sequence[str] | None) -> dict[str, Any]:
        extra = {"cache_control": {"type": "ephemeral"}} | self.settings.extra
        if choices is not None:
            form = {"type": "json_schema", "schema": choice_schema(choices)}
            extra["output_config"] = extra.get("output_config", {}) | {"format": form}
        request: dict[str, Any] = {
            "model": self._service.model,
            "max_tokens": self.settings.max_tokens,
            "messages": for_anthropic([m for m in messages if m["role"] != "system"]),
            **extra,
        }
        system = "\n\n".join(m["content"] for m in messages if m["role"] == "system")
        if system:
            request["system"] = system
        return request


class _Block(msgspec.Struct):
    type: str
    text: str = ""
    thinking: str = ""


class _OutputDetails(msgspec.Struct):
    thinking_tokens: int | None = None


class _Usage(msgspec.Struct):
    input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    output_tokens: int | None = None
    output_tokens_details: _OutputDetails | None = None


class _Reply(msgspec.Struct):
    content: list[_Block]
    model: str = ""
    stop_reason: str | None = None
    usage: _Usage = msgspec.field(default_factory=_Usage)


def _usage(reported: _Usage) -> Usage:
    details = reported.output_tokens_details
    cached = tokens(reported.cache_read_input_tokens)
    written = tokens(reported.cache_creation_input_tokens)
    return Usage(
        prompt=tokens(reported.input_tokens) + cached + written,
        cached=cached,
        completion=tokens(reported.output_tokens),
        reasoning=tokens(details.thinking_tokens if details else None),
    )
