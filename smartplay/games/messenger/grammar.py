"""Turns a split's vocabulary into sentences: one entity, one role, one movement each."""

from __future__ import annotations

import re
from importlib import import_module
from random import Random

from smartplay.games.messenger import deal
from smartplay.games.messenger.phrases import Phrases, Words

PER_MEANING = 20
"""Sentences for each entity, role and movement."""

PERSONS = {"mage": "he", "scientist": "she", "thief": "he", "queen": "she"}
"""Whoever is not named here is an `it`."""

_PRONOUNS = {
    "he": ("he", "him", "his", "himself"),
    "she": ("she", "her", "her", "herself"),
    "it": ("it", "it", "its", "itself"),
}
_SLOT = re.compile(r"\{(\w+)\}")
_SENTENCE_START = re.compile(r"(^|[.!?] )([a-z])")
_ARTICLE = re.compile(r"\ban?(?= (\w))")


def vocabulary(split: str) -> Words:
    """The vocabulary of a split."""
    words: Words = import_module(f"smartplay.games.messenger.words_{split}").WORDS
    return words


def sentences(split: str, entity: str, role: str, movement: str) -> list[str]:
    """The corpus for one meaning: `PER_MEANING` different sentences, always the same ones.

    Every construction is used about as often as every other, and so is every noun.

    Args:
        split: `"train"`, `"val"` or `"test"`.
        entity: One of `deal.ENTITIES`.
        role: One of `deal.ROLES`.
        movement: One of `deal.MOVEMENTS`, or `"unknown"` for sentences that do not tell it.
    """
    words = vocabulary(split)
    rng = Random(f"{split}/{entity}/{role}/{movement}")
    patterns = _patterns(words, role, movement)
    rng.shuffle(patterns)
    nouns = list(words.nouns[entity])
    rng.shuffle(nouns)
    written: dict[str, None] = {}
    turn = 0
    while len(written) < PER_MEANING:
        noun = nouns[turn % len(nouns)]
        slots = _slots(words, entity, noun, role, movement)
        written[_finish(_fill(patterns[turn % len(patterns)], slots, rng))] = None
        turn += 1
    return list(written)


def _patterns(words: Words, role: str, movement: str) -> list[str]:
    special = list(words.special[role, movement])
    if movement == deal.UNKNOWN:
        return _around(special, words.frames[role], "{the}")
    framed = [
        sentence
        for outer, np in words.framed
        for sentence in _around([outer], words.frames[role], np)
    ]
    # One construction of three is written for this very role and movement.
    plain = [*words.plain, *words.by_movement[movement]]
    return special * (1 + len(framed) // len(special) // 2) + plain * 2 + framed


def _around(outers: list[str], frames: Phrases, np: str) -> list[str]:
    """Put each frame, holding `np`, into the sentences that have room; weigh the others up."""
    return [
        outer.replace("{frame}", frame.replace("{np}", np))
        for outer in outers
        for frame in (frames if "{frame}" in outer else ("",) * 3)
        if _reads_well(outer, frame, np)
    ]


def _reads_well(outer: str, frame: str, np: str) -> bool:
    """Whether neither "it is him" nor a clause torn off its noun comes out."""
    if np == "{him}":
        return not frame.endswith(("is {np}", ", {np}")) and "is {np} " not in frame
    return "{frame}," not in outer or not frame or frame.endswith("{np}")


def _slots(words: Words, entity: str, noun: str, role: str, movement: str) -> dict[str, Phrases]:
    gait = words.gaits[entity]
    is_person = entity in PERSONS
    he, him, his, himself = _PRONOUNS[PERSONS.get(entity, "it")]
    adjectives = words.adjectives.get(movement, ())
    return {
        "the": (f"the {noun}",),
        "a": (f"a {noun}",),
        "the_adj": tuple(f"the {adjective} {noun}" for adjective in adjectives),
        "a_adj": tuple(f"a {adjective} {noun}" for adjective in adjectives),
        "noun": (noun,),
        "who": ("who",) if is_person else ("that",),
        "which": ("who",) if is_person else ("which",),
        "he": (he,),
        "him": (him,),
        "his": (his,),
        "himself": (himself,),
        "go": (gait.go,),
        "goes": (gait.goes,),
        "going": (gait.going,),
        "rests": (gait.rests,),
        "role": words.roles[role],
        "move": words.moves.get(movement, ()),
        "doing": words.doings.get(movement, ()),
        "foe": words.foe,
        "msg": words.msg,
        "aim": words.aim,
    }


def _fill(pattern: str, slots: dict[str, Phrases], rng: Random) -> str:
    """Replace the slots, and those in what replaced them, until none is left."""
    while "{" in pattern:
        pattern = _SLOT.sub(lambda slot: rng.choice(slots[slot[1]]), pattern)
    return pattern


def _finish(sentence: str) -> str:
    """Set articles and capitals."""
    sentence = _ARTICLE.sub(lambda found: "an" if found[1] in "aeiou" else "a", sentence)
    return _SENTENCE_START.sub(lambda found: found[1] + found[2].upper(), sentence)
