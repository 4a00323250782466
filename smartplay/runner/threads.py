"""Threads for calls that may never come back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")


class Threads:
    """Threads that run calls, as many as are needed at once.

    Unlike an executor's threads they do not keep Python from ending. Idle threads are used again,
    since starting one waits for a turn of every busy one.
    """

    def __init__(self) -> None:
        self._calls: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._idle = threading.Semaphore(0)
        self._started = 0

    def submit(self, call: Callable[..., T], *arguments: Any) -> Future[T]:
        """Run a call in one of the threads; always submit from the same thread."""
        future: Future[T] = Future()

        def body() -> None:
            if not future.set_running_or_notify_cancel():
                self._idle.release()
                return
            try:
                result = call(*arguments)
            except BaseException as error:
                self._idle.release()  # before the result is known, so that it serves the next call
                future.set_exception(error)
            else:
                self._idle.release()
                future.set_result(result)

        self._calls.put(body)
        if not self._idle.acquire(blocking=False):
            self._started += 1
            threading.Thread(target=self._serve, name="smartplay", daemon=True).start()
        return future

    def close(self) -> None:
        """Let the threads end when they are idle."""
        for _ in range(self._started):
            self._calls.put(None)

    def _serve(self) -> None:
        while (call := self._calls.get()) is not None:
            call()


def in_thread(call: Callable[..., T], *arguments: Any) -> Future[T]:
    """Run a call in a thread of its own that does not keep Python from ending."""
    threads = Threads()
    future = threads.submit(call, *arguments)
    threads.close()
    return future
