"""Protects what agents share with the run in its process: loops, folder."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from smartplay.core.errors import AgentError

T = TypeVar("T")

if sys.platform == "win32":
    _Loop: Any = asyncio.ProactorEventLoop
else:
    _Loop = asyncio.SelectorEventLoop


class SteadyLoop(_Loop):
    """An event loop that its tasks cannot stop, since they share it."""

    def stop(self) -> None:
        """Stop, unless a task asks for it.

        Raises:
            AgentError: If a task does ask.
        """
        with suppress(RuntimeError):
            if asyncio.current_task(self) is not None:
                raise AgentError("the agent tried to stop the event loop that the run plays on")
        super().stop()


def run_steadily(coroutine: Coroutine[Any, Any, T]) -> T:
    """As `asyncio.run`, on a loop that no task can stop."""
    with asyncio.Runner(loop_factory=SteadyLoop) as runner:
        return runner.run(coroutine)


@contextmanager
def same_surroundings() -> Iterator[None]:
    """Restore the present folder and streams at the end, whatever agents do with them meanwhile."""
    before, streams = Path.cwd(), {name: getattr(sys, name) for name in ("stdout", "stderr")}
    try:
        yield
    finally:
        with suppress(OSError):
            os.chdir(before)
        for file, (name, stream) in enumerate(streams.items(), start=1):
            if getattr(stream, "closed", False):
                stream = os.fdopen(os.dup(file), "w", errors="backslashreplace")
            setattr(sys, name, stream)


@contextmanager
def interrupting(call: Callable[[], Any]) -> Iterator[None]:
    """In the block, the first Ctrl-C calls `call` and raises at the end; later ones do nothing.

    If someone else has replaced Python's own handler of Ctrl-C, that one stays.

    Raises:
        KeyboardInterrupt: If Ctrl-C was pressed.
    """
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    interrupts: list[int] = []

    def act(number: int, frame: Any) -> None:
        interrupts.append(number)
        if len(interrupts) == 1:
            call()

    signal.signal(signal.SIGINT, act)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if interrupts:
            raise KeyboardInterrupt
