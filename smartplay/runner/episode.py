"""Plays one episode: the only place that catches an agent's or a game's failure."""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import current_thread, main_thread
from typing import Any, NamedTuple, SupportsIndex

import gymnasium as gym
import msgspec

import smartplay.agents
from smartplay.agents.context import Agent, AgentMaker, Context, Observation, Reply
from smartplay.cards.card import GameCard
from smartplay.core import printable
from smartplay.core.errors import (
    AgentError,
    ModelError,
    NoAccessError,
    RunFolderError,
    UsageError,
)
from smartplay.games.registry import get_card, register_cards
from smartplay.models.lending import EpisodeModels
from smartplay.models.masking import without_keys
from smartplay.parsing import Cause, parse_action
from smartplay.records import (
    LONGEST,
    MOST_TOKENS,
    Attempt,
    Call,
    EpisodeHeader,
    EpisodeRecord,
    StepRecord,
    Usage,
)
from smartplay.records.encoding import checked, whole
from smartplay.records.replay import finite, told_by_game
from smartplay.runner.episode_log import EpisodeLog
from smartplay.runner.jobs import Job

COMPLAINTS = {
    Cause.EMPTY: "Your last reply was empty.",
    Cause.TRUNCATED: "Your last reply was cut off before it named an action.",
    Cause.UNPARSABLE: "Your last reply did not name one of the actions.",
    Cause.AMBIGUOUS: "Your last reply named more than one action.",
    Cause.WITHHELD: "The service withheld your last reply.",
}

COMPLAINT = "Reply with exactly one of your actions."
PICTURE_ONLY = "The picture shows the present state of the game."
LONGEST_CAUSE = 500
LONGEST_MESSAGE = 20_000  # characters of a failure's message that are looked at
FRAMES = 8  # of each failure
CAUSES = 3  # earlier failures that are shown before the last
OUR_PLACES = (Path(__file__).parent, Path(smartplay.agents.__file__).parent)
FAULTS = NO_REPLY, NO_ACCESS, BAD_REQUEST, NO_ALLOWANCE = (
    "no reply",
    "no access",
    "the agent cannot be played so",
    "no allowance left",
)
"""Why an episode failed, where the run has to know: a call to a language model failed, no call can
succeed, the agent refuses its settings, or its share of the run's limits is spent."""

CANCELLED = "CancelledError: the agent cancelled its own reply"

Tick = Callable[[StepRecord], None]
"""Called after each step."""


class Outcome(NamedTuple):
    """A played episode.

    Attributes:
        record: Its line in `episodes.jsonl`.
        trace: Its steps, packed; empty if it never began.
        fault: One of `FAULTS` if it failed through one.
        replies: Replies to keep for it, if an executor played it: episode, key, reply.
        spent: The tokens it spent there, by model.
        largest: The largest call it made there, by model, where calls were counted.
    """

    record: EpisodeRecord
    trace: bytes
    fault: str = ""
    replies: Sequence[tuple[int, bytes, bytes]] = ()
    spent: Mapping[str, Usage] = {}
    largest: Mapping[str, Usage] = {}


class Stopped(BaseException):
    """Ends an episode between two calls or steps because its run is to stop."""


def no_tick(step: StepRecord) -> None:
    """Report nothing."""


async def play_episode(
    job: Job,
    make: AgentMaker,
    models: EpisodeModels,
    tick: Tick = no_tick,
    runner: asyncio.Runner | None = None,
) -> Outcome:
    """Play an episode from its first observation to its end.

    Any exception of the agent or the game ends the episode as unscored, with its cause; so does an
    agent that tries to end the program. Only a failure to write records ends the run.

    Args:
        job: The episode.
        make: Makes its agent.
        models: The models that the agent may ask.
        tick: Called after each step.
        runner: Runs what a reply has to wait for, where no event loop runs the episode itself.

    Raises:
        RunFolderError: If a reply cannot be recorded.
    """
    started = time.perf_counter()
    episode = _Episode(job, models, runner)
    failure: BaseException | None = None
    try:
        await episode.play(make, tick)
    except (RunFolderError, Stopped):
        raise
    except BaseException as error:
        if _is_of_the_run(error):
            raise
        failure = error
    seconds = time.perf_counter() - started
    try:
        return episode.outcome(failure, seconds)
    except Exception as error:
        return failed(
            job, f"the episode cannot be written down: {one_line(error)}", seconds=seconds
        )


def _is_of_the_run(error: BaseException) -> bool:
    """Whether the run was cancelled or interrupted, rather than the agent by itself."""
    if isinstance(error, asyncio.CancelledError):
        if asyncio._get_running_loop() is None:
            return False  # nobody else can cancel what no loop runs
        task = asyncio.current_task()
        return task is None or task.cancelling() > 0
    return isinstance(error, KeyboardInterrupt) and current_thread() is main_thread()


def _fault(failure: BaseException | None) -> str:
    if isinstance(failure, NoAccessError):
        return NO_ACCESS
    if isinstance(failure, UsageError):
        return BAD_REQUEST
    return NO_REPLY if isinstance(failure, ModelError) else ""


def failed(
    job: Job,
    error: str,
    failure: BaseException | None = None,
    seconds: float = 0.0,
    fault: str = "",
) -> Outcome:
    """The outcome of an episode of which only the cause of failure is known."""
    return Outcome(_record(job, error, seconds, traceback=short_traceback(failure)), b"", fault)


def _record(job: Job, error: str | None, seconds: float, **more: Any) -> EpisodeRecord:
    return EpisodeRecord(
        game=job.game,
        episode=job.episode,
        repeat=job.repeat,
        seed=job.recorded_seed,
        agent_seed=job.agent_seed,
        status="unscored" if error else "scored",
        error=error,
        seconds=seconds,
        level=job.level,
        **more,
    )


def too_long(job: Job) -> str:
    """The cause recorded for an episode that was given up when its time was over."""
    return f"the episode took longer than {job.seconds:g} seconds"


class _Episode:
    """An episode while it is played."""

    def __init__(self, job: Job, models: EpisodeModels, runner: asyncio.Runner | None) -> None:
        self.job, self.models, self.runner = job, models, runner
        self.log = EpisodeLog()
        self.info: dict[str, Any] = {}
        self.deadline = None if job.seconds is None else time.monotonic() + job.seconds
        self.terminated = self.truncated = False

    async def play(self, make: AgentMaker, tick: Tick) -> None:
        job = self.job
        if job.card:
            register_cards(Path(job.card))
        card = get_card(job.game)
        env = gym.make(
            job.game, max_episode_steps=job.steps, disable_env_checker=True, **job.settings
        )
        try:
            shown, self.info = env.reset(seed=job.seed)
            manual, actions = self.info["manual"], self.info["actions"]
            header = EpisodeHeader(
                job.game,
                job.episode,
                job.recorded_seed,
                job.agent_seed,
                manual,
                actions,
                self.info["obs"],
                job.repeat,
                memory_digest(job.memory),
            )
            self.log.begin(header)
            context = Context(
                manual=manual,
                actions=list(actions),
                seed=job.agent_seed,
                game=job.game,
                title=card.title,
                episode=job.episode,
                repeat=job.repeat,
                steps=job.steps,
                models=self.models,
                memory=job.memory,
            )
            agent = make(context)
            while not (self.terminated or self.truncated):
                shown = await self._step(env, agent, card, shown, tick)
        finally:
            env.close()
            self.log.count(await self.models.end())

    async def _step(
        self, env: gym.Env[Any, Any], agent: Agent, card: GameCard, shown: Any, tick: Tick
    ) -> Any:
        began = time.perf_counter()
        observation = _observation(shown, self.info)
        action, attempts = await self._ask(agent, observation)
        seconds = time.perf_counter() - began
        executed = card.fallback if action is None else action
        shown, reward, terminated, truncated, info = env.step(executed)
        reward, score = finite("reward", reward), finite("score", info["score"])
        if terminated or truncated:  # what is under way belongs to the last step
            late = await self.models.end()
            self.log.count(late)
            last = attempts[-1]
            attempts[-1] = msgspec.structs.replace(last, calls=[*last.calls, *late])
        text = info["obs"]
        name = info["actions"][executed]
        number, valid = self.log.steps + 1, action is not None
        step = StepRecord(number, attempts, executed, name, valid, text, reward, score, seconds)
        self.log.add(step)
        # Not before: of a step that cannot be written down the record must say nothing.
        self.terminated, self.truncated, self.info = terminated, truncated, info
        tick(step)
        return shown

    async def _ask(
        self, agent: Agent, observation: Observation
    ) -> tuple[int | None, list[Attempt]]:
        """Ask for an action until a reply names one, at most `1 + retries` times."""
        attempts: list[Attempt] = []
        text, history, image = observation.text, list(observation.history), observation.image
        for _ in range(self.job.retries + 1):
            try:
                reply = await _reply(agent, observation, self._time_left(), self.runner)
            except TimeoutError:
                self._time_left()  # raises if the episode's time is over
                raise
            lent = self.models.take()
            self.log.count(lent)
            action, attempt = judge(reply, self.info["actions"], lent)
            self.log.count(attempt.calls[len(lent) :])
            attempts.append(attempt)
            if action is not None:
                return action, attempts
            assert attempt.cause is not None
            complaint = f"{COMPLAINTS[Cause(attempt.cause)]} {COMPLAINT}"
            observation = Observation(text, list(history), complaint, image)
        return None, attempts

    def _time_left(self) -> float | None:
        if self.deadline is None:
            return None
        left = self.deadline - time.monotonic()
        if left <= 0.001:  # timers may fire early by as much
            raise AgentError(too_long(self.job))
        return left

    def outcome(self, failure: BaseException | None, seconds: float) -> Outcome:
        """Sum the episode up."""
        record = _record(
            self.job,
            None if failure is None else one_line(failure),
            seconds,
            score=None if failure else finite("score", self.info["score"]),
            terminated=self.terminated,
            time_limit=self.truncated,
            traceback=short_traceback(failure),
            **self.log.sums(self.models),
            **told_by_game(self.info),
        )
        checked(record)  # a reader refuses larger ones
        return Outcome(record, self.log.packed(), _fault(failure))


def _observation(shown: Any, info: dict[str, Any]) -> Observation:
    """What the agent gets: text with its history, a picture alone, or text and picture."""
    if isinstance(shown, str):
        return Observation(shown, list(info["history"]))
    if isinstance(shown, dict):
        return Observation(shown["text"], list(info["history"]), image=shown["image"])
    return Observation(PICTURE_ONLY, image=shown)


async def _reply(
    agent: Agent, observation: Observation, seconds: float | None, runner: asyncio.Runner | None
) -> Any:
    """An agent's reply; an agent that cancels itself has failed, not one that the run cancels."""
    waiting = False
    try:
        reply: Any = agent.act(observation)
        waiting = inspect.isawaitable(reply)
        if not waiting:
            return reply
        waited = _wait(reply, seconds)
        return await waited if runner is None else runner.run(waited)
    except asyncio.CancelledError as error:
        if waiting and _is_of_the_run(error):
            raise
        raise AgentError(CANCELLED) from error


async def _wait(reply: Any, seconds: float | None) -> Any:
    return await (reply if seconds is None else asyncio.wait_for(reply, seconds))


def judge(reply: Any, actions: list[str], calls: Sequence[Call] = ()) -> tuple[int | None, Attempt]:
    """Turn an agent's reply into the index of an action, or None with the cause.

    Args:
        reply: The reply.
        actions: Names of the actions.
        calls: The calls to lent models behind it.

    Raises:
        AgentError: If the reply is neither text, nor a `Reply`, nor an index.
    """
    if isinstance(reply, str):
        reply = Reply(reply)
    if not isinstance(reply, Reply):
        action, attempt = _judge_number(reply, actions)
        return action, msgspec.structs.replace(attempt, calls=list(calls))
    text = whole(reply.text)  # what is recorded is what was read
    parsed = parse_action(text, actions, reply.truncated, tuple(reply.reasoning_tags))
    cause = parsed.cause and (Cause.WITHHELD if reply.withheld else parsed.cause).value
    own = [_readable(msgspec.structs.replace(call, role="")) for call in reply.calls]
    tags = list(reply.reasoning_tags)
    return parsed.action, Attempt(text, cause, reply.reasoning, [*calls, *own], tags)


def _readable(call: Call) -> Call:
    """A call that an agent reports, if it can be written down and read again."""
    try:
        checked(call)
    except (msgspec.MsgspecError, TypeError) as error:
        raise AgentError(f"a call of the agent's reply cannot be written down: {error}") from error
    if not call.usage.is_plausible():
        raise AgentError(
            "a call of the agent's reply counts more tokens in a part than in the whole, or more "
            f"than {MOST_TOKENS:,}"
        )
    if not 0 <= call.seconds <= LONGEST:
        raise AgentError(f"a call of the agent's reply took {call.seconds:g} seconds")
    return call


def _judge_number(reply: Any, actions: list[str]) -> tuple[int | None, Attempt]:
    if not isinstance(reply, SupportsIndex) or isinstance(reply, bool):
        raise AgentError(
            f"the agent replied with {type(reply).__name__}; expected text, smartplay.Reply or int"
        )
    index = reply.__index__()
    if 0 <= index < len(actions):
        return index, Attempt(actions[index])
    return None, Attempt(str(index), Cause.UNPARSABLE.value)


def memory_digest(memory: bytes | None) -> str:
    """SHA-256, 16 hexadecimal digits, of the memory an episode begins with; empty for none."""
    return "" if memory is None else hashlib.sha256(memory).hexdigest()[:16]


def short_traceback(failure: BaseException | None) -> str:
    """The last frames of a failure, from the agent or game on, each file by its last two names.

    The failures that led to it come first, each with its message.
    """
    if failure is None or isinstance(failure, ModelError):
        return ""
    lines = _frames(failure)
    for _ in range(CAUSES):
        context = None if failure.__suppress_context__ else failure.__context__
        earlier = failure.__cause__ or context
        if earlier is None:
            break
        lines = [*_frames(earlier), f"{one_line(earlier)}, which led to:", *lines]
        failure = earlier
    return "\n".join(lines)


def _frames(failure: BaseException) -> list[str]:
    frames = traceback.extract_tb(failure.__traceback__)
    outside = [frame for frame in frames if Path(frame.filename).parent not in OUR_PLACES]
    return [
        printable.line(
            f"{'/'.join(Path(frame.filename).parts[-2:])}, line {frame.lineno}, in {frame.name}",
            LONGEST_CAUSE,
        )
        for frame in outside[-FRAMES:]
    ]


def one_line(failure: BaseException) -> str:
    """What went wrong, in one printable line of at most `LONGEST_CAUSE` characters and no key."""
    try:
        text = without_keys(str(failure)[:LONGEST_MESSAGE])
    except BaseException:
        text = ""
    name = type(failure).__name__
    return printable.line(f"{name}: {text}" if text.strip() else name, LONGEST_CAUSE)
