"""Many episodes at once: `python -m tests.load [EPISODES] [STEPS] [PAUSE]`.

Measures, on the machine it runs on,

- the runner alone: episodes whose agent takes PAUSE seconds (0.2), without any HTTP;
- the same through the client library, against a server of another process;
- the memory an episode takes while it is played;
- the processor time a call costs, and what of it is the client's;
- how many finished episodes a second one process can write down, and hand out through Dask.
"""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
import sys
import tempfile
import time
import tracemalloc
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

import smartplay
from smartplay.models import open_model
from smartplay.records.folder import RunFolder
from smartplay.results import Run
from smartplay.runner.episode import Outcome
from smartplay.runner.jobs import Job, jobs_of
from smartplay.runner.worker import play_by_name
from tests.fake_server import openai_body

GAME = "RockPaperScissorBasic"
PAUSE = 0.2  # seconds a reply takes
REPLY = "Answer: Rock"


class Load(NamedTuple):
    """How a run went.

    Attributes:
        seconds: Time it took.
        ideal: Time of the replies alone.
        cpu: Processor time of this process per step, in milliseconds.
        user: What of it is not the operating system's.
    """

    seconds: float
    ideal: float
    cpu: float
    user: float

    def __str__(self) -> str:
        over = 100 * (self.seconds / self.ideal - 1)
        return (
            f"{self.seconds:.2f} s, ideal {self.ideal:.2f} s ({over:+.0f} %), "
            f"{self.cpu:.3f} ms of processor time a call, {self.user:.3f} ms of it in user mode"
        )


def timed(episodes: int, steps: int, agent: Any, **options: Any) -> tuple[Load, Run]:
    """Time a run with all its episodes at once.

    Its folder stays until the program ends: some file systems make new files slowly for a minute
    after many were deleted.
    """
    wall, cpu, user = time.perf_counter(), time.process_time(), os.times().user
    run = smartplay.run(
        agent,
        GAME,
        episodes=episodes,
        steps=steps,
        concurrency=episodes,
        out=Path(tempfile.mkdtemp()),
        progress=False,
        **options,
    )
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    user, calls = os.times().user - user, episodes * steps
    assert not run.unscored, run.unscored[0].error
    return Load(wall, steps * PAUSE, 1000 * cpu / calls, 1000 * user / calls), run


async def waiting(prompt: str) -> str:
    """An agent that waits as long as the server does."""
    await asyncio.sleep(PAUSE)
    return REPLY


class _Protocol(asyncio.Protocol):
    """As little of HTTP as a load test needs, so that the server is not what is measured.

    It runs on the same processors as the client it serves.
    """

    def connection_made(self, transport: Any) -> None:
        self._transport, self._got = transport, b""

    def data_received(self, data: bytes) -> None:
        self._got += data
        head, found, rest = self._got.partition(b"\r\n\r\n")
        at = head.find(b"Content-Length: ") + 16
        length = int(head[at : head.find(b"\r", at)]) if at > 15 else 0
        if found and len(rest) >= length:
            self._got = rest[length:]
            asyncio.get_running_loop().call_later(PAUSE, self._transport.write, _ANSWER)


_BODY = openai_body(REPLY)
_ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(_BODY)
    + _BODY
)


async def serve() -> None:
    """Answer every call after `PAUSE` seconds, for at most ten minutes."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Protocol, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.sleep(600)


@contextmanager
def server() -> Iterator[str]:
    """A server in a process of its own."""
    command = [sys.executable, "-m", "tests.load", "serve", str(PAUSE)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
    finally:
        process.kill()
        process.communicate()


def client_cost(url: str, calls: int = 500) -> float:
    """Processor time of a call through the client alone, in milliseconds."""

    async def body() -> float:
        model = open_model("openai:fake", base_url=url)
        talk = [{"role": "user", "content": "x" * 4000}]

        async def call() -> None:
            await model.chat(talk)

        await asyncio.gather(*(call() for _ in range(50)))
        began = time.process_time()
        for _ in range(calls // 50):
            await asyncio.gather(*(call() for _ in range(50)))
        spent = time.process_time() - began
        await model.aclose()
        return 1000 * spent / calls

    return asyncio.run(body())


def memory(url: str, episodes: int = 200, steps: int = 50) -> float:
    """Most memory an episode of a language model takes, in kilobytes, its whole record included."""
    settings: dict[str, Any] = {"agent_settings": {"base_url": url}}
    tracemalloc.start()
    timed(10, 2, "openai:fake", **settings)
    before = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    timed(episodes, steps, "openai:fake", **settings)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return (peak - before) / episodes / 1000


def outcomes(steps: int) -> tuple[Outcome, list[Job], RunFolder]:
    """One finished episode of a language model, and a folder to keep it in."""
    run = smartplay.run("random", GAME, episodes=5000, steps=steps, out=tempfile.mkdtemp(),
                        limits=smartplay.runner.Limits(seconds=1e-9))  # fmt: skip
    jobs = jobs_of(run.header)
    return play_by_name(jobs[0], ("random", {})), jobs, RunFolder(run.path)


def writing_rate(count: int = 2000) -> tuple[float, float]:
    """Finished episodes of 50 steps that one process writes down.

    Returns:
        Episodes a second, and the processor time for each in milliseconds.
    """
    outcome, jobs, folder = outcomes(50)
    began, cpu = time.perf_counter(), time.process_time()
    for job in jobs[:count]:
        folder.add(msgspec.structs.replace(outcome.record, episode=job.episode), outcome.trace)
    spent = 1000 * (time.process_time() - cpu) / count
    return count / (time.perf_counter() - began), spent


def cluster_rate(count: int = 1000) -> tuple[float, float]:
    """Short episodes through a Dask scheduler and back onto the disk.

    Returns:
        Episodes a second, and this process's processor time for each in milliseconds.
    """
    import distributed

    made: Any = distributed.LocalCluster
    options: dict[str, Any] = {"n_workers": 1, "threads_per_worker": 1, "host": "127.0.0.1"}
    with made(dashboard_address=None, **options) as found:
        run: dict[str, Any] = {"steps": 1, "cluster": found.scheduler_address}
        smartplay.run("random", GAME, episodes=20, out=tempfile.mkdtemp(), **run)
        began, cpu = time.perf_counter(), time.process_time()
        smartplay.run("random", GAME, episodes=count, out=tempfile.mkdtemp(), **run)
        spent = 1000 * (time.process_time() - cpu) / count
        return count / (time.perf_counter() - began), spent


def main(episodes: int, steps: int) -> None:
    """Measure everything and print it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 65536)), hard))
    os.environ.pop("OPENAI_API_KEY", None)
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    print(f"runner alone, {episodes} episodes at once: {timed(episodes, steps, waiting)[0]}")
    with server() as url:
        print(f"memory: {memory(url):.0f} kB an episode of 50 steps")
        print(f"client alone: {client_cost(url):.2f} ms of processor time a call")
        settings = {"base_url": url, "temperature": None}
        for count in (10, 100, episodes):
            load, _ = timed(count, steps, "openai:fake", agent_settings=settings)
            print(f"over HTTP, {count} episodes at once: {load}", flush=True)
    rate, spent = writing_rate()
    print(f"written down: {rate:.0f} episodes of 50 steps a second, {spent:.2f} ms each")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rate, spent = cluster_rate()
        print(
            f"through a Dask scheduler and one worker: {rate:.0f} episodes a second, "
            f"{spent:.2f} ms of processor time each for scheduler and coordinator"
        )


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        import uvloop

        PAUSE = float(sys.argv[2])
        uvloop.run(serve())
    else:
        many, long, *pause = [float(word) for word in sys.argv[1:]] + [1000, 100][
            len(sys.argv) - 1 :
        ]
        PAUSE = pause[0] if pause else PAUSE
        with tempfile.TemporaryDirectory(prefix="smartplay-load-") as tempfile.tempdir:
            main(int(many), int(long))
