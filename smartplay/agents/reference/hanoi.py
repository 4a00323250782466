"""Solves the Tower of Hanoi from any position."""

from __future__ import annotations

import re


class HanoiReference:
    """Reads where the disks are and makes the next move of the shortest solution."""

    title = "Tower of Hanoi"

    def __init__(self, manual: str, actions: list[str], seed: int) -> None:
        pass

    def act(self, observation: str) -> str:
        """Move towards a tower on rod C."""
        source, target = next_move(_rod_of_each_disk(observation), "C")
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


def _rod_of_each_disk(observation: str) -> dict[int, str]:
    lines = re.findall(r"^Rod ([ABC]).*: ([\d, ]+)$", observation, re.MULTILINE)
    return {int(disk): rod for rod, disks in lines for disk in disks.split(",")}
