"""Compile a DSPy program: choose demonstrations on training episodes that no run plays.

The file that it writes is what `smartplay run AGENT --method dspy --set program=FILE` plays with.
What compiling took is in it, and in the report of every run that plays with it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from smartplay.cli.options import add_agent_settings, add_shared, agent_settings, game_settings
from smartplay.cli.output import OK, print_json, quiet_output, say
from smartplay.core.printable import plural


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the model, the games and what to search for."""
    add = parser.add_argument
    add("agent", help="the model, as for run")
    add("--games", required=True, help="as for run")
    add("--out", required=True, type=Path, metavar="FILE", help="the file to write")
    add("--episodes", type=int, default=5, metavar="N",
        help="training episodes of each game (default: 5)")  # fmt: skip
    add("--steps", type=int, default=30, metavar="N",
        help="most steps of a game to learn from (default: 30)")  # fmt: skip
    add("--demos", type=int, default=4, metavar="N",
        help="most demonstrations of a game (default: 4)")  # fmt: skip
    add("--optimizer", default="bootstrap", metavar="NAME",
        help="bootstrap: replies of the model that were right (default); labeled: steps with "
        "their best action, without a call")  # fmt: skip
    add_shared(parser, "--cache", "--game-set")
    add_agent_settings(parser)


def run(options: argparse.Namespace) -> int:
    """Compile and say what it took."""
    from smartplay.runner.compiling import compile_program

    with quiet_output():
        found = compile_program(
            options.agent,
            options.games,
            options.out,
            episodes=options.episodes,
            steps=options.steps,
            demos=options.demos,
            optimizer=options.optimizer,
            agent_settings=agent_settings(options),
            game_settings=game_settings(options.game_set),
            cache=options.cache,
        )
    if options.json:
        print_json(found)
        return OK
    for game, part in found.games.items():
        say(
            f"{game}: {plural(len(part.demos), 'demonstration')} from "
            f"{plural(part.steps, 'step')} of {plural(len(part.seeds), 'episode')}; "
            f"{plural(part.calls, 'call')}, {part.usage}"
        )
    say(f"smartplay run {options.agent} --method dspy --set program={options.out}")
    return OK
