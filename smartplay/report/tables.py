"""A table of the report, as every form of it shows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

NONE = "-"


class Table(NamedTuple):
    """A table of the report.

    Attributes:
        title: Its heading.
        about: What its numbers mean.
        header: The names of its columns.
        rows: Its cells.
        narrow: How many of its columns are shown where there is little room; by default all.
    """

    title: str
    about: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    narrow: int | None = None

    def filled(self) -> Table:
        """The table without columns in which no cell says anything."""
        places = range(len(self.header))
        kept = [k for k in places if not k or any(row[k] != NONE for row in self.rows)]
        rows = [tuple(row[k] for k in kept) for row in self.rows]
        narrow = self.narrow and sum(k < self.narrow for k in kept)
        return Table(self.title, self.about, [self.header[k] for k in kept], rows, narrow)
