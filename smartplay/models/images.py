"""Pictures in a conversation, in the message formats of the services.

A message's `content` is a text, or a list of parts as OpenAI's chat format has them: a text
(`{"type": "text", …}`) and a picture (`{"type": "image_url", …}`, a PNG as a data URL).
"""

from __future__ import annotations

import base64
import copy
import hashlib
import io
from collections.abc import Callable
from typing import Any

import msgspec

from smartplay.core.errors import AgentError
from smartplay.records import Message

_PNG = "data:image/png;base64,"


def png_address(picture: Any) -> str:
    """A picture, uint8 of shape (height, width, 3), as a PNG in a data address."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(picture).save(file, "png")
    return _PNG + base64.b64encode(file.getvalue()).decode("ascii")


def with_picture(text: str, picture: Any) -> list[dict[str, Any]]:
    """The content of a message that shows a picture.

    Args:
        text: What is said with it.
        picture: uint8 array of shape (height, width, 3).
    """
    url = png_address(picture)
    return [{"type": "text", "text": text}, {"type": "image_url", "image_url": {"url": url}}]


def plain_texts(messages: list[Message]) -> list[Message]:
    """A copy, which keeps what was said when the agent goes on to change its own messages.

    Every text is a plain `str`, as observations are a subclass; a message without a text, as one
    that calls a tool may be, has an empty one.

    Raises:
        AgentError: If they are no messages.
    """
    if not isinstance(messages, list | tuple) or not all(map(_is_message, messages)):
        raise AgentError(
            'a model is asked with a list of messages such as [{"role": "user", "content": "…"}]'
        )

    def plain(message: Message) -> Message:
        content = message.get("content") or ""
        if isinstance(content, str) and "tool_calls" not in message:
            return message | {"content": str.__str__(content)}
        return copy.deepcopy(message | {"content": content})

    return list(map(plain, messages))


def _is_message(message: Any) -> bool:
    return isinstance(message, dict) and isinstance(message.get("content"), str | list | None)


def for_anthropic(messages: list[Message]) -> list[Message]:
    """The same conversation with pictures, calls and results as Anthropic's messages have them."""
    told: list[Message] = []
    for message in _with_pictures(messages, _anthropic):
        content = message["content"]
        if message["role"] == "tool":
            block = {"type": "tool_result", "tool_use_id": message["tool_call_id"]}
            content = [block | {"content": content}]
            if told and isinstance(told[-1]["content"], list) and told[-1]["role"] == "user":
                told[-1]["content"] += content  # all results of a reply stand in one message
                continue
            told.append({"role": "user", "content": content})
        elif calls := message.get("tool_calls"):
            said = [{"type": "text", "text": content}] if content.strip() else []
            told.append({"role": "assistant", "content": [*said, *map(_anthropic_call, calls)]})
        else:
            told.append(message | {"content": content})
    return told


def _anthropic_call(call: dict[str, Any]) -> dict[str, Any]:
    function = call["function"]
    try:
        given = msgspec.json.decode(function["arguments"])
    except msgspec.DecodeError:
        given = None
    given = given if isinstance(given, dict) else {}
    return {"type": "tool_use", "id": call["id"], "name": function["name"], "input": given}


def for_record(messages: list[Message]) -> list[Message]:
    """The same conversation with the SHA-256 of each picture's file in place of the picture.

    A record need not keep pictures: a replay draws them again.
    """
    return _with_pictures(messages, _digested)


def _with_pictures(
    messages: list[Message], change: Callable[[str], dict[str, Any]]
) -> list[Message]:
    """The same conversation with each picture replaced by what `change` makes of its Base64."""
    if all(isinstance(message["content"], str) for message in messages):
        return list(messages)

    def changed(content: Any) -> Any:
        if isinstance(content, str):
            return content
        return [
            change(part["image_url"]["url"].removeprefix(_PNG))
            if part["type"] == "image_url"
            else part
            for part in content
        ]

    return [message | {"content": changed(message["content"])} for message in messages]


def _anthropic(data: str) -> dict[str, Any]:
    source = {"type": "base64", "media_type": "image/png", "data": data}
    return {"type": "image", "source": source}


def _digested(data: str) -> dict[str, Any]:
    digest = hashlib.sha256(base64.b64decode(data)).hexdigest()
    return {"type": "image_url", "image_url": {"url": f"sha256:{digest}"}}
