"""A language model's service over HTTP: one call, tried again as often as makes sense."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import msgspec

from smartplay.errors import (
    MissingPackageError,
    TransientError,
    UsageError,
)
from smartplay.models.base import Settings, check_address
from smartplay.models.faults import Faults
from smartplay.models.pace import Pace

if TYPE_CHECKING:
    import aiohttp
    import tenacity

CONNECTING = 10.0  # seconds; a host that takes longer is not there
KEPT_OPEN = 60.0  # seconds an idle connection lasts
NONSENSE = 10**12  # tokens of one call

ReplyT = TypeVar("ReplyT")


class Service:
    """Where a model is called, through a pool of connections that opens at the first call.

    Args:
        title: The service in words.
        model: The model that is asked for.
        url: The base address.
        settings: How often and how long it is tried, and the variable the key comes from.
        key: The key; empty for none. It is kept out of every message.
        headers: Headers of every call, beside the usual ones.
        inside: Whether the service is a server within this process. It waits for open connections
            before it stops, and the process for it: so none is kept, and no proxy is asked.

    Attributes:
        model: As above.
        pace: How many calls go on at once.

    Raises:
        MissingPackageError: If the packages that calls need are not installed.
        UsageError: If the address is none, or holds a secret.
    """

    def __init__(
        self,
        title: str,
        model: str,
        url: str,
        settings: Settings,
        key: str = "",
        headers: Mapping[str, str] | None = None,
        inside: bool = False,
    ) -> None:
        try:
            import aiohttp
            import tenacity
        except ModuleNotFoundError as error:
            raise MissingPackageError(
                f'language models need the package "{error.name}": pip install "smartplay[openai]"'
            ) from error
        check_address(url)
        self.model, self.pace = model, Pace()
        self._faults = Faults(title, model, key, settings.api_key_env or "", settings.timeout)
        self._url, self._key = url.rstrip("/"), key
        self._timeout, self._retries = settings.timeout, settings.max_retries
        self._headers = {"content-type": "application/json", **(headers or {})}
        self._inside = inside
        self._heard = math.inf  # when the service last said anything, from the first call on
        self._http, self._tenacity = aiohttp, tenacity
        self._session: aiohttp.ClientSession | None = None
        self._backoff = tenacity.wait_random_exponential(multiplier=0.5, max=60.0)

    async def post(
        self, path: str, request: dict[str, Any], reply_type: type[ReplyT]
    ) -> tuple[ReplyT, float]:
        """Send a request until there is a reply, and decode it.

        Faults that may pass are tried again: after a random time that doubles with each attempt,
        or as much later as the service says (`Retry-After`).

        Args:
            path: What follows the base address.
            request: The fields of the body.
            reply_type: What the reply's body decodes to.

        Returns:
            The reply, and the seconds from sending to the whole of it.

        Raises:
            ModelError: If there is no reply, or one that cannot be read.
        """
        body = msgspec.json.encode(request)
        try:
            return await self._attempt(path, body, reply_type)
        except TransientError as fault:
            return await self._try_again(fault, path, body, reply_type)

    async def aclose(self) -> None:
        """Close the connections; the next call opens them again."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _try_again(
        self, fault: TransientError, path: str, body: bytes, reply_type: type[ReplyT]
    ) -> tuple[ReplyT, float]:
        """Make the further attempts, apart, as most calls need none and retrying is dear."""
        behind = iter([fault])

        async def attempt() -> tuple[ReplyT, float]:
            for first in behind:
                raise first
            return await self._attempt(path, body, reply_type)

        retry = self._tenacity
        attempts = retry.AsyncRetrying(
            retry=retry.retry_if_exception_type(TransientError),
            stop=retry.stop_after_attempt(self._retries + 1),
            wait=self._pause,
            reraise=True,
        )
        reply: tuple[ReplyT, float] = await attempts(attempt)
        return reply

    def _pause(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.wait if isinstance(error, TransientError) else None
        return max(self._backoff(state), asked or 0.0)

    async def _attempt(
        self, path: str, body: bytes, reply_type: type[ReplyT]
    ) -> tuple[ReplyT, float]:
        content, seconds = await self.pace.call(self._send, path, body)
        if self._key:  # a service that repeats it must not get it recorded
            content = content.replace(self._key.encode(), b"...")
        try:
            return _decode(content, reply_type), seconds
        except (ValueError, RecursionError) as error:
            raise self._faults.unreadable(error) from error

    async def _send(self, path: str, body: bytes) -> tuple[bytes, float]:
        session = self._session = self._session or self._open()
        start = time.perf_counter()
        self._heard = min(self._heard, start)
        try:
            post = session.post(self._url + path, data=body, allow_redirects=False)
            async with post as response:
                content = await response.read()
        except (self._http.ClientError, TimeoutError) as error:
            silent = time.perf_counter() - self._heard
            raise self._faults.silence(error, silent) from error
        self._heard = time.perf_counter()
        if response.status != 200:
            raise self._faults.refusal(response.status, response.headers, content)
        return content, self._heard - start

    def _open(self) -> aiohttp.ClientSession:
        http = self._http
        session: aiohttp.ClientSession = http.ClientSession(
            connector=http.TCPConnector(
                limit=0,
                keepalive_timeout=None if self._inside else KEPT_OPEN,
                force_close=self._inside,
            ),
            timeout=http.ClientTimeout(total=self._timeout, sock_connect=CONNECTING),
            headers=self._headers,
            cookie_jar=http.DummyCookieJar(),
            proxy=None if self._inside else _proxy(self._url),
        )
        return session


def tokens(reported: int | None) -> int:
    """A number of tokens; 0 where a service reports none, or nonsense."""
    return reported if reported is not None and 0 <= reported < NONSENSE else 0


def _decode(content: bytes, reply_type: type[ReplyT]) -> ReplyT:
    """Read JSON; halves of surrogate pairs, which some services send, become `?`.

    Raises:
        ValueError: If it is not what it should be.
    """
    try:
        return msgspec.json.decode(content, type=reply_type)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        if b"\\ud" not in content.lower():
            raise
    whole = json.dumps(json.loads(content), ensure_ascii=False).encode("utf-8", "replace")
    return msgspec.json.decode(whole, type=reply_type)


def read_key(variable: str, required: bool, title: str) -> str:
    """The key out of the environment; empty where none is needed.

    Raises:
        UsageError: If one is needed and the variable is not set.
    """
    key = os.environ.get(variable, "").strip()
    if required and not key:
        raise UsageError(f"no key for {title}: set the environment variable {variable}")
    return key


def _proxy(url: str) -> str | None:
    """The proxy that the environment names for an address, looked up once and not at every call."""
    address = urlsplit(url)
    if proxy_bypass(address.hostname or ""):
        return None
    return getproxies().get(address.scheme)
