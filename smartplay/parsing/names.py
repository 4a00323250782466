"""Finds where a text names an action, however the name is spelled."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from itertools import pairwise

Found = frozenset[int]
"""Indices of the actions meant; more than one is ambiguous."""

NONE: Found = frozenset()
PHRASE, WORD = "\ue000", "\ue001"
"""The signs for a name of several words and for a name of one word in a masked text."""

EDGES = " \t\r\n\"'`*_~.,;:!?()[]{}<>$\\"
"""Characters around a name that mean nothing."""

ARROW = re.compile(r"[-=–—]{1,5}>|[→⇒⟶⟹➔➜➝➞➡]|\\(?:to|rightarrow)\b")
TAG = re.compile(r"</?[a-zA-Z][^<>\n]{0,100}>")
MARKUP_ONLY = re.compile(r"[\s!-/:-@\[-`{-~]*")

_MARKS = " .,;:!?()/&—"
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u20e3\ufe00-\ufe0f\ufeff]"
)
_QUOTES = str.maketrans(
    {**dict.fromkeys("‘’‚‛′´‹›", "'"), **dict.fromkeys("“”„‟″«»「」『』〝〞〟", '"')}
)
_DIGIT = re.compile("(?![0-9])\\d|[\u2776-\u2793\u24eb-\u24ff]")
_TOKEN = re.compile(
    r"(?:(?<![^\W_])[-+])?\d+(?:\.\d+)?(?![^\W_])"  # a number, also -1 and 0.5
    r"|[^\W_]+(?:'[^\W_]+)*"  # a word, also don't
    r"|[.,;:!?()/&—]|(?<=\s)[-–](?=\s)"  # what separates clauses
)
_LIST_MARK = re.compile(
    r"\s*(?:[-=*+•>#→⇒⟶⟹➔➜➝➞➡]+[ \t]+|\([a-z]\)[ \t]*|[a-z][.)][ \t]+"
    r"|(?:(?:option|action|choice|step) )?[(\[]?\d{1,3}(?:[.:)\]]+(?!\d)|[ \t]-[ \t])[ \t]*"
    r")+(?=\S)",
    re.IGNORECASE,
)
_NUMBERED = ("action", "option", "number")
# What links a short name to the full one beside it, what links only with more, what is written as
# "/", and what shows that the short name has ended. Where only commas or dashes link, they may
# begin a remark ("red door, green and blue lead nowhere"): what ends a list does not begin one.
_LINK = re.compile(r"\W|and|or|nor|to|through|no|wait|actually|rather|sorry|i|mean")
_BREAKS = frozenset(".!?;:()")
_PAUSES = frozenset(",—–-")
_PLAIN_LINKS = _PAUSES | {"", "to", "through"}
_LINK_END = re.compile(r"\W|and|or|nor|then|but|so|because|since|instead|one|are|were")
_PAUSE_END = re.compile(rf"(?!/)(?:{_LINK_END.pattern})")  # no "Pool 3, 4/6 caught"
_LIST_END = re.compile(r"[.!?;)]|then|but|so|because|since|instead")
_RANGE = re.compile(r"(?<!\d)(\d{1,6})[-–](?=(\d{1,6}))")  # of which only the numbers are words
_LONGEST_LINK = 6  # in words
_NO_NUMBER = re.compile(r"^(?:[^\w+-]|_|[-+](?!\S))+|(?:[^\w+-]|_)+$")
_LIST_NUMBER = re.compile(r"(?:(?:option|action|choice|number) )?#?(\d{1,6})", re.IGNORECASE)


def unify(text: str) -> str:
    """Bring a text into compatibility form: plain quotes and digits, nothing invisible."""
    if text.isascii():
        return text
    plain = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text.translate(_QUOTES)))
    return _DIGIT.sub(lambda digit: str(unicodedata.digit(digit[0], digit[0])), plain)


def unlisted(line: str) -> str:
    """Take the list marks (`-`, `2.`, `(b)`) off the beginning of a line."""
    mark = _LIST_MARK.match(line)
    return line[mark.end() :] if mark else line


class Names:
    """The names of the actions offered, and where a text spells one.

    Args:
        actions: The names, at least one.
    """

    def __init__(self, actions: Iterable[str]) -> None:
        names = [ARROW.sub(" to ", unify(action)) for action in actions]
        self._articles: set[str] = set()
        words = {word for name in names for word in self._key(name).split(" ")}
        self._articles = {"the"} | ({"a", "an"} - words)  # in "rod A", "a" is no article
        self._bare = [_bare(name) for name in names]
        self._keys = [self._key(name) for name in names]
        self._forms = [(form, _index(map(form, names))) for form in (str.strip, _bare, self._key)]
        phrases = [" ".join(self._words(name)).strip(_MARKS) for name in names]
        numbers = [f"{noun} {n + 1}" for noun in _NUMBERED for n in range(len(names))]
        numbered = {number: NONE | {at % len(names)} for at, number in enumerate(numbers)}
        self._phrases = numbered | _index(phrases)
        sizes: dict[str, set[int]] = {}
        for phrase in self._phrases:
            sizes.setdefault(phrase.split(" ")[0], set()).add(phrase.count(" ") + 1)
        self._sizes = {word: sorted(found, reverse=True) for word, found in sizes.items()}
        self._most = max(map(max, self._sizes.values()), default=0)
        self._vocabulary = {word for phrase in self._phrases for word in phrase.split(" ")}
        self.longest = 4 * max(map(len, names), default=0) + 100

    def spelled(self, text: str) -> Found:
        """The action that makes up the whole (unified) text, by name or else by number."""
        if len(text) > self.longest:
            return NONE
        named = ARROW.sub(" to ", text)
        plain = ARROW.sub(" to ", unlisted(text))
        spellings = (named, plain, unlisted(named), unlisted(_bare(named)))
        for spelling in dict.fromkeys(spellings):
            for form, index in self._forms:
                if found := index.get(form(spelling)):
                    return found
        at = _number(text) - 1
        return frozenset({at}) if 0 <= at < len(self._keys) else NONE

    def masked(self, text: str) -> tuple[str, list[Found]]:
        """The (unified) text as prose, and the actions it names, in order.

        The prose is in lower case, one space between tokens, without articles, and each name is
        replaced by `PHRASE` or `WORD`. Names that overlap ("A to B to C") are one ambiguous name.
        A name in a list or a correction may leave out what it shares with the full one beside it
        ("Berth 1, 2 or 3", "left/right arm", "go north - no, south").
        """
        text = ARROW.sub(" to ", text)
        words, ranges = self._words(text), set(_RANGE.findall(text))
        prose: list[str] = []
        mentions: list[Found] = []
        done = 0
        for at, word in enumerate(words):
            if at < done or word not in self._sizes:
                continue
            size, found = self._named(words, at)
            if not found:
                continue
            exact = self._exact(found, text, at, size) if len(found) > 1 else found
            sign = PHRASE if size > 1 else WORD
            for start, end, found in self._listed(words, done, at, at + size, exact, ranges):
                between = words[done:start]
                plain = start > at and " ".join(between) in _PLAIN_LINKS
                prose += ["/"] if plain else between
                prose.append(sign)
                mentions.append(found)
                done = end
        return " ".join(prose + words[done:]), mentions

    def may_go_on(self, text: str, action: int) -> bool:
        """Whether the name or number at the text's end may be the beginning of a longer one."""
        if not text.rstrip(" ")[-1:].isalnum():
            return False
        end = self._key(unify(text[-self.longest :]))
        numbers = [str(number + 1) for number in range(len(self._keys))]
        return any(
            end.endswith(own[action])
            and any(other != own[action] and other.startswith(own[action]) for other in own)
            for own in (self._keys, numbers)
        )

    def _exact(self, found: Found, text: str, at: int, size: int) -> Found:
        """Of names that differ only in case or marks, the one spelled exactly as in the text."""
        matches = [m for m in _TOKEN.finditer(text) if m[0].casefold() not in self._articles]
        source = text[matches[at].start() : matches[at + size - 1].end()]
        return frozenset(index for index in found if self._bare[index] == source) or found

    def _named(self, words: list[str], at: int) -> tuple[int, Found]:
        size, found = self._longest_at(words, at)
        inside = at + 1
        while inside < at + size:
            more, other = self._longest_at(words, inside)
            if other and inside + more > at + size:
                size, found = inside + more - at, found | other
            inside += 1
        return size, found

    def _longest_at(self, words: list[str], at: int) -> tuple[int, Found]:
        for size in self._sizes.get(words[at], ()):
            found = self._phrases.get(" ".join(words[at : at + size]))
            if found and at + size <= len(words):
                return size, found
        return 1, NONE

    def _listed(
        self,
        words: list[str],
        first: int,
        at: int,
        end: int,
        found: Found,
        ranges: set[tuple[str, str]],
    ) -> list[tuple[int, int, Found]]:
        """The full name at a place and the shortened ones on both sides: from, up to, actions."""
        name, before, after = words[at:end], [(at, end, found)], [(at, end, found)]
        while short := self._short_before(name, words, first, before[-1][0], len(before) > 1):
            before.append(short)
        while short := self._short_after(name, words, after[-1][1], ranges):
            after.append(short)
        links = (words[one[1] : other[0]] for one, other in pairwise(after))
        pauses = all(link and _PAUSES.issuperset(link) for link in links)
        last = after[-1][1]
        if pauses and last < len(words) and not _LIST_END.fullmatch(words[last]):
            del after[1:]  # a remark
        return before[:0:-1] + after

    def _short_before(
        self, name: list[str], words: list[str], first: int, end: int, listed: bool
    ) -> tuple[int, int, Found] | None:
        """The shortened name before a link that ends at a place; it shares the name's end.

        A comma links it to a shortened name only: "left, middle or right arm", but "all right, left
        arm".
        """
        links = ("/", "&", "and", "or", "nor", *("," if listed else ""))
        if end - 2 >= first and words[end - 1] in links:
            for start in range(max(first, end - 1 - self._most), end - 1):
                if found := self._shared(name, words[start : end - 1], range(1)):
                    return start, end - 1, found
        return None

    def _short_after(
        self, name: list[str], words: list[str], at: int, ranges: set[tuple[str, str]]
    ) -> tuple[int, int, Found] | None:
        """The shortened name after a link at a place, if nothing makes it a word of its own."""
        for start in range(at, min(at + _LONGEST_LINK, len(words) - 1) + 1):
            link = words[at:start]
            if not all(map(_LINK.fullmatch, link)) or self._longest_at(words, start)[1]:
                break
            if _BREAKS.issuperset(link) and (link or (words[at - 1], words[at]) not in ranges):
                continue
            ending = _PAUSE_END if _PAUSES.issuperset(link) else _LINK_END
            for end in range(min(start + self._most, len(words)), start, -1):
                ends = end == len(words) or ending.fullmatch(words[end])
                if ends and (found := self._shared(name, words[start:end], range(len(name)))):
                    return start, end, found
        return None

    def _shared(self, name: list[str], short: list[str], starts: range) -> Found:
        """The other actions whose names a short one makes up in place of some words of a name."""
        shared = NONE
        for start in starts if short[0] in self._vocabulary else ():
            for end in range(start + 1, len(name) + (start > 0)):
                other = name[:start] + short + name[end:]
                if other != name:
                    shared |= self._phrases.get(" ".join(other), NONE)
        return shared

    def _words(self, text: str) -> list[str]:
        found = map(str.casefold, _TOKEN.findall(text))
        return [word for word in found if word not in self._articles]

    def _key(self, text: str) -> str:
        return " ".join(word for word in self._words(text) if word[-1].isalnum())


def _bare(text: str) -> str:
    return text.strip(EDGES)


def _number(text: str) -> int:
    """The number that makes up the whole text (`(2)`, `option 2`, `二`); 0 if it is none."""
    bare = _NO_NUMBER.sub("", text)
    if len(bare) == 1 and not bare.isascii():
        value = float(unicodedata.numeric(bare, 0))
        return int(value) if value.is_integer() else 0
    number = _LIST_NUMBER.fullmatch(bare)
    return int(number[1]) if number else 0


def _index(names: Iterable[str]) -> dict[str, Found]:
    index: dict[str, Found] = {}
    for at, name in enumerate(names):
        if name:
            index[name] = index.get(name, NONE) | {at}
    return index
