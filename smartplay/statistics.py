"""Means with intervals: pure functions of arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec
import numpy as np

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

CONFIDENCE = 0.95
RESAMPLES = 4000


class Interval(msgspec.Struct, frozen=True):
    """A mean with its 95 % interval.

    Attributes:
        mean: The mean.
        low: Lower end; None where a single value leaves the spread unknown.
        high: Upper end; likewise.
    """

    mean: float
    low: float | None = None
    high: float | None = None

    def scaled(self, zero: float, one: float) -> Interval:
        """The same on the scale where `zero` is 0 and `one` is 1."""
        values = [
            None if value is None else (value - zero) / (one - zero)
            for value in (self.mean, self.low, self.high)
        ]
        return Interval(values[0] or 0.0, values[1], values[2])


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

    reach = (
        float(stdtrit(len(data) - 1, (1 + CONFIDENCE) / 2) * data.std(ddof=1)) / len(data) ** 0.5
    )
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
    share = np.asarray(weights, dtype=np.float64) / np.sum(weights)
    groups = [np.asarray(sample, dtype=np.float64) for sample in samples]
    mean = float(sum(part * group.mean() for part, group in zip(share, groups, strict=True)))
    if any(len(group) == 1 for group in groups):
        return Interval(mean)
    drawn = sum(
        part * _resampled_means(group, rng) for part, group in zip(share, groups, strict=True)
    )
    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(drawn, [tail, 100 - tail])
    return Interval(mean, float(low), float(high))


def _resampled_means(values: Floats, rng: np.random.Generator) -> Floats:
    number = len(values)
    means = values[rng.integers(number, size=(RESAMPLES, number))].mean(axis=1)
    widened: Floats = values.mean() + (means - values.mean()) * (number / (number - 1)) ** 0.5
    return widened
