"""Which agents of a track cannot be told apart: paired on common episodes, corrected by Holm."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import msgspec
import numpy as np

from smartplay.comparison import SEED
from smartplay.comparison.results import Difference
from smartplay.comparison.ties import tie_letters
from smartplay.leaderboard.rows import Row
from smartplay.statistics import holm, sign_flip_p, weighted_interval


def with_ties(rows: Sequence[Row]) -> list[Row]:
    """Give each verified row of one track the letters of its groups.

    Rows that share a letter do not differ in their mean normalised score at the 5 % level, by a
    sign-flip test on the episodes both played, corrected for the number of pairs in the track.
    """
    places = [place for place, row in enumerate(rows) if row.status == "verified"]
    pairs = list(combinations(places, 2))
    raw = [_difference(rows, *pair) for pair in pairs]
    corrected = holm([difference.p for difference in raw])
    done = [
        msgspec.structs.replace(difference, corrected=p)
        for difference, p in zip(raw, corrected, strict=True)
    ]
    letters = tie_letters(len(rows), done)
    return [msgspec.structs.replace(row, ties=t) for row, t in zip(rows, letters, strict=True)]


def _difference(rows: Sequence[Row], first: int, second: int) -> Difference:
    a, b = rows[first].samples, rows[second].samples
    pairs = {
        game: [scores[seed] - b[game][seed] for seed in sorted(scores) if seed in b[game]]
        for game, scores in a.items()
        if game in b
    }
    found = [values for values in pairs.values() if values]
    if not found:
        return Difference(first=first, second=second, pairs=0, mean=None, p=None, corrected=None)
    rng = np.random.default_rng(SEED)
    mean = weighted_interval(found, [1.0] * len(found), rng)
    parts = np.concatenate([np.asarray(v) / len(v) / len(found) for v in found])
    p = sign_flip_p(parts, rng)
    number = sum(map(len, found))
    return Difference(first=first, second=second, pairs=number, mean=mean, p=p, corrected=None)
