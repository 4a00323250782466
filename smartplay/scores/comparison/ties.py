"""Ties: letters that say which runs cannot be told apart."""

from __future__ import annotations

from collections.abc import Sequence

from smartplay.scores.comparison.results import Difference
from smartplay.scores.statistics import CONFIDENCE

ALPHA = 1 - CONFIDENCE


def tie_letters(runs: int, differences: Sequence[Difference]) -> list[str]:
    """Letters per run, best run first from `a`; runs that share a letter cannot be told apart.

    Runs are put in order by how many they exceed; each letter is a longest stretch of that order
    within which no corrected p-value is below 0.05.
    """
    compared = {run for d in differences if d.mean for run in (d.first, d.second)}
    apart: set[tuple[int, int]] = set()
    ahead = dict.fromkeys(range(runs), 0.0)
    for d in differences:
        if d.mean is not None:
            ahead[d.first] += d.mean.mean
            ahead[d.second] -= d.mean.mean
        if d.corrected is not None and d.corrected < ALPHA:
            apart |= {(d.first, d.second), (d.second, d.first)}
    order = sorted(compared, key=lambda run: (-ahead[run], run))
    letters = [""] * runs
    reached, letter = 0, 0
    for start in range(len(order)):
        end = start
        while end < len(order) and all((r, order[end]) not in apart for r in order[start:end]):
            end += 1
        if end > reached:
            for run in order[start:end]:
                letters[run] += _letter(letter)
            reached, letter = end, letter + 1
    return letters


def _letter(place: int) -> str:
    return chr(ord("a") + place) if place < 26 else f"({place + 1})"
