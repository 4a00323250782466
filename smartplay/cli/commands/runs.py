"""List the runs of a folder: who, what, when, how far, overall score."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from smartplay.cli.output import OK, print_json, print_narrow, say
from smartplay.core.printable import plural

if TYPE_CHECKING:
    from smartplay.report.listing import Listed

HEADER = ("Run", "Agent", "Games", "Begun (UTC)", "Episodes", "Score")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the folders."""
    parser.add_argument("folder", nargs="*", type=Path, default=[Path("runs")],
        help="a folder of runs, or a run (default: runs)")  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """List the runs; what cannot be read is listed too and is no failure."""
    from smartplay.report.listing import list_runs

    found = [(folder, each) for folder in options.folder for each in list_runs(folder)]
    if options.json:
        print_json([each for _, each in found])
        return OK
    runs = [_row(folder, each) for folder, each in found if not each.problem]
    others = [(_name(folder, each), each.problem) for folder, each in found if each.problem]
    if runs:
        print_narrow(HEADER, runs, 3)
    if others:
        print_narrow(("No run" if runs else "No run here", "Why"), others, 0)
    say(plural(len(runs), "run"))
    return OK


def _row(folder: Path, each: Listed) -> Sequence[str]:
    name, games = _name(folder, each), _games(each.games)
    return name, each.agent, games, each.begun, each.played, each.headline


def _name(folder: Path, each: Listed) -> str:
    path = Path(each.path)
    return path.relative_to(folder).as_posix() if path != folder else path.name or str(path)


def _games(games: Sequence[str]) -> str:
    if len(games) == 1:
        return games[0].split("/")[-1].rsplit("-v", 1)[0]
    return plural(len(games), "game")
