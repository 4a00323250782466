"""Plans what it takes to detect a difference, before anything is played."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from smartplay.cards.card import GameCard
from smartplay.core.errors import UsageError
from smartplay.games.registry import get_card
from smartplay.records import EpisodeRecord, GameHeader
from smartplay.records.folder import RunFolder
from smartplay.records.prices import Prices
from smartplay.report.build import build_report
from smartplay.report.content import Report, entries_of
from smartplay.report.estimate import (
    Reckoned,
    Use,
    expected_use,
    failures,
    figures,
    known_use,
    notes_of,
    unasked,
    unpriced,
)
from smartplay.runner.plan import asking
from smartplay.runner.rehearse import rehearse, source_of
from smartplay.scores.entries import Entry, paired
from smartplay.scores.intervals import CONFIDENCE
from smartplay.scores.power import (
    DETECT,
    OWN_SCORE,
    POWER,
    check_detect,
    detectable,
    episodes_needed,
    scale_of,
)
from smartplay.scores.statistics import deviation

NORMAL = 1.959964  # standard errors from a measured anchor to an end of its interval
PLAYED = "Steps, calls and tokens are those of earlier episodes of this agent."


class GamePlan(Reckoned, frozen=True, kw_only=True):
    """What one game needs.

    Attributes:
        game: The full id.
        scale: The unit of differences: `"normalised"`, `"over chance"`, or, if the game as played
            has no scale, `"its own score"`.
        spread: The standard deviation of the difference of two runs in an episode, on that scale;
            None if unknown.
        basis: Where the spread comes from.
        episodes: Episodes that the other figures are for: those needed, else those of the card.
        needed: Episodes that detect the difference; None if unknown.
        usual: Episodes of the card.
        detects: The difference that these detect; None if they detect none.
        steps: Mean steps of an episode; None if none could be played.
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


class Plan(Reckoned, frozen=True, kw_only=True):
    """What a run needs to show a difference from another run on the same episodes.

    Attributes:
        agent: Who is to play.
        detect: The difference.
        power: The probability of detecting the difference if it exists.
        confidence: The probability that no game shows a difference if there is none.
        games: What each game needs.
        overall: Episodes of each game that detect a difference of the mean normalised score; None
            if unknown.
        currency: What costs are counted in; empty without prices.
        notes: What the figures are based on.
    """

    agent: str
    detect: float
    power: float = POWER
    confidence: float = CONFIDENCE
    games: list[GamePlan]
    overall: int | None
    currency: str
    notes: list[str]


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
    """Plan a run.

    Args:
        agent: As for `smartplay.run`, by name.
        games: As for `smartplay.run`.
        detect: The difference, above 0.
        steps: As for `smartplay.run`.
        seed: As for `smartplay.run`.
        agent_settings: As for `smartplay.run`.
        game_settings: As for `smartplay.run`.
        earlier: Run folders to take spreads from, and, from those of the same agent, the cost of
            its calls.
        own_cards: Card files of your own that the earlier runs may have been played with.
        prices: What tokens cost.

    Raises:
        UsageError: If something asked for does not exist or cannot be done.
        RunFolderError: If an earlier run cannot be read.
    """
    check_detect(detect)
    reports = [build_report(path, None, "published", own_cards) for path in earlier]
    entries = [_played_once(*each) for each in zip(entries_of(reports), reports, strict=True)]
    source = source_of(agent, agent_settings or {})
    options = {"steps": steps, "seed": seed, "game_settings": game_settings or {}}
    header, rehearsed = rehearse(source, games, options)
    played = [
        record
        for path, report in zip(earlier, reports, strict=True)
        if asking(report.run) == asking(header)
        for record in RunFolder(path).results(report.run)
        if _alike(report.run.games[record.game], header.games.get(record.game))
    ]
    found = []
    for game, plan in header.games.items():
        alike = [
            entry
            for entry, report in zip(entries, reports, strict=True)
            if _alike(report.run.games.get(game), plan)
        ]
        own = [record for record in played if record.game == game and record.score is not None]
        tried = [record for record in rehearsed if record.game == game and record.score is not None]
        found.append(
            _game(
                get_card(game),
                plan,
                alike,
                own or tried,
                partial(expected_use, source, tried, prices=prices, played=own),
                detect,
                len(header.games),
            )
        )
    unused = [
        f"{path} is not used: it played no game of the plan with these settings and steps."
        for path, report in zip(earlier, reports, strict=True)
        if not any(_alike(report.run.games.get(game), plan) for game, plan in header.games.items())
    ]
    total = known_use([use for _, use in found])
    plans = [plan for plan, _ in found]
    basis = [PLAYED] if played else notes_of(source)
    basis += unasked(source, played or rehearsed)
    return Plan(
        agent=source.name,
        detect=detect,
        games=plans,
        overall=_overall(plans, detect),
        **figures(total),
        currency=prices.currency if prices else "",
        notes=[*unused, *_notes(plans), *basis, *unpriced(source, prices), *failures(rehearsed)],
    )


def _played_once(entry: Entry, report: Report) -> Entry:
    """An earlier run with one play of each episode, as is planned: means of several spread less."""
    scores = {
        detail.game: {e.seed: e.score for e in reversed(detail.episodes) if e.score is not None}
        for detail in report.details
        if detail.game in entry.scores
    }
    return msgspec.structs.replace(entry, scores=scores)


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
    use: Callable[[int], Use | None],
    detect: float,
    games: int,
) -> tuple[GamePlan, Use | None]:
    as_played = card.as_played(plan.steps, plan.settings)
    scale = scale_of(as_played.anchors)
    ends = as_played.bounds_within(plan.steps)
    reach = math.inf if ends.low is None or ends.high is None else ends.high - ends.low
    if detect * scale.unit > reach:
        raise UsageError(
            f"no two scores of {card.id} are {detect:g} apart, only {reach / scale.unit:.3g} at "
            "most; ask for less with --detect"
        )
    known = _spread_of_runs(entries, card.id) or _spread_of_anchors(card, plan)
    spread, basis = known or (None, "nothing; name a run of two episodes or more with --from")
    scaled = None if spread is None else spread / scale.unit
    needed = None if scaled is None else episodes_needed(detect, [scaled], [1], games)
    episodes = needed or card.episodes
    total = use(episodes)
    found = GamePlan(
        game=card.id,
        scale=scale.name,
        spread=scaled,
        basis=basis,
        episodes=episodes,
        needed=needed,
        usual=card.episodes,
        detects=detectable(card.episodes, scaled, games) if scaled else None,
        steps=float(np.mean([record.steps for record in records])) if records else None,
        **figures(total),
    )
    return found, total


def _spread_of_runs(entries: Sequence[Entry], game: str) -> tuple[float, str] | None:
    """The spread of the differences of earlier runs, or of two that are like a single one."""
    pairs = [paired(a, b, "scores").get(game, {}) for a, b in combinations(entries, 2)]
    variances = [deviation(list(p.values())) ** 2 for p in pairs if len(p) > 1]
    if variances:
        most = max(map(len, pairs))
        runs = f"the paired differences of {len(entries)} earlier runs in up to {most} episodes"
        return math.sqrt(float(np.mean(variances))), runs
    for entry in entries:
        scores = list(entry.scores.get(game, {}).values())
        if len(scores) > 1:
            about = f"the scores of an earlier run in {len(scores)} episodes"
            return math.sqrt(2) * deviation(scores), f"{about}, as if the runs shared no luck"
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
    most, who = max(found, default=(0.0, ""))
    if most:
        return math.sqrt(2) * most, f"the scores of {who}, as if the runs shared no luck"
    return None


def _overall(games: Sequence[GamePlan], detect: float) -> int | None:
    spreads = [each.spread for each in games if each.spread is not None]
    if len(spreads) < len(games) or any(each.scale != "normalised" for each in games):
        return None
    return episodes_needed(detect, spreads, [1] * len(spreads), 1)


def _notes(games: Sequence[GamePlan]) -> list[str]:
    """Where spreads and scales come from, one line per kind."""
    bases: dict[str, list[str]] = defaultdict(list)
    for each in games:
        bases[each.basis].append(each.game.split("/")[-1])
    notes = [f"Spread of {', '.join(names)}: from {basis}." for basis, names in bases.items()]
    raw = [each.game.split("/")[-1] for each in games if each.scale == OWN_SCORE]
    if raw:
        notes.append(f"{', '.join(raw)}: no scale is known, so differences are in its own score.")
    return notes
