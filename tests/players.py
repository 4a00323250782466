"""A display that presses keys by itself, and runs to watch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import smartplay
from smartplay.play import human
from smartplay.play.view import View
from smartplay.records.folder import RunFolder


class Pressing:
    """Presses one key per view; fails the test if it has none left."""

    def __init__(self, keys: Sequence[str | None]) -> None:
        self.keys = list(keys)
        self.views: list[View] = []

    def ask(self, view: View, timeout: float | None = None) -> str | None:
        self.views.append(view)
        assert self.keys, f"a key too many is asked for, at {view.text[-200:]!r}"
        return self.keys.pop(0)


def play(
    out: Path,
    keys: Sequence[str],
    game: str = "Hanoi3Disk",
    name: str = "ann",
    score: bool = False,
    **planned: Any,
) -> tuple[Pressing, bool]:
    """Play by keys; returns the display and whether the run is finished."""
    options = {"seed": 0, "episodes": 1, "steps": None, "out": out} | planned
    player = human.source(name, score_shown=score)
    header, path = human.plan(game, player, **options)
    display = Pressing(keys)
    return display, human.play(display, header, path, player)


def recorded_run(
    out: Path, games: str = "Hanoi3Disk", agent: Any = "reference", steps: int | None = 9
) -> RunFolder:
    """A short run of an agent."""
    smartplay.run(agent, games, episodes=1, steps=steps, out=out, progress=False)
    return RunFolder(out)
