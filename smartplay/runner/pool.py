"""Worker processes of this machine, which can be ended even while they play."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from multiprocessing import resource_tracker
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from smartplay.core.garbage import RARELY

T = TypeVar("T")

shared_steps: list[Any] = []
"""In a worker, the number of steps that it shares with its parent."""


def processors() -> int:
    """How many processors this process may use; a job scheduler may grant fewer than exist."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def begin_worker(steps: Any, place: str) -> None:
    """Prepare a worker process.

    Args:
        steps: A number shared with the parent, which counts the steps.
        place: The working folder that the run began in; paths of agents' files start there.
    """
    os.chdir(place)
    shared_steps.append(steps)
    gc.set_threshold(RARELY)  # as in the run itself; see `rare_collections`
    end_with_parent()


def end_with_parent() -> None:
    """End this worker as soon as its parent is gone, however it went.

    Ctrl-C reaches all processes of a terminal. The parent handles it and ends its workers: a worker
    that died by itself would break the pool while others are still starting. The handler is a
    function, since programs that an agent starts would inherit an ignored signal.
    """
    signal.signal(signal.SIGINT, lambda number, frame: None)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


class WorkerPool:
    """Worker processes, started when first needed; when one dies, new ones take over.

    Args:
        most: How many processes at most.
        begin: Prepares each process; takes what `begin_worker` takes.
        script: Whether each process first runs the script that the user runs, as Python has it: if
            that defines what is computed. One without a guard would play its run again.
    """

    def __init__(
        self,
        most: int,
        begin: Callable[[Any, str], None] = begin_worker,
        *,
        script: bool = False,
    ) -> None:
        self._most, self._begin = most, begin
        self._born: Callable[[], AbstractContextManager[None]] = (
            nullcontext if script else _script_left_out
        )
        self._pools: list[ProcessPoolExecutor] = []
        self._pool: ProcessPoolExecutor | None = None
        self._alone: dict[Future[Any], ProcessPoolExecutor] = {}
        self._busy: set[Future[Any]] = set()
        self._context = multiprocessing.get_context("spawn")
        self._steps: Any = None
        self._place = str(Path.cwd())

    @property
    def steps(self) -> int:
        """Steps that have been played so far."""
        return 0 if self._steps is None else int(self._steps.value)

    def submit(self, play: Callable[..., T], /, *arguments: Any) -> Future[T]:
        """Run a call, such as an episode, in a worker process."""
        with _interrupts_held(), self._born():
            try:
                self._pool = self._pool or self._new(self._most)
                future = self._pool.submit(play, *arguments)
            except BrokenExecutor:  # a worker has died since the last one
                self._pool = self._new(self._most)
                future = self._pool.submit(play, *arguments)
        return self._followed(future)

    def submit_alone(self, play: Callable[..., T], /, *arguments: Any) -> Future[T]:
        """Run a call in a process of its own."""
        for future, pool in list(self._alone.items()):
            if future.done():
                del self._alone[future]
                pool.shutdown(wait=False)
        with _interrupts_held(), self._born():
            pool = self._new(1)
            future = pool.submit(play, *arguments)
        self._alone[future] = pool
        return self._followed(future)

    def _followed(self, future: Future[T]) -> Future[T]:
        self._busy.add(future)
        future.add_done_callback(self._busy.discard)
        return future

    def close(self) -> None:
        """End the processes, and kill those that still play, as nobody waits for them."""
        busy = any(not future.done() for future in list(self._busy))
        for pool in self._pools:
            processes = list((pool._processes or {}).values())
            # Let it first forget what was cancelled, or it fails on that when killed.
            pool.shutdown(wait=not busy, cancel_futures=True)
            if busy:
                for process in processes:
                    process.kill()
                for process in processes:
                    process.join()

    def _new(self, most: int) -> ProcessPoolExecutor:
        self._steps = self._steps or self._context.Value("q", 0)
        pool = ProcessPoolExecutor(
            most,
            mp_context=self._context,
            initializer=self._begin,
            initargs=(self._steps, self._place),
        )
        self._pools.append(pool)
        return pool


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Let workers be born deaf to Ctrl-C, until `end_with_parent` has set what it does."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # If the run is killed, the tracker frees the semaphores of its pools, and need not say so.
    sys.warnoptions.append("ignore:resource_tracker")
    try:
        resource_tracker.ensure_running()  # which, when it starts, lets interrupts through again
    finally:
        sys.warnoptions.remove("ignore:resource_tracker")
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _script_left_out() -> Iterator[None]:
    """Let workers be born without the script that the user runs."""
    script, unnamed = sys.modules["__main__"], ModuleType("__main__")
    vars(unnamed).update(vars(script), __file__=None, __spec__=None)
    sys.modules["__main__"] = unnamed
    try:
        yield
    finally:
        sys.modules["__main__"] = script
