"""The command line: `smartplay run | report | games | agents | bench`."""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NoReturn

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from smartplay._version import __version__
from smartplay.errors import SmartPlayError, UsageError

OK, FAILED, BAD_USAGE, SOME_UNSCORED, INTERRUPTED = 0, 1, 2, 3, 130


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {message}; see {self.prog} --help", file=sys.stderr)
        raise SystemExit(BAD_USAGE)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Returns:
        0 if all went well, 1 if something failed, 2 for a request that cannot be carried out, 3 if
        an episode is unscored, 130 if interrupted.
    """
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except KeyboardInterrupt:
        print("smartplay: stopped; the same command takes up where it stopped", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except Exception as error:
        if options.debug:
            traceback.print_exc()
        return _report_failure(error)


def _report_failure(error: Exception) -> int:
    text = " ".join(str(error).split())
    if isinstance(error, SmartPlayError):
        print(f"smartplay: {text}", file=sys.stderr)
    else:
        kind = type(error).__name__
        print(f"smartplay: {kind}: {text} (--debug shows where)", file=sys.stderr)
    return BAD_USAGE if isinstance(error, UsageError) else FAILED


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="smartplay",
        description="Games as text that show what an agent can do, and what it cannot.",
    )
    parser.add_argument("--version", action="version", version=f"smartplay {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)

    def command(name: str, function: Callable[..., int], text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(command=function)
        added.add_argument("--json", action="store_true", help="print JSON and nothing else")
        added.add_argument("--debug", action="store_true", help="show where an error comes from")
        return added

    _add_run(command("run", _run, "Play an agent over games and report its capabilities."))
    report = command("report", _report, "Report runs again from their folders.")
    report.add_argument("run", nargs="+", type=Path, help="a run folder")
    command("games", _games, "List the games.")
    command("agents", _agents, "List the shipped agents.")
    bench = command("bench", _bench, "Measure the speed of the games and of the runner.")
    bench.add_argument("--games", default="all", help="as for run (default: all)")
    bench.add_argument("--seconds", type=float, default=1.0, help="per measurement (default: 1)")
    bench.add_argument("--runner", action="store_true", help="measure the runner as well (a minute)")
    return parser


def _add_run(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("agent", help="random, constant, reference, local, openai:MODEL, anthropic:MODEL, "
        "file.py:Name or definition.toml")  # fmt: skip
    add("--games", default="core", help="core, all, families, ids, card files (default: core)")
    add("--episodes", type=int, metavar="N", help="episodes per game (default: the card's)")
    add("--steps", type=int, metavar="N", help="step limit per episode (default: the card's)")
    add("--seed", type=int, default=0, metavar="S", help="suite seed (default: 0)")
    add("--concurrency", type=int, metavar="N", help="episodes at once (default: by agent)")
    add("--out", type=Path, metavar="DIR", help="run folder (default: one under runs/)")
    add("--quick", action="store_true", help="2 episodes of at most 50 steps per game")
    add("--retries", type=int, default=1, metavar="N",
        help="how often an invalid reply is complained of (default: 1)")  # fmt: skip
    add("--base-url", metavar="URL", help="address of an OpenAI-compatible service")
    add("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of the agent")
    add("--game-set", action="append", default=[], metavar="GAME.KEY=VALUE",
        help="a setting of a game or family")  # fmt: skip


def _run(options: argparse.Namespace) -> int:
    from smartplay.runner import run

    settings = dict(map(_setting, options.set))
    if options.base_url:
        settings["base_url"] = options.base_url
    played = run(
        options.agent,
        options.games,
        episodes=options.episodes,
        steps=options.steps,
        seed=options.seed,
        concurrency=options.concurrency,
        out=options.out,
        quick=options.quick,
        retries=options.retries,
        agent_settings=settings,
        game_settings=_game_settings(options.game_set),
    )
    _show_reports([played.path], options.json)
    if not options.json:
        print(f"Report: {played.path / 'report.md'}")
    if played.unscored:
        print(
            f"smartplay: {len(played.unscored)} of {len(played.episodes)} episodes are unscored; "
            "the same command plays them again",
            file=sys.stderr,
        )
        return SOME_UNSCORED
    return OK


def _report(options: argparse.Namespace) -> int:
    _show_reports(options.run, options.json)
    return OK


def _show_reports(paths: Sequence[Path], as_json: bool) -> None:
    from smartplay.report import write_report
    from smartplay.report.terminal import print_report

    reports = [write_report(path) for path in paths]
    if as_json:
        _print_json(reports[0] if len(reports) == 1 else reports)
        return
    console = Console()
    for report in reports:
        print_report(report, console)


def _games(options: argparse.Namespace) -> int:
    from smartplay.registry import cards

    found = [card for card in cards() if card.playable]
    if options.json:
        _print_json(found)
        return OK
    header = ("id", "game", "core", "steps", "episodes", "min", "random", "human", "optimum")
    rows = []
    for card in found:
        anchors = card.anchors
        random = None if anchors.random is None else anchors.random.mean
        numbers = (anchors.min, random, anchors.human, anchors.optimum)
        told = ["-" if number is None else f"{number:.4g}" for number in numbers]
        core = "yes" if card.core else ""
        rows.append((card.id, card.title, core, str(card.steps), str(card.episodes), *told))
    _print_table("Games", header, rows)
    return OK


def _agents(options: argparse.Namespace) -> int:
    from smartplay.agents.catalog import KINDS

    if options.json:
        _print_json(KINDS)
    else:
        _print_table("Agents", ("written", "meant"), KINDS.items())
    return OK


def _bench(options: argparse.Namespace) -> int:
    from smartplay import bench
    from smartplay.runner.plan import select_games

    cards = select_games(options.games)
    speeds = [bench.game_speed(card, options.seconds) for card in cards]
    if any(card.family == "crafter" for card in cards):
        speeds.append(bench.crafter_package_speed(options.seconds))
    overhead, waits = None, []
    if options.runner:
        overhead = bench.runner_overhead()
        kinds = [(n, kind) for n in (1, 4, 16, 64) for kind in (True, False)]
        waits = [bench.runner_speed(*kind) for kind in kinds]
    if options.json:
        _print_json({"games": speeds, "overhead_per_step": overhead, "runner": waits})
        return OK
    rows = [(s.game, f"{s.steps:,.0f}", f"{s.resets:,.1f}") for s in speeds]
    _print_table("Speed on one core, text and info included", ("id", "steps/s", "resets/s"), rows)
    if overhead is not None:
        print(f"The runner adds {1000 * overhead:.3f} ms to a step.")
        rows = [
            (f"{w.concurrency}", w.agent, f"{w.seconds:.2f}", f"{w.ideal:.2f}") for w in waits
        ]
        title = f"{bench.EPISODES} episodes of {bench.STEPS} steps, {bench.PAUSE} s a reply"
        _print_table(title, ("concurrency", "agent", "seconds", "ideal"), rows)
    return OK


def _setting(text: str) -> tuple[str, Any]:
    """Read KEY=VALUE; the value as JSON if it is valid JSON, else as text."""
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise UsageError(f"{text!r} is no setting; write KEY=VALUE")
    try:
        return key, msgspec.json.decode(value)
    except msgspec.DecodeError:
        return key, value


def _game_settings(texts: Iterable[str]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for text in texts:
        place, value = _setting(text)
        game, dot, key = place.partition(".")
        if not dot or not game or not key:
            raise UsageError(f"{text!r} is no game setting; write GAME.KEY=VALUE")
        found.setdefault(game, {})[key] = value
    return found


def _print_json(value: Any) -> None:
    data = msgspec.json.format(msgspec.json.encode(value), indent=2)
    sys.stdout.write(data.decode() + "\n")
    sys.stdout.flush()


def _print_table(title: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    table = Table(title=title)
    for column in header:
        table.add_column(column)
    for row in rows:
        table.add_row(*map(Text, row))
    Console().print(table)
