"""Shows how far a run is: on standard error or in a notebook, and only if someone is watching."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from smartplay.records import Usage
from smartplay.runner.episode import Outcome

REDRAWN = 0.5
"""Seconds between two drawings of the line in a notebook."""


class _Told(ProgressColumn):
    """What is to be told whenever the line is drawn, so also while no step comes to its end."""

    def __init__(self, tell: Callable[[], str]) -> None:
        super().__init__()
        self._tell = tell

    def render(self, task: Task) -> Text:
        return Text(self._tell())


class _NotebookBar(Progress):
    """The line in a notebook: an output that is drawn anew now and then, without widgets."""

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
    """Whether someone sees what is shown: in a terminal or a notebook."""
    return sys.stderr.isatty() or Console().is_jupyter


class RunProgress:
    """A progress bar with episodes, mean normalised score, steps, calls, tokens, pace, time left.

    Args:
        total: Episodes of the run.
        done: Episodes that are finished already.
        shown: Whether to show anything.
        paces: Whose texts say how many calls are under way at once.
    """

    def __init__(self, total: int, done: int, shown: bool, paces: Sequence[object] = ()) -> None:
        console = Console(stderr=True)
        self._bar = (_NotebookBar if shown and console.is_jupyter else Progress)(
            TextColumn("{task.completed}/{task.total} episodes"),
            BarColumn(),
            _Told(self._tell),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            disable=not shown,
        )
        self._task = self._bar.add_task("run", total=total, completed=done)
        self._paces = paces
        self._scores, self._scored = 0.0, 0
        self._steps = self._calls = self._tokens = self._unscored = 0

    def __enter__(self) -> RunProgress:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def tick(self, calls: int, usage: Usage) -> None:
        """Count a step that was played in this process."""
        self._steps += 1
        self._calls += calls
        self._tokens += usage.prompt + usage.completion

    def episode(self, outcome: Outcome, normalized: float | None) -> None:
        """Count a finished episode."""
        self._unscored += outcome.record.status == "unscored"
        if normalized is not None:
            self._scores += normalized
            self._scored += 1
        self._bar.advance(self._task)

    def _tell(self) -> str:
        parts = []
        if self._scored:
            parts.append(f"score {self._scores / self._scored:.2f}")
        parts.append(f"{self._steps} steps")
        if self._calls:
            parts.append(f"{self._calls} calls, {self._tokens} tokens")
        parts += map(str, self._paces)
        if self._unscored:
            parts.append(f"{self._unscored} unscored")
        return ", ".join(parts)
