"""Export runs as tables, as conversations to train on, or as results for other places."""

from __future__ import annotations

import argparse
from math import isfinite
from pathlib import Path

from smartplay.cli.options import add_shared
from smartplay.cli.output import OK, print_json, say
from smartplay.core.errors import UsageError
from smartplay.core.printable import plural


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the runs, the format and which episodes are taken."""
    add = parser.add_argument
    add("run", nargs="+", type=Path, help="a run folder")
    add(
        "--to",
        required=True,
        choices=("parquet", "csv", "jsonl", "chat", "eval-results", "model-card", "bibtex"),
        help="the format of the tables; or chat: messages of each step, to train on; or the "
        "scores of one run: for Hugging Face's .eval_results, a model card, a bibliography",
    )
    add("--out", type=Path, default=Path("export"), metavar="DIR",
        help="the folder for the files (default: export)")  # fmt: skip
    add("--won", action="store_true", help="only episodes that reached the game's goal")
    add("--valid", action="store_true", help="only episodes in which every reply named an action")
    add("--agent", action="append", default=[], metavar="NAME", help="only this agent's episodes")
    add("--game", action="append", default=[], metavar="ID", help="only this game's episodes")
    add(
        "--least-score",
        type=float,
        metavar="X",
        help="only episodes with this score or more, in the game's own unit",
    )
    add(
        "--dataset",
        default="",
        metavar="OWNER/NAME",
        help="the benchmark's data set on the Hub (eval-results)",
    )
    add("--source", default="", metavar="URL",
        help="where others can get the run folder (eval-results)")  # fmt: skip
    add_shared(parser, "--card")


def run(options: argparse.Namespace) -> int:
    """Write the files."""
    from smartplay.games.registry import register_cards

    for card in options.card:
        register_cards(card)
    if options.to in ("eval-results", "model-card", "bibtex"):
        return _publish(options)
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
    for file, rows in zip(done.files, done.rows.values(), strict=False):  # a canary has no rows
        say(f"{file}: {plural(rows, 'conversation' if options.to == 'chat' else 'row')}")
    for note in done.notes:
        say(f"Note: {note}")
    return OK


def _publish(options: argparse.Namespace) -> int:
    from smartplay.leaderboard.publish import publish

    chosen = (options.won, options.valid, options.agent, options.game, options.least_score)
    if len(options.run) != 1 or any(each not in (False, None, []) for each in chosen):
        raise UsageError(f"{options.to} takes one whole run, without filters")
    (run,) = options.run
    path = publish(run, options.to, options.out, options.dataset, options.source)
    if options.json:
        print_json({"files": [str(path)]})
        return OK
    say(f"{path}: written")
    return OK
