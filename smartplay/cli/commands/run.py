"""Play an agent over games and report its capabilities."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from smartplay.cli.options import (
    add_playing,
    add_shared,
    agent_settings,
    game_settings,
    playing_options,
)
from smartplay.cli.output import (
    OK,
    SOME_UNSCORED,
    STOPPED,
    complain,
    print_json,
    print_table,
    quiet_output,
    say,
    show_reports,
    shown_number,
    use_cells,
    use_header,
)
from smartplay.core import printable
from smartplay.core.printable import plural

if TYPE_CHECKING:
    from smartplay.records import EpisodeRecord
    from smartplay.results import Run

CAUSES = 3  # of unscored episodes that are reported


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what is played, by whom and where it is kept."""
    add = parser.add_argument
    add("--games", default="core", help="core, all, families, ids, card files (default: core)")
    add("--episodes", type=int, metavar="N", help="episodes per game (default: the card's)")
    add("--suite", type=Path, metavar="FILE",
        help="play a private suite, as smartplay suite commit makes it")  # fmt: skip
    add("--repeats", type=int, default=1, metavar="K",
        help="play every episode K times, with other seeds of the agent (default: 1)")  # fmt: skip
    add("--quick", action="store_true",
        help="try the set-up: 2 episodes of at most 5 steps per game")  # fmt: skip
    add("--dry-run", action="store_true",
        help="say what it takes in calls, tokens and money, and stop there")  # fmt: skip
    add_shared(parser, "--steps")
    add_playing(parser)


def run(options: argparse.Namespace) -> int:
    """Play what is missing, then report."""
    from smartplay.results import run as play

    if options.dry_run:
        return _reckon(options)
    with quiet_output(options.json):
        played = play(
            options.agent,
            options.games,
            episodes=options.episodes,
            steps=options.steps,
            suite=options.suite,
            repeats=options.repeats,
            quick=options.quick,
            **playing_options(options),
        )
    return conclude(played, options)


def _reckon(options: argparse.Namespace) -> int:
    """Say what the run takes, without any call and without a folder."""
    from smartplay.records.prices import read_prices
    from smartplay.report.estimate import estimate_run
    from smartplay.runner.suite import find_suite

    names = ("episodes", "steps", "repeats", "quick", "seed", "retries", "out")
    with quiet_output():
        found = estimate_run(
            options.agent,
            options.games,
            suite=find_suite(options.suite).hash if options.suite else "",
            agent_settings=agent_settings(options),
            game_settings=game_settings(options.game_set),
            prices=read_prices(options.prices) if options.prices else None,
            **{name: getattr(options, name) for name in names},
        )
    if options.json:
        print_json(found)
        return OK
    rows = [
        (each.game.split("/")[-1], each.episodes, shown_number(each.steps),
         *use_cells(each.use, found.currency))
        for each in found.games
    ]  # fmt: skip
    episodes = sum(each.episodes for each in found.games)
    rows.append(("Total", episodes, None, *use_cells(found.use, found.currency)))
    header = ["Game", "Episodes", "Steps", *use_header(found.currency)]
    print_table(f"{found.agent}: what is left to be played", header, rows)
    if done := sum(each.done for each in found.games):
        say(f"{plural(done, 'episode')} are played already.")
    for note in found.notes:
        say(f"Note: {note}")
    if not found.currency and found.use and found.use.calls:
        say("Price unknown: name the prices of tokens with --prices FILE.")
    return OK


def conclude(played: Run, options: argparse.Namespace, enough: bool = False) -> int:
    """Report a run, say what went wrong, and return the exit code.

    Args:
        played: The run.
        options: The command's.
        enough: Whether the results suffice although the run stopped before its end.
    """
    failed = _failed(played)
    _complain(failed, len(played.episodes), options.debug)
    if played.scored or options.json:
        from smartplay.records.prices import read_prices

        prices = read_prices(options.prices) if options.prices else None
        show_reports([played.path], options.json, prices)
    if played.scored and not options.json:
        say(f"Report: {played.path / 'report.md'}")
    if failed and not played.stopped:
        traced = any(record.traceback for record in failed) and not options.debug
        hint = "; --debug shows where they failed" if traced else ""
        complain(f"the same command plays them again{hint}")
    if played.stopped:
        complain(
            f"stopped: {played.stopped}; {plural(len(played.scored), 'episode')} finished, and the "
            "same command goes on with the others"
        )
        return OK if enough else STOPPED
    return SOME_UNSCORED if played.unscored else OK


def _failed(played: Run) -> list[EpisodeRecord]:
    """The unscored episodes whose cause is news beside why the run stopped."""
    stopped = played.stopped or ""
    return [
        record
        for record in played.unscored
        if not (stopped and (record.error or "").partition(": ")[2] in stopped)
    ]


def _complain(failed: Sequence[EpisodeRecord], episodes: int, debug: bool) -> None:
    """Say what went wrong and where, the most frequent cause first."""
    for cause, count in Counter(record.error for record in failed).most_common(CAUSES):
        trace = next(record.traceback for record in failed if record.error == cause)
        for line in trace.splitlines() if debug else ():
            print(printable.line(line, printable.TEXT), file=sys.stderr)
        place = f" ({trace.splitlines()[-1]})" if trace else ""
        are = "is" if count == 1 else "are"
        complain(f"{count} of {plural(episodes, 'episode')} {are} unscored: {cause}{place}")
