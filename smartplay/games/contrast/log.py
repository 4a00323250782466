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
LENGTH, LOGGED, LATEST = 40, (34, 38), 24
MOVED = 9
FAULTS = ((2, 4), (4, 2), (2, 3), (3, 2))
"""Of `MOVED` entries in a row, how many of the first stand last, and how many of the last stand
first. The parts have the same lengths in another order: so whatever the fault is, as many entries
stand in wrong places, and as many pairs, triples, … of neighbours are new."""
NUMBERS = ("", "", "two", "three", "four")
REPAIRS = (
    "moves the last {first} of nine entries in a row to their front and the first {last} to their "
    "end",
    "puts the last {first} of nine neighbouring entries first and the first {last} of them last",
)
TOLD = "of nine entries in a row the first {first} stand last and the last {last} first"
UNTOLD = "the log departs from the plan, but not in what way"


class Log(Kind):
    """A log of the first part of a plan with one fault, and four repairs, one by each door.

    Of nine entries in a row the first few stand last and the last few first; around them no chore
    occurs twice. So the log by itself looks the same whatever the fault is, and so do its chores,
    the places where it departs from the plan and the neighbours it has anew when they are counted:
    only who finds where it begins to depart, and compares there, knows anything. At the first level
    the fault is told.
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
            f"{door} {_said(rng.choice(REPAIRS), repair)}"
            for door, repair in zip(DOORS, repairs, strict=True)
        ]
        self._text = (
            f"Plan: {', '.join(plan)}.\nLog so far: {', '.join(log)}.\n"
            f"Repairs: {'; '.join(shuffled(rng, told))}.\n"
            f"The keeper says that {UNTOLD if self.value else _said(TOLD, fault)}."
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


def _said(form: str, fault: int) -> str:
    first, last = FAULTS[fault]
    return form.format(first=NUMBERS[first], last=NUMBERS[last])


def _plan_and_log(
    rng: random.Random, fault: tuple[int, int], place: int
) -> tuple[list[str], list[str]]:
    """Draw them; the first of the entries that were moved is at `place`, counted from 1."""
    chores = rng.sample(CHORES, DIFFERENT)
    first, end = place - 1, place - 1 + MOVED
    late, early = first + fault[0], end - fault[1]
    around = range(max(0, first - 1), end + 1)
    plan = [rng.choice(chores)]
    for k in range(1, LENGTH):
        near = [plan[-1], *(plan[around.start :] if k in around else ())]
        plan.append(rng.choice([chore for chore in chores if chore not in near]))
    log = plan[: rng.randint(*LOGGED)]
    log[first:end] = [*plan[early:end], *plan[late:early], *plan[first:late]]
    return plan, log
