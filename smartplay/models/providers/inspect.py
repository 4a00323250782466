"""The model layer of Inspect AI: some sixty providers through their official clients.

`inspect:PROVIDER/MODEL` asks the model of `inspect eval --model PROVIDER/MODEL`. Set keys,
addresses and packages up as Inspect wants them; it says what is missing.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Sequence
from typing import Any

import msgspec

from smartplay.core import printable
from smartplay.core.errors import ModelError, NoAccessError, PromptTooLongError, UsageError
from smartplay.core.loading import optional
from smartplay.models.base import (
    UNCOUNTED,
    AskedModel,
    Question,
    Settings,
    Tool,
    choice_schema,
    together,
)
from smartplay.models.served import without_system
from smartplay.models.usage import make_usage, tokens
from smartplay.records import Call, Message, ToolCall, Usage
from smartplay.records.encoding import encode, mended

NEEDED = 'this needs the package "inspect_ai": pip install "smartplay[inspect]"'
ELSEWHERE = ("api_key_env", "key_header", "headers", "query", "stream", "samples_per_request")
"""Settings that Inspect's own providers decide."""
NO_ACCESS = (401, 403, 404)
FINISH = {
    "stop": "stop",
    "tool_calls": "stop",
    "max_tokens": "length",
    "content_filter": "withheld",
}
DETAIL = 300  # characters of a provider's own message


class InspectModel(AskedModel):
    """A model of Inspect's as a `Model` of SmartPlay.

    Args:
        name: What records call it.
        model: An `inspect_ai.model.Model`.
        settings: How it is called, beyond its own configuration.
    """

    def __init__(self, name: str, model: Any, settings: Settings) -> None:
        super().__init__(name, settings)
        self._model = model

    async def _answer(self, question: Question, samples: int) -> list[Call]:
        tools, choices = question.tools, question.choices
        fields: dict[str, Any] = {"temperature": question.temperature}
        if choices is not None and not tools:
            fields["response_schema"] = _schema(choices)
        if tools:
            fields["parallel_tool_calls"] = False
        asked: dict[str, Any] = {"tools": [_tool(tool) for tool in tools]}
        if tools:
            asked["tool_choice"] = "auto" if choices is None else "any"
        messages = question.messages
        told = messages if self.settings.system_role else without_system(messages)

        async def ask(own: Question) -> Call:
            call = await self.pace.call(self._ask, told, fields | {"seed": own.seed}, asked)
            return msgspec.structs.replace(
                call, messages=messages, label=own.label, sample=own.sample
            )

        return await together([ask(question.of_sample(k)) for k in range(samples)])

    async def aclose(self) -> None:
        """Close the connections."""
        await self._model.api.aclose()

    async def _ask(
        self, messages: list[Message], fields: dict[str, Any], asked: dict[str, Any]
    ) -> Call:
        from inspect_ai.model import GenerateConfig

        began = time.perf_counter()
        told = [_message(place, message) for place, message in enumerate(messages)]
        try:
            output = await self.generate(told, config=GenerateConfig(**fields), **asked)
        except ModelError:
            raise
        except Exception as error:
            raise self._failure(error) from error
        return self._call(output, time.perf_counter() - began)

    async def generate(self, messages: list[Any], **asked: Any) -> Any:
        """Ask Inspect's model and return its output unchanged.

        Raises:
            ModelError: If the output holds no reply.
        """
        output = await self._model.generate(messages, **asked)
        if not output.choices:
            told = printable.line(output.error or "its output is empty", DETAIL)
            raise ModelError(f"{self.name} gave no reply: {told}")
        return output

    def _call(self, output: Any, seconds: float) -> Call:
        counted = _usage(output.usage)
        if counted is None:
            self._note(UNCOUNTED.format(self.name))
        usage = counted or Usage()
        if output.stop_reason == "model_length" and not usage.completion:
            raise PromptTooLongError(f"the prompt is longer than {self.name} can read")
        message = output.message
        finish = FINISH.get(output.stop_reason, output.stop_reason)
        if _refused(message.content):
            finish = FINISH["content_filter"]
        called = [
            ToolCall(each.id, each.function, encode(each.arguments).decode())
            for each in message.tool_calls or ()
        ]
        call = Call(
            messages=[],
            text=message.text,
            reasoning=_thoughts(message.content),
            finish=finish,
            model=output.model,
            usage=usage,
            seconds=seconds,
            asked=self.name,
            tools=called,
        )
        return mended(call)

    def _failure(self, error: Exception) -> ModelError:
        if (last := getattr(error, "last_attempt", None)) is not None:  # after the last retry
            error = last.exception() or error
        response = getattr(error, "response", None)
        status = getattr(error, "status_code", getattr(response, "status_code", None))
        kind = NoAccessError if status in NO_ACCESS else ModelError
        # Inspect's own text has the whole request before what the service said
        said = getattr(error, "provider_message", None) or error
        told = printable.line(f"{type(error).__name__}: {said}", DETAIL)
        return kind(f"{self.name} gave no reply: {told}")


class Provider(InspectModel):
    """A model by its name in Inspect.

    Args:
        name: The provider and its model, such as `"google/gemini-2.5-pro"`.
        settings: How it is called; `extra` holds further fields of Inspect's `GenerateConfig`.

    Raises:
        MissingPackageError: If `inspect_ai` is not installed.
        UsageError: If Inspect has no such model, lacks a key or a package, or rejects these
            settings.
    """

    kind = "inspect"
    summary = "any model of Inspect AI (inspect:PROVIDER/MODEL)"
    settings_type = Settings
    needs_name = True

    def __init__(self, name: str, settings: Settings) -> None:
        made_by = optional("inspect_ai.model", NEEDED)
        plain = Settings()
        if changed := [key for key in ELSEWHERE if getattr(settings, key) != getattr(plain, key)]:
            raise UsageError(f"{changed[0]} is not a setting of inspect:{name}; Inspect decides it")
        fields = {
            "temperature": settings.temperature,
            "max_tokens": settings.max_tokens,
            "seed": settings.seed if isinstance(settings.seed, int) else None,
            "attempt_timeout": math.ceil(settings.timeout),
            "max_retries": settings.max_retries,
            "max_connections": self.concurrency,
        }
        for key in settings.extra:
            if key in fields or key not in made_by.GenerateConfig.model_fields:
                raise UsageError(f"extra.{key} is not a further field of Inspect's GenerateConfig")
        try:
            config = made_by.GenerateConfig(**fields, **settings.extra)
            model = made_by.get_model(
                name, config=config, base_url=settings.base_url, memoize=False
            )
        except Exception as error:
            told = printable.line(str(error), DETAIL)
            raise UsageError(f"Inspect cannot open {name}: {told}") from error
        super().__init__(f"{self.kind}:{name}", model, settings)


def _message(place: int, message: Message) -> Any:
    """A message in Inspect's form; equal ones get the same id, so that logs keep it once."""
    from inspect_ai.model import (
        ChatMessageAssistant,
        ChatMessageSystem,
        ChatMessageTool,
        ChatMessageUser,
    )

    kinds = {"system": ChatMessageSystem, "user": ChatMessageUser, "tool": ChatMessageTool,
             "assistant": ChatMessageAssistant}  # fmt: skip
    known = hashlib.blake2b(msgspec.json.encode([place, message]), digest_size=11).hexdigest()
    more: dict[str, Any] = {}
    if message["role"] == "tool":
        more = {"tool_call_id": message["tool_call_id"]}
    elif calls := message.get("tool_calls"):
        more = {"tool_calls": [_called(call) for call in calls]}
    return kinds[message["role"]](id=known, content=_content(message["content"]), **more)


def _content(content: Any) -> Any:
    from inspect_ai.model import ContentImage, ContentText

    if isinstance(content, str):
        return content
    return [
        ContentText(text=part["text"])
        if "text" in part
        else ContentImage(image=part["image_url"]["url"])
        for part in content
    ]


def _called(call: dict[str, Any]) -> Any:
    from inspect_ai.tool import ToolCall as Called

    function = call["function"]
    try:
        arguments = msgspec.json.decode(function["arguments"])
    except msgspec.DecodeError:
        arguments = None
    if not isinstance(arguments, dict):
        arguments = {"arguments": function["arguments"]}
    return Called(id=call["id"], function=function["name"], arguments=arguments)


def _tool(tool: Tool) -> Any:
    from inspect_ai.tool import ToolInfo, ToolParams

    parameters = ToolParams.model_validate(tool["parameters"])
    return ToolInfo(name=tool["name"], description=tool["description"], parameters=parameters)


def _schema(choices: Sequence[str]) -> Any:
    from inspect_ai.model import ResponseSchema
    from inspect_ai.util import JSONSchema

    schema = JSONSchema.model_validate(choice_schema(choices))
    return ResponseSchema(name="choice", json_schema=schema, strict=True)


def _usage(usage: Any) -> Usage | None:
    if usage is None:
        return None
    cached = tokens(usage.input_tokens_cache_read)
    prompt = tokens(usage.input_tokens) + cached + tokens(usage.input_tokens_cache_write)
    return make_usage(prompt, usage.output_tokens, cached, usage.reasoning_tokens)


def _refused(content: Any) -> bool:
    parts = [] if isinstance(content, str) else content
    return any(part.type == "text" and part.refusal for part in parts)


def _thoughts(content: Any) -> str:
    parts = [] if isinstance(content, str) else content
    found = (
        (part.summary or "") if part.redacted else part.reasoning
        for part in parts
        if part.type == "reasoning"
    )
    return "\n\n".join(filter(None, found))
