"""How many sessions a server carries: `python -m tools.openenv_sessions [SESSIONS] [STEPS]`.

Starts `smartplay serve --openenv` in a process of its own, opens the sessions, lets all of them be
under way at once, each a step after the other, and closes them. Needs `smartplay[openenv]`, and as
many open files as there are sessions, for each side.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from openenv.core import GenericEnvClient

GAME = "BanditTwoArmedHighLowFixed"
OPENING = 50
"""Sessions that are opened at once; all of them then play at once."""


async def play(address: str, sessions: int, steps: int) -> None:
    """Play, and print what came of it."""
    waited: list[float] = []
    failed: list[str] = []
    begun = time.perf_counter()
    async with AsyncExitStack() as stack:
        clients: list[Any] = []
        doors = asyncio.Semaphore(OPENING)

        async def enter(number: int) -> None:
            async with doors:
                client = GenericEnvClient(base_url=address, connect_timeout_s=60)
                await stack.enter_async_context(client)
                await client.reset(game=GAME, seed=number)
                clients.append(client)

        opened = await asyncio.gather(*map(enter, range(sessions)), return_exceptions=True)
        failed += [str(error) for error in opened if isinstance(error, BaseException)]
        opening = time.perf_counter() - begun

        async def drive(client: Any) -> None:
            for _ in range(steps):
                asked = time.perf_counter()
                await client.step({"reply": "Answer: 1"})
                waited.append(time.perf_counter() - asked)

        begun = time.perf_counter()
        played = await asyncio.gather(*map(drive, clients), return_exceptions=True)
        failed += [str(error) for error in played if isinstance(error, BaseException)]
        playing = time.perf_counter() - begun
    half, most = statistics.median(waited), statistics.quantiles(waited, n=100)[98]
    print(f"{len(clients)} of {sessions} sessions at once, opened in {opening:.1f} s")
    print(f"{len(waited)} steps, {len(waited) / playing:.0f} a second")
    print(f"a step took {half:.2f} s in the middle, {most:.2f} s in the worst hundredth")
    print(f"{len(failed)} failed" + (f", such as: {failed[0]}" if failed else ""))


def memory(process: int) -> str:
    """The memory a process holds and its threads, on Linux."""
    told = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    facts = dict(line.split(":", 1) for line in told)
    return f"{int(facts['VmHWM'].split()[0]) // 1024} MB at most"


def main() -> None:
    """Measure."""
    sessions, steps = [*map(int, sys.argv[1:]), *(1000, 20)[len(sys.argv) - 1 :]]
    command = [sys.executable, "-m", "smartplay", "serve", "--openenv", "--port", "0",
               "--sessions", str(sessions)]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            asyncio.run(play(server.stdout.readline().strip(), sessions, steps))
            print(f"the server held {memory(server.pid)}")
        finally:
            server.terminate()


if __name__ == "__main__":
    main()
