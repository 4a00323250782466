"""Error/Mistake Handling: a log that departs from its plan, early or late."""

from __future__ import annotations

import random

from smartplay.games.contrast.house import DOORS, Kind, shuffled

CHORES = (
    "air", "bake", "bolt", "chop", "comb", "dust", "fold", "hang", "iron", "knit", "load", "mend",
    "milk", "mop", "oil", "pack", "peel", "pump", "rake", "rinse", "scrub", "sew", "sort", "stir",
    "sweep", "tidy", "wash", "weed", "wind", "wipe",
)  # fmt: skip
DIFFERENT = 12  # chores in a plan
LENGTH, LOGGED, LATEST = 34, (28, 32), 24
WINDOW = 5
FAULTS = ((1, 0, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1))
"""In which order the log has three entries of the plan."""
REPAIRS = (
    ("swaps two neighbours", "exchanges two neighbours", "lets two neighbours trade places"),
    ("swaps two entries that have one between them", "exchanges two entries with one between them"),
    ("moves one entry two places towards the front", "moves one entry forward by two places"),
    ("moves one entry two places towards the end", "moves one entry backward by two places"),
)
TOLD = (
    "two neighbours have changed places", "two entries with one between them have changed places",
    "one entry stands two places too late", "one entry stands two places too early",
)  # fmt: skip
UNTOLD = "the log departs from the plan, but not in what way"


class Log(Kind):
    """A log of the first part of a plan with one fault, and four repairs, one by each door.

    Three entries in a row are in one of four wrong orders; around them no chore occurs twice. So
    the log by itself looks the same whatever the fault is, and so do its chores when they are
    counted: only who finds the place knows anything. At the first level the fault is told.
    """

    values = (0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 24)

    def _draw(self) -> None:
        rng = self.rng
        fault = rng.randrange(len(FAULTS))
        place = int(self.value) or rng.randint(2, LATEST)
        plan, log = _plan_and_log(rng, FAULTS[fault], place - rng.randrange(2))
        repairs = shuffled(rng, range(len(FAULTS)))
        self.right = repairs.index(fault)
        told = [
            f"{door} {rng.choice(REPAIRS[repair])}"
            for door, repair in zip(DOORS, repairs, strict=True)
        ]
        self._text = (
            f"Plan: {', '.join(plan)}.\nLog so far: {', '.join(log)}.\n"
            f"Repairs: {'; '.join(shuffled(rng, told))}.\n"
            f"The keeper says that {UNTOLD if self.value else TOLD[fault]}."
        )

    def manual(self, rounds: str) -> str:
        """The rules."""
        return (
            f"{rounds} In each round a log of what was done departs from its plan by one fault. "
            "Right is the door whose repair mends the log, so that it agrees with the beginning of "
            "the plan. What you do in one round has no effect on the next."
        )

    def text(self) -> str:
        """The plan, the log, the repairs and what the keeper knows."""
        return self._text


def _plan_and_log(
    rng: random.Random, order: tuple[int, ...], place: int
) -> tuple[list[str], list[str]]:
    """Draw them; the first of the three entries is at `place`, counted from 1."""
    chores = rng.sample(CHORES, DIFFERENT)
    first = place - 1
    around = slice(max(0, first - 1), max(0, first - 1) + WINDOW)
    while True:
        plan = [rng.choice(chores)]
        while len(plan) < LENGTH:
            plan.append(rng.choice([chore for chore in chores if chore != plan[-1]]))
        if len(set(plan[around])) == WINDOW:
            log = plan[: rng.randint(*LOGGED)]
            log[first : first + len(order)] = [plan[first + k] for k in order]
            return plan, log
