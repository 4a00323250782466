"""An episode packed for the trace viewer.

It is JSON, deflated, in base64, so that nothing in it can be taken for markup; the viewer unpacks
it when the episode is opened. Texts repeat a lot (each prompt holds the ones before it), so every
text is a list of paragraphs, and a paragraph is kept once; so is a picture.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from smartplay.records import Call, EpisodeHeader, Message, StepRecord

Packed = dict[str, Any]


def pack_episode(
    header: EpisodeHeader,
    steps: Sequence[StepRecord],
    pictures: Mapping[int, str],
    no_pictures: str,
) -> str:
    """An episode as the viewer reads it.

    Args:
        header: What the agent read first.
        steps: The steps.
        pictures: Pictures of the state after a number of steps, as text.
        no_pictures: Why there is no picture, if there is none.

    Returns:
        Base64 of deflated JSON.
    """
    texts = _Texts()
    content = {
        "seed": header.seed,
        "agentSeed": header.agent_seed,
        "actions": header.actions,
        "manual": texts.add(header.manual),
        "first": texts.add(header.observation),
        "steps": [_step(step, texts) for step in steps],
        "pictures": {str(step): texts.add(picture) for step, picture in pictures.items()},
        "noPictures": no_pictures,
        "paragraphs": list(texts.places),
    }
    data = json.dumps(content, separators=(",", ":")).encode("ascii")
    return base64.b64encode(zlib.compress(data, 9)).decode("ascii")


def packed_size(pictures: Iterable[str]) -> int:
    """About how many bytes of a packed episode are pictures; equal ones are kept once."""
    return len(zlib.compress("".join(dict.fromkeys(pictures)).encode(), 1)) * 4 // 3


class _Texts:
    """Keeps each paragraph once, with its place; a text is the list of its paragraphs' places."""

    def __init__(self) -> None:
        self.places: dict[str, int] = {}

    def add(self, text: str) -> list[int]:
        parts = text.split("\n\n")
        return [self.places.setdefault(part, len(self.places)) for part in parts]


def _step(step: StepRecord, texts: _Texts) -> Packed:
    plain = {name: getattr(step, name) for name in ("name", "action", "valid", "reward", "score")}
    attempts = [
        {
            "reply": texts.add(attempt.reply),
            "cause": attempt.cause,
            "reasoning": texts.add(attempt.reasoning),
            "calls": [_call(call, texts) for call in attempt.calls],
        }
        for attempt in step.attempts
    ]
    after, seconds = texts.add(step.observation), round(step.seconds, 4)
    return {**plain, "seconds": seconds, "after": after, "attempts": attempts}


def _call(call: Call, texts: _Texts) -> Packed:
    return {
        "messages": [_message(message, texts) for message in call.messages],
        "text": texts.add(call.text),
        "reasoning": texts.add(call.reasoning),
        "finish": call.finish,
        "model": call.model,
        "usage": msgspec.structs.astuple(call.usage),
        "seconds": round(call.seconds, 3),
    }


def _message(message: Message, texts: _Texts) -> Packed:
    """A message's role and text; what is not plain text is shown as JSON."""
    content = message.get("content")
    try:
        plain = content if isinstance(content, str) else json.dumps(content, indent=1)
        role = str(message.get("role", "?"))
    except RecursionError:
        role, plain = "?", "(nested too deeply to be shown)"
    return {"role": role, "text": texts.add(plain)}
