"""Report runs again from their folders."""

from __future__ import annotations

import argparse
from pathlib import Path

from smartplay.card import HUMANS
from smartplay.cli.output import OK, show_reports


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the run folders."""
    parser.add_argument("run", nargs="+", type=Path, help="a run folder")
    parser.add_argument("--human", choices=HUMANS, default="published",
        help="human scores to normalise by: the published ones, or those recorded here where "
        "there are any (default: published)")  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Report the runs."""
    show_reports(options.run, options.json, options.human)
    return OK
