"""Reads a sentence back: which entity, which role, which movement.

Word knowledge, not a copy of the grammar: nouns for the entities, and turns of phrase that give a
role or a movement away.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from smartplay.games.messenger import deal
from smartplay.games.messenger.grammar import vocabulary

_MESSAGE_NOUN = (
    r"(?:message|letter|note|memo|document|dispatch|missive|classified report|report|papers?|"
    r"parcel|package|file)"
)
ROLE_CUES = {
    "enemy": (
        r"\benem|\bopponent|\bfoe|\brival|\badversar|\bassailant|\bkill|\bdeadly|\blethal|\bfatal"
        r"|\bdies?\b|\bdeath|\bavoid|\bclear of|\bbeware|\bdanger|\bthreat|\bwatch out|\blook out"
        r"|\bcontact with|\bwide berth|\bsurvive|\bmenace|\bend of you|\bdestroy|\byour life"
        r"|\bbrush against"
    ),
    "goal": (
        r"\bgoal|\btarget|\bdestination|\bfinish line|\bendpoint|\bobjective|\bfinal stop"
        r"|\bmust go|\bdeliver\b|\bbring\b|\bbrought|\bmeant for|\breceive|\bexpecting|\bmust get"
        r"|\berrand|\breturned to|\baddress|\bintended for|\bawaiting|\bentitled|\bowed|\bconvey"
        r"|\bends up with|\bdestined|\bmission"
        rf"|\b(?:hand(?:ed)?|pass|take|gets?|given) the {_MESSAGE_NOUN}"
    ),
}
"""Turns of phrase for a role; whatever speaks of the message without them is its holder."""

MOVEMENT_CUES = {
    "chaser": (
        r"\btowards? you|\bfollow|\bchas|\bclos\w+ (?:to|in on) you|\bcoming to you|\bto you by way"
        r"|\bway to you|\bapproach|\bafter you|\bpursu|\byour tail|\bmoves in on|\byour heels"
        r"|\bout to get you|\bshadows your|\bnearer to you|\breaching you|\byour direction"
        r"|\badvancing|\boncoming|\bbeing hunted|\btrailed"
    ),
    "fleeing": (
        r"\baway from you|\bflee|\bescap|\bretreat|\boff from you|\brunaway|\belu[ds]|\bevasive"
        r"|\bwithdraw|\bdistance from you|\brid of you|\bshrink|\bfurther from you|\bthe slip\b"
        r"|\bfar from you"
    ),
    "immovable": (
        r"\bnot move|\bnever mov|\bever moves|\bever moving|\bnot moving|\bmotionless|\bunmoving"
        r"|\b(?:sits|lies|standing) still|\bparked|\banchor|\b(?:one|same) place|\banywhere"
        r"|\bbudg|\bstay\w* put|\bfixed|\bstatue|\bcurled|\bperched|\b(?:one|single) spot|\bmoored"
        r"|\bseated|\bstuck in|\bremains in place|\bstationary|\bimmobile|\brooted|\bstir"
        r"|\bfrozen|\binch\b|\bstatic|\bgrounded|\bmeditation|\basleep|\bnest\b|\briveted|\bidle"
        r"|\binert|\bwedged|\bsingle square|\bunchanging|\bshift"
    ),
}
"""Turns of phrase for a movement."""


class Reading(NamedTuple):
    """What a sentence says; None where it does not say it, or says two things.

    Attributes:
        entity: One of `deal.ENTITIES`.
        role: One of `deal.ROLES`.
        movement: One of `deal.MOVEMENTS`, or `"unknown"`.
    """

    entity: str | None
    role: str | None
    movement: str | None


def read(sentence: str) -> Reading:
    """Tell entity, role and movement of a sentence about one of the others."""
    text = sentence.lower()
    nouns, pattern = _nouns()
    entities = {nouns[found] for found in pattern.findall(text)}
    roles = [role for role, cues in ROLE_CUES.items() if re.search(cues, text)]
    if not roles and re.search(rf"\b{_MESSAGE_NOUN}s?\b", text):
        roles = ["message"]
    movements = [movement for movement, cues in MOVEMENT_CUES.items() if re.search(cues, text)]
    return Reading(
        entities.pop() if len(entities) == 1 else None,
        roles[0] if len(roles) == 1 else None,
        _only(movements),
    )


def _only(movements: list[str]) -> str | None:
    if not movements:
        return deal.UNKNOWN
    return movements[0] if len(movements) == 1 else None


@lru_cache(maxsize=1)
def _nouns() -> tuple[dict[str, str], re.Pattern[str]]:
    nouns = {name: name for name in deal.ENTITIES}
    for split in deal.SPLITS:
        for entity, words in vocabulary(split).nouns.items():
            nouns |= dict.fromkeys(words, entity)
    longest_first = sorted(nouns, key=lambda noun: (-len(noun), noun))
    return nouns, re.compile(rf"\b(?:{'|'.join(longest_first)})\b")
