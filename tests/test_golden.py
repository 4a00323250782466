"""Every id has a golden playthrough, and playing it again gives the same lines."""

from __future__ import annotations

import pytest

from smartplay.cards.card import GameCard
from smartplay.validity.conformance import recorded, transcript
from tests.golden import all_cards, golden_path


@pytest.mark.parametrize("card", all_cards(), ids=lambda card: card.name)
def test_golden_playthrough(card: GameCard) -> None:
    path = golden_path(card)
    assert path.exists(), f"{card.id} has no golden playthrough; write it: python -m tests.golden"
    expected = path.read_text()
    seed, actions = recorded(expected)
    again = transcript(card, seed, actions)
    for number, (old, new) in enumerate(
        zip(expected.splitlines(), again.splitlines(), strict=False), start=1
    ):
        assert new == old, f"{path.name}, line {number} is now different"
    assert again == expected, f"{path.name} now has another length"
