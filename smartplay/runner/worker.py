"""Plays episodes in a process that receives nothing but names and settings.

A process that plays several episodes at once (threads of one worker) builds the agent once. Agents
that wait for a service share one event loop, as in the run's own process. Python does not wait for
playing threads when it ends: an agent may be stuck in one for good.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import platform
import sys
import threading
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import msgspec

from smartplay.agents.catalog import AgentSource, find_agent
from smartplay.core.errors import UsageError
from smartplay.core.version import __version__
from smartplay.models.lending import RunModels
from smartplay.models.replies import PassedReplies
from smartplay.records import StepRecord
from smartplay.runner.awaited import AwaitedAgents, in_time
from smartplay.runner.budget import Budget, Limits
from smartplay.runner.episode import (
    CANCELLED,
    NO_ALLOWANCE,
    Outcome,
    Stopped,
    Tick,
    failed,
    no_tick,
    play_episode,
    too_long,
)
from smartplay.runner.jobs import Job
from smartplay.runner.pool import shared_steps
from smartplay.runner.steady import SteadyLoop, run_steadily
from smartplay.runner.threads import in_thread

_one_at_a_time = threading.RLock()


def play_here(job: Job, source: AgentSource, tick: Tick = no_tick) -> Outcome:
    """Play an episode to its end or until its time is over, while the calling thread waits."""
    store = PassedReplies(job.replies)
    allowed = job.allowance
    limits = Limits(tokens=allowed.tokens, cost=allowed.cost, seconds=allowed.seconds)
    budget = Budget(limits, allowed.prices, largest=allowed.largest)
    try:
        outcome = _play(job, source, RunModels(source.models, budget, [store]), tick)
    except Stopped:
        if budget.reason is None:  # it is the whole run that stops
            raise
        outcome = failed(job, "its share of the run's limits is spent", fault=NO_ALLOWANCE)
    except asyncio.CancelledError:
        outcome = failed(job, CANCELLED)
    return outcome._replace(replies=store.new, spent=budget.spent, largest=budget.largest)


def _play(job: Job, source: AgentSource, models: RunModels, tick: Tick) -> Outcome:
    if source.asynchronous:
        return run_steadily(_awaited().play(job, source.make, models, tick))
    if job.seconds is None:
        return _play_on_no_loop(job, source, models, tick)
    try:
        return run_steadily(in_time(in_thread(_play_on_no_loop, job, source, models, tick), job))
    except TimeoutError:
        return failed(job, too_long(job), seconds=job.seconds)


def _play_on_no_loop(job: Job, source: AgentSource, models: RunModels, tick: Tick) -> Outcome:
    """Play where no event loop runs, so that the agent may run one of its own."""
    lent = models.lend(job.agent_seed, job.repeat)
    with asyncio.Runner(loop_factory=SteadyLoop) as runner:
        try:
            play_episode(job, source.make, lent, tick, runner).send(None)
        except StopIteration as end:
            outcome: Outcome = end.value
            return outcome
    raise RuntimeError("an episode without an event loop waited")


def play_for(version: str, play: Callable[..., Outcome], *arguments: Any) -> Outcome:
    """Play an episode for a run on another machine or in another process.

    Args:
        version: The run's version of SmartPlay.
        play: The function that plays.
        arguments: Its arguments.

    Raises:
        UsageError: If the versions differ: a worker may have come after the run had begun.
    """
    if version != __version__:
        raise UsageError(
            f"the worker at {platform.node()} has smartplay {__version__}, the run has {version}; "
            "install the same version everywhere"
        )
    return play(*arguments)


def play_by_name(job: Job, reference: tuple[str, dict[str, Any]]) -> Outcome:
    """Play an episode with an agent that is built by its name and settings."""
    with _one_at_a_time:
        source = _source(msgspec.json.encode(reference))
    return play_here(job, source, _count_step)


def _count_step(step: StepRecord) -> None:
    for steps in shared_steps:
        with steps.get_lock():
            steps.value += 1


@lru_cache(maxsize=8)
def _source(reference: bytes) -> AgentSource:
    name, settings = msgspec.json.decode(reference)
    return find_agent(name, settings)


@lru_cache(maxsize=1)
def _only_awaited() -> AwaitedAgents:
    agents = AwaitedAgents()
    atexit.register(lambda: run_steadily(agents.aclose()))
    return agents


def _awaited() -> AwaitedAgents:
    with _one_at_a_time:
        return _only_awaited()


def _begin_anew() -> None:
    """Forget what a forked process inherits: the threads and connections stay its parent's."""
    global _one_at_a_time
    _one_at_a_time = threading.RLock()
    _source.cache_clear()
    _only_awaited.cache_clear()


if sys.platform != "win32":
    os.register_at_fork(after_in_child=_begin_anew)
