"""Play a game yourself in the terminal; `smartplay serve` is for a browser."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from smartplay.cli.options import add_shared
from smartplay.cli.output import OK, SOME_UNSCORED, say, show_reports


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what is played, and how."""
    add = parser.add_argument
    add("game", help="an id, a family or a card file")
    add("--name", default="anonymous", help="your name in the records (default: anonymous)")
    add("--seed", type=int, metavar="S",
        help="suite seed (default: the first you have not played to the end)")  # fmt: skip
    add("--episodes", type=int, default=1, metavar="N", help="episodes per game (default: 1)")
    add("--score", action="store_true",
        help="show the score while you play; such runs are no human baseline")  # fmt: skip
    add("--out", type=Path, metavar="DIR", help="run folder (default: one under runs/)")
    add_shared(parser, "--steps")


def run(options: argparse.Namespace) -> int:
    """Play, then report."""
    from smartplay.play import human
    from smartplay.play.terminal import Terminal

    player = human.source(options.name, score_shown=options.score)
    header, path = human.plan(
        options.game, player, options.seed, options.episodes, options.steps, options.out
    )
    with Terminal() as display:
        finished = human.play(display, header, path, player)
    show_reports([path], options.json)
    if not options.json:
        say(f"Report: {path / 'report.md'}")
    if finished:
        return OK
    print(
        "smartplay: the game is not over; the same command goes on at the step where you stopped",
        file=sys.stderr,
    )
    return SOME_UNSCORED
