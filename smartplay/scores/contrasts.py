"""Retention: what is left of an agent's score when one capability is demanded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from smartplay.cards.bounds import Bounds
from smartplay.cards.capabilities import Capability
from smartplay.cards.card import GameCard, Level
from smartplay.core.shown import Shown
from smartplay.records import EpisodeRecord
from smartplay.scores.intervals import Interval, ratio_interval
from smartplay.scores.scoring import GameScore, episode_means

LEVELS: tuple[Level, Level] = ("easy", "hard")
UNPLAYED = "its two settings were not both played"
NOT_MEASURABLE = "the easy score is not surely above chance"

Played = tuple[GameCard, GameScore, Sequence[EpisodeRecord]]
"""A setting's card, its score and its episodes."""


class ContrastScore(Shown, msgspec.Struct, frozen=True, kw_only=True):
    """What is left of a capability when it is demanded.

    Attributes:
        capability: Its name.
        easy: Mean score of the easy setting over chance (0 random play, 1 the best possible).
        hard: The same of the hard setting.
        retention: Hard over easy; None unless the whole interval of easy is above chance.
        pairs: The episodes of each setting, repeats not counted; of the one that has fewer.
        reason: Why there is no retention; empty if there is one.
    """

    capability: str
    easy: Interval | None = None
    hard: Interval | None = None
    retention: Interval | None = None
    pairs: int = 0
    reason: str = ""

    def __str__(self) -> str:
        found = f"none, {self.reason}" if self.retention is None else self.retention
        return f"{self.capability}: retention {found}"


def score_contrasts(
    cards: Sequence[GameCard],
    scores: Mapping[str, GameScore],
    records: Mapping[str, Sequence[EpisodeRecord]],
) -> list[ContrastScore]:
    """Score the pairs of contrast settings among some games.

    Args:
        cards: The played games' cards.
        scores: Their scores, by full id.
        records: Their episodes, likewise.

    Returns:
        One score per capability, in the order of `Capability`; nothing at all if no contrast is
        among the games.
    """
    played = {
        (card.contrast.capability, card.contrast.level): (card, scores[card.id], records[card.id])
        for card in cards
        if card.contrast
    }
    if not played:
        return []
    return [
        _score_contrast(str(capability), *(played.get((capability.key, level)) for level in LEVELS))
        for capability in Capability
    ]


def _score_contrast(capability: str, easy: Played | None, hard: Played | None) -> ContrastScore:
    found = ContrastScore(
        capability=capability,
        easy=easy and easy[1].corrected,
        hard=hard and hard[1].corrected,
        pairs=min(len(_means(easy[2])), len(_means(hard[2]))) if easy and hard else 0,
    )
    if easy is None or hard is None or found.easy is None or found.hard is None:
        return msgspec.structs.replace(found, reason=UNPLAYED)
    (above, above_bounds), (below, below_bounds) = _over_chance(*hard), _over_chance(*easy)
    retention = ratio_interval(above, below, above_bounds, below_bounds)
    return msgspec.structs.replace(
        found, retention=retention, reason="" if retention else NOT_MEASURABLE
    )


def _over_chance(
    card: GameCard, game: GameScore, records: Sequence[EpisodeRecord]
) -> tuple[list[float], Bounds]:
    """The scores of the episodes and what they can be: 0 random play, 1 the best possible."""
    assert card.anchors.corrected is not None
    bounds = card.bounds_within(game.steps_limit).scaled(*card.anchors.corrected)
    scores = (card.corrected(mean) for mean in _means(records))
    return [score for score in scores if score is not None], bounds


def _means(records: Sequence[EpisodeRecord]) -> list[float]:
    """The score of each scored episode, the mean over its plays."""
    return list(episode_means((record.episode, record.score) for record in records).values())
