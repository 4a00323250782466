"""Runs that a person plays: named, planned and played like any other."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec

from smartplay.agents.catalog import AgentSource
from smartplay.agents.context import Agent, Context
from smartplay.core import printable
from smartplay.core.errors import UsageError, known_name
from smartplay.play.session import Session
from smartplay.play.sitting import Sitting
from smartplay.play.view import Display
from smartplay.records import Measurement, RunHeader
from smartplay.records.folder import RunFolder
from smartplay.runner.jobs import jobs_of
from smartplay.runner.plan import default_folder, plan_run, select_games

PREFIX = "human:"
TEXT = "text"
SHOWN = (TEXT, "picture", "both")
NAME = re.compile(r"\w[\w .-]{0,39}")


def is_name(name: str) -> bool:
    """Whether a player can be called so: what can be seen of it is all there is."""
    return bool(NAME.fullmatch(name)) and printable.is_clean(name)


def source(name: str, shown: str = "text", score_shown: bool = False) -> AgentSource:
    """The player as an agent of a run; without a session it can be planned with, not played.

    Args:
        name: What the player is called.
        shown: What the player sees: `text`, `picture` or `both`.
        score_shown: Whether the score is shown while playing.

    Raises:
        UsageError: If the name is no name.
        UnknownNameError: If nothing else is to be seen.
    """
    known_name("way to show a game", shown, SHOWN)
    if not is_name(name):
        raise UsageError(
            f"{name!r} is not a name for a player; use 1 to 40 letters, digits, spaces, . _ or -"
        )
    settings = {"shown": shown, "score": score_shown}
    return AgentSource(name=PREFIX + name, settings=settings, make=_no_session, asynchronous=True)


def player_of(header: RunHeader) -> AgentSource:
    """The player of a run.

    Raises:
        UsageError: If no person plays it.
    """
    if not header.agent.startswith(PREFIX):
        raise UsageError(f"the run is played by {header.agent}, which is no person")
    settings = header.agent_settings
    name, score_shown = header.agent.removeprefix(PREFIX), settings.get("score") is True
    return source(name, str(settings.get("shown")), score_shown)


def _no_session(context: Context) -> Agent:
    raise AssertionError("a player needs a session to play")


def plan(
    game: str | list[str],
    player: AgentSource,
    seed: int | None,
    episodes: int | None,
    steps: int | None,
    out: Path | None,
    *,
    place: Callable[[RunHeader], Path] = default_folder,
    split: str = "",
    measurement: Measurement | None = None,
) -> tuple[RunHeader, Path]:
    """What is played and where it is kept.

    Args:
        game: One id or card file, or several.
        player: As `source` gives it.
        seed: The suite seed; by default the first, from 0, that the player has not played to the
            end.
        episodes: Episodes per game.
        steps: Step limit; the card's by default.
        out: The run folder; by default the one that `place` gives.
        place: The folder of a run; by default one under `runs/`.
        split: The split that the episodes are drawn from; empty for the suite of the seed.
        measurement: How levels are chosen, if thresholds are to be measured.
    """
    if seed is None and out is not None and RunFolder(out).exists:
        seed = RunFolder(out).header().seed
    header = plan_run(
        player,
        select_games(game),
        episodes=episodes,
        steps=steps,
        seed=seed or 0,
        retries=0,
        arguments={"games": game, "episodes": episodes, "steps": steps},
        split=split,
        measurement=measurement,
    )
    while True:
        folder = RunFolder(out if out is not None else place(header))
        if seed is not None or out is not None or not _finished(folder, header):
            return header, folder.path
        header = msgspec.structs.replace(header, seed=header.seed + 1)


def _finished(folder: RunFolder, header: RunHeader) -> bool:
    if not folder.exists:
        return False
    scored = [record for record in folder.results(header) if record.status == "scored"]
    return len(scored) == len(jobs_of(header))


def play(display: Display, header: RunHeader, path: Path, player: AgentSource) -> bool:
    """Play what is missing of a run.

    Returns:
        Whether it is finished; False if the player has stopped.
    """
    with closing(Sitting(header, path, player)) as sitting:
        return Session(display, sitting).play()
