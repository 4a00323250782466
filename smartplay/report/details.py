"""What a picture of a game's episodes is drawn from: scores one by one, curves, waiting times."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import msgspec
import numpy as np

from smartplay.anchors import Anchors
from smartplay.card import GameCard
from smartplay.errors import RunFolderError
from smartplay.records import EpisodeRecord, StepMark, Usage
from smartplay.run_folder import RunFolder
from smartplay.statistics import Interval, mean_interval

CURVE_POINTS = 25
MOST_MARKS = 2_000_000
"""Steps of a game a curve is drawn from; further episodes of a run that long are left out."""


class EpisodeDetail(msgspec.Struct, frozen=True, kw_only=True):
    """One episode.

    Attributes:
        episode: Its number.
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


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """How the score grows during an episode, over the scored episodes.

    Attributes:
        steps: Numbers of steps, growing.
        score: Mean score after that many steps; an episode that is over keeps its last score.
        gain: Mean score gained per step since the point before, over the episodes that were still
            on; the share of good choices where the score counts these.
        episodes: Episodes the curve is made of: those whose steps could be read.
    """

    steps: list[int]
    score: list[Interval]
    gain: list[Interval]
    episodes: int


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
        anchors: The scores they are held against.
        episodes: The played episodes by number.
        curve: How the score grows; None if no scored episode's steps could be read.
        waiting: How long the agent took for a step; None likewise.
    """

    game: str
    anchors: Anchors
    episodes: list[EpisodeDetail]
    curve: Curve | None
    waiting: Waiting | None


def detail_game(card: GameCard, records: Sequence[EpisodeRecord], folder: RunFolder) -> GameDetail:
    """Look into a game's episodes.

    Args:
        card: The game's card.
        records: Its episodes, scored or not.
        folder: Where their steps are kept; without them there is neither curve nor waiting time.
    """
    ordered = sorted(records, key=lambda record: record.episode)
    marks = _all_marks(folder, [record for record in ordered if record.score is not None])
    traced = [episode for episode in marks if episode]
    return GameDetail(
        game=card.id,
        anchors=card.anchors,
        episodes=[_detail(card, record) for record in ordered],
        curve=_curve([[mark.score for mark in episode] for episode in traced]),
        waiting=_waiting([mark.seconds for episode in traced for mark in episode]),
    )


def _all_marks(folder: RunFolder, records: Sequence[EpisodeRecord]) -> list[list[StepMark]]:
    """The marks of the first episodes, as long as they fit into memory together."""
    total = itertools.accumulate(record.steps for record in records)
    pairs = zip(records, total, strict=True)
    return [_marks(folder, record) for record, steps in pairs if steps <= MOST_MARKS]


def _marks(folder: RunFolder, record: EpisodeRecord) -> list[StepMark]:
    """A run packed without its steps still has scores; only what needs the steps is left out."""
    try:
        return folder.marks(record.game, record.episode, record.steps)
    except RunFolderError:
        return []


def _detail(card: GameCard, record: EpisodeRecord) -> EpisodeDetail:
    return EpisodeDetail(
        episode=record.episode,
        seed=record.seed,
        score=record.score,
        normalized=None if record.score is None else card.normalized(record.score),
        error=record.error,
        steps=record.steps,
        completed=record.completed,
        invalid=sum(record.invalid.values()),
        calls=record.calls,
        usage=record.usage,
        seconds=record.seconds,
    )


def _curve(episodes: Sequence[Sequence[float]]) -> Curve | None:
    """Sum up scores by step, one sequence per episode, each of one score or more."""
    if not episodes:
        return None
    longest = max(map(len, episodes))
    spaced = np.linspace(0, longest, min(CURVE_POINTS, longest) + 1).round().astype(int)
    ends = [int(end) for end in spaced]
    level = [[_score_at(scores, end) for scores in episodes] for end in ends[1:]]
    return Curve(
        steps=ends[1:],
        score=[mean_interval(values) for values in level],
        gain=[
            mean_interval(_gains(episodes, before, end)) for before, end in itertools.pairwise(ends)
        ],
        episodes=len(episodes),
    )


def _score_at(scores: Sequence[float], step: int) -> float:
    return scores[min(step, len(scores)) - 1] if step else 0.0


def _gains(episodes: Sequence[Sequence[float]], before: int, end: int) -> list[float]:
    return [
        (_score_at(scores, end) - _score_at(scores, before)) / (min(end, len(scores)) - before)
        for scores in episodes
        if len(scores) > before
    ]


def _waiting(seconds: Sequence[float]) -> Waiting | None:
    if not seconds:
        return None
    median, p95, longest = np.quantile(np.asarray(seconds), [0.5, 0.95, 1.0])
    return Waiting(median=float(median), p95=float(p95), longest=float(longest))
