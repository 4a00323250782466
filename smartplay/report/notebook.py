"""A report and its scores as a notebook shows them."""

from __future__ import annotations

from base64 import b64encode
from typing import Any, TypeVar

from smartplay.core import printable
from smartplay.core.shown import as_html, html_list, html_table
from smartplay.report import wording
from smartplay.report.content import Report
from smartplay.report.radar import radar_svg
from smartplay.report.tables import NONE

ScoreT = TypeVar("ScoreT")


class Scores(dict[str, ScoreT]):
    """Scores by name, shown as a table; a short name finds them too: `run.scores["Hanoi3Disk"]`.

    Args:
        scores: The scores by full name.
        report: The report they come from.
        title: Which of its tables holds them.
    """

    def __init__(self, scores: dict[str, ScoreT], report: Report, title: str) -> None:
        super().__init__(scores)
        shown = [table for table in wording.tables(report) if table.title == title]
        self._cells = [
            row[: table.narrow] for table in shown for row in (table.header, *table.rows)
        ]
        if not shown and scores:  # no score was measured
            self._cells = [("", title), *((name, NONE) for name in scores)]

    def __missing__(self, name: str) -> ScoreT:
        if name not in self:
            raise KeyError(f"{name}; known: {', '.join(self) or 'none'}")
        return self[next(full for full in self if name in _names(full))]

    def __contains__(self, name: object) -> bool:
        return any(name in _names(full) for full in self)

    def get(self, name: str, default: Any = None) -> Any:
        """The score of a name, full or short; the default if there is none."""
        try:
            return self[name]
        except KeyError:
            return default

    def __repr__(self) -> str:
        rows = [[printable.line(cell) for cell in row] for row in self._cells]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
        return "\n".join(lines) or super().__repr__()

    def _repr_html_(self) -> str:
        return html_table(self._cells[0], self._cells[1:]) if self._cells else "{}"


def _names(full: str) -> tuple[str, ...]:
    """A full name and what it may be called for short."""
    short = full.split("/")[-1]
    return full, short, short.rpartition("-v")[0], full.lower().replace(" ", "_")


@as_html.register
def to_notebook(report: Report) -> str:
    """Headline, radar, tables and cautions as a piece of HTML that needs nothing from outside."""
    radar = b64encode(radar_svg(report).encode()).decode()
    tables = [
        f"<h4>{table.title}</h4>{html_table(table.header, table.rows)}"
        for table in wording.tables(report)
    ]
    return "".join(
        [
            html_list(wording.headline(report)),
            f'<img alt="Capabilities" src="data:image/svg+xml;base64,{radar}">',
            *tables,
            "<h4>Read this before you quote a number</h4>" if wording.cautions(report) else "",
            html_list(wording.cautions(report)),
        ]
    )
