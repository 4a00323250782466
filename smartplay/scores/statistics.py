"""Success rates and tests of differences: pure functions of arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from smartplay.scores.intervals import CONFIDENCE, Interval

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

RESAMPLES = 4000
EXACT_PAIRS = 12
DRAWS = 9999
_ROUNDING = 1e-12


def success_score(rates: Sequence[float]) -> float:
    """The geometric mean of success rates, as the Crafter paper defines it (arXiv 2109.06780).

    `exp(mean(log(1 + rate))) - 1`: what rarely succeeds weighs more than in the plain mean.

    Args:
        rates: Percentages, 0 to 100; one or more.

    Returns:
        A percentage, 0 to 100.
    """
    return math.expm1(math.fsum(map(math.log1p, rates)) / len(rates))


def improvement(
    samples: Sequence[tuple[Sequence[float], Sequence[float]]], rng: np.random.Generator
) -> Interval:
    """Mean over games of P(X > Y) + P(X = Y) / 2, with a bootstrap interval.

    As in Agarwal et al. 2021 (arXiv 2108.13264); episodes are resampled within games and runs.

    Args:
        samples: Per game the scores of the one run and of the other, of one or more each.
        rng: Draws the resamples.
    """
    means, drawn = [], np.zeros(RESAMPLES)
    for first, second in samples:
        x, y = np.asarray(first)[:, None], np.asarray(second)[None, :]
        wins = (x > y) + 0.5 * (x == y)
        means.append(float(wins.mean()))
        chosen, others = (
            rng.multinomial(size, np.full(size, 1 / size), RESAMPLES) / size for size in wins.shape
        )
        drawn += ((chosen @ wins) * others).sum(axis=1)
    mean = float(np.mean(means))
    if any(len(first) == 1 or len(second) == 1 for first, second in samples):
        return Interval(mean)
    return _with_reach(mean, drawn / len(samples))


def sign_flip_p(parts: Floats, rng: np.random.Generator) -> float:
    """Two-sided p-value of a sum of differences under the hypothesis that each sign is a coin toss.

    Exact by enumeration for up to `EXACT_PAIRS` differences that are not 0, else estimated from
    `DRAWS` tosses, with the observed one counted among them so that it is never 0.

    Args:
        parts: Shape (n,): what each pair adds to the sum.
        rng: Tosses the coins.
    """
    moved = parts[np.abs(parts) > _ROUNDING]
    if not len(moved):
        return 1.0
    limit = abs(moved.sum()) - _ROUNDING
    if len(moved) <= EXACT_PAIRS:
        bits = np.arange(2 ** len(moved))[:, None] >> np.arange(len(moved)) & 1
        return float((np.abs((2 * bits - 1) @ moved) >= limit).mean())
    signs = rng.integers(2, size=(DRAWS, len(moved)), dtype=np.int8) * 2 - 1
    return float((1 + (np.abs(signs @ moved) >= limit).sum()) / (DRAWS + 1))


def holm(values: Sequence[float | None]) -> list[float | None]:
    """p-values corrected for their number (Holm 1979); None stays None and is not counted."""
    order = sorted((p, place) for place, p in enumerate(values) if p is not None)
    result: list[float | None] = [None] * len(values)
    most = 0.0
    for rank, (p, place) in enumerate(order):
        most = max(most, min(1.0, p * (len(order) - rank)))
        result[place] = most
    return result


def _with_reach(mean: float, drawn: Floats) -> Interval:
    """A mean with the percentiles of its resamples as ends."""
    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(drawn, [tail, 100 - tail])
    return Interval(mean, float(low), float(high))
