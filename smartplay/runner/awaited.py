"""Plays episodes of asynchronous agents: many on one event loop, in a thread of its own.

An agent that never awaits blocks the others on its loop, but neither the run nor its end. When its
time is over, the runner abandons the loop and plays the blocked episodes again on another.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Future
from contextlib import suppress
from contextvars import ContextVar
from typing import Any, cast
from weakref import WeakKeyDictionary

import msgspec

from smartplay.agents.context import AgentMaker
from smartplay.models import has_kind, open_model
from smartplay.models.base import Model, together
from smartplay.models.lending import EpisodeModels, RunModels
from smartplay.runner.episode import (
    CANCELLED,
    Outcome,
    Tick,
    failed,
    one_line,
    play_episode,
    too_long,
)
from smartplay.runner.jobs import Job
from smartplay.runner.steady import SteadyLoop

ANSWER = 0.5  # seconds within which a loop answers if nothing on it is stuck
ENDING = 0.25  # seconds for tasks that agents left running to end
CLOSING = 0.5  # seconds for that and the models' connections
STUCK = CLOSING + 0.1  # a loop that has not ended itself by then is stuck
OVERTIME = 2.0
"""Seconds that a pending reply may take beyond its episode's time before the episode is given up
from outside. An episode that notices by itself, between replies, keeps its steps."""

Models = Mapping[str, Model]
Play = Callable[[Models], Coroutine[Any, Any, Outcome]]


class _Waiting:
    """The caller that waits for an episode, while it is not over."""

    over = False


_waiting: ContextVar[_Waiting | None] = ContextVar("smartplay_waiting", default=None)
_left_behind: list[_Loop] = []
"""Kept, since Python complains of tasks that vanish before their end."""


class AwaitedAgents:
    """Plays episodes on one event loop, and moves to another once something on it is stuck."""

    def __init__(self) -> None:
        self._loop = _Loop()

    async def play(self, job: Job, make: AgentMaker, models: RunModels, tick: Tick) -> Outcome:
        """Play an episode; may be awaited on any loop, from any thread.

        If another episode blocked this one, it begins again with newly opened models. Afterwards
        its models refuse all calls, even of an agent that still runs.

        Args:
            job: The episode.
            make: Makes its agent.
            models: The models that are lent to the agent.
            tick: Called after each step.
        """
        lent: list[EpisodeModels] = []
        waiting = _Waiting()
        _waiting.set(waiting)  # inherited by all tasks that it starts

        def play(own: Models) -> Coroutine[Any, Any, Outcome]:
            lent.append(models.lend(job.agent_seed, job.repeat, own))
            return play_episode(job, make, lent[-1], tick)

        try:
            return await self._play(job, models.models, play, waiting)
        finally:
            waiting.over = True
            for each in lent:
                each.close()

    async def _play(self, job: Job, models: Models, play: Play, waiting: _Waiting) -> Outcome:
        while True:
            loop = self._loop
            try:
                return await in_time(loop.submit(play, models), job)
            except asyncio.CancelledError:
                if is_being_cancelled():
                    raise
                if loop is self._loop:
                    return failed(job, CANCELLED)
            except TimeoutError:
                if await self._is_to_blame(loop, waiting):
                    return failed(job, too_long(job), seconds=job.seconds or 0.0)

    async def _is_to_blame(self, loop: _Loop, waiting: _Waiting) -> bool:
        """Whether the episode whose time is over blocked the loop itself, and no other did.

        An agent whose episode is over or given up may still block others; then none is to blame.
        """
        while loop is self._loop:
            if await loop.answers():
                return True  # it was cancelled and goes on regardless
            stuck = loop.running or waiting
            if stuck is waiting or stuck.over:
                self._loop = _Loop(first=False)
                loop.leave()
                return stuck is waiting
        return False

    async def aclose(self) -> None:
        """Close the models and end the tasks that agents left running, or abandon them."""
        with suppress(TimeoutError, asyncio.CancelledError):
            if await asyncio.wait_for(asyncio.wrap_future(self._loop.end()), STUCK):
                self._loop.close()
                return
        self._loop.leave()


async def in_time(future: Future[Outcome], job: Job) -> Outcome:
    """Wait for an episode that is played elsewhere.

    Raises:
        TimeoutError: If its time and `OVERTIME` are over.
    """
    limit = None if job.seconds is None else job.seconds + OVERTIME
    return await asyncio.wait_for(asyncio.wrap_future(future), limit)


def is_being_cancelled() -> bool:
    """Whether the current task was cancelled itself, not only what it waited for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


class _Loop:
    """An event loop in a thread that does not keep Python from ending.

    Args:
        first: Whether no other loop has used the models before.
    """

    def __init__(self, first: bool = True) -> None:
        self._first, self._over, self._left = first, False, False
        self._models: dict[int, tuple[Models, Models]] = {}
        self._playing: set[Future[Outcome]] = set()
        self._waiting: WeakKeyDictionary[asyncio.Task[Any], _Waiting | None] = WeakKeyDictionary()
        self._told: set[str] = set()
        self._loop = SteadyLoop()
        self._loop.set_task_factory(self._task)
        self._loop.set_exception_handler(self._complain)
        threading.Thread(target=self._serve, name="smartplay-loop", daemon=True).start()

    @property
    def running(self) -> _Waiting | None:
        """The caller of the episode whose task runs at this moment, if that is known."""
        task = asyncio.current_task(self._loop)
        return None if task is None else self._waiting.get(task)

    def submit(self, play: Play, models: Models) -> Future[Outcome]:
        async def begin() -> Outcome:
            return await play(self._own(models))

        future = asyncio.run_coroutine_threadsafe(begin(), self._loop)
        self._playing.add(future)
        future.add_done_callback(self._playing.discard)
        return future

    async def answers(self) -> bool:
        """Whether nothing on this loop is stuck."""
        answer = asyncio.run_coroutine_threadsafe(asyncio.sleep(0, True), self._loop)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(answer), ANSWER)
        except TimeoutError:
            return False

    def end(self) -> Future[bool]:
        """Cancel and close everything; the result says whether nothing is left."""
        return asyncio.run_coroutine_threadsafe(self._end(), self._loop)

    def close(self) -> None:
        """Stop, once there is nothing left to do."""
        self._over = True
        self._loop.call_soon_threadsafe(self._loop.stop)

    def leave(self) -> None:
        """Stop as soon as the stuck task gives way; nobody waits for that."""
        self._left = True
        _left_behind.append(self)
        self.close()
        for future in list(self._playing):
            future.cancel()

    async def _end(self) -> bool:
        end = asyncio.get_running_loop().time() + CLOSING
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        pending = (await asyncio.wait(tasks, timeout=ENDING))[1] if tasks else ()
        opened = [model for _, models in self._models.values() for model in models.values()]
        # The limit is within the loop too: what is left suspended complains when Python ends.
        try:
            async with asyncio.timeout_at(end):
                await together([model.aclose() for model in opened])
        except TimeoutError:
            return False
        except Exception as error:  # all is played and recorded
            warn = logging.getLogger("smartplay").warning
            warn("a language model could not be closed: %s", one_line(error))
        return not pending

    def _own(self, models: Models) -> Models:
        """The models with connections that live on this loop."""
        if id(models) not in self._models:
            own = (
                models
                if self._first
                else {role: opened_again(each) for role, each in models.items()}
            )
            self._models[id(models)] = models, own
        return self._models[id(models)][1]

    def _serve(self) -> None:
        while not self._over:
            with suppress(BaseException):  # SystemExit goes through a loop if a task raises it
                self._loop.run_forever()
        if not self._left:
            self._loop.close()

    def _task(
        self, loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any
    ) -> asyncio.Task[Any]:
        task = asyncio.Task(coroutine, loop=loop, **options)
        self._waiting[task] = _waiting.get()
        return task

    def _complain(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Print one line, once, on a failure in a task that nobody awaits."""
        failure = context.get("exception")
        if failure is None and (self._over or sys.is_finalizing()):
            return  # what vanishes now was given up
        told = context["message"] if failure is None else one_line(failure)
        if told not in self._told:
            self._told.add(told)
            logging.getLogger("smartplay").warning("a task that nobody awaits failed: %s", told)


def opened_again(model: Model) -> Model:
    """The same model, opened anew; one from a file by its class, as its name is no path."""
    kind, _, name = model.name.partition(":")
    if kind.endswith(".py") or not has_kind(kind):
        made: Model = cast(Any, type(model))(name, model.settings)
        return made
    return open_model(model.name, **msgspec.to_builtins(model.settings))
