"""Any service that speaks OpenAI's chat protocol."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec

from smartplay.models.base import Settings
from smartplay.models.images import for_record
from smartplay.models.service import Service, read_key, tokens
from smartplay.records import Call, Message, Usage

ADDRESS = "https://api.openai.com/v1"
KEY = "OPENAI_API_KEY"


class OpenAIModel:
    """A model behind OpenAI's chat protocol.

    The key is read from the environment. OpenAI itself wants one; another address gets one if
    the variable is set.

    Args:
        model: The model as the service names it.
        settings: How it is called; `base_url` may also come from `OPENAI_BASE_URL`.

    Raises:
        MissingPackageError: If the packages that calls need are not installed.
        UsageError: If there is no key.
    """

    kind = "openai"
    concurrency = 128

    def __init__(self, model: str, settings: Settings) -> None:
        self.name = f"{self.kind}:{model}"
        self.settings = msgspec.structs.replace(
            settings,
            base_url=settings.base_url or os.environ.get("OPENAI_BASE_URL") or None,
            api_key_env=settings.api_key_env or KEY,
        )
        self._service = self._reach(model)
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
        request = self._request(messages, choices, seed, fresh)
        reply, seconds = await self._service.post("/chat/completions", request, _Completion)
        choice, message = reply.choices[0], reply.choices[0].message
        return [
            Call(
                messages=for_record(messages),
                text=_joined(message.content) or message.refusal or "",
                reasoning=message.reasoning_content or message.reasoning or "",
                finish="refusal" if message.refusal else choice.finish_reason or "",
                model=reply.model or "",
                usage=_usage(reply.usage),
                seconds=seconds,
                label=label,
                asked=self.name,
            )
        ]

    async def aclose(self) -> None:
        """Close the connections."""
        await self._service.aclose()

    def _reach(self, model: str) -> Service:
        url, variable = self.settings.base_url, self.settings.api_key_env or KEY
        title = f"the service at {url}" if url else "OpenAI"
        key = read_key(variable, required=url is None, title=title)
        headers = {"authorization": f"Bearer {key}"} if key else {}
        return Service(title, model, url or ADDRESS, self.settings, key, headers)

    def _request(
        self, messages: list[Message], choices: Sequence[str] | None, seed: int | None, fresh: bool
    ) -> dict[str, Any]:
        """The request's fields; those that are None are left out."""
        settings = self.settings
        # OpenAI has renamed the field; the others have not followed.
        limit = "max_tokens" if settings.base_url else "max_completion_tokens"
        fields = {
            "model": self._service.model,
            "messages": messages,
            "temperature": settings.temperature,
            limit: settings.max_tokens,
            "seed": seed if settings.seed == "episode" else settings.seed,
        }
        extra = settings.extra | self._own_fields(choices, fresh)
        return {k: v for k, v in fields.items() if v is not None} | extra

    def _own_fields(self, choices: Sequence[str] | None, fresh: bool) -> dict[str, Any]:
        if choices is None:
            return {}
        schema = {"name": "choice", "strict": True, "schema": choice_schema(choices)}
        return {"response_format": {"type": "json_schema", "json_schema": schema}}


def choice_schema(choices: Sequence[str]) -> dict[str, Any]:
    """The JSON schema of a choice: an object whose `action` is one of the choices."""
    return {
        "type": "object",
        "properties": {"action": {"type": "string", "enum": list(choices)}},
        "required": ["action"],
        "additionalProperties": False,
    }


class _PromptDetails(msgspec.Struct):
    cached_tokens: int | None = None


class _CompletionDetails(msgspec.Struct):
    reasoning_tokens: int | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _PromptDetails | None = None
    completion_tokens_details: _CompletionDetails | None = None


class _Message(msgspec.Struct):
    content: str | list[dict[str, Any]] | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None


class _Choice(msgspec.Struct):
    message: _Message
    finish_reason: str | None = None


class _Completion(msgspec.Struct):
    choices: Annotated[list[_Choice], msgspec.Meta(min_length=1)]
    model: str | None = None
    usage: _Usage | None = None


def _joined(content: str | list[dict[str, Any]] | None) -> str:
    if isinstance(content, list):
        return "".join(str(part.get("text") or "") for part in content)
    return content or ""


def _usage(reported: _Usage | None) -> Usage:
    if reported is None:
        return Usage()
    prompt, completion = reported.prompt_tokens_details, reported.completion_tokens_details
    return Usage(
        prompt=tokens(reported.prompt_tokens),
        cached=tokens(prompt.cached_tokens if prompt else None),
        completion=tokens(reported.completion_tokens),
        reasoning=tokens(completion.reasoning_tokens if completion else None),
    )
