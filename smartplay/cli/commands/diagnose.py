"""Find out what an agent lacks: play it without help, and with each of nine kinds of help."""

from __future__ import annotations

import argparse
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from smartplay.agents.ablations import ABLATIONS
from smartplay.agents.aids import AIDS, PLACEBO
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
    add("--steps", type=int, metavar="N", help="step limit per episode (default: the card's)")
    add("--seed", type=int, default=0, metavar="S", help="suite seed (default: 0)")
    add("--retries", type=int, default=1, metavar="N", help="as for run")
    add("--concurrency", type=int, metavar="N", help="episodes at once (default: by agent)")
    add("--out", type=Path, metavar="DIR",
        help="where the runs go, a folder per arm (default: one under runs/)")  # fmt: skip
    add(
        "--max-tokens-total",
        type=int,
        metavar="N",
        help="stop before all arms together spend N tokens",
    )
    add("--max-cost", type=float, metavar="X", help="stop before all arms together spend X")
    add("--prices", type=Path, metavar="FILE", help="prices of tokens, for --max-cost")
    add("--max-time", type=float, metavar="S", help="stop after S seconds")
    add("--timeout", type=float, metavar="S", help="seconds for one reply of a service")
    add("--episode-timeout", type=float, metavar="S", help="as for run")
    add("--cache", type=Path, metavar="FILE", help="as for run (default: one for all arms)")
    add("--base-url", metavar="URL", help="address of an OpenAI-compatible service")
    add("--ablation", "--lesion", action="append", default=[], metavar="NAME",
        help=f"take something away: {', '.join(each.name for each in ABLATIONS)}")  # fmt: skip
    add("--model", action="append", default=[], metavar="ROLE=AGENT", help="as for run")
    add("--set", action="append", default=[], metavar="KEY=VALUE", help="as for run")
    add("--game-set", action="append", default=[], metavar="GAME.KEY=VALUE", help="as for run")
    parser.set_defaults(cluster=None)  # the arms of a diagnosis are played here


def run(options: argparse.Namespace) -> int:
    """Play what is missing, compute, print and keep."""
    from smartplay.cli.commands.run import playing_options
    from smartplay.report.diagnosis import keep
    from smartplay.runner.plan import slug
    from smartplay.validity.diagnosis import diagnose

    if options.list:
        return _list(options.json)
    if options.agent is None:
        raise UsageError("name an agent, as for run; --list lists the aids")
    folder = options.out or Path("runs") / f"diagnosis-{slug(options.agent)}"
    with quiet_output() if options.json else nullcontext():
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
