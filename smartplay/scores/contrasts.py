"""Retention: what is left of an agent's score when one capability is demanded.

Pure functions of cards and records, as all scores are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from smartplay.cards.capabilities import Capability
from smartplay.cards.card import GameCard, Level
from smartplay.core.shown import Shown
from smartplay.records import EpisodeRecord
from smartplay.scores.scoring import BOOTSTRAP_SEED, episode_means
from smartplay.scores.statistics import MASTERED, Interval, mean_interval, ratio_interval


class ContrastScore(Shown, msgspec.Struct, frozen=True, kw_only=True):
    """What is left of a capability when it is demanded.

    Attributes:
        capability: Its name.
        easy: Mean score of the easy setting over chance (0 random play, 1 the best possible).
        hard: The same of the hard setting.
        retention: Hard over easy, with an interval that resamples pairs of episodes of one number.
        pairs: How many such pairs there are.
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
    cards: Sequence[GameCard], records: Mapping[str, Sequence[EpisodeRecord]]
) -> list[ContrastScore]:
    """Score the pairs of contrast settings among some games.

    Args:
        cards: The played games' cards.
        records: Their episodes, by full id.

    Returns:
        One score per capability, in the order of `Capability`; nothing at all if no contrast is
        among the games.
    """
    played: dict[tuple[str, Level], GameCard] = {
        (card.contrast.capability, card.contrast.level): card for card in cards if card.contrast
    }
    if not played:
        return []
    return [_score_contrast(capability, played, records) for capability in Capability]


def _score_contrast(
    capability: Capability,
    played: Mapping[tuple[str, Level], GameCard],
    records: Mapping[str, Sequence[EpisodeRecord]],
) -> ContrastScore:
    levels: tuple[Level, Level] = ("easy", "hard")
    sides = [played.get((capability.key, level)) for level in levels]
    easy, hard = (_over_chance(card, records) if card else {} for card in sides)
    both = [episode for episode in easy if episode in hard]
    retention, reason = None, "its two settings were not both played"
    if both:
        retention = ratio_interval(
            [hard[episode] for episode in both],
            [easy[episode] for episode in both],
            np.random.default_rng(BOOTSTRAP_SEED),
        )
        reason = "" if retention else f"the easy setting is not mastered (below {MASTERED})"
    return ContrastScore(
        capability=str(capability),
        easy=mean_interval(list(easy.values())) if easy else None,
        hard=mean_interval(list(hard.values())) if hard else None,
        retention=retention,
        pairs=len(both),
        reason=reason,
    )


def _over_chance(
    card: GameCard, records: Mapping[str, Sequence[EpisodeRecord]]
) -> dict[int, float]:
    """The scores of a game's episodes over chance, by number."""
    return episode_means(
        (record.episode, card.corrected(record.score))
        for record in records.get(card.id, ())
        if record.score is not None
    )
