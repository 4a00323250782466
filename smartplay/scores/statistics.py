"""Combines success rates as the Crafter paper does."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def success_score(rates: Sequence[float]) -> float:
    """The geometric mean of success rates, as the Crafter paper defines it (arXiv 2109.06780).

    `exp(mean(log(1 + rate))) - 1`: rare successes weigh more than in the plain mean.

    Args:
        rates: Percentages, 0 to 100; one or more.

    Returns:
        A percentage, 0 to 100.
    """
    return math.expm1(math.fsum(map(math.log1p, rates)) / len(rates))
