"""The results printed in the SmartPlay paper: data to compare with, which nobody can replay."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib import resources

import msgspec


class PublishedTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The paper's table: single means without intervals.

    Attributes:
        title: Short name of the work.
        source: Where the figures were printed.
        link: Its address.
        date: When it was published (ISO 8601).
        games: The seven games' names.
        degrees: By capability as cards spell it, the degree of each game.
        models: By model, the human-normalised score of each game.
        raw: By model, the score of each game in the game's own unit.
    """

    title: str
    source: str
    link: str
    date: str
    games: list[str]
    degrees: dict[str, list[int]]
    models: dict[str, list[float]]
    raw: dict[str, list[float]]

    @property
    def ids(self) -> list[str]:
        """The games' full ids."""
        return [f"smartplay/{name}-v0" for name in self.games]


@lru_cache(maxsize=1)
def published_table() -> PublishedTable:
    """Read the table that comes with the package."""
    text = resources.files("smartplay.cards").joinpath("published.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), PublishedTable)
