"""The data behind pictures of a game's episodes: single scores, curves, waiting times."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Literal

import msgspec
import numpy as np

from smartplay.cards.anchors import Anchors
from smartplay.cards.card import GameCard
from smartplay.core.errors import RunFolderError
from smartplay.records import EpisodeRecord, StepMark, Usage
from smartplay.records.folder import RunFolder
from smartplay.scores.intervals import Interval, mean_interval
from smartplay.scores.scoring import episode_means

CURVE_POINTS = 25
MOST_MARKS = 2_000_000
"""Most steps of a game for its curve; a longer run leaves out its further episodes."""


class EpisodeDetail(msgspec.Struct, frozen=True, kw_only=True):
    """One episode.

    Attributes:
        episode: Its number.
        repeat: Which play of the episode.
        seed: The seed of the game.
        score: The score; None if unscored.
        normalized: The score on the scale where 1 is human; None if undefined.
        error: Why it is unscored.
        steps: Steps taken.
        completed: Whether the game's goal was reached.
        invalid: Steps played by the fallback action.
        calls: Calls to a language model.
        usage: Their tokens.
        seconds: Wall-clock time.
        level: The level of the game's dial that was chosen; 0 if none was.
    """

    episode: int
    seed: int
    score: float | None
    normalized: float | None
    error: str | None
    steps: int
    completed: bool
    invalid: int
    calls: int
    usage: Usage
    seconds: float
    repeat: int = 0
    level: int = 0

    @property
    def key(self) -> tuple[int, int]:
        """Its number and which play of it."""
        return self.episode, self.repeat

    @property
    def label(self) -> str:
        """Its label: its number, and the number of the repeat if it is one."""
        return f"{self.episode}-r{self.repeat}" if self.repeat else str(self.episode)


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """How the score grows during an episode, over the scored episodes.

    Attributes:
        steps: Numbers of steps, growing.
        score: Mean score after that many steps; an episode that is over keeps its last score.
        gain: Mean score gained per step since the previous point, over the episodes still going on;
            where the score counts good choices, their share.
        episodes: Episodes behind the curve: those whose steps could be read.
    """

    steps: list[int]
    score: list[Interval]
    gain: list[Interval]
    episodes: int

    @property
    def rises(self) -> bool:
        """Whether the curve shows any change."""
        return any(point.mean for point in self.gain)


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds the agent took for a step, over all steps.

    Attributes:
        median: Half of the steps took no longer.
        p95: 95 % of the steps took no longer.
        longest: The longest.
    """

    median: float
    p95: float
    longest: float


class GameDetail(msgspec.Struct, frozen=True, kw_only=True):
    """One game's episodes.

    Attributes:
        game: The full id.
        anchors: The scores that they are compared with.
        episodes: The played episodes by number.
        curve: How the score grows; None if no scored episode's steps could be read.
        waiting: How long the agent took for a step; None likewise.
    """

    game: str
    anchors: Anchors
    episodes: list[EpisodeDetail]
    curve: Curve | None
    waiting: Waiting | None

    def by_seed(self, field: Literal["score", "normalized"]) -> dict[int, float]:
        """The scored episodes' scores by seed; the mean for an episode played several times."""
        return episode_means((e.seed, getattr(e, field)) for e in self.episodes)


def detail_game(card: GameCard, records: Sequence[EpisodeRecord], folder: RunFolder) -> GameDetail:
    """Collect the details of a game's episodes.

    Args:
        card: The game's card.
        records: Its episodes, scored or not.
        folder: Where their steps are kept; without them there is neither curve nor waiting time.
    """
    ordered = sorted(records, key=lambda record: record.key)
    scored = [record for record in ordered if record.score is not None]
    traced = list(_all_marks(folder, scored))
    plays: dict[int, list[list[float]]] = defaultdict(list)
    for record, marks in traced:
        plays[record.episode].append([mark.score for mark in marks])
    return GameDetail(
        game=card.id,
        anchors=card.anchors,
        episodes=[_detail(card, record) for record in ordered],
        curve=_curve(list(plays.values()), card),
        waiting=_waiting([mark.seconds for _, marks in traced for mark in marks]),
    )


def _all_marks(
    folder: RunFolder, records: Sequence[EpisodeRecord]
) -> Iterator[tuple[EpisodeRecord, list[StepMark]]]:
    """The marks of the first episodes, as long as they fit into memory together.

    A run packed without its steps still has scores; only what needs the steps is left out.
    """
    total = itertools.accumulate(record.steps for record in records)
    for record, steps in zip(records, total, strict=True):
        with suppress(RunFolderError):
            fits = steps <= MOST_MARKS
            marks = list(folder.stream(record.key, record.steps, StepMark)[1]) if fits else []
            if marks:
                yield record, marks


def _detail(card: GameCard, record: EpisodeRecord) -> EpisodeDetail:
    normalized = None if record.score is None else card.normalized(record.score)
    own = {"normalized": normalized, "invalid": sum(record.invalid.values())}
    return msgspec.convert(msgspec.structs.asdict(record) | own, EpisodeDetail)


def _curve(episodes: Sequence[Sequence[Sequence[float]]], card: GameCard) -> Curve | None:
    """Average scores by step; `episodes` holds each episode's plays, each with its scores."""
    plays = [(place, scores) for place, own in enumerate(episodes) for scores in own]
    if not plays:
        return None
    longest = max(len(scores) for _, scores in plays)
    spaced = np.linspace(0, longest, min(CURVE_POINTS, longest) + 1).round().astype(int)
    spans = list(itertools.pairwise(map(int, spaced)))
    gained = [
        [(place, _gain(scores, *span)) for place, scores in plays if len(scores) > span[0]]
        for span in spans
    ]
    reached = [[(place, _score_at(scores, end)) for place, scores in plays] for _, end in spans]
    return Curve(
        steps=[end for _, end in spans],
        score=[
            mean_interval(list(episode_means(found).values()), card.bounds_within(end))
            for (_, end), found in zip(spans, reached, strict=True)
        ],
        gain=[mean_interval(list(episode_means(found).values())) for found in gained],
        episodes=len(plays),
    )


def _score_at(scores: Sequence[float], step: int) -> float:
    return scores[min(step, len(scores)) - 1] if step else 0.0


def _gain(scores: Sequence[float], before: int, end: int) -> float:
    """Score gained per step between two steps, for a play that was not over before them."""
    gained = _score_at(scores, end) - _score_at(scores, before)
    return gained / (min(end, len(scores)) - before)


def _waiting(seconds: Sequence[float]) -> Waiting | None:
    if not seconds:
        return None
    median, p95, longest = np.quantile(np.asarray(seconds), [0.5, 0.95, 1.0])
    return Waiting(median=float(median), p95=float(p95), longest=float(longest))
