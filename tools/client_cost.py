"""What one call costs by each HTTP client: `python -m tools.client_cost [CALLS]`.

Processor time of this process per call, against a server on loopback in a process of its own that
answers at once, fifty calls at a time, prompts of 4 kB. Measures our client, and the official ones
where they are installed: `pip install openai anthropic`.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import multiprocessing
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from smartplay.models import open_model

TALK = [{"role": "user", "content": "x" * 4000}]
AT_ONCE, ROUNDS = 50, 5
OPENAI = {
    "id": "1", "object": "chat.completion", "created": 1, "model": "fake",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Rock"},
                 "finish_reason": "stop", "logprobs": None}],
    "usage": {"prompt_tokens": 1000, "completion_tokens": 5, "total_tokens": 1005},
}  # fmt: skip
ANTHROPIC = {
    "id": "1", "type": "message", "role": "assistant", "model": "fake",
    "content": [{"type": "text", "text": "Rock"}], "stop_reason": "end_turn",
    "stop_sequence": None, "usage": {"input_tokens": 1000, "output_tokens": 5},
}  # fmt: skip


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps(ANTHROPIC if "messages" in self.path else OPENAI).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


def serve(port: Any) -> None:
    """Answer every call at once; tell on which port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    port.send(server.server_address[1])
    server.serve_forever()


async def cost(call: Callable[[], Awaitable[Any]], calls: int) -> float:
    """Milliseconds of processor time per call, the median of some rounds."""
    await asyncio.gather(*(call() for _ in range(AT_ONCE)))
    found = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(calls // AT_ONCE):
            await asyncio.gather(*(call() for _ in range(AT_ONCE)))
        found.append(1000 * (time.process_time() - began) / (calls // AT_ONCE * AT_ONCE))
    return statistics.median(found)


async def measure(url: str, calls: int) -> None:
    """Measure each client and print it."""
    for kind, address in (("openai", f"{url}/v1"), ("anthropic", url)):
        model = open_model(f"{kind}:fake", base_url=address, max_tokens=64)
        print(f"ours, {kind}: {await cost(lambda: model.chat(TALK), calls):.3f} ms a call")  # noqa: B023
        await model.aclose()
    if importlib.util.find_spec("openai"):
        import openai

        async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="none") as client:
            ask = lambda: client.chat.completions.create(model="fake", messages=TALK)  # noqa: E731
            print(f"openai {openai.__version__}: {await cost(ask, calls):.3f} ms a call")
    if importlib.util.find_spec("anthropic"):
        import anthropic

        async with anthropic.AsyncAnthropic(base_url=url, api_key="none") as client:
            ask = lambda: client.messages.create(model="fake", messages=TALK, max_tokens=64)  # noqa: E731
            print(f"anthropic {anthropic.__version__}: {await cost(ask, calls):.3f} ms a call")


def main() -> None:
    """Start the server and measure."""
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(there,), daemon=True)
    server.start()
    try:
        calls = int(sys.argv[1]) if sys.argv[1:] else 500
        asyncio.run(measure(f"http://127.0.0.1:{here.recv()}", calls))
    finally:
        server.kill()


if __name__ == "__main__":
    main()
