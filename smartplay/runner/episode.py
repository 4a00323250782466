"""Plays one episode: the only place that catches an agent's or a game's failure."""

from __future__ import annotations

import asyncio
import inspect
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, SupportsIndex

import gymnasium as gym
import msgspec

from smartplay.agents.base import Agent, AgentFactory, Observation, Reply
from smartplay.card import GameCard
from smartplay.errors import AgentError, GameError, ModelError, NoAccessError, RunFolderError
from smartplay.parsing import Cause, parse_action
from smartplay.records import Attempt, EpisodeHeader, EpisodeRecord, StepRecord, Usage
from smartplay.registry import get_card, register_cards
from smartplay.runner.episode_log import EpisodeLog

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
NO_REPLY, NO_ACCESS = "no reply", "no access"

Tick = Callable[[int, Usage], None]
"""Called after each step with the model calls and tokens it took."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One episode to play; plain data, so it can be sent to another process.

    Attributes:
        game: The full id.
        card: Path of the card file if it is not a shipped one, else empty.
        settings: Settings over the card's.
        steps: Step limit.
        episode: Number of the episode.
        seed: Seed of the environment.
        agent_seed: Seed of the agent.
        retries: How often an invalid reply is complained of before the fallback is played.
        seconds: Time the episode may take; None for any.
    """

    game: str
    card: str
    settings: dict[str, Any]
    steps: int
    episode: int
    seed: int
    agent_seed: int
    retries: int
    seconds: float | None = None


class Outcome(NamedTuple):
    """A played episode.

    Attributes:
        record: Its line.
        trace: The content of its steps file; empty if it never began.
        fault: `NO_REPLY` or `NO_ACCESS` if it failed through a call to a language model.
    """

    record: EpisodeRecord
    trace: bytes
    fault: str = ""


def no_tick(calls: int, usage: Usage) -> None:
    """Report nothing."""


async def play_episode(job: Job, factory: AgentFactory, tick: Tick = no_tick) -> Outcome:
    """Play an episode from its first observation to its end.

    An exception of the agent or the game ends the episode as unscored, with its cause; so does
    an agent that tries to end the program. Only if nothing can be written any more is the run
    itself at an end.

    Raises:
        RunFolderError: If a reply cannot be recorded.
    """
    started = time.perf_counter()
    episode = _Episode(job)
    error, fault = None, ""
    try:
        await episode.play(factory, tick)
    except RunFolderError:
        raise
    except (Exception, SystemExit) as failure:
        error, fault = one_line(failure), _fault(failure)
    seconds = time.perf_counter() - started
    try:
        return episode.outcome(error, seconds, fault)
    except Exception as failure:
        return failed(job, f"the episode cannot be written down: {one_line(failure)}", seconds)


def _fault(failure: BaseException) -> str:
    if isinstance(failure, NoAccessError):
        return NO_ACCESS
    return NO_REPLY if isinstance(failure, ModelError) else ""


def failed(job: Job, error: str, seconds: float = 0.0) -> Outcome:
    """The outcome of an episode of which nothing is known but why it failed."""
    return _Episode(job).outcome(error, seconds)


def too_long(job: Job) -> str:
    """The cause of an episode that was given up when its time was over."""
    return f"the episode took longer than {job.seconds:g} seconds"


class _Episode:
    """An episode while it is played."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.log = EpisodeLog()
        self.info: dict[str, Any] = {}
        self.deadline = None if job.seconds is None else time.monotonic() + job.seconds
        self.terminated = self.truncated = False

    async def play(self, factory: AgentFactory, tick: Tick) -> None:
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
                job.game, job.episode, job.seed, job.agent_seed, manual, actions, self.info["obs"]
            )
            self.log.begin(header)
            agent = factory(manual=manual, actions=list(actions), seed=job.agent_seed)
            while not (self.terminated or self.truncated):
                shown = await self._step(env, agent, card, shown, tick)
        finally:
            env.close()

    async def _step(
        self, env: gym.Env[Any, Any], agent: Agent, card: GameCard, shown: Any, tick: Tick
    ) -> Any:
        began = time.perf_counter()
        observation = _observation(shown, self.info)
        action, attempts = await self._ask(agent, observation)
        seconds = time.perf_counter() - began
        executed = card.fallback if action is None else action
        shown, reward, self.terminated, self.truncated, self.info = env.step(executed)
        reward, score = _number("reward", reward), _number("score", self.info["score"])
        text = self.info["obs"]
        name = self.info["actions"][executed]
        number, valid = self.log.steps + 1, action is not None
        step = StepRecord(number, attempts, executed, name, valid, text, reward, score, seconds)
        tick(*self.log.add(step))
        return shown

    async def _ask(
        self, agent: Agent, observation: Observation
    ) -> tuple[int | None, list[Attempt]]:
        """Ask for an action until a reply names one, at most `retries` times more than once."""
        attempts: list[Attempt] = []
        text, history, image = observation.text, list(observation.history), observation.image
        for _ in range(self.job.retries + 1):
            try:
                reply = await _reply(agent, observation, self._time_left())
            except TimeoutError:
                self._time_left()  # raises if it is the episode's time that is over
                raise
            action, attempt = judge(reply, self.info["actions"])
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
        if left <= 0.001:  # timers may be early by as much
            raise AgentError(too_long(self.job))
        return left

    def outcome(self, error: str | None, seconds: float, fault: str = "") -> Outcome:
        """Sum the episode up."""
        job = self.job
        record = EpisodeRecord(
            game=job.game,
            episode=job.episode,
            seed=job.seed,
            agent_seed=job.agent_seed,
            status="unscored" if error else "scored",
            error=error,
            score=None if error else _number("score", self.info["score"]),
            terminated=self.terminated,
            time_limit=self.truncated,
            seconds=seconds,
            **self.log.sums(),
            **told_by_game(self.info),
        )
        return Outcome(record, self.log.packed(), fault)


def told_by_game(info: dict[str, Any]) -> dict[str, Any]:
    """What a game says of an episode besides its score, as fields of the episode's record."""
    state = info.get("state", {})
    unlocked = state.get("unlocked", ())
    return {
        "completed": bool(info.get("completed", False)),
        "engine": str(state.get("engine", "")),
        "scores": {k: _number(k, value) for k, value in state.get("scores", {}).items()},
        "unlocked": {name: name in unlocked for name in state.get("unlockable", ())},
    }


def _observation(shown: Any, info: dict[str, Any]) -> Observation:
    """What the agent gets: text with its history, a picture alone, or text and picture."""
    if isinstance(shown, str):
        return Observation(shown, list(info["history"]))
    if isinstance(shown, dict):
        return Observation(shown["text"], list(info["history"]), image=shown["image"])
    return Observation(PICTURE_ONLY, image=shown)


async def _reply(agent: Agent, observation: Observation, seconds: float | None) -> Any:
    """An agent's reply; its own cancellation is its failure, the run's is not."""
    waiting = False
    try:
        reply: Any = agent.act(observation)
        waiting = inspect.isawaitable(reply)
        if not waiting:
            return reply
        return await (reply if seconds is None else asyncio.wait_for(reply, seconds))
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if waiting and (task is None or task.cancelling()):
            raise
        raise AgentError("CancelledError: the agent cancelled its own reply") from error


def judge(reply: Any, actions: list[str]) -> tuple[int | None, Attempt]:
    """Turn an agent's reply into the index of an action, or None and the cause.

    Raises:
        AgentError: If the reply is neither text, nor a `Reply`, nor an index.
    """
    if isinstance(reply, str):
        reply = Reply(reply)
    if not isinstance(reply, Reply):
        return _judge_number(reply, actions)
    parsed = parse_action(reply.text, actions, reply.truncated)
    cause = parsed.cause.value if parsed.cause else None
    return parsed.action, Attempt(reply.text, cause, reply.reasoning, reply.calls)


def _judge_number(reply: Any, actions: list[str]) -> tuple[int | None, Attempt]:
    if not isinstance(reply, SupportsIndex) or isinstance(reply, bool):
        raise AgentError(
            f"the agent replied with {type(reply).__name__}; expected text, smartplay.Reply or int"
        )
    index = reply.__index__()
    if 0 <= index < len(actions):
        return index, Attempt(actions[index])
    return None, Attempt(str(index), Cause.UNPARSABLE.value)


def _number(what: str, value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise GameError(f"the game's {what} is {number}, which is no score")
    return number


def one_line(failure: BaseException) -> str:
    """What went wrong, in one printable line of at most `LONGEST_CAUSE` characters."""
    try:
        text = str(failure)
    except Exception:
        text = ""
    text = text[: 10 * LONGEST_CAUSE]
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    line = f"{type(failure).__name__}: {text}" if text else type(failure).__name__
    return line if len(line) <= LONGEST_CAUSE else f"{line[: LONGEST_CAUSE - 3]}..."
