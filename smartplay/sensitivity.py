"""How much of a score is the prompt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from smartplay.statistics import Interval, mean_interval


class PromptShare(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a score is the prompt.

    Attributes:
        mean: The mean score over all variants.
        variants: The mean score of each variant.
        spread: The highest less the lowest of them.
        deviation: Standard deviation between variants, less what chance alone would make of it.
        share: That variance as a share of all variance of an episode's score; 0 if there is none.
    """

    mean: float
    variants: dict[str, Interval]
    spread: float
    deviation: float
    share: float


def prompt_share(scores: Mapping[str, Sequence[float]]) -> PromptShare:
    """Tell apart what comes from the prompt and what from the episode and chance.

    A two-way analysis of variance, variants by episodes (of the same seeds), with one value each:
    the variance between variants is (mean square of variants - mean square of the rest) / episodes.

    Args:
        scores: Per variant its episodes' scores, in the order of the same seeds; two variants and
            two episodes or more.
    """
    table = np.array(list(scores.values()), dtype=np.float64)
    variants, episodes = table.shape
    by_variant, by_episode = table.mean(axis=1), table.mean(axis=0)
    rest = table - by_variant[:, None] - by_episode[None, :] + table.mean()
    rest_square = float((rest**2).sum() / ((variants - 1) * (episodes - 1)))
    between = max(0.0, float(by_variant.var(ddof=1)) - rest_square / episodes)
    among = max(0.0, float(by_episode.var(ddof=1)) - rest_square / variants)
    total = between + among + rest_square
    return PromptShare(
        mean=float(table.mean()),
        variants={name: mean_interval(list(row)) for name, row in scores.items()},
        spread=float(by_variant.max() - by_variant.min()),
        deviation=between**0.5,
        share=between / total if total else 0.0,
    )
