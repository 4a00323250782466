"""What ablations do to scores, and whether it can be told which ablation it was: pure functions."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from smartplay.cards.bounds import Bounds
from smartplay.cards.capabilities import Capability
from smartplay.cards.card import GameCard
from smartplay.scores.intervals import ratio_interval
from smartplay.scores.scoring import Weights, analyze_capabilities
from smartplay.scores.statistics import Floats

KEPT, LOST = 0.9, 0.3
"""A row of the ablation matrix is clean if all but its diagonal is at least `KEPT`, that at most
`LOST`."""


class AblationMatrix(msgspec.Struct, frozen=True, kw_only=True, rename={"ablations": "lesions"}):
    """What each ablation leaves of each contrast.

    Rows are ablations, columns contrasts, both in the order of `capabilities`; a value is None
    where the ablated agent does not master the easy setting.

    Attributes:
        capabilities: The nine.
        ablations: The ablations' names (`lesions` in JSON, as in version 0.1).
        retention: Hard over easy, both over chance.
        low: Lower ends of the 95 % intervals.
        high: Upper ends.
        seeds: Episodes per setting.
        clean: Per row, whether the diagonal is at most `LOST` and all the rest at least `KEPT`.
        easy: Over chance, per ablation and contrast.
        hard: Likewise.
    """

    capabilities: list[str]
    ablations: list[str]
    retention: list[list[float | None]]
    low: list[list[float | None]]
    high: list[list[float | None]]
    seeds: int
    clean: list[bool]
    easy: list[list[float]]
    hard: list[list[float]]


def ablation_matrix(
    ablations: Sequence[str], easy: Floats, hard: Floats, bounds: Bounds
) -> AblationMatrix:
    """Work out the matrix from played episodes.

    Args:
        ablations: Nine names, in the order of the capabilities.
        easy: Scores over chance (0 random play, 1 the best), shape (ablations, contrasts, seeds).
        hard: Likewise, of the same seeds.
        bounds: What they can be.
    """
    cells = [
        [ratio_interval(top, bottom, bounds, bounds) for top, bottom in zip(*rows, strict=True)]
        for rows in zip(hard.tolist(), easy.tolist(), strict=True)
    ]
    means, low, high = (
        [[getattr(cell, name, None) for cell in row] for row in cells]
        for name in ("mean", "low", "high")
    )
    return AblationMatrix(
        capabilities=[str(capability) for capability in Capability],
        ablations=list(ablations),
        retention=means,
        low=low,
        high=high,
        seeds=easy.shape[2],
        clean=[_clean(k, row) for k, row in enumerate(means)],
        easy=easy.mean(axis=2).tolist(),
        hard=hard.mean(axis=2).tolist(),
    )


def _clean(diagonal: int, row: Sequence[float | None]) -> bool:
    known = [value for value in row if value is not None]
    others = [value for k, value in enumerate(known) if k != diagonal]
    return len(known) == len(row) and known[diagonal] <= LOST and min(others) >= KEPT


class ClassicAblations(msgspec.Struct, frozen=True, kw_only=True):
    """What the ablations do to the classic scores.

    Attributes:
        games: The core games that a reference agent plays.
        weights: The weighting of the capability scores.
        whole: The whole agent's normalised score per game.
        lost: Per ablation, what it loses in each game; None where the game's agent has no such
            faculty, so that nothing was taken away.
        drops: Per ablation, what each capability score loses; None where no game covers it.
        suspected: Per ablation, the capabilities that lose most; empty where none loses anything.
        told: Per ablation, whether that is the right one, and it alone.
    """

    games: list[str]
    weights: Weights
    whole: list[float]
    lost: list[list[float | None]]
    drops: list[list[float | None]]
    suspected: list[list[str]]
    told: list[bool]


NOTICEABLE = 0.02
"""A capability score that falls by less is not taken for a sign of anything."""


def classic_ablations(
    cards: Sequence[GameCard],
    whole: Sequence[float],
    ablated: Sequence[Sequence[float | None]],
    weights: Weights,
) -> ClassicAblations:
    """Read the classic capability scores as a report's reader would: which one has fallen most?

    Args:
        cards: The games.
        whole: The whole agent's normalised score per game.
        ablated: Per ablation, in the order of the capabilities, the score per game; None where
            nothing was taken away.
        weights: The weighting.
    """
    lost = [
        [None if now is None else before - now for before, now in zip(whole, row, strict=True)]
        for row in ablated
    ]
    changes = [[(card, part or 0.0) for card, part in zip(cards, row, strict=True)] for row in lost]
    drops = [list(analyze_capabilities(row, weights).values()) for row in changes]
    suspected = [_largest(row) for row in drops]
    return ClassicAblations(
        games=[card.id for card in cards],
        weights=weights,
        whole=list(whole),
        lost=lost,
        drops=drops,
        suspected=suspected,
        told=[names == [str(own)] for names, own in zip(suspected, Capability, strict=True)],
    )


def _largest(drops: Sequence[float | None]) -> list[str]:
    known = [drop for drop in drops if drop is not None]
    most = max(known, default=0.0)
    if most < NOTICEABLE:
        return []
    return [
        str(capability)
        for capability, drop in zip(Capability, drops, strict=True)
        if drop is not None and most - drop < 1e-9
    ]
