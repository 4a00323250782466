"""Tells the actions that lines and sentences choose from those that they merely mention.

Nothing here understands language: tables hold the words that decide. They are matched against
sentences in the form that `Names.masked` gives: lower case, one space between tokens, no articles,
each name replaced by a sign.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain, dropwhile
from typing import NamedTuple

from smartplay.parsing.answers import KIND, NOUN
from smartplay.parsing.names import MARKUP_ONLY, NONE, PHRASE, WORD, Found, Names, unlisted

_REACH = 200  # characters of a sentence to examine on either side of an action

_NAMED = f"[{PHRASE}{WORD}]"
_RUN = re.compile(  # "rock, paper or scissors"
    f"{_NAMED}(?: (?:(?:,|/|&|and|or|nor|\\( or) )+{_NAMED})*"
)
# "Left, down and right are holes": a remark after the first name or, after a choice, on all.
_SPLICED = re.compile(rf"{_NAMED} / .*(?:and|or) {_NAMED}")
_ARE = re.compile(r" (?:are|were)\b")
_ON_ALL = re.compile(f" ?{_RUN.pattern}{_ARE.pattern}")
_SENTENCE_END = re.compile(r"(?:^| )([.!?;])(?= |$)")
_CLAUSE_START = re.compile(
    r"(?:^| )(?:[,—–-]|so|(?<!thing )but|then|therefore|thus|hence"
    r"|(?:which|that) is why|that's why|and(?= (?:i|we|let)\b))(?= |$)"
)

# An action is affirmed by its clause if that consists of an opener and the action …
_OPENER = (
    r"(?:(?:so|ok|okay|yes|now|first|next|finally|instead|please|just|simply|and|either|well"
    r"|actually|wait|rather|sorry|correction|edit|update|i mean|hence|therefore|thus"
    r"|then|(?:scratch|strike) that|make (?:it|that))(?: :)? ?)*"
)
_BARE = re.compile(rf"(?:: ?)?{_OPENER}(?:i|we)?")
# … or if a cue, then nothing but fillers, stands before the action.
_CHOOSE = r"(?:choose|pick|select|play|take|go|throw|opt|settle|stick|decide|recommend|suggest|say)"
_CUES = (
    r"(?:i|we|you|agent|player) (?:will|shall|should|must)",
    rf"(?:i|we|you) (?:would )?{_CHOOSE}",
    rf"(?:i|we)'(?:ll|d {_CHOOSE})",
    r"(?:i|we)(?: have|'ve)? (?:decided|chosen)",
    r"(?:i am|i'm|we are|we're) (?:going|choosing|picking|selecting|playing|taking|throwing)",
    r"let's|lets|let us|let me",
    rf"^{_OPENER}(?:{_CHOOSE}|going|choosing|execute|perform|move)",
    rf"(?:my|next|{KIND}|right|safest|wisest) (?:{NOUN}|option|bet|step|strategy|counter|plan)"
    r"(?: \w+){0,5}? (?:is|be|:)",
    r"(?:it is|it's) (?:best|safest|wisest) to",
    rf"(?:chang(?:e|ed|ing)|revis(?:e|ed|ing)) (?:my|the) (?:{NOUN}|mind) to|switch(?:ing)? to",
    r"i meant?(?: to say)?",
    r"我(?:会|要|将|决定|決定)?(?:选择|選擇|选|選|出)"
    r"|ich (?:wähle|nehme|spiele)|je (?:choisis|joue)|elijo|escolho|scelgo|я (?:выбираю|играю)",
    rf"{NOUN}(?: i {_CHOOSE})? (?:is|(?:should|would|will|must) be)",
    r"(?:plan|conclusion|verdict|decision|choice) :",
)
_FILLERS = (  # an action that is a word, such as "do", may be one; two are no choice
    r"now|just|simply|first|either|definitely|certainly|again|still|also|therefore|ahead|try|be"
    r"|going|go|with|to|for|on|that|you|use|do|perform|execute|move|following|action|option|:"
    r"|choose|choosing|pick|picking|select|selecting|play|playing|take|taking|throw"
    r"|opt|opting|settle|settling|stick|sticking|switch|switching"
)
_DECISION = re.compile(
    rf"(?:^|\b)(?:{'|'.join(_CUES)})(?: (?:{_FILLERS}))*(?: {WORD}(?: (?:{_FILLERS}))*)?$"
)

# These in its clause, or the last ones anywhere before it in its sentence, undo that.
_NEGATION = re.compile(
    r"\b(?:not|never|no|nor|neither|nothing|none|cannot|\w+n't|dont|wont|without|avoid\w*"
    r"|instead of|rather than|anything but|everything but|refuse)\b"
)
_DOUBT = re.compile(
    r"\b(?:maybe|perhaps|possibly|might|could|consider\w*|wonder\w*|doubt|what|which|whether|how"
    r"|worst|worse|wrong|bad|last (?!i\b|we\b)\w+|previous\w*|earlier|before|after"
    rf"|(?:opponent's|enemy's|their|his|her)(?: \w+)? {NOUN})\b"
)
_CONDITION = re.compile(
    r"(?<!even )\b(?:if|unless|when|whenever|once|until|suppose|supposing|assuming|in case"
    r"|as long as|after that|later|eventually|next (?:time|turn|round))\b"
)

# What may follow an action that is chosen; what makes it a subject or takes the choice back; and
# what chooses it as a subject.
_END = re.compile(
    r"$| [,()—–-]| (?:because|since|as|to|for|now|then|instead|again|next|and|towards?|rather|over"
    r"|against|it is|this (?:time|turn|round|step))\b"
)
_TURN = re.compile(
    r"(?: ,)? (?:if|unless|or|is|isn't|was|would|could|might|may|will|can|seems|looks|which"
    r"|however|though|although)\b"
)
_PRAISE = re.compile(
    r" (?:is|seems|looks)(?: (?!not|never)\w+){0,3} (?:best|optimal|right|correct|safest|wisest)\b"
)

# What takes back what was said before, or the better part of it.
_CORRECTION = re.compile(
    r"(?:^ ?|[,(—–-] )(?:(?:oh|hmm*|but|and|ah|ok|okay|well) (?:, )?){0,4}"
    r"(?:wait(?! (?:for|until|to)\b)|actually|no(?= ,| wait|$)|hold on|correction"
    r"|on (?:second|further) thoughts?|on reflection"
    r"|oops|sorry(?= (?:[,:—–-]|i )|$)|let me (?:correct|reconsider|rethink|revise|change|fix)"
    r"|(?:i (?:\w+ ){0,4}|let me )?(?:chang(?:e|ed|ing) my|revise my|correct my)"
    r"|i mean|edit(?= :)|update(?= :)|(?P<back>scratch that|strike that|never ?mind(?= ,|$)"
    r"|i take (?:that|it|this) back|that(?: is|'s| was) (?:wrong|a mistake|not right)))\b"
)
_VERDICT = re.compile(r" no$| yes\b")  # on each of several actions
_ASIDE = re.compile(r"\(.*|. wait")  # within a sentence: a remark, or a step of a plan
# Within a sentence these correct only what follows at once: not "Rock, actually since he likes …".
_MILD = re.compile(
    r". (?:actually|i mean|on (?:second|further) thoughts?|on reflection|sorry)\b"
    rf"(?! (?:, )?{_OPENER}(?:(?:maybe|perhaps|i think) )*$)"
)
_REASON_MENDED = re.compile(  # "Paper, as he loves Rock, no, Scissors"
    rf" (?:because|since|as) [^{PHRASE}{WORD}]*{_NAMED} [,—–-]"
    r"(?: [,—–-]| (?:no|wait|actually|sorry|rather|i mean))+ $"
)
_SEQUEL = re.compile(r"\s*(?:and )?(?:then|next|afterwards|after that)\b")  # of a plan
_THEN = re.compile(r"(?<!so) (?:then|afterwards|after that)\b[^,]*$")
_COMMENTED = re.compile(rf"{_NAMED} [:(,—–-] .*")
_REJECTING = re.compile(  # the end of a line that rejects what the next one says
    r"\b(?:not|never|avoid\w*|\w+n't|without|instead of|rather than|could|might|bad)[\s:*_]*$",
    re.IGNORECASE,
)


class Line(NamedTuple):
    """A line of a reply that says something.

    Attributes:
        prose: The line, masked.
        mentions: The actions it names, in order.
        alone: The action that makes up the whole line.
        first: The action that makes up the line, apart from a comment after it.
        marked: Whether the line begins with a list mark.
        rejected: Whether the line before ends in words that reject this one.
        apart: Whether a blank line comes before.
    """

    prose: str
    mentions: list[Found]
    alone: Found
    first: Found
    marked: bool
    rejected: bool
    apart: bool


def read_lines(text: str, names: Names) -> list[Line]:
    """Read a (unified) text line by line."""
    lines: list[Line] = []
    apart, before = True, ""
    for line in text.split("\n"):
        alone = names.spelled(line)
        if not alone and MARKUP_ONLY.fullmatch(line):
            apart = True
            continue
        item = unlisted(line)
        prose, mentions = names.masked(item)
        first = alone or (mentions[0] if _COMMENTED.fullmatch(prose) else NONE)
        rejected = bool(_REJECTING.search(before[-60:]))
        lines.append(Line(prose, mentions, alone, first, item != line, rejected, apart))
        apart, before = False, line
    return lines


def standing_last(lines: list[Line]) -> Found:
    """The action that makes up the last line, if that is no part of a list."""
    block = list(_blocks(lines))[-1]
    return NONE if _is_list(block) or block[0].rejected else block[-1].alone


def standing_alone(lines: list[Line]) -> Found:
    """The last action that is alone on a line without a list mark, or is the first sentence."""
    for block in reversed(list(_blocks(lines))):
        line = block[-1]
        if line.alone and not (line.marked or block[0].rejected or _is_list(block)):
            return line.alone
    sentence, *rest = _SENTENCE_END.split(lines[0].prose)
    return lines[0].mentions[0] if rest and re.fullmatch(_NAMED, sentence) else NONE


def affirmed(lines: list[Line]) -> tuple[list[Found], Found]:
    """The actions each affirming sentence affirms, in order, and those that are merely listed."""
    blocks = [block for block in _blocks(lines) if not (block[0].rejected and block[0].first)]
    listed = NONE.union(*(line.first for block in blocks if _is_list(block) for line in block))
    sentences, _ = _revised([], _sentences(blocks))
    return sentences, listed


def corrected(lines: list[Line], answer: Found) -> tuple[Found, bool]:
    """The answer after corrections in the lines below it, and whether those settle it.

    Only words that take it back change it.
    """
    sentences = _sentences(_blocks(lines))
    later = dropwhile(lambda sentence: not _CORRECTION.search(sentence.text), sentences)
    revised, settled = _revised([answer], later)
    return revised[-1], settled


def _revised(sentences: list[Found], more: Iterable[_Sentence]) -> tuple[list[Found], bool]:
    """Go on with further sentences, and drop what a correction takes back.

    A correction that only mentions another action leaves open which of the two is meant, until one
    is affirmed. The second value says whether the choice is settled.
    """
    settled = True
    for sentence in more:
        found, correction = sentence.affirmed, _CORRECTION.search(sentence.text)
        if sentences and (correction or not settled):
            settled = bool(found)
            if not found and not (correction and correction["back"]):
                found = sentences[-1] | sentence.mentioned
            sentences = [found]
        else:
            if sentences and _SEQUEL.match(sentence.text):
                found |= sentences.pop()
            if found and not (sentences and sentence.remark):
                sentences.append(found)
    return sentences, settled


def _sentences(blocks: Iterable[list[Line]]) -> Iterator[_Sentence]:
    """The sentences outside lists."""
    lines = chain.from_iterable(block for block in blocks if not _is_list(block))
    return chain.from_iterable(map(_by_sentence, lines))


def _blocks(lines: list[Line]) -> Iterator[list[Line]]:
    """Consecutive lines that each name an action and look alike; other lines one by one."""
    block: list[Line] = []
    for line in lines:
        alike = block and block[-1].first and line.first and block[-1].marked == line.marked
        if block and not (alike and (line.marked or not line.apart)):
            yield block
            block = []
        block.append(line)
    if block:
        yield block


def _is_list(block: list[Line]) -> bool:
    return len(block) > 1 and len(NONE.union(*(line.first for line in block))) > 1


class _Sentence(NamedTuple):
    text: str
    affirmed: Found
    mentioned: Found
    remark: bool = False  # whether it may be one on all the actions that it names first


def _by_sentence(line: Line) -> Iterator[_Sentence]:
    """The sentences of a line; a correction between two names begins one of its own."""
    mentions = iter(line.mentions)
    pieces = _SENTENCE_END.split(line.prose)
    for text, end in zip(pieces[::2], [*pieces[1::2], ""], strict=True):
        found = mentioned = NONE
        start, last, corrects = 0, 0, not _VERDICT.search(text)
        on_all, remark = bool(_ON_ALL.match(text)), False
        for run in _RUN.finditer(text):
            named = [next(mentions) for _ in re.findall(_NAMED, run[0])]
            before, after = text[: run.start()][-_REACH:], text[run.end() :][:_REACH]
            chosen = NONE if end == "?" else NONE.union(*_chosen(before, run[0], named, after))
            turns = _CORRECTION.finditer(text, last, run.start()) if corrects and mentioned else ()
            if found and _REASON_MENDED.search(before):
                chosen, turns = NONE, ()
            for turn in turns:
                at = turn.start()
                mild = not chosen and _MILD.match(text[at : min(at + _REACH, run.start())])
                if not (mild or _ASIDE.fullmatch(turn[0])):
                    yield _Sentence(text[start:at], found, mentioned, remark)
                    start, found, mentioned, on_all, remark = at, NONE, NONE, False, False
            last = run.end()
            if on_all and chosen:
                found, remark = NONE, not mentioned
            # "… first, then …": the second step of a plan is none without the first
            found |= chosen | mentioned if chosen and _THEN.search(before) else chosen
            mentioned = mentioned.union(*named)
        yield _Sentence(text[start:], found, mentioned, remark)


def _chosen(before: str, run: str, named: list[Found], after: str) -> list[Found]:
    """The actions of one run of names that the words around it choose."""
    praised = bool(_PRAISE.match(after))
    ends = praised or bool(_END.match(after))
    if _SPLICED.fullmatch(run) and _ARE.match(after):
        named, ends = named[:1], True
    if (_TURN.match(after) and not praised) or not (ends or run[-1] == PHRASE):
        return []
    clause = _CLAUSE_START.split(before)[-1].strip()
    if _CONDITION.search(before) or _DOUBT.search(clause):
        return []
    if _NEGATION.search(clause):  # "not rock, paper" corrects itself; "not rock or paper" does not
        return named[1:] if ends and not re.search(r"[a-z/&]", run) else []
    if _DECISION.search(clause) or (ends and _BARE.fullmatch(clause)):
        return named
    return []
