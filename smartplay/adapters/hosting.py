"""Serves an application at an address: bound before it is told, on loopback unless asked."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

import h11
import uvicorn
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from smartplay.core.errors import UsageError

LARGEST_REQUEST = 2**20
"""Bytes of a request, and of a message over a websocket."""
WAITING = 2048
"""Connections that may wait to be taken."""
MOST_CONNECTIONS = 500
"""Connections at once that a browser's app holds; further ones are told to come back."""
GRACE = 1
"""Seconds for what is under way when the server stops."""


def serve_app(
    app: ASGIApp,
    host: str,
    port: int,
    told: Callable[[str], None],
    patience: float | None = None,
) -> None:
    """Serve until it is interrupted.

    Args:
        app: The application.
        host: The address or name to listen at.
        port: The port; 0 for any that is free.
        told: Called with `http://HOST:PORT` once connections are taken.
        patience: Seconds in which the head of a request has to come; None for any number.

    Raises:
        UsageError: If nothing can listen there.
    """
    if not 0 <= port < 2**16:
        raise UsageError(f"port must be 0 to {2**16 - 1}, not {port}")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        bound = socket.create_server((host, port), family=family, backlog=WAITING)
    except OSError as error:
        raise UsageError(
            f"cannot listen at {host}, port {port}: {error.strerror or error}; choose another "
            "with --host or --port (0 for any that is free)"
        ) from error
    with bound:
        shown = f"[{host}]" if ":" in host else host
        told(f"http://{shown}:{bound.getsockname()[1]}")
        config = uvicorn.Config(
            Guard(app, is_local(host)),
            log_level="error",
            ws_max_size=LARGEST_REQUEST,
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=GRACE,
            http="auto" if patience is None else type("Own", (Patient,), {"patience": patience}),
            limit_concurrency=None if patience is None else MOST_CONNECTIONS,
        )
        _Server(config).run([bound])


class Patient(H11Protocol):
    """A connection that is closed if the head of its next request does not come in time."""

    patience: float
    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Take what came; a head that is not whole yet gets no more time."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._stop_waiting()
        elif self._waiting is None:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._waiting = self.loop.call_later(self.patience, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None


class _Server(uvicorn.Server):
    """Ends without a word about those whom it leaves."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        super().handle_exit(sig, frame)


def is_local(host: str) -> bool:
    """Whether only this machine can reach an address."""
    with suppress(ValueError):
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    return host == "localhost"


class Guard:
    """Refuses pages of other sites, and bodies that are large or do not tell their size.

    Args:
        app: What is guarded.
        local: Whether only names of this machine are answered to: a page may have its own name
            lead here.
    """

    def __init__(self, app: ASGIApp, local: bool) -> None:
        self._app, self._local = app, local

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it."""
        refusal = None if scope["type"] == "lifespan" else self._refusal(scope)
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": refusal[1]})
        else:
            await PlainTextResponse(refusal[1], refusal[0])(scope, receive, send)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Status and reason."""
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        if self._local and not (is_local(host) or is_local(host.rpartition(":")[0])):
            return 421, "this server answers to names of its own machine alone"
        if origin is not None and origin.partition("://")[2] != host:
            return 403, "pages of other sites may not play here"
        if "transfer-encoding" in headers:
            return 411, "a request has to tell the length of its body"
        if int(headers.get("content-length", "0")) > LARGEST_REQUEST:
            return 413, f"a request may have at most {LARGEST_REQUEST} bytes"
        return None
