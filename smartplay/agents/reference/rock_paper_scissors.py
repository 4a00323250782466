"""Learns the opponent's habit in rock, paper, scissors."""

from __future__ import annotations

import re

from smartplay.agents.reference.hints import take_hints

NAMES = ("Rock", "Paper", "Scissors")
BEATS = {"Rock": "Scissors", "Paper": "Rock", "Scissors": "Paper"}


class RockPaperScissorsReference:
    """Counts the opponent's options and plays the one with the highest expected gain.

    Counting costs nothing here, since the opponent's option is seen whatever one plays; every
    count starts at 1 (Laplace's rule of succession).

    Args:
        manual: The rules.
        actions: Names of the actions.
        seed: Not used.
        without: `odds`: plays for the largest prize, however rarely it is won; `inferences`: knows
            what the opponent is likely to play, but not what follows from it, and plays the same.
    """

    title = "Rock, Paper, Scissors"
    faculties = ("odds", "inferences")

    def __init__(self, manual: str, actions: list[str], seed: int, without: str = "") -> None:
        self._odds = without != "odds"
        self._beats = {} if without == "inferences" else dict(BEATS)
        every = re.search(r"A win with any option is worth ([\d.e+-]+) point", manual)
        each = re.findall(r"with (rock|paper|scissors) (?:is worth )?([\d.e+-]+) point", manual)
        told = {name.capitalize(): float(value) for name, value in each}
        self._worth = told or dict.fromkeys(NAMES, float(every[1]) if every else 1.0)
        self._seen = dict.fromkeys(NAMES, 1)

    def act(self, observation: str) -> str:
        """Take the opponent's last option into account and choose."""
        text, hints = take_hints(observation)
        if told := re.search(r"your opponent chose (\w+)", text):
            self._seen[told[1]] += 1
        beats = re.findall(r"chooses (\w+), (\w+) wins", hints["conclusions"])
        self._beats |= {winner.capitalize(): beaten.capitalize() for beaten, winner in beats}
        counts = re.findall(r"(\w+) (\d+) times", hints["digest"])
        chances = re.findall(r"(\w+) (\d+) percent", hints["odds"])
        self._seen |= {name: int(count) + 1 for name, count in counts}
        likely = {name: int(percent) for name, percent in chances} or self._seen
        weighs = self._odds or bool(chances)
        return max(
            NAMES, key=lambda name: self._gain(name, likely) if weighs else self._worth[name]
        )

    def _gain(self, option: str, likely: dict[str, int]) -> float:
        if not self._beats:
            return likely[option]
        beaten = self._beats[option]
        (winner,) = set(NAMES) - {option, beaten}
        return self._worth[option] * likely[beaten] - self._worth[winner] * likely[winner]
