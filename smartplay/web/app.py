"""The app: its routes, and what becomes of errors."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from smartplay.core import printable
from smartplay.core.errors import SmartPlayError
from smartplay.records.prices import Prices
from smartplay.web.gate import Gate
from smartplay.web.pages import BusyError, NotHereError, asset, problem
from smartplay.web.play import PlayPages, Sittings
from smartplay.web.watch import WatchPages

NOT_HERE = "There is no such page, or it is not yours."
BUSY = "There is no room for another game now. Try again in a minute."


def make_app(
    root: Path, board: Path | None = None, prices: Prices | None = None, token: str = ""
) -> ASGIApp:
    """The app in which people play and watch.

    Args:
        root: The folder of the runs.
        board: The leaderboard's `site` folder, if there is one.
        prices: What tokens cost.
        token: What the address must hold; empty to let everyone in.
    """
    sittings = Sittings()
    made = Path(tempfile.mkdtemp(prefix="smartplay-web-"))
    play = PlayPages(root, sittings)
    watch = WatchPages(root, made, board is not None, prices)
    routes = [
        Route("/", watch.home),
        Route("/play", play.begin, methods=["POST"]),
        Route("/play/{run}", play.show),
        Route("/play/{run}", play.act, methods=["POST"]),
        Route("/runs/{run:path}", watch.run),
        Route("/report/{run:path}", watch.report),
        Route("/film/{run:path}", watch.film),
        Route("/compare", watch.compare),
        Mount("/made", StaticFiles(directory=made)),
    ]
    if board is not None:
        routes.append(Mount("/board", StaticFiles(directory=board)))

    def close() -> None:
        sittings.close()
        watch.close()

    return gated(routes, close, token)


def gated(routes: list[Route | Mount], close: Callable[[], None], token: str) -> ASGIApp:
    """An app behind its gate.

    Args:
        routes: Its pages.
        close: Called when it ends.
        token: What the address must hold.
    """

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            close()

    files = [
        Route("/style.css", _file("style.css", "text/css")),
        Route("/page.js", _file("page.js", "text/javascript")),
    ]
    app = Starlette(
        routes=[*files, *routes],
        lifespan=lifespan,
        exception_handlers={
            NotHereError: lambda request, _: problem(request, 404, NOT_HERE),
            BusyError: lambda request, _: problem(request, 503, BUSY),
            SmartPlayError: lambda request, error: problem(request, 400, _told(error)),
            HTTPException: _not_served,
        },
    )
    return Gate(app, token)


def _file(name: str, kind: str) -> Callable[[Request], Response]:
    text = asset(name)

    def serve(request: Request) -> Response:
        return Response(text, media_type=kind, headers={"cache-control": "max-age=300"})

    return serve


def _told(error: Exception) -> str:
    return printable.line(str(error), printable.TEXT)


def _not_served(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    told = NOT_HERE if error.status_code == 404 else str(error.detail)
    return problem(request, error.status_code, told)
