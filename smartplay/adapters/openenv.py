"""An OpenEnv server: every game by a parameter of `reset`, one session per websocket.

```python
async with GenericEnvClient(base_url=address) as env:
    result = await env.reset(game="Hanoi3Disk", split="train", seed=17)
    while not result.done:
        reply = my_model(result.observation["messages"])
        result = await env.step({"reply": reply})
    print(result.metadata["score"])
```

The protocol is `chat`: each observation holds the messages that came after the last reply. What
they say, how replies are read, complaints, fallback, scores and records are the runner's. `seed` is
the number of an episode in its split, so equal seeds are equal worlds. Score and completion are
told once an episode is over, and nothing else of the game's truth ever.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Annotated, Any

import msgspec
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from openenv.core.env_server.http_server import create_app
from openenv.core.env_server.interfaces import Environment
from openenv.core.env_server.types import (
    Action,
    ConcurrencyConfig,
    EnvironmentMetadata,
    Observation,
    State,
)
from pydantic import BeforeValidator, Field

from smartplay.cards.card import GameCard
from smartplay.core.errors import SmartPlayError, UsageError, known_name
from smartplay.core.version import __version__
from smartplay.games.registry import cards, get_card
from smartplay.records.replay import costly_setting, refused_setting
from smartplay.runner import jobs
from smartplay.runner.driven import DrivenEpisode, DrivenRun

NAME = "smartplay"
DEFAULT_GAME = "Hanoi3Disk"
SESSIONS = 1000
IDLE = 3600.0
"""Seconds without a message after which a session is ended."""
LONGEST_REPLY = 100_000
"""Characters of a reply."""
PLANS = 256
"""Settings of games that are remembered at once."""
SUITE = "suite"
SPLITS = (SUITE, *jobs.SPLITS)
TASKS = {"train": 1000, "dev": 100, "test": 100}
"""Episodes of each game that the task routes list of a split."""
KINDS = {"train": "train", "dev": "validation", "test": "test"}
NO_EPISODE = (
    "no episode is under way in this session; call reset first. Over plain HTTP each request is a "
    "session of its own: play over the websocket at /ws, as OpenEnv's clients do"
)


def readable(reply: Any) -> Any:
    """Mend halves of surrogate pairs, at which OpenEnv would end the session."""
    return reply.encode(errors="replace").decode() if isinstance(reply, str) else reply


class GameReply(Action):
    """What the player says."""

    reply: Annotated[str, BeforeValidator(readable)] = Field(
        max_length=LONGEST_REPLY,
        coerce_numbers_to_str=True,
        description='the reply to the messages; it ends with "Answer: " and an action',
    )


class GameObservation(Observation):
    """What is new; `metadata` tells the score once the episode is over."""

    messages: list[dict[str, Any]] = Field(description="what is new, in the chat format")
    actions: list[str] = Field(default=[], description="names of the actions; after reset only")


class Asked(msgspec.Struct, frozen=True):
    """The parameters of `reset`."""

    game: str
    split: str
    seed: int | None
    steps: int | None
    settings: dict[str, Any]


class Games:
    """Starts the episodes of all sessions.

    Args:
        agent: Who plays, as records call it.
        out: The run folder to record in; None for no records. Split, steps and settings of games
            are then those given here.
        split: The split that is played if a reset names none: `train`, `dev`, `test` or `suite`.
        **how: More arguments of `DrivenRun`.
    """

    def __init__(
        self,
        agent: str = "client",
        out: Path | None = None,
        split: str = "train",
        **how: Any,
    ) -> None:
        self.split, self._how = split, how
        self._kept = None if out is None else self._new_run(agent, split, out=out)
        self._lock = threading.Lock()
        self._plan = lru_cache(PLANS)(partial(self._planned, agent))

    def start(self, **asked: Any) -> DrivenEpisode:
        """Start an episode; see `Asked`.

        Raises:
            UsageError: If it cannot be played as asked for.
        """
        try:
            wanted = msgspec.convert(asked, Asked)
        except msgspec.ValidationError as error:
            raise UsageError(f"reset: {error}") from error
        known_name("split", wanted.split, SPLITS)
        card = get_card(wanted.game)  # a card file could name any code
        if self._kept is None:
            reason = refused_setting(card, wanted.settings) or costly_setting(card, wanted.settings)
            if reason:
                raise UsageError(f"{wanted.game} cannot be played like this: {reason}")
            settings = msgspec.json.encode(wanted.settings, order="sorted")
            with self._lock:
                run = self._plan(card.id, wanted.split, wanted.steps, settings)
            return run.start(card.id, wanted.seed)
        if wanted.split != self.split or wanted.steps is not None or wanted.settings:
            raise UsageError(
                f"this server records a run on the split {self.split}; split, steps and settings "
                "of games were chosen when it was started"
            )
        return self._kept.start(card.id, wanted.seed)

    def close(self) -> None:
        """End the run that is recorded."""
        if self._kept is not None:
            self._kept.close()

    def _planned(
        self, agent: str, game: str, split: str, steps: int | None, settings: bytes
    ) -> DrivenRun:
        own = {**(self._how.get("game_settings") or {}), game: msgspec.json.decode(settings)}
        limit = self._how.get("steps") if steps is None else steps
        return self._new_run(agent, split, keep=False, steps=limit, game_settings=own)

    def _new_run(self, agent: str, split: str, **how: Any) -> DrivenRun:
        seeds = "" if split == SUITE else split
        return DrivenRun(agent, adapter="openenv", split=seeds, **self._how | how)


class GameSession(Environment[GameReply, GameObservation, State]):
    """One session: one episode after the other."""

    SUPPORTS_CONCURRENT_SESSIONS = True

    def __init__(self, games: Games) -> None:
        super().__init__()
        self._games = games
        self._episode: DrivenEpisode | None = None
        self._id: str | None = None

    def reset(
        self,
        seed: int | None = None,
        episode_id: str | None = None,
        game: str = DEFAULT_GAME,
        split: str = "",
        steps: int | None = None,
        **settings: Any,
    ) -> GameObservation:
        """Start the episode that `Asked` describes, and give up the one under way.

        Raises:
            UsageError: If it cannot be played as asked for.
        """
        self.close()
        episode = self._episode = self._games.start(
            game=game, split=split or self._games.split, seed=seed, steps=steps, settings=settings
        )
        job = episode.job
        self._id = episode_id or f"{job.game.split('/')[-1]}/{job.episode}"
        return self._seen(episode, None, episode.actions)

    def step(self, action: GameReply, timeout_s: float | None = None, **_: Any) -> GameObservation:
        """Reply; a complaint about the reply is no step of the game, and has the reward 0.

        Args:
            action: The reply.
            timeout_s: Of no effect: a step takes no time worth a limit.

        Raises:
            UsageError: If no episode was started, or it is over.
        """
        if self._episode is None:
            raise UsageError(NO_EPISODE)
        before = self._episode.step
        self._episode.reply(action.reply)
        step = self._episode.step
        return self._seen(self._episode, 0.0 if step is None or step is before else step.reward)

    @property
    def state(self) -> State:
        """Which episode it is, and the steps taken."""
        step = self._episode.step if self._episode else None
        return State(episode_id=self._id, step_count=step.step if step else 0)

    def close(self) -> None:
        """Give up the episode under way."""
        if self._episode is not None:
            self._episode.give_up()
            self._episode = None

    def get_metadata(self) -> EnvironmentMetadata:
        """What this is."""
        about = "Games as text that show what an agent can do and what it cannot."
        return EnvironmentMetadata(name=NAME, description=about, version=__version__)

    def list_splits(self) -> list[dict[str, str]]:
        """The splits; no two share an episode, nor any one with a suite."""
        return [{"name": split, "type": KINDS[split]} for split in TASKS]

    def num_tasks(self, split: str) -> int:
        """The number of tasks in a split."""
        return _episodes(split) * len(_games())

    def get_task(self, split: str, index: int) -> dict[str, Any]:
        """A task: parameters of `reset`. Those of all games take turns."""
        return self.get_task_range(split, index, index + 1)[0]

    def list_tasks(self, split: str) -> list[dict[str, Any]]:
        """All tasks of a split."""
        return self.get_task_range(split)

    def get_task_range(
        self, split: str, start: int | None = None, stop: int | None = None
    ) -> list[dict[str, Any]]:
        """Tasks from `start` on, before `stop`."""
        games = _games()
        numbers = range(_episodes(split) * len(games))[start or 0 : stop]
        return [
            {"game": games[k % len(games)].name, "split": split, "seed": k // len(games)}
            for k in numbers
        ]

    @staticmethod
    def _seen(
        episode: DrivenEpisode, reward: float | None, actions: Sequence[str] = ()
    ) -> GameObservation:
        told: dict[str, Any] = {}
        if episode.over:
            record = episode.record
            told = {"score": record.score, "completed": record.completed, "error": record.error}
        return GameObservation(
            messages=episode.new,
            actions=list(actions),
            reward=reward,
            done=episode.over,
            metadata=told,
        )


def make_app(games: Games, sessions: int = SESSIONS) -> FastAPI:
    """The server's application.

    Args:
        games: Starts its episodes.
        sessions: Most sessions at once.
    """
    app = create_app(
        partial(GameSession, games),
        GameReply,
        GameObservation,
        env_name=NAME,
        concurrency_config=ConcurrencyConfig(max_concurrent_envs=sessions, session_timeout=IDLE),
    )
    app.add_exception_handler(SmartPlayError, _refuse)
    return app


async def _refuse(request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"detail": str(error)}, 400)


def _games() -> list[GameCard]:
    return [card for card in cards() if card.playable and not card.parametric]


def _episodes(split: str) -> int:
    return TASKS[known_name("split", split, TASKS)]
