"""Find out what an agent lacks: play it without help, and with each of nine kinds of help."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from smartplay.agents.aids import AIDS, PLACEBO
from smartplay.cli.options import LIMITS, add_models, add_shared, playing_options
from smartplay.cli.output import (
    OK,
    SOME_UNSCORED,
    STOPPED,
    complain,
    print_json,
    print_table,
    quiet_output,
    say,
)
from smartplay.core.errors import UsageError

if TYPE_CHECKING:
    from smartplay.validity.diagnosis import Diagnosis

EPISODES = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add who plays what, and at what cost."""
    add = parser.add_argument
    add("agent", nargs="?", help="as for run")
    add("--list", action="store_true", help="list the aids and what each stands in for")
    add("--games", default="crafter", help="as for run (default: crafter)")
    add("--episodes", type=int, default=EPISODES, metavar="N",
        help=f"episodes per game and arm (default: {EPISODES})")  # fmt: skip
    add("--out", type=Path, metavar="DIR",
        help="where the runs go, a folder per arm (default: one under runs/)")  # fmt: skip
    add_shared(parser, "--steps", "--seed", "--retries", "--concurrency", *LIMITS)
    add_shared(parser, "--prices", "--timeout", "--game-set")
    add_models(parser)
    parser.set_defaults(cluster=None)  # the arms of a diagnosis are played here


def run(options: argparse.Namespace) -> int:
    """Play what is missing, compute, print and keep."""
    from smartplay.report.diagnosis import keep
    from smartplay.runner.plan import slug
    from smartplay.validity.diagnosis import diagnose

    if options.list:
        return _list(options.json)
    if options.agent is None:
        raise UsageError("name an agent, as for run; --list lists the aids")
    folder = options.out or Path("runs") / f"diagnosis-{slug(options.agent)}"
    with quiet_output(options.json):
        found = diagnose(
            options.agent,
            options.games,
            episodes=options.episodes,
            steps=options.steps,
            **playing_options(options) | {"out": folder},
        )
    keep(found, folder)
    if options.json:
        print_json(found)
    else:
        _print(found)
    for arm, number in found.unscored.items():
        complain(f"{number} unscored in the arm {arm}; the same command plays them again")
    if found.stopped:
        complain(f"stopped: {found.stopped}; the same command goes on")
        return STOPPED
    return SOME_UNSCORED if found.unscored else OK


def _print(found: Diagnosis) -> None:
    from smartplay.report.diagnosis import sections, title
    from smartplay.scores.aids import HEADER

    for name, gains in sections(found):
        print_table(f"\n{found.agent}, {title(name, gains)}", HEADER, gains.rows())
        say(f"{name.split(',')[0]}: {gains.verdict}")


def _list(as_json: bool) -> int:
    aids = [*AIDS, PLACEBO]
    if as_json:
        print_json({aid.name: {"capability": aid.capability, "tells": aid.summary} for aid in aids})
    else:
        rows = [(aid.name, str(aid.capability or "-"), aid.summary) for aid in aids]
        print_table("Aids", ("aid", "stands in for", "what it tells"), rows)
    return OK
