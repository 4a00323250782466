"""What repeated plays of the same episodes show: reliability, and where the spread comes from.

Pure, as all scores are.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

import msgspec
import numpy as np

from smartplay.cards.card import GameCard
from smartplay.core.shown import Shown
from smartplay.records import EpisodeRecord
from smartplay.scores.intervals import Interval, share_interval
from smartplay.scores.statistics import rounding


class Tries(msgspec.Struct, frozen=True, kw_only=True):
    """How reliable success is over several tries at the same episode; means over episodes.

    Attributes:
        k: The number of tries.
        passed_all: pass^k, the probability that all of them succeed.
        passed_any: pass@k, the probability that at least one does.
        episodes: Episodes that were played at least so often.
    """

    k: int
    passed_all: Interval
    passed_any: Interval
    episodes: int


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """Where the spread of a game's scores comes from.

    Attributes:
        seed: Standard deviation between episodes, due to the game's seed; 0 if scores vary no more
            between episodes than within them.
        sampling: Standard deviation between plays of one episode, due to the agent's sampling.
        share: The seed's part of the variance; None if there is no variance.
        episodes: Episodes it is estimated from.
        plays: Their plays.
    """

    seed: float
    sampling: float
    share: float | None
    episodes: int
    plays: int


class RepeatScore(Shown, msgspec.Struct, frozen=True, kw_only=True):
    """What the repeats of a game's episodes show.

    Attributes:
        game: The full id.
        tries: For 1 try and more; empty for a game without a goal.
        spread: None unless two episodes were played, and one of them twice.
    """

    game: str
    tries: list[Tries]
    spread: Spread | None

    def __str__(self) -> str:
        last = self.tries[-1:]
        return f"{self.game}: " + ", ".join(f"pass^{t.k} {t.passed_all}" for t in last)


def score_repeats(card: GameCard, records: Sequence[EpisodeRecord]) -> RepeatScore:
    """Analyse a game's episodes play by play; unscored plays are left out."""
    plays: dict[int, list[EpisodeRecord]] = defaultdict(list)
    for record in records:
        if record.score is not None:
            plays[record.episode].append(record)
    goals = [[record.completed for record in own] for own in plays.values()]
    scores = [[record.score or 0.0 for record in own] for own in plays.values()]
    return RepeatScore(game=card.id, tries=tries(goals) if card.goal else [], spread=spread(scores))


def tries(goals: Sequence[Sequence[bool]]) -> list[Tries]:
    """pass^k and pass@k for every k up to the most plays of an episode.

    Of n plays with c successes, C(c, k) / C(n, k) of all choices of k plays hold successes only;
    this is the unbiased estimate of the probability that k tries all succeed (Yao et al. 2024,
    arXiv 2406.12045), and 1 - C(n - c, k) / C(n, k) that of one success or more (Chen et al. 2021,
    arXiv 2107.03374).

    Args:
        goals: By episode, whether each of its plays succeeded.
    """
    counts = [(len(own), sum(own)) for own in goals]
    found = []
    for k in range(1, max((n for n, _ in counts), default=0) + 1):
        enough = [(n, c) for n, c in counts if n >= k]
        of_all = [math.comb(c, k) / math.comb(n, k) for n, c in enough]
        of_none = [math.comb(n - c, k) / math.comb(n, k) for n, c in enough]
        found.append(
            Tries(
                k=k,
                passed_all=share_interval(float(np.mean(of_all)), len(enough)),
                passed_any=share_interval(1 - float(np.mean(of_none)), len(enough)),
                episodes=len(enough),
            )
        )
    return found


def spread(scores: Sequence[Sequence[float]]) -> Spread | None:
    """Separate the spread between episodes from that between plays of the same episode.

    One-way random effects, episodes with unequal numbers of plays (Searle, Casella & McCulloch
    1992, Variance Components, section 3.6): the variance between episodes is the difference of the
    mean squares between and within over the effective number of plays. An estimate below 0 counts
    as 0.

    Args:
        scores: By episode, the scores of its plays.
    """
    groups = [np.asarray(own, dtype=np.float64) for own in scores if own]
    sizes = np.array([len(own) for own in groups], dtype=np.float64)
    episodes, plays = len(groups), int(sizes.sum())
    if episodes < 2 or plays == episodes:
        return None
    means = np.array([own.mean() for own in groups])
    inner = sum(float(((own - own.mean()) ** 2).sum()) for own in groups)
    outer = float((sizes * (means - (sizes @ means) / plays) ** 2).sum())
    within, between = inner / (plays - episodes), outer / (episodes - 1)
    effective = (plays - float((sizes**2).sum()) / plays) / (episodes - 1)
    least = rounding(np.concatenate(groups).tolist()) ** 2
    by_seed, within = (v if v > least else 0.0 for v in ((between - within) / effective, within))
    total = by_seed + within
    return Spread(
        seed=math.sqrt(by_seed),
        sampling=math.sqrt(within),
        share=by_seed / total if total else None,
        episodes=episodes,
        plays=plays,
    )
