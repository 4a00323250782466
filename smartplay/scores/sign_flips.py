"""Tests of many differences at once by flipping signs: pure functions of arrays."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

DRAWS = 9_999
DRAWS_PER_COMPARISON = 20
EXACT_UNITS = 12
_BLOCK = 1_000
_ROUNDING = 1e-9


def step_down_max_t(
    comparisons: Sequence[Mapping[Hashable, float]], rng: np.random.Generator
) -> list[float | None]:
    """p-values of many sums of differences, corrected for their number.

    The step-down max-T procedure of Westfall & Young (1993, Resampling-Based Multiple Testing,
    algorithm 2.8) over common sign flips: if two runs are alike, the sign of the difference in an
    episode is a coin toss; one toss decides the signs of an episode in all comparisons, so that
    what comparisons have in common is not paid for twice.

    Args:
        comparisons: What each episode adds to each comparison's sum, by what names the episode.
        rng: Tosses the coins, where there are too many episodes to enumerate them.

    Returns:
        One p-value per comparison, two-sided; None without an episode in it.
    """
    units = sorted({unit for each in comparisons for unit in each}, key=repr)
    place = {unit: k for k, unit in enumerate(units)}
    parts = np.zeros((len(comparisons), len(units)))
    for row, each in enumerate(comparisons):
        for unit, value in each.items():
            parts[row, place[unit]] = value
    norms = np.sqrt((parts**2).sum(axis=1))
    scaled = parts / np.where(norms > _ROUNDING, norms, 1.0)[:, None]
    observed = np.abs(scaled.sum(axis=1))
    order = np.argsort(observed, kind="stable")
    exceeded, draws = np.zeros(len(comparisons)), 0
    for signs in _signs(len(units), len(comparisons), rng):
        flipped = np.abs(signs @ scaled[order].T)
        most = np.maximum.accumulate(flipped, axis=1)
        exceeded[order] += (most >= observed[order] - _ROUNDING).sum(axis=0)
        draws += len(signs)
    values = exceeded / max(draws, 1)
    # Going down from the greatest statistic, no p-value is below one before it.
    values[order[::-1]] = np.maximum.accumulate(values[order[::-1]])
    return [float(p) if each else None for p, each in zip(values, comparisons, strict=True)]


def least_p(episodes: int) -> float:
    """The smallest p-value that so many differences can come to, whatever they are."""
    return min(1.0, max(2.0 ** (1 - episodes), 1 / (DRAWS + 1)))


def _signs(
    units: int, comparisons: int, rng: np.random.Generator
) -> Sequence[npt.NDArray[np.floating]]:
    """Blocks of rows of signs: all there are, or as they are and `DRAWS` tosses or more."""
    if units <= EXACT_UNITS:
        bits = np.arange(2**units)[:, None] >> np.arange(units) & 1
        return [1.0 - 2 * bits]
    draws = max(DRAWS, DRAWS_PER_COMPARISON * comparisons)
    tossed = rng.integers(2, size=(draws, units), dtype=np.int8)
    blocks = [1.0 - 2 * tossed[start : start + _BLOCK] for start in range(0, draws, _BLOCK)]
    return [np.ones((1, units)), *blocks]
