"""List the shipped agents."""

from __future__ import annotations

import argparse

from smartplay.cli.output import OK, print_json, print_table


def run(options: argparse.Namespace) -> int:
    """List them."""
    from smartplay.agents.catalog import known_agents

    if options.json:
        print_json(known_agents())
    else:
        print_table("Agents", ("written", "meant"), known_agents().items())
    return OK
