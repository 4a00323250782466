"""The answers that JSON and its like give: Python's quotes, bare keys, a cut-off end."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain
from typing import NamedTuple

from smartplay.parsing.labels import Weight, is_arguments, is_decided, is_side, weight

_NESTING = 2  # how often a string may hold an object in its turn, as arguments of calls do

_LEXEME = re.compile(
    r'"(?:[^"\\]|\\.)*+"'
    r"|'(?:[^'\\\n]|\\.|(?<=\w)'(?=\w)){0,500}+'(?!\w)"
    r"|[{}\[\],]"
    r"|[^\s{}\[\],:\"'][^{}\[\],:\n\"]*+"
    r"|[:']",
    re.DOTALL,
)
_SPACE = re.compile(r"\s*+")
_COLON = re.compile(r"\s*+:")
_BARE_KEY = re.compile(r"[A-Za-z_][\w-]*")
_ESCAPED = re.compile(r"\{\s{0,9}\\\"")


class Field(NamedTuple):
    """A value with the keys that lead to it, outermost first, each with its place."""

    path: tuple[tuple[str, int], ...]
    value: str


class Answer(NamedTuple):
    """An explicit answer.

    Attributes:
        start: Where it stands in the text.
        end: Where what gives it ends.
        contents: What it says; more than one are all meant.
        weight: How much it counts.
        open: Whether it reaches to the end of the text, so that it may have been cut off.
        instead: What counts if the contents name no action: the arguments of a call.
    """

    start: int
    end: int
    contents: tuple[str, ...]
    weight: Weight = Weight.STRONG
    open: bool = False
    instead: tuple[str, ...] = ()


class Object(NamedTuple):
    """An object of a text: where it is, and the answers it gives."""

    start: int
    end: int
    open: bool
    answers: list[Answer]


def read_objects(text: str) -> Iterator[Object]:
    """Find the outermost objects that have keys, in order."""
    start = text.find("{")
    if _ESCAPED.search(text):  # an object that was written as a string; places must stay
        text = text.replace('\\"', ' "')
    while start >= 0:
        fields, end = _fields(text, start)
        if fields:
            is_open = end < 0
            stop = len(text) if is_open else end
            yield Object(start, stop, is_open, _answers(fields, stop, is_open))
        start = text.find("{", end) if end >= 0 else -1


def _fields(text: str, start: int, nesting: int = 0) -> tuple[list[Field], int]:
    """The values of the object that begins at a place, and where it ends; -1 for nowhere."""
    fields: list[Field] = []
    kinds: list[str] = []
    keys: list[tuple[str, int] | None] = []
    at = start
    while at < len(text):
        at = _end(_SPACE, text, at)
        found = _LEXEME.match(text, at)
        if not found:  # a string without an end: the rest of its line counts
            if at < len(text) and _path(keys):
                fields.append(Field(_path(keys), text[at:].partition("\n")[0]))
            return fields, -1
        lexeme, place, at = found[0], at, found.end()
        if lexeme in "{[":
            kinds.append(lexeme)
            keys.append(None)
        elif lexeme in "}]":
            kinds.pop()
            keys.pop()
            if not kinds:
                return fields, at
        elif lexeme == ",":
            if kinds[-1] == "{":
                keys[-1] = None
        elif lexeme not in ":'":
            value = _value(lexeme)
            is_key = kinds[-1] == "{" and (lexeme[0] in "\"'" or _BARE_KEY.fullmatch(lexeme))
            if is_key and _COLON.match(text, at):
                keys[-1] = (value, place)
            elif path := _path(keys):
                fields += _nested(path, value, nesting)
    return fields, -1


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at


def _path(keys: list[tuple[str, int] | None]) -> tuple[tuple[str, int], ...]:
    return tuple(key for key in keys[-8:] if key)


def _value(lexeme: str) -> str:
    if lexeme[0] == '"':
        with suppress(ValueError):
            return str(json.loads(lexeme, strict=False))
    return lexeme[1:-1] if lexeme[0] in "\"'" else lexeme.strip()


def _nested(path: tuple[tuple[str, int], ...], value: str, nesting: int) -> list[Field]:
    if nesting < _NESTING and value.lstrip()[:1] == "{":
        inner, _ = _fields(value, value.index("{"), nesting + 1)
        if inner:
            place = path[-1][1]
            return [Field((*path, *((k, place) for k, _ in f.path)), f.value) for f in inner]
    return [Field(path, value)]


def _answers(fields: list[Field], end: int, is_open: bool) -> list[Answer]:
    """The answers by weight; of the strong ones the outermost, and what is final before the rest.

    Loose ones are all the values that may name the action: of a call, its name and arguments.
    """
    strong: dict[int, dict[tuple[str, int], list[Field]]] = {}
    others: dict[Weight, list[Field]] = {}
    for field in fields:
        for depth, (key, place) in enumerate(field.path):
            counts = weight(key)
            inner = Field(field.path[depth + 1 :], field.value)
            if counts is Weight.STRONG:
                strong.setdefault(depth, {}).setdefault((key, place), []).append(inner)
            elif counts is Weight.NEXT or (counts is Weight.LOOSE and not inner.path):
                others.setdefault(counts, []).append(field)
            elif is_arguments(key) and _is_plain(inner):
                others.setdefault(Weight.LOOSE, []).append(field)
            elif not is_side(key):
                continue
            break
    if strong:
        group = strong[min(strong)]
        decided = {key: found for key, found in group.items() if is_decided(key[0])}
        chosen = decided or group
        contents = [text for found in chosen.values() for text in _contents(found)]
        start = max(place for _, place in chosen)
        deeper = [found for at in sorted(strong)[1:] for found in strong[at].values()]
        more = chain(*deeper, others.get(Weight.LOOSE, ()))
        loose = tuple(field.value for field in more)
        return [Answer(start, end, tuple(contents), Weight.STRONG, is_open, loose)]
    return [
        Answer(found[-1].path[-1][1], end, tuple(f.value for f in found), counts, is_open)
        for counts, found in others.items()
    ]


def _is_plain(argument: Field) -> bool:
    """Whether an argument of a call has no label that decides whether it is the answer."""
    return not any(is_side(key) or weight(key) is not None for key, _ in argument.path)


def _contents(found: list[Field]) -> list[str]:
    """What is said under one key: the items of a list, or an object's values as one text."""
    if not any(field.path for field in found):
        return [field.value for field in found]
    told = [f.value for f in found if not any(is_side(key) for key, _ in f.path)]
    worded = [value for value in told if not value.isdigit()]
    return [" ".join(worded or told)]
