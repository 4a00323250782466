"""Small statistics that several scores need: pure functions of numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
_ROUNDING = 1e-9


def rounding(values: Sequence[float]) -> float:
    """By how much values may differ that are equal but for the rounding of sums."""
    return _ROUNDING * max(1.0, *map(abs, values))


def deviation(values: Sequence[float]) -> float:
    """The sample standard deviation of two values or more; 0 if they differ by rounding only."""
    found = float(np.std(values, ddof=1))
    return found if found > rounding(values) else 0.0


def success_score(rates: Sequence[float]) -> float:
    """The geometric mean of success rates, as the Crafter paper defines it (arXiv 2109.06780).

    `exp(mean(log(1 + rate))) - 1`: rare successes weigh more than in the plain mean.

    Args:
        rates: Percentages, 0 to 100; one or more.

    Returns:
        A percentage, 0 to 100.
    """
    return math.expm1(math.fsum(map(math.log1p, rates)) / len(rates))
