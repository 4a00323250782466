"""List the shipped agents."""

from __future__ import annotations

import argparse

from smartplay.cli.output import OK, print_json, print_table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add nothing."""


def run(options: argparse.Namespace) -> int:
    """List them."""
    from smartplay.agents.catalog import KINDS

    if options.json:
        print_json(KINDS)
    else:
        print_table("Agents", ("written", "meant"), KINDS.items())
    return OK
