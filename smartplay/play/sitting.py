"""A person's run, one action at a time: whoever drives it brings the actions, by keys or pages.

It is the runner's own loop that plays, so the record is that of any run; only the action is awaited
from outside instead of an agent. Every action is on the disk before the game takes it. A sitting
may be let go of at any time: the next one of the same run goes on at the same step.

Each step has a name of its own, its `turn`. An action that names another turn than the present one
changes nothing, so that a request may come late, twice or from a second window.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from smartplay.agents.catalog import AgentSource
from smartplay.agents.context import Context, Observation, Reply
from smartplay.cards.card import GameCard
from smartplay.core.errors import AgentError, UsageError
from smartplay.games.drawing import Picture
from smartplay.games.registry import get_card
from smartplay.models.lending import RunModels
from smartplay.play.journal import ROUNDING, Journal, Move
from smartplay.records import EpisodeRecord, Key, RunHeader
from smartplay.records.folder import RunFolder
from smartplay.records.replay import Replay
from smartplay.runner.budget import Budget, Limits
from smartplay.runner.episode import Outcome, failed, play_episode
from smartplay.runner.jobs import Job, jobs_of
from smartplay.runner.plan import check_same_run
from smartplay.runner.streams import sweeps

Playing = Coroutine[Any, Reply | None, Outcome]
LONGEST_SECONDS = 1e9
"""The most that the journal says of the time an action took."""


class PlayerStoppedError(AgentError):
    """The player left in the middle of an episode."""

    def __init__(self) -> None:
        super().__init__("the player stopped")


class Question(NamedTuple):
    """What an action is awaited for."""

    observation: Observation

    def __await__(self) -> Generator[Question, Reply, Reply]:
        return (yield self)


class Ended(NamedTuple):
    """An episode that is over.

    Attributes:
        card: Its game.
        record: Its record.
        text: The last observation.
        result: The score in words, with what it is held against.
        picture: The last picture, if pictures are shown.
    """

    card: GameCard
    record: EpisodeRecord
    text: str
    result: str
    picture: Picture | None


class Sitting:
    """A person's run while it is played; safe to use from several threads.

    Args:
        header: What is played.
        path: The run folder: a new one, or one that holds part of the same run.
        player: The person, as `smartplay.play.human.source` makes it.

    Attributes:
        header: As above.
        player_shown: What the person sees: `text`, `picture` or `both`.
        folder: The run folder.
        job: The episode that is played, or comes next; None if the run is over.
        manual: The rules of the episode; empty before its start.
        actions: Names of its actions.
        steps: Steps taken in it.
        observation: What is to be acted on; None between episodes.
        ended: The episode that ended last here.

    Raises:
        RunFolderError: If the folder cannot be written, holds another run, or is in use.
    """

    def __init__(self, header: RunHeader, path: Path, player: AgentSource) -> None:
        self.header, self.player_shown = header, str(player.settings["shown"])
        self._pictured, self._scored = self.player_shown != "text", player.settings["score"]
        self.lock = threading.RLock()
        self._open = ExitStack()
        self.folder = RunFolder(path.absolute())
        self._journal = Journal(self.folder)
        self._failed = set[Key]()
        self._playing: Playing | None = None
        self._mirror: Replay | None = None  # so that pictures and scores cannot touch the episode
        self.manual, self.actions = "", list[str]()
        self.steps = 0
        self.observation: Observation | None = None
        self.ended: Ended | None = None
        with ExitStack() as stack:
            stack.enter_context(self.folder.lock())
            if self.folder.exists:
                check_same_run(self.folder.path, self.folder.header(), header)
                self.folder.mend()
            else:
                self.folder.create(header)
            self.folder.begin(header)
            self._open = stack.pop_all()
        self.job = self._next()
        if self.job is not None and self._journal.moves(self.job.key):
            self._start(self.job)  # it was broken off

    @property
    def turn(self) -> str:
        """The name of the present step; that of an episode's start before it, `over` at the end."""
        if self.job is None:
            return "over"
        step = "start" if self.observation is None else str(self.steps + 1)
        return f"{self.job.game} {self.job.episode} {step}"

    @property
    def finished(self) -> int:
        """Episodes of the run that are over."""
        return sum(record.status == "scored" for record in self.folder.results(self.header))

    def start(self, turn: str) -> bool:
        """Start the next episode.

        Returns:
            Whether that was the present turn.
        """
        with self.lock:
            if turn != self.turn or self.job is None or self.observation is not None:
                return False
            self._start(self.job)
            return True

    def act(self, turn: str, action: int) -> bool:
        """Take an action.

        Args:
            turn: The turn it is meant for.
            action: Its index.

        Returns:
            Whether that was the present turn; if not, nothing has changed.

        Raises:
            UsageError: If there is no such action.
            RunFolderError: If it cannot be written down; it is not taken then.
        """
        with self.lock:
            if turn != self.turn or self.job is None or self.observation is None:
                return False
            if not 0 <= action < len(self.actions):
                raise UsageError(f"there is no action {action + 1} of {len(self.actions)}")
            passed = round(time.perf_counter() - self._asked, 3)
            seconds = min(max(ROUNDING, passed), LONGEST_SECONDS)
            game, episode, repeat = self.job.key
            self._journal.add(Move(game, episode, self.steps + 1, action, seconds, repeat))
            self._take(action)
            reply = Reply(self.actions[action])
            self._go_on(lambda playing: playing.send(reply))
            return True

    def stop(self) -> None:
        """Record the episode under way as broken off by the player; another sitting goes on."""
        with self.lock:
            self._go_on(lambda playing: playing.throw(PlayerStoppedError()))

    def picture(self) -> Picture | None:
        """The present picture, if pictures are shown."""
        return self._mirror.picture() if self._mirror and self._pictured else None

    @property
    def score(self) -> float | None:
        """The present score, if it is shown."""
        return self._mirror.moment.score if self._mirror and self._scored else None

    def close(self) -> None:
        """Let go of the run; another sitting may take it up."""
        with self.lock:
            self._leave()
            self.job = self.observation = None
            self._open.close()

    def _next(self) -> Job | None:
        """The next episode that has not been played, nor failed in this sitting."""
        rows = next(sweeps(self.header, jobs_of(self.header), None, self.folder), [])
        missing = (job for row in rows for job in row.missing if job.key not in self._failed)
        return next(missing, None)

    def _start(self, job: Job) -> None:
        self._leave()
        self.steps = 0
        cut_off = failed(job, "the player's session was cut off").record
        self._earlier = deque(self._journal.sit_down(cut_off))
        if self._pictured or self._scored:
            plan = self.header.games[job.game].at(job.level)
            self._mirror = Replay(job.game, plan, job.seed, pictured=self._pictured)
        lent = RunModels({}, Budget(Limits())).lend(job.agent_seed, job.repeat)
        self._playing = play_episode(job, partial(_Seat, self), lent)
        self._go_on(lambda playing: playing.send(None))

    async def ask(self, observation: Observation) -> Reply:
        """The next action: one from before a break, or one that is awaited."""
        if not self._earlier:
            return await Question(observation)
        move = self._earlier.popleft()
        assert move.action is not None
        self._take(move.action)
        return Reply(self.actions[move.action], reasoning=move.note)

    def _take(self, action: int) -> None:
        self.steps += 1
        if self._mirror is not None:
            self._mirror.step(action)

    def _go_on(self, resume: Callable[[Playing], Any]) -> None:
        assert self._playing is not None
        try:
            question: Question = resume(self._playing)
        except StopIteration as end:
            self._end(end.value)
        else:
            self._asked = time.perf_counter()
            self.observation = question.observation

    def _end(self, outcome: Outcome) -> None:
        record = outcome.record
        self.folder.add(record, outcome.trace)
        assert self.job is not None
        card = get_card(self.job.game).as_played(self.job.steps, self.job.settings)
        steps = self.folder.steps(*record.key[:2], repeat=record.repeat)[1] if outcome.trace else []
        text = steps[-1].observation if steps else ""
        result = result_text(card, record.score, record.error)
        self.ended = Ended(card, record, text, result, self.picture())
        if record.status == "unscored":
            self._failed.add(record.key)
        self._leave()
        self.job = self._next()

    def _leave(self) -> None:
        """Leave the present episode as it is: what was done in it stands in the journal."""
        if self._playing is not None:
            self._playing.close()
        if self._mirror is not None:
            self._mirror.close()
        self._playing = self._mirror = self.observation = None


class _Seat:
    """The person, as the agent of an episode."""

    def __init__(self, sitting: Sitting, context: Context) -> None:
        sitting.manual, sitting.actions = context.manual, list(context.actions)
        self.act = sitting.ask


def result_text(card: GameCard, score: float | None, error: str | None) -> str:
    """How an episode ended, in words, with the scores it is held against."""
    if score is None:
        return f"The episode failed and does not count: {error}"
    anchors = card.anchors
    known = [
        ("random play", None if anchors.random is None else anchors.random.mean),
        ("people", anchors.human),
        ("the best possible", anchors.optimum),
    ]
    others = ", ".join(f"{name} {value:.4g}" for name, value in known if value is not None)
    return f"Your score ({card.score}): {score:g}." + (
        f" For comparison: {others}." if others else ""
    )
