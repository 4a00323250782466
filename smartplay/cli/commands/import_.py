"""Turn another framework's log into a run folder that `report`, `verify` and `compare` read."""

from __future__ import annotations

import argparse
from pathlib import Path

from smartplay.cli.output import OK, print_json, say
from smartplay.core.loading import optional
from smartplay.core.printable import plural


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the log and where the folder goes."""
    parser.add_argument("log", type=Path, help="a log of Inspect AI (.eval)")
    parser.add_argument("--out", type=Path, metavar="DIR",
        help="the run folder (default: one under runs/)")  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Write the folder."""
    from smartplay.models.providers.inspect import NEEDED

    folder = optional("smartplay.adapters.inspect_logs", NEEDED).import_log(
        options.log, options.out
    )
    if options.json:
        print_json({"path": str(folder.path)})
    else:
        episodes = plural(len(folder.episodes()), "episode")
        say(f"{folder.path}: {episodes}; smartplay report {folder.path}")
    return OK
