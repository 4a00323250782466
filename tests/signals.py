"""Signals sent to a run, wherever it plays: what is left, and whether the same command goes on.

Asked of each signal at each kind of place, at a moment of its own: the command ends as the signal
says, or without a traceback as if nothing had come; no process outlives it; the folder can be
read; the same command completes it to the records of a run that nobody disturbed. Linux only.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from smartplay.records.folder import RunFolder
from tests.games import unique, write_game
from tests.killing import content, finish, left_over, lines, no_orphans, start

STOPPING = (signal.SIGKILL, signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)
SIGNALS = tuple(signal.Signals(n) for n in range(1, 32) if n not in STOPPING)
HEEDLESS = {signal.SIGCHLD, signal.SIGCONT, signal.SIGURG, signal.SIGWINCH,
            signal.SIGPIPE, signal.SIGXFSZ}  # fmt: skip
"""Those that a program in Python outlives unless it says otherwise."""
PLACES = ("event loop", "threads", "worker processes", "executor")
EPISODES, STEPS, PATIENCE = 12, 5, 60.0

AGENT = """
import asyncio, time

class Slow:
    def __init__(self, manual, actions, seed):
        self.actions, self.seed, self.steps = actions, seed, 0

    def act(self, observation):
        time.sleep(0.05)
        return self.next()

    def next(self):
        self.steps += 1
        return self.actions[(self.seed + self.steps) % len(self.actions)]

class Awaited(Slow):
    async def act(self, observation):
        await asyncio.sleep(0.05)
        return self.next()
"""
ON_AN_EXECUTOR = f"""
import ctypes, multiprocessing, os, sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
import smartplay

def end_with_parent():
    ctypes.CDLL(None).prctl(1, 9)
    if not multiprocessing.parent_process().is_alive():  # it had ended before
        os._exit(1)

if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    try:
        with ProcessPoolExecutor(2, context, end_with_parent) as pool:
            smartplay.run(
                str(Path(__file__).with_name("slow.py")) + ":Slow", "Hanoi3Disk", concurrency=2,
                episodes={EPISODES}, steps={STEPS}, executor=pool, progress=False, out=sys.argv[2],
            )
    except KeyboardInterrupt:
        sys.exit(130)
"""


class Sent(NamedTuple):
    """A signal to a run.

    Attributes:
        number: The signal.
        place: Where the run plays.
        moment: Lines of results that are there when it is sent.
    """

    number: signal.Signals
    place: str
    moment: int

    def __str__(self) -> str:
        return f"{self.number.name}, {self.place}, after {self.moment}"


SENT = tuple(
    Sent(number, place, (k + j) % 6)
    for k, number in enumerate(SIGNALS)
    for j, place in enumerate(PLACES)
)


class Stage(NamedTuple):
    """Where runs are signalled.

    Attributes:
        folder: Holds the agent, the undisturbed runs and all others.
        commands: Of a run at each kind of place, but for its folder.
    """

    folder: Path
    commands: dict[str, list[str]]


def arrange(folder: Path, places: Iterable[str]) -> Stage:
    """Write what plays, and play it undisturbed."""
    (folder / "slow.py").write_text(AGENT)
    (folder / "elsewhere.py").write_text(ON_AN_EXECUTOR)
    heavy = write_game(folder, heavy=True, name=unique(folder))

    def command(name: str, game: str) -> list[str]:
        run = [sys.executable, "-m", "smartplay", "run", f"{folder / 'slow.py'}:{name}"]
        run += ["--games", game, "--episodes", str(EPISODES), "--steps", str(STEPS)]
        return [*run, "--concurrency", "2", "--json", "--out"]

    commands = {
        "event loop": command("Awaited", "Hanoi3Disk"),
        "threads": command("Slow", "Hanoi3Disk"),
        "worker processes": command("Slow", str(heavy)),
        "executor": [sys.executable, str(folder / "elsewhere.py"), "--out"],
    }
    for place in places:
        finish([*commands[place], str(folder / place)])
    return Stage(folder, commands)


def meet(sent: Sent, stage: Stage) -> str:
    """Send a signal to a run, then complete it; what is wrong with that, empty if nothing is."""
    out = stage.folder / str(sent)
    command, mark = [*stage.commands[sent.place], str(out)], uuid.uuid4().hex
    with without_core_files():
        process = start(command, mark)
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE and process.poll() is None:
        if (out / "run.json").exists() and lines(out) >= sent.moment:
            break
        time.sleep(0.002)
    if process.poll() is not None:
        return f"it was over before the signal came: {process.communicate()[1].decode()[-300:]}"
    process.send_signal(sent.number)
    try:
        told = process.communicate(timeout=PATIENCE)[1].decode(errors="replace")
    except subprocess.TimeoutExpired:
        for left in left_over(mark):  # they may hold what the run writes to
            with suppress(ProcessLookupError):
                os.kill(left, signal.SIGKILL)
        process.communicate(timeout=PATIENCE)
        return "it does not end"
    if "Traceback" in told and process.returncode >= 0:  # workers may die while they are born
        return told[-500:]
    expected = [-sent.number, 130 if sent.number == signal.SIGINT else -sent.number]
    if process.returncode not in ([0] if sent.number in HEEDLESS else expected):
        return f"exit code {process.returncode}: {told[-300:]}"
    return orphans(mark) or difference(command, out, stage.folder / sent.place)


def orphans(mark: str) -> str:
    """What outlives a run that has ended, once it had time to end too."""
    try:
        no_orphans(mark)
    except AssertionError as error:
        return str(error)
    return ""


def difference(command: list[str], out: Path, calm: Path) -> str:
    """What tells a run that was broken off, and now goes on, from one that was not."""
    before = RunFolder(out).episodes()
    try:
        finish(command)
    except AssertionError as error:
        return f"it does not go on: {error}"
    if RunFolder(out).episodes()[: len(before)] != before:
        return "what was on record was played again"
    if lines(out) != lines(calm) or content(out) != content(calm):
        return "it shows in the records"
    return ""


@contextmanager
def heeding() -> Iterator[None]:
    """Let what is started meanwhile heed signals that this process ignores, as under `nohup`."""
    ignored = [number for number in SIGNALS if signal.getsignal(number) is signal.SIG_IGN]
    heeded = [number for number in ignored if number not in HEEDLESS]
    for number in heeded:
        signal.signal(number, signal.SIG_DFL)
    try:
        yield
    finally:
        for number in heeded:
            signal.signal(number, signal.SIG_IGN)


@contextmanager
def without_core_files() -> Iterator[None]:
    """Let what is started meanwhile leave no images of its memory."""
    before = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, before)


def meet_all(sent: Iterable[Sent]) -> Iterator[tuple[str, str]]:
    """Each signal and what is wrong with how its run went on."""
    sent = list(sent)
    with tempfile.TemporaryDirectory(prefix="smartplay-signals-") as place, heeding():
        stage = arrange(Path(place), {each.place for each in sent})
        with ThreadPoolExecutor(2) as pool:
            yield from zip(
                map(str, sent), pool.map(lambda each: meet(each, stage), sent), strict=True
            )


if __name__ == "__main__":
    for name, wrong in meet_all(SENT[:: int(sys.argv[1])] if len(sys.argv) > 1 else SENT):
        print(f"{name}: {wrong or 'fine'}", flush=True)
