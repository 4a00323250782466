r"""Finds the answers that a reply marks: `Answer: …`, JSON, a tag, a box, a code block, a call.

From the inside out: first what a label (a JSON key, a tag, an argument of a call) says about its
content; then the answers in JSON and its like (Python's quotes, bare keys, a cut-off end); then all
others.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import suppress
from enum import IntEnum
from functools import lru_cache
from itertools import chain, zip_longest
from operator import attrgetter
from typing import NamedTuple

from smartplay.parsing.names import ARROW


class Weight(IntEnum):
    """How much an explicit answer counts.

    `STRONG` is an answer. `LOOSE` is one if it names an action and nothing else. `NEXT` is the
    action if nothing else is, since models are asked for their next action; otherwise it is a plan.
    """

    NEXT = 0
    LOOSE = 1
    STRONG = 2


_DECIDED, _NEXT = {"final", "chosen", "selected", "decided"}, {"next", "following"}
_KIND = re.compile(
    r"final|chosen|selected|decided|best|recommended|optimal|exact|corrected|revised|updated"
    r"|my|your|the|our|agent|player|current|this|turn|game|next|following"
)
_NOUN = re.compile(r"answer|action|choice|move|decision|selection")
_DETAIL = re.compile(r"name|id|index|number|value|text|label|type|choice")
_LOOSE = re.compile(
    r"actions|answers|moves|response|solution|output|result|reply|command|option|pick|play|hand"
    r"|name|tool|function|tool_name|function_name|action_input|chosen|selected|decided"
)
_ARGUMENTS = re.compile(r"arg(?:ument)?s|kwargs|param(?:eter)?s|inputs?|tool_input")
_SIDE = re.compile(
    r"plan(?:s|ned|ning)?|next|following|upcoming|prev(?:ious)?|last|past|history|earlier"
    r"|alternat(?:e|ives?)|options|candidates?|available|legal|valid|possible|allowed|examples?"
    r"|opponents?|enemy|expected|predict(?:ed|ion)|rejected|considered|avoid(?:ed)?|worst|bad|future"
    r"|later|fallback|backup|then|if|would|thoughts?|thinking|reason(?:s|ing)?|rationale|analysis"
    r"|explanation|why|observations?|state|memory|reflection|critique|comment|notes?|evaluation"
    r"|description|summary|confidence|context|goal|simulation|rollout|schema|format"
)
_LONGEST = 100  # in characters: no label of an answer is longer
_LABEL_WORD = re.compile(r"[a-z]+|[A-Z]+(?![a-z])|[A-Z][a-z]+|\d+")


@lru_cache(maxsize=1024)
def weight(label: str) -> Weight | None:
    """How much the content under a label counts as an answer; None for not at all."""
    told = _words(label)
    if told == ("final",):
        return Weight.STRONG
    if _LOOSE.fullmatch("_".join(told)):
        return Weight.LOOSE
    bare = told[:-1] if told[-1:] == ("name",) else told
    bare = bare[:-2] if bare[-2:] == ("to", "take") else bare
    is_detail = len(bare) > 1 and _DETAIL.fullmatch(bare[-1]) and _NOUN.fullmatch(bare[-2])
    *kinds, noun = (bare[:-1] if is_detail else bare) or [""]
    if not _NOUN.fullmatch(noun) or not all(map(_KIND.fullmatch, kinds)):
        return None
    if not _NEXT.isdisjoint(kinds):
        return Weight.NEXT
    return Weight.LOOSE if is_detail else Weight.STRONG


@lru_cache(maxsize=1024)
def _is_side(label: str) -> bool:
    """Whether a label marks something beside the answer: a plan, a reason, the opponent's move."""
    return any(map(_SIDE.fullmatch, _words(label)))


def _words(label: str) -> tuple[str, ...]:
    """The words of a label such as `final_answer`, `finalAnswer` or `final answer`."""
    return tuple(word.lower() for word in _LABEL_WORD.findall(label[:_LONGEST]))


_NESTING = 2  # how deep strings may hold objects, as arguments of calls do

_LEXEME = re.compile(
    r'\s*+(?P<lexeme>"(?:[^"\\]|\\.)*+"'
    r"|'(?:[^'\\\n]|\\.|(?<=\w)'(?=\w)){0,500}+'(?!\w)"
    r"|[{}\[\],]"
    r"|[^\s{}\[\],:\"'][^{}\[\],:\n\"]*+"
    r"|[:'])",
    re.DOTALL,
)
_COLON = re.compile(r"\s*+:")
_BARE_KEY = re.compile(r"[A-Za-z_][\w-]*")
_ESCAPED = re.compile(r"\{\s{0,9}\\\"")


class _Field(NamedTuple):
    """A value with the keys that lead to it, outermost first, each with its place."""

    path: tuple[tuple[str, int], ...]
    value: str


class Answer(NamedTuple):
    """An explicit answer.

    Attributes:
        start: Where it begins in the text.
        end: Where the text that gives it ends.
        contents: Its texts; if there are several, all are meant.
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


def _read_objects(text: str) -> tuple[list[Answer], list[tuple[int, int]]]:
    """The answers of the outermost objects that have keys, and the spans of the closed ones."""
    answers: list[Answer] = []
    closed: list[tuple[int, int]] = []
    start = text.find("{")
    if _ESCAPED.search(text):  # an object that was written as a string; places must stay
        text = text.replace('\\"', ' "')
    while start >= 0:
        fields, end = _fields(text, start)
        is_open = end < 0
        if fields:
            answers += _answers(fields, len(text) if is_open else end, is_open)
            closed += [] if is_open else [(start, end)]
        start = -1 if is_open else text.find("{", end)
    return answers, closed


def _fields(text: str, start: int, nesting: int = 0) -> tuple[list[_Field], int]:
    """The values of the object that begins at a place, and where it ends; -1 for nowhere."""
    fields: list[_Field] = []
    kinds: list[str] = []
    keys: list[tuple[str, int] | None] = []
    at = start
    while at < len(text):
        found = _LEXEME.match(text, at)
        if not found:  # a string without an end: the rest of its line counts
            rest = text[at:].lstrip()
            if rest and _path(keys):
                fields.append(_Field(_path(keys), rest.partition("\n")[0]))
            return fields, -1
        lexeme, place, at = found["lexeme"], found.start("lexeme"), found.end()
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


def _path(keys: list[tuple[str, int] | None]) -> tuple[tuple[str, int], ...]:
    return tuple(key for key in keys[-8:] if key)


def _value(lexeme: str) -> str:
    if lexeme[0] == '"':
        with suppress(ValueError):
            return str(json.loads(lexeme, strict=False))
    return lexeme[1:-1] if lexeme[0] in "\"'" else lexeme.strip()


def _nested(path: tuple[tuple[str, int], ...], value: str, nesting: int) -> list[_Field]:
    if nesting < _NESTING and value.lstrip()[:1] == "{":
        inner, _ = _fields(value, value.index("{"), nesting + 1)
        if inner:
            place = path[-1][1]
            return [_Field((*path, *((k, place) for k, _ in f.path)), f.value) for f in inner]
    return [_Field(path, value)]


def _answers(fields: list[_Field], end: int, is_open: bool) -> list[Answer]:
    """The answers by weight; of the strong ones the outermost, final ones before the rest.

    Loose ones are all the values that may name the action: of a call, its name and arguments.
    """
    strong: dict[int, dict[tuple[str, int], list[_Field]]] = {}
    others: dict[Weight, list[_Field]] = {}
    for field in fields:
        for depth, (key, place) in enumerate(field.path):
            counts = weight(key)
            inner = _Field(field.path[depth + 1 :], field.value)
            if counts is Weight.STRONG:
                strong.setdefault(depth, {}).setdefault((key, place), []).append(inner)
            elif counts is Weight.NEXT or (counts is Weight.LOOSE and not inner.path):
                others.setdefault(counts, []).append(field)
            elif _ARGUMENTS.fullmatch("_".join(_words(key))) and _is_plain(inner):
                others.setdefault(Weight.LOOSE, []).append(field)
            elif not _is_side(key):
                continue
            break
    if strong:
        group = strong[min(strong)]
        decided = {
            key: found for key, found in group.items() if not _DECIDED.isdisjoint(_words(key[0]))
        }
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


def _is_plain(argument: _Field) -> bool:
    """Whether the label of a call's argument leaves open whether it is the answer."""
    return not any(_is_side(key) or weight(key) is not None for key, _ in argument.path)


def _contents(found: list[_Field]) -> list[str]:
    """The texts under one key: the items of a list, or an object's values as one text."""
    if not any(field.path for field in found):
        return [field.value for field in found]
    told = [f.value for f in found if not any(_is_side(key) for key, _ in f.path)]
    worded = [value for value in told if not value.isdigit()]
    return [" ".join(worded or told)]


KIND = (
    r"(?:final|best|chosen|selected|recommended|optimal|exact|corrected|revised|updated|actual|new"
    r"|current)"
)
NOUN = r"(?:answer|action|choice|move|decision|selection)"
_FOREIGN = (
    r"(?:antwort|aktion|zug|réponse|respuesta|acción|risposta|azione|resposta|ação|antwoord|svar"
    r"|odpowiedź|cevap|jawaban|đáp án|ответ|действие|відповідь|الإجابة|उत्तर|정답|답변|답|행동"
    r"|(?:最终|最終|最后的?|我的)?(?:答案|回答|答え|行动|行動|动作|選択|选择))"
)

_DECOR = r"(?:[^\w\n]|_){0,20}+"
_LEAD = (
    r"(?:(?:so|thus|therefore|hence|actually|now|ok|okay|then|finally|instead|wait|no|sorry|and|but"
    r"|well|overall|ultimately|correction|in conclusion|in summary|on second thoughts?|here is"
    r"|here's|i mean)[^\w\n]{1,4}+){0,4}+"
)
_ABOUT = (  # "Answer (one word):", "Answer for this turn:"; but no "Answer in the format:"
    r"(?:[ \t]?(?:\([^()\n]{0,40}\)|\[[^\]\n]{0,40}\])"
    r"|(?<!move)[ \t](?:for|in|at|on|to)[ \t](?![^:\n]{0,40}format)[^\n:.,;!?]{1,40})?"
)
MARKER = re.compile(
    r"(?:^|(?<=[.!?;:,—–…(\[{>▷\])])|(?<= \*\*))"
    rf"(?P<item>{_DECOR}(?:\d{{1,3}}[.)][ \t*_]*)?){_LEAD}"
    r"(?:(?:my|the|our|your)[ \t])?(?:"
    rf"(?:(?P<next>next|following)[ \t])?(?:{KIND}[ \t]){{0,2}}"
    rf"(?:{NOUN}(?P<input>[ \t]input)?|(?:\w{{1,20}}+[ \t]){{0,2}}{_FOREIGN}(?:[ \t]\w{{1,20}})?)"
    rf"(?:[ \t](?:is|would be|will be)|{_ABOUT})"
    r"(?:(?:[^\w\n:=<>\"'(.,;!?\-–—|→⇒➡➜]|_){0,8}"
    r"(?:=?:(?!:)|=+>?|-+>|[→⇒➡➜]|(?P<loose>\||[-–—](?=[ \t])))"
    r"|(?<= is)(?=[ \t*\"'`(#]*\d{1,6}[.*\"'`)]*$))"
    # A heading needs no colon; but a single word such as "Move" alone may be an action.
    rf"|(?:{KIND}[ \t]{NOUN}|answer)[ \t*_#]*$(?=\s*\S))",
    re.IGNORECASE | re.MULTILINE,
)
BOX = re.compile(r"\\(?:f?box|boxed|framebox)\s?\{")
_ANSWER_TAG = re.compile(
    r"<(?P<name>[a-z][\w-]{0,40}+)(?P<more>[ \t=:][^<>\n]{0,120})?>"
    r"|\[(?P<bracket>[a-z][\w ]{0,30})\]",
    re.IGNORECASE,
)
_ARGUMENT_TAGS = frozenset({"parameter", "param", "argument", "arg", "field", "invoke", "function"})
_CALL_TAGS = frozenset({"invoke", "function"})
_NAMED = re.compile(r"(?:^[=:]|\b(?:name|value|type|id|choice)\s?=)\s?[\"']?([^\"'=/]{1,100})")
_FENCE = re.compile(r"(?:^[^\w\n`~]{0,10}|(?<=>))(?:```|~~~)[^`\n]*$", re.MULTILINE)
_CALL = re.compile(
    r"^[^\w\n]{0,10}[a-z_][\w.]{0,40}\([ \t]?([\"'])([^\"'()\n]{1,100})\1[ \t]?\)[^\w\n]{0,10}$",
    re.IGNORECASE | re.MULTILINE,
)
_NAMING = re.compile(r"[^\W_]")
_WORDED, _GAP = re.compile(r"\S"), re.compile(r"\n[ \t]*\n")
_BRACE = re.compile(r"[{}]")
_REACH, _BOX_REACH = 2000, 300  # how far the end of a tag or box is looked for, in characters

_LIKE = re.compile(
    r"(?:\be\.g|\bfor (?:example|instance)|\bsuch as|\blike(?: this)?|\bformat(?: is)?)[^\w\n]*$",
    re.IGNORECASE,
)
_EXAMPLE = re.compile(
    rf"^{_DECOR}(?:"
    r"(?:(?:here(?:'s| is| are)|this is|consider|let me give)[ \t])?(?:(?:for|an?|one|some|as"
    r"|solved|worked|sample|hypothetical|illustrative|few-shot)[ \t]){0,3}"
    r"(?:example|instance|illustration|demonstration|sample)s?\b(?![^\n]{0,500}[.!,;][ \t*_]*$)"
    r"|[^\n:]{0,200}\b(?:example|for instance|e\.g\.?)\b[^\n:]{0,200}:[ \t*_]*$)",
    re.IGNORECASE | re.MULTILINE,
)
_CASE = re.compile(
    rf"^{_DECOR}(?:q|question|problem|input|prompt|scenario|situation|suppose|imagine)\b"
    r"[^\n:]{0,300}:",
    re.IGNORECASE | re.MULTILINE,
)
_OWN = re.compile(
    rf"^{_DECOR}(?:(?:ok|okay|so|alright|and)[^\w\n]{{1,3}})?(?:now\b|back to\b|my (?:turn|case)\b"
    r"|(?:for|in|at|on|to) (?:this|the current|the actual|the real|our|my|the present)\b"
    r"|(?:the )?(?:current|actual|real|present)\b|turning to\b|moving on\b|coming (?:back )?to\b"
    r"|returning to\b|applying\b|similarly\b|likewise\b|in the same way\b)",
    re.IGNORECASE | re.MULTILINE,
)


def explicit_answers(text: str) -> list[Answer]:
    """All explicit answers of a (unified) text, in order; none of them is inside an object."""
    answers, closed = _read_objects(text) if "{" in text else ([], [])
    calls = (Answer(c.start(), c.end(), (c[2],), Weight.LOOSE) for c in _CALL.finditer(text))
    for answer in chain(_marked(text), _tagged(text), _boxed(text), _fenced(text), calls):
        inside = bisect_right(closed, (answer.start, len(text))) - 1
        if inside < 0 or closed[inside][1] <= answer.start:
            answers.append(answer)
    return sorted(answers, key=attrgetter("start"))


def own_answers(text: str, answers: list[Answer], truncated: bool) -> list[Answer]:
    """Leave out the answers of examples.

    The first answer after words that introduce an example belongs to the example, unless words
    between them return to the case in hand. In a complete reply such words must also follow that
    answer; in a reply that is cut off the introduction suffices.
    """
    examples, cases, returns = (
        [found.start() for found in head.finditer(text)] for head in (_EXAMPLE, _CASE, _OWN)
    )
    own: list[Answer] = []
    before = -1
    for answer in answers:
        introduced = _last(examples, answer.start) > max(before, _last(returns, answer.start))
        resumed = bool(returns) and returns[-1] >= answer.end
        if truncated:
            left_out = introduced or resumed or (bool(cases) and cases[-1] >= answer.end)
        else:
            left_out = introduced and resumed
        if not (left_out or _LIKE.search(text[max(0, answer.start - 40) : answer.start])):
            own.append(answer)
        before = answer.start
    return own


def before_examples(text: str) -> str:
    """A text up to the first words that introduce an example."""
    example = _EXAMPLE.search(text)
    return text[: example.start()] if example else text


def _last(places: list[int], at: int) -> int:
    """The last of the sorted places that is not after one; -1 if there is none."""
    index = bisect_right(places, at)
    return places[index - 1] if index else -1


def _marked(text: str) -> Iterator[Answer]:
    heads = list(MARKER.finditer(text))
    for head, after in zip_longest(heads, heads[1:]):
        limit = after.start() if after else len(text)
        start, end = head.end(), min(limit, _line_end(text, head.end()))
        if not text[start:end].strip(" \t*_`#\"'"):  # the next paragraph
            first = _WORDED.search(text, end, limit)
            gap = _GAP.search(text, first.start(), limit) if first else None
            end = gap.start() if gap else limit
        counts = Weight.NEXT if head["next"] else Weight.STRONG
        if head["loose"] or head["input"]:
            counts = Weight.LOOSE
        is_open = end == len(text) and not text.endswith("\n")
        yield Answer(head.end("item"), end, (text[start:end],), counts, is_open)


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _tagged(text: str) -> Iterator[Answer]:
    tags = list(filter(_is_label, _ANSWER_TAG.finditer(text)))
    for tag, after in zip_longest(tags, tags[1:]):
        limit = after.start() if after else len(text)
        if tag["bracket"]:
            yield _bracketed(text, tag, limit)
            continue
        name, named = tag["name"], _NAMED.search(tag["more"] or "")
        if named and name.lower() in _CALL_TAGS:
            yield Answer(tag.start(), tag.end(), (named[1],), Weight.LOOSE)
            continue
        end = text.find(f"</{name}", tag.end(), tag.end() + _REACH)
        end = text.find("</", tag.end(), limit) if end < 0 else end
        end = limit if end < 0 else end
        content = text[tag.end() : end]
        if named and name.lower() not in _ARGUMENT_TAGS and not _NAMING.search(content):
            content, end = named[1], tag.end()
        counts = weight(_label(tag)) or Weight.NEXT
        yield Answer(tag.start(), end, (content,), counts, end == len(text))


def _is_label(tag: re.Match[str]) -> bool:
    is_call = (tag["name"] or "").lower() in _CALL_TAGS
    return is_call or weight(_label(tag)) is not None


def _label(tag: re.Match[str]) -> str:
    name = tag["bracket"] or tag["name"]
    named = _NAMED.search(tag["more"] or "")
    return named[1] if named and name.lower() in _ARGUMENT_TAGS else name


def _bracketed(text: str, tag: re.Match[str], limit: int) -> Answer:
    closed = text.find(f"[/{tag['bracket']}]", tag.end(), tag.end() + _REACH)
    if closed >= 0:
        return Answer(tag.start(), closed, (text[tag.end() : closed],))
    end = min(limit, _line_end(text, tag.end()))
    return Answer(tag.start(), end, (text[tag.end() : end],), Weight.LOOSE, end == len(text))


def _boxed(text: str) -> Iterator[Answer]:
    for box in BOX.finditer(text):
        reach = box.end() + _BOX_REACH
        depth, end = 1, min(reach, _line_end(text, box.end()))  # the latter if it is not closed
        for brace in _BRACE.finditer(text, box.end(), reach):
            depth += 1 if brace[0] == "{" else -1
            if not depth:
                end = brace.start()
                break
        plain = re.sub(r"\\[a-zA-Z]+", " ", ARROW.sub(" to ", text[box.end() : end]))
        yield Answer(box.start(), end, (plain,), open=end == len(text))


def _fenced(text: str) -> Iterator[Answer]:
    """Code blocks of a single line."""
    fences = list(_FENCE.finditer(text))
    for opening, closing in zip_longest(fences[::2], fences[1::2]):
        end = closing.start() if closing else len(text)
        content = text[opening.end() : end].strip()
        if content and "\n" not in content:
            yield Answer(opening.start(), end, (content,), Weight.LOOSE, not closing)
