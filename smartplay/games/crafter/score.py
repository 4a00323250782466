"""The Crafter score: success over many episodes, in one number."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from smartplay.games.crafter.rules import ACHIEVEMENTS


def success_rates(unlocked: Sequence[Iterable[str]]) -> dict[str, float]:
    """How often each achievement was unlocked.

    Args:
        unlocked: For each episode, the achievements unlocked in it.

    Returns:
        For each of the 22 achievements, the percentage of episodes (0 to 100).

    Raises:
        ValueError: If there is no episode.
    """
    if not unlocked:
        raise ValueError("success rates need at least one episode")
    episodes = [set(names) for names in unlocked]
    return {
        name: 100 * sum(name in names for names in episodes) / len(episodes)
        for name in ACHIEVEMENTS
    }


def crafter_score(rates: Iterable[float]) -> float:
    """The geometric mean of success rates, as defined in the Crafter paper (arXiv 2109.06780).

    `exp(mean(log(1 + rate))) - 1`: rare achievements weigh more than in the plain mean.

    Args:
        rates: Percentages, 0 to 100.

    Returns:
        A percentage, 0 to 100.

    Raises:
        ValueError: If there are no rates.
    """
    logs = [math.log1p(rate) for rate in rates]
    if not logs:
        raise ValueError("the Crafter score needs at least one success rate")
    return math.expm1(math.fsum(logs) / len(logs))
