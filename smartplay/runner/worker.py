"""Plays episodes in a process that was sent no more than names and settings.

A process that plays several episodes at once (threads of one worker) builds the agent once and
lets those that wait for a service share one event loop, as they do in the run's own process.
"""

from __future__ import annotations

import asyncio
import atexit
import multiprocessing
import os
import signal
import threading
from functools import lru_cache
from typing import Any

import msgspec

from smartplay.agents.catalog import AgentSource, find_agent
from smartplay.runner.episode import Job, Outcome, Tick, no_tick, play_episode

CLOSING = 5.0  # seconds

_one_at_a_time = threading.RLock()


def play_here(job: Job, source: AgentSource, tick: Tick = no_tick) -> Outcome:
    """Play an episode to its end in the calling thread."""
    if source.asynchronous:
        return asyncio.run_coroutine_threadsafe(
            play_episode(job, source.factory, tick), _loop()
        ).result()
    return asyncio.run(play_episode(job, source.factory, tick))


def play_by_name(job: Job, reference: tuple[str, dict[str, Any]]) -> Outcome:
    """Play an episode with an agent that is built by its name and settings."""
    with _one_at_a_time:
        source = _source(msgspec.json.encode(reference))
    return play_here(job, source)


def end_with_parent() -> None:
    """End this worker as soon as its parent is gone, however it went, and quietly at Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@lru_cache(maxsize=8)
def _source(reference: bytes) -> AgentSource:
    name, settings = msgspec.json.decode(reference)
    source = find_agent(name, settings)
    atexit.register(_close, source)
    return source


def _close(source: AgentSource) -> None:
    """Close a model's connections on the loop they live on."""
    close = getattr(source.factory, "aclose", None)
    if close is not None:
        asyncio.run_coroutine_threadsafe(close(), _loop()).result(CLOSING)


def _loop() -> asyncio.AbstractEventLoop:
    with _one_at_a_time:
        return _running_loop()


@lru_cache(maxsize=1)
def _running_loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="smartplay-loop", daemon=True).start()
    return loop
