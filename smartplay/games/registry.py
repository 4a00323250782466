"""Finds the game cards, those of installed packs too, and registers their ids with Gymnasium."""

from __future__ import annotations

import warnings
from pathlib import Path

from smartplay.cards.card import GameCard, cards_of, read_cards
from smartplay.core.errors import CardError, UnknownNameError
from smartplay.core.plugins import plugins
from smartplay.games.ids import GROUP, register_id, shipped_tables
from smartplay.games.packs import Pack, read_pack

SELECTIONS = ("core", "all")
"""What names games besides families, ids and packs."""

_cards: dict[str, GameCard] = {}
_packs: dict[str, Pack] = {}


def cards() -> list[GameCard]:
    """All known cards, shipped ones first, then those of packs, in a fixed order."""
    return list(_cards.values())


def packs() -> list[Pack]:
    """The packs of games that are installed, by name."""
    return list(_packs.values())


def get_card(name: str) -> GameCard:
    """The card of an id.

    Args:
        name: `smartplay/Hanoi3Disk-v0`, `Hanoi3Disk-v0` or `Hanoi3Disk`; without a version, the
            newest.

    Raises:
        UnknownNameError: If there is no such id; names the nearest ones.
    """
    if exact := find_card(name):
        return exact
    short = name.removeprefix("smartplay/").removeprefix("smartplay:")
    matches = [card for card in _cards.values() if short in (card.id.split("/")[1], card.name)]
    if not matches:
        raise UnknownNameError("game", name, [card.name for card in _cards.values()])
    return matches[-1]


def find_card(full_id: str) -> GameCard | None:
    """The card of a full id, such as `smartplay/Hanoi3Disk-v0`; None if there is none.

    What a run folder names is looked up here: `get_card` lets a name stand for the newest id.
    """
    return _cards.get(full_id)


def register_cards(path: str | Path) -> list[GameCard]:
    """Register the ids of a card file of your own.

    Registering the same file again does no harm, nor does that of a pack which is installed.

    Args:
        path: The TOML file; `file.py:Class` in it is looked up beside it.

    Raises:
        CardError: If the card is broken, or an id is taken by another card.
    """
    path = Path(path).resolve()
    pack = next((pack for pack in _packs.values() if pack.folder == path.parent), None)
    found = read_cards(path, pack.source_of(path) if pack else None)
    for card in found:
        _register(card)
    return found


def _register_shipped() -> None:
    for path, tables in shipped_tables().items():
        for card in cards_of(tables, path, source=path.stem):
            _register(card)


def _register_packs() -> None:
    for entry in plugins(GROUP):
        try:
            pack = read_pack(entry)
            _refuse_clashes(pack)
            for card in pack.cards:
                _register(card)
        except Exception as error:  # nobody's package may keep the others from playing
            warnings.warn(
                f"SmartPlay leaves out the games of {entry.name} ({entry.value}): {error}",
                stacklevel=3,
            )
        else:
            _packs[pack.name] = pack


def _refuse_clashes(pack: Pack) -> None:
    """Raise a `CardError` if a name of a pack has a meaning already."""
    taken = {card.name: card.source for card in _cards.values()}
    groups = dict.fromkeys(SELECTIONS, "SmartPlay")
    groups |= {card.family: card.source for card in _cards.values()}
    groups |= {other.name: other.package for other in _packs.values()}
    for name in (pack.name, *(card.family for card in pack.cards)):
        if name in groups:
            raise CardError(f"the name {name} is taken by {groups[name]}; choose another")
    for card in pack.cards:
        if card.name in taken:
            raise CardError(f"the game {card.name} is taken by {taken[card.name]}; rename it")


def _register(card: GameCard) -> None:
    known = _cards.get(card.id)
    if known is not None:
        if known.source != card.source:
            raise CardError(f"card {card.source}: the id {card.id} is taken by {known.source}")
        if known.digest != card.digest:
            raise CardError(
                f"card {card.source}: {card.id} has changed since it was registered; restart "
                "Python to play it"
            )
        _cards[card.id] = card  # its anchors may be new
        return
    _cards[card.id] = card
    if not card.playable:
        return
    if card.source.endswith(".toml"):
        _ = card.digest  # of the code as it is now, should it change before the next registration
    environment, describer = card.beside(card.environment), card.beside(card.describer)
    shown = card.settings, card.history, card.text_limit
    register_id(card.id, environment, describer, card.steps, *shown)


_register_shipped()
_register_packs()
