"""A whole run: planned, played in one session, and left behind as a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from smartplay.agents.catalog import AgentSource, find_agent
from smartplay.core.errors import RunFolderError, UsageError
from smartplay.games.native import number
from smartplay.records import EpisodeRecord, Measurement, RunHeader
from smartplay.records.folder import RunFolder
from smartplay.runner.budget import Limits
from smartplay.runner.cluster import AT_ONCE, cluster_executor
from smartplay.runner.places import suits
from smartplay.runner.plan import (
    check_same_run,
    default_folder,
    plan_run,
    select_games,
    whole_number,
)
from smartplay.runner.session import play_session
from smartplay.runner.steady import same_surroundings
from smartplay.runner.suite import find_suite


class Played(NamedTuple):
    """A run that was played to its end or to a limit.

    Attributes:
        path: Its folder.
        header: What was played.
        episodes: The finished episodes, by game and number.
        stopped: Why it stopped before its end; None if it did not. The same call takes it up.
    """

    path: Path
    header: RunHeader
    episodes: list[EpisodeRecord]
    stopped: str | None = None

    @property
    def unscored(self) -> list[EpisodeRecord]:
        """Episodes that failed."""
        return [record for record in self.episodes if record.status == "unscored"]


LEAST_SECONDS = 0.001

SHARES = 64
"""Episodes at once on an executor, where each has a share of the limits."""


def run(
    agent: str | Callable[..., Any] | AgentSource,
    games: str | Iterable[str | Path] = "core",
    *,
    episodes: int | None = None,
    steps: int | None = None,
    seed: int = 0,
    suite: str | Path | None = None,
    repeats: int = 1,
    concurrency: int | None = None,
    out: str | Path | None = None,
    quick: bool = False,
    retries: int = 1,
    agent_settings: Mapping[str, Any] | None = None,
    game_settings: Mapping[str, Mapping[str, Any]] | None = None,
    limits: Limits | None = None,
    episode_seconds: float | None = None,
    cache: str | Path | None = None,
    cluster: str | None = None,
    executor: Executor | None = None,
    progress: bool | None = None,
    measurement: Measurement | None = None,
) -> Played:
    """Play an agent over games; a folder that holds part of the same run is completed.

    Args:
        agent: A name as on the command line, a class made with `manual`, `actions` and `seed` or
            with `context`, a plain function from the prompt to the reply, or an `AgentSource`.
        games: `core`, `all`, families, ids and card files: a list, or a text with commas.
        episodes: Episodes per game; the card's number by default.
        steps: Step limit per episode; the card's by default.
        seed: The suite seed that every episode's seed is drawn from.
        suite: The file of a private suite, as `smartplay suite commit` makes it, to play instead;
            the run records its hash and no seed of a world.
        repeats: How often every episode is played, with the same seed of the game and another one
            of the agent.
        concurrency: Episodes under way at once; by default what suits the agent.
        out: The run folder; by default one under `runs/` that the same run always gets. A class
            or function is continued only in a folder that is named, and only if its code has a
            file; else each call makes a folder of its own.
        quick: Two episodes of at most 5 steps each.
        retries: How often the agent is asked again after an invalid reply, at most 1000 times; then
            comes the fallback.
        agent_settings: Settings of the agent; `models` maps roles to the models it is lent.
        game_settings: Settings of games, by name or family.
        limits: Most tokens, money and time; the run stops there and can be resumed.
        episode_seconds: Time an episode may take, looked at before each reply; one that takes
            longer is unscored.
        cache: A file that keeps a language model's replies for other runs of the same episodes.
        cluster: Address of a Dask scheduler; whole episodes are played by its workers.
        executor: Any other executor to play whole episodes.
        progress: Whether to show how far it is; by default in a terminal or notebook. Elsewhere
            that is a line on standard error after 5 seconds, and at most every 30 from then on.
        measurement: How the levels of the games' dials are chosen; see `smartplay.measure`.

    Returns:
        The run; `unscored` lists the episodes that failed, `stopped` says why it is incomplete.

    Raises:
        UsageError: If something asked for does not exist or cannot be done.
        RunFolderError: If the folder cannot be written, or another run is writing it.
    """
    if concurrency is not None:
        concurrency = whole_number("concurrency", concurrency, 1)
    if executor is not None and not callable(getattr(executor, "submit", None)):
        raise UsageError(
            f"the executor {executor!r} has no method submit, as those of concurrent.futures have; "
            "the address of a Dask scheduler is what cluster takes"
        )
    if episode_seconds is not None and not number(episode_seconds) >= LEAST_SECONDS:
        raise UsageError(
            f"the time of an episode must be {LEAST_SECONDS} seconds or more, "
            f"not {episode_seconds!r}"
        )
    games = games if isinstance(games, str) else list(map(str, games))  # which may come only once
    source = find_agent(agent, dict(agent_settings or {}))
    if cache is not None and not source.models:
        raise UsageError(f"a cache is for language models; {source.name} asks none")
    private = None if suite is None else find_suite(suite)
    header = plan_run(
        source,
        select_games(games),
        episodes=episodes,
        steps=steps,
        seed=seed,
        retries=retries,
        repeats=repeats,
        quick=quick,
        settings=game_settings or {},
        suite=private.hash if private else "",
        arguments={
            "agent": source.name,
            "games": games,
            "episodes": episodes,
            "steps": steps,
            "seed": seed,
            "concurrency": concurrency,
            "quick": quick,
            "retries": retries,
            "repeats": repeats,
            "episode_seconds": episode_seconds,
            "cache": None if cache is None else str(cache),
            "cluster": cluster,
        },
        measurement=measurement,
    )
    limits = limits or Limits()
    prices = limits.find_prices(header, {model.name for model in source.models.values()})
    own = source.reference is None and not isinstance(agent, AgentSource)
    folder = RunFolder(Path(out) if out is not None else default_folder(header, not own))
    with ExitStack() as stack:
        if cluster is not None:
            executor = stack.enter_context(cluster_executor(cluster))
        stack.enter_context(folder.lock())
        if folder.exists:
            check_same_run(folder.path, folder.header(), header)
            if not source.resumable:
                raise RunFolderError(
                    f"{folder.path} holds a run, but the code of {source.name} is in no file, so "
                    "nothing can tell whether it is the same agent; choose another folder with out="
                )
            folder.mend()
        else:
            folder.create(header)
        folder.begin(header)
        stack.enter_context(same_surroundings())
        stopped = play_session(
            RunFolder(folder.path.absolute()),
            header,
            source,
            concurrency=concurrency or _at_once(source, header, limits, executor is not None),
            limits=limits,
            prices=prices,
            episode_seconds=episode_seconds,
            cache=Path(cache).absolute() if cache else None,
            executor=executor,
            progress=progress,
            suite=private,
        )
    header = folder.header()
    return Played(folder.path, header, folder.results(header), stopped)


def _at_once(source: AgentSource, header: RunHeader, limits: Limits, elsewhere: bool) -> int:
    """Episodes at once: few enough that each one's share of a limit lets it go on."""
    if not elsewhere:
        return suits(source, header.games)
    return SHARES if limits.count_tokens else AT_ONCE
