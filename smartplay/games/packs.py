"""Packs: games that other installed packages bring.

A package brings games by an entry point of the group `smartplay.games`, which gives the pack a name
and names the Python package whose folder holds its cards:

```toml
[project.entry-points."smartplay.games"]
lights = "smartplay_lights"
```

None of a pack's code runs before one of its games is made.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from smartplay.cards.card import GameCard, read_cards
from smartplay.core.errors import CardError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


class Pack(NamedTuple):
    """The games of an installed package.

    Attributes:
        name: What names all its games at once, as in `--games NAME`.
        package: The Python package that holds its cards.
        folder: Where that is.
        distribution: The name it was installed by.
        version: Its version.
        cards: Its cards.
    """

    name: str
    package: str
    folder: Path
    distribution: str
    version: str
    cards: list[GameCard]

    def source_of(self, path: Path) -> str:
        """What its cards note as their source."""
        return f"{self.package}/{path.stem}"


def read_pack(entry: EntryPoint) -> Pack:
    """Read the cards of a pack.

    Raises:
        CardError: If there are none, or one is broken or claims what only SmartPlay's own may.
    """
    if not entry.name.isidentifier():
        raise CardError(f"a pack's name must be a word such as my_games, not {entry.name!r}")
    dist = entry.dist
    named = (dist.name, dist.version) if dist else (entry.value, "")
    folder = _folder_of(entry.value)
    pack = Pack(entry.name, entry.value, folder, *named, [])
    for path in sorted(folder.glob("*.toml")):
        pack.cards.extend(read_cards(path, pack.source_of(path)))
    if not pack.cards:
        raise CardError(f"there is no card (*.toml) in {folder}")
    for problem in _problems(pack.cards):
        raise CardError(problem)
    return pack


def _folder_of(package: str) -> Path:
    """The folder of a package, found without importing it."""
    top, *inner = package.split(".")
    try:
        spec = find_spec(top)
    except (ImportError, ValueError, AttributeError):
        spec = None
    for place in (spec and spec.submodule_search_locations) or ():
        folder = Path(place, *inner)
        if folder.is_dir():
            return folder.resolve()
    raise CardError(f"there is no Python package {package!r}")


def _problems(cards: list[GameCard]) -> Iterator[str]:
    names = [card.name for card in cards]
    for card in cards:
        where = f"card {card.source}, {card.name}"
        if names.count(card.name) > 1:
            yield f"{where}: the pack has two games of this name"
        for reference in (card.environment, card.describer, card.reference):
            if reference.rpartition(":")[0].endswith(".py"):
                yield f"{where}: name the module, as in package.module:Class, not {reference}"
