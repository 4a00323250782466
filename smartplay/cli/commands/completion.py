"""Print a script that completes commands, options and names in a shell."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from smartplay.cli.output import OK, print_json
from smartplay.core.loading import optional

SHELLS = ("bash", "zsh", "fish")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the shell."""
    parser.add_argument("shell", choices=SHELLS, help="the shell that is to complete")


def run(options: argparse.Namespace) -> int:
    """Write the script from the parsers, so that it knows what they know."""
    script = script_of(options.shell)
    if options.json:
        print_json({"shell": options.shell, "script": script})
    else:
        sys.stdout.write(script)
    return OK


def script_of(shell: str) -> str:
    """The script with which a shell completes `smartplay`; it starts no Python.

    Args:
        shell: One of `SHELLS`.

    Raises:
        MissingPackageError: If the package shtab is not installed.
    """
    from smartplay.cli import parser

    needed = 'completion needs the package shtab: pip install "smartplay[completion]"'
    shtab = optional("shtab", needed)
    whole, names = parser(), _names()
    (commands,) = (a for a in whole._actions if isinstance(a, argparse._SubParsersAction))
    for command in commands.choices.values():
        for action in command._actions:
            if action.type is Path:
                action.complete = shtab.FILE
            elif action.choices is None and action.dest in names:
                action.choices = names[action.dest]
    return str(shtab.complete(whole, shell))


def _names() -> dict[str, list[str]]:
    """What can be given to the arguments of these names."""
    from smartplay.agents.ablations import ABLATIONS
    from smartplay.agents.aids import AIDS, PLACEBO
    from smartplay.agents.catalog import SCRIPTED
    from smartplay.agents.methods import METHODS
    from smartplay.games.registry import cards

    games = [name for card in cards() for name in (card.family, card.name)]
    return {
        "agent": [*SCRIPTED, "local"],
        "game": sorted({*games}),
        "games": ["core", "all", *sorted({*games})],
        "method": list(METHODS),
        "ablation": [each.name for each in ABLATIONS],
        "aid": [each.name for each in (*AIDS, PLACEBO)],
    }
