"""A process that plays a part of a run; `smartplay.runner.spread` starts it and reads its output.

What comes in on standard input is one `Part`, then perhaps the reason why the run stops; what goes
out on standard output are `Batch`es. All are MessagePack, each behind its length in eight bytes.
The process ends with its input, so it never outlives the run.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import threading
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import msgspec

from smartplay.agents.catalog import find_agent
from smartplay.errors import UsageError
from smartplay.records import Usage
from smartplay.runner.episode import Job, Outcome, one_line
from smartplay.runner.limits import Limits, Watch
from smartplay.runner.schedule import play_all

LENGTH = 8  # bytes
GATHERING = 0.01  # seconds


class Part(NamedTuple):
    """What one process is to play.

    Attributes:
        reference: The agent's name and settings.
        jobs: The episodes.
        concurrency: How many are under way at once.
        recorded: Replies that are there already, by episode and key.
        cache: A file of replies beyond the run's.
    """

    reference: tuple[str, dict[str, Any]]
    jobs: list[Job]
    concurrency: int
    recorded: dict[int, dict[bytes, bytes]]
    cache: str | None


class Batch(NamedTuple):
    """What happened in a process within some hundredths of a second.

    Attributes:
        limit: How many calls may be under way there now.
        replies: Replies to be recorded: episode, key, content.
        spent: Tokens of the calls that succeeded.
        ticks: Of each step, the calls and tokens it took.
        outcomes: Episodes that ended.
        failure: What the process failed of; its last word.
        usage: Whether that is the caller's or the disk's fault, not the program's.
    """

    limit: int
    replies: list[tuple[int, bytes, bytes]]
    spent: list[Usage]
    ticks: list[tuple[int, Usage]]
    outcomes: list[Outcome]
    failure: str = ""
    usage: bool = False


def framed(value: Any) -> bytes:
    """A value as it goes through a pipe."""
    data = msgspec.msgpack.encode(value)
    return len(data).to_bytes(LENGTH, "big") + data


class _Outbox:
    """Gathers what is to be told and sends it some time later, as each sending has its cost."""

    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe = pipe
        self.pace: Any = None
        self._batch: Batch | None = None

    def batch(self) -> Batch:
        """What is told next."""
        if self._batch is None:
            self._batch = Batch(0, [], [], [], [])
            asyncio.get_running_loop().call_later(GATHERING, self.send)
        return self._batch

    def send(self, failure: str = "", usage: bool = False) -> None:
        """Tell it now."""
        batch, self._batch = self._batch or Batch(0, [], [], [], []), None
        limit = int(self.pace.limit) if self.pace else 0
        self._pipe.write(framed(batch._replace(limit=limit, failure=failure, usage=usage)))
        self._pipe.flush()


class _FarWatch(Watch):
    """Leaves counting to the run's own watch, which says when to stop."""

    def __init__(self, outbox: _Outbox) -> None:
        super().__init__(Limits(), None, "", Usage())
        self._outbox = outbox

    def spend(self, usage: Usage) -> None:
        """Pass on what calls took."""
        self._outbox.batch().spent.append(usage)


async def _play(part: Part, outbox: _Outbox, watch: Watch) -> None:
    source = find_agent(*part.reference)
    factory: Any = source.factory

    def record(*reply: Any) -> None:
        outbox.batch().replies.append(reply)

    def tick(calls: int, usage: Usage) -> None:
        outbox.batch().ticks.append((calls, usage))

    def keep(outcome: Outcome) -> None:
        outbox.batch().outcomes.append(outcome)

    cache = Path(part.cache) if part.cache else None
    factory.prepare_apart(part.concurrency, watch, part.recorded, record, cache)
    outbox.pace = factory.pace
    # Hundreds of episodes are a heap without cycles. Going through it as often as usual takes a
    # fifth of the processor's time, and all the calls of the process wait meanwhile.
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    gc.enable()
    try:
        await play_all(part.jobs, source, part.concurrency, keep, watch, tick)
    finally:
        await factory.aclose()


async def _play_and_tell(part: Part, outbox: _Outbox, watch: Watch) -> None:
    try:
        await _play(part, outbox, watch)
    except UsageError as error:
        outbox.send(str(error), usage=True)
    except Exception as error:
        outbox.send(one_line(error))
    else:
        outbox.send()


def _hear(pipe: BinaryIO, watch: Watch) -> None:
    """Wait for the reason to stop, or for the end of the run, which is the end of this process."""
    while data := _read(pipe):
        watch.stop(msgspec.msgpack.decode(data, type=str))
    os._exit(1)


def _read(pipe: BinaryIO) -> bytes:
    head = pipe.read(LENGTH)
    return pipe.read(int.from_bytes(head, "big")) if head else b""


def main() -> None:
    """Play the part that comes in."""
    incoming = sys.stdin.buffer
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as outgoing:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a stray word is no message
        data = _read(incoming)
        if not data:
            return
        outbox = _Outbox(outgoing)
        watch = _FarWatch(outbox)
        threading.Thread(target=_hear, args=(incoming, watch), daemon=True).start()
        part = msgspec.msgpack.decode(data, type=Part)
        asyncio.run(_play_and_tell(part, outbox, watch))
        os._exit(0)  # all is told; a thread still waits for input, which Python would wait for
