"""Play the reference agents over the core games, in seconds, and open the report."""

from __future__ import annotations

import argparse
import webbrowser
from pathlib import Path

from smartplay.cli.output import OK, print_json, say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add where it goes, and what is done with it."""
    add = parser.add_argument
    add("--games", default="core", help="core, all, families, ids (default: core)")
    add("--out", type=Path, default=Path("runs/demo"), metavar="DIR",
        help="run folder (default: runs/demo)")  # fmt: skip
    add("--no-browser", action="store_true", help="write the page and do not open it")


def run(options: argparse.Namespace) -> int:
    """Play, write the page, and open it."""
    from smartplay.report import build_report
    from smartplay.report.html import write_html
    from smartplay.results import run as play

    played = play("reference", options.games, episodes=2, out=options.out, progress=True)
    page = played.path / "report.html"
    write_html([build_report(played.path)], [played.path], page)
    if options.json:
        print_json({"run": str(played.path), "page": str(page)})
        return OK
    say(f"Page: {page}")
    say("These agents are scripted and read the same text that a model would.")
    say("A model of yours: smartplay run openai:MODEL --quick")
    if not options.no_browser and not webbrowser.open(page.resolve().as_uri()):
        say("No browser could be opened here; open the page yourself.")
    return OK
