"""Watch a recorded episode in the terminal, or make a film of it."""

from __future__ import annotations

import argparse
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from smartplay.cli.options import add_shared
from smartplay.cli.output import OK, print_json, say
from smartplay.core.errors import UsageError

if TYPE_CHECKING:
    from smartplay.play.watch import Recording


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what is watched, and how."""
    add = parser.add_argument
    add("run", type=Path, help="a run folder")
    add("--game", metavar="G", help="which of its games (default: the first)")
    add("--episode", type=int, default=0, metavar="K", help="which episode (default: 0)")
    add("--repeat", type=int, default=0, metavar="R",
        help="which play of it, where each is played several times (default: 0)")  # fmt: skip
    add("--speed", type=float, default=2.0, help="steps per second (default: 2)")
    add("--out", type=Path, metavar="FILM", help="write a film.gif or film.mp4 instead")
    add_shared(parser, "--card")


def run(options: argparse.Namespace) -> int:
    """Show the episode, write the film, or print the records."""
    from smartplay.play.watch import Recording, watch

    if not 0.01 <= options.speed <= 100:
        raise UsageError(f"speed must be from 0.01 to 100 steps per second, not {options.speed:g}")
    film = options.out is not None
    recording = Recording(
        options.run, options.game, options.episode, film, options.card, options.repeat
    )
    with closing(recording):
        if film:
            _film(recording, options)
        elif options.json:
            print_json({"episode": recording.header, "steps": recording.steps})
        else:
            from smartplay.play.terminal import Terminal

            with Terminal() as display:
                watch(display, recording, options.speed)
    return OK


def _film(recording: Recording, options: argparse.Namespace) -> None:
    from smartplay.play.film import make_film

    moments = make_film(recording, options.out, options.speed)
    if options.json:
        print_json({"film": str(options.out), "moments": moments})
    else:
        say(f"Film: {options.out}, {moments} frames, {options.speed:g} per second")
