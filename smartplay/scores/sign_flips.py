"""Tests of many differences at once by flipping signs: pure functions of arrays.

If two runs are alike, the sign of their difference in an episode is a coin toss. One toss decides
the signs of an episode in all comparisons, so what comparisons have in common is not paid for
twice: the step-down max-T procedure of Westfall & Young (1993, Resampling-Based Multiple Testing,
algorithm 2.8). The largest statistic of a toss needs no more tosses for many comparisons than for
one: `DRAWS` leave a p-value of .05 a standard error of .002.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from smartplay.scores.intervals import CONFIDENCE
from smartplay.scores.statistics import Floats

ALPHA = 1 - CONFIDENCE
DRAWS = 9_999
EXACT_UNITS = 12
_AT_ONCE = 1_000_000  # numbers of a matrix that are held in memory together
_ROUNDING = 1e-9
_PLACES = 9  # decimals by which it does not matter how a library adds


class Tested(NamedTuple):
    """The two-sided p-values of a comparison.

    Attributes:
        p: As if it were the only one.
        corrected: The family-wise one, with all comparisons that were tested together.
    """

    p: float
    corrected: float


def sign_flip_tests(
    comparisons: Sequence[Mapping[Hashable, float]], rng: np.random.Generator
) -> list[Tested | None]:
    """Test many sums of differences together.

    Args:
        comparisons: What each episode adds to each comparison's sum, by what names the episode.
        rng: Tosses the coins, where there are too many episodes to enumerate them.

    Returns:
        One test per comparison; None without an episode in it.
    """
    units = _units(comparisons)
    parts = _matrix(comparisons, units)
    norms = np.sqrt((parts**2).sum(axis=1))
    scaled = parts / np.where(norms > _ROUNDING, norms, 1.0)[:, None]
    observed = np.abs(scaled.sum(axis=1))
    blocks = _signs(len(units), len(comparisons), rng)
    flipped = (np.abs(signs @ scaled.T) for signs in blocks)
    tests = step_down(observed - _ROUNDING, flipped)
    return [test if each else None for test, each in zip(tests, comparisons, strict=True)]


def shift_ends(
    comparisons: Sequence[Mapping[Hashable, float]],
    weights: Sequence[Mapping[Hashable, float]],
    rng: np.random.Generator,
) -> list[tuple[float, float]]:
    """The intervals that invert the tests: with differences shifted so far, p is 5 % or more.

    If all differences are shifted by d, a toss makes the sum as large as it is exactly if d lies
    between the means of the differences whose signs it keeps and of those it flips. So the ends are
    quantiles of the lesser and of the greater of the two means (Hartigan 1969, Journal of the
    American Statistical Association 64:1303).

    Args:
        comparisons: As for `sign_flip_tests`; none is empty.
        weights: By how much each episode's part of a sum grows where all differences grow by 1.
        rng: In the same state as for the tests.

    Returns:
        The ends of each sum; infinite where so few episodes have no p below 5 %.
    """
    units = _units(comparisons)
    draws = 2 ** len(units) if len(units) <= EXACT_UNITS else DRAWS + 1
    rank = math.ceil(ALPHA * draws - _ROUNDING)
    found, at_once = [], max(1, 2 * _AT_ONCE // draws)
    for start in range(0, len(comparisons), at_once):
        rows = slice(start, start + at_once)
        both = [_matrix(each[rows], units) for each in (comparisons, weights)]
        blocks = _signs(len(units), len(both[0]), copy.deepcopy(rng))
        flipped_sums = [[signs @ each.T for each in both] for signs in blocks]
        sums_of, sizes_of = map(np.concatenate, zip(*flipped_sums, strict=True))
        for part, share, sums, sizes in zip(*both, sums_of.T, sizes_of.T, strict=True):
            total, size = float(part.sum()), float(share.sum())
            if not size:
                found.append((0.0, 0.0))
                continue
            kept, flipped = size + sizes > _ROUNDING * size, size - sizes > _ROUNDING * size
            mixed = kept & flipped
            with np.errstate(divide="ignore", invalid="ignore"):
                means = np.array([(total + sums) / (size + sizes), (total - sums) / (size - sizes)])
            low, high = (
                np.where(mixed, means.min(axis=0), -np.inf),
                np.where(mixed, means.max(axis=0), np.inf),
            )
            ends = np.partition(low, rank - 1)[rank - 1], np.partition(high, -rank)[-rank]
            found.append((float(ends[0]) * size, float(ends[1]) * size))
    return found


class Shares(NamedTuple):
    """How a comparison's sum grows where all differences grow by 1.

    Attributes:
        episodes: By how much each episode's part of the sum grows.
        more: Likewise the part of one more episode of each game, and the part itself if the episode
            is at the end of the range of differences.
    """

    episodes: Mapping[Hashable, float]
    more: Sequence[tuple[float, float]]


def joint_ends(
    comparisons: Sequence[Mapping[Hashable, float]],
    shares: Sequence[Shares],
    rng: np.random.Generator,
) -> list[tuple[float, float]]:
    """The intervals of sums that hold all together in 95 of 100 cases.

    With T = |sum| / sqrt(sum of squares), an interval holds every shift of a comparison's
    differences that leaves its T below the 95 % point of the largest T of all comparisons (max-T,
    single step; Westfall & Young 1993), when the signs of whole episodes are tossed. The tossed
    differences are those to the mean that was seen, so their T is too small by the degree of
    freedom that the mean takes, and is corrected for it. One more episode of each game, half of it
    at each end of the range, keeps comparisons without spread from having no width.

    Args:
        comparisons: As for `sign_flip_tests`; none is empty.
        shares: How each sum grows with its differences.
        rng: In the same state as for the tests.

    Returns:
        The ends of each sum; infinite where so few episodes have no p below 5 %.
    """
    units = _units(comparisons)
    parts, weights = (
        _matrix(rows, units) for rows in (comparisons, [each.episodes for each in shares])
    )
    whole = weights.sum(axis=1)
    middle = parts.sum(axis=1) / np.where(whole > 0, whole, 1.0)
    centred = parts - middle[:, None] * weights
    unseen = np.array([math.fsum(part**2 for _, part in each.more) for each in shares])
    lengths = np.sqrt((centred**2).sum(axis=1) + unseen)
    lost = np.array([_freedom_lost(each.episodes) for each in shares])
    scaled = centred * (lost / np.where(lengths > 0, lengths, 1.0))[:, None]
    blocks = _signs(len(units), len(comparisons), rng)
    largest = np.concatenate([np.abs(signs @ scaled.T).max(axis=1) for signs in blocks])
    rank = math.ceil(ALPHA * len(largest) - _ROUNDING)
    point = max(1.0, round(float(np.partition(largest, -rank)[-rank]), _PLACES))
    return [_held(part, own, point) for part, own in zip(comparisons, shares, strict=True)]


def _freedom_lost(weights: Mapping[Hashable, float]) -> float:
    """By how much the spread about the mean that was seen is less than about the true one."""
    squares = math.fsum(weight**2 for weight in weights.values())
    number = math.fsum(weights.values()) ** 2 / squares if squares else 1.0
    return math.sqrt(number / (number - 1)) if number > 1 + _ROUNDING else 1.0


def _held(part: Mapping[Hashable, float], shares: Shares, point: float) -> tuple[float, float]:
    """The sums that come of shifts whose T is not above a point."""
    size = math.fsum(shares.episodes.values())
    if not size:
        return 0.0, 0.0
    total, most = math.fsum(part.values()), point**2
    whole = size + math.fsum(weight for weight, _ in shares.more)
    weights = [*shares.episodes.values(), *(weight for weight, _ in shares.more)]
    extremes = [extreme for _, extreme in shares.more]
    squares = math.fsum(value**2 for value in (*part.values(), *extremes))
    mixed = math.fsum(value * shares.episodes[unit] for unit, value in part.items())
    # (total - whole d)^2 <= most (squares - 2 mixed d + sum of squared weights d^2)
    a = whole**2 - most * math.fsum(weight**2 for weight in weights)
    if least_p(len(part)) >= ALPHA or a <= 0:
        return -math.inf, math.inf
    b = total * whole - most * mixed
    root = math.sqrt(max(0.0, b**2 - a * (total**2 - most * squares)))
    return (b - root) / a * size, (b + root) / a * size


def _units(comparisons: Sequence[Mapping[Hashable, float]]) -> list[Hashable]:
    return sorted({unit for each in comparisons for unit in each}, key=repr)


def _matrix(comparisons: Sequence[Mapping[Hashable, float]], units: Sequence[Hashable]) -> Floats:
    """What each episode adds to each sum, shape (comparisons, units)."""
    place = {unit: k for k, unit in enumerate(units)}
    parts = np.zeros((len(comparisons), len(units)))
    for row, each in enumerate(comparisons):
        for unit, value in each.items():
            parts[row, place[unit]] = value
    return parts


def step_down(observed: Floats, drawn: Iterable[Floats]) -> list[Tested]:
    """The p-values of statistics, given what they are where there is nothing to be found.

    Args:
        observed: Shape (comparisons,); the larger, the more extreme.
        drawn: Blocks of shape (draws, comparisons), one draw or more together.
    """
    order = np.argsort(observed, kind="stable")
    single, family, draws = np.zeros(len(order)), np.zeros(len(order)), 0
    for block in drawn:
        ordered = block[:, order]
        single[order] += (ordered >= observed[order]).sum(axis=0)
        most = np.maximum.accumulate(ordered, axis=1)
        family[order] += (most >= observed[order]).sum(axis=0)
        draws += len(block)
    # Going down from the greatest statistic, no p-value is below one before it.
    family[order[::-1]] = np.maximum.accumulate(family[order[::-1]])
    pairs = zip((single / draws).tolist(), (family / draws).tolist(), strict=True)
    return [Tested(*pair) for pair in pairs]


def least_p(episodes: int) -> float:
    """The smallest p-value that so many differences can come to, whatever they are."""
    return min(1.0, max(2.0 ** (1 - episodes), 1 / (DRAWS + 1)))


def _signs(units: int, comparisons: int, rng: np.random.Generator) -> Iterator[Floats]:
    """Blocks of rows of signs: all there are, or as they are and `DRAWS` tosses.

    A block is as large as memory for it, and for what comes of it, may be. Of how many rows it is
    makes no difference: a draw takes a byte, and the generator gives four bytes at a time.
    """
    rows = max(4, _AT_ONCE // max(1, units, comparisons) // 4 * 4)
    if units <= EXACT_UNITS:
        bits = np.arange(2**units)[:, None] >> np.arange(units) & 1
        signs = 1.0 - 2.0 * bits.astype(np.float64)
        yield from (signs[start : start + rows] for start in range(0, len(signs), rows))
        return
    yield np.ones((1, units))
    for start in range(0, DRAWS, rows):
        shape = (min(rows, DRAWS - start), units)
        yield 1.0 - 2.0 * rng.integers(2, size=shape, dtype=np.int8).astype(np.float64)
