"""The known weaknesses of the contrasts and thresholds that a report shows."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from smartplay.games.registry import get_card
from smartplay.scores.thresholds import Threshold
from smartplay.validity.attacks import Attacks, stored_attacks
from smartplay.validity.population import METHODS, failing_capabilities


def limits(scored: Collection[str], thresholds: Sequence[Threshold]) -> list[str]:
    """The worst known attacks on what is shown, and the capabilities that fail the two-method test.

    Args:
        scored: Full ids of the games whose scores are shown.
        thresholds: The thresholds that are shown.
    """
    attacks = stored_attacks()
    hard = [each for each in attacks if each.game in scored]
    played = [get_card(each.game) for each in thresholds]
    dials = [
        (card.family, each.capability)
        for card, each in zip(played, thresholds, strict=True)
        if card.shipped  # whatever family another game says it belongs to
    ]
    on_dials = [each for each in attacks if (get_card(each.game).family, each.capability) in dials]
    shown = {each.capability for each in hard}
    shown |= {capability for family, capability in dials if family in METHODS}
    return [
        *_attacks(hard, "the hard settings"),
        *_attacks(on_dials, "the hard settings of the same dials"),
        *_failing(shown),
    ]


def _attacks(found: Sequence[Attacks], where: str) -> Iterator[str]:
    worst = [
        f"{each.capability} {each.worst.score.shown_mean} ({each.worst.name})" for each in found
    ]
    if worst:
        yield (
            f"The worst known attacks (shortcuts that do without the capability) on {where}, over "
            f"chance (0: guessing, 1: every answer right): {'; '.join(worst)}."
        )


def _failing(shown: Collection[str]) -> Iterator[str]:
    for capability, reasons in failing_capabilities().items():
        if capability in shown:
            yield (
                f"{capability} failed the check in which two methods measure each capability: "
                f"{'; '.join(reasons)}."
            )
