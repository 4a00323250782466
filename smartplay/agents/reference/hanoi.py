"""Solves the Tower of Hanoi from any position."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from functools import partial

from smartplay.agents.reference.hints import take_hints


class HanoiReference:
    """Reads where the disks are and makes the next move of the shortest solution.

    Args:
        manual: Not read.
        actions: Names of the actions.
        seed: Decides between moves that look alike to an agent that does not look ahead.
        without: `lookahead`: makes the allowed move after which most disks are on rod C;
            `rules`: knows the first rule only, one disk at a time, so it brings disk after disk
            to rod C whatever lies there; `checking`: believes that every move did what it was for.
    """

    title = "Tower of Hanoi"
    faculties = ("lookahead", "rules", "checking")

    def __init__(self, manual: str, actions: list[str], seed: int, without: str = "") -> None:
        ways: dict[str, Callable[[dict[int, str]], tuple[str, str]]] = {
            "lookahead": partial(_greedy_move, random.Random(seed)),
            "rules": _unruly_move,
        }
        self._solve = partial(next_move, goal="C")
        self._choose = ways.get(without, self._solve)
        self._checks, self._unruly = without != "checking", without == "rules"
        self._rods: dict[int, str] = {}

    def act(self, observation: str) -> str:
        """Move towards a tower on rod C."""
        text, hints = take_hints(observation)
        if self._checks or not self._rods or "did not have its effect" in hints["check"]:
            self._rods = _rod_of_each_disk(text)
        choose = self._solve if self._unruly and hints["rules"] else self._choose
        source, target = choose(self._rods)
        if told := re.search(r"bring disk (\d+) to rod ([ABC])\.$", hints["subgoal"]):
            believed = self._rods[int(told[1])]
            source, target = (believed, told[2]) if believed != told[2] else (source, target)
        moving = [disk for disk in sorted(self._rods) if self._rods[disk] == source][:1]
        self._rods = self._rods | dict.fromkeys(moving, target)
        return f"Move the top disk of rod {source} to rod {target}"


def next_move(rods: dict[int, str], goal: str) -> tuple[str, str]:
    """The first move of the shortest way to bring every disk to `goal`.

    Args:
        rods: The rod of each disk, by size.
        goal: The rod to gather on.

    Returns:
        The rods to move from and to.
    """
    move = ("A", "B")
    for disk in sorted(rods, reverse=True):
        if rods[disk] != goal:
            move = (rods[disk], goal)
            goal = ({"A", "B", "C"} - set(move)).pop()
    return move


def _greedy_move(rng: random.Random, rods: dict[int, str]) -> tuple[str, str]:
    """An allowed move after which most disks are on rod C."""
    tops = {rod: min(disk for disk in rods if rods[disk] == rod) for rod in set(rods.values())}
    moves = [
        (source, target)
        for source in sorted(tops)
        for target in "ABC"
        if target != source and tops[source] < tops.get(target, len(rods) + 1)
    ]
    most = max((target == "C") - (source == "C") for source, target in moves)
    return rng.choice([m for m in moves if (m[1] == "C") - (m[0] == "C") == most])


def _unruly_move(rods: dict[int, str]) -> tuple[str, str]:
    """Bring the smallest disk that is not on rod C there, allowed or not."""
    return next(((rods[disk], "C") for disk in sorted(rods) if rods[disk] != "C"), ("A", "B"))


def _rod_of_each_disk(observation: str) -> dict[int, str]:
    lines = re.findall(r"^Rod ([ABC]).*: ([\d, ]+)$", observation, re.MULTILINE)
    return {int(disk): rod for rod, disks in lines for disk in disks.split(",")}
