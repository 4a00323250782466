"""A server on loopback that sends whatever bytes it is told to, as HTTP or not.

```python
with RawServer() as server:
    server.next = [http(200, b"{}"), 0.1, RESET]
    ... server.url ...
```
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable
from typing import Self

RESET = "reset"  # the connection, instead of closing it
Step = bytes | float | str | Callable[[], Iterable[bytes]]


def http(status: int, body: bytes, *headers: str, length: int | None = None) -> bytes:
    """A whole answer; it closes the connection."""
    length = len(body) if length is None else length
    lines = [f"HTTP/1.1 {status} Whatever", "Connection: close", *headers]
    if length >= 0:
        lines.append(f"Content-Length: {length}")
    if not any(header.lower().startswith("content-type") for header in headers):
        lines.append("Content-Type: application/json")
    return "\r\n".join([*lines, "", ""]).encode() + body


def chunk(data: bytes) -> bytes:
    """A chunk of a chunked body; an empty one ends it."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


class RawServer:
    """Serves in threads of its own while the `with` block runs.

    Attributes:
        next: What is done with each connection once a request has come: bytes are sent, numbers
            are seconds to wait, functions give bytes for as long as somebody takes them.
    """

    def __init__(self) -> None:
        self.next: list[Step] = []
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        self._thread = threading.Thread(target=self._accept, daemon=True)

    @property
    def url(self) -> str:
        """The base address."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}/v1"

    def __enter__(self) -> Self:
        """Start."""
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Stop."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(20)
            self._read(connection)
            for step in self.next:
                if isinstance(step, bytes):
                    connection.sendall(step)
                elif isinstance(step, float):
                    time.sleep(step)
                elif callable(step):
                    for data in step():
                        connection.sendall(data)
                else:
                    linger = struct.pack("ii", 1, 0)
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    def _read(self, connection: socket.socket) -> None:
        got = b""
        while b"\r\n\r\n" not in got:
            got += connection.recv(65536)
        head, _, body = got.partition(b"\r\n\r\n")
        line = next(x for x in head.lower().split(b"\r\n") if x.startswith(b"content-length"))
        missing = int(line.split(b":")[1]) - len(body)
        while missing > 0:
            missing -= len(connection.recv(65536))
