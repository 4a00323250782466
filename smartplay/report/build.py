"""From a run folder to a `Report`: every number a reader sees is computed here and nowhere else."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import inf
from pathlib import Path
from typing import NamedTuple

import msgspec

from smartplay.cards.card import GameCard, Human
from smartplay.core.errors import RunFolderError
from smartplay.games.registry import find_card, get_card, register_cards
from smartplay.records import EpisodeRecord, GameHeader, RunHeader
from smartplay.records.folder import RunFolder
from smartplay.records.prices import Prices
from smartplay.records.replay import UNKNOWN
from smartplay.report.content import Report
from smartplay.report.costs import compile_notes, cost_notes, cost_of, efficiency_of, model_uses
from smartplay.report.details import detail_game
from smartplay.runner.jobs import tracks_of
from smartplay.scores.comparison import HUMAN
from smartplay.scores.contrasts import score_contrasts
from smartplay.scores.intervals import Interval, weighted_interval
from smartplay.scores.repeats import score_repeats
from smartplay.scores.scoring import (
    WEIGHTS,
    CapabilityScore,
    GameScore,
    Weights,
    added,
    analyze_capabilities,
    score_capabilities,
    score_game,
    separability,
    spent,
)
from smartplay.scores.thresholds import Threshold, choices, thresholds
from smartplay.validity.anchors import anchors_of


def build_report(
    path: str | Path,
    prices: Prices | None = None,
    human: Human = "published",
    own_cards: Sequence[str | Path] = (),
) -> Report:
    """Score a run; a run cannot name code to run or a file to read.

    Args:
        path: The run folder.
        prices: What tokens cost.
        human: The human scores to normalise by: `"published"`, or `"baseline"` for those recorded
            here, where there are any.
        own_cards: Card files of your own that the run may have been played with.

    Raises:
        RunFolderError: If it cannot be read, or was played with cards that are unknown here.
        CardError: If one of `own_cards` cannot be read.
    """
    for own in own_cards:
        register_cards(own)
    folder = RunFolder(Path(path))
    header = folder.header()
    records = folder.results(header)
    by_game = _by_game(records)
    whole = [_card(folder.path, game).held_to(human) for game in header.games]
    plans = list(zip(whole, header.games.values(), strict=True))
    cards = [_as_played(card, plan) for card, plan in plans]
    changed = [card for card, own in zip(cards, whole, strict=True) if card is not own]
    notes = [
        f"{card.id} was played with another version of its card."
        for card, plan in plans
        if not card.has_digest(plan.digest)
    ]
    games, normalized, lacking = _scored(header, records, whole, cards)
    steps = sum(game.steps for game in games)
    played = [card for card in cards if card.id in normalized]
    invalid = sum((game.invalid_rate or 0.0) * game.steps for game in games)
    planned = sum(game.planned for game in games)
    calls, usage = spent(games)
    models = model_uses(records, header, prices)
    scored_cost = cost_of(
        [record for record in records if record.status == "scored"], header, prices
    )
    reached = thresholds_of(header, records)
    overall, uncapped = _overall(normalized, lacking)
    return Report(
        agent=header.agent,
        run=header,
        episodes=sum(game.episodes for game in games),
        planned=planned,
        unscored=dict(added(game.unscored for game in games)),
        missing=planned - len(records),
        invalid=invalid / steps if steps else None,
        calls=calls,
        usage=usage,
        overall=overall,
        uncapped=uncapped,
        games=games,
        capabilities=score_capabilities(played, normalized, lacking),
        contrasts=score_contrasts(cards, {game.game: game for game in games}, by_game),
        chance={weights: _chance(played, weights) for weights in WEIGHTS},
        separability={weights: separability(played, weights) for weights in WEIGHTS},
        notes=notes
        + _notes(games, header, cards, changed)
        + _limits(cards, games, reached)
        + cost_notes(models, prices)
        + compile_notes(header, sum(game.episodes for game in games), prices)
        + _human_sources(played),
        details=[detail_game(card, by_game[card.id], folder) for card in cards],
        models=models,
        cost=cost_of(records, header, prices),
        efficiency=[
            efficiency_of(card, by_game[card.id], scored_cost)
            for card in (cards if header.measurement is None else ())
        ],
        human=human,
        thresholds=reached,
        repeats=[
            score_repeats(card, by_game[card.id])
            for card, game in zip(cards, games, strict=True)
            if header.repeats > 1 and game.episodes
        ],
    )


def _limits(
    cards: Sequence[GameCard], games: Sequence[GameScore], reached: Sequence[Threshold]
) -> list[str]:
    """The limits of contrasts and thresholds; where there are none, the agents stay unloaded."""
    if not reached and not any(card.contrast for card in cards):
        return []
    from smartplay.report.limits import limits

    return limits({game.game for game in games if game.score}, reached)


class Summary(NamedTuple):
    """The scores of a run as its report has them.

    Attributes:
        overall: The overall score; None if it has none.
        games: The score of each game.
        capabilities: The score of each capability.
    """

    overall: Interval | None
    games: list[GameScore]
    capabilities: list[CapabilityScore]


def summary(header: RunHeader, records: Sequence[EpisodeRecord]) -> Summary:
    """The scores of a run from its records alone; empty for one that measures thresholds.

    Raises:
        UnknownNameError: If it was played on a game that is unknown here.
    """
    if header.measurement is not None:
        return Summary(None, [], [])
    whole = [get_card(game) for game in header.games]
    plans = zip(whole, header.games.values(), strict=True)
    cards = [card.as_played(plan.steps, plan.settings) for card, plan in plans]
    games, normalized, lacking = _scored(header, records, whole, cards)
    played = [card for card in cards if card.id in normalized]
    capabilities = score_capabilities(played, normalized, lacking)
    return Summary(_overall(normalized, lacking)[0], games, capabilities)


def _by_game(records: Sequence[EpisodeRecord]) -> dict[str, list[EpisodeRecord]]:
    found: dict[str, list[EpisodeRecord]] = defaultdict(list)
    for record in records:
        found[record.game].append(record)
    return found


def _scored(
    header: RunHeader,
    records: Sequence[EpisodeRecord],
    whole: Sequence[GameCard],
    cards: Sequence[GameCard],
) -> tuple[list[GameScore], dict[str, Interval], list[GameCard]]:
    """The games' scores, those that are normalised, and the cards of games that lack such a score.

    The cards are the whole ones with what holds for the way the games were played.
    """
    by_game, planned = _by_game(records), planned_of(header, records)
    games = [
        score_game(card, by_game[card.id], planned[card.id], header.games[card.id].steps)
        for card in cards
    ]
    if header.measurement is not None:  # a mean over levels that were chosen says nothing
        none = dict.fromkeys(("score", "normalized", "corrected", "return_mean", "completed"))
        games = [msgspec.structs.replace(game, further={}, **none) for game in games]
    lacking = [
        card
        for card, own in zip(cards, whole, strict=True)
        if own.anchors.human is not None and (card is not own or not by_game[card.id])
    ]
    return games, {game.game: game.normalized for game in games if game.normalized}, lacking


def _overall(
    normalized: Mapping[str, Interval], lacking: Sequence[GameCard]
) -> tuple[Interval | None, Interval | None]:
    """The headline, capped at the human score in each game, and the same without that cap."""
    if not normalized or lacking:
        return None, None
    parts, weights = list(normalized.values()), [1.0] * len(normalized)
    return weighted_interval(parts, weights, HUMAN), weighted_interval(parts, weights, inf)


def _as_played(card: GameCard, plan: GameHeader) -> GameCard:
    """The card with the anchors that hold for the game as a run plays it."""
    played = card.as_played(plan.steps, plan.settings)
    if played is card:
        return card
    return msgspec.structs.replace(played, anchors=anchors_of(card, plan))


def planned_of(header: RunHeader, records: Sequence[EpisodeRecord]) -> Mapping[str, int]:
    """Episodes by game: those planned, or as far as their levels are chosen."""
    if header.measurement is None:
        return {game: plan.episodes * header.repeats for game, plan in header.games.items()}
    return Counter(game for game, _ in choices(tracks_of(header), header.measurement, records).made)


def thresholds_of(header: RunHeader, records: Iterable[EpisodeRecord]) -> list[Threshold]:
    """The thresholds of a run from its records alone; empty if it measures none."""
    if header.measurement is None:
        return []
    tracks = tracks_of(header)
    for record in records:
        if record.score is not None:
            tracks[record.game].add_record(record)
    return thresholds(tracks)


def _card(path: Path, game: str) -> GameCard:
    """The card of a game. A run names its card's file too, but an untrusted one names any file."""
    card = find_card(game)
    if card is None:
        raise RunFolderError(f"{path} was played on {game}, which {UNKNOWN}")
    return card


def _chance(cards: list[GameCard], weights: Weights) -> dict[str, float | None]:
    random = [(card, card.anchors.random) for card in cards]
    levels = [(card, card.normalized(known.mean)) for card, known in random if known]
    pairs = [(card, level) for card, level in levels if level is not None]
    return analyze_capabilities(pairs, weights) if len(pairs) == len(cards) else {}


def _notes(
    games: list[GameScore], header: RunHeader, cards: list[GameCard], changed: list[GameCard]
) -> list[str]:
    notes = []
    if header.arguments.get("quick") is True:
        notes.append("This run was made with --quick. It is a trial of the set-up, not a result.")
    played = {game.game: game.episodes + sum(game.unscored.values()) for game in games}
    planned = {game.game: game.planned for game in games}
    starved = [card for card in cards if not planned[card.id]]
    if starved:
        notes.append(f"The calls did not suffice for a threshold of {_names(starved)}.")
    waiting = [card for card in cards if planned[card.id] and not played[card.id]]
    if waiting and len(waiting) < len(games):
        notes.append(
            f"The run is unfinished, and no episode of {_names(waiting)} has been played. Scores "
            "over several games are not shown before each of their games has been played."
        )
    elif any(played[game.game] < game.planned for game in games):
        notes.append("The run is unfinished: its scores rest on the episodes played so far.")
    if changed:
        which = "" if len(changed) == len(cards) else f" for {_names(changed)}"
        notes.append(
            f"Raw scores only{which}: no human score is known for the settings or the step limit "
            f"that were played. {_measured_here(changed)}"
        )
    without = [
        card
        for card, game in zip(cards, games, strict=True)
        if game.score and not game.normalized and not card.contrast and card not in changed
    ]
    if without:
        some = ("score is", "it counts") if len(without) == 1 else ("scores are", "they count")
        notes.append(
            f"No human {some[0]} known for {_names(without)}: {some[1]} for no capability."
        )
    if header.repeats > 1:
        notes.append(
            f"Each episode was played {header.repeats} times. Its plays count as one value, their "
            "mean, since they are not independent."
        )
    if header.measurement is not None:
        notes.append(
            "No family of language models has been measured by thresholds yet, so they stand "
            "beside the classic scores, not in their place."
        )
    elif any(game.episodes == 1 for game in games):
        notes.append("A single episode has no interval.")
    return notes


def _measured_here(changed: list[GameCard]) -> str:
    without = [card for card in changed if card.anchors.random is None]
    if len(without) == len(changed):
        return "Random play was not measured for these, as it would take long."
    told = "Random play and trivial policies were measured for these on the spot"
    return f"{told}, but not for {_names(without)}." if without else f"{told}."


def _names(cards: list[GameCard]) -> str:
    return ", ".join(card.id.split("/")[-1] for card in cards)


def _human_sources(cards: list[GameCard]) -> list[str]:
    """Which human scores were used, one line per source."""
    sources: dict[str, list[str]] = {}
    for card in cards:
        sources.setdefault(card.anchors.human_source or "published", []).append(card.name)
    return [f"Human scores of {', '.join(names)}: {source}." for source, names in sources.items()]
