"""Play a game yourself: in the terminal, or in a window."""

from __future__ import annotations

import argparse
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from smartplay.cli.output import OK, SOME_UNSCORED, say, show_reports

if TYPE_CHECKING:
    from smartplay.play.terminal import Terminal
    from smartplay.play.window import Window

SHOWN = ("text", "picture")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what is played, and how."""
    add = parser.add_argument
    add("game", help="an id, a family or a card file")
    add("--as", dest="shown", choices=SHOWN, default="text",
        help="text in the terminal, or the picture in a window (default: text)")  # fmt: skip
    add("--name", default="anonymous", help="your name in the records (default: anonymous)")
    add("--seed", type=int, metavar="S",
        help="suite seed (default: the first you have not played to the end)")  # fmt: skip
    add("--episodes", type=int, default=1, metavar="N", help="episodes per game (default: 1)")
    add("--steps", type=int, metavar="N", help="step limit per episode (default: the card's)")
    add("--score", action="store_true",
        help="show the score while you play; such runs are no human baseline")  # fmt: skip
    add("--out", type=Path, metavar="DIR", help="run folder (default: one under runs/)")


def run(options: argparse.Namespace) -> int:
    """Play, then report."""
    from smartplay.play import human

    player = human.source(options.name, options.shown == "picture", options.score)
    header, path = human.plan(
        options.game, player, options.seed, options.episodes, options.steps, options.out
    )
    with open_display(options.shown) as display:
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


def open_display(shown: str) -> AbstractContextManager[Terminal | Window]:
    """The terminal or a window."""
    if shown == "text":
        from smartplay.play.terminal import Terminal

        return Terminal()
    from smartplay.play.window import Window

    return Window()
