"""Whether capability scores measure capabilities: pure functions of degrees, tables and scores."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib import resources

import msgspec
import numpy as np

from smartplay.capabilities import Capability
from smartplay.card import GameCard
from smartplay.scoring import Weights, separability, weight
from smartplay.statistics import Floats, Interval, ratio_interval

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

KEPT, LOST = 0.9, 0.3
"""A row of the lesion matrix is clean if all but its diagonal is at least `KEPT`, that at most
`LOST`."""


class DegreeStudy(msgspec.Struct, frozen=True, kw_only=True):
    """What the degrees of a choice of games can tell apart.

    Attributes:
        weights: Which weighting, see `smartplay.scoring.weight`.
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
    matrix = np.array([[weight(c.degree(k), weights) for k in Capability] for c in cards], float)
    found = separability(cards, weights)
    values = np.linalg.svd(matrix, compute_uv=False)
    kept = values[: found.rank]
    names = [str(capability) for capability in Capability]
    without = [
        np.linalg.matrix_rank(np.delete(matrix, column, axis=1)) for column in range(len(names))
    ]
    covered = [bool(matrix[:, column].any()) for column in range(len(names))]
    return DegreeStudy(
        weights=weights,
        games=[card.id for card in cards],
        rank=found.rank,
        singular_values=[float(value) for value in values],
        condition=float(kept[0] / kept[-1]) if len(kept) else None,
        groups=found.groups,
        determined=[
            name
            for name, rest, any_ in zip(names, without, covered, strict=True)
            if any_ and rest == found.rank
        ],
        uncovered=[name for name, any_ in zip(names, covered, strict=True) if not any_],
    )


class PublishedTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The original's published table.

    Attributes:
        games: The seven games.
        degrees: By capability as cards spell it, the degree of each game.
        models: By model, the human-normalised score of each game.
    """

    games: list[str]
    degrees: dict[str, list[int]]
    models: dict[str, list[float]]


def published_table() -> PublishedTable:
    """Read the published table that comes with the package."""
    text = resources.files("smartplay").joinpath("published.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), PublishedTable)


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
    matrix = np.array(
        [[weight(degree, weights) for degree in table.degrees[k.key]] for k in Capability], float
    )
    scores = np.array(list(table.models.values())) @ (matrix / matrix.sum(axis=1, keepdims=True)).T
    correlations = np.corrcoef(scores, rowvar=False)
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


class LesionMatrix(msgspec.Struct, frozen=True, kw_only=True):
    """What each lesion leaves of each contrast.

    Rows are lesions, columns contrasts, both in the order of `capabilities`; a value is None where
    the lesioned agent does not master the easy setting.

    Attributes:
        capabilities: The nine.
        lesions: The lesions' names.
        retention: Hard over easy, both over chance.
        low: Lower ends of the 95 % intervals.
        high: Upper ends.
        seeds: Episodes per setting.
        clean: Per row, whether the diagonal is at most `LOST` and all the rest at least `KEPT`.
        easy: Over chance, per lesion and contrast.
        hard: Likewise.
    """

    capabilities: list[str]
    lesions: list[str]
    retention: list[list[float | None]]
    low: list[list[float | None]]
    high: list[list[float | None]]
    seeds: int
    clean: list[bool]
    easy: list[list[float]]
    hard: list[list[float]]


def lesion_matrix(
    lesions: Sequence[str], easy: Floats, hard: Floats, rng: np.random.Generator
) -> LesionMatrix:
    """Work out the matrix from played episodes.

    Args:
        lesions: Nine names, in the order of the capabilities.
        easy: Scores over chance (0 random play, 1 the best), shape (lesions, contrasts, seeds).
        hard: Likewise, of the same seeds.
        rng: Draws the resamples.
    """
    number = len(lesions)
    cells: list[list[Interval | None]] = [
        [ratio_interval(hard[row, k], easy[row, k], rng) for k in range(number)]
        for row in range(number)
    ]
    return LesionMatrix(
        capabilities=[str(capability) for capability in Capability],
        lesions=list(lesions),
        retention=[[None if cell is None else cell.mean for cell in row] for row in cells],
        low=[[None if cell is None else cell.low for cell in row] for row in cells],
        high=[[None if cell is None else cell.high for cell in row] for row in cells],
        seeds=easy.shape[2],
        clean=[_clean(k, [cell and cell.mean for cell in row]) for k, row in enumerate(cells)],
        easy=easy.mean(axis=2).tolist(),
        hard=hard.mean(axis=2).tolist(),
    )


def _clean(diagonal: int, row: Sequence[float | None]) -> bool:
    known = [value for value in row if value is not None]
    others = [value for k, value in enumerate(known) if k != diagonal]
    return len(known) == len(row) and known[diagonal] <= LOST and min(others) >= KEPT


class ClassicLesions(msgspec.Struct, frozen=True, kw_only=True):
    """What the lesions do to the classic scores.

    Attributes:
        games: The core games that a reference agent plays.
        weights: The weighting of the capability scores.
        whole: The whole agent's normalised score per game.
        lost: Per lesion, what it loses in each game; None where the game's agent has no such
            faculty, so that nothing was taken away.
        drops: Per lesion, what each capability score loses; None where no game covers it.
        suspected: Per lesion, the capabilities that lose most; empty where none loses anything.
        told: Per lesion, whether that is the right one, and it alone.
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


def classic_lesions(
    cards: Sequence[GameCard],
    whole: Sequence[float],
    lesioned: Sequence[Sequence[float | None]],
    weights: Weights,
) -> ClassicLesions:
    """Read the classic capability scores as a report's reader would: which one has fallen most?

    Args:
        cards: The games.
        whole: The whole agent's normalised score per game.
        lesioned: Per lesion, in the order of the capabilities, the score per game; None where
            nothing was taken away.
        weights: The weighting.
    """
    lost = [
        [None if now is None else before - now for before, now in zip(whole, row, strict=True)]
        for row in lesioned
    ]
    drops = [_drops(cards, [part or 0.0 for part in row], weights) for row in lost]
    suspected = [_largest(row) for row in drops]
    return ClassicLesions(
        games=[card.id for card in cards],
        weights=weights,
        whole=list(whole),
        lost=lost,
        drops=drops,
        suspected=suspected,
        told=[
            names == [str(capability)]
            for names, capability in zip(suspected, Capability, strict=True)
        ],
    )


def _drops(
    cards: Sequence[GameCard], lost: Sequence[float], weights: Weights
) -> list[float | None]:
    found: list[float | None] = []
    for capability in Capability:
        parts = [weight(card.degree(capability), weights) for card in cards]
        total = sum(parts)
        drop = sum(part * loss for part, loss in zip(parts, lost, strict=True))
        found.append(drop / total if total else None)
    return found


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
    from smartplay.statistics import mean_interval

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
