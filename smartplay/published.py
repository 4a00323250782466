"""The results the SmartPlay paper printed: data to compare with, which nobody can replay."""

from __future__ import annotations

import sys
from functools import lru_cache
from importlib import resources

import msgspec

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


class PublishedModel(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One printed row.

    Attributes:
        name: The model, as the paper spells it.
        normalized: Scores normalised to the human score, in the order of `PublishedTable.games`.
        raw: The same in the games' own units.
    """

    name: str
    normalized: list[float]
    raw: list[float]


class PublishedTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A printed table of results.

    Attributes:
        title: Short name of the work.
        source: Where the figures were printed.
        link: Its address.
        date: When it was published (ISO 8601).
        games: Full ids, in the order of the models' scores.
        models: One row per model.
    """

    title: str
    source: str
    link: str
    date: str
    games: list[str]
    models: list[PublishedModel]

    def normalized(self, model: PublishedModel) -> dict[str, float]:
        """A row's normalised scores by full id."""
        return dict(zip(self.games, model.normalized, strict=True))


@lru_cache(maxsize=1)
def published() -> PublishedTable:
    """The paper's table: seven games, eight models, single means without intervals."""
    text = resources.files("smartplay").joinpath("published.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), PublishedTable)
