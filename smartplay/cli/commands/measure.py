"""Measure how far each capability of an agent reaches, at levels chosen as it plays."""

from __future__ import annotations

import argparse

from smartplay.cli.commands.run import conclude
from smartplay.cli.options import add_playing, playing_options
from smartplay.cli.output import quiet_output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what is measured, how well, by whom and where it is kept."""
    add = parser.add_argument
    add("--games", metavar="G,…", help="games with a dial: families, packs, ids, card files "
        "(default: the nine of Four Doors)")  # fmt: skip
    add("--capabilities", default="", metavar="C,…", help="those to measure (default: all)")
    add(
        "--width",
        type=float,
        metavar="W",
        help="a capability is done when its threshold is known to ±W levels (default: 0.5)",
    )
    add("--max-calls", type=int, metavar="N", help="most rounds over all games (default: 900)")
    add("--quiet", action="store_true", help="show no progress")
    add_playing(parser)


def run(options: argparse.Namespace) -> int:
    """Play what is missing, then report; 0 too where a limit ended it with something found."""
    from smartplay.results import DIALS, MAX_CALLS, WIDTH, measure
    from smartplay.runner.budget import SPENT

    with quiet_output(options.json):
        played = measure(
            options.agent,
            options.games or DIALS,
            capabilities=options.capabilities,
            width=WIDTH if options.width is None else options.width,
            max_calls=MAX_CALLS if options.max_calls is None else options.max_calls,
            **playing_options(options) | {"progress": not options.quiet},
        )
    return conclude(played, options, enough=SPENT in (played.stopped or ""))
