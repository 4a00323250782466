"""Play, watch and experiment in a browser; or let programs play, by OpenEnv or MCP."""

from __future__ import annotations

import argparse
import asyncio
import secrets
import signal
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smartplay.cli.options import add_shared, game_settings
from smartplay.cli.output import OK, complain, print_json, say
from smartplay.core.errors import MissingPackageError, UsageError
from smartplay.core.printable import plural

if TYPE_CHECKING:
    from starlette.types import ASGIApp

PATIENCE = 10.0
"""Seconds within which a browser's request must arrive."""
SPLITS = ("suite", "train", "dev", "test")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add who may play, where, and what is kept."""
    add = parser.add_argument
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--experiment", type=Path, metavar="FILE.toml",
        help="serve an experiment with people instead of the runs")  # fmt: skip
    kind.add_argument("--openenv", action="store_true", help="serve OpenEnv sessions over HTTP")
    kind.add_argument("--mcp", action="store_true", help="serve MCP over standard input and output")
    add("--http", action="store_true", help="with --mcp: serve over HTTP instead")
    add("--host", default="127.0.0.1", help="where to listen (default: this machine alone)")
    add("--port", type=int, default=8000, metavar="N",
        help="the port; 0 for any that is free (default: 8000)")  # fmt: skip
    add("--runs", type=Path, default=Path("runs"), metavar="DIR",
        help="in the browser: the folder of runs (default: runs)")  # fmt: skip
    add("--leaderboard", type=Path, default=Path("leaderboard"), metavar="DIR",
        help="in the browser: the leaderboard's folder (default: leaderboard)")  # fmt: skip
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--export", type=Path, metavar="FILE.csv",
        help="with --experiment: write its results instead of serving")  # fmt: skip
    instead.add_argument("--delete", metavar="ID",
        help="with --experiment: delete a participant, or `all`, instead of serving")  # fmt: skip
    add("--out", type=Path, metavar="DIR", help="a new run folder (default: none; with --mcp, one "
        "per client); with --experiment: its folder (default: beside its file)")  # fmt: skip
    add("--split", choices=SPLITS,
        help="whose seeds are played (default: train for OpenEnv, suite for MCP)")  # fmt: skip
    add_shared(parser, "--prices", "--steps", "--game-set")
    add("--agent", default="client", metavar="NAME",
        help="with --openenv: who plays, as it is recorded (default: client)")  # fmt: skip
    add("--sessions", type=int, default=1000, metavar="N",
        help="with --openenv: most sessions at once (default: 1000)")  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Serve until interrupted, or until the client of standard input leaves."""
    if options.sessions < 1:
        raise UsageError(f"sessions must be 1 or more, not {options.sessions}")
    if options.http and not options.mcp:
        raise UsageError("--http goes with --mcp; OpenEnv is served over HTTP anyway")
    if (options.export or options.delete is not None) and options.experiment is None:
        raise UsageError("--export and --delete go with --experiment")
    programs = options.openenv or options.mcp
    if not programs and (options.split or options.steps or options.game_set):
        raise UsageError("--split, --steps and --game-set go with --openenv or --mcp")
    if options.out and not (programs or options.experiment):
        raise UsageError("--out goes with --experiment, --openenv or --mcp; name runs with --runs")
    if (
        programs
        and options.out is not None
        and (options.out.is_file() or any(options.out.glob("*")))
    ):
        raise UsageError(f"{options.out} is not empty; choose a new folder with --out")
    if not programs and options.experiment is None and options.runs.is_file():
        raise UsageError(f"{options.runs} is a file; name a folder with --runs")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    serve, extra = _web, "web"
    if programs:
        serve, extra = (_openenv, "openenv") if options.openenv else (_mcp, "mcp")
    try:
        serve(options)
    except KeyboardInterrupt:
        pass
    except ModuleNotFoundError as error:
        raise MissingPackageError(
            f'this needs more packages: pip install "smartplay[{extra}]" ({error})'
        ) from error
    return OK


def _web(options: argparse.Namespace) -> None:
    if options.experiment is not None:
        _experiment(options)
        return
    from smartplay.records.prices import read_prices
    from smartplay.web.app import make_app

    board = options.leaderboard / "site"
    app = make_app(
        options.runs,
        board if (board / "index.html").is_file() else None,
        read_prices(options.prices) if options.prices else None,
        token := _token(options.host),
    )
    _listen(app, options, f"/?token={token}" if token else "", PATIENCE)


def _experiment(options: argparse.Namespace) -> None:
    from smartplay.play.experiment import Experiment

    experiment = Experiment.read(options.experiment, options.out)
    if options.delete is not None:
        say(f"Deleted: {plural(experiment.delete(options.delete), 'participant')}")
    elif options.export:
        say(f"{options.export}: {plural(experiment.export(options.export), 'episode')}")
    else:
        from smartplay.web.experiment import make_experiment_app

        experiment.check_begun()
        app = make_experiment_app(experiment, token := _token(options.host))
        _listen(app, options, f"/?token={token}" if token else "", PATIENCE)


def _token(host: str) -> str:
    """The secret in the address if others can reach it; empty if they cannot."""
    from smartplay.adapters.hosting import is_local

    return "" if is_local(host) else secrets.token_urlsafe(16)


def _openenv(options: argparse.Namespace) -> None:
    from smartplay.adapters.openenv import Games, make_app

    split, how = options.split or "train", _how(options)
    with closing(Games(options.agent, options.out, split, **how)) as games:
        _listen(make_app(games, options.sessions), options)


def _mcp(options: argparse.Namespace) -> None:
    from smartplay.adapters.mcp import Games, make_server, serve_stdio

    with closing(Games(options.out, options.split or "suite", **_how(options))) as games:
        server = make_server(games)
        if options.http:
            _listen(server.streamable_http_app(host=options.host), options, "/mcp")
        else:
            asyncio.run(serve_stdio(server, games))


def _how(options: argparse.Namespace) -> dict[str, Any]:
    return {"steps": options.steps, "game_settings": game_settings(options.game_set)}


def _listen(
    app: ASGIApp, options: argparse.Namespace, path: str = "", patience: float | None = None
) -> None:
    """Serve an app, and print its address with a path; a browser's app has patience."""
    from smartplay.adapters.hosting import is_local, serve_app

    if patience and path:
        complain("whoever has this address can use the app, and nothing is encrypted")
    elif not patience and not is_local(options.host):
        complain(
            "anyone who can reach this machine can play here: nobody is asked for a password, and "
            "nothing is encrypted"
        )

    def tell(address: str) -> None:
        told = address + path
        print_json({"address": told}) if options.json else print(told, flush=True)

    serve_app(app, options.host, options.port, tell, patience)
