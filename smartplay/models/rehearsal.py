"""Stand-ins for language models: a rehearsal shows what a run asks, without a service."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import msgspec

from smartplay.models.base import AskedModel, Question, Settings
from smartplay.models.prefix_cache import PrefixCache
from smartplay.records import Call, Message, Usage

CHARACTERS = 4
"""Characters that count as one token, about right for English."""

AROUND = 4
"""Tokens of a message beside its text."""

REPLY = "Answer: 1"

_rehearsing: ContextVar[bool] = ContextVar("rehearsing", default=False)


@contextmanager
def rehearsal() -> Iterator[None]:
    """While open, every opened model is a stand-in: no key, no weights, no call."""
    token = _rehearsing.set(True)
    try:
        yield
    finally:
        _rehearsing.reset(token)


def is_rehearsal() -> bool:
    """Whether stand-ins replace models."""
    return _rehearsing.get()


class StandIn(AskedModel):
    """Counts tokens as a service would, and always gives the same reply.

    Args:
        name: The model it stands for.
        settings: How that one would be called.
    """

    concurrency = 64

    def __init__(self, name: str, settings: Settings) -> None:
        super().__init__(name, settings)
        self._cache = PrefixCache()

    async def _answer(self, question: Question, samples: int) -> list[Call]:
        """Reply at once, with estimated tokens."""
        messages = question.messages
        prompt = sum(AROUND + len(_text(each["content"])) // CHARACTERS for each in messages)
        prompt += sum(len(msgspec.json.encode(tool)) // CHARACTERS for tool in question.tools)
        written = -(-len(REPLY) // CHARACTERS)
        beginning = b"".join(map(_beginning, messages))
        read = [min(self._cache.read(beginning), prompt) for _ in range(samples)]
        usages = [Usage(prompt=prompt, cached=cached, completion=written) for cached in read]
        if self.settings.samples_per_request:  # then the prompt is billed once
            usages[1:] = [Usage(completion=written)] * (samples - 1)
        return [Call(messages, REPLY, model=self.name, usage=usage) for usage in usages]

    async def aclose(self) -> None:
        """There is nothing to free."""


def _beginning(message: Message) -> bytes:
    """A message as the cache sees it, with a byte for each character that is counted."""
    heading = str(message["role"]).ljust(AROUND * CHARACTERS)
    return f"{heading}{_text(message['content'])}".encode("ascii", "replace")


def _text(content: Any) -> str:
    parts = [{"text": content}] if isinstance(content, str) else content
    return "".join(part.get("text", "") for part in parts)
