"""What commands print, and with what code they end."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from smartplay import printable

if TYPE_CHECKING:
    from smartplay.card import Human
    from smartplay.prices import Prices
    from smartplay.report import Report

OK, FAILED, BAD_USAGE, SOME_UNSCORED, STOPPED, INTERRUPTED = 0, 1, 2, 3, 4, 130

PIPED_WIDTH = 140


def console() -> Console:
    """Standard output; wide if it is no terminal, so that no name is cut."""
    return Console(width=None if sys.stdout.isatty() else PIPED_WIDTH)


@contextmanager
def quiet_output() -> Iterator[None]:
    """Send to standard error what agents, games and packages print meanwhile."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def print_json(value: Any) -> None:
    """Print a value as JSON."""
    text = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    sys.stdout.write("".join(map(_escaped, text)) + "\n")
    sys.stdout.flush()


def _escaped(c: str) -> str:
    """A character of JSON, escaped if a terminal might obey it."""
    return c if c == "\n" or printable.is_seen(c) else json.dumps(c)[1:-1]


def complain(text: str) -> None:
    """Print one line on standard error; no control character reaches the terminal."""
    print(f"smartplay: {printable.line(text, printable.TEXT)}", file=sys.stderr)


def say(text: str) -> None:
    """Print one line of which parts, such as a folder's name, may come from outside."""
    print(printable.line(text, printable.TEXT))


def print_table(title: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table of texts; the first column is never cut."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for place, column in enumerate(header):
        table.add_column(column, no_wrap=place == 0, overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable.line(cell, printable.TEXT)) for cell in row))
    console().print(table)


def show_reports(
    paths: Sequence[Path],
    as_json: bool,
    prices: Prices | None = None,
    human: Human = "published",
    own_cards: Sequence[Path] = (),
) -> list[Report]:
    """Score runs, write their reports into their folders, print and return them.

    A report that cannot be kept, as in a folder that is only read, is printed all the same.
    """
    from smartplay.errors import RunFolderError
    from smartplay.report import build_report, keep_report
    from smartplay.report.terminal import print_report

    reports = [build_report(path, prices, human, own_cards) for path in paths]
    for report, path in zip(reports, paths, strict=True):
        try:
            keep_report(report, path)
        except RunFolderError as error:
            complain(f"the report is shown but not kept: {error}")
    if as_json:
        print_json(reports[0] if len(reports) == 1 else reports)
        return reports
    for report in reports:
        print_report(report, console())
    return reports
