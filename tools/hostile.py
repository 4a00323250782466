"""Everything hostile at once, counted: `python -m tools.hostile [--short]`.

Folders of strangers, services and agents that misbehave, signals, failing disks, and the memory
that calls take when a service sends as much as it can. Prints what was tried and what failed; exits
with 1 if something did. `--short` tries a sample of each, in about two minutes. Linux only. Change
no code meanwhile: a run does not go on under other code.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests import bad_agents, disk_faults, rude_services, signals, strangers
from tests.raw_server import RawServer

AT_ONCE = 128
MEGABYTES = 600
"""What `docs/trust.md` says that so many calls at once take at most."""

Tried = tuple[str, str]
"""What was tried, and what is wrong with how it went; empty if nothing is."""


def folders(every: int) -> Iterator[Tried]:
    """Folders of strangers."""
    for tried in strangers.try_strangers(list(range(0, 1000, every)), short=every > 1):
        yield tried.name, "; ".join(tried.faults)


def services(every: int) -> Iterator[Tried]:
    """Services that misbehave."""
    os.environ["OPENAI_API_KEY"] = rude_services.KEY
    with RawServer() as server:
        for name in list(rude_services.CASES)[::every]:
            yield name, rude_services.complaint(server, rude_services.CASES[name])


def agents(every: int) -> Iterator[Tried]:
    """Agents that misbehave."""
    chosen = bad_agents.AGENTS[::every]
    with ThreadPoolExecutor(2) as pool:
        names = [bad.name for bad in chosen]
        yield from zip(names, pool.map(bad_agents.play, chosen), strict=True)


def signalled(every: int) -> Iterator[Tried]:
    """Signals to a run."""
    yield from signals.meet_all(signals.SENT[::every])


def disks(every: int) -> Iterator[Tried]:
    """Disks that fail."""
    for fault in disk_faults.FAULTS[::every]:
        with tempfile.TemporaryDirectory() as folder:
            yield fault.name, "; ".join(disk_faults.meet(fault, Path(folder)).faults)


def floods(every: int) -> Iterator[Tried]:
    """Services that send as much as they can."""
    with RawServer() as server:
        for name in list(rude_services.FLOODS)[::every]:
            taken = rude_services.flood(server, rude_services.FLOODS[name], AT_ONCE)
            print(f"  {AT_ONCE} calls at once to a service of {name}: {taken:.0f} MB", flush=True)
            yield name, f"it took {taken:.0f} MB" if taken > MEGABYTES else ""


PARTS: tuple[tuple[Callable[[int], Iterator[Tried]], int], ...] = (
    (folders, 30), (services, 3), (agents, 9), (signalled, 13), (disks, 4), (floods, 4),
)  # fmt: skip
"""What is tried, and every how manyth of it in short."""


def main(short: bool) -> int:
    """Try everything; returns the exit code."""
    failed = 0
    for part, every in PARTS:
        began, count, wrong = time.monotonic(), 0, 0
        for name, fault in part(every if short else 1):
            count += 1
            if fault:
                wrong += 1
                print(f"  {name}: {fault}", flush=True)
        title = str(part.__doc__).strip().removesuffix(".")
        print(
            f"{title}: {count} tried, {wrong} failed, {time.monotonic() - began:.0f} s", flush=True
        )
        failed += wrong
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main("--short" in sys.argv[1:]))
