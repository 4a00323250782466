"""Thresholds: how far up a dial an agent's capability reaches. Pure, as all scores are.

The chance of a right answer at level x of a dial falls along a psychometric function,

    P(right | x) = c + (1 - c - λ) / (1 + exp((x - θ) / s)),

with the dial's chance c, the agent's threshold θ, its slope s and its lapse rate λ (what it loses
however easy the level is). For an agent that may fail at every step the curve has another form: x
steps succeed with probability 2^(-x/θ), which replaces 1 / (1 + …). The posterior of θ, the curve
and λ is computed on a grid. Each capability has a curve and a lapse rate of its own. Those of one
agent may be alike, so what its other capabilities say about them is the prior of each (empirical
Bayes over `_KINDS`); each threshold is measured by itself.

The next level is the one that leaves the least expected entropy of θ: the Psi method of Kontsevich
and Tyler (1999), for a block of rounds. Entropies and gains are rounded before they are compared,
and ties take the lower level, so that no choice hangs on a library's last bit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from math import comb, floor, inf, log10
from typing import Literal, NamedTuple

import msgspec
import numpy as np

from smartplay.cards.capabilities import Capability
from smartplay.cards.card import Dial
from smartplay.core.errors import RunFolderError
from smartplay.core.shown import Shown
from smartplay.records import EpisodeRecord, Measurement
from smartplay.scores.intervals import CONFIDENCE, Interval
from smartplay.scores.statistics import Floats

RULE = 3
"""The rule that chooses levels; a run that was measured by another is not resumed."""

STEP, MARGIN = 0.1, 2
SLOPES = (0.3, 0.6, 1.0, 1.5)
GUESSED = np.array([0.0, 0.04, 0.1, 0.18, 0.28, 0.4, 0.52, 0.65])
"""Lapse rates as shares of 1 - c: of the rounds in which the agent guesses at every level."""
_AWAY = np.abs(np.subtract.outer(np.arange(len(GUESSED)), np.arange(len(GUESSED))))


def _spread(width: float, anywhere: float) -> Floats:
    """Lapse rates around each typical one: a share of them lies anywhere."""
    kernel = np.exp(-_AWAY / width)
    return np.asarray(
        (1 - anywhere) * kernel / kernel.sum(axis=1, keepdims=True) + anywhere / len(GUESSED)
    )


_ANYWHERE = np.full((1, len(GUESSED)), 1 / len(GUESSED))
_LAPSES = np.vstack([_spread(0.35, 0.05), _spread(1.5, 0.3), _ANYWHERE])
"""How the lapse rates of an agent may be spread: shape (kinds, rates). They lie close around one
that is typical of it, or loosely around it, or each is by itself; which of these, its other
capabilities tell."""
_TYPICAL = np.array([8, 8, 4, 2, 1, 1, 1, 1]) / 26
_LAPSE_PRIOR = np.concatenate([0.6 * _TYPICAL, 0.2 * _TYPICAL, [0.2]])
_BY_STEP, _OTHERWISE = 0.05, 0.01
"""The prior share of agents that may fail at every step, and of capabilities that differ from their
agent in this."""
_CURVES = np.array([[(1 - share) / len(SLOPES)] * len(SLOPES) + [share]
                    for share in (_OTHERWISE, 1 - _OTHERWISE)])  # fmt: skip
_KINDS = np.kron(_CURVES, _LAPSES)
"""The same with the curves: shape (kinds, curves * rates), the rates moving fastest."""
_KIND_PRIOR = np.kron([1 - _BY_STEP, _BY_STEP], _LAPSE_PRIOR)
DIGITS = 5
WORTH = 0.9
"""A stream goes on if an episode of it gains at least this share of the largest gain."""
TAIL, TAILS = (1 - CONFIDENCE) / 2, 101

Key = tuple[str, int]
"""Game and episode."""


class Estimate(msgspec.Struct, frozen=True):
    """A mean with the ends of its 95 % interval; None for what lies beyond the dial's range."""

    mean: float | None = None
    low: float | None = None
    high: float | None = None


class LevelData(msgspec.Struct, frozen=True):
    """The rounds played at a level, and how many of them were right."""

    level: int
    right: int
    played: int


class Threshold(Shown, msgspec.Struct, frozen=True, kw_only=True):
    """How far an agent's capability reaches.

    Attributes:
        capability: Its name.
        game: The full id of the game with the dial.
        level: The threshold in levels, with its interval.
        value: The same in the unit of the dial.
        beyond: `"below"` or `"beyond"` if the threshold lies outside the dial's range, else empty.
        sentence: What the agent does, with the interval.
        lapse: The lapse rate.
        curve: The fitted share of right rounds at each level.
        data: The rounds it is estimated from, by level.
        episodes: The number of episodes it is estimated from.
        dial: The dial.
    """

    capability: str
    game: str
    level: Estimate
    value: Estimate
    beyond: Literal["", "below", "beyond"]
    sentence: str
    lapse: Interval
    curve: list[float]
    data: list[LevelData]
    episodes: int
    dial: Dial

    @property
    def rounds(self) -> int:
        """Rounds played."""
        return sum(each.played for each in self.data)

    def __str__(self) -> str:
        return f"{self.capability}: {self.sentence}"


class Track:
    """The rounds played on one dial.

    Args:
        dial: The dial.
        calls: What an episode takes; by default its rounds, as none is for practice.
        data: What was played already.

    Attributes:
        episodes: Episodes counted since.
        right: Right rounds by level, shape (levels,).
        played: All rounds, likewise.
    """

    def __init__(
        self, dial: Dial, calls: int | None = None, data: Iterable[LevelData] = ()
    ) -> None:
        self.dial, self.calls, self.episodes = dial, calls or dial.rounds, 0
        self.right = np.zeros(len(dial.values), dtype=np.int64)
        self.played = np.zeros_like(self.right)
        for each in data:
            self.right[each.level - 1] += each.right
            self.played[each.level - 1] += each.played

    def add(self, level: int, right: int) -> None:
        """Count an episode."""
        self.right[level - 1] += right
        self.played[level - 1] += self.dial.rounds
        self.episodes += 1

    def add_record(self, record: EpisodeRecord) -> None:
        """Count an episode.

        Raises:
            RunFolderError: If its level or its score is impossible.
        """
        score, levels, rounds = record.score or 0.0, len(self.dial.values), self.dial.rounds
        where = f"{record.game}, episode {record.episode}"
        if not 1 <= record.level <= levels:
            raise RunFolderError(f"{where}: level {record.level} is not one of 1 to {levels}")
        if not (score.is_integer() and 0 <= score <= rounds):
            raise RunFolderError(
                f"{where}: a score of {score:g} is not within 0 to {rounds} rounds"
            )
        self.add(record.level, int(score))

    @property
    def data(self) -> list[LevelData]:
        """The levels that were played."""
        pairs = enumerate(zip(self.right.tolist(), self.played.tolist(), strict=True), start=1)
        return [LevelData(level, right, played) for level, (right, played) in pairs if played]


class _Model(NamedTuple):
    """The psychometric functions of a dial, over a grid.

    Attributes:
        thetas: Thresholds, shape (thetas,).
        right: P(right), shape (levels, thetas, curves * lapse rates), the rates moving fastest. The
            curves are those of `SLOPES`, and that of steps each of which may fail.
        logs: The logarithms of P(right) and P(wrong), shape (2, levels, …).
        block: Chances of 0, 1, … right rounds of an episode, shape (levels, rounds + 1, …).
    """

    thetas: Floats
    right: Floats
    logs: Floats
    block: Floats


@lru_cache(maxsize=32)
def _model(levels: int, rounds: int, chance: float) -> _Model:
    ends = round((1 - MARGIN) / STEP), round((levels + MARGIN) / STEP)
    thetas: Floats = np.arange(ends[0], ends[1] + 1, dtype=np.float64) * STEP
    level = np.arange(1, levels + 1)[:, None]
    falling = 1 / (1 + np.exp((level - thetas)[..., None] / np.array(SLOPES)))
    lasting = np.where(thetas < 1, 2 ** (thetas - 1), thetas)  # below the dial still above 0
    falling = np.dstack([falling, 2 ** (-level / lasting)])
    reach = (1 - chance) * (1 - GUESSED)
    right = chance + falling[..., None] * reach
    right = np.clip(right.reshape(levels, len(thetas), -1), 1e-9, 1 - 1e-9)
    ways = [comb(rounds, k) * right**k * (1 - right) ** (rounds - k) for k in range(rounds + 1)]
    logs = np.log(np.stack([right, 1 - right]))
    return _Model(thetas, right, logs, np.stack(ways, axis=1))


def _model_of(dial: Dial) -> _Model:
    return _model(len(dial.values), dial.rounds, dial.chance)


def posteriors(tracks: Sequence[Track]) -> list[Floats]:
    """The posteriors of an agent's psychometric functions, given its episodes.

    Args:
        tracks: One per capability.

    Returns:
        One per track, of shape (thetas, curves, lapse rates) and sum 1.
    """
    if not tracks:
        return []
    found = []
    for track in tracks:
        counts = np.stack([track.right, track.played - track.right])
        logs = np.tensordot(counts, _model_of(track.dial).logs, 2)
        found.append(np.exp(logs - logs.max()))
    told = np.array([likelihood.sum(axis=0) / likelihood.sum() for likelihood in found])
    kinds = np.log(told @ _KINDS.T)
    by_others = np.log(_KIND_PRIOR) + kinds.sum(axis=0) - kinds
    weights = np.exp(by_others - by_others.max(axis=1, keepdims=True))
    prior = weights / weights.sum(axis=1, keepdims=True) @ _KINDS
    joint = [likelihood * own for likelihood, own in zip(found, prior, strict=True)]
    return [(each / each.sum()).reshape(len(each), -1, len(GUESSED)) for each in joint]


def best_level(dial: Dial, posterior: Floats) -> int:
    """The level whose episode leaves the least expected entropy of the threshold."""
    model = _model_of(dial)
    joint = np.einsum("lkta,ta->lkt", model.block, posterior.reshape(len(model.thetas), -1))
    outcomes = joint.sum(axis=2)
    entropy = _plogp(outcomes).sum(axis=1) - _plogp(joint).sum(axis=(1, 2))
    return int(np.argmin(np.round(entropy, DIGITS))) + 1


def _plogp(p: Floats) -> Floats:
    return p * np.log(np.maximum(p, 1e-300))


def next_sweep(tracks: Sequence[Track], measurement: Measurement) -> dict[int, int]:
    """Choose the episodes to play next, side by side.

    A capability is finished when the part of its interval within the dial's range is no wider than
    asked for. Of the others, the sweep plays those whose interval one more episode would shrink
    most (its width falls as one over the square root of their number), as far as the calls last.

    Args:
        tracks: What was played, by capability.
        measurement: When to stop.

    Returns:
        Levels by the tracks' places; empty once the measurement is finished.
    """
    found = posteriors(tracks)
    left = measurement.calls - sum(track.episodes * track.calls for track in tracks)
    gains = {}
    for place, (track, posterior) in enumerate(zip(tracks, found, strict=True)):
        low, high = ends(track.dial, posterior)
        half = round((min(high, len(track.dial.values)) - max(low, 1.0)) / 2, DIGITS)
        if half > measurement.width and track.calls <= left:
            gains[place] = round(half / track.episodes, DIGITS) if track.episodes else inf
    worth = max(gains.values(), default=0.0) * WORTH
    sweep = {}
    for place in sorted(gains, key=lambda place: -gains[place]):
        track = tracks[place]
        if gains[place] >= worth and track.calls <= left:
            left -= track.calls
            sweep[place] = best_level(track.dial, found[place])
    return sweep


class Choices(NamedTuple):
    """The levels that follow from a run's records.

    Attributes:
        made: Every level chosen so far, by game and episode.
        missing: The choices whose episodes are still to be played; empty at the end.
    """

    made: dict[Key, int]
    missing: dict[Key, int]


def choices(
    tracks: Mapping[str, Track], measurement: Measurement, records: Iterable[EpisodeRecord]
) -> Choices:
    """Choose levels anew, from the records alone.

    Args:
        tracks: By full id, in the order of the run; the episodes of whole sweeps are added.
        measurement: When to stop.
        records: The episodes played so far, in any order.

    Raises:
        RunFolderError: If a record is impossible.
    """
    played = {(r.game, r.episode): r for r in records if r.score is not None}
    games, made = list(tracks), dict[Key, int]()
    while True:
        sweep = next_sweep(list(tracks.values()), measurement)
        chosen = {(games[k], tracks[games[k]].episodes): level for k, level in sweep.items()}
        made |= chosen
        missing = {key: level for key, level in chosen.items() if key not in played}
        if missing or not sweep:
            return Choices(made, missing)
        for key in chosen:
            tracks[key[0]].add_record(played[key])


def thresholds(tracks: Mapping[str, Track]) -> list[Threshold]:
    """The thresholds of an agent on the games that were played, in the order of the games."""
    played = {game: track for game, track in tracks.items() if track.episodes}
    found = posteriors(list(played.values()))
    pairs = zip(played.items(), found, strict=True)
    return [_threshold(game, track, posterior) for (game, track), posterior in pairs]


def _threshold(game: str, track: Track, posterior: Floats) -> Threshold:
    dial, model = track.dial, _model_of(track.dial)
    most = len(dial.values)
    theta = posterior.sum(axis=(1, 2))
    mean, (low, high) = float(theta @ model.thetas), ends(dial, posterior)
    level = Estimate(*(x if 1 <= x <= most else None for x in (mean, low, high)))
    # If the threshold lies outside, at least one end is known: the bound on the other side.
    beyond: Literal["", "below", "beyond"] = (
        "below" if mean < 1 else "beyond" if mean > most else ""
    )
    if beyond == "below":
        level = Estimate(high=min(max(high, 1.0), float(most)))
    elif beyond:
        level = Estimate(low=max(min(low, float(most)), 1.0))
    value = Estimate(
        *(None if x is None else _translate(dial, x) for x in msgspec.structs.astuple(level))
    )
    return Threshold(
        capability=str(next(c for c in Capability if c.key == dial.capability)),
        game=game,
        level=level,
        value=value,
        beyond=beyond,
        sentence=_sentence(dial, value, beyond),
        lapse=_lapse(dial, posterior),
        curve=(model.right * posterior.reshape(len(theta), -1)).sum(axis=(1, 2)).tolist(),
        data=track.data,
        episodes=track.episodes,
        dial=dial,
    )


def ends(dial: Dial, posterior: Floats) -> tuple[float, float]:
    """The shortest interval that holds the threshold with 95 %, in levels."""
    return shortest(_model_of(dial).thetas, posterior.sum(axis=(1, 2)), CONFIDENCE)


def shortest(middles: Floats, mass: Floats, confidence: float) -> tuple[float, float]:
    """The ends of the shortest interval that holds a share of the mass of bins `STEP` wide."""
    edges = np.append(middles - STEP / 2, middles[-1] + STEP / 2)
    below = np.append(0.0, np.cumsum(mass))
    tails = np.linspace(0, 1 - confidence, TAILS)
    lows, highs = (np.interp(share, below, edges) for share in (tails, tails + confidence))
    best = int(np.argmin(np.round(highs - lows, DIGITS)))
    return float(lows[best]), float(highs[best])


def _lapse(dial: Dial, posterior: Floats) -> Interval:
    rates, mass = (1 - dial.chance) * GUESSED, posterior.sum(axis=(0, 1))
    edges = np.concatenate([rates[:1], (rates[1:] + rates[:-1]) / 2, rates[-1:]])
    low, high = np.interp([TAIL, 1 - TAIL], np.append(0.0, np.cumsum(mass)), edges)
    return Interval(float(rates @ mass), float(low), float(high))


def _translate(dial: Dial, level: float) -> float:
    return float(np.interp(level, np.arange(1, len(dial.values) + 1), dial.values))


def _sentence(dial: Dial, value: Estimate, beyond: str) -> str:
    low, high = (None if x is None else number(dial, x) for x in (value.low, value.high))
    least, most = (number(dial, dial.values[place]) for place in (0, -1))
    if beyond == "below" and high == least and not dial.values[0]:  # nothing is under 0
        return f"less than the lowest level: {dial.phrased(least)} (below the range)"
    if beyond == "below":
        return f"{dial.phrased(f'under {high}')} (below the range)"
    if value.mean is None:
        return f"{dial.phrased(f'over {low}')} (beyond the range)"
    reach = f"[{low or f'under {least}'}, {high or f'over {most}'}]"
    return f"{dial.phrased(number(dial, value.mean))} {reach}"


def number(dial: Dial, value: float) -> str:
    """A value of the dial, in as many digits as suit its range."""
    digits = max(0, 2 - floor(log10(dial.values[-1] - dial.values[0])))
    return f"{value:.{digits}f}"
