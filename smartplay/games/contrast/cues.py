"""Learning from Interactions: 0 to 18 masks whose doors only outcomes tell."""

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
PRACTICE, PICTURES = 7, 6
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
    """Practice rounds show six pictures each; then a sign with one mask that was among them.

    Each mask is shown twice, in the first three rounds and in the next three. What came of both
    choices adds up to how far its door is from the one chosen first: who does not take all of that
    together knows nothing. The other pictures are leaves, on which nothing hangs. The last practice
    round shows leaves only, so that no outcome can be used at once.
    """

    values = (0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18)
    practice = PRACTICE

    def _begin(self) -> None:
        super()._begin()
        rng = self.rng
        number = PRACTICE // 2 * PICTURES
        self._masks = [f"{name} mask" for name in rng.sample(ANIMALS, int(self.value) or number)]
        leaves = [f"{name} leaf" for name in rng.sample(PLANTS, number)]
        pictures = [*self._masks, *leaves[len(self._masks) :]]
        shown = [*shuffled(rng, pictures), *shuffled(rng, pictures), *leaves[:PICTURES]]
        self._signs = [shown[k : k + PICTURES] for k in range(0, len(shown), PICTURES)]
        self._doors = {picture: rng.randrange(len(DOORS)) for picture in shown}
        self._rest: dict[str, int] = {}
        self._counted: list[str] = []

    def _draw(self) -> None:
        rng = self.rng
        practice = bool(self._signs)
        if practice:
            self._sign, *self._signs = self._signs
        else:
            *self._counted, mask = self._counted or shuffled(rng, self._masks)
            self._sign = [mask]
        self.right = self._doors[self._sign[0]]
        told = not self.value and not practice
        points = DOORS[self.right] + " door" if told else "empty wall"
        shown = rng.choice(SHOWN).format(pictures=listed([f"the {each}" for each in self._sign]))
        self._text = f"{shown} The keeper points to the {points}."

    def manual(self, rounds: str) -> str:
        """The rules."""
        return (
            f"{rounds} Right is the door of the mask on the sign. The first {self.practice} are "
            "practice and do not count: each mask comes twice, and each time a bell rings for it. "
            "From your first choice its door is as many doors on as the bell rang both times: "
            f"{RING}."
        )

    def text(self) -> str:
        """The sign."""
        return self._text

    def choose(self, door: int) -> str:
        """Ring the bell, if this is practice, and draw another sign."""
        sign = self._sign
        outcome = ""
        if len(sign) > 1:
            told = [f"{TIMES[self._rings(each, door)]} for the {each}" for each in sign]
            outcome = self.rng.choice(RANG).format(told=listed(shuffled(self.rng, told)))
        self._draw()
        return outcome

    def _rings(self, picture: str, door: int) -> int:
        """Draw how often the bell rings; the second time what is left of the way to the door."""
        if picture in self._rest:
            return self._rest[picture]
        rings = self.rng.randrange(len(DOORS))
        self._rest = self._rest | {picture: along(self._doors[picture], -door - rings)}
        return rings
