"""Intervals of means of few, bounded, lumpy and skewed scores: pure functions of numbers.

Student's interval is too narrow for them: of ten episodes of a game that is won in 95 of 100 it
holds the true mean in 39 cases of 100, for as a rule all ten are won. The intervals here come from
the limits that a score has. Where an episode is won or lost, the interval holds every chance of
winning under which the number of wins is among the most probable that come to 95 % together (Sterne
1954, Biometrika 41:275). The mean of n other scores is treated as the share of successes among as
many tosses of a coin as have the same variance (the design effect of Korn & Graubard 1998, Survey
Methodology 24:193), and the ends are the mid-p ends of that share; scores without a greatest value
are treated as counts of a Poisson process in the same way (Fay & Feuer 1997, Statistics in Medicine
16:791). `python -m tools.coverage` measures how often the intervals hold the true mean.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from functools import lru_cache

import msgspec
import numpy as np

from smartplay.cards.bounds import Bounds

CONFIDENCE = 0.95
_TAIL = (1 - CONFIDENCE) / 2
_HALVINGS = 60
_ROUNDED = 9  # decimals by which it does not matter how a library adds
_PLACES = 6  # the decimals in which admitted versions of SciPy agree
_SLACK = 1e-9  # by how much rounding moves a score
MOST_PLACES = 6
"""Decimals that are shown at most."""
OPEN = "-"

LEAST_SPREAD = (0.055, 0.15)
"""A first number and one that is divided by the number of episodes: half-way between the bounds, no
score is taken to vary less than this share of what a coin varies, for what has not been met yet
does not show in the spread. It can pull the mean further on the side that has more room, so there
the share is greater in proportion, and smaller on the other side."""

SKEW = (0.08, 0.6)
"""Likewise: what is added to the variance of scores without a greatest value, in squares of their
mean, for the few great values on which the mean hangs are not always among those seen."""

WIDENING = 0.9
"""The power of the widening for an estimated spread that keeps intervals as wide as need be."""

MOST_EXACT = 120
"""Episodes up to which games that are won or lost have exact intervals; beyond, mid-p ends."""
_CHANCES = 4000
_LEAST_HELD, _MOST_HELD = 0.93, 0.98


class Interval(msgspec.Struct, frozen=True):
    """A mean with its 95 % interval.

    Attributes:
        mean: The mean.
        low: Lower end; None where nothing is known of the spread.
        high: Upper end; likewise. Ends that are equal are none: no mean of draws is exact.
    """

    mean: float
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        if self.low is not None and self.low == self.high:
            msgspec.structs.force_setattr(self, "low", None)
            msgspec.structs.force_setattr(self, "high", None)

    def __format__(self, spec: str) -> str:
        """Such as `0.912 [0.853, 0.974]`, `5760 [4790, 6730]` or `0.5 [unknown]`.

        Args:
            spec: That of the numbers, such as `+.2f`. Without a precision they have two significant
                digits of their uncertainty, which is half the interval's width.
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

    def _reach(self, spec: str = "") -> str:
        if self.low is self.high is None:
            return ""
        ends = (OPEN if end is None else self._written(end, spec) for end in (self.low, self.high))
        return ", ".join(ends)

    def _written(self, value: float, spec: str = "") -> str:
        if "." in spec:
            return format(value, spec)
        known = self.low is not None and self.high is not None
        least = (self.high - self.low) / 2 if known else abs(value) / 10  # type: ignore[operator]
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
    variance = float(data.var(ddof=1))
    low, high = bounds.low, bounds.high
    # Scores beyond what a card says are possible show that the bounds are not those of the game.
    slack = _SLACK * float(np.abs(data).max())
    if low is None or low > data.min() + slack or (high is not None and high < data.max() - slack):
        return _students(mean, variance, number)
    if high is None:
        return _of_counts(max(mean, low), low, variance, number)
    if high == low:
        return Interval(mean)
    mean = min(max(mean, low), high)
    won, lost = (np.abs(data - end) <= slack for end in (high, low))
    if number <= MOST_EXACT and (won | lost).all():
        ends = _of_wins(number)[int(won.sum())]
        return Interval(mean, *(low + end * (high - low) for end in ends))
    return _of_shares(mean, low, high, variance, number)


def share_interval(share: float, number: int) -> Interval:
    """A mean of shares, each of 0 to 1, with the widest interval that their spread can call for.

    That is the interval of as many tosses of a coin: no values of 0 to 1 vary more.

    Args:
        share: The mean.
        number: How many values it is the mean of; the interval of a single one has no ends.
    """
    return Interval(share) if number == 1 else _of_shares(share, 0.0, 1.0, 0.25, number)


def _students(mean: float, variance: float, number: int) -> Interval:
    if variance <= (_SLACK * mean) ** 2:
        return Interval(mean)
    reach = _t_quantile(number - 1) * math.sqrt(variance / number)
    return Interval(mean, mean - reach, mean + reach)


@lru_cache
def _of_wins(number: int) -> list[tuple[float, float]]:
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


def _with_number(parts: tuple[float, float], number: int) -> float:
    return parts[0] + parts[1] / number


def _of_shares(mean: float, low: float, high: float, variance: float, number: int) -> Interval:
    from scipy.special import betainc

    width = high - low
    share = round((mean - low) / width, 12)  # less than that is lost in rounding further on
    coin = share * (1 - share)
    seen = variance / width**2 / coin if coin else 1.0

    def end(target: float, room: float) -> float:
        effect = min(1.0, max(seen, 2 * room * _with_number(LEAST_SPREAD, number)))
        tosses = number / effect * _student_factor(number) ** (WIDENING * (1 - effect**2))
        found = share * tosses

        def below(p: float) -> float:
            """The mid-p probability of more successes than were found, if their share is p."""
            at_least = betainc(found, tosses - found + 1, p) if found else 1.0
            more = betainc(found + 1, tosses - found, p) if found < tosses else 0.0
            return float(at_least + more) / 2

        return low + round(_place(below, target, 0.0, 1.0), _PLACES) * width

    return Interval(mean, end(_TAIL, share), end(1 - _TAIL, 1 - share))


def _of_counts(mean: float, low: float, variance: float, number: int) -> Interval:
    from scipy.special import gammainc

    above = mean - low
    if not above:
        return Interval(mean)
    found = number / (variance / above**2 + _with_number(SKEW, number)) * _student_factor(number)

    def below(expected: float) -> float:
        """The mid-p probability of more events than were found, if so many are expected."""
        return float(gammainc(found, expected) + gammainc(found + 1, expected)) / 2

    most = 10 * (found + 10)
    ends = [_place(below, target, 0.0, most) for target in (_TAIL, 1 - _TAIL)]
    return Interval(mean, *(low + round(end / found, _PLACES) * above for end in ends))


def _place(rising: Callable[[float], float], target: float, low: float, high: float) -> float:
    """Where a rising function reaches a target between two ends; the end if it does not."""
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < target else (low, middle)
    return low


def _student_factor(number: int) -> float:
    """What an estimated variance takes away from the number of tosses (Korn & Graubard 1998)."""
    return (_NORMAL / _t_quantile(number - 1)) ** 2


_NORMAL = 1.959964


def _t_quantile(freedom: int) -> float:
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
    return _sum([part for part, _ in counted], [weight / total for _, weight in counted], most)


def difference_interval(first: Interval, second: Interval) -> Interval:
    """By how much one mean is higher than another that is independent of it."""
    return _sum([first, second], [1.0, -1.0])


def _sum(parts: Sequence[Interval], factors: Sequence[float], most: float = math.inf) -> Interval:
    """A linear combination of independent means.

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


def ratio_interval(above: Interval, below: Interval) -> Interval | None:
    """The ratio of two independent means, with the interval that theirs make together.

    Fieller's theorem with the variances recovered from the ends (Donner & Zou 2012, Statistical
    Methods in Medical Research 21:347).

    Args:
        above: The mean that is divided.
        below: What it is divided by.

    Returns:
        The ratio; without ends if a part has none; None unless the whole interval of `below` is
        above 0.
    """
    if below.low is None or below.high is None or below.low <= 0:
        return None
    ratio = above.mean / below.mean
    if above.low is None or above.high is None:
        return Interval(ratio)
    return Interval(
        ratio,
        _ratio_end(above.mean, above.low, below.mean, below.high, -1),
        _ratio_end(above.mean, above.high, below.mean, below.low, 1),
    )


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
