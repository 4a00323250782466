"""Generalization: endings of words change a tune; the word that is asked for was never shown."""

from __future__ import annotations

from itertools import permutations

from smartplay.games.harbor.kind import MOVES, Kind, capital, listed

BELLS = 6
LONGEST = 12
STEMS = (
    "bram", "clof", "dask", "frel", "glim", "hund", "jarp", "kelt", "lorn", "mesk", "nust", "plov",
    "quil", "rask", "strom", "tarv", "vint", "welk", "yorb", "zand",
)  # fmt: skip
ENDINGS = (
    "ba", "de", "fi", "go", "hu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "wu", "ze",
)  # fmt: skip
EACH = 3
"""Endings of a round that change the order, and as many that move the tune."""
ORDERS = tuple(permutations(range(MOVES)))[1:]
TUNES = tuple(
    tune
    for tune in permutations(range(BELLS), MOVES)
    if len({bell % 2 for bell in tune}) > 1  # of the others the order and the height are alike
)
SHOWN = (
    "{stem} is {tune}, {word} is {other}.",
    "To {stem} one rings {tune}, to {word} {other}.",
    "They ring {tune} for {stem} and {other} for {word}.",
    "The word {stem} calls for {tune}, the word {word} for {other}.",
)
Change = int | tuple[int, ...]
"""By how many bells a tune is moved up, or the places from which its bells are taken."""

STEM = ("{stem} is {tune}.", "To {stem} one rings {tune}.", "They ring {tune} for {stem}.")


class Bells(Kind):
    """A word of a stem and twelve endings, as many of them telling as the level says.

    What an ending does has to be found from one example on another stem; the rest are endings of
    which it is told that they change nothing.
    """

    actions = tuple(f"Bell {k + 1}" for k in range(BELLS))
    values = tuple(range(1, LONGEST + 1))
    size = 2 * EACH * 7 + 4 + LONGEST
    rules = (
        "In this harbor words are rung as tunes of three bells out of six. A word is a stem and "
        "its endings, after hyphens, and each ending changes the tune that stands before it: it "
        "either puts the three bells into another order or moves all three up by the same number "
        "of bells, bell 1 coming after bell 6. What each ending does holds for all stems, and has "
        "to be found from the examples of the round. You ring the tune of a word, a bell in each "
        "move."
    )

    def draw(self) -> None:
        """Draw endings, their examples, and a word."""
        rng = self.rng
        *self._endings, silent = rng.sample(range(len(ENDINGS)), 2 * EACH + 1)
        changes: list[Change] = [*rng.sample(ORDERS, EACH), *rng.sample(range(1, BELLS), EACH)]
        *stems, self._stem = rng.sample(range(len(STEMS)), 2 * EACH + 1)
        *tunes, self._tune = [rng.choice(TUNES) for _ in range(2 * EACH + 1)]
        self._examples = list(zip(stems, tunes, self._endings, changes, strict=True))
        rng.shuffle(self._examples)
        telling = rng.choices(range(2 * EACH), k=int(self.value))
        word = [(self._endings[k], changes[k]) for k in telling]
        self._word = [ending for ending, _ in word]
        for _ in range(LONGEST - len(word)):
            self._word.insert(rng.randrange(len(self._word) + 1), silent)
        tune = self._tune
        for _, change in word:
            tune = changed(tune, change)
        self.plan, self._silent = list(tune), silent
        self._told = self._tell()

    def _tell(self) -> str:
        rng = self.rng
        parts = []
        for stem, tune, ending, change in self._examples:
            name = STEMS[stem]
            parts.append(
                rng.choice(SHOWN).format(
                    stem=name,
                    tune=_bells(tune),
                    word=f"{name}-{ENDINGS[ending]}",
                    other=_bells(changed(tune, change)),
                )
            )
        parts.append(f"The ending {ENDINGS[self._silent]} changes nothing.")
        parts.append(rng.choice(STEM).format(stem=STEMS[self._stem], tune=_bells(self._tune)))
        rng.shuffle(parts)
        return " ".join(map(capital, parts))

    def text(self) -> str:
        """The examples, the word and what was rung."""
        word = "-".join([STEMS[self._stem], *(ENDINGS[ending] for ending in self._word)])
        bells = [f"bell {bell + 1}" for bell in self.done]
        rung = f" You have rung {listed(bells)}." if bells else ""
        ordinal = ("first", "second", "third")[len(self.done)]
        return f"{self._told} Now ring {word}.{rung} Which bell is the {ordinal}?"

    def numbers(self) -> list[int]:
        """Per example: ending, tune, changed tune; stem's tune; silent ending; word's endings."""
        found = []
        for _, tune, ending, change in self._examples:
            found += [ending, *tune, *changed(tune, change)]
        return [*found, *self._tune, self._silent, *self._word]


def changed(tune: tuple[int, ...], change: Change) -> tuple[int, ...]:
    """The tune after an ending: moved up by a number of bells, or in another order."""
    if isinstance(change, int):
        return tuple((bell + change) % BELLS for bell in tune)
    return tuple(tune[place] for place in change)


def _bells(tune: tuple[int, ...]) -> str:
    return " ".join(str(bell + 1) for bell in tune)
