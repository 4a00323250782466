"""Learning from Interactions: 0 to 24 masks whose doors only outcomes tell."""

from __future__ import annotations

from smartplay.games.contrast.house import DOORS, RING, Kind, along, listed, shuffled

ANIMALS = (
    "badger", "bear", "crane", "crow", "deer", "dove", "eagle", "ferret", "finch", "fox",
    "frog", "goose", "hare", "hawk", "heron", "lark", "lynx", "magpie", "mole", "moth",
    "newt", "otter", "owl", "pike", "rabbit", "raven", "seal", "snail", "snake", "sparrow",
    "stork", "swan", "toad", "trout", "turtle", "wasp", "weasel", "whale", "wolf",
)  # fmt: skip
PLANTS = (
    "aspen", "aster", "beech", "briar", "clover", "cress", "daisy", "elder", "fern", "fig",
    "gorse", "grass", "heath", "holly", "iris", "ivy", "laurel", "leek", "lily", "lupin",
    "mint", "moss", "myrtle", "nettle", "olive", "orchid", "peach", "pear", "plum", "poppy",
    "rose", "sage", "sorrel", "thyme", "tulip", "vetch", "violet", "yarrow", "yew",
)  # fmt: skip
PRACTICE, PICTURES = 7, 4
TIMES = ("not at all", "once", "twice", "three times")
RANG = (
    "The bell rang {told}.", "You heard the bell {told}.", "Then the bell rang {told}.",
    "After that the bell rang {told}.",
)  # fmt: skip
SHOWN = (
    "The sign shows {pictures}.", "On the sign you see {pictures}.",
    "You see {pictures} on the sign.", "There is a sign with {pictures}.",
)  # fmt: skip


class Cues(Kind):
    """Practice rounds show four pictures each; then a sign with one mask that was among them.

    What came of a choice tells how far the door of each picture is from the chosen one: who does
    not take both together knows nothing. The other pictures are leaves, on which nothing hangs.
    The last practice round shows leaves only, so that no outcome can be used at once.
    """

    values = (0, 1, 2, 3, 4, 6, 8, 10, 12, 16, 20, 24)
    practice = PRACTICE

    def _begin(self) -> None:
        super()._begin()
        rng, learned = self.rng, int(self.value)
        places = (PRACTICE - 1) * PICTURES
        masks = [f"{animal} mask" for animal in rng.sample(ANIMALS, learned or places)]
        leaves = [f"{plant} leaf" for plant in rng.sample(PLANTS, len(PLANTS))]
        early = shuffled(rng, [*masks, *leaves[: places - len(masks)]])
        shown = [*early, *leaves[-PICTURES:]]
        self._masks = masks
        self._doors = {picture: rng.randrange(len(DOORS)) for picture in shown}
        self._signs = [shown[k : k + PICTURES] for k in range(0, len(shown), PICTURES)]
        self._counted: list[str] = []

    def _draw(self) -> None:
        rng = self.rng
        practice = bool(self._signs)
        if practice:
            self._sign = self._signs.pop(0)
        else:
            self._counted = self._counted or shuffled(rng, self._masks)
            self._sign = [self._counted.pop()]
        self.right = self._doors[self._sign[0]]
        told = not self.value and not practice
        points = DOORS[self.right] + " door" if told else "empty wall"
        shown = rng.choice(SHOWN).format(pictures=listed([f"the {each}" for each in self._sign]))
        self._text = f"{shown} The keeper points to the {points}."

    def manual(self, rounds: str) -> str:
        """The rules."""
        return (
            f"{rounds} Right is the door of the mask on the sign; leaves do not matter. The "
            f"first {self.practice} rounds are practice and do not count. After each of them a "
            "bell rings for each picture: once for every door that you should have gone further "
            f"on, that is: {RING}."
        )

    def text(self) -> str:
        """The sign."""
        return self._text

    def choose(self, door: int) -> str:
        """Ring the bell, if this is practice, and draw another sign."""
        sign = self._sign
        outcome = ""
        if len(sign) > 1:
            told = [f"{TIMES[along(self._doors[each], -door)]} for the {each}" for each in sign]
            outcome = self.rng.choice(RANG).format(told=listed(shuffled(self.rng, told)))
        self._draw()
        return outcome
