"""Report runs again from their folders; several runs are compared."""

from __future__ import annotations

import argparse
from pathlib import Path

from smartplay.cards.card import HUMANS
from smartplay.cli.output import OK, print_comparison, say, show_reports
from smartplay.core.errors import UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the run folders and what is made of them."""
    add = parser.add_argument
    add("run", nargs="+", type=Path, help="a run folder")
    add("--html", action="store_true", help="write one HTML page; with several runs, compare them")
    add("--out", type=Path, metavar="FILE", help="the HTML page (default: report.html in the run "
        "folder, comparison.html here for several)")  # fmt: skip
    add("--prices", type=Path, metavar="FILE", help="a TOML file of what tokens cost")
    add("--human", choices=HUMANS, default="published",
        help="human scores to normalise by: the published ones, or those recorded here where "
        "there are any (default: published)")  # fmt: skip
    add("--card", action="append", default=[], type=Path, metavar="FILE",
        help="a card of your own that a run was played with")  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Report the runs."""
    from smartplay.records.prices import read_prices

    if options.out and not options.html:
        raise UsageError("--out names the HTML page; add --html to write one")
    prices = read_prices(options.prices) if options.prices else None
    reports = show_reports(options.run, options.json, prices, options.human, options.card)
    if len(reports) > 1 and not options.json:
        from smartplay.report.content import entries_of
        from smartplay.scores.comparison import compare

        print_comparison(compare(entries_of(reports)))
    if options.html:
        from smartplay.report.html import write_html

        several = len(options.run) > 1
        out = options.out or (
            Path("comparison.html") if several else options.run[0] / "report.html"
        )
        write_html(reports, options.run, out)
        if not options.json:
            say(f"Page: {out}")
    return OK
