"""Shows how far a run is: on standard error, and only if someone is watching."""

from __future__ import annotations

import statistics
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from smartplay.records import Usage
from smartplay.runner.episode import Outcome


class RunProgress:
    """A progress bar with episodes, mean normalised score, steps, calls, tokens, pace, time left.

    Args:
        total: Episodes of the run.
        done: Episodes that are finished already.
        shown: Whether to show anything.
        pace: Whose text says how many calls are under way at once.
    """

    def __init__(self, total: int, done: int, shown: bool, pace: object = "") -> None:
        self._bar = Progress(
            TextColumn("{task.completed}/{task.total} episodes"),
            BarColumn(),
            TextColumn("{task.fields[told]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            disable=not shown,
        )
        self._task = self._bar.add_task("run", total=total, completed=done, told="")
        self._pace = pace
        self._scores: list[float] = []
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
        self._show()

    def episode(self, outcome: Outcome, normalized: float | None) -> None:
        """Count a finished episode."""
        self._unscored += outcome.record.status == "unscored"
        if normalized is not None:
            self._scores.append(normalized)
        self._show(advance=1)

    def _show(self, **update: Any) -> None:
        if self._bar.disable:
            return
        parts = []
        if self._scores:
            parts.append(f"score {statistics.fmean(self._scores):.2f}")
        parts.append(f"{self._steps} steps")
        if self._calls:
            parts.append(f"{self._calls} calls, {self._tokens} tokens")
            parts += filter(None, [str(self._pace)])
        if self._unscored:
            parts.append(f"{self._unscored} unscored")
        self._bar.update(self._task, told=", ".join(parts), **update)
