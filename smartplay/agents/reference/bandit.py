"""Finds the best slot machine while it pulls."""

from __future__ import annotations

import math
import re


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

    def act(self, observation: str) -> str:
        """Take the last outcome into account and pull."""
        if told := re.search(r"you pulled slot machine (\d+) and (won|lost)", observation):
            machine = int(told[1]) - 1
            self._pulls[machine] += 1
            self._wins[machine] += told[2] == "won"
        return max(self._names, key=lambda name: self._promise(self._names.index(name)))

    def _promise(self, machine: int) -> float:
        pulls = self._pulls[machine]
        if not self._odds:
            return 2.0 if self._wins[machine] else 1 / (pulls + 1)
        return (self._wins[machine] + 1) / (pulls + 1.5) + 0.3 / math.sqrt(pulls + 1)
