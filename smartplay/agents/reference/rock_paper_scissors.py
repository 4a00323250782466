"""Learns the opponent's habit in rock, paper, scissors."""

from __future__ import annotations

import re

NAMES = ("Rock", "Paper", "Scissors")


class RockPaperScissorsReference:
    """Counts the opponent's options and plays the one with the highest expected gain.

    Counting costs nothing here, since the opponent's option is seen whatever one plays; every
    count starts at 1 (Laplace's rule of succession).

    Args:
        manual: The rules.
        actions: Names of the actions.
        seed: Not used.
        without: `odds`: plays for the largest prize, however rarely it is won.
    """

    title = "Rock, Paper, Scissors"
    faculties = ("odds",)

    def __init__(self, manual: str, actions: list[str], seed: int, without: str = "") -> None:
        self._odds = without != "odds"
        every = re.search(r"A win with any option is worth ([\d.e+-]+) point", manual)
        each = re.findall(r"with (rock|paper|scissors) (?:is worth )?([\d.e+-]+) point", manual)
        told = {name.capitalize(): float(value) for name, value in each}
        self._worth = told or dict.fromkeys(NAMES, float(every[1]) if every else 1.0)
        self._seen = dict.fromkeys(NAMES, 1)

    def act(self, observation: str) -> str:
        """Take the opponent's last option into account and choose."""
        if told := re.search(r"your opponent chose (\w+)", observation):
            self._seen[told[1]] += 1
        return max(NAMES, key=self._gain if self._odds else self._worth.__getitem__)

    def _gain(self, option: str) -> float:
        place = NAMES.index(option)
        beaten, winner = NAMES[place - 1], NAMES[(place + 1) % 3]
        return self._worth[option] * self._seen[beaten] - self._worth[winner] * self._seen[winner]
