"""What an attacker reads of a round."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

Choice = int | None
Shortcut = Callable[["View"], Choice]
COMMON = 6
"""A word that occurs more often than this is not searched for."""


@dataclass(frozen=True)
class View:
    """What an agent reads before it chooses.

    Attributes:
        manual: The rules.
        past: Earlier observations, and of this one what came of the last choice.
        text: What the present round tells.
        doors: What the doors are called, in the order of the actions.
        number: Of the round, from 0.
    """

    manual: str
    past: str
    text: str
    doors: tuple[str, ...]
    number: int

    @cached_property
    def words(self) -> list[str]:
        """The words of the round."""
        return words_of(self.text)

    @cached_property
    def whole(self) -> list[str]:
        """The words of everything that is read."""
        return [*words_of(self.manual), *words_of(self.past), *self.words]

    @cached_property
    def named(self) -> list[int]:
        """The doors that the round names, in order."""
        return self.doors_in(self.words)

    @cached_property
    def sentences(self) -> list[str]:
        """The sentences and lines of the round."""
        return [each for each in re.split(r"(?<=[.?])\s+|\n", self.text) if each]

    @cached_property
    def question(self) -> list[str]:
        """The words of the round's last sentence, and of its first if that names no door."""
        first, last = self.sentences[0], self.sentences[-1]
        alone = first == last or self.doors_in(words_of(first))
        return words_of(last if alone else f"{first} {last}")

    @cached_property
    def keys(self) -> list[str]:
        """Words of the question that occur elsewhere but seldom, the rarest first."""
        counts = Counter(self.whole)
        asked = [w for w in dict.fromkeys(self.question) if w not in self.doors and len(w) > 2]
        found = [w for w in asked if self.question.count(w) < counts[w] <= COMMON]
        return sorted(found, key=lambda word: (counts[word], -self.question.index(word)))

    def doors_in(self, words: Sequence[str]) -> list[int]:
        """The doors among some words, in order."""
        place = {door: k for k, door in enumerate(self.doors)}
        return [place[word] for word in words if word in place]


@lru_cache(maxsize=1024)
def words_of(text: str) -> list[str]:
    """The words and numbers of a text, in lower case; not to be changed."""
    return re.findall(r"\w+", text.lower())
