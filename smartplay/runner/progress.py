"""Shows a run's progress: one line on standard error or in a notebook, if someone is watching."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.progress import Progress, ProgressColumn, Task
from rich.text import Text

from smartplay.games.registry import get_card
from smartplay.records import EpisodeRecord, RunHeader
from smartplay.records.prices import money
from smartplay.runner.budget import Budget
from smartplay.runner.jobs import Job

PLAIN_FIRST, PLAIN_EVERY = 5.0, 30.0
"""Seconds to the first line without a terminal to draw in, and the most between later ones; the
pauses double from the one to the other."""
NAME_LENGTH = 11
STEPS, CALLS = 5, 8
"""Places in the line."""

REDRAWN = 0.5
"""Seconds between two drawings of the line in a notebook."""


class _Line(ProgressColumn):
    """The whole line, made anew whenever it is drawn, so also while no step finishes."""

    def __init__(self, line: Callable[[], str]) -> None:
        super().__init__()
        self._line = line

    def render(self, task: Task) -> Text:
        return Text(self._line(), no_wrap=True, overflow="ellipsis")


class _NotebookBar(Progress):
    """The line in a notebook: an output redrawn from time to time, without widgets."""

    _output: Any = None

    def start(self) -> None:
        from IPython.display import display

        self._output = display(self.make_tasks_table(self.tasks), display_id=True)
        self._over = threading.Event()
        threading.Thread(target=self._follow, daemon=True).start()

    def refresh(self) -> None:
        if self._output is not None:  # it is when a task is added, too
            self._output.update(self.make_tasks_table(self.tasks))

    def stop(self) -> None:
        self._over.set()
        self.refresh()

    def _follow(self) -> None:
        while not self._over.wait(REDRAWN):
            self.refresh()


def is_watched() -> bool:
    """Whether someone can see the progress: in a terminal or a notebook."""
    return sys.stderr.isatty() or Console().is_jupyter


class RunProgress:
    """Episodes, time left, score, the game now playing, steps, calls, tokens, cost and pace.

    A line wider than the terminal is shortened: first goes the pace, then a language model's steps,
    then the end. Without a terminal the line is printed from time to time instead of drawn, also
    while no step finishes.

    Args:
        header: The run.
        done: Episodes that are finished already.
        shown: Whether to show anything.
        budget: Counts tokens and money.
        paces: The paces of the models, shown as `str` of each.

    Attributes:
        elsewhere: Returns the steps that worker processes have played so far.
    """

    def __init__(
        self,
        header: RunHeader,
        done: Iterable[EpisodeRecord],
        shown: bool,
        budget: Budget,
        paces: Sequence[object] = (),
    ) -> None:
        self._console = Console(stderr=True)
        notebook = self._console.is_jupyter
        self._drawn = shown and (self._console.is_terminal or notebook)
        self._printed = shown and not self._drawn
        self._bar = (_NotebookBar if self._drawn and notebook else Progress)(
            _Line(self.line), console=self._console, disable=not self._drawn, transient=False
        )
        self._bar.add_task("run", total=None)
        self._header, self._budget = header, budget
        self._paces = paces
        self.elsewhere: Callable[[], int] = lambda: 0
        self._lock = threading.Lock()
        self._started = time.monotonic()
        self._over = threading.Event()
        self._printer = threading.Thread(target=self._print_now_and_then, daemon=True)
        self._playing: Counter[str] = Counter()
        self._latest = ""
        self._left = {game: plan.episodes * header.repeats for game, plan in header.games.items()}
        self._total, self._done = header.planned, 0
        self._records: dict[str, list[EpisodeRecord]] = {game: [] for game in header.games}
        self._steps = self._calls = self._unscored = 0
        for record in done:
            self._add(record, record.steps, record.calls)
        self._earlier = self._steps
        self._finished_now = 0

    def __enter__(self) -> RunProgress:
        self._bar.start()
        if self._printed:
            self._printer.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.stop()
        if self._printed:
            self._over.set()
            self._printer.join()
            if time.monotonic() - self._started >= PLAIN_FIRST:
                self._print()

    def begin(self, job: Job) -> None:
        """Show that an episode is being played."""
        with self._lock:
            self._playing[job.game] += 1
            self._latest = job.game

    def tick(self, calls: int) -> None:
        """Count a step that was played in this process."""
        with self._lock:
            self._steps += 1
            self._calls += calls

    def episode(self, record: EpisodeRecord, steps: int = 0, calls: int = 0) -> None:
        """Count a finished episode.

        Args:
            record: Its result.
            steps: Its steps, if `tick` did not count them.
            calls: Its calls, likewise.
        """
        with self._lock:
            self._playing -= Counter([record.game])
            self._finished_now += record.steps
            self._add(record, steps, calls)

    def _add(self, record: EpisodeRecord, steps: int, calls: int) -> None:
        self._steps += steps
        self._calls += calls
        self._unscored += record.status == "unscored"
        self._left[record.game] -= 1
        self._done += 1
        self._records[record.game].append(record)

    def line(self) -> str:
        """The line, fitted to the terminal's width."""
        with self._lock:
            return self._fitting()

    def _fitting(self) -> str:
        width = self._console.width if self._drawn else 10**6
        steps = self._steps + self.elsewhere()
        episodes = f"{self._done}/{self._total}"
        cost, unit = self._budget.cost, self._budget.currency
        parts = [
            (f"{episodes} episodes", episodes),
            _twice(self._time_left(steps)),
            (self._score(), self._score().replace("normalised", "score")),
            (self._game(1000), self._game(NAME_LENGTH)),
            _twice(f"{self._unscored} unscored" if self._unscored else ""),
            (_count(steps, "step"), _count(steps, "step", short=True)),
            _twice(money(cost, unit) if unit and cost else ""),
            (_if_any(self._budget.tokens, "token"), _if_any(self._budget.tokens, "token", True)),
            (_if_any(self._calls, "call"), _if_any(self._calls, "call", True)),
            *(_twice(str(pace)) for pace in self._paces if self._calls),
        ]
        for form in (0, 1):
            line = _joined(part[form] for part in parts)
            if cell_len(line) <= width:
                return line
        short = [part[1] for part in parts]
        first = STEPS if self._calls else CALLS  # where a model is called, steps say little more
        going = [*range(len(parts) - 1, CALLS, -1), first, *range(CALLS, 0, -1)]
        for place in going:
            short[place] = ""
            line = _joined(short)
            if cell_len(line) <= width:
                break
        return line

    def _game(self, most: int) -> str:
        """The game whose episode began last, and how many other episodes are being played."""
        playing = sum(self._playing.values())
        if not playing:
            return ""
        game = self._latest if self._playing[self._latest] else next(iter(self._playing))
        name = game.split("/")[-1].rsplit("-v", 1)[0]
        if cell_len(name) > most:
            name = f"{set_cell_size(name, most - 1).rstrip()}…"
        return name if playing == 1 else f"{name} +{playing - 1}"

    def _score(self) -> str:
        """The mean of the games' normalised scores, or the score of a single game that has none.

        If some games have no normalised score because they are shortened, the run has no mean, as
        in its report.
        """
        scores, raw, lacking = [], [], False
        for game, plan in self._header.games.items():
            whole = get_card(game)
            card = whole.as_played(plan.steps, plan.settings)
            lacking |= whole.anchors.human is not None and card.anchors.human is None
            values = [r.score for r in self._records[game] if r.score is not None]
            if not values:
                continue
            mean = sum(values) / len(values)
            raw.append(mean)
            normalized = card.normalized(mean)
            if normalized is not None:
                scores.append(normalized)
        if scores and not lacking:
            return f"normalised {sum(scores) / len(scores):.2f}"
        return f"score {raw[0]:.4g}" if len(raw) == len(self._header.games) == 1 else ""

    def _time_left(self, steps: int) -> str:
        """The time left if later episodes take as many steps as those of their game so far."""
        played = steps - self._earlier
        if not played:
            return ""
        ahead = 0.0
        for game, left in self._left.items():
            known = [record.steps for record in self._records[game] if record.score is not None]
            each = sum(known) / len(known) if known else self._header.games[game].steps
            ahead += left * each
        ahead *= (self._total - self._done) / max(1, sum(self._left.values()))
        ahead -= min(ahead, max(0, played - self._finished_now))
        seconds = round((time.monotonic() - self._started) * ahead / played)
        minutes, seconds = divmod(seconds, 60)
        hours, minutes = divmod(minutes, 60)
        return (
            f"{hours}:{minutes:02}:{seconds:02} left" if hours else f"{minutes}:{seconds:02} left"
        )

    def _print_now_and_then(self) -> None:
        pause = PLAIN_FIRST
        while not self._over.wait(pause):
            self._print()
            pause = min(2 * pause, PLAIN_EVERY)

    def _print(self) -> None:
        self._console.print(self.line(), markup=False, highlight=False, soft_wrap=True)


def _joined(parts: Iterable[str]) -> str:
    return ", ".join(filter(None, parts))


def _twice(text: str) -> tuple[str, str]:
    return text, text


def _count(number: int, name: str, short: bool = False) -> str:
    """A number of things, such as `1 step` or `12k steps`."""
    shown = str(number)
    for unit in ("k", "M", "G"):
        if short and number >= 10_000:
            number //= 1000
            shown = f"{number}{unit}"
    return f"{shown} {name}{'' if shown == '1' else 's'}"


def _if_any(number: int, name: str, short: bool = False) -> str:
    return _count(number, name, short) if number else ""
