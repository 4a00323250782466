"""Analyze a run's answers: how often they are right, change on review, and agree.

Each episode is replayed, and its answers are held against the game's own truth. Several runs, cheap
ones first, are also held against each other.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from smartplay.cli.options import add_shared
from smartplay.cli.output import OK, print_json, print_table, say

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
    _print_right(games)
    _print_flips(games)
    _print_agreement(games)
    _print_lengths(games)
    for note in found.notes:
        say(f"Note: {note}")


def _print_right(games: dict[str, GameAnalysis]) -> None:
    rows = [
        (name, game.truth, game.right.steps, game.right.share, game.right.first)
        for name, game in games.items()
        if game.right
    ]
    if rows:
        header = ("game", "truth", "steps", "right", "first answer right")
        print_table("\nRight steps, with 95 % intervals", header, rows)


def _print_flips(games: dict[str, GameAnalysis]) -> None:
    rows = []
    for name, game in games.items():
        if found := game.flips:
            counts = (found.right_right, found.right_wrong, found.wrong_right, found.wrong_wrong)
            rates = (found.kept, found.correction, found.corruption, found.break_even, found.p)
            rows.append((name, *counts, *rates))
    if rows:
        header = ("game", "right, right", "right, wrong", "wrong, right", "wrong, wrong", "kept",
                  "correction", "corruption", "break-even", "p (McNemar)")  # fmt: skip
        print_table("\nFirst answer, then the action played", header, rows, ".3g")


def _print_agreement(games: dict[str, GameAnalysis]) -> None:
    rows = [
        (name, f"{votes.agree} of {votes.samples}", votes.steps, votes.share)
        for name, game in games.items()
        if game.agreement
        for votes in game.agreement.votes
    ]
    if rows:
        header = ("game", "agree", "votes", "right")
        print_table("\nAgreement of samples, and how often their vote was right", header, rows)


def _print_lengths(games: dict[str, GameAnalysis]) -> None:
    rows: list[tuple[object, ...]] = []
    for name, game in games.items():
        for found in game.lengths:
            within = found.within or "-"
            states = f"{found.usable} of {found.states}"
            rows.append((name, found.unit, "being right", states, within, found.pooled))
        rows += [
            (name, each.unit, "return", f"{each.episodes} episodes", "-", each.r)
            for each in game.episode_lengths
        ]
    if rows:
        header = ("game", "length in", "against", "usable states", "r within a state", "r pooled")
        print_table(
            "\nLength of replies; pooled r mixes length with difficulty", header, rows, ".2f"
        )


def _print_calibration(found: Analysis) -> None:
    """Agreement held against being right, for methods beside each other."""
    rows: list[tuple[object, ...]] = [
        (game.game.split("/")[-1], run.agent, each.votes[-1].samples, each.agreement, each.share,
         each.gap, each.error)
        for run in found.runs
        for game in run.games
        if (each := game.agreement)
    ]  # fmt: skip
    if len(found.runs) > 1 and rows:
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
    if shown:
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
    if rows:
        columns = ("game", "mean", "first run", "second run", "the second where the first failed",
                  "passed on")  # fmt: skip
        print_table("\nCheap, then dear; that the game tells failure is an oracle", columns, rows,
                    ".3g")  # fmt: skip
