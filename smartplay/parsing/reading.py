"""Reads a reply: `parse_action`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from smartplay.parsing.answers import (
    BOX,
    MARKER,
    Answer,
    Weight,
    before_examples,
    explicit_answers,
    own_answers,
)
from smartplay.parsing.names import EDGES, MARKUP_ONLY, NONE, TAG, Found, Names, unify
from smartplay.parsing.prose import affirmed, corrected, read_lines, standing_alone, standing_last
from smartplay.parsing.result import Cause, Parsed
from smartplay.parsing.turn import LATER, own_turn, struck_out, unsigned

READ = 300_000
"""How many characters of a reply are read: its last ones, after reasoning in tags is removed."""

SHORT = 100
"""Results for replies of at most so many characters are cached: terse players repeat themselves."""

_WORD = re.compile(r"[^\W_]")
_COMMAND = re.compile(r"\\(?!to\b|rightarrow\b)[a-zA-Z]+")
_REASONS = re.compile(r"[^\w\n]*(?:thought|think|reason|analysis|plan|goal)", re.IGNORECASE)
_PARTS = re.compile(r"[\n,;/()&\[\]]|\b(?:and|or|then)\b", re.IGNORECASE)


def parse_action(
    reply: str,
    actions: Sequence[str],
    truncated: bool = False,
    reasoning_tags: Sequence[str] = (),
) -> Parsed:
    r"""Find the action a reply chooses. Never raises; takes time linear in the reply.

    Case, punctuation, quotes, emphasis, emoji, articles, list numbers, the kind of arrow, the
    script of numerals and the Unicode form make no difference, unless two actions differ in nothing
    else. Names match as whole words, the longest first. In a list or a correction a name may leave
    out the words that it shares with the full one beside it ("Berth 1, 2 or 3"). The rules, in
    order:

    1. Thoughts are removed: tags (`<think>…</think>` and the like), channels of analysis. An
       unclosed tag takes the rest, a closing tag without an opening one takes all before it.
    2. The reply ends with its turn: at a token that ends one, at the user's words, and, once an
       answer is given, at an observation or at the next step. Nothing left: empty.
    3. The last explicit answer decides, whatever else is said: `Answer: …` and the like (the rest
       of the line, else the next paragraph), `{"action": "…"}`, `<answer>…</answer>`, `\boxed{…}`,
       the arguments of a call; a code block, if it is one action. No action in it: unparsable.
       Two: ambiguous; but a second one that rule 5 takes for mentioned ("…, because Rock lost")
       does not count. Neither do plans (`next_action`) beside an action and answers of examples. A
       correction after it ("Wait, …") is read by rule 5; if it only mentions another action:
       ambiguous.
    4. Else a last line (or whole reply) that is one action and nothing more. In these and in
       explicit answers a bare number is the number of an action, counted from 1.
    5. Else the last sentence that affirms an action, in a clause that is the action alone or
       after words of decision ("I will", "let's", "the best action is"). Negated, conditional,
       asked, remembered or weighed actions are not affirmed. A correction between two actions
       ("Rock, no, Paper") begins a sentence of its own. Two affirmed: ambiguous; so is a list of
       actions if nothing else is affirmed.
    6. A truncated reply counts only by 3, or by an action alone: on a line that is part of no
       list, or as first sentence. One whose cut-off end may be the beginning of a longer name
       does not count.

    Args:
        reply: The text the agent gave.
        actions: Names of the actions, at least one, none empty.
        truncated: Whether the reply was cut off at a limit of length.
        reasoning_tags: Names of further tags that hold thoughts (`"inner_monologue"`), whatever
            their brackets.
    """
    parse = _parse_short if len(reply) <= SHORT else _parse
    return parse(reply, tuple(actions), truncated, tuple(reasoning_tags))


def _parse(
    reply: str, actions: tuple[str, ...], truncated: bool, reasoning_tags: tuple[str, ...]
) -> Parsed:
    names = _names(actions)
    whole = unify(reply)
    if found := names.spelled(whole):
        return _parsed(found, reply, names, truncated)
    turn, ended = own_turn(struck_out(whole), reasoning_tags)
    text, answers, over = _first_turn(turn[-READ:], names, truncated and not ended)
    truncated = truncated and not (ended or over)
    if found := names.spelled(text):
        return _parsed(found, reply, names, truncated)
    chosen = _chosen(own_answers(text, answers, truncated), names)
    if not (chosen and chosen[1]) and MARKUP_ONLY.fullmatch(TAG.sub(" ", text)):
        return Parsed(None, Cause.TRUNCATED if truncated else Cause.EMPTY)
    if chosen:
        answer, found = chosen
        after = read_lines(TAG.sub(" ", text[answer.end :]), names)
        found, settled = corrected(after, found)
        if truncated and not settled:
            return Parsed(None, Cause.TRUNCATED)
        return _parsed(found, reply, names, truncated and answer.open)
    if answers:  # only examples
        text = text[answers[-1].end :]
    return _parsed(_said(text, names, truncated), reply, names, truncated)


_parse_short = lru_cache(maxsize=4096)(_parse)
_names = lru_cache(maxsize=64)(Names)


def _parsed(found: Found, reply: str, names: Names, cut: bool) -> Parsed:
    if len(found) > 1:
        return Parsed(None, Cause.AMBIGUOUS)
    if not found or (cut and names.may_go_on(reply, min(found))):
        return Parsed(None, Cause.TRUNCATED if cut else Cause.UNPARSABLE)
    return Parsed(min(found), None)


def _first_turn(text: str, names: Names, truncated: bool) -> tuple[str, list[Answer], bool]:
    """What comes before a later turn, its explicit answers, and whether there is a later turn.

    The user's words always begin a later turn. An observation, a numbered step or the agent's own
    name begins one only after an answer: before it they belong to its reasons. In a reply that is
    cut off, a second question does not: all that the reply holds may be examples.
    """
    answers = explicit_answers(text)
    said = [answer for answer in answers if any(map(str.strip, answer.contents))]
    naming = (answer.end for answer in said if _meant(answer, names))
    first = min((answer.end for answer in said), default=len(text) + 1)
    first_naming: int | None = None
    later, asked = None, False
    for count, later in enumerate(LATER.finditer(text)):
        at = later.start()
        if later["spoken"]:
            over = bool(_WORD.search(text, 0, at))
        elif later["step"]:
            if first_naming is None and at >= first:
                first_naming = next(naming, len(text) + 1)
            follows = count == 0 and int(later["number"]) > 1
            named = first_naming is not None and first_naming <= at
            over = named or _acted_before(text, at, names, not said and follows)
        else:
            over = first <= at or _acted_before(text, at, names, not said)
        if over and not (later["asked"] and asked and truncated):
            before = text[:at]
            return unsigned(before), explicit_answers(before), True
        asked = asked or bool(later["asked"])
    return unsigned(text) if later else text, answers, False


def _acted_before(text: str, at: int, names: Names, prose: bool) -> bool:
    """Whether the last line before a place is an action, and neither a step nor part of a list.

    With `prose`, a sentence that affirms an action counts too, unless it is headed as a thought.
    """
    tail = TAG.sub(" ", text[max(0, at - 2 * names.longest) : at])
    lines = [line for line in tail.split("\n") if not MARKUP_ONLY.fullmatch(line)]
    above, line = ["", "", *lines][-2:]
    if LATER.match(line):
        return False
    if found := names.spelled(line):
        return names.spelled(above) in (NONE, found)
    sentences, _ = affirmed(read_lines(line, names)) if prose else ([], NONE)
    return bool(sentences and sentences[-1]) and not _REASONS.match(line)


def _chosen(answers: list[Answer], names: Names) -> tuple[Answer, Found] | None:
    """The answer that counts (the last of those with most weight) and the actions it names."""
    is_marked = any(answer.weight is Weight.STRONG for answer in answers)
    for answer in reversed(answers):
        if answer.weight is Weight.STRONG:
            return answer, _meant(answer, names)
        if answer.weight is Weight.LOOSE:
            found = _named(answer.contents, names, numbers=not is_marked)
            if len(found) == 1:
                return answer, found
    planned = [answer for answer in answers if answer.weight is Weight.NEXT]
    return (planned[-1], _meant(planned[-1], names)) if planned else None


def _named(contents: Iterable[str], names: Names, numbers: bool = True) -> Found:
    """The actions that make up the whole of one of the texts."""
    told = (TAG.sub(" ", unify(text)) for text in contents)
    return NONE.union(
        *(names.spelled(t) for t in told if numbers or not t.strip(EDGES).isdecimal())
    )


def _meant(answer: Answer, names: Names) -> Found:
    """The actions an explicit answer names."""
    found = NONE.union(*(_read(unify(content), names) for content in answer.contents))
    return found or _named(answer.instead, names)


def _read(content: str, names: Names) -> Found:
    plain = MARKER.sub("", TAG.sub(" ", _COMMAND.sub(" ", BOX.sub(" ", content))), count=1)
    plain = plain.split(" # ")[0] or plain
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


def _said(text: str, names: Names, truncated: bool) -> Found:
    """The action a text without explicit answers chooses."""
    shown = before_examples(text) if truncated else text
    lines = read_lines(TAG.sub(" ", shown), names)
    if not lines:
        return NONE
    if truncated:
        return standing_alone(lines)
    sentences, listed = affirmed(lines)
    return standing_last(lines) or (sentences[-1] if sentences else listed)
