"""Finds the game cards and registers their ids with Gymnasium.

Each id is registered twice: as `smartplay/NAME-v0`, and without the namespace as `NAME-v0`, so that
`gym.make("smartplay:NAME-v0")` works as it did in the original.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import gymnasium as gym
from gymnasium.envs.registration import WrapperSpec

from smartplay.cards.card import GameCard, read_cards
from smartplay.core.errors import CardError, UnknownNameError

_cards: dict[str, GameCard] = {}


def cards() -> list[GameCard]:
    """All known cards, shipped ones first, in a fixed order."""
    return list(_cards.values())


def get_card(name: str) -> GameCard:
    """The card of an id.

    Args:
        name: `smartplay/Hanoi3Disk-v0`, `Hanoi3Disk-v0` or `Hanoi3Disk`.

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

    Registering the same file again does no harm.

    Args:
        path: The TOML file; `file.py:Class` in it is looked up beside it.

    Raises:
        CardError: If the card is broken, or an id is taken by another card.
    """
    path = Path(path).resolve()
    found = read_cards(path)
    for card in found:
        _register(card, path.parent)
    return found


def _register_shipped() -> None:
    folder = Path(str(resources.files("smartplay.games")))
    for path in sorted(folder.glob("**/*.toml")):
        for card in read_cards(path, source=path.stem):
            _register(card, folder)


def _register(card: GameCard, folder: Path) -> None:
    known = _cards.get(card.id)
    if known is not None:
        if known.source != card.source:
            raise CardError(f"card {card.source}: the id {card.id} is taken by {known.source}")
        if known.digest != card.digest:
            raise CardError(
                f"card {card.source}: {card.id} has changed since it was registered; start Python "
                "anew to play it"
            )
        _cards[card.id] = card  # its anchors may be new
        return
    _cards[card.id] = card
    if not card.playable:
        return
    _ = card.digest  # of the code as it is now, should it change before the next registration
    environment, describer = _beside(folder, card.environment), _beside(folder, card.describer)
    words = {"describer": describer, "history": card.history, "text_limit": card.text_limit}
    wrapper = WrapperSpec("TextGame", "smartplay.games.base:put_into_words", words)
    for env_id in (card.id, card.id.removeprefix("smartplay/")):
        if env_id not in gym.registry:
            gym.register(
                id=env_id,
                entry_point="smartplay.games.base:make_native",
                max_episode_steps=card.steps,
                kwargs={"environment": environment, "describer": describer, **card.settings},
                additional_wrappers=(wrapper,),
            )


def _beside(folder: Path, reference: str) -> str:
    """Make `file.py:Name` absolute; leave every other reference as it is."""
    place, _, name = reference.rpartition(":")
    return f"{folder / place}:{name}" if place.endswith(".py") else reference


_register_shipped()
