"""Retention: what is left of an agent's score when one capability is demanded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from smartplay.cards.capabilities import Capability
from smartplay.cards.card import GameCard, Level
from smartplay.core.shown import Shown
from smartplay.scores.intervals import Interval, ratio_interval
from smartplay.scores.scoring import GameScore

LEVELS: tuple[Level, Level] = ("easy", "hard")
UNPLAYED = "its two settings were not both played"
NOT_MEASURABLE = "the easy score is not surely above chance"


class ContrastScore(Shown, msgspec.Struct, frozen=True, kw_only=True):
    """What is left of a capability when it is demanded.

    Attributes:
        capability: Its name.
        easy: Mean score of the easy setting over chance (0 random play, 1 the best possible).
        hard: The same of the hard setting.
        retention: Hard over easy; None unless the whole interval of easy is above chance.
        pairs: The episodes of each setting, of the one that has fewer.
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
    cards: Sequence[GameCard], scores: Mapping[str, GameScore]
) -> list[ContrastScore]:
    """Score the pairs of contrast settings among some games.

    Args:
        cards: The played games' cards.
        scores: Their scores, by full id.

    Returns:
        One score per capability, in the order of `Capability`; nothing at all if no contrast is
        among the games.
    """
    played: dict[tuple[str, Level], GameScore] = {
        (card.contrast.capability, card.contrast.level): scores[card.id]
        for card in cards
        if card.contrast
    }
    if not played:
        return []
    return [_score_contrast(capability, played) for capability in Capability]


def _score_contrast(
    capability: Capability, played: Mapping[tuple[str, Level], GameScore]
) -> ContrastScore:
    easy, hard = (played.get((capability.key, level)) for level in LEVELS)
    found = ContrastScore(
        capability=str(capability),
        easy=easy.corrected if easy else None,
        hard=hard.corrected if hard else None,
        pairs=min(easy.episodes, hard.episodes) if easy and hard else 0,
    )
    if found.easy is None or found.hard is None:
        return msgspec.structs.replace(found, reason=UNPLAYED)
    retention = ratio_interval(found.hard, found.easy)
    return msgspec.structs.replace(
        found, retention=retention, reason="" if retention else NOT_MEASURABLE
    )
