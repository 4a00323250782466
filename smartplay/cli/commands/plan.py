"""Plan a run: episodes, calls, tokens and price that it takes to show a difference."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from smartplay.cli.options import add_agent_settings, add_shared, agent_settings, game_settings
from smartplay.cli.output import (
    OK,
    print_json,
    print_table,
    quiet_output,
    say,
    shown_number,
    use_cells,
    use_header,
)
from smartplay.scores.power import DETECT

if TYPE_CHECKING:
    from smartplay.report.plan import Plan


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add who is to play what, and what is to be seen."""
    add = parser.add_argument
    add("agent", help="as for run; no service is called and no key needed")
    add("--games", default="core", help="as for run (default: core)")
    add("--detect", type=float, default=DETECT, metavar="X",
        help="the difference to be told apart, on the scale of 0 to 1 (default: "
        f"{DETECT})")  # fmt: skip
    add("--from", dest="earlier", action="append", default=[], type=Path, metavar="RUN",
        help="take the spread from an earlier run, or from two or more that are paired; if it is "
        "of this agent, calls and tokens too")  # fmt: skip
    add_shared(parser, "--prices", "--steps", "--seed", "--card", "--game-set")
    add_agent_settings(parser)


def run(options: argparse.Namespace) -> int:
    """Rehearse, reckon, print."""
    from smartplay.records.prices import read_prices
    from smartplay.report.plan import make_plan

    with quiet_output():
        plan = make_plan(
            options.agent,
            options.games,
            detect=options.detect,
            steps=options.steps,
            seed=options.seed,
            agent_settings=agent_settings(options),
            game_settings=game_settings(options.game_set),
            earlier=options.earlier,
            own_cards=options.card,
            prices=read_prices(options.prices) if options.prices else None,
        )
    if options.json:
        print_json(plan)
    else:
        _print(plan)
    return OK


def _print(plan: Plan) -> None:
    rows = [
        (
            each.game.split("/")[-1],
            shown_number(each.needed),
            each.usual,
            None if each.detects is None else f"{each.detects:.2g}",
            shown_number(each.steps),
            *use_cells(each, plan.currency),
        )
        for each in plan.games
    ]
    header = ["Game", "Needed", "Usual", "Shows", "Steps", *use_header(plan.currency)]
    rows.append(("Total", *[None] * 4, *use_cells(plan, plan.currency)))
    title = f"{plan.agent}: to tell a difference of {plan.detect:g} in each game"
    print_table(title, header, rows)
    percent = f"{100 * plan.power:.0f} of 100 cases"
    say(
        "Needed: episodes with which the difference to another run of the same episodes is told "
        f"apart in at least {percent}, with at most 5 % false alarms over all games of the table. "
        "Shows: the difference that the usual episodes tell apart. Steps are those of an "
        "episode; calls, tokens (read, of these from a cache, written) and cost those of one run "
        "of the needed episodes, or of the usual ones where it is not known how many are needed."
    )
    if plan.overall is not None:
        say(
            f"A difference of {plan.detect:g} of the mean over these games takes {plan.overall} "
            "episodes of each."
        )
    for note in plan.notes:
        say(f"Note: {note}")
