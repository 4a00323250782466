"""Scores: pure functions of cards and records; they know no runner, no game and no model."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Literal, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from smartplay.cards.capabilities import Capability
from smartplay.cards.card import GameCard
from smartplay.core.errors import UsageError
from smartplay.core.shown import Shown
from smartplay.records import EpisodeRecord, Usage
from smartplay.scores.intervals import Interval, mean_interval, weighted_interval
from smartplay.scores.statistics import Floats, success_score

Weights = Literal["shipped", "paper"]
WEIGHTS: tuple[Weights, ...] = ("shipped", "paper")
Key = TypeVar("Key", bound=Hashable)


class GameScore(Shown, msgspec.Struct, frozen=True, kw_only=True):
    """One game's result.

    Attributes:
        game: The full id.
        title: The game's name for people.
        counts: What the score counts, in words.
        episodes: Scored episodes, repeats counted.
        unscored: Episodes that failed, by cause.
        planned: Episodes the run is to play.
        engine: What played the game's world, where there is more than one; else empty.
        steps_limit: Step limit played with.
        shortened: Whether that is below the card's.
        score: Mean score over the episodes, each the mean of its plays; None if none was scored.
        normalized: (score - min) / (human - min), as in the paper; None without anchors.
        corrected: (score - random) / (best - random); None likewise.
        return_mean: Mean sum of rewards.
        completed: Share of scored episodes that reached the game's goal; None where it has none.
        steps: Steps taken in scored episodes.
        invalid: Share of these steps played by the fallback, by cause of the last reply.
        rejected: Replies that named no valid action, retries included, by cause.
        calls: Calls to a language model.
        usage: Their tokens.
        seconds: Wall-clock time of the episodes added up.
        further: Means of the further scores the game defines.
        success: Share of scored episodes in which each achievement was unlocked, if there are any.
        success_score: Their geometric mean in percent, the Crafter score; None if there are none.
    """

    game: str
    title: str
    counts: str
    episodes: int
    unscored: dict[str, int]
    planned: int
    engine: str
    steps_limit: int
    shortened: bool
    score: Interval | None
    normalized: Interval | None
    corrected: Interval | None
    return_mean: float | None
    completed: float | None
    steps: int
    invalid: dict[str, float]
    rejected: dict[str, int]
    calls: int
    usage: Usage
    seconds: float
    further: dict[str, Interval]
    success: dict[str, float]
    success_score: float | None

    @property
    def invalid_rate(self) -> float | None:
        """Share of steps without a valid answer; None without steps."""
        return sum(self.invalid.values()) if self.steps else None

    def __str__(self) -> str:
        played = f"{self.episodes} of {self.planned} episodes"
        parts = [("score", self.score), ("normalised", self.normalized)]
        known = [f"{name} {value}" for name, value in parts if value is not None]
        return f"{self.game}: {', '.join([*known, played])}"


class CapabilityScore(Shown, msgspec.Struct, frozen=True, kw_only=True):
    """One capability's result.

    Attributes:
        capability: Its name.
        scores: The weighted mean of the normalised game scores (0 the minimum, 1 the human
            score), by weighting; None where no played game demands the capability.
        reason: Why a score is None; empty if none is.
        covers: The games that count under the shipped weights, with their weights.
    """

    capability: str
    scores: dict[str, Interval | None]
    reason: str
    covers: dict[str, int]

    def __str__(self) -> str:
        score = self.scores["shipped"]
        return f"{self.capability}: {f'not measured, {self.reason}' if score is None else score}"


def spent(parts: Iterable[EpisodeRecord | GameScore]) -> tuple[int, Usage]:
    """The calls of episodes or games to a language model, and their tokens."""
    calls, usage = 0, Usage()
    for part in parts:
        calls, usage = calls + part.calls, usage + part.usage
    return calls, usage


def weigh(degrees: npt.ArrayLike, weights: Weights) -> Floats:
    """The weights of games in capability scores, from the degrees to which they demand them.

    The paper (arXiv 2310.01557, section 3.3) weights by the degree, the code it shipped with by
    the degree less one, which leaves out games that demand the least of the capability.
    """
    return np.asarray(degrees, dtype=np.float64) - (weights == "shipped")


def weight_matrix(cards: Sequence[GameCard], weights: Weights) -> Floats:
    """The weights of games, shape (games, 9), the capabilities in their order."""
    degrees = [[card.degree(capability) for capability in Capability] for card in cards]
    return weigh(degrees, weights).reshape(len(cards), len(Capability))


def episode_means(values: Iterable[tuple[Key, float | None]]) -> dict[Key, float]:
    """The mean over the plays of each episode, by what identifies the episode; None is left out.

    Repeats of an episode are not independent: they make one value together.
    """
    plays: dict[Key, list[float]] = defaultdict(list)
    for episode, value in values:
        if value is not None:
            plays[episode].append(value)
    return {episode: sum(found) / len(found) for episode, found in plays.items()}


def score_game(
    card: GameCard, records: Sequence[EpisodeRecord], planned: int, steps_limit: int
) -> GameScore:
    """Sum up a game's episodes.

    Args:
        card: The game's card, with the settings played with and the anchors that hold for them.
        records: Its episodes, scored or not.
        planned: How many the run is to play, repeats counted.
        steps_limit: The step limit they were played with.
    """
    scored = [record for record in records if record.score is not None]
    values = _per_episode(scored, lambda record: record.score)
    mean = mean_interval(values, card.bounds_within(steps_limit)) if values else None
    steps = sum(record.steps for record in scored)
    invalid = added(record.invalid for record in scored)
    unlocked = _named(scored, lambda record: record.unlocked)
    success = {name: float(np.mean(values)) for name, values in unlocked.items()}
    further = _named(scored, lambda record: record.scores)
    calls, usage = spent(records)
    anchors = card.anchors
    return GameScore(
        game=card.id,
        title=card.title,
        counts=card.score,
        episodes=len(scored),
        unscored=dict(Counter(record.error or "unknown" for record in records if record.error)),
        planned=planned,
        engine=" and ".join(sorted({record.engine for record in scored} - {""})),
        steps_limit=steps_limit,
        shortened=steps_limit < card.steps,
        score=mean,
        normalized=_scaled(mean, None if anchors.human is None else (anchors.min, anchors.human)),
        corrected=_scaled(mean, anchors.corrected),
        return_mean=_mean(_per_episode(scored, lambda record: record.return_)),
        completed=_mean(_per_episode(scored, lambda r: r.completed)) if card.goal else None,
        steps=steps,
        invalid={cause: count / steps for cause, count in invalid.items() if steps},
        rejected=dict(added(record.rejected for record in records)),
        calls=calls,
        usage=usage,
        seconds=sum(record.seconds for record in records),
        further={name: mean_interval(values) for name, values in further.items()},
        success=success,
        success_score=success_score([100 * rate for rate in success.values()]) if success else None,
    )


def score_capabilities(
    cards: Sequence[GameCard],
    normalized: Mapping[str, Interval],
    lacking: Sequence[GameCard] = (),
) -> list[CapabilityScore]:
    """Attribute normalised scores to the nine capabilities.

    Args:
        cards: The played games' cards.
        normalized: Normalised scores by full id; a game without one is left out.
        lacking: Games of the run that have no normalised score, but would have one if they had
            been played, and as their cards say. A capability that one of them demands has no score:
            it would be that of another choice of games.

    Returns:
        One score per capability, in the order of `Capability`. Its interval follows from those of
        the games.
    """
    measured = [card for card in cards if card.id in normalized]
    open_weights = {weights: weight_matrix(lacking, weights).sum(axis=0) for weights in WEIGHTS}
    found = []
    for place, capability in enumerate(Capability):
        scores: dict[str, Interval | None] = dict.fromkeys(WEIGHTS)
        covers: dict[str, dict[str, int]] = {}
        for weights in WEIGHTS:
            column = weight_matrix(measured, weights)[:, place]
            pairs = zip(measured, column.tolist(), strict=True)
            covers[weights] = {card.id: int(weight) for card, weight in pairs if weight}
            if covers[weights] and not open_weights[weights][place]:
                parts = [normalized[game] for game in covers[weights]]
                scores[weights] = weighted_interval(parts, list(covers[weights].values()))
        reason = ""
        if scores["shipped"] is None:
            reason = "no played game demands it" if measured else "no game has a normalised score"
            if open_weights["shipped"][place] and measured:
                reason = "not all games that demand it have a normalised score"
        found.append(
            CapabilityScore(
                capability=str(capability),
                scores=scores,
                reason=reason,
                covers=covers["shipped"],
            )
        )
    return found


def analyze_capabilities(
    scores: Sequence[tuple[GameCard, float]], weights: Weights = "shipped"
) -> dict[str, float | None]:
    """Weighted means of normalised scores, by capability; None where no game counts.

    Args:
        scores: Each game's card and normalised score.
        weights: `"shipped"` or `"paper"`, see `weigh`.

    Raises:
        UsageError: If the weighting is unknown.
    """
    if weights not in WEIGHTS:
        raise UsageError(f"unknown weights {weights!r}; known: {', '.join(WEIGHTS)}")
    matrix = weight_matrix([card for card, _ in scores], weights)
    totals, sums = matrix.sum(axis=0), np.array([score for _, score in scores]) @ matrix
    return {
        str(capability): float(sums[place] / total) if (total := totals[place]) else None
        for place, capability in enumerate(Capability)
    }


class Separability(msgspec.Struct, frozen=True, kw_only=True):
    """What the choice of games can tell apart.

    Attributes:
        rank: Rank of the matrix of weights, games by capabilities; fewer than nine means that the
            nine scores are not independent of one another.
        groups: Capabilities whose scores are equal whatever is played, because the games' weights
            are proportional.
    """

    rank: int
    groups: list[list[str]]


def separability(cards: Sequence[GameCard], weights: Weights = "shipped") -> Separability:
    """Find out which capabilities a choice of games cannot tell apart."""
    matrix = weight_matrix(cards, weights)
    totals = matrix.sum(axis=0)
    groups: dict[tuple[float, ...], list[str]] = {}
    for place, capability in enumerate(Capability):
        if totals[place]:
            share = tuple((matrix[:, place] / totals[place]).round(12).tolist())
            groups.setdefault(share, []).append(str(capability))
    rank = int(np.linalg.matrix_rank(matrix)) if len(cards) else 0
    return Separability(rank=rank, groups=[group for group in groups.values() if len(group) > 1])


def _scaled(mean: Interval | None, ends: tuple[float, float] | None) -> Interval | None:
    return None if mean is None or ends is None else mean.scaled(*ends)


def _per_episode(
    records: Sequence[EpisodeRecord], value: Callable[[EpisodeRecord], float | None]
) -> list[float]:
    return list(episode_means((record.episode, value(record)) for record in records).values())


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def added(counts: Iterable[Mapping[str, int]]) -> Counter[str]:
    """The sums of counts by name."""
    total: Counter[str] = Counter()
    for count in counts:
        total.update(count)
    return total


def _named(
    records: Sequence[EpisodeRecord], values: Callable[[EpisodeRecord], Mapping[str, float]]
) -> dict[str, list[float]]:
    names = dict.fromkeys(name for record in records for name in values(record))
    return {
        name: list(episode_means((r.episode, values(r).get(name)) for r in records).values())
        for name in names
    }
