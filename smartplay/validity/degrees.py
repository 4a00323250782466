"""What a choice of games can tell apart: pure functions of degrees and published scores."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from smartplay.cards.capabilities import Capability
from smartplay.cards.card import GameCard
from smartplay.cards.published import PublishedTable
from smartplay.scores.scoring import Weights, separability, weigh, weight_matrix


class DegreeStudy(msgspec.Struct, frozen=True, kw_only=True):
    """What the degrees of a choice of games can tell apart.

    Attributes:
        weights: Which weighting, see `smartplay.scores.scoring.weigh`.
        games: The games, as many as the matrix has rows; it has nine columns.
        rank: Its rank: how many of the nine scores are independent of one another.
        singular_values: Its singular values, largest first.
        condition: The largest of them over the smallest that is not 0: how much larger an error
            of a game's score may become when the scores are told apart. None if all are 0.
        groups: Capabilities whose scores are equal whatever is played.
        determined: Capabilities whose score follows from the other eight, whatever is played.
        uncovered: Capabilities that none of the games demands.
    """

    weights: Weights
    games: list[str]
    rank: int
    singular_values: list[float]
    condition: float | None
    groups: list[list[str]]
    determined: list[str]
    uncovered: list[str]


def study_degrees(cards: Sequence[GameCard], weights: Weights) -> DegreeStudy:
    """Find out what the scores of some games can tell apart.

    Args:
        cards: The games, one or more.
        weights: The weighting.
    """
    matrix = weight_matrix(cards, weights)
    found = separability(cards, weights)
    values = np.linalg.svd(matrix, compute_uv=False)
    kept = values[: found.rank]
    covered = {str(capability): k for k, capability in enumerate(Capability) if matrix[:, k].any()}
    without = {
        name: np.linalg.matrix_rank(np.delete(matrix, k, axis=1)) for name, k in covered.items()
    }
    return DegreeStudy(
        weights=weights,
        games=[card.id for card in cards],
        rank=found.rank,
        singular_values=[float(value) for value in values],
        condition=float(kept[0] / kept[-1]) if len(kept) else None,
        groups=found.groups,
        determined=[name for name, rest in without.items() if rest == found.rank],
        uncovered=[name for name in map(str, Capability) if name not in covered],
    )


class TableStudy(msgspec.Struct, frozen=True, kw_only=True):
    """How far a table's nine scores are nine measurements.

    Attributes:
        weights: Which weighting.
        models: How many models are in the table.
        rank: Rank of the matrix of weights, games by capabilities.
        correlations: Pearson correlations over the models, nine rows of nine.
        lowest: The lowest correlation of two different capabilities.
        median: The median of them.
        component: The share of the scores' variance along their first principal component.
    """

    weights: Weights
    models: int
    rank: int
    correlations: list[list[float]]
    lowest: float
    median: float
    component: float


def study_table(table: PublishedTable, weights: Weights) -> TableStudy:
    """Correlate the capability scores of the models in a table.

    Args:
        table: Scores and degrees; three models or more.
        weights: The weighting.
    """
    matrix = weigh([table.degrees[k.key] for k in Capability], weights)
    scores = np.array(list(table.models.values())) @ (matrix / matrix.sum(axis=1, keepdims=True)).T
    correlations = np.asarray(np.corrcoef(scores, rowvar=False))
    pairs = correlations[np.triu_indices(len(matrix), 1)]
    spread = np.linalg.svd(scores - scores.mean(axis=0), compute_uv=False) ** 2
    return TableStudy(
        weights=weights,
        models=len(scores),
        rank=int(np.linalg.matrix_rank(matrix)),
        correlations=correlations.tolist(),
        lowest=float(pairs.min()),
        median=float(np.median(pairs)),
        component=float(spread[0] / spread.sum()),
    )
