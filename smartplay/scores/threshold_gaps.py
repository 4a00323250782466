"""Differences of thresholds, corrected for their number. Pure, as all scores are.

Thresholds are known by their posteriors, so there are no signs of episodes to flip. Instead, draws
from the posteriors of all runs give the joint distribution of all differences, with the dependence
between comparisons that share a run (min-P, Westfall & Young 1993). The intervals have the level at
which all of them together hold 95 % of the draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from smartplay.scores.intervals import CONFIDENCE
from smartplay.scores.sign_flips import DRAWS, Tested, step_down
from smartplay.scores.statistics import Floats
from smartplay.scores.thresholds import MARGIN, STEP, Threshold, Track, posteriors

Places = npt.NDArray[np.intp]
Place = tuple[int, int, str]
"""The runs whose thresholds differ, by their places, and the game."""


class Gap(NamedTuple):
    """The difference of two agents' thresholds, first minus second, in levels, and its certainty.

    Attributes:
        mean: The mean, with thresholds outside the range set to its ends.
        low: Lower end; None if it lies beyond what the dial can tell. The intervals of all gaps
            hold together.
        high: Upper end; likewise.
        test: Twice the posterior probability that the sign is the other one, and the same
            corrected for the number of gaps.
    """

    mean: float
    low: float | None
    high: float | None
    test: Tested


def threshold_gaps(
    runs: Sequence[Sequence[Threshold]], pairs: Sequence[tuple[int, int]], rng: np.random.Generator
) -> dict[Place, Gap]:
    """Differences of agents' thresholds on equal dials.

    Args:
        runs: The thresholds of each agent.
        pairs: Which agents are compared.
        rng: Draws from the posteriors.

    Returns:
        Those of the games that both agents of a pair were measured on.
    """
    known = [{each.game: each for each in run} for run in runs]
    masses = [dict(zip(own, _within(list(own.values())), strict=True)) for own in known]
    places = [
        (first, second, game)
        for first, second in pairs
        for game, threshold in known[first].items()
        if game in known[second] and threshold.dial == known[second][game].dial
    ]
    if not places:
        return {}
    drawn = [{game: _draw(mass, rng) for game, mass in own.items()} for own in masses]
    differences = [np.convolve(masses[a][game], masses[b][game][::-1]) for a, b, game in places]
    middles = [len(mass) // 2 for mass in differences]
    tails = [_tails(mass) for mass in differences]
    least = np.stack(
        [
            own[drawn[a][game] - drawn[b][game] + middle]
            for (a, b, game), own, middle in zip(places, tails, middles, strict=True)
        ],
        axis=1,
    )
    observed = np.array([own[middle] for own, middle in zip(tails, middles, strict=True)])
    tests = [
        Tested(p, max(p, test.corrected))
        for p, test in zip(
            observed.tolist(), step_down(-observed, [-least, -observed[None]]), strict=True
        )
    ]
    level = max(np.quantile(least.min(axis=1), 1 - CONFIDENCE), (1 - CONFIDENCE) / len(places))
    together = 1 - float(level)
    return {
        place: _gap(known[place[0]][place[2]], known[place[1]][place[2]], mass, test, together)
        for place, mass, test in zip(places, differences, tests, strict=True)
    }


def _within(run: Sequence[Threshold]) -> list[Floats]:
    """The thresholds' posteriors, with the mass outside the range put at its ends."""
    found = posteriors([Track(each.dial, data=each.data) for each in run])
    outside = round(MARGIN / STEP)
    masses = []
    for posterior in found:
        mass = posterior.sum(axis=(1, 2))
        inner = mass[outside:-outside].copy()
        inner[0] += mass[:outside].sum()
        inner[-1] += mass[-outside:].sum()
        masses.append(inner)
    return masses


def _draw(mass: Floats, rng: np.random.Generator) -> Places:
    below = np.cumsum(mass)
    places: Places = np.searchsorted(below, rng.random(DRAWS) * below[-1])
    return np.minimum(places, len(mass) - 1)


def _tails(mass: Floats) -> Floats:
    """Twice the probability beyond each value on its rarer side, its own counted once."""
    up_to = np.cumsum(mass)
    both: Floats = np.minimum(2 * np.minimum(up_to - mass, up_to[-1] - up_to) + mass, 1.0)
    return both.round(9)


def _gap(a: Threshold, b: Threshold, mass: Floats, test: Tested, confidence: float) -> Gap:
    middles: Floats = (np.arange(len(mass), dtype=np.float64) - len(mass) // 2) * STEP
    edges = np.append(middles - STEP / 2, middles[-1] + STEP / 2)
    tails = [(1 - confidence) / 2, (1 + confidence) / 2]  # as in the test, so that both agree on 0
    low, high = np.interp(tails, np.append(0.0, np.cumsum(mass)), edges).tolist()
    open_low = a.level.low is None or b.level.high is None
    open_high = a.level.high is None or b.level.low is None
    mean = float(mass @ middles)
    return Gap(mean, None if open_low else low, None if open_high else high, test)
