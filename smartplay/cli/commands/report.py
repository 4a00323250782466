"""Report runs again from their folders."""

from __future__ import annotations

import argparse
from pathlib import Path

from smartplay.cli.output import OK, show_reports


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the run folders."""
    parser.add_argument("run", nargs="+", type=Path, help="a run folder")


def run(options: argparse.Namespace) -> int:
    """Report the runs."""
    show_reports(options.run, options.json)
    return OK
