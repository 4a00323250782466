"""What every request passes on its way in, and every answer on its way out.

A browser is known by a random cookie, its `owner`; only digests of it are ever kept. A form must
bring a digest of that cookie back, so that no page of another site can send one.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from urllib.parse import parse_qs, quote

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

OWNER, ACCESS, TOKEN = "smartplay_owner", "smartplay_access", "token"
LONGEST_FORM, MOST_FIELDS = 16 * 1024, 100
PATIENCE = 10.0
"""Seconds for a request's body."""
COOKIE_SECONDS = 30 * 24 * 3600
RATE, BURST = 30.0, 120.0
"""Requests per second of one address, and how many may come at once."""
MOST_ADDRESSES = 1000
OUTSIDE = ("/made/", "/board/")
"""Where pages stand that were made to be opened from disk: they run apart from all others."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
POLICY_OUTSIDE = (
    "sandbox allow-scripts; default-src 'none'; script-src 'self' 'unsafe-inline'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


def digest(kind: str, owner: str) -> str:
    """What may be shown or kept of an owner; the cookie cannot be found from it."""
    return hashlib.sha256(f"{kind} {owner}".encode()).hexdigest()[:32]


class Gate:
    """Refuses what is too much, too slow, from other sites or without access.

    Args:
        app: What is behind it.
        token: What the address has to hold once; empty to let everyone in.
        clock: Seconds that only grow.
    """

    def __init__(
        self, app: ASGIApp, token: str = "", clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._app, self._token, self._clock = app, token, clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            else:
                await send({"type": "websocket.close", "code": 1008})
            return
        request = Request(scope, receive)
        owner = request.cookies.get(OWNER, "")
        fresh = not (owner.isascii() and owner.isalnum() and len(owner) == 32)
        scope["owner"] = owner = secrets.token_hex(16) if fresh else owner
        scope["form"] = {}
        answer = self._refusal(request) or self._entry(request)
        if answer is None and request.method == "POST":
            answer = await self._read_form(request, owner)

        async def passed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                outside = request.url.path.startswith(OUTSIDE)
                headers["content-security-policy"] = POLICY_OUTSIDE if outside else POLICY
                headers.setdefault("cache-control", "no-store")
                if fresh and not outside:
                    headers.append("set-cookie", _cookie(OWNER, owner))
            await send(message)

        await (answer or self._app)(scope, receive, passed)

    def _refusal(self, request: Request) -> Response | None:
        if not self._has_left(request.client.host if request.client else ""):
            return PlainTextResponse("too many requests at once", 429, {"retry-after": "1"})
        if request.method not in ("GET", "HEAD", "POST"):
            return PlainTextResponse("only GET and POST", 405, {"allow": "GET, HEAD, POST"})
        site, mode = (request.headers.get(f"sec-fetch-{name}", "") for name in ("site", "mode"))
        entering = mode == "navigate" and request.method == "GET"
        if site == "cross-site" and not entering:
            return PlainTextResponse("pages of other sites may not use this one", 403)
        return None

    def _has_left(self, address: str) -> bool:
        """Whether an address may ask once more; known in memory only, and forgotten soon."""
        now = self._clock()
        left, before = self._left.pop(address, (BURST, now))
        left = min(BURST, left + RATE * (now - before))
        self._left[address] = (max(0.0, left - 1), now)
        while len(self._left) > MOST_ADDRESSES:
            self._left.popitem(last=False)
        return left >= 1

    def _entry(self, request: Request) -> Response | None:
        """The way in for who has the token."""
        if not self._token or _same(request.cookies.get(ACCESS, ""), self._token):
            return None
        if not _same(request.query_params.get(TOKEN, ""), self._token):
            return PlainTextResponse("open the address as it was printed, with its token", 403)
        answer = RedirectResponse("/", 303)
        answer.headers.append("set-cookie", _cookie(ACCESS, self._token))
        return answer

    async def _read_form(self, request: Request, owner: str) -> Response | None:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/x-www-form-urlencoded":
            return PlainTextResponse("a form is expected", 415)
        try:
            body = await asyncio.wait_for(_body(request), PATIENCE)
        except TimeoutError:
            return PlainTextResponse("the form took too long to arrive", 408)
        if body is None:
            return PlainTextResponse(f"a form may have at most {LONGEST_FORM} bytes", 413)
        try:
            text = body.decode("utf-8")
            fields = parse_qs(text, True, True, "utf-8", "strict", MOST_FIELDS) if text else {}
        except ValueError:
            return PlainTextResponse("the form is malformed", 400)
        request.scope["form"] = {name: values[0] for name, values in fields.items()}
        if not _same(request.scope["form"].pop("csrf", ""), digest("csrf", owner)):
            return PlainTextResponse(
                "this form has expired, or the browser keeps no cookies: allow them for this site, "
                "go back and reload the page",
                403,
            )
        return None


def _cookie(name: str, value: str) -> str:
    safe = quote(value, safe="")
    return f"{name}={safe}; Max-Age={COOKIE_SECONDS}; Path=/; HttpOnly; SameSite=Lax"


async def _body(request: Request) -> bytes | None:
    """The body; None if it is too large."""
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > LONGEST_FORM:
        return None
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LONGEST_FORM:
            return None
    return body


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
