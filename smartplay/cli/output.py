"""What commands print, and with what code they end."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

OK, FAILED, BAD_USAGE, SOME_UNSCORED, STOPPED, INTERRUPTED = 0, 1, 2, 3, 4, 130

PIPED_WIDTH = 140


def console() -> Console:
    """Standard output; wide if it is no terminal, so that no name is cut."""
    return Console(width=None if sys.stdout.isatty() else PIPED_WIDTH)


def print_json(value: Any) -> None:
    """Print a value as JSON."""
    data = msgspec.json.format(msgspec.json.encode(value), indent=2)
    sys.stdout.write(data.decode() + "\n")
    sys.stdout.flush()


def print_table(title: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table of texts; the first column is never cut."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for place, column in enumerate(header):
        table.add_column(column, no_wrap=place == 0, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    console().print(table)


def show_reports(paths: Sequence[Path], as_json: bool) -> None:
    """Score runs, write their reports into their folders and print them."""
    from smartplay.report import write_report
    from smartplay.report.terminal import print_report

    reports = [write_report(path) for path in paths]
    if as_json:
        print_json(reports[0] if len(reports) == 1 else reports)
        return
    for report in reports:
        print_report(report, console())
