r"""The last answer a reply marks as its answer: `Answer: …`, JSON, a tag, a box or a code block."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import NamedTuple

from smartplay.parsing.names import ARROW

KIND = r"(?:final|best|next|chosen|selected|recommended|optimal|exact)"
NOUN = r"(?:answer|action|choice|move|decision|selection)"

MARKER = re.compile(
    r"(?:^|(?<=[.!?;:]))[ \t>*_#`~(\[-]*(?:\d{1,3}[.)][ \t*_]*)?"
    r"(?:(?:so|thus|therefore|hence),?[ \t])?(?:(?:my|the|our)[ \t])?(?:"
    rf"(?:{KIND}[ \t]){{0,2}}{NOUN}(?:[ \t](?:is|would be|will be|to take))?"
    r"(?:[ \t*_`\"]*(?:=?:(?!:)|=+>?|-+>|[→⇒])|(?<= is)(?=[ \t*\"'`(#]*\d{1,6}[.*\"'`)]*$))"
    # A heading needs no colon; but a single word such as "Move" alone may be an action.
    rf"|(?:{KIND}[ \t]{NOUN}|answer)[ \t*_#]*$(?=\s*\S))",
    re.IGNORECASE | re.MULTILINE,
)
_TAG = re.compile(rf"<(?:{KIND}[_ -]?)?(?:{NOUN}|final)>", re.IGNORECASE)
_BOX = re.compile(r"\\f?box(?:ed)?\s?\{")
_KEY = re.compile(
    rf"\\?[\"'](?:{KIND}[_ -]?)?{NOUN}(?:[_ -]?name)?\\?[\"']\s{{0,9}}:\s{{0,99}}", re.IGNORECASE
)
_VALUE = re.compile(r'"(?:[^"\\\n]|\\.)*"|' r"'[^'\n]*'|\[[^\]]*\]|\{[^}]*\}|[^\s\"'\[{][^,}\n]*")
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)[^`\n]*$", re.MULTILINE)

_THOUGHT = r"think(?:ing)?|thoughts?|reason(?:ing)?|reflection|scratchpad"
_THOUGHT_TAG = re.compile(
    rf"<(/?)({_THOUGHT})(?:\s[\w:-]+=[^<>]{{0,80}})?\s?>|\[(/?)(think)\]", re.IGNORECASE
)


class Answer(NamedTuple):
    """An explicit answer.

    Attributes:
        content: What it says.
        open: Whether it reaches to the end of the reply, so that it may have been cut off.
    """

    content: str
    open: bool


def without_reasoning(reply: str) -> str:
    """Remove reasoning in tags.

    A tag left open takes the rest; one closed without having been opened takes all before it
    (chat templates open it in the prompt).
    """
    kept: list[str] = []
    start, inside = 0, ""
    for tag in _THOUGHT_TAG.finditer(reply):
        name = (tag[2] or tag[4]).lower()
        closing = bool(tag[1] or tag[3])
        if not inside and closing:
            kept.clear()
            start = tag.end()
        elif not inside:
            kept.append(reply[start : tag.start()])
            inside = name
        elif closing and name == inside:
            start, inside = tag.end(), ""
    return "\n".join(kept if inside else [*kept, reply[start:]])


def last_answer(text: str) -> Answer | None:
    """The explicit answer that begins last, if there is any."""
    readers = {MARKER: _marked, _TAG: _tagged, _BOX: _boxed, _KEY: _valued}
    best, answer = _fenced(text)
    for head, read in readers.items():
        last = None
        for last in head.finditer(text):  # noqa: B007
            pass
        if last and last.start() > best:
            best, answer = last.start(), read(text[last.end() :])
    return answer


def _marked(rest: str) -> Answer:
    line, newline, more = rest.partition("\n")
    if line.strip(" \t*_`#"):
        return Answer(line, not newline)
    paragraph = re.split(r"\n[ \t]*\n", more.lstrip(), maxsplit=1)
    return Answer(paragraph[0], len(paragraph) == 1 and not more.endswith("\n"))


def _tagged(rest: str) -> Answer:
    content, closed, _ = rest.partition("</")
    return Answer(content, not closed)


def _boxed(rest: str) -> Answer:
    depth = 1
    for brace in re.finditer(r"[{}]", rest):
        depth += 1 if brace[0] == "{" else -1
        if not depth:
            plain = ARROW.sub(" to ", rest[: brace.start()])
            return Answer(re.sub(r"\\[a-zA-Z]+", " ", plain), False)
    return Answer(rest, True)


def _valued(rest: str) -> Answer:
    value = _VALUE.match(rest)
    if not value:  # a value without its end: of a string the line counts, of a list nothing
        line, newline, _ = rest.partition("\n")
        return Answer(line if line[:1] in ("'", '"') else "", not newline)
    content = value[0]
    if content[0] == '"':
        with suppress(ValueError):
            content = json.loads(content)
    return Answer(content, value.end() == len(rest))


def _fenced(text: str) -> tuple[int, Answer | None]:
    """Where the last code block begins and what it says, if that is a single line."""
    fences = list(_FENCE.finditer(text))
    if not fences:
        return -1, None
    closed = len(fences) % 2 == 0
    opening = fences[-2 if closed else -1]
    content = text[opening.end() : fences[-1].start() if closed else None].strip()
    if not content or "\n" in content:
        return -1, None
    return opening.start(), Answer(content, not closed)
