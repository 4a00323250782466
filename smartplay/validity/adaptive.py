"""A stand-in for `smartplay.scores.thresholds`, with the names and shapes that the study uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import comb
from typing import Any, NamedTuple

import numpy as np

from smartplay.cards.card import Dial
from smartplay.scores.statistics import Floats

SLOPES, LAPSES = np.array([0.3, 0.6, 1.0, 1.5]), np.array([0.0, 0.05, 0.13, 0.27, 0.45])


class Level(NamedTuple):
    """A threshold in levels; None outside of the range."""

    mean: float | None


class Threshold(NamedTuple):
    """What was found of one dial."""

    level: Level
    beyond: str


class Track:
    """What was played on one dial, as counts by level."""

    def __init__(self, dial: Dial) -> None:
        self.dial = dial
        self.right = np.zeros(len(dial.values))
        self.played = np.zeros(len(dial.values))

    def add(self, level: int, right: int) -> None:
        """Count an episode."""
        self.right[level - 1] += right
        self.played[level - 1] += self.dial.rounds


@lru_cache(maxsize=8)
def _model(levels: int, rounds: int, chance: float) -> tuple[Floats, Any, Any]:
    thetas = np.arange(-1.0, levels + 2.01, 0.2)
    away = np.arange(1, levels + 1)[:, None, None] - thetas[:, None]
    falling = 1 / (1 + np.exp(away / SLOPES))
    right = chance + falling[..., None] * (1 - chance) * (1 - LAPSES)
    right = np.clip(right, 1e-9, 1 - 1e-9).reshape(levels, len(thetas), -1)
    block = [comb(rounds, k) * right**k * (1 - right) ** (rounds - k) for k in range(rounds + 1)]
    return thetas, np.log(np.stack([right, 1 - right])), np.stack(block, axis=1)


def _of(dial: Dial) -> tuple[Floats, Any, Any]:
    return _model(len(dial.values), dial.rounds, dial.chance)


def posteriors(tracks: Sequence[Track]) -> list[Floats]:
    """The posterior of each track, shape (thetas, slopes * lapses)."""
    found = []
    for track in tracks:
        counts = np.stack([track.right, track.played - track.right])
        logs = np.tensordot(counts, _of(track.dial)[1], 2)
        weights = np.exp(logs - logs.max())
        found.append(weights / weights.sum())
    return found


def best_level(dial: Dial, posterior: Floats) -> int:
    """The level whose episode leaves the least expected entropy of the threshold."""
    joint = np.einsum("lkta,ta->lkt", _of(dial)[2], posterior, optimize=True)
    outcomes = joint.sum(axis=2)
    entropy = _plogp(outcomes).sum(axis=1) - _plogp(joint).sum(axis=(1, 2))
    return int(np.argmin(np.round(entropy, 5))) + 1


def _plogp(p: Floats) -> Floats:
    return p * np.log(np.maximum(p, 1e-300))


def thresholds(tracks: Mapping[str, Track]) -> list[Threshold]:
    """The thresholds of an agent."""
    found = []
    for track, posterior in zip(tracks.values(), posteriors(list(tracks.values())), strict=True):
        mean, most = float(posterior.sum(axis=1) @ _of(track.dial)[0]), len(track.dial.values)
        beyond = "below" if mean < 1 else "beyond" if mean > most else ""
        found.append(Threshold(Level(None if beyond else mean), beyond))
    return found
