"""Error/Mistake Handling: what one does is done, or it slips and has to be put right."""

from __future__ import annotations

import random

from smartplay.games.contrast.house import DOORS, Kind

STRIKE = len(DOORS) - 1
LENGTH = 6
SLIP = 0.3
SHOWN = 40


class Log(Kind):
    """Doors write their colours into a log that has to become like a plan; yellow strikes out.

    In a hard episode another door than the chosen one opens with probability `SLIP`. A slip costs
    nothing by itself: in each round that door is right that leads on from the log as it is.
    """

    size = LENGTH + SHOWN

    def __init__(self, rng: random.Random, hard: bool) -> None:
        super().__init__(rng, hard)
        self._slips = random.Random(rng.getrandbits(64))
        self._begin()

    def _begin(self) -> None:
        self._plan = [self.rng.randrange(STRIKE) for _ in range(LENGTH)]
        self._log: list[int] = []
        self._decide()

    def _decide(self) -> None:
        begun = self._log == self._plan[: len(self._log)]
        self.right = self._plan[len(self._log)] if begun else STRIKE

    def manual(self, rounds: str) -> str:
        """The rules; whether doors slip is all that tells an easy manual from a hard one."""
        works = (
            f"With a chance of {100 * SLIP:.0f} in 100, one of the three other doors opens instead "
            "of the one you choose."
            if self.hard
            else "The door you choose is always the one that opens, however often you choose it."
        )
        return (
            f"{rounds} Choose one of four doors each round. A door that opens writes its colour at "
            "the end of a log; only yellow strikes out the log's last colour instead. The log has "
            "to become the same as the plan; then a new plan comes. Right is the door that begins "
            f"the shortest way there. {works}"
        )

    def text(self) -> str:
        """The plan and the log."""
        return f"Plan: {_colors(self._plan)}. Log: {_colors(self._log) or 'empty'}."

    def numbers(self) -> list[int]:
        """The plan, then the log's first entries, filled up with -1."""
        shown = self._log[:SHOWN]
        return [*self._plan, *shown, *[-1] * (SHOWN - len(shown))]

    def choose(self, door: int) -> str:
        """Open the door, or another one; a finished log makes room for a new plan."""
        slips, other = self._slips.random() < SLIP, self._slips.randrange(1, len(DOORS))
        if slips and self.hard:
            door = (door + other) % len(DOORS)
        if door == STRIKE:
            del self._log[-1:]
        else:
            self._log.append(door)
        if self._log == self._plan:
            self._begin()
        else:
            self._decide()
        return ""


def _colors(doors: list[int]) -> str:
    return ", ".join(DOORS[door] for door in doors)
