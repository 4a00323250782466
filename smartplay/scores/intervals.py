"""Intervals of means of few, bounded, lumpy and skewed scores: pure functions of numbers.

Student's interval is too narrow for them: of ten episodes of a game that is won in 95 of 100 it
holds the true mean in 39 cases of 100, for as a rule all ten are won. The intervals here come from
the limits that a score has. Where an episode is won or lost, the interval holds every chance of
winning under which the number of wins is among the most probable that come to 95 % together (Sterne
1954, Biometrika 41:275). Other intervals are score intervals: they hold every mean from which the
one seen is not farther than chance explains, if scores varied as they would under that mean. How
their variance changes with the mean is taken from skewness and kurtosis (Johnson 1978, Journal of
the American Statistical Association 73:536, for the first); for two scores only, this is Wilson's
interval (1927, same journal 22:209). `python -m tools.coverage` measures how often the intervals
hold the true mean.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from functools import lru_cache
from statistics import NormalDist

import msgspec
import numpy as np

from smartplay.cards.bounds import Bounds
from smartplay.scores.statistics import Floats, rounding

CONFIDENCE = 0.95
_TAIL = (1 - CONFIDENCE) / 2
_ROUNDED = 9  # decimals by which it does not matter how a library adds
_PLACES = 6  # the decimals in which admitted versions of SciPy agree
_NORMAL = NormalDist().inv_cdf(1 - _TAIL)
_SLACK = 1e-9  # by how much rounding moves a score
MOST_PLACES = 6
"""Decimals that are shown at most."""
OPEN = "-"

MISSED, MOST_UNSEEN = 0.07, 0.27
"""What an agent does seldom may not have been seen yet: what it does in a share s of episodes shows
in none of n with a chance of (1 - s)^n. The far end, towards the farther bound, is as far from the
mean as the share that is missed this often would move it if such episodes ended at the bound, or
the second number if that is less."""
FEW, NEAR_BOUND = 15, 0.5
"""With many episodes less is taken to be unseen close to a bound: 4 p (1 - p), where p is the
mean's place between the bounds, to the power of the second number; to none of it with `SHAPED`
episodes and to all of it with the first more. Scores that are skewed as much as so many can be
hang on few of them: for these it is the whole share, whatever their number."""
SKEWED_SHARE, SKEWED_STUDENT = 3, 0.15
"""How fast that goes with the skewness: to this power of its share in the greatest; and how much
shorter the far end's Student's interval may be of scores that are skewed as much as can be."""
JOINED = 60
"""What is unseen and what chance explains add up as the sides of a right angle do if there are many
episodes; with few the longer of the two nearly stands for both. The power is this divided by the
episodes, at least 2."""
NEAR = 0.5
"""The end towards the nearer bound reaches this part of what is unseen there, at least."""

SHAPE = 3.4
"""How much wider than the normal one the quantile is: by Student's over the normal one, to the
power of this times 1 - (1 + skewness^2) / kurtosis. That is 0 where there are only two scores:
their variance follows from the mean and needs no estimate."""
CURVE = 1.1
"""A factor of the curvature of the variance: it keeps intervals of two clusters of scores short."""

SHAPED = 5
"""Episodes below which the shape of the scores says nothing; the quantile is Student's then."""

SKEW, RELATIVE, SKEWED_SHAPE = 0.04, 0.25, 1.3
"""For scores that come near no greatest value: what is added to their variance, in squares of their
mean, for the few great values on which the mean hangs are not always among those seen; how far the
variance grows with the square of the mean (1) rather than with the mean (0); and the power of
Student's quantile over the normal one."""

ALONE = 6
"""How nearly one side of a ratio must make all of its spread to get the room for what was not seen:
the room is taken to its share of the spread to the power of this."""

MOST_EXACT = 120
"""Episodes up to which games that are won or lost have exact intervals; beyond, Wilson's."""
_CHANCES = 4000
_LEAST_HELD, _MOST_HELD = 0.93, 0.98


class Interval(msgspec.Struct, frozen=True):
    """A mean with its 95 % interval.

    Attributes:
        mean: The mean.
        low: Lower end; None where nothing is known of the spread.
        high: Upper end; likewise. Ends that are equal, but for rounding, are none: no mean of draws
            is exact.
    """

    mean: float
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        if self.low is None or self.high is None:
            return
        if self.high - self.low <= rounding((self.low, self.high)):
            msgspec.structs.force_setattr(self, "low", None)
            msgspec.structs.force_setattr(self, "high", None)

    def __format__(self, spec: str) -> str:
        """Such as `0.912 [0.853, 0.974]`, `5760 [4790, 6730]` or `0.5 [unknown]`.

        Args:
            spec: That of the numbers, such as `+.2f`. Without a precision they have two significant
                digits of their uncertainty, which is half the interval's width; where one end is
                open, the way to the other.
        """
        return f"{self._written(self.mean, spec)} [{self._reach(spec) or 'unknown'}]"

    def __str__(self) -> str:
        return format(self)

    @property
    def shown_mean(self) -> str:
        """The mean as it is written before its interval."""
        return self._written(self.mean)

    @property
    def shown_ends(self) -> str:
        """The interval as it is written after the mean; empty if it is unknown."""
        reach = self._reach()
        return reach and f"[{reach}]"

    def like_mean(self, value: float) -> str:
        """Another number with as many digits after the point as the mean is written with."""
        return self._written(value)

    def _reach(self, spec: str = "") -> str:
        if self.low is self.high is None:
            return ""
        ends = (OPEN if end is None else self._written(end, spec) for end in (self.low, self.high))
        return ", ".join(ends)

    def _written(self, value: float, spec: str = "") -> str:
        if "." in spec:
            return format(value, spec)
        known = None not in (self.low, self.high)
        low, high = (self.mean if end is None else end for end in (self.low, self.high))
        least = (high - low) / (2 if known else 1) or abs(value) / 10
        places = min(MOST_PLACES, _places(least)) if least > 0 else 0
        # Adding 0 makes -0 into 0.
        text = format(round(value, places) + 0.0, f"{spec}.{max(places, 0)}f")
        return text if known or "." not in text else text.rstrip("0").rstrip(".")

    def scaled(self, zero: float, one: float) -> Interval:
        """The same on the scale where `zero` is 0 and `one` is 1."""
        mean, low, high = (
            None if value is None else (value - zero) / (one - zero)
            for value in (self.mean, self.low, self.high)
        )
        assert mean is not None
        return Interval(mean, low, high)

    def mirrored(self) -> Interval:
        """The same with the other sign."""
        low, high = (None if end is None else -end for end in (self.high, self.low))
        return Interval(-self.mean, low, high)

    def capped(self, most: float) -> Interval:
        """The same with nothing above `most`."""
        low, high = (None if end is None else min(end, most) for end in (self.low, self.high))
        return Interval(min(self.mean, most), low, high)


def _places(least: float) -> int:
    """Where a number's second digit stands: digits after the point; below 0, before it."""
    places = 1 - math.floor(math.log10(least))
    return places - (round(least * 10.0**places) >= 100)  # rounded up to a power of ten


def mean_interval(values: Sequence[float], bounds: Bounds = Bounds()) -> Interval:  # noqa: B008
    """The mean of independent values with its interval.

    Args:
        values: One value or more.
        bounds: What the values can be. Without a least value the interval is Student's.

    Returns:
        The mean and interval; without ends where nothing can be said of the spread: for a single
        value, and for equal values that have no bounds.
    """
    data = np.asarray(values, dtype=np.float64)
    mean, number = float(data.mean()), len(data)
    if number == 1:
        return Interval(mean)
    low, high = bounds.low, bounds.high
    # Scores beyond what a card says are possible show that the bounds are not those of the game.
    slack = _SLACK * float(np.abs(data).max())
    if low is None or low > data.min() + slack or (high is not None and high < data.max() - slack):
        return _students(mean, float(data.var(ddof=1)), number)
    if high is None or bounds.distant:
        return _of_skewed(data, max(mean, low), low, math.inf if high is None else high)
    if high == low:
        return Interval(mean)
    slack = max(slack, _SLACK * (high - low))
    won, lost = (np.abs(data - end) <= slack for end in (high, low))
    if (won | lost).all():
        ends = _of_wins(int(won.sum()), number)
    else:
        ends = _of_shares(np.clip((data - low) / (high - low), 0.0, 1.0))
    return Interval(min(max(mean, low), high), *(low + end * (high - low) for end in ends))


def share_interval(share: float, number: int) -> Interval:
    """A mean of shares, each of 0 to 1, with the widest interval that their spread can call for.

    That is the interval of as many tosses of a coin: no values of 0 to 1 vary more.

    Args:
        share: The mean.
        number: How many values it is the mean of; the interval of a single one has no ends.
    """
    return Interval(share) if number == 1 else Interval(share, *_of_tosses(share, number))


def _students(mean: float, variance: float, number: int) -> Interval:
    if variance <= (_SLACK * mean) ** 2:
        return Interval(mean)
    reach = t_quantile(number - 1) * math.sqrt(variance / number)
    return Interval(mean, mean - reach, mean + reach)


def _of_wins(wins: int, number: int) -> tuple[float, float]:
    """The ends of the chance of winning."""
    return _exact(number)[wins] if number <= MOST_EXACT else _of_tosses(wins / number, number)


@lru_cache
def _exact(number: int) -> list[tuple[float, float]]:
    """The ends of the chance of winning, by the number of games won of so many.

    To the most probable numbers of wins under a chance others are added until they come to 95 %
    together, but not the last of them if it leads from 93 % or more to above 98 %.
    """
    from scipy.special import gammaln, xlogy

    chances = np.linspace(0, 0.5, _CHANCES // 2 + 1)
    wins = np.arange(number + 1)
    ways = gammaln(number + 1) - gammaln(wins + 1) - gammaln(number - wins + 1)
    logs = xlogy(wins, chances[:, None]) + xlogy(number - wins, 1 - chances[:, None])
    likely = np.exp(ways + logs).round(_ROUNDED)
    order = np.argsort(-likely, axis=1, kind="stable")
    together = np.cumsum(np.take_along_axis(likely, order, axis=1), axis=1).round(_ROUNDED)
    before = np.hstack([np.zeros((len(chances), 1)), together[:, :-1]])
    taken = (before < CONFIDENCE) & ~((before >= _LEAST_HELD) & (together > _MOST_HELD))
    held = np.zeros_like(taken)
    np.put_along_axis(held, order, taken, axis=1)
    # Above one half all is as below, mirrored; at one half, losses are as likely as wins.
    both = held[-1] & held[-1, ::-1]
    enough = float(likely[-1][both].sum()) >= _LEAST_HELD
    held[-1] = both if enough else held[-1] | held[-1, ::-1]
    rows = list(zip(held.T, held.T[::-1], strict=True))
    low = [float(chances[own][0] if own.any() else 1 - chances[other][-1]) for own, other in rows]
    return [(end, 1 - other) for end, other in zip(low, low[::-1], strict=True)]


def _of_tosses(share: float, tosses: float, quantile: float = _NORMAL) -> tuple[float, float]:
    """The score interval of a share of tosses of a coin (Wilson 1927)."""
    low, high = _score_ends(share * (1 - share), 1 - 2 * share, -1, quantile**2 / tosses)
    return round(max(0.0, share + low), _PLACES), round(min(1.0, share + high), _PLACES)


def _score_ends(variance: float, slope: float, curve: float, factor: float) -> tuple[float, float]:
    """How far a mean may be from the one seen: the ends of d^2 <= factor * V(d).

    V(d) = variance + slope * d + curve * d^2 is what the variance is if the mean is off by d.
    """
    a, b = 1 - factor * curve, factor * slope
    root = math.sqrt(b * b + 4 * a * factor * variance)
    return (b - root) / (2 * a), (b + root) / (2 * a)


def _of_shares(shares: Floats) -> tuple[float, float]:
    """The ends for the mean of shares, which are not all 0 or 1."""
    number, share = len(shares), float(shares.mean())
    coin = share * (1 - share)
    second, third, fourth = (float(((shares - share) ** k).mean()) for k in (2, 3, 4))
    varied = second > _SLACK**2
    skew, kurtosis = (third / second**1.5, fourth / second**2) if varied else (0.0, 1.0)
    variance = second * number / (number - 1)
    shape = SHAPE * max(0.0, 1 - (1 + skew**2) / kurtosis)
    curve = CURVE * min(0.0, max(-1.0, (kurtosis - 3 - skew**2) / 2))
    if number < SHAPED:
        skew, shape, curve = 0.0, 1.0, 0.0
    quantile = _quantile(number, shape)
    below, above = _score_ends(variance, skew * math.sqrt(variance), curve, quantile**2 / number)
    low, high = share + below, share + above
    if varied:
        # Towards the nearer bound the variance shrinks at least as that of a coin does.
        coins = _of_tosses(share, number * max(1.0, coin / variance), quantile)
        low, high = (low, min(high, coins[1])) if share > 0.5 else (max(low, coins[0]), high)
    # Five or more scores are not skewed by more than (n - 2) / sqrt(n - 1).
    most = (number - 2) / math.sqrt(number - 1)
    skewed = min(1.0, abs(skew) / most) if varied and number >= SHAPED else 1.0
    shorter = t_quantile(number - 1) * (1 - SKEWED_STUDENT * skewed**2) if varied else 0.0
    student = shorter * math.sqrt(variance / number)
    missed = _missed(number, coin, skewed)
    below, above = missed * float(shares.min()), missed * (1 - float(shares.max()))
    # At one half, and where nothing varies, both ends are far ones.
    place = round(share, _ROUNDED) if varied else 0.5
    if place >= 0.5:
        low = share - _joined(max(share - low, student), below, number)
    if place <= 0.5:
        high = share + _joined(max(high - share, student), above, number)
    low, high = min(low, share - NEAR * below), max(high, share + NEAR * above)
    return round(max(0.0, low), _PLACES), round(min(1.0, high), _PLACES)


def _missed(number: int, coin: float, skewed: float) -> float:
    """The share of episodes that may end at the far bound with none of them seen."""
    share = 1 - math.pow(MISSED, 1 / number)
    if number < SHAPED:
        return share
    many = min(1.0, (number - SHAPED) / FEW)
    power = NEAR_BOUND * many * (1 - skewed**SKEWED_SHARE)
    return min(MOST_UNSEEN, share) * math.pow(4 * coin, power)


def _joined(chance: float, unseen: float, number: int) -> float:
    """How far the far end is from the mean."""
    power = max(2.0, JOINED / number)
    longer = max(chance, unseen)
    shorter = min(chance, unseen)
    return longer * math.pow(1 + math.pow(shorter / longer, power), 1 / power) if longer else 0.0


def _of_skewed(data: Floats, mean: float, low: float, most: float) -> Interval:
    """The interval of scores of which none comes near the greatest, if there is one."""
    number, above = len(data), mean - low
    if not above:  # nothing is known but how seldom another score can come
        seldom = _of_wins(0, number)[1]
        return (
            Interval(mean) if most == math.inf else Interval(mean, low, low + seldom * (most - low))
        )
    spread = float(data.var(ddof=1)) / above**2 + SKEW
    factor = _quantile(number, SKEWED_SHAPE) ** 2 * spread / number
    below, over = _score_ends(1.0, 1 + RELATIVE, RELATIVE, factor)
    high = most if factor * RELATIVE >= 1 else min(most, mean + round(over, _PLACES) * above)
    return Interval(mean, mean + round(below, _PLACES) * above, None if high == math.inf else high)


def _quantile(number: int, power: float) -> float:
    """The normal quantile, times Student's over it to a power."""
    return _NORMAL * math.pow(t_quantile(number - 1) / _NORMAL, power)


def t_quantile(freedom: int) -> float:
    """Student's t quantile for a two-sided interval."""
    from scipy.special import stdtrit

    return round(float(stdtrit(freedom, 1 - _TAIL)), _PLACES)


def weighted_interval(
    parts: Sequence[Interval], weights: Sequence[float], most: float = math.inf
) -> Interval:
    """A weighted mean of independent means, with the interval that theirs make together.

    Args:
        parts: One or more.
        weights: One weight of 0 or more per part, not all 0.
        most: What a part counts as if it is above that; so do its ends.

    Returns:
        The weighted mean; without ends if a part that counts has none, or if all its parts are
        surely above `most`. The interval of a single part is the part's own.
    """
    counted = [(part, weight) for part, weight in zip(parts, weights, strict=True) if weight]
    if len(counted) == 1:
        return counted[0][0].capped(most)
    total = math.fsum(weights)
    return combined_interval(
        [part for part, _ in counted], [weight / total for _, weight in counted], most
    )


def difference_interval(first: Interval, second: Interval) -> Interval:
    """By how much one mean is higher than another that is independent of it."""
    return combined_interval([first, second], [1.0, -1.0])


def combined_interval(
    parts: Sequence[Interval], factors: Sequence[float], most: float = math.inf
) -> Interval:
    """A linear combination of independent means, none taken above `most`.

    Its ends come from the variance estimates that the ends of the parts give (Zou & Donner 2008,
    Statistics in Medicine 27:1693).
    """
    middles = [min(part.mean, most) for part in parts]
    mean = math.fsum(map(operator.mul, factors, middles))
    below, above = [], []
    for part, factor, middle in zip(parts, factors, middles, strict=True):
        if part.low is None or part.high is None:
            return Interval(mean)
        reach = [factor * (min(end, most) - middle) for end in (part.low, part.high)]
        below.append(min(reach))
        above.append(max(reach))
    return Interval(mean, mean - math.hypot(*below), mean + math.hypot(*above))


def ratio_interval(
    above: Sequence[float], below: Sequence[float], above_bounds: Bounds, below_bounds: Bounds
) -> Interval | None:
    """The ratio of the means of two independent samples.

    Fieller's theorem with the variances recovered from the ends of the two means' intervals (Donner
    & Zou 2012, Statistical Methods in Medical Research 21:347). The intervals are Student's: those
    of `mean_interval` leave room for what was not seen, and the ratio would count that room twice.
    It is given to the side that makes nearly all of the ratio's spread; and to both sides if the
    spread of one cannot be told: its values are few, or all equal, or each is one of the bounds.

    Args:
        above: What is divided.
        below: What it is divided by.
        above_bounds: What the values of `above` can be.
        below_bounds: Likewise.

    Returns:
        The ratio; without ends if `above` has none; None unless the whole interval of `below`, that
        of `mean_interval`, is above 0.
    """
    top, bottom = mean_interval(above, above_bounds), mean_interval(below, below_bounds)
    if bottom.low is None or bottom.high is None or bottom.low <= 0:
        return None
    ratio = top.mean / bottom.mean
    if top.low is None or top.high is None:
        return Interval(ratio)
    if _spread_told(above, above_bounds) and _spread_told(below, below_bounds):
        plain = mean_interval(above), mean_interval(below)
        spreads = [(high - mean) ** 2 for mean, _, high in map(_known, plain)]
        share = spreads[0] / (spreads[0] + ratio**2 * spreads[1])
        top = _reaching(plain[0], top, share)
        bottom = _reaching(plain[1], bottom, 1 - share)
    (_, top_low, top_high), (_, bottom_low, bottom_high) = _known(top), _known(bottom)
    return Interval(
        ratio,
        _ratio_end(top.mean, top_low, bottom.mean, bottom_high, -1),
        _ratio_end(top.mean, top_high, bottom.mean, bottom_low, 1),
    )


def _spread_told(values: Sequence[float], bounds: Bounds) -> bool:
    """Whether there are some values that differ, and not as won and lost do."""
    least, most = min(values), max(values)
    slack = _SLACK * max(abs(least), abs(most))
    ends = [end for end in (bounds.low, bounds.high) if end is not None]
    between = any(all(abs(value - end) > slack for end in ends) for value in values)
    return len(values) >= SHAPED and most - least > slack and between


def _reaching(plain: Interval, own: Interval, share: float) -> Interval:
    """Student's interval, nearly as far as the mean's own if it has nearly all of the spread."""
    power = share**ALONE
    (mean, low, high), (_, own_low, own_high) = _known(plain), _known(own)
    below, above = (
        max(reach, math.pow(wide, power) * math.pow(reach, 1 - power))
        for reach, wide in ((mean - low, mean - own_low), (high - mean, own_high - mean))
    )
    # What is surely above 0 stays so.
    return Interval(mean, own_low if mean - below <= 0 < own_low else mean - below, mean + above)


def _known(interval: Interval) -> tuple[float, float, float]:
    """The mean and the ends of an interval that has them."""
    assert interval.low is not None
    assert interval.high is not None
    return interval.mean, interval.low, interval.high


def _ratio_end(top: float, top_end: float, bottom: float, bottom_end: float, side: int) -> float:
    """The end of a ratio at which `top` is at its own end and `bottom` at the opposite one.

    It solves (top - r bottom)^2 = (top - top_end)^2 + r^2 (bottom - bottom_end)^2 for r.
    """
    a = bottom**2 - (bottom - bottom_end) ** 2
    b = top * bottom
    c = top**2 - (top - top_end) ** 2
    root = math.sqrt(max(0.0, b * b - a * c))
    if abs(a) < 1e-12:
        return c / (2 * b) if b else 0.0
    return (b + side * root) / a
