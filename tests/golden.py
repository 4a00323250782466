"""Golden playthroughs: a readable transcript per id, replayed line by line by the tests.

`python -m tests.golden` plays and writes the missing ones; with ids, those again.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from smartplay.cards.card import GameCard
from smartplay.games.registry import cards, register_cards
from smartplay.validity.conformance import SEED, transcript

GAMES = Path(__file__).parents[1] / "games"


def all_cards() -> list[GameCard]:
    """Every playable card of the repository, the examples in `games/` included."""
    for path in sorted(GAMES.glob("*/*.toml")):
        register_cards(path)
    return [card for card in cards() if card.playable]


def first_of_code(cards: list[GameCard]) -> list[Any]:
    """Every card as a parameter; slow are those that the code of a card before them plays too."""
    first = {(card.environment, card.describer): card for card in reversed(cards)}.values()
    return [
        pytest.param(card, id=card.name, marks=[] if card in first else pytest.mark.slow)
        for card in cards
    ]


def golden_path(card: GameCard) -> Path:
    """Where a card's transcript is kept."""
    return GAMES / card.family / f"{card.id.split('/')[1]}.txt"


if __name__ == "__main__":
    for card in all_cards():
        path = golden_path(card)
        if not path.exists() or card.id in sys.argv or card.name in sys.argv:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(transcript(card, SEED))
            print(path)
