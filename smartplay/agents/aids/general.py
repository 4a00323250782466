"""What can be told of any game."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from math import log

from smartplay.agents.aids.notes import Notes, Tellers, quoted

LONG_MANUAL = 150  # words; a shorter manual needs no excerpt
PIECES = 4  # of a manual in an excerpt or a checklist
LISTED = 6  # outcomes in a digest
_BINDING = re.compile(r"\b(must|may|never|cannot|only|as long as|at most|exactly|ends?|goal)\b")
_FAILED = re.compile(r"did not move|Nothing (?:happened|was|moved)|not allowed|slipped|was not "
                     r"carried out|kept you where|You found no|could not|no effect")  # fmt: skip
_FILLING = (
    "This is one step of the game, and there are others before or after it.",
    "Games have been played in many places and at many times, by people of every age.",
    "A game has a beginning and an end, and steps in between, of which this is one.",
    "You are reading a line of text, written in English, that ends with a full stop.",
)


def _excerpt(notes: Notes) -> str:
    if len(notes.manual.split()) < LONG_MANUAL:
        return ""
    return quoted(_relevant(_sentences(notes), notes.now))


def _rules(notes: Notes) -> str:
    binding = [each for each in _sentences(notes) if _BINDING.search(each)]
    pieces = _relevant(binding, notes.now)
    return f"now these rules apply: {' '.join(pieces)}" if pieces else ""


def digest(notes: Notes) -> str:
    """What followed each action, the most frequent first."""
    told = [
        f'{action}, {n} times: "{said}"' for (action, said), n in notes.outcomes.most_common(LISTED)
    ]
    return "so far: " + " ".join(told) if told else ""


def _check(notes: Notes) -> str:
    last = notes.last()
    if last is None:
        same = len(notes.seen) > 1 and notes.seen[-2] == notes.now
        return "your last action changed nothing that you can see." if same else ""
    action, said = last
    if _FAILED.search(said):
        return f"your last action, {action}, did not have its effect: {said}"
    return f"your last action, {action}, had its effect."


def _placebo(notes: Notes) -> str:
    first = len(notes.seen) % len(_FILLING)
    return f"{_FILLING[first]} {_FILLING[first - 1]}"


def _sentences(notes: Notes) -> list[str]:
    body = notes.manual.partition("\n")[2]
    return [each.strip() for each in re.split(r"(?<=[.!?])\s+|\n+", body) if each.strip()]


def _relevant(pieces: Sequence[str], now: str) -> list[str]:
    """The pieces that have most rare words in common with the observation, in their order."""
    known = [_words(piece) for piece in pieces]
    often = Counter(word for words in known for word in words)
    there = _words(now)
    weights = [sum(log(len(pieces) / often[word]) for word in words & there) for words in known]
    best = sorted(range(len(pieces)), key=lambda k: (-weights[k], k))[:PIECES]
    return [pieces[k] for k in sorted(best) if weights[k] > 0]


def _words(text: str) -> set[str]:
    return {word.removesuffix("s") for word in re.findall(r"[a-z]{3,}", text.lower())}


GENERAL: Tellers = {
    "excerpt": _excerpt,
    "rules": _rules,
    "digest": digest,
    "check": _check,
    "placebo": _placebo,
}
