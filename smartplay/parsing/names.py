"""How a text spells the name of an action, and where it names one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

Found = frozenset[int]
"""Indices of the actions meant; more than one is ambiguous."""

NONE: Found = frozenset()
PHRASE, WORD = "\ue000", "\ue001"
"""The signs that stand for a name of several words, of one word, in a masked text."""

EDGES = " \t\r\n\"'`*_~.,;:!?()[]{}<>$\\"
"""What around a name says nothing."""

ARROW = re.compile(r"[-=–—]{1,5}>|[→⇒⟶⟹➔➜➝➞➡]|\\(?:to|rightarrow)\b")
SPECIAL_TOKEN = re.compile(r"<\|[^|<>\n]{1,40}\|>")
TAG = re.compile(r"</?[a-zA-Z][^<>\n]{0,100}>")
MARKUP_ONLY = re.compile(r"[\s!-/:-@\[-`{-~]*")

_MARKS = " .,;:!?()/&—"
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u20e3\ufe00-\ufe0f\ufeff]"
)
_QUOTES = str.maketrans({**dict.fromkeys("‘’‚‛′´", "'"), **dict.fromkeys("“”„‟″«»", '"')})
_TOKEN = re.compile(
    r"(?:(?<!\w)[-+])?\d+(?:\.\d+)?(?![^\W_])"  # a number, also -1 and 0.5
    r"|[^\W_]+(?:'[^\W_]+)*"  # a word, also don't
    r"|[.,;:!?()/&—]|(?<=\s)[-–](?=\s)"  # what separates clauses
)
_LIST_MARK = re.compile(
    r"\s*(?:[-*+•>#]+[ \t]+|\([a-z]\)[ \t]*|[a-z][.)][ \t]+"
    r"|(?:(?:option|action|choice|step) )?[(\[]?\d{1,3}(?:[.:)\]]+(?!\d)|[ \t]-[ \t])[ \t]*"
    r")+(?=\S)",
    re.IGNORECASE,
)
_LIST_NUMBER = re.compile(r"(?:(?:option|action|choice|number) )?#?(\d{1,6})", re.IGNORECASE)


def unify(text: str) -> str:
    """Bring a text into compatibility form, with plain quotes and nothing invisible."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC", _INVISIBLE.sub("", text.translate(_QUOTES)))


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
        phrases = [" ".join(w for w, _ in self._words(name)).strip(_MARKS) for name in names]
        numbers = [f"{noun} {n + 1}" for noun in ("action", "option") for n in range(len(names))]
        numbered = {number: NONE | {at % len(names)} for at, number in enumerate(numbers)}
        self._phrases = numbered | _index(phrases)
        self._sizes: dict[str, set[int]] = {}
        for phrase in self._phrases:
            self._sizes.setdefault(phrase.split(" ")[0], set()).add(phrase.count(" ") + 1)
        self._longest = 4 * max(map(len, names), default=0) + 100

    def spelled(self, text: str) -> Found:
        """The action that is the whole (unified) text, by name or else by number."""
        if len(text) > self._longest:
            return NONE
        named = ARROW.sub(" to ", text)
        for spelling in (named, unlisted(named), unlisted(_bare(named))):
            for form, index in self._forms:
                if found := index.get(form(spelling)):
                    return found
        number = _LIST_NUMBER.fullmatch(_bare(text))
        at = int(number[1]) - 1 if number else -1
        return frozenset({at}) if 0 <= at < len(self._keys) else NONE

    def masked(self, text: str) -> tuple[str, list[Found]]:
        """The (unified) text as prose, and the actions it names, in order.

        The prose is in lower case, one space between tokens, without articles, and each name is
        replaced by `PHRASE` or `WORD`. Names that overlap ("A to B to C") are one ambiguous name.
        """
        text = ARROW.sub(" to ", text)
        words = self._words(text)
        prose: list[str] = []
        mentions: list[Found] = []
        at = 0
        while at < len(words):
            size, found = self._named(words, at)
            if found:
                source = text[words[at][1].start() : words[at + size - 1][1].end()]
                exact = frozenset(i for i in found if len(found) > 1 and self._bare[i] == source)
                mentions.append(exact or found)
            prose.append((PHRASE if size > 1 else WORD) if found else words[at][0])
            at += size
        return " ".join(prose), mentions

    def may_go_on(self, text: str, action: int) -> bool:
        """Whether the name or number the text ends in may be the beginning of a longer one."""
        if not text.rstrip(" ")[-1:].isalnum():
            return False
        end = self._key(unify(text[-self._longest :]))
        numbers = [str(number + 1) for number in range(len(self._keys))]
        return any(
            end.endswith(own[action])
            and any(other != own[action] and other.startswith(own[action]) for other in own)
            for own in (self._keys, numbers)
        )

    def _named(self, words: list[tuple[str, re.Match[str]]], at: int) -> tuple[int, Found]:
        size, found = self._longest_at(words, at)
        inside = at + 1
        while inside < at + size:
            more, other = self._longest_at(words, inside)
            if other and inside + more > at + size:
                size, found = inside + more - at, found | other
            inside += 1
        return size, found

    def _longest_at(self, words: list[tuple[str, re.Match[str]]], at: int) -> tuple[int, Found]:
        for size in sorted(self._sizes.get(words[at][0], ()), reverse=True):
            found = self._phrases.get(" ".join(word for word, _ in words[at : at + size]))
            if found and at + size <= len(words):
                return size, found
        return 1, NONE

    def _words(self, text: str) -> list[tuple[str, re.Match[str]]]:
        found = ((match[0].casefold(), match) for match in _TOKEN.finditer(text))
        return [(word, match) for word, match in found if word not in self._articles]

    def _key(self, text: str) -> str:
        return " ".join(word for word, _ in self._words(text) if word[-1].isalnum())


def _bare(text: str) -> str:
    return text.strip(EDGES)


def _index(names: Iterable[str]) -> dict[str, Found]:
    index: dict[str, Found] = {}
    for at, name in enumerate(names):
        if name:
            index[name] = index.get(name, NONE) | {at}
    return index
