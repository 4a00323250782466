"""Compare runs from their folders: who is told apart from whom, and what it would take."""

from __future__ import annotations

import argparse
from pathlib import Path

from smartplay.cli.options import add_shared
from smartplay.cli.output import OK, print_comparison, print_json, say
from smartplay.core.errors import UsageError
from smartplay.scores.power import DETECT


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the run folders and what is made of them."""
    add = parser.add_argument
    add("run", nargs="+", type=Path, help="a run folder; two or more")
    add("--detect", type=float, default=DETECT, metavar="X",
        help="say how many episodes it takes to tell a difference of X, normalised (default: "
        f"{DETECT})")  # fmt: skip
    add("--out", type=Path, metavar="FILE", help="write the comparison as Markdown, pair by pair")
    add_shared(parser, "--human", "--card")


def run(options: argparse.Namespace) -> int:
    """Compare the runs."""
    from smartplay.core.whole_files import write_atomically, writing
    from smartplay.report import build_report
    from smartplay.report.comparison import comparison_markdown
    from smartplay.report.content import entries_of
    from smartplay.scores.comparison import compare
    from smartplay.scores.power import check_detect

    if len(options.run) < 2:
        raise UsageError("name the folders of two or more runs to compare")
    check_detect(options.detect)
    reports = [build_report(path, None, options.human, options.card) for path in options.run]
    comparison = compare(entries_of(reports), options.detect)
    if options.out:
        with writing(options.out):
            write_atomically(options.out, comparison_markdown(comparison).encode())
    if options.json:
        print_json(comparison)
    else:
        print_comparison(comparison)
        if options.out:
            say(f"Written: {options.out}")
    return OK
