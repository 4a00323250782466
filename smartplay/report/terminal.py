"""The report as tables in a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from smartplay.core import printable
from smartplay.report import wording
from smartplay.report.build import Report


def print_report(report: Report, console: Console) -> None:
    """Print a report: headline, tables, cautions."""
    for line in wording.headline(report):
        console.print(_shown(line))
    for table in wording.tables(report):
        console.print(_shown_table(table))
    for line in wording.cautions(report):
        console.print(_shown(f"Note: {line}"))


def _shown_table(table: wording.Table) -> Table:
    shown = Table(title=f"\n{table.title}", title_justify="left", box=None, pad_edge=False)
    for place, column in enumerate(table.header[: table.narrow]):
        shown.add_column(column, no_wrap=place == 0)
    for row in table.rows:
        shown.add_row(*map(_shown, row[: table.narrow]))
    return shown


def _shown(text: str) -> Text:
    """Text as it is: no markup, and no control character reaches the terminal."""
    return Text(printable.line(text, printable.TEXT))
