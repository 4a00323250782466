"""Long Text Understanding: a ship's log in which three entries far apart tell where a good lies."""

from __future__ import annotations

import random
from collections.abc import Sequence

from smartplay.games.harbor.kind import MOVES, Kind, capital, shuffled

ROOMS = ("forepeak", "orlop", "steerage", "lazaret", "tween deck", "well")
GOODS = (
    "alum", "amber", "brass", "cinnamon", "cocoa", "cork", "cotton", "flax", "hemp",
    "indigo", "lead", "linen", "madder", "nutmeg", "pepper", "porcelain", "rye", "saffron",
    "salt", "sugar", "tobacco", "velvet", "wax",
)  # fmt: skip
MARKS = (
    "crown", "star", "key", "fish", "wheel", "moon", "rose", "tower", "hand", "bow", "heart",
    "lion", "leaf", "horn", "spade", "shell",
)  # fmt: skip
MARKED = (
    "The {good} came aboard in chests marked with a {mark}.",
    "A {mark} is painted on each chest that holds {good}.",
    "We took in {good}, in chests that bear a {mark}.",
    "The {good} is packed in chests with a {mark} on the lid.",
    "For {good} the clerk chose chests with a {mark} burnt into the wood.",
)
STOWED = (
    "The chests with the {mark} were stowed in the {room}.",
    "Into the {room} went the chests that bear the {mark}.",
    "The mate found room in the {room} for the chests with the {mark}.",
    "The {mark} chests were lashed down in the {room}.",
    "By noon all chests with the {mark} stood in the {room}.",
)
CORRECTED = (
    "Where I entered the {room}, it was really the {other}.",
    "Let whoever reads of the {room} in my entries put the {other} in its place.",
    "The {other} is what I took for the {room} when I made the entries.",
    "My entries say {room} and should have said {other}.",
    "By the {room} I meant the {other}, having mixed up the names.",
)
CONFIRMED = (
    "What I entered of the {room} is true, whatever I say of the others.",
    "The {room} I named as it should be, and I stand by that.",
    "Of the {room} my entries are right, and need no other name.",
)
REJECTED = (
    "The purser had wanted the {mark} chests in the {room}, but nobody listened.",
    "For a while the {room} was thought of for the chests with the {mark}, then dropped.",
    "Chests with the {mark} had filled the {room} on the voyage before this one.",
)
SLOTS = {
    "who": ("the cook", "the mate", "the carpenter", "the boy", "the surgeon", "the sailmaker",
            "the gunner", "the captain's dog", "an old sailor", "the pilot"),
    "when": ("at dawn", "about noon", "in the first watch", "after supper", "in the dead of night",
             "before breakfast", "as the light went", "during the dog watch"),
    "wind": ("north", "north-east", "east", "south-east", "south", "south-west", "west"),
    "thing": ("a boot", "the second kettle", "a bucket", "the spare compass", "his spoon",
              "a fishing line", "the ladder", "a book of psalms", "the looking glass"),
    "sight": ("a whale", "a sail", "a floating tree", "a light", "a flock of small birds",
              "a waterspout", "the wreck of a boat", "an island that is on no chart"),
    "food": ("porridge", "salt beef", "biscuit", "pudding", "soup", "cabbage", "dried cod"),
    "mood": ("in good spirits", "tired", "quarrelsome", "silent", "wet to the skin", "hopeful"),
    "number": ("three", "four", "five", "seven", "nine", "eleven", "twenty", "forty"),
    "part": ("the foremast", "the rudder", "the pump", "the long boat", "the main yard",
             "the binnacle", "the windlass", "the galley stove"),
    "place": ("a small port", "the strait", "the coast of reeds", "a river mouth", "the cape"),
}  # fmt: skip
FILLERS = (
    "The wind went round to the {wind} {when} and blew hard for {number} hours.",
    "A light breeze from the {wind}, and the sea as smooth as a table.",
    "{Who} reported {sight} to the {wind}, but it was gone when I came on deck.",
    "We sighted {sight} {when}.",
    "{Who} lost {thing} overboard and asked for another.",
    "There was {food} again, and {who} said what all were thinking.",
    "The crew is {mood} after {number} days of rain.",
    "{Who} is {mood} and keeps away from {part}.",
    "{Part} had to be mended {when}, which took {number} men and much talk.",
    "We ran {number} miles before the {wind} wind, the best of the week.",
    "At {place} we took in water and {number} baskets of fruit.",
    "A man from {place} came alongside and offered us {food} for old rope.",
    "{Who} swears that {place} lies further to the {wind} than the chart has it.",
    "Sounded {when} and found {number} fathoms, sand and broken shell.",
    "No bottom with the long line; stood away to the {wind}.",
    "{Who} and {other} were found asleep beside {part} and got extra work.",
    "Two men quarrelled about {thing}, and I had it thrown into the sea.",
    "It was so cold {when} that {food} froze in the bowls.",
    "{Who} sang {when}, and nobody had the heart to stop it.",
    "Nothing to report but {food} and fog.",
    "The fog lifted {when}, and there was {sight} not {number} lengths away.",
    "{Who} has made {thing} out of a piece of {part}, or so it looks.",
    "I have asked for {number} volunteers to scrape {part}, and was given two.",
    "A heavy swell from the {wind} all day, and little {food} eaten.",
)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
PER_ENTRY = 6
REJECTIONS = 3
TYPICAL = 12
"""Words of a sentence."""


class Voyage(Kind):
    """A log of as many words as the level says, told once in the manual.

    The first third tells in which chests each good came, the second where the chests were stowed,
    the last that the captain mixed up the names of the rooms. Each of the three is a random
    assignment by itself, so whoever misses one knows nothing of where a good lies.
    """

    actions = tuple(f"Look in the {room}" for room in ROOMS)
    values = (300, 400, 530, 700, 900, 1200, 1600, 2100, 2800, 3700, 4900, 6500)
    size = 3 * len(ROOMS) + 1
    rules = (
        "In each move you look for one of the goods of a ship in one of its six rooms. Where the "
        "goods are follows from the captain's log alone: each good is in chests with a mark, the "
        "chests were stowed in a room, and the captain corrected the names of the rooms in the "
        "entries about stowing later. A correction holds for these entries and is not applied to a "
        "name that was corrected already. The log:\n"
    )

    def begin(self) -> None:
        """Write the log."""
        rng, number = self.rng, len(ROOMS)
        self._goods, self._marks = rng.sample(GOODS, number), rng.sample(MARKS, number)
        self._mark_of = shuffled(rng, number)
        self._stowed = [rng.randrange(number) for _ in range(number)]
        self._meant = shuffled(rng, number)
        told = [
            [
                rng.choice(MARKED).format(good=good, mark=self._marks[mark])
                for good, mark in zip(self._goods, self._mark_of, strict=True)
            ],
            [
                rng.choice(STOWED).format(mark=mark, room=ROOMS[room])
                for mark, room in zip(self._marks, self._stowed, strict=True)
            ],
            [
                rng.choice(CONFIRMED if ROOMS[other] == room else CORRECTED).format(
                    room=room, other=ROOMS[other]
                )
                for room, other in zip(ROOMS, self._meant, strict=True)
            ],
        ]
        told[1] += [
            rng.choice(REJECTED).format(mark=rng.choice(self._marks), room=rng.choice(ROOMS))
            for _ in range(REJECTIONS)
        ]
        self._log = _entries(rng, _woven(rng, told, int(self.value)))

    def draw(self) -> None:
        """Draw three goods."""
        self._asked = self.rng.sample(range(len(ROOMS)), MOVES)
        self.plan = [self._meant[self._stowed[self._mark_of[good]]] for good in self._asked]

    def manual(self) -> str:
        """The rules and the log."""
        return self.rules + self._log

    def text(self) -> str:
        """The good that is looked for."""
        return f"In which room is the {self._goods[self._asked[len(self.done)]]}?"

    def numbers(self) -> list[int]:
        """Mark of each good, room entered for each mark, room meant by each name, the good."""
        return [*self._mark_of, *self._stowed, *self._meant, self._asked[len(self.done)]]


def _woven(rng: random.Random, told: Sequence[list[str]], words: int) -> list[str]:
    """As many words of the log as wanted, or a few more, each part of what is told in its third."""
    missing = words - sum(map(_words, [sentence for part in told for sentence in part]))
    thirds = []
    for part in told:
        filling: list[str] = []
        share = missing / len(told)
        while share > TYPICAL / 2:
            filling.append(_filler(rng))
            share -= _words(filling[-1])
        both = [*part, *filling]
        thirds += [both[place] for place in shuffled(rng, len(both))]
    return thirds


def _words(sentence: str) -> float:
    """Of a sentence with its share of the day that begins an entry."""
    return len(sentence.split()) + 1 / PER_ENTRY


def _filler(rng: random.Random) -> str:
    chosen = {name: rng.choice(words) for name, words in SLOTS.items()}
    chosen["other"] = rng.choice([word for word in SLOTS["who"] if word != chosen["who"]])
    chosen |= {name.capitalize(): capital(chosen[name]) for name in ("who", "part")}
    return rng.choice(FILLERS).format(**chosen)


def _entries(rng: random.Random, sentences: Sequence[str]) -> str:
    """Paragraphs, each begun with a day of the week."""
    day = rng.randrange(len(WEEKDAYS))
    paragraphs = []
    for start in range(0, len(sentences), PER_ENTRY):
        name = WEEKDAYS[(day + start // PER_ENTRY) % len(WEEKDAYS)]
        paragraphs.append(f"{name}. {' '.join(sentences[start : start + PER_ENTRY])}")
    return "\n".join(paragraphs)
