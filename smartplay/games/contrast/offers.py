"""Understanding the Odds: lotteries whose averages differ much or little."""

from __future__ import annotations

import math
import random

from smartplay.games.contrast.house import DOORS, Kind, shuffled

FORMS = (
    "The {door} door gives {coins} coins with a chance of {chance} in 100.",
    "Behind the {door} door are {coins} coins, with a chance of {chance} in 100.",
    "With a chance of {chance} in 100 the {door} door gives {coins} coins.",
    "The {door} door has a chance of {chance} in 100 to pay {coins} coins.",
    "{chance} times in 100 the {door} door pays {coins} coins.",
    "The {door} door pays {coins} coins, {chance} times in 100.",
)
APART = 2.2
"""The least ratio of a chance to the next smaller one. It is larger than any ratio of averages but
that of the first level, so the larger prize always has the smaller chance."""


class Offers(Kind):
    """Four lotteries, of which the larger prize always has the smaller chance.

    Whichever place the best one has by its prize, it has the opposite place by its chance, and each
    is as likely as another: so prizes alone tell nothing, nor do chances, nor their ranks. At the
    first level all four chances are the same.
    """

    values = (0.5, 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 14, 20)

    def _draw(self) -> None:
        rng = self.rng
        self.right = rng.randrange(len(DOORS))
        chances = [rng.randint(10, 60)] * 4 if self.value < 1 else _chances(rng)
        rng.shuffle(chances)
        told = []
        for door, coins in enumerate(_prizes(rng, chances, self.right, 1 + 1 / self.value)):
            told.append(
                rng.choice(FORMS).format(door=DOORS[door], coins=coins, chance=chances[door])
            )
        self._text = " ".join([*shuffled(rng, told), "Otherwise a door gives nothing."])

    def manual(self, rounds: str) -> str:
        """The rules."""
        return (
            f"{rounds} In each round you choose one of four doors, and one of them is right: the "
            "one that gives the most coins on average. What it happens to give does not matter, "
            "and no round has to do with another."
        )

    def text(self) -> str:
        """The four offers."""
        return self._text


def _chances(rng: random.Random) -> list[int]:
    """Four chances in 100, each at least `APART` times the one before."""
    chances = [rng.randint(2, 8)]
    for left in (2, 1, 0):
        least = math.ceil(chances[-1] * APART)
        chances.append(rng.randint(least, max(least, int(96 / APART**left))))
    return chances


def _prizes(rng: random.Random, chances: list[int], best: int, ratio: float) -> list[int]:
    """Prizes by which the average of `best` is `ratio` times the next, within a hundredth of it."""
    others = [door for door in range(len(DOORS)) if door != best]
    while True:
        average = rng.uniform(6000, 24000)  # coins times hundred
        averages = {door: average * rng.uniform(0.94, 1) for door in others}
        averages |= {rng.choice(others): average, best: average * ratio}
        prizes = [round(averages[door] / chances[door]) for door in range(len(DOORS))]
        found = [coins * chance for coins, chance in zip(prizes, chances, strict=True)]
        next_best = max(found[door] for door in others)
        if abs(found[best] / next_best - ratio) <= 0.01 * (ratio - 1) + 0.001:
            return prizes
