"""A process that guards the one that plays, as an agent may do anything to that.

An agent may end or crash its process, start threads that never end, or call something that lets
nothing else in Python run, not even the handler of Ctrl-C. The guard makes sure that the command
still ends, with a sentence and an exit code. Where no such process is possible, the interpreter
ends by itself when its time is over, and says where every thread was.
"""

from __future__ import annotations

import ctypes
import faulthandler
import math
import os
import select
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

AFTER_TIME = 1.5  # seconds that what plays may take to end by itself
AFTER_INTERRUPT = 3.0
AFTER_END = 1.0
LOOK = 0.05  # seconds between two looks at whether it is still there
FAILED, STOPPED, INTERRUPTED = 1, 4, 130  # exit codes, as in `smartplay.cli`
DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG

STANDARD_ERROR = 2

_to_guard: list[int] = []
_guards_itself = False


def guarded(call: Callable[[], int]) -> int:
    """Run a call in a process of its own, or in this one where that is impossible.

    In this one, only the end of its time ends a call that lets nothing else run.

    Returns:
        The call's result, or the exit code for how it ended instead.
    """
    global _guards_itself
    if sys.platform != "linux":  # elsewhere a child may not use what the parent has loaded
        _guards_itself = True
        return call()
    told, tell = os.pipe()
    alive, live = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # NumPy has threads, which wait
        child = os.fork()
    if child:
        os.close(tell)
        os.close(alive)
        return _Guard(child, told).watch()
    os.close(told)
    os.close(live)
    _end_with_parent(alive)
    _to_guard.append(tell)
    code = call()
    _tell(f"end {code}")
    return code


@contextmanager
def ending_within(seconds: float | None) -> Iterator[None]:
    """Have the block ended from outside if it takes much longer than `seconds`."""
    if seconds is not None:
        _tell(f"until {time.monotonic() + seconds}")
        if _guards_itself:
            end = max(seconds, 0.0) + AFTER_TIME
            faulthandler.dump_traceback_later(end, exit=True, file=STANDARD_ERROR)
    try:
        yield
    finally:
        _tell("until inf")
        if _guards_itself:
            faulthandler.cancel_dump_traceback_later()


def _tell(text: str) -> None:
    for file in _to_guard:
        with suppress(OSError):
            os.write(file, f"{text}\n".encode())


def _end_with_parent(alive: int) -> None:
    def wait() -> None:
        os.read(alive, 1)  # until the other end is closed, by whatever end of the parent
        os._exit(FAILED)

    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
    threading.Thread(target=wait, daemon=True).start()


class _Guard:
    """Watches a child process until it ends."""

    def __init__(self, child: int, told: int) -> None:
        self._child, self._told = child, told
        self._until = math.inf
        self._code: int | None = None
        self._interrupted = False

    def watch(self) -> int:
        """Wait for the end of the child, or bring it about; returns the exit code."""
        for number, act in ((signal.SIGINT, self._interrupt), (signal.SIGTERM, _terminate)):
            if signal.getsignal(number) is not signal.SIG_IGN:  # as shells have it behind an &
                signal.signal(number, act)
        while True:
            ended, status = os.waitpid(self._child, os.WNOHANG)
            if ended:
                return self._died(status) if self._code is None else self._code
            if time.monotonic() > self._until:
                os.kill(self._child, signal.SIGKILL)
                os.waitpid(self._child, 0)
                return self._overdue() if self._code is None else self._code
            if select.select([self._told], [], [], LOOK)[0]:
                self._listen()

    def _interrupt(self, *_: object) -> None:
        with suppress(ProcessLookupError):
            os.kill(self._child, signal.SIGINT)
        self._interrupted = True
        self._until = min(self._until, time.monotonic() + AFTER_INTERRUPT)

    def _listen(self) -> None:
        message = os.read(self._told, 4096)
        if not message:
            time.sleep(0.005)  # it is about to be gone
        for line in message.decode().splitlines():
            word, _, number = line.partition(" ")
            if word == "end":
                self._code, self._until = int(number), time.monotonic() + AFTER_END
            elif not self._interrupted:
                self._until = float(number) + AFTER_TIME

    def _died(self, status: int) -> int:
        """Say so, and end likewise where it was a signal."""
        code = os.waitstatus_to_exitcode(status)
        how = f"exit code {code}" if code >= 0 else f"signal {-code}"
        _say(f"the process that played was ended from within or without ({how})")
        if code < 0:
            sys.stderr.flush()
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {-code})
            if -code not in (signal.SIGKILL, signal.SIGSTOP):
                signal.signal(-code, signal.SIG_DFL)
            os.kill(os.getpid(), -code)
        return FAILED

    def _overdue(self) -> int:
        why = "interrupted" if self._interrupted else "the time it was given is over"
        _say(f"stopped: {why}; an agent let nothing else run and was ended with its process")
        return INTERRUPTED if self._interrupted else STOPPED


def _terminate(number: int, frame: object) -> None:
    """End at once, as the signal says, but for the terminal."""
    _leave_progress_line()
    sys.stderr.flush()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _leave_progress_line() -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[?25h\n")  # the cursor that it hid


def _say(text: str) -> None:
    _leave_progress_line()
    print(f"smartplay: {text}; the same command goes on with what is not finished", file=sys.stderr)
