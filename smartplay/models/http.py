"""As much of HTTP/1.1 as calls to a language model need, with every part of a reply bounded.

A general client takes more time per call than all the rest (docs/decisions/0002-http-client.md).
"""

from __future__ import annotations

import asyncio
import base64
import os
import re
import socket
import ssl
from collections.abc import AsyncGenerator, Mapping
from urllib.parse import SplitResult, quote, unquote, urlsplit

CONNECTING = 10.0  # seconds to connect; a host that takes longer is unreachable
KEPT_OPEN = 60.0  # seconds an idle connection lasts
RESOLVED = 10.0  # seconds for which a host's addresses are remembered
BUFFER = 65_536  # unread bytes of one connection, beside what arrives at one go
HEAD = 65_536  # bytes of a head at most
HEADS = 32  # most heads of interim replies (1xx), and most lines after chunks
_PORTS = {"http": 80, "https": 443}
_BLANK_LINE, _LINE_END = re.compile(rb"\r?\n\r?\n"), re.compile(rb"\r?\n")
_STATUS = re.compile(rb"HTTP/1\.([01]) (\d{3})\b")
_HEADER = re.compile(
    rb"^(connection|content-(?:encoding|length|type)|location|retry-after(?:-ms)?|transfer-encoding)"
    rb":[ \t]*([^\r\n]*?)[ \t]*\r?$",
    re.IGNORECASE | re.MULTILINE,
)
_LENGTH, _CHUNK = re.compile(r"\d{1,18}"), re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?")


class NoHTTPError(Exception):
    """The peer does not speak HTTP."""


class UnreachableError(Exception):
    """There is no connection to the host, or to the proxy."""


class _Connection(asyncio.Protocol):
    """A connection whose bytes are read only as they are needed."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.ended = False
        self.idle_since = 0.0
        self.transport: asyncio.Transport
        self._error: Exception | None = None
        self._more: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.data += data
        if len(self.data) >= BUFFER:
            self.transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        self.ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended, self._error = True, exc
        self._wake()

    def _wake(self) -> None:
        if self._more is not None and not self._more.done():
            self._more.set_result(None)

    async def more(self) -> bool:
        """Wait for further bytes; False at the end."""
        known = len(self.data)
        if not self.ended:
            if known < BUFFER:
                self.transport.resume_reading()
            self._more = asyncio.get_running_loop().create_future()
            await self._more
        if len(self.data) == known and self._error is not None:
            raise self._error
        return len(self.data) > known

    async def until(self, mark: re.Pattern[bytes], most: int = HEAD) -> bytes:
        """Read up to a mark and past it; returns what stands before it.

        Raises:
            NoHTTPError: If the mark does not come within `most` bytes.
            EOFError: If the connection ends first.
        """
        start = 0
        while (found := mark.search(self.data, start)) is None and len(self.data) <= most:
            start = max(0, len(self.data) - 3)
            if not await self.more():
                raise EOFError("it was closed before the reply was complete")
        if found is None or found.start() > most:
            raise NoHTTPError(f"a line or head of more than {most} bytes")
        before = bytes(self.data[: found.start()])
        del self.data[: found.end()]
        return before

    async def some(self, most: int) -> bytes:
        """Some of what comes next; nothing at the end."""
        if not self.data and not await self.more():
            return b""
        piece = bytes(self.data[:most])
        del self.data[:most]
        return piece

    async def head(self) -> tuple[int, bool, dict[str, str]]:
        """The status of a reply, whether the connection may stay open, and headers that matter."""
        for _ in range(HEADS):
            head = await self.until(_BLANK_LINE)
            line = _STATUS.match(head)
            if line is None:
                raise NoHTTPError("it does not begin with a status")
            status = int(line[2])
            if status >= 200 or status < 100 or status == 101:
                break
        else:
            raise NoHTTPError("it sends headers without end")
        headers: dict[str, str] = {}
        for name, value in _HEADER.findall(head):
            key, text = name.decode().lower(), value.decode("latin-1")
            headers[key] = f"{headers[key]}, {text}" if key in headers else text
        kept = headers.get("connection", "").lower()
        return status, "close" not in kept if line[1] == b"1" else "keep-alive" in kept, headers


class Response:
    """A reply whose head has arrived.

    Attributes:
        status: Its status.
        headers: The headers that matter here, by name in lower case.
        length: Bytes of the body; None if the head does not say.

    Raises:
        NoHTTPError: If the head contradicts itself.
    """

    def __init__(
        self, client: Client, connection: _Connection, head: tuple[int, bool, dict[str, str]]
    ) -> None:
        self._client, self._connection = client, connection
        self.status, self._stays, self.headers = head
        self._whole = False
        self.length: int | None = None
        packing = self.headers.get("transfer-encoding", "identity").lower()
        self._chunked = packing == "chunked"
        lengths = {each.strip() for each in self.headers.get("content-length", "").split(",")}
        if lengths != {""}:
            [length, *others] = lengths
            if others or self._chunked or not _LENGTH.fullmatch(length):
                raise NoHTTPError("the length of its body makes no sense")
            self.length = int(length)
        if self.status in (204, 304) or self.status < 200:
            self.length, self._chunked = 0, False
        elif packing not in ("identity", "chunked"):
            raise NoHTTPError("the body has a transfer encoding that was not asked for")

    async def read(self) -> bytes:
        """The body of a reply whose length is known and small.

        Raises:
            EOFError: If the connection ends before it is whole.
        """
        data, length = self._connection.data, self.length or 0
        while len(data) < length:
            if not await self._connection.more():
                raise EOFError("it was closed before the reply was complete")
        body = bytes(data[:length])
        del data[:length]
        self._whole = True
        return body

    async def pieces(self, most: int) -> AsyncGenerator[bytes, None]:
        """Yield the body in pieces of at most `most` bytes.

        Raises:
            NoHTTPError: If its framing is wrong.
            EOFError: If the connection ends before it is whole.
        """
        connection = self._connection
        if not self._chunked:
            left = self.length
            while left is None or left:
                piece = await connection.some(most if left is None else min(most, left))
                if not piece and left is None:
                    return
                if not piece:
                    raise EOFError("it was closed before the reply was complete")
                left = None if left is None else left - len(piece)
                yield piece
        while self._chunked:
            size = _CHUNK.fullmatch(await connection.until(_LINE_END))
            left = int(size[1], 16) if size else -1
            if left == 0:
                break
            while left > 0:
                piece = await connection.some(min(most, left))
                left -= len(piece)
                if not piece:
                    raise EOFError("it was closed before the reply was complete")
                yield piece
            if left < 0 or await connection.until(_LINE_END, 2):
                raise NoHTTPError("it announces a body in chunks and sends none")
        trailers = 0
        while self._chunked and await connection.until(_LINE_END):
            trailers += 1
            if trailers == HEADS:
                return  # trailers without end
        self._whole = True

    def release(self) -> None:
        """Give the connection back, or close it if part of the reply is unread."""
        self._client.give_back(self._connection, self._whole and self._stays)


class Client:
    """Sends requests to one address, on one event loop, over as many connections as needed.

    Args:
        url: The address.
        headers: The headers of every request.
        proxy: The proxy to go through, with user name and password if it wants them; None for none.
        keeps: Whether connections stay open for later requests.
    """

    def __init__(
        self, url: str, headers: Mapping[str, str], proxy: str | None = None, keeps: bool = True
    ) -> None:
        self._url, self._proxy = urlsplit(url), urlsplit(proxy) if proxy else None
        self._keeps = keeps
        self._idle: list[_Connection] = []
        schemes = {self._url.scheme, self._proxy.scheme if self._proxy else ""}
        self._tls = ssl.create_default_context() if "https" in schemes else None
        self._resolving = asyncio.Lock()
        self._addresses: list[str] = []
        self._until = 0.0
        host = _netloc(self._url)
        target = quote(self._url.path, safe="/%:@!$&'()*+,;=~") or "/"
        target += f"?{self._url.query}" if self._url.query else ""
        lines = {"host": host, **headers}
        if not keeps:
            lines["connection"] = "close"
        if self._proxy and self._url.scheme == "http":
            target = f"http://{host}{target}"
            lines = lines | _proxy_authorization(self._proxy)
        told = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self._head = f"POST {target} HTTP/1.1\r\n{told}content-length: ".encode()

    async def post(self, body: bytes) -> Response:
        """Send a request and wait for the head of its reply; the caller must release the reply.

        Raises:
            UnreachableError: If there is no connection.
            NoHTTPError: If the peer does not speak HTTP.
            OSError: If the connection breaks.
            EOFError: If the peer closes it.
        """
        connection = self._take() or await self._connect()
        try:
            connection.transport.write(b"%s%d\r\n\r\n%s" % (self._head, len(body), body))
            return Response(self, connection, await connection.head())
        except BaseException:
            self.give_back(connection, False)
            raise

    async def close(self) -> None:
        """Close the idle connections."""
        for connection in self._idle:
            connection.transport.abort()
        self._idle.clear()
        await asyncio.sleep(0)  # in which they do end

    def give_back(self, connection: _Connection, stays: bool) -> None:
        """Keep a connection for the next request, or close it."""
        if stays and self._keeps and not connection.ended and not connection.data:
            connection.idle_since = asyncio.get_running_loop().time()
            self._idle.append(connection)
        else:
            connection.transport.abort()

    def _take(self) -> _Connection | None:
        while self._idle:
            connection = self._idle.pop()
            idle = asyncio.get_running_loop().time() - connection.idle_since
            if not connection.ended and not connection.data and idle < KEPT_OPEN:
                return connection
            connection.transport.abort()
        return None

    async def _connect(self) -> _Connection:
        limit = asyncio.timeout(CONNECTING)
        try:
            async with limit:
                connection = await self._dial(self._proxy or self._url)
                if self._proxy and self._url.scheme == "https":
                    await self._tunnel(connection, self._proxy)
                return connection
        except (OSError, EOFError, UnicodeError, NoHTTPError) as error:
            why = "nobody answers there" if limit.expired() else reason(error)
            raise UnreachableError(why) from error

    async def _dial(self, to: SplitResult) -> _Connection:
        """Connect to the first of a host's addresses that answers; their order rotates by call."""
        loop, host, port = asyncio.get_running_loop(), to.hostname or "", _port(to)
        async with self._resolving:
            if not self._addresses or loop.time() > self._until:
                found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
                self._addresses = list(dict.fromkeys(str(address[4][0]) for address in found))
                self._until = loop.time() + RESOLVED
        self._addresses.append(self._addresses.pop(0))
        tls = (self._tls, host) if to.scheme == "https" else (None, None)
        failure = OSError("it has no address")
        for address in list(self._addresses):
            try:
                async with asyncio.timeout(CONNECTING / len(self._addresses)):
                    return (
                        await loop.create_connection(
                            _Connection, address, port, ssl=tls[0], server_hostname=tls[1]
                        )
                    )[1]
            except OSError as error:
                failure = error
        self._addresses.clear()
        raise failure

    async def _tunnel(self, connection: _Connection, proxy: SplitResult) -> None:
        """Have the proxy open a tunnel to the host, and start TLS in it."""
        loop, host = asyncio.get_running_loop(), self._url.hostname or ""
        target = f"{_bracketed(host)}:{_port(self._url)}"
        lines = {"host": target, **_proxy_authorization(proxy)}
        told = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        try:
            connection.transport.write(f"CONNECT {target} HTTP/1.1\r\n{told}\r\n".encode())
            status, _, _ = await connection.head()
            if status != 200:
                raise NoHTTPError(f"it refuses with status {status}")
            assert self._tls is not None
            connection.transport = await loop.start_tls(
                connection.transport, connection, self._tls, server_hostname=host
            )  # type: ignore[assignment]
        except BaseException:
            connection.transport.abort()
            raise


def reason(error: BaseException) -> str:
    """What the operating system says of a failed connection."""
    if isinstance(error, ConnectionError) and error.errno:
        return os.strerror(error.errno)
    return str(getattr(error, "strerror", None) or error) or type(error).__name__


def _port(parts: SplitResult) -> int:
    return parts.port or _PORTS[parts.scheme]


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _netloc(parts: SplitResult) -> str:
    """The host as a request names it."""
    host = _bracketed(parts.hostname or "")
    if not host.isascii():
        try:
            host = host.encode("idna").decode()
        except UnicodeError:
            host = quote(host)  # cannot be reached either
    return f"{host}:{parts.port}" if parts.port else host


def _proxy_authorization(proxy: SplitResult) -> dict[str, str]:
    if proxy.username is None:
        return {}
    pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"proxy-authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
