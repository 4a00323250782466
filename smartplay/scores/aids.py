"""What helped an agent: gains by aid, from paired scores. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from smartplay.core.shown import Shown, html_table
from smartplay.scores.intervals import CONFIDENCE, Interval
from smartplay.scores.statistics import Floats

NONE, PLACEBO = "none", "placebo"
"""The arms that no diagnosis names."""

SEED, TOSSES = 0, 1999
LEAST_EPISODES = 6
"""With fewer, no toss of signs is rarer than one in twenty, so nothing can be told."""


class Gain(msgspec.Struct, frozen=True, kw_only=True):
    """What an aid brought.

    Attributes:
        aid: Its name.
        capability: The capability it stands in for; empty for the placebo.
        score: Mean score with it.
        gain: Mean difference to no aid; all intervals of a diagnosis hold together.
        over_placebo: Mean difference to the placebo; None for the placebo itself.
    """

    aid: str
    capability: str
    score: float
    gain: Interval
    over_placebo: Interval | None

    @property
    def reliable(self) -> bool:
        """Whether it helped beyond chance, and more than the placebo."""
        return _above(self.gain) and self.over_placebo is not None and _above(self.over_placebo)


class Gains(Shown, msgspec.Struct, frozen=True, kw_only=True):
    """What each aid brought in the same episodes.

    Attributes:
        episodes: Episodes that every arm played.
        score: Mean score without any aid.
        aids: The gain by aid, the placebo's among them, in the order of the arms.
        named: The aid that helped most, if any did reliably, and those that cannot be told from
            it, best first. Never the placebo.
    """

    episodes: int
    score: float
    aids: list[Gain]
    named: list[str]

    @property
    def verdict(self) -> str:
        """The finding, as a sentence's end such as `helped most by a map: +0.31 [+0.18, +0.44]`."""
        gains = {each.aid: each.gain for each in self.aids}
        if not self.named:
            placebo = gains.get(PLACEBO)
            text = ", but the placebo did" if placebo and _above(placebo) else ""
            return f"no aid helped reliably{text}"
        told = [f"{_with_article(name)}: {gains[name]:+}" for name in self.named]
        apart = "" if len(told) == 1 else " (these cannot be told apart)"
        return f"helped most by {'; or '.join(told)}{apart}"

    def __str__(self) -> str:
        return self.verdict

    def rows(self) -> list[tuple[str, ...]]:
        """Aid, capability, score, gain and gain over the placebo; most helpful first."""
        order = sorted(self.aids, key=lambda each: (each.aid == PLACEBO, -each.gain.mean))
        return [
            (
                each.aid,
                each.capability or "-",
                f"{each.score:.2f}",
                f"{each.gain:+}",
                "-" if each.over_placebo is None else f"{each.over_placebo:+}",
            )
            for each in order
        ]

    def _repr_html_(self) -> str:
        return html_table(HEADER, self.rows())


HEADER = ("aid", "stands in for", "score", "gain", "gain over placebo")


def gains(
    scores: Mapping[str, Sequence[float]], capabilities: Mapping[str, str], reach: float
) -> Gains:
    """Work out the gain by aid.

    Args:
        scores: By arm, the scores of the same episodes in the same order; the arm `none`, and any
            of the aids and the placebo.
        capabilities: The capability that each aid stands in for.
        reach: The largest difference that two scores can have.
    """
    table = {arm: np.asarray(row, dtype=np.float64) for arm, row in scores.items()}
    names = [arm for arm in table if arm != NONE]
    over = [arm for arm in names if arm != PLACEBO] if PLACEBO in table else []
    differences = [table[arm] - table[NONE] for arm in names]
    differences += [table[arm] - table[PLACEBO] for arm in over]
    intervals = simultaneous_intervals(np.array(differences), reach)
    over_placebo = dict(zip(over, intervals[len(names) :], strict=True))
    found = [
        Gain(
            aid=arm,
            capability=capabilities.get(arm, ""),
            score=float(table[arm].mean()),
            gain=gain,
            over_placebo=over_placebo.get(arm),
        )
        for arm, gain in zip(names, intervals, strict=False)
    ]
    return Gains(
        episodes=len(table[NONE]),
        score=float(table[NONE].mean()),
        aids=found,
        named=_named(table, [each.aid for each in found if each.reliable], reach),
    )


def _named(table: Mapping[str, Floats], reliable: Sequence[str], reach: float) -> list[str]:
    """The best of the reliable aids, and those that are not reliably less than it."""
    best, *others = sorted(reliable, key=lambda arm: -table[arm].mean()) or [""]
    if not others:
        return [best] if best else []
    behind = simultaneous_intervals(np.array([table[best] - table[arm] for arm in others]), reach)
    return [best, *(a for a, less in zip(others, behind, strict=True) if not _above(less))]


def simultaneous_intervals(differences: Floats, reach: float) -> list[Interval]:
    """Means of paired differences with 95 % intervals that hold all together.

    With T = |sum| / sqrt(sum of squares), an interval holds every shift of a comparison's
    differences that leaves its T below the 95 % point of the largest T over all comparisons, when
    the signs of whole episodes are tossed (max-T, Westfall & Young 1993). Two more episodes, one
    at each end of the possible range, keep comparisons without spread from having no width.

    Args:
        differences: Shape (comparisons, episodes).
        reach: The largest possible difference; 0 if there can be none.

    Returns:
        One interval per comparison; without ends where there are too few episodes for any.
    """
    episodes = differences.shape[1]
    means = differences.mean(axis=1)
    if reach <= 0:
        return [Interval(mean) for mean in means.tolist()]
    squares = (differences**2).sum(axis=1) + 2 * reach**2
    centred = differences - means[:, None]
    lengths = np.sqrt((centred**2).sum(axis=1) + 2 * reach**2)
    signs = np.random.default_rng(SEED).integers(2, size=(TOSSES, episodes)) * 2.0 - 1
    largest = (np.abs(signs @ centred.T) / lengths).max(axis=1)
    point = max(1.0, float(np.quantile(largest, CONFIDENCE)))
    number = episodes + 2
    middle = differences.sum(axis=1) / number
    spread = squares / number - middle**2
    if episodes < LEAST_EPISODES or number <= point**2:
        return [Interval(mean) for mean in means.tolist()]
    half = point * np.sqrt(spread / (number - point**2))
    return [
        Interval(mean, low, high)
        for mean, low, high in zip(
            means.tolist(), (middle - half).tolist(), (middle + half).tolist(), strict=True
        )
    ]


def _above(interval: Interval) -> bool:
    return interval.low is not None and interval.low > 0


def _with_article(name: str) -> str:
    if name.endswith("s"):
        return name
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
