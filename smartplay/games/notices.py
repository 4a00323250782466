"""Notice Board: a question, and notices of which most are stale, undated or hearsay.

Two things have five notices each, and each of the five answers is in exactly one of them; what is
right depends on the newest signed notice alone. So neither how often something is said nor where
it stands tells anything. In a part of the rounds the question is about something that is gone, or
that never was there.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import NamedTuple

from smartplay.games.rounds import Round, RoundsEnv, RoundsText

DOORS = ("red", "green", "blue", "yellow")
NONE = len(DOORS)
"""The answer that there is no such thing."""
KINDS = ("copper", "brass", "iron", "silver", "wooden", "clay", "glass", "tin", "marble", "ivory",
         "leather", "stone")  # fmt: skip
THINGS = ("kettle", "lamp", "bell", "chest", "mirror", "statue", "clock", "bowl", "crown", "mask",
          "flute", "shield", "goblet", "casket", "globe", "comb")  # fmt: skip
SIGNED = ("steward", "porter", "cook", "gardener", "housekeeper", "tutor")
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September",
          "October", "November", "December")  # fmt: skip
HERE = (
    "the {thing} is behind the {door} door",
    "behind the {door} door is the {thing}",
    "the {door} door hides the {thing}",
    "the {thing} has been put behind the {door} door",
    "you find the {thing} behind the {door} door",
)
GONE = (
    "there is no {thing} any more",
    "the {thing} has been sold and taken away",
    "the {thing} is broken and thrown out",
    "the {thing} was given away for good",
)
QUESTIONS = (
    "Behind which door is the {thing}?",
    "Which door is the {thing} behind?",
    "Which door must be opened for the {thing}?",
)
NEVER = 2
"""One in so many false questions is about something that never was there."""
SPAN = 900
"""Days that the notices go back."""


class Notice(NamedTuple):
    """A notice.

    Attributes:
        day: Its date, as a proleptic Gregorian ordinal; 0 if it has none.
        signed: Whether it is signed.
        thing: What it is about.
        says: The answer that it gives, 0 to `NONE`.
    """

    day: int
    signed: bool
    thing: str
    says: int


def _notices(rng: random.Random, thing: str, right: int, days: list[int]) -> list[Notice]:
    """Five notices on a thing: the one that counts, two stale, one undated, one unsigned.

    The unsigned one is newer than all others in half of the cases, else older than the newest.

    Args:
        rng: Draws what is left open.
        thing: The thing.
        right: What the one that counts says.
        days: Four different days.
    """
    others = [says for says in range(NONE + 1) if says != right]
    rng.shuffle(others)
    *rest, last = sorted(days)
    unsigned = last
    if rng.random() < 0.5:
        rest.append(last)
        unsigned = rest.pop(rng.randrange(3))
    *stale, counts = rest
    return [
        Notice(counts, True, thing, right),
        *(Notice(day, True, thing, says) for day, says in zip(stale, others, strict=False)),
        Notice(0, True, thing, others[2]),
        Notice(unsigned, False, thing, others[3]),
    ]


class NoticesEnv(RoundsEnv):
    """Rounds of a question and notices. See `RoundsEnv`."""

    ACTIONS = (*(f"Choose the {door} door" for door in DOORS), "Say that there is no such thing")

    @staticmethod
    def draw(rng: random.Random) -> Round:
        """Draw a round; each answer is equally likely."""
        right = rng.randrange(NONE + 1)
        never = right == NONE and rng.randrange(NEVER) == 0
        noun = rng.choice(THINGS)
        asked, other, absent = (f"{kind} {noun}" for kind in rng.sample(KINDS, 3))
        today = date(rng.randint(1820, 1890), 1, 1) + timedelta(rng.randrange(365))
        days = [today.toordinal() - back for back in rng.sample(range(1, SPAN), 8)]
        says = rng.randrange(NONE + 1)
        notices = _notices(rng, asked, says if never else right, days[:4])
        notices += _notices(rng, other, rng.randrange(NONE + 1), days[4:])
        rng.shuffle(notices)
        question = rng.choice(QUESTIONS).format(thing=absent if never else asked)
        lines = [f"- {_notice(rng, notice)}" for notice in notices]
        text = "\n".join([f"Today is {_day(today)}. {question}", "Notices:", *lines])
        state = {"premise": "never" if never else "gone" if right == NONE else "true"}
        return Round(text, right, state)


def _notice(rng: random.Random, notice: Notice) -> str:
    form = rng.choice(GONE if notice.says == NONE else HERE)
    told = form.format(thing=notice.thing, door=DOORS[notice.says % NONE])
    day = _day(date.fromordinal(notice.day)) if notice.day else "no date"
    signer = f"signed by the {rng.choice(SIGNED)}"
    return f"{day}, {signer if notice.signed else 'unsigned'}: {told}."


def _day(day: date) -> str:
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


class NoticesText(RoundsText):
    """The rounds in words."""

    TITLE = "Notice Board"
    RULES = (
        "In each round you are asked behind which of four doors a thing is, and read a notice "
        "board; its notices hang there in no order.\n\n"
        "A signed notice was true on its day, and things are moved or given away from time to "
        "time; since the newest signed notice on a thing nothing has happened to it. A notice "
        "without a date is older than all that have one. An unsigned notice is hearsay: it may say "
        "anything, however new it is. Every thing that ever was in the house has notices.\n\n"
        "Right is the door behind which the thing is now. If there is no such thing in the house, "
        "be it that it is gone or that it never was there, right is to say so. What you choose in "
        "one round has no effect on the next, and you are not told whether it was right. Your "
        "score is the number of rounds in which you chose right."
    )
