"""Add verified runs to the leaderboard, and build its page."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from smartplay.cli.output import FAILED, OK, print_json, say
from smartplay.core import printable
from smartplay.core.errors import UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the two tasks and what each needs."""
    add = parser.add_argument
    add("task", choices=("add", "build"), help="add RUN: verify and pack it; build: verify all")
    add("run", nargs="?", type=Path, help="the run folder to add")
    add("--root", type=Path, metavar="DIR",
        help="the leaderboard's folder (default: leaderboard, in a clone)")  # fmt: skip
    add("--agent", default="", help="the agent's name in the table (default: the run's)")
    add("--model", default="", help="the model behind it (default: the run's)")
    add("--author", default="", help="who played")
    add("--link", default="", metavar="URL", help="where to read more about it")
    add("--note", default="", help="one sentence on how the agent works")
    add("--suite", action="append", default=[], metavar="FILE",
        help="the private suite it was played on; the entry tells only its hash")  # fmt: skip
    add("--with-traces", action="store_true", help="pack prompts and replies as well")


def run(options: argparse.Namespace) -> int:
    """Add a run, or build the page; 1 if an entry does not verify."""
    if options.task == "add" and options.run is None:
        raise UsageError("which run? Write smartplay leaderboard add RUN")
    given, options.root = options.root, options.root or Path("leaderboard")
    if (given is None or options.task == "build") and not (options.root / "entries").is_dir():
        where = f"entries in {given}" if given else "leaderboard/entries here"
        raise UsageError(
            f"there is no folder {where}; start this in a clone of the repository, or name the "
            "leaderboard's folder with --root"
        )
    return _add(options) if options.task == "add" else _build(options)


def _add(options: argparse.Namespace) -> int:
    from smartplay.leaderboard.entry import add_entry, read_info
    from smartplay.runner.suite import find_suite

    keys = ("agent", "model", "author", "link", "note", "with_traces")
    chosen = {key: getattr(options, key) for key in keys}
    chosen["suites"] = [find_suite(given) for given in options.suite]
    path, verification = add_entry(options.run, options.root / "entries", **chosen)
    if options.json:
        print_json({"entry": str(path), "verification": verification})
    else:
        say(f"{'Verified' if verification.verified else 'Incomplete'} and packed into {path}")
        say(f"Its digest: {read_info(path).digest}")
    return OK


def _build(options: argparse.Namespace) -> int:
    from smartplay.leaderboard.site import build
    from smartplay.leaderboard.verify import Verification

    def tick(name: str, found: Verification | None) -> None:
        result = "verified" if found and found.verified else "NOT verified"
        result = "incomplete" if found and found.incomplete else result
        result = "committed to a private suite" if found and found.sealed else result
        print(f"{printable.line(name)}: {result}", file=sys.stderr)

    board = build(options.root, tick)
    if options.json:
        print_json(board)
    else:
        for entry in board.refused:
            say(f"{entry.key}: not verified: {entry.reasons[0]}")
        say(f"Written: {options.root / 'README.md'}, {options.root / 'site' / 'index.html'}")
    return FAILED if board.refused else OK
