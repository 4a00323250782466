"""How many episodes it takes to tell a difference: pure functions of numbers.

The test is that of `sign_flips`: the sum of the paired differences over the root of the sum of
their squares. With n episodes whose differences have the mean δ and the deviation σ it is close to
normal around δ sqrt(n / (σ² + δ²)) with a deviation of 1 or less; it must exceed the normal
quantile of the level, shared out among the comparisons (Bonferroni).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import NamedTuple

from smartplay.cards.anchors import Anchors
from smartplay.cards.bounds import Bounds
from smartplay.core.errors import UsageError
from smartplay.scores.intervals import CONFIDENCE
from smartplay.scores.sign_flips import least_p

POWER = 0.8
"""The probability of detecting a difference that exists."""

DETECT = 0.1
"""The difference to plan for by default."""

OWN_SCORE = "its own score"
"""The name of the scale of a game that has no other."""

_MOST = 10**9


def check_detect(detect: float) -> None:
    """Make sure that one can plan for a difference.

    Raises:
        UsageError: If it is not a finite number above 0.
    """
    if not (0 < detect < math.inf):  # nor a NaN
        raise UsageError(f"the difference to detect must be a number above 0, not {detect}")


class Scale(NamedTuple):
    """The scores of a game that count as 0 and as 1, and the scale's name."""

    zero: float
    one: float
    name: str

    @property
    def unit(self) -> float:
        """The points of the game's score per unit of the scale."""
        return self.one - self.zero


def scale_of(anchors: Anchors, bounds: Bounds = Bounds()) -> Scale:  # noqa: B008
    """The scale of a game's scores: normalised, else over chance, else the range of its scores.

    Args:
        anchors: What holds for the game as it is played.
        bounds: The scores that its episodes can end with.
    """
    if anchors.human is not None:
        return Scale(anchors.min, anchors.human, "normalised")
    if anchors.corrected is not None:
        return Scale(*anchors.corrected, "over chance")
    if bounds.low is not None and bounds.high is not None and bounds.low < bounds.high:
        return Scale(bounds.low, bounds.high, "of its range")
    return Scale(0.0, 1.0, OWN_SCORE)


def episodes_needed(
    detect: float, spreads: Sequence[float], weights: Sequence[float], comparisons: int
) -> int | None:
    """Episodes of each game that detect a difference with the probability `POWER`.

    Args:
        detect: The difference in every game, above 0.
        spreads: By game, the standard deviation of the paired differences of its episodes.
        weights: By game, its weight in the mean that is compared; not all 0.
        comparisons: How many comparisons are tested together.

    Returns:
        The number; None if no difference varies, so that nothing can be computed, or if the number
        is too large to be played.
    """
    if not any(spreads):
        return None
    total = math.fsum(weights)
    squares = math.fsum(
        (weight / total) ** 2 * (spread**2 + detect**2)
        for spread, weight in zip(spreads, weights, strict=True)
    )
    number = _reach(comparisons) ** 2 * squares / detect**2
    if number > _MOST:
        return None
    return max(math.ceil(number - 1e-9), least_episodes(len(spreads)))


def detectable(episodes: int, spread: float, comparisons: int) -> float | None:
    """The difference that so many episodes of a game detect with the probability `POWER`.

    None if the episodes are too few to detect any.
    """
    squares = episodes / _reach(comparisons) ** 2 - 1
    if squares <= 0 or episodes < least_episodes(1):
        return None
    return spread / math.sqrt(squares)


def least_episodes(games: int) -> int:
    """The fewest episodes of each of so many games with which any difference can be detected."""
    episodes = 1
    while least_p(episodes * games) >= 1 - CONFIDENCE:
        episodes += 1
    return episodes


def _reach(comparisons: int) -> float:
    normal = NormalDist()
    level = (1 - CONFIDENCE) / (2 * max(1, comparisons))
    return -normal.inv_cdf(level) + normal.inv_cdf(POWER)
