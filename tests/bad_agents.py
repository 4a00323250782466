"""Agents that misbehave, one of each kind, and what is to come of a run of each.

`python -m tests.bad_agents` lets them all play, each in a run of its own from the command line.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from smartplay.records.folder import RunFolder

SCORED, UNSCORED, STUCK, KILLED = "scored", "unscored", "stuck", "killed"
"""What comes of it: every episode is scored; every episode is unscored, with a cause; the run goes
on until its time is over; the process ends, and the command says so."""

TOP = """
import asyncio, ctypes, gc, itertools, os, random, signal, sys, threading, time, warnings
class Odd(BaseException): pass
class Base:
    def __init__(self, manual, actions, seed):
        self.first, self.seed = actions[0], seed
"""


class Bad(NamedTuple):
    """An agent that misbehaves.

    Attributes:
        name: What it does.
        source: The source of its file.
        end: What comes of its run.
        words: What the cause or the message says.
    """

    name: str
    source: str
    end: str
    words: str = ""


def _acts(name: str, body: str, end: str, words: str = "", more: str = "") -> Bad:
    """One that does it in a synchronous `act`."""
    lines = "\n".join(f"        {line}" for line in body.splitlines())
    source = f"{TOP}{more}\nclass Agent(Base):\n    def act(self, observation):\n{lines}\n"
    return Bad(name, source + "        return self.first\n", end, words)


def _awaits(name: str, body: str, end: str, words: str = "", more: str = "") -> Bad:
    """One that does it in an `act` that is awaited."""
    acting = _acts(name, body, end, words, more)
    return acting._replace(
        name=f"{name}, awaited", source=acting.source.replace("    def act(", "    async def act(")
    )


def _makes(name: str, body: str, words: str) -> list[Bad]:
    """Those that do it when they are made, one of them to be awaited."""
    source = f"{TOP}\nclass Agent(Base):\n    def __init__(self, manual, actions, seed):\n"
    source += f"        {body}\n"
    return [
        Bad(f"{name} when it is made", f"{source}    def act(self, o): pass\n", UNSCORED, words),
        Bad(
            f"{name} when it is made, awaited",
            f"{source}    async def act(self, o): pass\n",
            UNSCORED,
            words,
        ),
    ]


def _both(name: str, body: str, end: str, words: str = "", more: str = "") -> list[Bad]:
    return [_acts(name, body, end, words, more), _awaits(name, body, end, words, more)]


RAISED = [
    ("Exception", "raise ValueError('no')", "ValueError: no"),
    ("its own kind of BaseException", "raise Odd('not this way')", "Odd: not this way"),
    ("SystemExit", "sys.exit(0)", "SystemExit"),
    ("KeyboardInterrupt", "raise KeyboardInterrupt", "KeyboardInterrupt"),
    ("GeneratorExit", "raise GeneratorExit", "GeneratorExit"),
    ("CancelledError", "raise asyncio.CancelledError", "CancelledError"),
    ("StopIteration", "next(iter(()))", "StopIteration"),
    ("a group", "raise BaseExceptionGroup('two', [Odd(), KeyboardInterrupt()])", "two"),
    ("deep recursion", "f = lambda g: g(g); f(f)", "RecursionError"),
    ("MemoryError", "raise MemoryError", "MemoryError"),
]

RETURNED = [
    ("nothing", "return None", "NoneType"),
    ("a truth value", "return True", "bool"),
    ("bytes", "return b'1'", "bytes"),
    ("itself", "return self", "Agent"),
    ("a generator", "return (c for c in 'Answer: 1')", "generator"),
]

WEIRD_INDEX = """
class Index:
    def __index__(self): raise Odd("no number")
class Text(str):
    def strip(self, *a): raise Odd("no text")
class Mute(Exception):
    def __str__(self): raise Odd("no word")
"""

FOREVER = "while True:\n    time.sleep(0.01)"
SWALLOWS = """while True:
    try:
        await asyncio.sleep(0.05)
    except BaseException:
        pass"""
IN_A_TASK = f"""async def stuck():
    {FOREVER.replace(chr(10), chr(10) + "    ")}
await asyncio.create_task(stuck())"""

AGENTS: list[Bad] = [
    *(bad for name, body, words in RAISED for bad in _both(name, body, UNSCORED, words)),
    *(bad for name, body, words in RAISED[:6] for bad in _makes(name, body, words)),
    *(bad for name, body, words in RETURNED for bad in _both(name, body, UNSCORED, words)),
    *_both("a message of a megabyte", "raise ValueError('x' * 10**6)", UNSCORED, "ValueError: xxx"),
    *_both("a message that obeys no terminal", "raise ValueError('\\x1b[2J\\udc80')", UNSCORED,
           "⟨001B⟩"),
    *_both("an error that has no words", "raise Mute", UNSCORED, "Mute", WEIRD_INDEX),
    *_both("a number that is none", "return Index()", UNSCORED, "no number", WEIRD_INDEX),
    *_both("a text that is none", "return Text('Answer: 1')", SCORED, "", WEIRD_INDEX),
    *_both("a number far off", "return 10**30", SCORED),
    *_both("a megabyte", "return 'x' * 10**6", SCORED),
    *_both("half a character", "return 'Answer: 1 \\udc80'", SCORED),
    *_both("leaves the folder", "os.chdir('/')", SCORED),
    *_both("forgets the environment", "os.environ.clear()", SCORED),
    *_both("seeds all randomness", "random.seed(0)", SCORED),
    *_both("collects no garbage", "gc.disable()", SCORED),
    *_both("makes warnings errors", "warnings.simplefilter('error')", SCORED),
    *_both("forgets standard output", "sys.stdout = None", SCORED),
    *_both("closes its streams", "sys.stdout.close(); sys.stderr.close()", SCORED),
    *_both("talks", "print('x' * 1000); print('y', file=sys.stderr)", SCORED),
    *_both("leaves a thread behind",
           "threading.Thread(target=time.sleep, args=(300,)).start()", SCORED),
    *_both("starts a program", "os.system('true')", SCORED),
    _awaits("leaves a task behind",
            "asyncio.ensure_future(asyncio.sleep(300))\nawait asyncio.sleep(0)", SCORED),
    _awaits("leaves a task behind that fails",
            "asyncio.ensure_future(asyncio.sleep('x'))\nawait asyncio.sleep(0)", SCORED),
    _awaits("leaves a task behind that ends the program", """async def leave():
    sys.exit(0)
asyncio.ensure_future(leave())
await asyncio.sleep(0)""", SCORED),
    _awaits("stops the loop", "asyncio.get_running_loop().stop()\nawait asyncio.sleep(0)",
            UNSCORED, "event loop"),
    _awaits("stops the loop later", """loop = asyncio.get_running_loop()
loop.call_soon_threadsafe(loop.stop)
await asyncio.sleep(0.01)""", SCORED),
    _awaits("closes the loop", "asyncio.get_running_loop().close()", UNSCORED, "RuntimeError"),
    _awaits("cancels itself", "asyncio.current_task().cancel()\nawait asyncio.sleep(0)",
            UNSCORED, "CancelledError"),
    _awaits("fails in a callback",
            "asyncio.get_running_loop().call_soon(lambda: 1 / 0)\nawait asyncio.sleep(0)", SCORED),
    *_both("sleeps", "time.sleep(300)", STUCK),
    *_both("never gives way", FOREVER, STUCK),
    *_both("counts for ever", "while True: pass", STUCK),
    *_both("waits for a lock", "lock = threading.Lock(); lock.acquire(); lock.acquire()", STUCK),
    *_both("reads for ever", "os.read(os.pipe()[0], 1)", STUCK),
    *_both("lets nothing else run", "sum(itertools.count())", STUCK),
    _awaits("waits for ever", "await asyncio.Event().wait()", STUCK),
    _awaits("swallows its cancellation", SWALLOWS, STUCK),
    _awaits("never gives way in a task", IN_A_TASK, STUCK),
    _awaits("never gives way in a callback",
            "asyncio.get_running_loop().call_soon(time.sleep, 300)\nawait asyncio.sleep(1)", STUCK),
    _awaits("never gives way to a task that swallows",
            f"async def other():\n    {SWALLOWS.replace(chr(10), chr(10) + '    ')}\n"
            "await asyncio.gather(other(), other())", STUCK),
    *_both("ends the process", "os._exit(0)", KILLED, "exit code 0"),
    *_both("kills the process", "os.kill(os.getpid(), signal.SIGKILL)", KILLED, "signal 9"),
    *_both("crashes the process", "ctypes.string_at(0)", KILLED, "signal 11"),
    *_both("aborts the process", "os.abort()", KILLED, "signal 6"),
]  # fmt: skip

EPISODES, SECONDS = 2, 2.0
CODES = {SCORED: [0], UNSCORED: [3], STUCK: [4], KILLED: [1, -9, -11, -6]}


def start(bad: Bad, folder: Path, *options: str, game: str = "Hanoi3Disk") -> subprocess.Popen[str]:
    """Start a run of an agent in a folder."""
    file = folder / "bad.py"
    file.write_text(bad.source)
    command = [sys.executable, "-m", "smartplay", "run", f"{file}:Agent", "--games", game]
    command += ["--episodes", str(EPISODES), "--steps", "2", "--out", str(folder / "run"), *options]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True, errors="replace"
    )


def complaint(bad: Bad, folder: Path, code: int, told: str) -> str:
    """What is wrong with how a run ended; empty if nothing is."""
    records = RunFolder(folder / "run").episodes()
    if code not in CODES[bad.end]:
        return f"exit code {code}: {told}"
    if "Traceback" in told:
        return told
    if bad.end in (SCORED, UNSCORED):
        if [record.status for record in records] != [bad.end] * EPISODES:
            return f"{records}"
        if not all(bad.words in (record.error or "") for record in records):
            return f"{bad.words!r} not in {records[0].error!r}"
    return "" if bad.end != KILLED or bad.words in told else f"{bad.words!r} not in {told!r}"


def play(bad: Bad) -> str:
    """Let it play; what is wrong with how that ended."""
    with tempfile.TemporaryDirectory() as folder:
        limit = SECONDS if bad.end == STUCK else 60.0
        process = start(bad, Path(folder), "--max-time", str(limit))
        _, told = process.communicate(timeout=120)
        return complaint(bad, Path(folder), process.returncode, told)


def main() -> None:
    """Let all play."""
    began, wrong = time.monotonic(), 0
    with ThreadPoolExecutor(2) as pool:
        for bad, said in zip(AGENTS, pool.map(play, AGENTS), strict=True):
            wrong += bool(said)
            if said:
                print(f"{bad.name}: {said}")
    seconds = time.monotonic() - began
    print(f"{len(AGENTS)} agents that misbehave, {wrong} of them not as told, {seconds:.0f} s")
    raise SystemExit(wrong > 0)


if __name__ == "__main__":
    main()
