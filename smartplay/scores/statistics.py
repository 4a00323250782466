"""Means with intervals: pure functions of arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from smartplay.scores.intervals import CONFIDENCE, Interval

__all__ = ["CONFIDENCE", "Interval"]

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

RESAMPLES = 4000
MASTERED = 0.5
"""What a mean must reach for a ratio to it to say something."""


def mean_interval(values: Sequence[float]) -> Interval:
    """The mean of independent values with Student's t interval.

    Args:
        values: One value or more.

    Returns:
        The mean and interval; without ends if there is a single value. Equal values give an
        interval of no width: it says that they were equal, not that the mean is certain.
    """
    data = np.asarray(values, dtype=np.float64)
    mean = float(data.mean())
    if len(data) == 1:
        return Interval(mean)
    from scipy.special import stdtrit

    # To the six decimals in which versions of SciPy agree.
    quantile = round(float(stdtrit(len(data) - 1, (1 + CONFIDENCE) / 2)), 6)
    reach = quantile * float(data.std(ddof=1)) / len(data) ** 0.5
    return Interval(mean, mean - reach, mean + reach)


def success_score(rates: Sequence[float]) -> float:
    """The geometric mean of success rates, as the Crafter paper defines it (arXiv 2109.06780).

    `exp(mean(log(1 + rate))) - 1`: what rarely succeeds weighs more than in the plain mean.

    Args:
        rates: Percentages, 0 to 100; one or more.

    Returns:
        A percentage, 0 to 100.
    """
    return math.expm1(math.fsum(map(math.log1p, rates)) / len(rates))


def weighted_interval(
    samples: Sequence[Sequence[float]], weights: Sequence[float], rng: np.random.Generator
) -> Interval:
    """A weighted mean of the means of several samples, with a bootstrap interval.

    Values are resampled within each sample. The deviations of a sample of n values are widened by
    sqrt(n / (n - 1)), which makes the variance of its resampled mean unbiased; the ends are
    percentiles.

    Args:
        samples: One sequence of values per group; each of one value or more.
        weights: One weight of 0 or more per group, not all 0.
        rng: Draws the resamples.

    Returns:
        The weighted mean; without ends if some sample has a single value.
    """
    shares = (np.asarray(weights, dtype=np.float64) / np.sum(weights)).tolist()
    groups = [np.asarray(sample, dtype=np.float64) for sample in samples]
    mean = float(sum(part * group.mean() for part, group in zip(shares, groups, strict=True)))
    if any(len(group) == 1 for group in groups):
        return Interval(mean)
    drawn = np.zeros(RESAMPLES)
    for part, group in zip(shares, groups, strict=True):
        drawn += part * _resampled_means(group, rng)
    return _with_reach(mean, drawn)


def ratio_interval(
    above: Sequence[float] | Floats, below: Sequence[float] | Floats, rng: np.random.Generator
) -> Interval | None:
    """The ratio of the means of paired values, with a bootstrap interval.

    Pairs are resampled; the ends are percentiles.

    Args:
        above: Values, one or more.
        below: As many values, each paired with one of `above`.
        rng: Draws the resamples.

    Returns:
        The ratio; without ends if there is a single pair; None if the mean of `below` is under
        `MASTERED`, where the ratio says nothing.
    """
    top, bottom = np.asarray(above, dtype=np.float64), np.asarray(below, dtype=np.float64)
    if bottom.mean() < MASTERED:
        return None
    ratio = float(top.mean() / bottom.mean())
    number = len(top)
    if number == 1:
        return Interval(ratio)
    drawn = rng.integers(number, size=(RESAMPLES, number))
    means = top[drawn].mean(axis=1), bottom[drawn].mean(axis=1)
    # A resample of a barely mastered easy setting may come near 0; it then says nothing either.
    kept = means[1] > MASTERED / 2
    return _with_reach(ratio, means[0][kept] / means[1][kept])


def _with_reach(mean: float, drawn: Floats) -> Interval:
    """A mean with the percentiles of its resamples as ends."""
    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(drawn, [tail, 100 - tail])
    return Interval(mean, float(low), float(high))


def _resampled_means(values: Floats, rng: np.random.Generator) -> Floats:
    number = len(values)
    means = values[rng.integers(number, size=(RESAMPLES, number))].mean(axis=1)
    widened: Floats = values.mean() + (means - values.mean()) * (number / (number - 1)) ** 0.5
    return widened
