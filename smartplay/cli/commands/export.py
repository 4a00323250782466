"""Export runs as tables (episodes, steps, calls), or their replies as conversations to train on."""

from __future__ import annotations

import argparse
from math import isfinite
from pathlib import Path

from smartplay.cli.output import OK, print_json, say
from smartplay.core.errors import UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the runs, the format and which episodes are taken."""
    add = parser.add_argument
    add("run", nargs="+", type=Path, help="a run folder")
    add("--to", required=True, choices=("parquet", "csv", "jsonl", "chat"),
        help="the format of the tables; or chat: messages of each step, to train on")  # fmt: skip
    add("--out", type=Path, default=Path("export"), metavar="DIR",
        help="the folder for the files (default: export)")  # fmt: skip
    add("--won", action="store_true", help="only episodes that reached the game's goal")
    add("--valid", action="store_true", help="only episodes in which every reply named an action")
    add("--agent", action="append", default=[], metavar="NAME", help="only this agent's episodes")
    add("--game", action="append", default=[], metavar="ID", help="only this game's episodes")
    add("--least-score", type=float, metavar="X",
        help="only episodes with this score or more, as the game counts")  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Write the files."""
    from smartplay.report.export import Filter, export_runs

    least = options.least_score
    if least is not None and not isfinite(least):
        raise UsageError(f"the least score must be a number, not {least}")
    chosen = Filter(
        won=options.won,
        valid=options.valid,
        agents=options.agent,
        games=options.game,
        least_score=least,
    )
    done = export_runs(options.run, options.to, options.out, chosen)
    if options.json:
        print_json({"files": list(map(str, done.files)), "rows": done.rows, "notes": done.notes})
        return OK
    for file, rows in zip(done.files, done.rows.values(), strict=True):
        say(f"{file}: {rows} {'conversations' if options.to == 'chat' else 'rows'}")
    for note in done.notes:
        say(f"Note: {note}")
    return OK
