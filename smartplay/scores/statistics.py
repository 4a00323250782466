"""Means with intervals, and tests of differences: pure functions of arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec
import numpy as np

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

CONFIDENCE = 0.95
RESAMPLES = 4000
EXACT_PAIRS = 12
DRAWS = 9999
_ROUNDING = 1e-12
MASTERED = 0.5
"""What a mean must reach for a ratio to it to say something."""


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

    def __format__(self, spec: str) -> str:
        """Such as `0.91 [0.85, 0.97]`; `spec` is that of its numbers, `.2f` by default."""
        ends = [end for end in (self.low, self.high) if end is not None]
        mean, *reach = (format(value, spec or ".2f") for value in (self.mean, *ends))
        return f"{mean} [{reach[0]}, {reach[1]}]" if len(reach) == 2 else mean

    def __str__(self) -> str:
        return format(self)

    def scaled(self, zero: float, one: float) -> Interval:
        """The same on the scale where `zero` is 0 and `one` is 1."""
        values = [
            None if value is None else (value - zero) / (one - zero)
            for value in (self.mean, self.low, self.high)
        ]
        return Interval(values[0] or 0.0, values[1], values[2])

    def capped(self, most: float) -> Interval:
        """The same with nothing above `most`."""
        low, high = (None if end is None else min(end, most) for end in (self.low, self.high))
        return Interval(min(self.mean, most), low, high)


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
    shares = np.asarray(weights, dtype=np.float64) / np.sum(weights)
    return _sum_interval(samples, shares.tolist(), rng)


def difference_interval(
    pairs: Sequence[tuple[Sequence[float], Sequence[float]]], rng: np.random.Generator
) -> Interval:
    """How much higher the first samples' means are than the second's, each pair alike.

    The samples are independent, and resampled as in `weighted_interval`.

    Args:
        pairs: Two samples per group, such as the scores of a game in two suites; each of one value
            or more.
        rng: Draws the resamples.

    Returns:
        The mean of the differences; without ends if some sample has a single value.
    """
    samples = [sample for pair in pairs for sample in pair]
    return _sum_interval(samples, [1 / len(pairs), -1 / len(pairs)] * len(pairs), rng)


def _sum_interval(
    samples: Sequence[Sequence[float]], shares: Sequence[float], rng: np.random.Generator
) -> Interval:
    groups = [np.asarray(sample, dtype=np.float64) for sample in samples]
    mean = float(sum(part * group.mean() for part, group in zip(shares, groups, strict=True)))
    if any(len(group) == 1 for group in groups):
        return Interval(mean)
    drawn = np.zeros(RESAMPLES)
    for part, group in zip(shares, groups, strict=True):
        drawn += part * _resampled_means(group, rng)
    return _with_reach(mean, drawn)


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
