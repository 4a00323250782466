r"""The answers a reply marks as such: `Answer: …`, JSON, a tag, a box, a code block, a call."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import zip_longest

from smartplay.parsing.labels import Weight, weight
from smartplay.parsing.names import ARROW
from smartplay.parsing.objects import Answer, read_objects

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
_TAG = re.compile(
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
    objects = list(read_objects(text)) if "{" in text else []
    answers = [answer for found in objects for answer in found.answers]
    closed = [(found.start, found.end) for found in objects if not found.open]
    others = [*_marked(text), *_tagged(text), *_boxed(text), *_fenced(text), *_called(text)]
    others.sort(key=lambda answer: answer.start)
    answers += _outside(others, closed)
    return sorted(answers, key=lambda answer: answer.start)


def own_answers(text: str, answers: list[Answer], truncated: bool) -> list[Answer]:
    """Leave out the answers of examples.

    The first answer after words that introduce an example belongs to it, unless words that come
    back to the case in hand lie between. In a complete reply such words must also follow it; in
    one that is cut off they suffice.
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
            resumed = resumed or (bool(cases) and cases[-1] >= answer.end)
            left_out = introduced or resumed
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


def _outside(answers: list[Answer], spans: list[tuple[int, int]]) -> Iterator[Answer]:
    at = 0
    for answer in answers:
        while at < len(spans) and spans[at][1] <= answer.start:
            at += 1
        if at == len(spans) or answer.start < spans[at][0]:
            yield answer


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
    tags = list(filter(_is_label, _TAG.finditer(text)))
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


def _called(text: str) -> Iterator[Answer]:
    for call in _CALL.finditer(text):
        yield Answer(call.start(), call.end(), (call[2],), Weight.LOOSE)
