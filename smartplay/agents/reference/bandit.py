"""Finds the best slot machine while it pulls."""

from __future__ import annotations

import math
import re

from smartplay.agents.reference.hints import take_hints


class BanditReference:
    """Pulls the machine whose mean, plus a bonus for what is not known of it, is highest.

    The mean starts from one imagined win and the bonus falls with the pulls, so every machine is
    tried and a machine that looks worse is soon left.

    Args:
        manual: Not read.
        actions: Names of the actions.
        seed: Not used.
        without: `odds`: stays with any machine that has ever won, however rarely.
    """

    title = "Slot Machines"
    faculties = ("odds",)

    def __init__(self, manual: str, actions: list[str], seed: int, without: str = "") -> None:
        self._names = actions
        self._odds = without != "odds"
        self._wins = [0] * len(actions)
        self._pulls = [0] * len(actions)
        self._chances: dict[int, float] = {}

    def act(self, observation: str) -> str:
        """Take the last outcome into account and pull."""
        text, hints = take_hints(observation)
        if told := re.search(r"you pulled slot machine (\d+) and (won|lost)", text):
            machine = int(told[1]) - 1
            self._pulls[machine] += 1
            self._wins[machine] += told[2] == "won"
        for number, *counts in re.findall(r"(\d+) won (\d+) and lost (\d+)", hints["digest"]):
            self._wins[int(number) - 1] = int(counts[0])
            self._pulls[int(number) - 1] = sum(map(int, counts))
        chances = re.findall(r"machine (\d+) wins with a chance of about (\d+)", hints["odds"])
        self._chances = {int(machine) - 1: int(percent) / 100 for machine, percent in chances}
        if subgoal := re.search(r"next, slot machine (\d+)", hints["subgoal"]):
            return self._names[int(subgoal[1]) - 1]
        return max(self._names, key=lambda name: self._promise(self._names.index(name)))

    def _promise(self, machine: int) -> float:
        pulls = self._pulls[machine]
        unknown = 0.3 / math.sqrt(pulls + 1)
        if self._chances:
            return self._chances[machine] + unknown
        if not self._odds:
            return 2.0 if self._wins[machine] else 1 / (pulls + 1)
        return (self._wins[machine] + 1) / (pulls + 1.5) + unknown
