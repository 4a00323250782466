"""Let other programs play: trainers by OpenEnv, chat clients by MCP."""

from __future__ import annotations

import argparse
import asyncio
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from smartplay.cli.commands.run import game_settings
from smartplay.cli.output import OK, complain, print_json
from smartplay.core.errors import MissingPackageError, UsageError

if TYPE_CHECKING:
    from starlette.types import ASGIApp

SPLITS = ("suite", "train", "dev", "test")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add who may play, where, and what is kept."""
    add = parser.add_argument
    kind = parser.add_mutually_exclusive_group(required=True)
    kind.add_argument("--openenv", action="store_true", help="serve OpenEnv sessions over HTTP")
    kind.add_argument("--mcp", action="store_true", help="serve MCP over standard input and output")
    add("--http", action="store_true", help="with --mcp: serve over HTTP instead")
    add("--host", default="127.0.0.1", help="where to listen (default: this machine alone)")
    add("--port", type=int, default=8000, metavar="N",
        help="the port; 0 for any that is free (default: 8000)")  # fmt: skip
    add("--out", type=Path, metavar="DIR",
        help="a new run folder (default: none; with --mcp, one per client)")  # fmt: skip
    add("--split", choices=SPLITS,
        help="whose seeds are played (default: train for OpenEnv, suite for MCP)")  # fmt: skip
    add("--steps", type=int, metavar="N", help="step limit per episode (default: the card's)")
    add("--game-set", action="append", default=[], metavar="GAME.KEY=VALUE",
        help="a setting of a game or family")  # fmt: skip
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
    if options.out is not None and (options.out.is_file() or any(options.out.glob("*"))):
        raise UsageError(f"{options.out} is not empty; choose a new folder with --out")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        serve = _openenv if options.openenv else _mcp
        serve(options)
    except KeyboardInterrupt:
        pass
    except ModuleNotFoundError as error:
        extra = "openenv" if options.openenv else "mcp"
        raise MissingPackageError(
            f'this needs the package "{extra}": pip install "smartplay[{extra}]" ({error})'
        ) from error
    return OK


def _openenv(options: argparse.Namespace) -> None:
    from smartplay.adapters.openenv import Games, make_app

    how = {"steps": options.steps, "game_settings": game_settings(options.game_set)}
    games = Games(options.agent, options.out, options.split or "train", **how)
    try:
        _listen(make_app(games, options.sessions), options)
    finally:
        games.close()


def _mcp(options: argparse.Namespace) -> None:
    from smartplay.adapters.mcp import Games, make_server, serve_stdio

    how = {"steps": options.steps, "game_settings": game_settings(options.game_set)}
    games = Games(options.out, options.split or "suite", **how)
    server = make_server(games)
    try:
        if options.http:
            _listen(server.streamable_http_app(host=options.host), options, "/mcp")
        else:
            asyncio.run(serve_stdio(server, games))
    finally:
        games.close()


def _listen(app: ASGIApp, options: argparse.Namespace, path: str = "") -> None:
    from smartplay.adapters.hosting import is_local, serve_app

    if not is_local(options.host):
        complain(
            "anyone who can reach this machine can play here: nobody is asked for a password, and "
            "nothing is encrypted"
        )
    serve_app(app, options.host, options.port, _telling(options.json, path))


def _telling(as_json: bool, path: str) -> Callable[[str], None]:
    """What prints the address."""

    def tell(address: str) -> None:
        print_json({"address": address + path}) if as_json else print(address + path, flush=True)

    return tell
