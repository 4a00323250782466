"""Report runs from their folders; several runs are compared."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from smartplay.cli.options import add_shared
from smartplay.cli.output import (
    OK,
    complain,
    print_comparison,
    print_json,
    print_table,
    say,
    show_reports,
)
from smartplay.core.errors import RunFolderError, UsageError

if TYPE_CHECKING:
    from smartplay.records.prices import Prices
    from smartplay.report import Report

MOST_COMPARED = 20
"""So many runs stay readable side by side."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the run folders and what is made of them."""
    add = parser.add_argument
    add("run", nargs="+", type=Path,
        help="a run folder; with --html also a folder that holds runs")  # fmt: skip
    add("--html", action="store_true",
        help=f"write one HTML page; several runs are compared, more than {MOST_COMPARED} and those "
        "of a folder get a page each and an index")  # fmt: skip
    add("--out", type=Path, metavar="FILE", help="the HTML page (default: report.html in the run "
        "folder, comparison.html here for several, index.html for an index)")  # fmt: skip
    add_shared(parser, "--prices", "--human", "--card")


def run(options: argparse.Namespace) -> int:
    """Report the runs."""
    from smartplay.records.prices import read_prices

    if options.out and not options.html:
        raise UsageError("--out names the HTML page; add --html to write one")
    prices = read_prices(options.prices) if options.prices else None
    several = len(options.run) > 1
    if options.html and (len(options.run) > MOST_COMPARED or any(map(_holds_runs, options.run))):
        return _index(options, prices)
    reports = show_reports(options.run, options.json, prices, options.human, options.card)
    comparison = None
    if several and not options.json:
        from smartplay.report.content import entries_of
        from smartplay.scores.comparison import compare

        comparison = compare(entries_of(reports))
        print_comparison(comparison)
        _show_efficiency(reports)
    if options.html:
        from smartplay.report.html import write_html

        out = options.out or (
            Path("comparison.html") if several else options.run[0] / "report.html"
        )
        write_html(reports, options.run, out, comparison)
        if not options.json:
            say(f"Page: {out}")
    return OK


def _holds_runs(path: Path) -> bool:
    return path.is_dir() and not os.path.lexists(path / "run.json")


def _index(options: argparse.Namespace, prices: Prices | None) -> int:
    """Write a page for each run, and one that leads to them; what is damaged is listed as such."""
    from smartplay.report import build_report
    from smartplay.report.html import PAGE, write_html, write_index
    from smartplay.report.listing import list_runs

    listed = [each for path in options.run for each in list_runs(path)]
    if all(each.problem for each in listed):
        raise UsageError(f"there is no run to report in {', '.join(map(str, options.run))}")
    pages: list[Path | None] = []
    for each in listed:
        path, page = Path(each.path), None
        try:
            if not each.problem:
                report = build_report(path, prices, options.human, options.card)
                page = write_html([report], [path], path / PAGE)
        except RunFolderError as error:
            complain(f"no page of {each.path}: {error}")
        pages.append(page)
    inside = options.run[0] if len(options.run) == 1 else Path()
    out = write_index(listed, pages, options.out or inside / "index.html")
    if options.json:
        print_json(listed)
    else:
        say(f"Index: {out}")
    return OK


def _show_efficiency(reports: Sequence[Report]) -> None:
    """What the runs took, game by game."""
    from smartplay.report.content import names_of
    from smartplay.report.wording import efficiency_table

    table = efficiency_table(reports, names_of(reports))
    print_table(f"\n{table.title} of {len(reports)} runs", table.header, table.rows)
