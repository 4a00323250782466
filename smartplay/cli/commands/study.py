"""Play the arms of a study, with their controls, and compare them by what was fixed beforehand.

The study file names games, arms, a baseline and a margin. Before anything is played, expected
calls, tokens and price are printed. Each arm is a run folder; the same command goes on.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from smartplay.cli.options import LIMITS, add_shared
from smartplay.cli.output import (
    FAILED,
    OK,
    SOME_UNSCORED,
    STOPPED,
    complain,
    print_json,
    print_table,
    quiet_output,
    say,
    shown_number,
    shown_span,
    use_cells,
    use_header,
)
from smartplay.records.prices import money

if TYPE_CHECKING:
    from smartplay.studies.playing import Expected, Opened


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the study, where it is kept and what it may cost."""
    add = parser.add_argument
    add("study", type=Path, metavar="STUDY.toml", help="the study; docs/studies.md says how")
    add("--dry-run", action="store_true",
        help="say what is left to be played and what that takes, and stop there")  # fmt: skip
    add("--out", type=Path, metavar="DIR", help="its folder (default: one under runs/)")
    add_shared(parser, "--concurrency", *LIMITS, "--cluster")


def run(options: argparse.Namespace) -> int:
    """Reckon, play what is missing, compare."""
    from smartplay.runner import Limits
    from smartplay.studies import carry_out, find_study
    from smartplay.studies.playing import expected
    from smartplay.studies.showing import facts, tables

    with quiet_output(options.json):
        opened = find_study(options.study, options.out)
        reckoned = expected(opened)
        if not options.json:
            _print(opened, reckoned)
        if not options.dry_run:
            found = carry_out(
                opened,
                limits=Limits(
                    tokens=options.max_tokens_total, cost=options.max_cost, seconds=options.max_time
                ),
                concurrency=options.concurrency,
                episode_seconds=options.episode_timeout,
                cache=options.cache,
                cluster=options.cluster,
                progress=True,
            )
    if options.dry_run:
        if options.json:
            print_json(reckoned)
        return OK
    if options.json:
        print_json(found)
    else:
        for table in tables(found):
            print_table(f"\n{table.title}", table.header, table.rows)
        for fact in facts(found):
            say(fact)
        say(f"Page: {opened.folder / 'study.html'}")
    if found.stopped:
        complain(f"stopped: {found.stopped}; the same command goes on")
        return STOPPED
    if any(arm.problem for arm in found.arms):
        return FAILED
    return SOME_UNSCORED if found.unscored else OK


def _print(opened: Opened, reckoned: list[Expected]) -> None:
    prices = opened.study.read_prices()
    currency = prices.currency if prices else ""
    rows = [
        (each.arm, each.why or None, f"{each.done} of {each.planned}", *use_cells(each, currency))
        for each in reckoned
    ]
    header = ["Arm", "Beside", "Played", *use_header(currency)]
    print_table(f"{opened.study.title}: what is left to be played", header, rows)
    say(_total(reckoned, currency))


def _total(reckoned: list[Expected], currency: str) -> str:
    from smartplay.report.estimate import added

    episodes = sum(each.planned - each.done for each in reckoned)
    known = [each for each in reckoned if each.calls is not None]
    calls, read = sum(each.calls or 0 for each in known), sum(each.read or 0 for each in known)
    told = (
        f"In all {episodes} episodes, {shown_number(calls)} calls, {shown_number(read)} tokens "
        f"read, {shown_span(added([each.written for each in known if each.written]))} written"
    )
    if currency:
        costs = [each.cost for each in known if each.cost]
        whole = len(costs) == len(known)
        told += f", {shown_span(added(costs), money)} {currency}" if whole else ", price unknown"
    if len(known) < len(reckoned):
        told += f", and those of {len(reckoned) - len(known)} arms that cannot be known before"
    return (
        f"{told}. Reckoned from two episodes of random play a game, 4 characters a token; matched "
        "votes by what that takes. What a method asks only after some replies is not in it."
    )
