"""A real HTTP server on loopback that speaks the chat protocols and does as it is told.

```python
with FakeServer() as server:
    server.say("Answer: Rock")              # for as long as nothing else is said
    server.then(Answer(status=500), Answer(body=b"{"))  # the next calls, one each
    server.answer(lambda request: "Answer: Paper")      # as the request demands
    server.answer(lambda request: {"action": "Paper"})  # by a call of the tool it was offered
    server.fail(0.3, faults(hang=1.0), seed=0)         # of all calls, some at random
    ... server.url ... server.requests
```
"""

from __future__ import annotations

import asyncio
import json
import random
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, Self

from smartplay.models import open_model
from smartplay.models.base import Model
from smartplay.records import Call

TALK = [{"role": "system", "content": "Rules."}, {"role": "user", "content": "Now?"}]


class Answer(NamedTuple):
    """What the server does with one call.

    Attributes:
        status: The HTTP status.
        body: The body.
        headers: Headers beside the type and length.
        delay: Seconds before the first byte.
        pause: Seconds between the bytes of the body.
        cut: Whether the connection breaks after half the body.
    """

    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    delay: float = 0.0
    pause: float = 0.0
    cut: bool = False


def openai_body(text: str | None, finish: str = "stop", **message: Any) -> bytes:
    """A chat completion."""
    told = {"role": "assistant", "content": text} | message
    usage = {
        "prompt_tokens": 100,
        "completion_tokens": 7,
        "prompt_tokens_details": {"cached_tokens": 60},
        "completion_tokens_details": {"reasoning_tokens": 3},
    }
    choice = {"index": 0, "message": told, "finish_reason": finish}
    return json.dumps({"model": "fake-1", "choices": [choice], "usage": usage}).encode()


def openai_call(name: str, arguments: Any, id: str = "call_1") -> dict[str, Any]:
    """A call of a function, as OpenAI words it."""
    function = {"name": name, "arguments": json.dumps(arguments)}
    return {"id": id, "type": "function", "function": function}


def anthropic_body(*blocks: dict[str, Any], stop: str = "end_turn") -> bytes:
    """A message of Anthropic's."""
    usage = {"input_tokens": 10, "cache_read_input_tokens": 50, "cache_creation_input_tokens": 40}
    usage["output_tokens"] = 7
    reply = {"model": "claude-1", "content": blocks, "stop_reason": stop, "usage": usage}
    return json.dumps(reply).encode()


def said(reply: str | dict[str, Any], request: dict[str, Any], path: str) -> bytes:
    """A reply in the protocol of the request: a text, or the arguments of the tool offered."""
    if path.endswith("/messages"):
        if isinstance(reply, str):
            return anthropic_body({"type": "text", "text": reply})
        name = request["tools"][0]["name"]
        block = {"type": "tool_use", "id": "toolu_1", "name": name, "input": reply}
        return anthropic_body(block, stop="tool_use")
    if isinstance(reply, str):
        return openai_body(reply)
    name = request["tools"][0]["function"]["name"]
    return openai_body(None, "tool_calls", tool_calls=[openai_call(name, reply)])


def error_body(message: str, code: str | None = None) -> bytes:
    """An error as OpenAI words it."""
    return json.dumps({"error": {"message": message, "type": "e", "code": code}}).encode()


def faults(hang: float) -> list[Answer]:
    """Every way a call fails that may succeed when it is made again.

    Args:
        hang: Seconds for which the service says nothing, more than the client's patience.
    """
    whole = openai_body("Answer: Rock")
    return [
        Answer(429, error_body("slow down")),
        Answer(429, error_body("slow down"), headers=(("Retry-After", "0.05"),)),
        Answer(500, error_body("oops")),
        Answer(503, b"<html>overloaded"),
        Answer(body=whole, delay=hang),
        Answer(body=whole, pause=hang / 10),
        Answer(body=whole, cut=True),
        Answer(body=whole[: len(whole) // 2]),
        Answer(body=b'{"answer": 42}'),
        Answer(body=b'{"choices": []}'),
        Answer(body=b'{"choices": [{"message": {"content": "\xff"}}]}'),
    ]


class _Server(ThreadingHTTPServer):
    """Says nothing of clients that were killed."""

    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class FakeServer:
    """Serves in a thread of its own while the `with` block runs."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self._next: deque[Answer] = deque()
        self._usual = Answer(body=openai_body("Answer: Rock"))
        self._reply: Callable[[dict[str, Any]], str | dict[str, Any]] | None = None
        self._rate, self._draw = 0.0, random.Random(0)
        self._faults: Sequence[Answer] = ()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def answer(self, reply: Callable[[dict[str, Any]], str | dict[str, Any]]) -> None:
        """Answer from now on with what a function of the request says."""
        self._reply = reply

    def fail(self, rate: float, faults: Sequence[Answer], seed: int) -> None:
        """Let a share of all calls go wrong, each in one of the given ways."""
        self._rate, self._faults, self._draw = rate, faults, random.Random(seed)

    def _choose(self, request: dict[str, Any], path: str) -> Answer:
        with self._lock:
            if self._next:
                return self._next.popleft()
            if self._rate and self._draw.random() < self._rate:
                return self._draw.choice(self._faults)
        if self._reply is None:
            return self._usual
        return Answer(body=said(self._reply(request), request, path))

    @property
    def url(self) -> str:
        """The base URL of the OpenAI protocol."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def say(self, text: str | None, **message: Any) -> None:
        """Answer so from now on."""
        self._usual = Answer(body=openai_body(text, **message))

    def then(self, *answers: Answer) -> None:
        """Answer the next calls so, one after the other."""
        self._next.extend(answers)

    def __enter__(self) -> Self:
        """Start."""
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # head and body are written apart

            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                request = json.loads(self.rfile.read(length))
                fake.requests.append(request)
                fake.paths.append(self.path)
                fake.headers.append({k.lower(): v for k, v in self.headers.items()})
                answer = fake._choose(request, self.path)
                try:
                    self._send(answer)
                except OSError:  # the client has gone
                    self.close_connection = True

            def _send(self, answer: Answer) -> None:
                time.sleep(answer.delay)
                self.send_response(answer.status)
                own = {name.lower() for name, _ in answer.headers}
                if "content-type" not in own:
                    self.send_header("Content-Type", "application/json")
                if "content-length" not in own:
                    self.send_header("Content-Length", str(len(answer.body)))
                for name, value in answer.headers:
                    self.send_header(name, value)
                self.end_headers()
                if answer.cut:
                    self.wfile.write(answer.body[: len(answer.body) // 2])
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)
                elif answer.pause:
                    for byte in answer.body:
                        self.wfile.write(bytes([byte]))
                        time.sleep(answer.pause)
                else:
                    self.wfile.write(answer.body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Handler


def openai_model(server: FakeServer, **settings: Any) -> Model:
    """A model of such a service."""
    settings = {"base_url": server.url, "timeout": 5.0, "max_retries": 0} | settings
    return open_model("openai:fake", **settings)


def ask(model: Model, **options: Any) -> Call:
    """The reply of a model to `TALK`; it is closed then."""

    async def once() -> Call:
        try:
            [call] = await model.chat(TALK, **options)
            return call
        finally:
            await model.aclose()

    return asyncio.run(once())
