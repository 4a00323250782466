"""What episodes will take, reckoned before they are played and without any service.

`smartplay run --dry-run`, `smartplay plan` and `smartplay study` reckon alike, from the same
rehearsal.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from smartplay.agents.catalog import SCRIPTED, AgentSource, place_in_order
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
    f"count as a token. Cached: of the tokens read, those of beginnings that an earlier prompt "
    f"had, in blocks of {BLOCK} tokens from {LEAST} on; what a service really keeps is its own "
    "affair. Written tokens: at least the bare answers, at most as many as the model may write."
)
UNKNOWN = (
    "The calls of an agent that is lent no models are not known before it plays; name an earlier "
    "run of it with smartplay plan --from."
)


class Range(msgspec.Struct, frozen=True):
    """A number that is not known before.

    Attributes:
        least: The least.
        most: The most; None where there is none.
    """

    least: float
    most: float | None

    def times(self, number: float) -> Range:
        """Both ends multiplied."""
        return Range(self.least * number, None if self.most is None else self.most * number)


class Use(msgspec.Struct, frozen=True):
    """What some episodes take.

    Attributes:
        calls: Calls to language models.
        read: Tokens they read.
        cached: Of these, tokens from the services' caches.
        written: Tokens they write.
        cost: What they cost; None without a price of each model.
    """

    calls: float
    read: float
    cached: float
    written: Range
    cost: Range | None

    def times(self, number: float) -> Use:
        """What several times as many take."""
        calls, read, cached = (each * number for each in (self.calls, self.read, self.cached))
        cost = None if self.cost is None else self.cost.times(number)
        return Use(calls, read, cached, self.written.times(number), cost)


class Reckoned(msgspec.Struct, frozen=True, kw_only=True):
    """What is reckoned of calls; each is None where it is not known, the cost without prices too.

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
    """What several take together."""
    costs = [use.cost for use in uses if use.cost is not None]
    return Use(
        math.fsum(use.calls for use in uses),
        math.fsum(use.read for use in uses),
        math.fsum(use.cached for use in uses),
        added([use.written for use in uses]),
        added(costs) if len(costs) == len(uses) else None,
    )


def figures(use: Use | None) -> dict[str, Any]:
    """What episodes take, by name; None for all of it where it is not known."""
    return dict.fromkeys(Use.__struct_fields__) if use is None else msgspec.structs.asdict(use)


def known_use(uses: Sequence[Use | None]) -> Use | None:
    """Likewise; None if one of them is not known."""
    known = [use for use in uses if use is not None]
    return total_use(known) if len(known) == len(uses) else None


def added(spans: Sequence[Range]) -> Range:
    """The sum of numbers that are not known before."""
    mosts = [span.most for span in spans if span.most is not None]
    most = math.fsum(mosts) if len(mosts) == len(spans) else None
    return Range(math.fsum(span.least for span in spans), most)


def is_silent(source: AgentSource) -> bool:
    """Whether an agent is known to ask nobody."""
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
    """What episodes of a game take.

    Args:
        source: Who is to play.
        rehearsed: The scored episodes of the rehearsal.
        episodes: How many are to be played.
        prices: What tokens cost.
        played: Episodes that the agent has really played; then these count.
        rows: How many of the episodes begin without a memory, for agents that remember.

    Returns:
        None where it is not known: of an agent that may ask services by itself, and of a game that
        could not be rehearsed.
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
    """What an episode takes, on average.

    Where the replies are not known, they are at least as long as an answer, and at most as long as
    the model may write.
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
    """What a role's calls take."""
    model, least = source.models.get(role), use.usage
    longest = model.settings.max_tokens if model else None
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
    """What is to be said of models that the prices do not name."""
    models = [(model.name, source.settings) for model in source.models.values()]
    found = [name for name, settings in models if prices and not prices.find(name, settings)]
    return [f"The prices name none for {name}." for name in dict.fromkeys(found)]


class GameEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """What the episodes of a game take that are still to be played.

    Attributes:
        game: The full id.
        episodes: How many there are to play.
        done: How many are played already.
        steps: Mean steps of an episode; None if none could be rehearsed.
        use: What they take; None where it is not known.
    """

    game: str
    episodes: int
    done: int
    steps: float | None
    use: Use | None


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """What a run takes.

    Attributes:
        agent: Who is to play.
        games: Its games.
        use: What all of them take; None where one is not known.
        currency: What costs are counted in; empty without prices.
        notes: What the figures rest on.
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
    """Reckon what a run takes, without any service and without writing it.

    Args:
        agent: As for `smartplay.run`, by name; likewise the others.
        games: The games.
        agent_settings: Settings of the agent.
        game_settings: Settings of games.
        steps: Step limit.
        seed: The suite seed.
        quick: Whether to try the set-up only.
        out: The run folder; what it holds already is not counted.
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
        notes=[*notes_of(source), *unpriced(source, prices), *failures(rehearsed)],
    )


def notes_of(source: AgentSource) -> list[str]:
    """What figures from a rehearsal rest on."""
    if is_silent(source):
        return []
    return [REHEARSED] if source.models else [UNKNOWN]


def failures(rehearsed: Sequence[EpisodeRecord]) -> list[str]:
    """Which games could not be rehearsed."""
    failed = {record.error: record.game for record in rehearsed if record.error}
    return [f"{game} could not be rehearsed: {error}" for error, game in failed.items()]
