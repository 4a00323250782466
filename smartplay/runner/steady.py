"""Keeps what agents share with the run in its own process: event loops, the working folder."""

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
    """An event loop that the tasks it runs cannot stop: it is not theirs alone."""

    def stop(self) -> None:
        """Stop, if not asked to by a task.

        Raises:
            AgentError: If one did ask.
        """
        with suppress(RuntimeError):
            if asyncio.current_task(self) is not None:
                raise AgentError("the agent tried to stop the event loop that the run plays on")
        super().stop()


def run_steadily(coroutine: Coroutine[Any, Any, T]) -> T:
    """As `asyncio.run`, on a loop that no task can stop."""
    factory: Callable[[], asyncio.AbstractEventLoop] = SteadyLoop
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(coroutine)


@contextmanager
def same_folder() -> Iterator[None]:
    """Come back to the present working folder, wherever an agent goes meanwhile."""
    before = Path.cwd()
    try:
        yield
    finally:
        with suppress(OSError):
            os.chdir(before)


@contextmanager
def one_interrupt_is_enough() -> Iterator[None]:
    """Let no further Ctrl-C break off what ends a run, which takes but a moment."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, lambda number, frame: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before or signal.SIG_DFL)
