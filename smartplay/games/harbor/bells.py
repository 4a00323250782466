"""Generalization: endings of words change a tune; the word that is asked for was never shown."""

from __future__ import annotations

from collections.abc import Iterable
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
UNCHANGED = (0, 1, 2)
SWAPS = (0, 2, 1), (1, 0, 2), (2, 1, 0)
TURNS = (1, 2, 0), (2, 0, 1)
WINDING = 3
MIXED = 5
"""From so many telling endings on their order matters, and from so many each of them."""
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
        orders = [*rng.sample(SWAPS, EACH - 1), rng.choice(TURNS)]
        changes: list[Change] = [*orders, *rng.sample(range(1, BELLS), EACH)]
        *stems, self._stem = rng.sample(range(len(STEMS)), 2 * EACH + 1)
        *tunes, self._tune = [rng.choice(TUNES) for _ in range(2 * EACH + 1)]
        self._examples = list(zip(stems, tunes, self._endings, changes, strict=True))
        rng.shuffle(self._examples)
        telling = self._telling(changes)
        self._word = [self._endings[k] for k in telling]
        for _ in range(LONGEST - len(telling)):
            self._word.insert(self._place(len(telling)), silent)
        tune = rung(self._tune, [changes[k] for k in telling])
        self.plan, self._silent = list(tune), silent
        self._told = self._tell()

    def _telling(self, changes: list[Change]) -> list[int]:
        """Draw the endings that tell.

        From `WINDING` of them on, a bell stays in its place in one case of six, and so it does
        whether the endings are taken forwards or backwards: who leaves out what changes the order,
        or takes the endings as they come, is right by chance only.
        """
        rng, number = self.rng, int(self.value)
        swapped, alike = rng.randrange(2) == 0, rng.randrange(BELLS) == 0
        while True:
            telling = rng.choices(range(2 * EACH), k=number)
            orders = [change for k in telling if isinstance(change := changes[k], tuple)]
            places, back = rung(UNCHANGED, orders), rung(UNCHANGED, orders[::-1])
            wound = places in (SWAPS if swapped else TURNS) and alike == (places == back)
            if number < WINDING or (wound and self._demands(telling, changes)):
                return telling

    def _demands(self, telling: list[int], changes: list[Change]) -> bool:
        """Whether to take the endings: seldom if a part of them, or another order, rings alike."""
        if len(telling) < MIXED:
            return True
        parts = (
            [k for k in dict.fromkeys(telling) if telling.count(k) % 2],
            telling[1:-1],
            telling[2:],
            telling[:-2],
            sorted(telling, key=lambda k: ENDINGS[self._endings[k]]),
        )
        whole = rung(self._tune, [changes[k] for k in telling])
        rings = [rung(self._tune, [changes[k] for k in part]) for part in parts]
        alike = sum(a == b for ring in rings for a, b in zip(ring, whole, strict=True))
        return not any(self.rng.randrange(3) == 0 for _ in range(alike))

    def _place(self, telling: int) -> int:
        """Where an ending that changes nothing is put in: neither first nor last, if possible."""
        number = len(self._word)
        return self.rng.randrange(number + 1) if telling == 1 else self.rng.randrange(1, number)

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


def rung(tune: tuple[int, ...], changes: Iterable[Change]) -> tuple[int, ...]:
    """The tune after several endings."""
    for change in changes:
        tune = changed(tune, change)
    return tune


def _bells(tune: tuple[int, ...]) -> str:
    return " ".join(str(bell + 1) for bell in tune)
