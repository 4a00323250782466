"""What it takes to see a difference, before anything is played."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from smartplay.agents.catalog import SCRIPTED, AgentSource
from smartplay.cards.card import GameCard
from smartplay.core.errors import UsageError
from smartplay.games.registry import get_card
from smartplay.models.base import WITHOUT_EFFECT
from smartplay.records import EpisodeRecord, GameHeader, RoleUse, RunHeader, Usage
from smartplay.records.folder import RunFolder
from smartplay.records.prices import Prices
from smartplay.report.build import build_report
from smartplay.report.content import entries_of
from smartplay.runner.rehearse import rehearse, source_of
from smartplay.scores.entries import Entry, paired
from smartplay.scores.intervals import CONFIDENCE
from smartplay.scores.power import (
    DETECT,
    POWER,
    check_detect,
    detectable,
    episodes_needed,
    unit_of,
)

NORMAL = 1.959964  # standard errors from a measured anchor to an end of its interval
OWN_SCORE = "its own score"


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


class GamePlan(msgspec.Struct, frozen=True, kw_only=True):
    """What one game takes.

    Attributes:
        game: The full id.
        scale: What differences are counted in: `"normalised"`, `"over chance"`, or, where the game
            has no scale as it is to be played, `"its own score"`.
        spread: The standard deviation of the difference of two runs in an episode, on that scale;
            None where nothing is known of it.
        basis: Where the spread comes from.
        episodes: Episodes that the other figures are for: those needed, else those of the card.
        needed: Episodes with which the difference is told apart; None where that is not known.
        usual: Episodes of the card.
        detects: The difference that these tell apart; None where there is none.
        steps: Mean steps of an episode; None if none could be played.
        calls: Calls to language models; None where they are not known.
        read: Tokens they read; likewise.
        written: Tokens they write; likewise.
        cost: What they cost; likewise, and without prices.
    """

    game: str
    scale: str
    spread: float | None
    basis: str
    episodes: int
    needed: int | None
    usual: int
    detects: float | None
    steps: float | None
    calls: float | None
    read: float | None
    written: Range | None
    cost: Range | None


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a run takes that is to show a difference to another run on the same episodes.

    Attributes:
        agent: Who is to play.
        detect: The difference.
        power: How often it is told apart if it is there.
        confidence: How often none is told in any of the games if there is none.
        games: What each game takes.
        overall: Episodes of each game with which a difference of the mean normalised score is told
            apart; None where that is not known.
        calls: Calls of the run; None where those of a game are not known. The same holds for the
            rest.
        read: Tokens read.
        written: Tokens written.
        cost: What they cost.
        currency: What costs are counted in; empty without prices.
        notes: What the figures rest on.
    """

    agent: str
    detect: float
    power: float = POWER
    confidence: float = CONFIDENCE
    games: list[GamePlan]
    overall: int | None
    calls: float | None
    read: float | None
    written: Range | None
    cost: Range | None
    currency: str
    notes: list[str]


class Use(NamedTuple):
    """What an episode takes, on average.

    Attributes:
        calls: Calls to language models.
        read: Tokens they read.
        written: Tokens they write.
        cost: What they cost; None without prices.
    """

    calls: float
    read: float
    written: Range
    cost: Range | None

    def times(self, episodes: int) -> Use:
        """What some episodes take."""
        cost = None if self.cost is None else self.cost.times(episodes)
        calls, read = self.calls * episodes, self.read * episodes
        return Use(calls, read, self.written.times(episodes), cost)


def make_plan(
    agent: str,
    games: str = "core",
    *,
    detect: float = DETECT,
    steps: int | None = None,
    seed: int = 0,
    agent_settings: Mapping[str, Any] | None = None,
    game_settings: Mapping[str, Mapping[str, Any]] | None = None,
    earlier: Sequence[Path] = (),
    own_cards: Sequence[Path] = (),
    prices: Prices | None = None,
) -> Plan:
    """Reckon what a run takes.

    Args:
        agent: As for `smartplay.run`, by name.
        games: As for `smartplay.run`.
        detect: The difference, above 0.
        steps: As for `smartplay.run`.
        seed: As for `smartplay.run`.
        agent_settings: As for `smartplay.run`.
        game_settings: As for `smartplay.run`.
        earlier: Run folders: spreads are taken from them, and from those of the same agent what
            its calls take.
        own_cards: Card files of your own that these may have been played with.
        prices: What tokens cost.

    Raises:
        UsageError: If something asked for does not exist or cannot be done, or a model has no
            price.
        RunFolderError: If an earlier run cannot be read.
    """
    check_detect(detect)
    reports = [build_report(path, None, "published", own_cards) for path in earlier]
    entries = entries_of(reports) if reports else []
    source = source_of(agent, agent_settings or {})
    options = {"steps": steps, "seed": seed, "game_settings": game_settings or {}}
    header, rehearsed = rehearse(source, games, options)
    played = [
        record
        for path, report in zip(earlier, reports, strict=True)
        if _same_agent(report.run, header)
        for record in RunFolder(path).results(report.run)
        if _alike(report.run.games[record.game], header.games.get(record.game))
    ]
    alike = {
        game: [
            entry
            for entry, report in zip(entries, reports, strict=True)
            if _alike(report.run.games.get(game), plan)
        ]
        for game, plan in header.games.items()
    }
    silent = not source.models and agent.partition(":")[0] in SCRIPTED
    found = []
    for game, plan in header.games.items():
        card = get_card(game)
        own = [record for record in played if record.game == game and record.score is not None]
        tried = [record for record in rehearsed if record.game == game and record.score is not None]
        use = use_of(own, source, prices, known=True)
        if use is None and (source.models or silent):
            use = use_of(tried, source, prices, known=silent)
        found.append(_game(card, plan, alike[game], own or tried, use, detect, len(header.games)))
    failed = {record.error: record.game for record in rehearsed if record.error}
    return Plan(
        agent=source.name,
        detect=detect,
        games=found,
        overall=_overall(found, detect),
        calls=_sum(found, lambda each: each.calls),
        read=_sum(found, lambda each: each.read),
        written=sum_ranges([each.written for each in found]),
        cost=sum_ranges([each.cost for each in found]),
        currency=prices.currency if prices else "",
        notes=[*_notes(found, bool(played), silent), *(
            f"{game} could not be rehearsed: {error}" for error, game in failed.items()
        )],
    )  # fmt: skip


def _same_agent(one: RunHeader, other: RunHeader) -> bool:
    """Whether two runs are of an agent that asks the same, wherever its models are served."""
    asking = [
        (run.agent, run.agent_digest, _asking(msgspec.to_builtins(run.agent_settings)))
        for run in (one, other)
    ]
    return asking[0] == asking[1]


def _asking(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings that prompts and replies depend on, those of models in roles too."""
    return {
        key: _asking(value) if isinstance(value, dict) else value
        for key, value in settings.items()
        if key not in (*WITHOUT_EFFECT, "base_url")
    }


def _alike(one: GameHeader | None, other: GameHeader | None) -> bool:
    """Whether a game was played as it is to be played."""
    return (
        one is not None
        and other is not None
        and (one.digest, one.settings, one.steps) == (other.digest, other.settings, other.steps)
    )


def _game(
    card: GameCard,
    plan: GameHeader,
    entries: Sequence[Entry],
    records: Sequence[EpisodeRecord],
    use: Use | None,
    detect: float,
    games: int,
) -> GamePlan:
    unit, scale = unit_of(card.as_played(plan.steps, plan.settings).anchors) or (1.0, OWN_SCORE)
    known = _spread_of_runs(entries, card.id) or _spread_of_anchors(card, plan)
    spread, basis = known or (None, "nothing, so name an earlier run with --from")
    scaled = None if spread is None else spread / unit
    needed = None if scaled is None else episodes_needed(detect, [scaled], [1], games)
    episodes = needed or card.episodes
    total = use and use.times(episodes)
    return GamePlan(
        game=card.id,
        scale=scale,
        spread=scaled,
        basis=basis,
        episodes=episodes,
        needed=needed,
        usual=card.episodes,
        detects=detectable(card.episodes, scaled, games) if scaled else None,
        steps=float(np.mean([record.steps for record in records])) if records else None,
        calls=total and total.calls,
        read=total and total.read,
        written=total and total.written,
        cost=total and total.cost,
    )


def _spread_of_runs(entries: Sequence[Entry], game: str) -> tuple[float, str] | None:
    """The spread of the differences of earlier runs, or of two that are like a single one."""
    pairs = [paired(a, b, "scores").get(game, {}) for a, b in combinations(entries, 2)]
    variances = [float(np.var(list(p.values()), ddof=1)) for p in pairs if len(p) > 1]
    if variances:
        most = max(map(len, pairs))
        runs = f"the paired differences of {len(entries)} earlier runs in up to {most} episodes"
        return math.sqrt(float(np.mean(variances))), runs
    for entry in entries:
        scores = list(entry.scores.get(game, {}).values())
        if len(scores) > 1:
            deviation = float(np.std(scores, ddof=1))
            about = f"the scores of an earlier run in {len(scores)} episodes"
            return math.sqrt(2) * deviation, f"{about}, as if the runs shared no luck"
    return None


def _spread_of_anchors(card: GameCard, plan: GameHeader) -> tuple[float, str] | None:
    """The spread of whichever measured agent spreads most, or the most there can be."""
    anchors = card.as_played(plan.steps, plan.settings).anchors
    found = [
        (math.sqrt(each.episodes) * (each.high - each.low) / (2 * NORMAL), name)
        for name, each in (
            ("random play", anchors.random),
            ("the reference agent", anchors.reference),
        )
        if each is not None and each.low is not None and each.high is not None
    ]
    deviation, who = max(found, default=(0.0, ""))
    if deviation:
        return math.sqrt(2) * deviation, f"the scores of {who}, as if the runs shared no luck"
    return None


def use_of(
    records: Sequence[EpisodeRecord], source: AgentSource, prices: Prices | None, known: bool
) -> Use | None:
    """What an episode takes, on average; None without episodes.

    Args:
        records: Scored episodes.
        source: Who is to play.
        prices: What tokens cost.
        known: Whether the written tokens are those of real replies. Else replies are at least as
            long as an answer, and at most as long as the model may write.
    """
    if not records:
        return None
    asked: dict[str, RoleUse] = {}
    for record in records:
        for role, use in record.roles.items():
            so_far = asked.get(role, RoleUse(model=use.model))
            asked[role] = RoleUse(so_far.model, so_far.calls + use.calls, so_far.usage + use.usage)
    spans = [_span(source, role, use, prices, known) for role, use in asked.items()]
    share = 1 / len(records)
    return Use(
        sum(use.calls for use in asked.values()) * share,
        sum(use.usage.prompt for use in asked.values()) * share,
        added([written for written, _ in spans]).times(share),
        None if prices is None else added([cost for _, cost in spans]).times(share),
    )


def _span(
    source: AgentSource, role: str, use: RoleUse, prices: Prices | None, known: bool
) -> tuple[Range, Range]:
    """What a role's calls write, and what they cost."""
    model, least = source.models.get(role), use.usage
    longest = model.settings.max_tokens if model else None
    most = least if known else None
    if longest is not None and not known:
        most = Usage(prompt=least.prompt, completion=use.calls * longest)
    written = Range(least.completion, None if most is None else most.completion)
    if prices is None:
        return written, Range(0.0, None)
    name = model.name if model else source.name
    price = prices.find(name, source.settings if name == source.name else {})
    if price is None:
        raise UsageError(f"the prices name none for {name}")
    return written, Range(price.of(least), None if most is None else price.of(most))


def _overall(games: Sequence[GamePlan], detect: float) -> int | None:
    spreads = [each.spread for each in games if each.spread is not None]
    if len(spreads) < len(games) or any(each.scale != "normalised" for each in games):
        return None
    return episodes_needed(detect, spreads, [1] * len(spreads), 1)


def _sum(games: Sequence[GamePlan], value: Callable[[GamePlan], float | None]) -> float | None:
    found = [value(each) for each in games]
    known = [each for each in found if each is not None]
    return math.fsum(known) if len(known) == len(found) else None


def sum_ranges(spans: Sequence[Range | None]) -> Range | None:
    """Likewise; None if one of them is not known at all."""
    known = [span for span in spans if span is not None]
    return added(known) if len(known) == len(spans) else None


def added(spans: Sequence[Range]) -> Range:
    """The sum of numbers that are not known before."""
    mosts = [span.most for span in spans if span.most is not None]
    most = math.fsum(mosts) if len(mosts) == len(spans) else None
    return Range(math.fsum(span.least for span in spans), most)


def _notes(games: Sequence[GamePlan], measured: bool, silent: bool) -> list[str]:
    """What the figures rest on, one line per kind."""
    bases: dict[str, list[str]] = defaultdict(list)
    for each in games:
        bases[each.basis].append(each.game.split("/")[-1])
    notes = [f"Spread of {', '.join(names)}: from {basis}." for basis, names in bases.items()]
    raw = [each.game.split("/")[-1] for each in games if each.scale == OWN_SCORE]
    if raw:
        notes.append(f"{', '.join(raw)}: no scale is known, so differences are in its own score.")
    if measured:
        notes.append("Steps, calls and tokens are those of earlier episodes of this agent.")
    elif any(each.calls is None for each in games):
        notes.append(
            "The calls of an agent that is lent no models are not known before it plays; name an "
            "earlier run of it with --from."
        )
    elif not silent:
        notes.append(
            "Steps and prompts are those of two episodes of random play; an agent that survives "
            "longer takes more. 4 characters count as a token. Written tokens: at least the bare "
            "answers, at most as many as the model may write."
        )
    return notes
