"""Report runs again from their folders; several runs are compared."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from smartplay.cards.card import HUMANS
from smartplay.cli.output import OK, print_table, say, show_reports
from smartplay.core.errors import UsageError

if TYPE_CHECKING:
    from smartplay.report import Report


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
        _show_suite_gaps(reports)
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


def _show_suite_gaps(reports: Sequence[Report]) -> None:
    """How much better an agent does on public episodes than on private ones, game by game."""
    from smartplay.report.content import entries_of
    from smartplay.scores.comparison import suite_gaps

    entries = entries_of(reports)
    for gap in suite_gaps(entries):
        overall = {} if gap.overall is None else {"overall, normalised": gap.overall}
        rows = [(game, f"{value:+}") for game, value in (overall | gap.games).items()]
        title = f"{entries[gap.public].name}: public suite minus private suite {gap.suite[:8]}"
        print_table(title, ("game", "difference, 95 % interval"), rows)
