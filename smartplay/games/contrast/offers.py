"""Understanding the Odds: sure amounts, or lotteries of which the largest prize is a bad bet."""

from __future__ import annotations

import random
from typing import NamedTuple

from smartplay.games.contrast.house import DOORS, Drawn

UNIT = 10


class Lottery(NamedTuple):
    """A prize of `coins` with a chance of `chance` in 100, else nothing."""

    coins: int
    chance: int

    @property
    def mean(self) -> int:
        """Coins on average; a whole number, as both are multiples of ten."""
        return self.coins * self.chance // 100


class Offers(Drawn):
    """Each door has a lottery; in an easy round it pays its average for sure instead.

    The best average is at least a quarter above the next one. The largest prize never has it, and
    the largest chance has it in a third of the rounds.
    """

    size = 2 * len(DOORS)

    def _draw(self) -> None:
        likely = self.rng.randrange(3) == 0
        lotteries = _lotteries(self.rng, likely)
        self.right = max(range(len(DOORS)), key=lambda door: lotteries[door].mean)
        self._offers = lotteries if self.hard else [Lottery(x.mean, 100) for x in lotteries]

    def manual(self, rounds: str) -> str:
        """The rules."""
        return (
            f"{rounds} In each round you choose one of four doors, and one of them is right: the "
            "one that gives the most coins on average. What it happens to give does not matter, "
            "and no round has to do with another."
        )

    def text(self) -> str:
        """The four offers."""
        told = [
            f"The {door} door gives {offer.coins} coins with a chance of {offer.chance} in 100, "
            "else nothing."
            for door, offer in zip(DOORS, self._offers, strict=True)
        ]
        return " ".join(told)

    def numbers(self) -> list[int]:
        """Coins and chance in 100, door by door."""
        return [number for offer in self._offers for number in offer]

    def choose(self, door: int) -> str:
        """Draw what the door gives, then other offers."""
        offer = self._offers[door]
        won = 100 * self.rng.random() < offer.chance
        self._draw()
        return f"It gave {offer.coins} coins." if won else "It gave nothing."


def _lotteries(rng: random.Random, likely: bool) -> list[Lottery]:
    """Draw four lotteries until they are as `Offers` says; `likely`: the best is the likeliest."""
    while True:
        chances = [UNIT * chance for chance in rng.sample(range(1, 10), len(DOORS))]
        drawn = [Lottery(UNIT * rng.randint(1, 40), chance) for chance in chances]
        best, next_best = sorted(drawn, key=lambda x: x.mean, reverse=True)[:2]
        if (
            4 * best.mean >= 5 * next_best.mean
            and best.coins < max(x.coins for x in drawn)
            and likely == (best.chance == max(chances))
            and len({x.mean for x in drawn}) == len(drawn)
        ):
            return drawn
