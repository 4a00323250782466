"""Play an agent over games and report its capabilities."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from smartplay.agents.ablations import ABLATIONS
from smartplay.agents.aids import AIDS, PLACEBO
from smartplay.agents.methods import METHODS
from smartplay.cli.output import (
    OK,
    SOME_UNSCORED,
    STOPPED,
    complain,
    plural,
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
from smartplay.core.errors import UsageError
from smartplay.core.toml_file import nested, overlay

if TYPE_CHECKING:
    from smartplay.records import EpisodeRecord
    from smartplay.results import Run

CAUSES = 3  # of unscored episodes that are reported
PASSED_ON = "seed concurrency out retries cache cluster"
"""Options that `smartplay.run` takes as they are."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what is played, by whom and where it is kept."""
    add = parser.add_argument
    add("--games", default="core", help="core, all, families, ids, card files (default: core)")
    add("--episodes", type=int, metavar="N", help="episodes per game (default: the card's)")
    add("--steps", type=int, metavar="N", help="step limit per episode (default: the card's)")
    add("--suite", type=Path, metavar="FILE",
        help="play a private suite, as smartplay suite commit makes it")  # fmt: skip
    add("--repeats", type=int, default=1, metavar="K",
        help="play every episode K times, with other seeds of the agent (default: 1)")  # fmt: skip
    add("--quick", action="store_true",
        help="try the set-up: 2 episodes of at most 5 steps per game")  # fmt: skip
    add("--dry-run", action="store_true",
        help="say what it takes in calls, tokens and money, and stop there")  # fmt: skip
    add_playing(parser)


def add_playing(parser: argparse.ArgumentParser) -> None:
    """Add who plays, at what cost, and where it is kept."""
    add = parser.add_argument
    add("agent", help="random, constant, reference, local, openai:MODEL, anthropic:MODEL, "
        "file.py:Name or definition.toml")  # fmt: skip
    add("--seed", type=int, default=0, metavar="S", help="suite seed (default: 0)")
    add("--concurrency", type=int, metavar="N", help="episodes at once (default: by agent)")
    add("--out", type=Path, metavar="DIR", help="run folder (default: one under runs/)")
    add("--retries", type=int, default=1, metavar="N",
        help="how often the agent is asked again after an invalid reply (default: 1)")  # fmt: skip
    add("--max-tokens-total", type=int, metavar="N", help="stop before N tokens are spent")
    add(
        "--max-cost",
        type=float,
        metavar="X",
        help="stop before X is spent, in the currency of --prices",
    )
    add("--prices", type=Path, metavar="FILE", help="prices of tokens, for --max-cost")
    add("--max-time", type=float, metavar="S", help="stop after S seconds")
    add("--timeout", type=float, metavar="S", help="seconds for one reply of a service")
    add("--episode-timeout", type=float, metavar="S",
        help="seconds an episode may take; one that takes longer is unscored")  # fmt: skip
    add("--cache", type=Path, metavar="FILE",
        help="keep a model's replies and use them in other runs of the same episodes")  # fmt: skip
    add("--cluster", metavar="ADDRESS", help="play on a Dask cluster, such as tcp://host:8786")
    add_agent_settings(parser)
    add("--game-set", action="append", default=[], metavar="GAME.KEY=VALUE",
        help="a setting of a game or family")  # fmt: skip


def add_agent_settings(parser: argparse.ArgumentParser) -> None:
    """Add what `agent_settings` reads."""
    add = parser.add_argument
    add("--method", metavar="NAME", help=f"how the model is asked: {', '.join(METHODS)}")
    add("--base-url", metavar="URL", help="address of an OpenAI-compatible service")
    add("--ablation", "--lesion", action="append", default=[], metavar="NAME",
        help=f"take something away: {', '.join(each.name for each in ABLATIONS)}")  # fmt: skip
    add("--aid", action="append", default=[], metavar="NAME",
        help=f"help the agent: {', '.join(aid.name for aid in (*AIDS, PLACEBO))}")  # fmt: skip
    add("--model", action="append", default=[], metavar="ROLE=AGENT",
        help="a model in a role of the method or of your agent, as judge=openai:NAME")  # fmt: skip
    add("--set", action="append", default=[], metavar="KEY=VALUE",
        help="a setting of the agent; KEY may be a path: models.judge.temperature")  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Play what is missing, then report."""
    from smartplay.results import run as play

    if options.dry_run:
        return _reckon(options)
    with quiet_output() if options.json else nullcontext():
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


def playing_options(options: argparse.Namespace) -> dict[str, Any]:
    """What `add_playing` added, as arguments of `smartplay.run`."""
    from smartplay.runner import Limits

    return {
        **{name: getattr(options, name) for name in PASSED_ON.split()},
        "agent_settings": agent_settings(options),
        "game_settings": game_settings(options.game_set),
        "limits": Limits(
            tokens=options.max_tokens_total,
            cost=options.max_cost,
            prices=options.prices,
            seconds=options.max_time,
        ),
        "episode_seconds": options.episode_timeout,
        "progress": True,
    }


def conclude(played: Run, options: argparse.Namespace, enough: bool = False) -> int:
    """Report a run, say what went wrong, and with what code to end.

    Args:
        played: The run.
        options: The command's.
        enough: Whether what there is will do, although the run stopped before its end.
    """
    failed = _failed(played)
    _complain(failed, len(played.episodes), options.debug)
    if played.scored or options.json:
        from smartplay.records.prices import read_prices

        prices = read_prices(options.prices) if options.prices else None
        show_reports([played.path], options.json, prices)
    if played.scored and not options.json:
        print(f"Report: {played.path / 'report.md'}")
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


def agent_settings(options: argparse.Namespace) -> dict[str, Any]:
    """The agent's settings among a command's options."""
    settings: dict[str, Any] = {}
    for text in options.model:
        role, equals, name = text.partition("=")
        if not (role and equals and name):
            example = "ROLE=AGENT, such as judge=openai:NAME"
            raise UsageError(f"{text!r} names no model; write {example}")
        settings = overlay(settings, {"models": {role: {"agent": name}}})
    for key, value in map(_setting, options.set):
        settings = overlay(settings, nested(key, value))
    if getattr(options, "method", None) is not None:
        settings["method"] = options.method
    if options.base_url is not None:
        settings["base_url"] = options.base_url
    if getattr(options, "timeout", None) is not None:
        settings["timeout"] = options.timeout
    if options.ablation:
        settings["ablation"] = options.ablation
    if getattr(options, "aid", []):
        settings["aid"] = options.aid
    return settings


def _setting(text: str) -> tuple[str, Any]:
    """Read KEY=VALUE; the value as JSON if it is valid JSON, else as text."""
    key, equals, value = text.partition("=")
    if not equals or not all(key.split(".")):
        raise UsageError(f"{text!r} is not a setting; write KEY=VALUE")
    try:
        return key, msgspec.json.decode(value)
    except msgspec.DecodeError:
        return key, value


def game_settings(texts: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The settings of games among a command's options."""
    found: dict[str, dict[str, Any]] = {}
    for text in texts:
        place, value = _setting(text)
        game, dot, key = place.partition(".")
        if not dot or value == "":
            raise UsageError(f"{text!r} is not a game setting; write GAME.KEY=VALUE")
        found = overlay(found, {game: nested(key, value)})
    return found
