"""Begin a game of your own: a small package with rules, words, card, test and measured anchors."""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
from pathlib import Path

from smartplay.cli.output import OK, print_json, say
from smartplay.core.errors import UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add its name and its folder."""
    add = parser.add_argument
    add("name", help="lower-case words, such as lights-out")
    add("--out", type=Path, metavar="DIR", help="the folder to make (default: smartplay-NAME)")


def run(options: argparse.Namespace) -> int:
    """Write the files, then measure the anchors as the game's author will later."""
    from smartplay.games.scaffold import write_game

    folder, card = write_game(options.name, options.out)
    measure = [sys.executable, "-m", "smartplay", "anchors"]
    path = os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [*measure, str(card), "--golden", str(folder / "golden")],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise UsageError(
            f"{folder} was written, but could not be measured: {done.stderr or done.stdout}"
        )
    if options.json:
        print_json({"folder": str(folder), "card": str(card)})
        return OK
    say(f"{folder} holds a game that walks to a flag. Its README says how to make it yours.")
    package, inside = shlex.quote(f"{folder}[test]"), shlex.quote(str(folder))
    say(f"Next: pip install -e {package} && (cd {inside} && pytest)")
    return OK
