"""Analyze a run's answers: how often they are right, change on review, and agree.

Each episode is replayed, and its answers are held against the game's own truth. Several runs, cheap
ones first, are also held against each other.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from smartplay.cli.options import add_shared
from smartplay.cli.output import OK, print_json, print_table, say
from smartplay.core.printable import plural

if TYPE_CHECKING:
    from smartplay.records.prices import Prices
    from smartplay.report.analysis import Analysis, GameAnalysis, RunAnalysis


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the run folders."""
    add = parser.add_argument
    add("run", nargs="+", type=Path, help="a run folder")
    add_shared(parser, "--prices", "--card")


def run(options: argparse.Namespace) -> int:
    """Analyse and print."""
    from smartplay.records.prices import read_prices
    from smartplay.report.analysis import analyze_runs

    prices = read_prices(options.prices) if options.prices else None
    found = analyze_runs(options.run, options.card, prices)
    if options.json:
        print_json(found)
        return OK
    for each in found.runs:
        _print_run(each)
    _print_calibration(found)
    _print_pairs(found, prices)
    return OK


def _print_run(found: RunAnalysis) -> None:
    say(f"{found.run}: {found.agent}")
    games = {game.game.split("/")[-1]: game for game in found.games}
    print_table(
        "\nRight steps, with 95 % intervals",
        ("game", "truth", "steps", "right", "first answer right"),
        [
            (name, game.truth, right.steps, right.share, right.first)
            for name, game in games.items()
            if (right := game.right)
        ],
    )
    header = ("game", "right, right", "right, wrong", "wrong, right", "wrong, wrong", "kept",
              "correction", "corruption", "break-even", "p (McNemar)")  # fmt: skip
    flips = [
        (name, each.right_right, each.right_wrong, each.wrong_right, each.wrong_wrong, each.kept,
         each.correction, each.corruption, each.break_even, each.p)
        for name, game in games.items()
        if (each := game.flips)
    ]  # fmt: skip
    print_table("\nFirst answer, then the action played", header, flips, ".3g")
    print_table(
        "\nAgreement of samples, and how often their vote was right",
        ("game", "agree", "votes", "right"),
        [
            (name, f"{votes.agree} of {votes.samples}", votes.steps, votes.share)
            for name, game in games.items()
            for votes in (game.agreement.votes if game.agreement else ())
        ],
    )
    columns = ("game", "length in", "against", "usable states", "r within a state", "r pooled")
    title = "\nLength of replies; pooled r mixes length with difficulty"
    print_table(title, columns, _lengths(games), ".2f")
    for note in found.notes:
        say(f"Note: {note}")


def _lengths(games: dict[str, GameAnalysis]) -> Iterator[tuple[object, ...]]:
    for name, game in games.items():
        for each in game.lengths:
            states = f"{each.usable} of {each.states}"
            yield name, each.unit, "being right", states, each.within or "-", each.pooled
        for whole in game.episode_lengths:
            yield name, whole.unit, "return", plural(whole.episodes, "episode"), "-", whole.r


def _print_calibration(found: Analysis) -> None:
    """Agreement held against being right, for methods beside each other."""
    rows = [
        (game.game.split("/")[-1], run.agent, each.votes[-1].samples, each.agreement, each.share,
         each.gap, each.error)
        for run in found.runs
        for game in run.games
        if (each := game.agreement)
    ]  # fmt: skip
    if len(found.runs) > 1:
        header = ("game", "agent", "samples", "agreement", "vote right", "gap", "error")
        rows.sort(key=lambda row: str(row[0]))
        print_table("\nCalibration: what agreement says of being right", header, rows, ".3g")


def _print_pairs(found: Analysis, prices: Prices | None) -> None:
    shown = [
        (game.split("/")[-1], f"{each.first} - {each.second}", each.pairs, each.difference, each.p,
         *each.read, *(each.cost if prices else ()))
        for game, pairs in found.modalities.items()
        for each in pairs
    ]  # fmt: skip
    header = ("game", "seen", "episodes", "difference", "p", "tokens read a step", "other",
              *((f"{prices.currency} a step", "other") if prices else ()))  # fmt: skip
    print_table("\nThe same episodes, seen otherwise", header, shown, ".3g")
    rows = [
        (game.split("/")[-1], name, *numbers, each.passed_on)
        for game, pairs in found.hierarchies.items()
        for each in pairs
        for name, numbers in (
            ("completed", each.completed), ("score", each.score), ("tokens", each.tokens))
    ]  # fmt: skip
    columns = ("game", "mean", "first run", "second run", "the second where the first failed",
              "passed on")  # fmt: skip
    print_table("\nCheap, then dear; that the game tells failure is an oracle", columns, rows,
                ".3g")  # fmt: skip
