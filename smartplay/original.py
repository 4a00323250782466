"""The names the original SmartPlay had, with their meaning."""

from __future__ import annotations

from collections.abc import Mapping

from smartplay.cards.card import Human
from smartplay.core.errors import UsageError
from smartplay.games.registry import cards, get_card
from smartplay.scores import scoring

FAMILIES = ("bandit", "crafter", "hanoi", "messenger", "minedojo", "rock_paper_scissors")

env_list: list[str] = [
    card.id.removeprefix("smartplay/")
    for card in cards()
    if card.playable and not card.parametric and card.family in FAMILIES
]
"""The original's games, such as `"Hanoi3Disk-v0"`."""

benchmark_games_v0: list[str] = [card.name for card in cards() if card.core]
"""The headline tasks, such as `"Hanoi3Disk"`."""


def normalize_score(name: str, score: float, human: Human = "published") -> float:
    """A game's score on the scale from its minimum (0) to the human score (1).

    A score above the human one comes out above 1, one below the minimum below 0.

    Args:
        name: A game, with or without namespace and version.
        score: The score in the game's own unit.
        human: Which human score is 1: the published one, or `"baseline"` for the one recorded
            here, where there is one. The card says where each comes from.

    Returns:
        (score - minimum) / (human - minimum).

    Raises:
        UsageError: If there is no such game or no human score for it.
    """
    card = get_card(name).held_to(human)
    normalized = card.normalized(score)
    if normalized is None:
        raise UsageError(f"no human score is known for {card.id}, so it cannot be normalised")
    return normalized


def analyze_capabilities(
    scores: Mapping[str, float], weights: scoring.Weights = "shipped"
) -> dict[str, float | None]:
    """Attribute normalised scores to the nine capabilities, as the paper (arXiv 2310.01557) does.

    Args:
        scores: Normalised scores by game, as of `normalize_score`.
        weights: `"shipped"` (degree less one, as in the original's code) or `"paper"` (degree).

    Returns:
        The weighted mean of the scores, by the name of each capability as people read it; None
        where none of the games demands it.

    Raises:
        UsageError: If there is no such game or weighting.
    """
    pairs = [(get_card(name), score) for name, score in scores.items()]
    return scoring.analyze_capabilities(pairs, weights)
