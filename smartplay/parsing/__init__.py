"""Reply → action: which of the offered actions a reply chooses, or why none.

One pure function, `parse_action`. A reply is read as a person would read it: the last explicit
answer counts, not the first name that occurs; an action that is negated, weighed or merely listed
is not chosen; and where the reply does not say, neither do we.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from smartplay.parsing.explicit import MARKER, last_answer, without_reasoning
from smartplay.parsing.names import (
    EDGES,
    MARKUP_ONLY,
    NONE,
    SPECIAL_TOKEN,
    TAG,
    Found,
    Names,
    unify,
)
from smartplay.parsing.prose import affirmed, read_lines, standing_alone, standing_last

__all__ = ["Cause", "Parsed", "parse_action"]

READ = 300_000
"""How many characters of a reply are read: its last ones, after reasoning in tags is removed."""

SHORT = 100
"""Replies of at most so many characters are remembered: terse players repeat themselves."""

_PARTS = re.compile(r"[\n,;/()&\[\]]|\b(?:and|or|then)\b", re.IGNORECASE)


class Cause(StrEnum):
    """Why a reply names no action."""

    EMPTY = "empty"
    TRUNCATED = "truncated"
    UNPARSABLE = "unparsable"
    AMBIGUOUS = "ambiguous"


class Parsed(NamedTuple):
    """What a reply comes to; exactly one of the two is None.

    Attributes:
        action: Index of the chosen action.
        cause: Why there is none.
    """

    action: int | None
    cause: Cause | None


def parse_action(reply: str, actions: Sequence[str], truncated: bool = False) -> Parsed:
    r"""Find the action a reply chooses. Never raises; takes time linear in the reply.

    Case, punctuation, quotes, emphasis, emoji, articles, list numbers, the kind of arrow and the
    Unicode form make no difference, unless two actions differ in nothing else. Names match as
    whole words, the longest first. The rules, in order:

    1. Reasoning in tags (`<think>…</think>`) is removed; an unclosed tag takes the rest, a
       closing tag without an opening one takes all before it. Nothing left: empty.
    2. The last explicit answer decides, whatever else is said: `Answer: …` and the like (the rest
       of the line, else the next paragraph), `{"action": "…"}`, `<answer>…</answer>`,
       `\boxed{…}`, a one-line code block. No action in it: unparsable. Two: ambiguous; but a
       second one that rule 4 takes for mentioned ("…, because Rock lost") does not count.
    3. Else a last line (or whole reply) that is one action and nothing more. In these and in
       explicit answers a bare number is the number of an action, counted from 1.
    4. Else the last sentence that affirms an action, in a clause that is the action alone or
       after words of decision ("I will", "let's", "the best action is"). Negated, conditional,
       asked, remembered or weighed actions are not affirmed. Two affirmed: ambiguous; so is a
       list of actions if nothing else is affirmed.
    5. A truncated reply counts only by 2, or by an action alone: on a line that is part of no
       list, or as first sentence. One whose cut-off end may be the beginning of a longer name
       does not count.

    Args:
        reply: The text the agent gave.
        actions: Names of the actions, at least one, none empty.
        truncated: Whether the reply was cut off at a limit of length.
    """
    parse = _parse_short if len(reply) <= SHORT else _parse
    return parse(reply, tuple(actions), truncated)


def _parse(reply: str, actions: tuple[str, ...], truncated: bool) -> Parsed:
    names = _names(actions)
    text = SPECIAL_TOKEN.sub(" ", unify(without_reasoning(reply)[-READ:]))
    found, cut = names.spelled(unify(reply)) if len(reply) <= READ else NONE, truncated
    if not found and MARKUP_ONLY.fullmatch(TAG.sub(" ", text)):
        return Parsed(None, Cause.TRUNCATED if truncated else Cause.EMPTY)
    if not found and (answer := last_answer(text)):
        found, cut = _meant(answer.content, names), truncated and answer.open
    elif not found:
        lines = read_lines(TAG.sub(" ", text), names)
        sentences, listed = affirmed(lines)
        last = sentences[-1] if sentences else listed
        found = standing_alone(lines) if truncated else standing_last(lines) or last
    if len(found) > 1:
        return Parsed(None, Cause.AMBIGUOUS)
    if not found or (cut and names.may_go_on(reply, min(found))):
        return Parsed(None, Cause.TRUNCATED if cut else Cause.UNPARSABLE)
    return Parsed(min(found), None)


_parse_short = lru_cache(maxsize=4096)(_parse)


def _meant(content: str, names: Names) -> Found:
    """The actions an explicit answer names."""
    plain = MARKER.sub("", TAG.sub(" ", content), count=1)
    if found := names.spelled(content) or names.spelled(plain):
        return found
    parts = [names.spelled(part) for part in _PARTS.split(plain) if part.strip(EDGES)]
    if parts and all(parts):
        return NONE.union(*parts)
    lines = read_lines(plain, names)
    sentences, listed = affirmed(lines)
    if found := listed.union(*sentences):
        return found
    mentioned = NONE.union(*(found for line in lines for found in line.mentions))
    return mentioned if len(mentioned) > 1 else NONE


@lru_cache(maxsize=64)
def _names(actions: tuple[str, ...]) -> Names:
    return Names(actions)


VERSION = 1
