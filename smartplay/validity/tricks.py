"""Tricks: shortcuts that go for any text. They know nothing of a game."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from smartplay.validity.views import COMMON, Choice, Shortcut, View, words_of


def _nth(view: View, k: int, once: bool) -> Choice:
    named = list(dict.fromkeys(view.named)) if once else view.named
    return named[k] if -len(named) <= k < len(named) else None


def _by_count(view: View, words: Callable[[View], Sequence[str]], k: int) -> Choice:
    counts = Counter(view.doors_in(words(view)))
    return sorted(range(len(view.doors)), key=lambda door: (counts[door], door))[k]


def _sentence(view: View, longest: bool, k: int) -> Choice:
    told = [each for each in view.sentences if view.doors_in(words_of(each))]
    if not told:
        return None
    chosen = max(told, key=len) if longest else min(told, key=len)
    return view.doors_in(words_of(chosen))[k]


def _like_the_question(view: View, k: int) -> Choice:
    asked = set(view.question)
    told = [words_of(each) for each in view.sentences[:-1]]
    told = [each for each in told if view.doors_in(each)]
    if not told:
        return None
    return view.doors_in(max(told, key=lambda each: len(asked & set(each))))[k]


def _searched(view: View, hops: int, last: bool, after: bool) -> Choice:
    """The door next to where a key word of the question stands, or a word found there."""
    if not view.keys:
        return None
    key, words = view.keys[0], view.whole
    counts = Counter(words)
    seen = {key}
    for hop in range(hops):
        places = [k for k, word in enumerate(words) if word == key]
        at = places[-2 if last and len(places) > 1 else 0]
        around = words[at + 1 : at + 40] if after else words[max(0, at - 40) : at][::-1]
        if hop == hops - 1:
            return next(iter(view.doors_in(around)), None)
        found = (w for w in around if w not in seen and len(w) > 2 and 1 < counts[w] <= COMMON)
        key = next(found, key)
        seen.add(key)
    return None


def _around_the_key(view: View, k: int) -> Choice:
    """The first, last or most named door of the sentences or the paragraph with the key word."""
    told = re.split(r"\n+", f"{view.manual}\n{view.past}\n{' '.join(view.sentences[:-1])}")
    doors = [
        door
        for each in told
        if view.keys and view.keys[0] in (words := words_of(each))
        for door in view.doors_in(words)
    ]
    if not doors:
        return None
    return doors[k] if k in (0, -1) else Counter(doors).most_common(1)[0][0]


def _counted(view: View, how: Callable[[View], int], more: int) -> Choice:
    return (how(view) + more) % len(view.doors)


def _after_last(view: View, more: int) -> Choice:
    chosen = view.doors_in(re.findall(r"you chose the (\w+) door", view.past))
    return (chosen[-1] + more) % len(view.doors) if chosen else None


def _remembered(view: View, k: int, more: int) -> Choice:
    """The door chosen when the key word was met before, or one some places further on."""
    for key in view.keys[:1]:
        rounds = [each for each in view.past.split("Round ") if re.search(rf"\b{key}\b", each)]
        chosen = [view.doors_in(words_of(each[: each.find("door")])) for each in rounds]
        met = [each[0] for each in chosen if each]
        if met:
            return (met[k] + more) % len(view.doors)
    return None


def general() -> Iterator[tuple[str, Shortcut]]:
    """Shortcuts for any text."""
    for k in (0, 1, 2, 3, -1, -2, -3, -4):
        yield f"door named {nth_name(k)}", partial(_nth, k=k, once=False)
        yield f"new door named {nth_name(k)}", partial(_nth, k=k, once=True)
    sources: dict[str, Callable[[View], Sequence[str]]] = {
        "round": lambda view: view.words,
        "rules": lambda view: words_of(view.manual),
        "past": lambda view: words_of(view.past),
        "all": lambda view: view.whole,
    }
    for source, words in sources.items():
        for k, how in enumerate(("least", "second least", "second most", "most")):
            yield f"door named {how} ({source})", partial(_by_count, words=words, k=k)
    for longest in (False, True):
        for k in (0, -1):
            length = "longest" if longest else "shortest"
            yield (
                f"{nth_name(k)} door of the {length} sentence",
                partial(_sentence, longest=longest, k=k),
            )
    for k in (0, -1):
        yield (
            f"{nth_name(k)} door of the sentence most like the question",
            partial(_like_the_question, k=k),
        )
        yield f"{nth_name(k)} door where the key word stands", partial(_around_the_key, k=k)
    yield "door most named where the key word stands", partial(_around_the_key, k=1)
    for hops in (1, 2, 3):
        for last in (False, True):
            for after in (False, True):
                yield (
                    f"search in {hops} steps, {'last' if last else 'first'} place, door "
                    f"{'after' if after else 'before'} it",
                    partial(_searched, hops=hops, last=last, after=after),
                )
    counts: dict[str, Callable[[View], int]] = {
        "same door": lambda view: 0,
        "in turn": lambda view: view.number,
        "every other round": lambda view: view.number % 2,
        "number of words": lambda view: len(view.words),
        "number of sentences": lambda view: len(view.sentences),
        "number of letters": lambda view: len(view.text),
        "number of doors named": lambda view: len(view.named),
        "sum of numbers": lambda view: sum(map(int, re.findall(r"\d+", view.text))),
    }
    for name, how_many in counts.items():
        for more in range(4):
            yield f"{name}, {more} on", partial(_counted, how=how_many, more=more)
    for more in range(4):
        yield f"last choice, {more} on", partial(_after_last, more=more)
        for k in (0, -1):
            yield (
                f"{nth_name(k)} choice when the key word was met, {more} on",
                partial(_remembered, k=k, more=more),
            )


def nth_name(k: int) -> str:
    """First, second, … or, below 0, last, last but one, …."""
    names = ("first", "second", "third", "fourth")
    return (*names, "last but three", "last but two", "last but one", "last")[k]
