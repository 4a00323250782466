"""Calls a language model's service over HTTP, and tries again as often as makes sense."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import itertools
import json
import math
import os
import random
import re
import time
import zlib
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

import msgspec

from smartplay.core.errors import ModelError, NoAccessError, TransientError, UsageError
from smartplay.core.version import __version__
from smartplay.models.base import Settings, check_address
from smartplay.models.codes import Complaint, read_complaint
from smartplay.models.faults import DETAIL, Faults
from smartplay.models.http import Client, NoHTTPError, Response, UnreachableError
from smartplay.models.masking import Mask, holds_key
from smartplay.models.pace import Pace
from smartplay.models.stream import EventLines, Gathering

LONGEST_PAUSE = 60.0  # seconds between two attempts, unless the service asks for more
HOPE = 1.5  # seconds that a service which never answered gets to come up
COMPLAINT = 16_384  # bytes of a refusal to read
COMPLAINING = 5.0  # seconds to read them
SMALL = 65_536  # bytes; of larger replies, only so many are read at once:
LARGE_AT_ONCE = 8
SMALL_STREAM = 262_144  # bytes of text; a model takes minutes to write them
PIECES = 500_000  # lists, tables and their items; each takes up to a hundred bytes
WIRE = 32  # bytes of a stream for each byte that is kept, at most

ReplyT = TypeVar("ReplyT")
Read = Callable[[dict[str, Any]], ReplyT]
Gather = Callable[[], Gathering]


class NoReplyError(ValueError):
    """The service's answer is no reply; the message says what is missing."""


class BrokenOffError(ValueError):
    """The service says that it did not finish its reply."""

    def __init__(self, complaint: Complaint) -> None:
        super().__init__(complaint.sentence)
        self.complaint = complaint


class Service:
    """A service that is called through a pool of connections, opened at the first call.

    Args:
        title: The service in words.
        model: The model that is asked for.
        url: The address that requests are sent to.
        settings: The model's settings, such as retries, the timeout and further headers.
        key: The key; empty for none. It is kept out of every message.
        headers: Headers of every call, beside the usual ones and those of the settings.
        inside: Whether the service is a server within this process. Such a server waits for open
            connections before it stops, and the process waits for it. So no connection is kept, and
            no proxy is used.

    Attributes:
        model: As above.
        mask: Keeps the keys out of what the service says.
        pace: How many calls go on at once.

    Raises:
        UsageError: If the address is invalid or holds a secret, a variable is not set, a header
            cannot be sent, or the kind of proxy is not supported.
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
        check_address(url)
        proxy = None if inside else _proxy(url)
        secrets = [key]
        own = {name: _filled(value, secrets) for name, value in settings.headers.items()}
        query = {name: _filled(value, secrets) for name, value in settings.query.items()}
        for text, place in ((model, "the model's name"), (urlsplit(url).path, "base_url")):
            if holds_key(text, secrets):
                raise UsageError(
                    f"{place} holds a key, but it is recorded with the run; put the key into an "
                    f"environment variable ({settings.api_key_env or 'api_key_env'})"
                )
        self.model, self.pace, self.mask = model, Pace(), Mask(secrets)
        told = msgspec.json.encode(settings).decode()
        if self.mask(told) != told:
            raise UsageError(
                "a setting of the model holds a key, but settings are recorded with the run; put "
                f"the key into an environment variable ({settings.api_key_env or 'api_key_env'})"
            )
        self._faults = Faults(
            title, model, self.mask, settings.api_key_env or "", bool(key), settings.timeout,
            _without_password(proxy),
        )  # fmt: skip
        usual = {
            "user-agent": f"smartplay/{__version__}",
            "accept": "*/*",
            "accept-encoding": "identity",
            "content-type": "application/json",
        }
        sent = usual | _lower(headers or {}) | _lower(own)
        _check_headers(sent)
        asked = f"{url}?{urlencode(query)}" if query else url
        self._open = functools.partial(Client, asked, sent, proxy, keeps=not inside)
        self._settings = settings
        self._heard = math.inf  # when the service last said anything, from the first call on
        self._reached = False
        self._http: Client | None = None
        self._large = asyncio.Semaphore(LARGE_AT_ONCE)
        self._random = random.Random()  # so that calls refused together do not come back together

    async def post(
        self, request: dict[str, Any], read: Read[ReplyT], gather: Gather
    ) -> tuple[ReplyT, float]:
        """Send a request until there is a reply, and read it.

        After a fault that may pass it tries again: after a random time that doubles with each
        attempt, or later if the service says so (`Retry-After`).

        Args:
            request: The fields of the body.
            read: Reads the decoded reply; raises `NoReplyError` or `BrokenOffError`.
            gather: Makes the object that puts a streamed reply together.

        Returns:
            The reply as read, and the seconds from sending the request to its last byte.

        Raises:
            ModelError: If there is no reply, or one that cannot be read.
        """
        body, began = msgspec.json.encode(request), time.monotonic()

        async def send() -> tuple[ReplyT, float]:
            value, seconds = await self._send(body, gather)
            return self._read(value, read), seconds

        for attempt in itertools.count(1):
            try:
                return await self.pace.call(send)
            except TransientError as fault:
                absent = not self._reached and isinstance(fault.__cause__, UnreachableError)
                last = attempt > self._settings.max_retries
                if absent and (last or time.monotonic() - began > HOPE):
                    raise NoAccessError(str(fault)) from fault
                if last:
                    raise
                pause = self._pause(attempt, fault)
                await asyncio.sleep(min(pause, HOPE / 3) if absent else pause)
        raise AssertionError("unreachable")

    async def aclose(self) -> None:
        """Close the connections; the next call opens them again."""
        http, self._http = self._http, None
        if http is not None:
            await http.close()

    def _pause(self, attempt: int, fault: TransientError) -> float:
        longest = min(LONGEST_PAUSE, 0.5 * 2.0 ** min(attempt - 1, 99))
        return max(self._random.uniform(0.0, longest), fault.wait or 0.0)

    async def _send(self, body: bytes, gather: Gather) -> tuple[Any, float]:
        """Send a request once and decode what comes."""
        if self._http is None:
            self._http, self._large = self._open(), asyncio.Semaphore(LARGE_AT_ONCE)
        start = time.perf_counter()
        self._heard = min(self._heard, start)
        try:
            async with asyncio.timeout(self._settings.timeout):
                response = await self._http.post(body)
                self._reached = True
                try:
                    if not 200 <= response.status < 300:
                        raise await self._refusal(response)
                    value = await self._receive(response, gather)
                finally:
                    response.release()
        except (OSError, EOFError, NoHTTPError, UnreachableError) as error:
            silent = time.perf_counter() - self._heard
            raise self._faults.silence(error, silent) from error
        except (ValueError, RecursionError) as error:
            why = str(error)  # and not the error itself, which would keep the whole reply
        else:
            self._heard = time.perf_counter()
            return value, self._heard - start
        raise self._faults.unreadable(why)

    def _read(self, value: Any, read: Read[ReplyT]) -> ReplyT:
        """Read a decoded reply, or find out what it is instead."""
        try:
            return read(value if isinstance(value, dict) else {})
        except BrokenOffError as error:
            raise self._faults.broken_off(error.complaint) from error
        except NoReplyError as error:
            complaint = read_complaint(value)
            if complaint.sentence or complaint.status:
                raise self._faults.refusal(200, {}, complaint) from error
            raise self._faults.unreadable(str(error)) from error

    async def _refusal(self, response: Response) -> ModelError:
        """Read as much of a refusal as there is, and make an error of it."""
        self._heard = time.perf_counter()
        body = bytearray()
        with contextlib.suppress(OSError, EOFError, NoHTTPError, ValueError):
            patience, whole = asyncio.timeout(COMPLAINING), contextlib.aclosing(_pieces(response))
            async with patience, whole as pieces:
                async for piece in pieces:
                    body += piece
                    if len(body) > COMPLAINT:
                        break
        try:
            value = _decode(bytes(body[:COMPLAINT]))
        except (ValueError, RecursionError):
            value = self.mask(bytes(body).decode(errors="replace"))[: 8 * DETAIL]
        return self._faults.refusal(response.status, response.headers, read_complaint(value))

    async def _receive(self, response: Response, gather: Gather) -> Any:
        kind = response.headers.get("content-type", "").lower()
        if "event-stream" in kind or (self._settings.stream and "json" not in kind):
            return await self._receive_events(response, gather())
        limit, length = self._settings.max_reply_bytes, response.length
        small = length is not None and length <= min(SMALL, limit)
        if small and "content-encoding" not in response.headers:
            return _decode(await response.read())
        body, is_large = bytearray(), False
        whole = contextlib.aclosing(_pieces(response))
        async with contextlib.AsyncExitStack() as room, whole as pieces:
            async for piece in pieces:
                if len(body) + len(piece) > SMALL and not is_large:
                    is_large = True
                    await room.enter_async_context(self._large)
                body += piece
                if len(body) > limit:
                    body.clear()  # the error's traceback would keep it
                    raise self._faults.too_large(limit)
            return _decode(bytes(body))

    async def _receive_events(self, response: Response, gathered: Gathering) -> dict[str, Any]:
        limit, lines, wire = self._settings.max_reply_bytes, EventLines(), 0
        whole, is_large = contextlib.aclosing(_pieces(response)), False
        async with contextlib.AsyncExitStack() as room, whole as pieces:
            async for piece in pieces:
                wire += len(piece)
                for data in lines.feed(piece):
                    _add(gathered, data)
                    if gathered.done:
                        return gathered.reply()
                kept = lines.size + gathered.size
                if kept > limit or wire > WIRE * limit:
                    del gathered, lines  # which the error's traceback would keep
                    raise self._faults.too_large(limit)
                if kept > SMALL_STREAM and not is_large:
                    is_large = True
                    await room.enter_async_context(self._large)
            for data in lines.end():
                _add(gathered, data)
            return gathered.reply()


async def _pieces(response: Response) -> AsyncGenerator[bytes, None]:
    """The body piece by piece, unpacked however far it grows; no piece is larger than `SMALL`.

    Raises:
        ValueError: If it is packed in an unknown way (SmartPlay asks for none), or damaged.
    """
    packing = response.headers.get("content-encoding", "").strip().lower() or "identity"
    if packing not in ("identity", "gzip", "x-gzip", "deflate"):
        raise ValueError(f"it is compressed in a way that was not asked for ({packing})")
    unpack: Any = None
    async with contextlib.aclosing(response.pieces(SMALL)) as pieces:
        async for piece in pieces:
            if packing == "identity":
                yield piece
                continue
            if unpack is None:  # some servers leave out the head of deflate
                bare = packing == "deflate" and piece[:1] and piece[0] & 0x0F != 8
                unpack = zlib.decompressobj(-15 if bare else 47)
            while piece and not unpack.eof:
                yield _unpacked(unpack, piece)
                piece = unpack.unconsumed_tail
    while unpack is not None and not unpack.eof:
        more = _unpacked(unpack, b"")
        if not more:
            raise ValueError("it is compressed, and cut off")
        yield more


def _unpacked(unpack: Any, piece: bytes) -> bytes:
    try:
        plain: bytes = unpack.decompress(piece, SMALL)
    except zlib.error as error:
        raise ValueError(f"its compression is damaged: {error}") from error
    return plain


def _decode(content: bytes) -> Any:
    """Read JSON as services send it, which is not always valid.

    `NaN` is let through, and halves of surrogate pairs become `?`.

    Raises:
        ValueError: If it cannot be read (the message begins as it does), or has so many parts that
            they would fill the memory.
    """
    if sum(map(content.count, (b",", b"[", b"{"))) > PIECES:
        raise ValueError(f"it comes in more than {PIECES:,} pieces")
    try:
        return msgspec.json.decode(content)
    except msgspec.DecodeError:
        pass
    try:
        value = json.loads(content, parse_int=_whole)
    except ValueError as error:
        start = " ".join(content.decode(errors="replace").split())[: 8 * DETAIL]
        told = read_complaint(start).sentence
        raise ValueError(f"{told or start} ({error})" if start else "it is empty") from None
    whole = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
    return json.loads(whole)


def _whole(digits: str) -> int:
    return int(digits) if len(digits) < 20 else 0


def _add(gathered: Gathering, data: bytes) -> None:
    if data.strip() == b"[DONE]":
        gathered.done = True
        return
    event = _decode(data)
    if isinstance(event, dict):
        gathered.add(event)


def read_key(variable: str, required: bool, title: str) -> str:
    """The key from the environment; empty if none is needed and none is set.

    Raises:
        UsageError: If one is needed and the variable is not set.
    """
    key = os.environ.get(variable, "").strip()
    if required and not key:
        raise UsageError(f"no key for {title}: set the environment variable {variable}")
    return key


_NAMED = re.compile(r"\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))")


def _filled(text: str, secrets: list[str]) -> str:
    """A recorded value with environment variables filled in; these join `secrets`."""

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        found = os.environ.get(name, "").strip()
        if not found:
            raise UsageError(f"no value for ${name}: set the environment variable {name}")
        secrets.append(found)
        return found

    return _NAMED.sub(value, text)


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _check_headers(headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        if not value.isprintable():
            raise UsageError(
                f"the header {name} cannot be sent, as its value holds a line break or another "
                "control character; check the variable it comes from"
            )


def _proxy(url: str) -> str | None:
    """The proxy that the environment names for an address; looked up once, not at every call.

    Raises:
        UsageError: If the kind of proxy is not supported.
    """
    address = urlsplit(url)
    if proxy_bypass(address.hostname or ""):
        return None
    named = getproxies()
    proxy = named.get(address.scheme) or named.get("all")
    if not proxy:
        return None
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    shown = _without_password(proxy)
    if not shown.startswith(("http://", "https://")):
        raise UsageError(
            f"the proxy {shown or 'of the environment'} cannot be used: only HTTP proxies are "
            f"supported; name one in {address.scheme}_proxy, or put {address.hostname} into "
            "no_proxy"
        )
    return proxy


def _without_password(proxy: str | None) -> str:
    """A proxy as messages show it; empty for none, or if its address makes no sense."""
    try:
        parts = urlsplit(proxy or "")
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.hostname}{port}" if parts.hostname else ""
