"""What helped an agent: gains by aid, from paired scores. Pure functions."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence

import msgspec
import numpy as np

from smartplay.core.shown import Shown, html_table
from smartplay.scores.intervals import Interval
from smartplay.scores.sign_flips import ALPHA, Shares, joint_ends, least_p
from smartplay.scores.statistics import Floats

NONE, PLACEBO = "none", "placebo"
"""The arms that no diagnosis names."""

SEED = 0


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
        if not self.named and least_p(self.episodes) > ALPHA:
            return "too few episodes to tell what helped"
        if not self.named and PLACEBO not in gains:
            return "no placebo was played, so it cannot be told whether an aid helped"
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
    intervals = joint_intervals(np.array(differences), reach) if differences else []
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
    behind = joint_intervals(np.array([table[best] - table[arm] for arm in others]), reach)
    return [best, *(a for a, less in zip(others, behind, strict=True) if not _above(less))]


def joint_intervals(differences: Floats, reach: float) -> list[Interval]:
    """Means of paired differences with 95 % intervals that hold all together.

    Args:
        differences: Shape (comparisons, episodes).
        reach: The largest possible difference; 0 if there can be none.

    Returns:
        One interval per comparison; without ends where there are too few episodes for any.
    """
    share = 1 / differences.shape[1]
    parts: list[dict[Hashable, float]] = [
        dict(enumerate((row * share).tolist())) for row in differences
    ]
    shares = [Shares(dict.fromkeys(part, share), [(share, reach * share)]) for part in parts]
    ends = joint_ends(parts, shares, np.random.default_rng(SEED))
    return [
        Interval(mean, *((None, None) if reach <= 0 or low == -math.inf else (low, high)))
        for mean, (low, high) in zip(differences.mean(axis=1).tolist(), ends, strict=True)
    ]


def _above(interval: Interval) -> bool:
    return interval.low is not None and interval.low > 0


def _with_article(name: str) -> str:
    if name.endswith("s"):
        return name
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
