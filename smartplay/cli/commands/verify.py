"""Check runs by replaying every episode, without any model."""

from __future__ import annotations

import argparse
from pathlib import Path

from smartplay.cli.options import add_shared
from smartplay.cli.output import FAILED, OK, print_json
from smartplay.core.errors import UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the run folders and how to check them."""
    add = parser.add_argument
    add("run", nargs="+", type=Path, help="a run folder or a leaderboard entry")
    add("--suite", action="append", default=[], metavar="FILE",
        help="a private suite it was played on: its file, or its secret once revealed")  # fmt: skip
    add("--workers", type=int, metavar="N", help="processes for heavy games (default: one a core)")
    add_shared(parser, "--card")


def run(options: argparse.Namespace) -> int:
    """Check the runs; 0 if all are verified, else 1."""
    from smartplay.leaderboard.verify import verify_run
    from smartplay.runner.suite import find_suite

    if options.workers is not None and options.workers < 1:
        raise UsageError(f"workers must be 1 or more, not {options.workers}")
    suites = [find_suite(given) for given in options.suite]
    chosen = {"cards": options.card, "workers": options.workers, "suites": suites}
    found = [verify_run(path, **chosen) for path in options.run]
    if options.json:
        print_json(found[0] if len(found) == 1 else found)
    else:
        for verification in found:
            print(verification)
    return OK if all(verification.verified for verification in found) else FAILED
