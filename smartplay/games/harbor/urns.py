"""Understanding the Odds: six urns, of which one gives most on average; the next is near to it."""

from __future__ import annotations

from itertools import pairwise

from smartplay.games.harbor.kind import MOVES, Kind, shuffled

URNS = ("clay", "glass", "iron", "oak", "stone", "tin")
TOTALS = (40, 50, 60, 75, 80, 90, 100, 120, 125, 150, 160, 180, 200)
EXACT = 0.2
"""How far whole balls and coins may leave the ratio aside, as a share of its way to 1."""
FORMS = (
    "The {urn} urn holds {total} balls, {white} of them white; a white ball pays {prize} coins.",
    "In the {urn} urn {white} of {total} balls are white and pay {prize} coins each.",
    "{prize} coins are paid for a white ball of the {urn} urn, which holds {total} balls, "
    "{white} of them white.",
    "Of the {total} balls in the {urn} urn {white} are white; each of these pays {prize} coins.",
)


class Urns(Kind):
    """Six urns per move; the better a prize, the rarer it is, and the best may have any rank.

    So neither the largest prize nor the best chance nor any place between them is a rule. The level
    is what the next best urn is worth in percent of the best.
    """

    actions = tuple(f"Draw from the {urn} urn" for urn in URNS)
    values = (35, 45, 55, 63, 70, 76, 81, 85, 88, 91, 94, 96)
    size = 4 * len(URNS)
    rules = (
        "In each move you draw a ball from one of six urns. A white ball pays what is told, any "
        "other nothing. Right is the urn that pays most on average, if it were drawn from again "
        "and again, and what this one draw happens to pay does not matter."
    )

    def draw(self) -> None:
        """Draw six urns for each of the three moves."""
        sets = [self._draw_urns() for _ in range(MOVES)]
        self._sets = [urns for urns, _ in sets]
        self.plan = [best for _, best in sets]

    def _draw_urns(self) -> tuple[list[tuple[int, int, int, int, int]], int]:
        """Urn, total, white, prize and form of each, in the order told; the best urn."""
        rng, ratio = self.rng, self.value / 100
        best = rng.randrange(len(URNS))
        while True:
            chance, worth = rng.uniform(0.02, 0.05), rng.uniform(8, 12)
            urns = []
            for rank in range(len(URNS)):  # from the largest prize and the least chance on
                wanted = worth * (
                    1 if rank == best else ratio * (1 - rng.random() * (1 - ratio) / 2)
                )
                total = rng.choice(TOTALS)
                white = round(chance * total)
                if 1 < white < total:
                    urns.append((total, white, round(wanted * total / white)))
                chance *= rng.uniform(1.2, 1.4) * (1 / ratio if rank + 1 == best else 1)
            if len(urns) == len(URNS) and _as_wanted(urns, best, ratio):
                break
        names = shuffled(rng, len(URNS))
        order = shuffled(rng, len(URNS))
        told = [(names[k], *urns[k], rng.randrange(len(FORMS))) for k in order]
        return told, names[best]

    def text(self) -> str:
        """The urns of the present move."""
        return (
            " ".join(
                FORMS[form].format(urn=URNS[urn], total=total, white=white, prize=prize)
                for urn, total, white, prize, form in self._sets[len(self.done)]
            )
            + " From which urn do you draw?"
        )

    def numbers(self) -> list[int]:
        """Urn, balls, white ones and prize of each urn, in the order told."""
        return [number for urn in self._sets[len(self.done)] for number in urn[:4]]


def _as_wanted(urns: list[tuple[int, int, int]], best: int, ratio: float) -> bool:
    """Whether whole numbers left the order of the prizes, of the chances and the ratio as drawn."""
    prizes = [prize for _, _, prize in urns]
    chances = [white / total for total, white, _ in urns]
    worths = [prize * chance for prize, chance in zip(prizes, chances, strict=True)]
    second = max(worth for rank, worth in enumerate(worths) if rank != best)
    falling = all(one > other for one, other in pairwise(prizes))
    rising = all(one < other for one, other in pairwise(chances))
    return falling and rising and abs(second / worths[best] - ratio) < (1 - ratio) * EXACT
