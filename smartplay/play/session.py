"""A person as an agent: what an agent reads is shown, and keys are waited for.

A session plays through the runner like any run, and writes every action into the run's journal
before the next is asked for. However it ends, the next session of the same run takes these actions
again unasked and goes on from there, so nobody plays an episode whose answers they know; the try
that was broken off stays on record.
"""

from __future__ import annotations

import time
from collections import deque

from smartplay.agents.context import Context, Observation, Reply, prompt_text
from smartplay.cards.card import GameCard
from smartplay.core.errors import AgentError
from smartplay.games.registry import get_card
from smartplay.play.journal import ROUNDING, Journal, Move
from smartplay.play.keys import Controls
from smartplay.play.view import HELP, QUIT, Display, View
from smartplay.records import EpisodeRecord, RunHeader
from smartplay.records.folder import RunFolder
from smartplay.records.replay import Replay
from smartplay.runner.episode import Job, RunOver, one_line
from smartplay.runner.plan import jobs_of

START_KEYS = (("Enter", "start"), (HELP, "help"), ("Esc", "stop"))
HELP_TEXT = f"""\
Take an action with its key or its number. Nothing can be taken back.

PgUp and PgDn   read the text above; Home and End go to its ends
{HELP}               this page
Esc             stop; the same command goes on from here later

What you read is what an agent reads. The score is shown when the episode is over: in some games
it gives away what there is to find out. Your name, your actions and the time each took are
recorded in the run folder, and nothing else."""


class PlayerStoppedError(AgentError):
    """The player left in the middle of an episode."""

    def __init__(self) -> None:
        super().__init__("the player stopped")


class SessionOverError(RunOver):
    """Ends the run after the player has left; what was finished is kept."""


class Human:
    """Plays one episode by keys.

    Args:
        session: Where it belongs.
        job: The episode.
        manual: The rules.
        actions: The actions' names.
        earlier: What was played of the episode before a break.
    """

    def __init__(
        self,
        session: Session,
        job: Job,
        manual: str,
        actions: list[str],
        earlier: list[Move],
    ) -> None:
        self._session, self._job = session, job
        self._manual, self._actions = manual, actions
        self._earlier = deque(earlier)
        self._controls = Controls(actions)
        self._steps = 0
        self._met = False
        self._mirror: Replay | None = None  # so that the score is not taken from the episode
        if session.score_shown:
            self._mirror = Replay(job.game, session.header.games[job.game], job.seed)

    async def act(self, observation: Observation) -> Reply:
        """Wait for the key of an action.

        Raises:
            PlayerStoppedError: If the player leaves.
        """
        if self._earlier:
            move = self._earlier.popleft()
            assert move.action is not None
            return self._taken(move.action, move.note)
        notice, asked = "", time.perf_counter()
        if not self._met:
            self._introduce()
        while True:
            key = self._session.display.ask(self._view(observation, notice))
            action = None if key is None else self._controls.press(key)
            if action is not None:
                seconds = max(ROUNDING, round(time.perf_counter() - asked, 3))
                game, episode, repeat = self._job.key
                move = Move(game, episode, self._steps + 1, action, seconds, repeat)
                self._session.journal.add(move)
                return self._taken(action, "")
            if key == QUIT:
                raise PlayerStoppedError
            if key == HELP:
                self._page(HELP_TEXT, (("Enter", "back"),))
            typed = self._controls.typed
            notice = f"action {typed}_ and Enter" if typed else f"{HELP} help   Esc stop"

    def close(self) -> None:
        """Free the game that tells the score."""
        if self._mirror is not None:
            self._mirror.close()

    def _taken(self, action: int, note: str) -> Reply:
        if self._mirror is not None:
            self._mirror.step(action)
        self._steps += 1
        return Reply(self._actions[action], reasoning=note)

    def _introduce(self) -> None:
        self._met = True
        self._page(self._manual, START_KEYS)

    def _page(self, text: str, keys: tuple[tuple[str, str], ...]) -> None:
        """Show a text until it is left."""
        view = View(
            title=self._session.title(self._job),
            status=self._status(),
            text=text,
            keys=keys,
            from_top=True,
        )
        while (key := self._session.display.ask(view)) not in ("enter", "space"):
            if key == QUIT:
                if text == HELP_TEXT:
                    return
                raise PlayerStoppedError
            if key == HELP and text != HELP_TEXT:
                self._page(HELP_TEXT, (("Enter", "back"),))

    def _status(self) -> list[str]:
        left = self._job.steps - self._steps
        status = [f"step {self._steps}", f"{left} left"]
        if self._session.score_shown and self._mirror is not None:
            status.append(f"score {self._mirror.moment.score:g}")
        return status

    def _view(self, observation: Observation, notice: str) -> View:
        return View(
            title=self._session.title(self._job),
            status=self._status(),
            text=prompt_text(self._manual, self._actions, observation, self._steps),
            keys=self._controls.table(),
            notice=notice or f"{HELP} help   Esc stop",
        )


class Session:
    """Makes the player's agents, one per episode, and shows how each ended.

    Args:
        display: Where it is played.
        header: The run.
        folder: Where it is kept.
        score_shown: Whether the score is shown while playing.
    """

    def __init__(
        self,
        display: Display,
        header: RunHeader,
        folder: RunFolder,
        score_shown: bool,
    ) -> None:
        self.display, self.header = display, header
        self.score_shown = score_shown
        self._folder, self.journal = folder, Journal(folder)
        self._jobs = {job.key: job for job in jobs_of(header)}
        self._player: tuple[Job, Human] | None = None

    def __call__(self, context: Context) -> Human:
        """Make the player of the next episode."""
        if not self.close_episode():
            raise SessionOverError
        job = self._jobs[context.game, context.episode, context.repeat]
        earlier = self.journal.sit_down(cut_off(job))
        player = Human(self, job, context.manual, context.actions, earlier)
        self._player = job, player
        return player

    def title(self, job: Job) -> str:
        """The game and the episode."""
        plan = self.header.games[job.game]
        title = f"{get_card(job.game).title} ({job.game.split('/')[-1]})"
        return title if plan.episodes == 1 else f"{title}, {job.episode + 1} of {plan.episodes}"

    def close_episode(self) -> bool:
        """Show how the last episode ended, if there was one.

        Returns:
            Whether the player wants more.
        """
        if self._player is None:
            return True
        (job, player), self._player = self._player, None
        try:
            return self._show_end(job, player)
        finally:
            player.close()

    def _show_end(self, job: Job, player: Human) -> bool:
        records = {record.key: record for record in self._folder.results(self.header)}
        record = records.get((job.game, job.episode, 0))
        if record is None or record.error == one_line(PlayerStoppedError()):
            return False
        _, steps = self._folder.steps(job.game, job.episode)
        card = get_card(job.game).as_played(job.steps, job.settings)
        result = result_text(card, record.score, record.error)
        last = steps[-1].observation if steps else ""
        view = View(
            title=self.title(job),
            status=[f"{record.steps} steps", "over"],
            text=f"{last}\n\n{result}",
            keys=(("Enter", "go on"), ("Esc", "stop")),
            notice="The episode is over.",
        )
        while (key := self.display.ask(view)) not in ("enter", QUIT):
            pass
        return key == "enter"


def cut_off(job: Job) -> EpisodeRecord:
    """The record of a sitting that ended without one."""
    return EpisodeRecord(
        game=job.game,
        episode=job.episode,
        repeat=job.repeat,
        seed=job.seed,
        agent_seed=job.agent_seed,
        status="unscored",
        error="the player's session was cut off",
    )


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
