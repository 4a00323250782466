"""A language model's service over HTTP: calls, retries, and every failure as one clear sentence."""

from __future__ import annotations

import json
import math
import os
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import msgspec

from smartplay.errors import (
    MissingPackageError,
    ModelError,
    NoAccessError,
    PromptTooLongError,
    TransientError,
    UsageError,
)
from smartplay.models.base import Settings, check_address
from smartplay.models.pace import Pace

if TYPE_CHECKING:
    import aiohttp
    import tenacity

DETAIL = 300  # characters of a service's own message that are passed on
CONNECTING = 10.0  # seconds; a host that takes longer is not there
KEPT_OPEN = 60.0  # seconds an idle connection lasts
PATIENCE = 2.5  # times the time of a call; a service that is silent for longer is out of order
NONSENSE = 10**12  # tokens of one call
LONGEST_WAIT = 120.0  # seconds; who asks for more has run out of a day's allowance

_TOO_LONG = re.compile(
    r"context.?(?:length|size|window)|prompt is too long|maximum context|too many input tokens",
    re.IGNORECASE,
)

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
        self._title, self._url = title, url.rstrip("/")
        self._timeout, self._retries = settings.timeout, settings.max_retries
        self._key, self._key_env = key, settings.api_key_env
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
            raise TransientError(
                f"{self._title} sent a reply that cannot be read: {self._tidy(str(error))}"
            ) from error

    async def _send(self, path: str, body: bytes) -> tuple[bytes, float]:
        session = self._session = self._session or self._open()
        start = time.perf_counter()
        self._heard = min(self._heard, start)
        try:
            post = session.post(self._url + path, data=body, allow_redirects=False)
            async with post as response:
                content = await response.read()
        except (self._http.ClientError, TimeoutError) as error:
            raise self._silence(error) from error
        self._heard = time.perf_counter()
        if response.status != 200:
            raise self._refusal(response.status, response.headers, content)
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

    def _silence(self, error: Exception) -> ModelError:
        if isinstance(error, self._http.ConnectionTimeoutError):
            return TransientError(f"cannot reach {self._title}: nobody answers there")
        if isinstance(error, TimeoutError):
            told = f"{self._title} gave no whole reply within {self._timeout:g} seconds"
            silent = time.perf_counter() - self._heard
            if silent > PATIENCE * self._timeout:
                return ModelError(f"{told}, and to nobody for {silent:.0f} seconds")
            return TransientError(told, busy=True)
        if isinstance(error, self._http.ClientConnectionError) and not isinstance(
            error, self._http.ServerConnectionError
        ):
            return TransientError(f"cannot reach {self._title}: {self._tidy(_why(error))}")
        return TransientError(f"the connection to {self._title} broke: {self._tidy(_why(error))}")

    def _refusal(self, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        message, code = _complaint(body)
        detail = f": {self._tidy(message)}" if message.strip() else ""
        if status in (401, 403):  # the service's own message may quote the key
            told = f"check {self._key_env}" if self._key else f"set {self._key_env} to one"
            return NoAccessError(f"{self._title} wants another key: {told}")
        if status == 404:
            return NoAccessError(
                f"{self._title} has no model {self.model!r} (or none at this address){detail}"
            )
        if status == 402 or code == "insufficient_quota":
            return NoAccessError(f"the credit with {self._title} is spent{detail}")
        if status in (400, 413, 422) and _TOO_LONG.search(message):
            return PromptTooLongError(f"the prompt is too long for {self._title}{detail}")
        if status not in (408, 409, 429) and status < 500:
            return ModelError(f"{self._title} does not take the request (status {status}){detail}")
        wait = _retry_after(headers)
        if status == 429:
            told = f"{self._title} refuses more calls for now{detail}"
        else:
            told = f"{self._title} failed with status {status}{detail}"
        if wait is not None and wait > LONGEST_WAIT:
            return ModelError(f"{told} (it asks to wait {wait:.0f} seconds)")
        return TransientError(told, busy=status in (408, 429, 503, 529), wait=wait)

    def _tidy(self, text: str) -> str:
        """One printable line without the key."""
        if self._key:
            text = text.replace(self._key, "…")
        printable = "".join(c if c.isprintable() else " " for c in text[: 4 * DETAIL])
        line = " ".join(printable.split())
        return line if len(line) <= DETAIL else line[: DETAIL - 1] + "…"


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


def _why(error: Exception) -> str:
    """What the operating system says of a failed connection, else the error itself."""
    cause = getattr(error, "os_error", error)
    if isinstance(cause, ConnectionError) and cause.errno:
        return os.strerror(cause.errno)
    return getattr(cause, "strerror", None) or str(cause) or type(error).__name__


class _Error(msgspec.Struct):
    message: str = ""
    code: Any = None


class _Complaint(msgspec.Struct):
    error: _Error | str = ""


def _complaint(body: bytes) -> tuple[str, Any]:
    """What a service says of a request it refuses, and its code for it.

    The clients' protocols say it in `error`; whatever else comes is told as it is.
    """
    try:
        error = msgspec.json.decode(body, type=_Complaint).error
    except (msgspec.MsgspecError, UnicodeDecodeError):
        error = ""
    if isinstance(error, _Error):
        return error.message, error.code
    return error or body[: 8 * DETAIL].decode(errors="replace"), None


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, which services give as a number or as a date."""
    told = headers.get("retry-after", "")
    try:
        return max(0.0, float(told))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(told).timestamp() - time.time())
    except (TypeError, ValueError, OverflowError):
        return None
