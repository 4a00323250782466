"""Measures what a study promises of its intervals: `python -m tools.studies [TRIALS]`.

Plays simulated arms and a baseline on common episodes and prints two Markdown tables: how often the
corrected intervals of all arms hold their true differences together, and how often any of several
arms passes for non-inferior that is worse by exactly the margin.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np

from smartplay.cards.bounds import Bounds
from smartplay.scores.comparison import compare
from smartplay.scores.entries import Entry
from smartplay.scores.intervals import Interval
from smartplay.scores.statistics import Floats

TRIALS = 200
ARMS, EPISODES = (1, 5, 20), (6, 12, 40)
MARGIN = 0.1
Law = Callable[[np.random.Generator, float, tuple[int, int]], Floats]
LAWS: dict[str, Law] = {
    "12 doors": lambda rng, p, shape: rng.binomial(12, p, shape) / 12,
    "won or lost": lambda rng, p, shape: rng.binomial(1, p, shape).astype(np.float64),
    "skewed": lambda rng, p, shape: rng.random(shape) ** ((1 - p) / p),
}
"""Scores of 0 to 1 with the mean p."""


def intervals(law: Law, level: float, arms: int, episodes: int, rng: np.random.Generator
              ) -> list[Interval]:  # fmt: skip
    """The corrected intervals of arms that score `level` on average beside a baseline of .6."""
    base = law(rng, 0.6, (1, episodes))
    own = law(rng, level, (arms, episodes))
    entries = [_entry(str(place), row) for place, row in enumerate([*own, *base])]
    found = compare(entries, MARGIN, arms).overall.differences
    return [each.joint for each in found if each.joint is not None]


def _entry(name: str, scores: Floats) -> Entry:
    own = {"game": dict(enumerate(scores.tolist()))}
    bounds, units = {"game": Bounds(0, 1)}, {"game": 1.0}
    return Entry(name=name, scores=own, normalized=own, bounds=bounds, units=units)


def held(found: list[Interval], truth: float) -> bool:
    """Whether all intervals hold the truth; one without ends excludes nothing."""
    return all(
        each.low is None or each.high is None or each.low <= truth <= each.high for each in found
    )


def main() -> None:
    """Print the tables."""
    trials = int(sys.argv[1]) if len(sys.argv) > 1 else TRIALS
    rng = np.random.default_rng(0)
    for title, level in (("All held", 0.75), ("Any passes that is worse", 0.6 - MARGIN)):
        print(f"\n{title}, in % of {trials} trials:\n")
        print(f"| law | arms | {' | '.join(f'{n} episodes' for n in EPISODES)} |")
        print("|" + " --- |" * (2 + len(EPISODES)))
        for name, law in LAWS.items():
            for arms in ARMS:
                cells = []
                for episodes in EPISODES:
                    found = [intervals(law, level, arms, episodes, rng) for _ in range(trials)]
                    if level > 0.6:
                        hits = sum(held(each, level - 0.6) for each in found)
                    else:
                        hits = sum(
                            any(one.low is not None and one.low > -MARGIN for one in each)
                            for each in found
                        )
                    cells.append(f"{100 * hits / trials:.1f}")
                print(f"| {name} | {arms} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
