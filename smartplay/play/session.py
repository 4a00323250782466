"""A person plays by keys: what an agent reads is shown, and keys are waited for.

It is a sitting that plays (`smartplay.play.sitting`), so however a session ends, the next one of
the same run goes on at the same step, and nobody plays an episode whose answers they know; the try
that was broken off stays on record.
"""

from __future__ import annotations

from smartplay.agents.prompts import PLAIN
from smartplay.core.printable import plural
from smartplay.games.registry import get_card
from smartplay.play.keys import Controls
from smartplay.play.sitting import Ended, Sitting
from smartplay.play.view import HELP, QUIT, Display, View
from smartplay.runner.jobs import Job

Keys = tuple[tuple[str, str], ...]
START_KEYS = (("Enter", "start"), (HELP, "help"), ("Esc", "stop"))
BACK_KEYS = (("Enter", "back"),)
HINT = f"{HELP} help   Esc stop"
HELP_TEXT = f"""\
Take an action with its key or its number. Nothing can be taken back.

PgUp and PgDn   read the text above; Home and End go to its ends
{HELP}               this page
Esc             stop; the same command goes on from here later

What you read is what an agent reads. The score is shown when the episode is over: in some games
it gives away what there is to find out. Your name, your actions and the time each took are
recorded in the run folder, and nothing else."""


class Session:
    """Plays the episodes of a sitting by keys.

    Args:
        display: Where it is played.
        sitting: The person's run.
    """

    def __init__(self, display: Display, sitting: Sitting) -> None:
        self._display, self._sitting = display, sitting

    def play(self) -> bool:
        """Play what is missing; whether the run is finished then, and not stopped by the player."""
        sitting = self._sitting
        while sitting.job is not None:
            if not self._play(sitting.job):
                return False
        return sitting.finished == sitting.header.planned

    def _play(self, job: Job) -> bool:
        """Play an episode to its end; whether the player wants more."""
        sitting = self._sitting
        if sitting.observation is None:
            sitting.start(sitting.turn)
        controls = Controls(sitting.actions)
        goes_on = sitting.job is not job or self._page(job, sitting.manual, START_KEYS)
        while goes_on and sitting.job is job:
            key = self._display.ask(self._moment(job, controls))
            action = None if key is None else controls.press(key)
            if action is not None:
                sitting.act(sitting.turn, action)
            elif key == HELP:
                self._page(job, HELP_TEXT, BACK_KEYS)
            goes_on = key != QUIT
        if not goes_on:
            sitting.stop()
            return False
        assert sitting.ended is not None
        return self._show_end(job, sitting.ended)

    def _page(self, job: Job, text: str, keys: Keys) -> bool:
        """Show a text until it is left; False if the game is to be left."""
        view = View(
            title=self._title(job), status=self._status(job), text=text, keys=keys, from_top=True
        )
        while (key := self._display.ask(view)) not in ("enter", "space"):
            if key == QUIT:
                return text == HELP_TEXT
            if key == HELP and text != HELP_TEXT:
                self._page(job, HELP_TEXT, BACK_KEYS)
        return True

    def _moment(self, job: Job, controls: Controls) -> View:
        sitting, typed = self._sitting, controls.typed
        seen = sitting.observation
        assert seen is not None
        return View(
            title=self._title(job),
            status=self._status(job),
            text=PLAIN.prompt(sitting.manual, sitting.actions, seen, sitting.steps),
            keys=controls.table(),
            notice=f"action {typed}_ and Enter" if typed else HINT,
        )

    def _status(self, job: Job) -> list[str]:
        steps, score = self._sitting.steps, self._sitting.score
        told = [] if score is None else [f"score {score:g}"]
        return [f"step {steps}", f"{job.steps - steps} left", *told]

    def _title(self, job: Job) -> str:
        episodes = self._sitting.header.games[job.game].episodes
        title = f"{get_card(job.game).title} ({job.game.split('/')[-1]})"
        return title if episodes == 1 else f"{title}, {job.episode + 1} of {episodes}"

    def _show_end(self, job: Job, ended: Ended) -> bool:
        """Show how an episode ended; whether the player wants more."""
        view = View(
            title=self._title(job),
            status=[plural(ended.record.steps, "step"), "over"],
            text=f"{ended.text}\n\n{ended.result}",
            keys=(("Enter", "go on"), ("Esc", "stop")),
            notice="The episode is over.",
        )
        while (key := self._display.ask(view)) not in ("enter", QUIT):
            pass
        return key == "enter"
