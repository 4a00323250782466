"""Estimates what episodes will cost before they are played and without any service.

`smartplay run --dry-run`, `smartplay plan` and `smartplay study` use this estimate.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from smartplay.agents.catalog import SCRIPTED, AgentSource, place_in_order
from smartplay.models.base import longest_reply
from smartplay.models.prefix_cache import BLOCK, LEAST
from smartplay.models.rehearsal import CHARACTERS
from smartplay.records import EpisodeRecord, RoleUse
from smartplay.records.folder import RunFolder
from smartplay.records.prices import Prices
from smartplay.runner.plan import check_same_run, default_folder, plan_run, select_games
from smartplay.runner.rehearse import rehearse, source_of

REHEARSED = (
    f"Steps and prompts are those of two episodes of random play a game; an agent that "
    f"survives longer takes more, and so do replies that name no action. {CHARACTERS} characters "
    "count as a token, a picture as none. Cached: of the tokens read, those of beginnings that an "
    f"earlier prompt had, in blocks of {BLOCK} tokens from {LEAST} on; what a service really keeps "
    "is its own affair. Written tokens: at least the bare answers, at most as many as the model "
    "may write."
)
UNKNOWN = (
    "The calls of an agent that is lent no models are not known before it plays; name an earlier "
    "run of it with smartplay plan --from."
)


class Range(msgspec.Struct, frozen=True):
    """A number known only within bounds.

    Attributes:
        least: The least.
        most: The most; None for no upper bound.
    """

    least: float
    most: float | None

    def times(self, number: float) -> Range:
        """Both ends multiplied."""
        return Range(self.least * number, None if self.most is None else self.most * number)


class Use(msgspec.Struct, frozen=True):
    """What some episodes cost.

    Attributes:
        calls: Calls to language models.
        read: Tokens they read.
        cached: Of these, tokens from the services' caches.
        written: Tokens they write.
        cost: Their price; None unless every model has one.
    """

    calls: float
    read: float
    cached: float
    written: Range
    cost: Range | None

    def times(self, number: float) -> Use:
        """The cost of `number` times as many episodes."""
        calls, read, cached = (each * number for each in (self.calls, self.read, self.cached))
        cost = None if self.cost is None else self.cost.times(number)
        return Use(calls, read, cached, self.written.times(number), cost)


class Reckoned(msgspec.Struct, frozen=True, kw_only=True):
    """Estimated calls and tokens; None for an unknown figure, and for the cost without prices.

    Attributes:
        calls: Calls to language models.
        read: Tokens they read.
        cached: Of these, tokens from the services' caches.
        written: Tokens they write.
        cost: What they cost.
    """

    calls: float | None
    read: float | None
    cached: float | None
    written: Range | None
    cost: Range | None


def total_use(uses: Sequence[Use]) -> Use:
    """The sum of several uses."""
    costs = [use.cost for use in uses if use.cost is not None]
    return Use(
        math.fsum(use.calls for use in uses),
        math.fsum(use.read for use in uses),
        math.fsum(use.cached for use in uses),
        added([use.written for use in uses]),
        added(costs) if len(costs) == len(uses) else None,
    )


def figures(use: Use | None) -> dict[str, Any]:
    """The figures of a use, by name; all None if it is unknown."""
    return dict.fromkeys(Use.__struct_fields__) if use is None else msgspec.structs.asdict(use)


def known_use(uses: Sequence[Use | None]) -> Use | None:
    """The sum of several uses; None if one of them is unknown."""
    known = [use for use in uses if use is not None]
    return total_use(known) if len(known) == len(uses) else None


def added(spans: Sequence[Range]) -> Range:
    """The sum of ranges."""
    mosts = [span.most for span in spans if span.most is not None]
    most = math.fsum(mosts) if len(mosts) == len(spans) else None
    return Range(math.fsum(span.least for span in spans), most)


def is_silent(source: AgentSource) -> bool:
    """Whether an agent is known to call no model or service."""
    name = source.reference[0] if source.reference else source.name
    return not source.models and name.partition(":")[0] in SCRIPTED


def expected_use(
    source: AgentSource,
    rehearsed: Sequence[EpisodeRecord],
    episodes: int,
    prices: Prices | None,
    *,
    played: Sequence[EpisodeRecord] = (),
    rows: int = 1,
) -> Use | None:
    """Estimate what episodes of a game cost.

    Args:
        source: The agent.
        rehearsed: The scored episodes of the rehearsal.
        episodes: How many are to be played.
        prices: What tokens cost.
        played: Episodes that the agent has really played; if given, they replace the rehearsal.
        rows: How many of the episodes begin without a memory, for agents that remember.

    Returns:
        The use; None for an agent that may ask services by itself, and for a game that could not be
        rehearsed.
    """
    if played:
        return _use_of(played, source, prices, known=True).times(episodes)
    silent = is_silent(source)
    if not rehearsed or not (source.models or silent):
        return None
    if source.learn is None or len(rehearsed) == 1:
        return _use_of(rehearsed, source, prices, known=silent).times(episodes)
    order = str(source.settings.get("episode_order", ""))
    first, *later = sorted(rehearsed, key=lambda r: place_in_order(order, r.game, r.episode))
    rows = min(rows, episodes)
    parts = ([first], rows), (later, episodes - rows)
    return total_use(
        [_use_of(records, source, prices, known=silent).times(n) for records, n in parts]
    )


def _use_of(
    records: Sequence[EpisodeRecord], source: AgentSource, prices: Prices | None, known: bool
) -> Use:
    """What an episode costs, on average.

    Unknown replies are taken to be at least as long as an answer, and at most as long as the model
    may write.
    """
    asked: dict[str, RoleUse] = {}
    for record in records:
        for role, use in record.roles.items():
            so_far = asked.get(role, RoleUse(model=use.model))
            asked[role] = RoleUse(so_far.model, so_far.calls + use.calls, so_far.usage + use.usage)
    uses = [_of_role(source, role, use, prices, known) for role, use in asked.items()]
    return total_use(uses).times(1 / len(records))


def _of_role(
    source: AgentSource, role: str, use: RoleUse, prices: Prices | None, known: bool
) -> Use:
    """What a role's calls cost."""
    model, least = source.models.get(role), use.usage
    longest = longest_reply(model.settings) if model else None
    most = least if known else None
    if longest is not None and not known:
        most = msgspec.structs.replace(least, completion=use.calls * longest)
    name = model.name if model else source.name
    settings = source.settings if name == source.name else {}
    price = None if prices is None else prices.find(name, settings)
    return Use(
        use.calls,
        least.prompt,
        least.cached,
        Range(least.completion, None if most is None else most.completion),
        None if price is None else Range(price.of(least), None if most is None else price.of(most)),
    )


def unpriced(source: AgentSource, prices: Prices | None) -> list[str]:
    """Notes on models that the prices do not name."""
    models = [(model.name, source.settings) for model in source.models.values()]
    found = [name for name, settings in models if prices and not prices.find(name, settings)]
    return [f"The prices name none for {name}." for name in dict.fromkeys(found)]


class GameEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """What a game's remaining episodes cost.

    Attributes:
        game: The full id.
        episodes: How many there are to play.
        done: How many are played already.
        steps: Mean steps of an episode; None if none could be rehearsed.
        use: What they cost; None if unknown.
    """

    game: str
    episodes: int
    done: int
    steps: float | None
    use: Use | None


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """What a run costs.

    Attributes:
        agent: Who is to play.
        games: Its games.
        use: What all of them cost; None if one is unknown.
        currency: What costs are counted in; empty without prices.
        notes: What the figures are based on.
    """

    agent: str
    games: list[GameEstimate]
    use: Use | None
    currency: str
    notes: list[str]


def estimate_run(
    agent: str,
    games: str = "core",
    *,
    agent_settings: Mapping[str, Any] | None = None,
    game_settings: Mapping[str, Mapping[str, Any]] | None = None,
    steps: int | None = None,
    seed: int = 0,
    quick: bool = False,
    out: Path | None = None,
    prices: Prices | None = None,
    **options: Any,
) -> Estimate:
    """Estimate what a run costs, without any service and without writing a folder.

    Args:
        agent: As for `smartplay.run`, by name; likewise the others.
        games: The games.
        agent_settings: Settings of the agent.
        game_settings: Settings of games.
        steps: Step limit.
        seed: The suite seed.
        quick: As for `smartplay.run`.
        out: The run folder; episodes that it already holds do not count.
        prices: What tokens cost.
        options: `episodes`, `repeats`, `retries`, and `suite`, the hash of a private suite.

    Raises:
        UsageError: If something asked for does not exist or cannot be done.
        RunFolderError: If the folder holds another run.
    """
    source = source_of(agent, agent_settings or {})
    settings = game_settings or {}
    header = plan_run(source, select_games(games), steps=steps, seed=seed, quick=quick,
                      settings=settings, **options)  # fmt: skip
    folder = RunFolder(out if out is not None else default_folder(header))
    done = []
    if folder.exists:
        check_same_run(folder.path, folder.header(), header)
        done = [record for record in folder.results(header) if record.score is not None]
    rehearsal = {"steps": steps, "seed": seed, "quick": quick, "game_settings": settings}
    rehearsed = rehearse(source, games, rehearsal)[1]
    found = []
    for game, plan in header.games.items():
        tried = [record for record in rehearsed if record.game == game and record.score is not None]
        played = sum(record.game == game for record in done)
        left = plan.episodes * header.repeats - played
        rows = 0 if played else header.repeats
        found.append(
            GameEstimate(
                game=game,
                episodes=left,
                done=played,
                steps=float(np.mean([record.steps for record in tried])) if tried else None,
                use=expected_use(source, tried, left, prices, rows=rows),
            )
        )
    return Estimate(
        agent=source.name,
        games=found,
        use=known_use([each.use for each in found]),
        currency=prices.currency if prices else "",
        notes=[
            *notes_of(source),
            *unasked(source, rehearsed),
            *unpriced(source, prices),
            *failures(rehearsed),
        ],
    )


def notes_of(source: AgentSource) -> list[str]:
    """Notes on what figures from a rehearsal are based on."""
    if is_silent(source):
        return []
    return [REHEARSED] if source.models else [UNKNOWN]


def unasked(source: AgentSource, records: Sequence[EpisodeRecord]) -> list[str]:
    """Notes on models that no episode asked, as where all replies are alike nobody disagrees."""
    asked = {role for record in records for role in record.roles}
    return [
        f"No reply led to a call of {model.name} ({role}), so its calls are not counted."
        for role, model in source.models.items()
        if asked and role not in asked
    ]


def failures(rehearsed: Sequence[EpisodeRecord]) -> list[str]:
    """Notes on games that could not be rehearsed."""
    failed = {record.error: record.game for record in rehearsed if record.error}
    return [f"{game} could not be rehearsed: {error}" for error, game in failed.items()]
