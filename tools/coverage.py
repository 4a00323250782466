"""Measures how often intervals hold the true value: `python -m tools.coverage [SAMPLES]`.

Draws samples of episodes from score laws such as the games have and prints a Markdown table: in how
many of 100 samples the interval holds the true mean; the nearest lower figure that the law allows
(scores are lumpy: whole groups of equal samples are held or not); Student's figure; and the mean
width divided by Student's. Then the same for weighted means of games and for retentions. A second
table shows laws for which the intervals were not made; a third, agents that look steady until they
fail, whose means no interval can hold that is short for steady agents; a fourth, how wide the
intervals are for these.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from functools import cache

import msgspec
import numpy as np

from smartplay.cards.bounds import Bounds
from smartplay.scores.intervals import (
    Interval,
    mean_interval,
    ratio_interval,
    t_quantile,
    weighted_interval,
)
from smartplay.scores.statistics import Floats

Draw = Callable[[np.random.Generator, tuple[int, int]], Floats]

NUMBERS = (5, 7, 10, 20, 50, 100)
SAMPLES = 4000
LOG_SPREADS = (0.6, 0.8)


class Law(msgspec.Struct, frozen=True):
    """How an agent's scores in a game may be distributed.

    Attributes:
        name: What it is like.
        mean: The true mean.
        bounds: What the scores can be.
        draw: Draws samples, shape (samples, episodes).
    """

    name: str
    mean: float
    bounds: Bounds
    draw: Draw


class Row(msgspec.Struct, frozen=True):
    """What was found of a law and a number of episodes.

    Attributes:
        law: The law's name.
        episodes: Episodes of a sample.
        held: Share of samples whose interval holds the true value.
        below: The nearest lower share that the law allows.
        students: Share of Student's intervals that hold it; None where there are none.
        width: Mean width divided by that of Student's intervals; likewise.
    """

    law: str
    episodes: int
    held: float
    below: float
    students: float | None = None
    width: float | None = None


def doors(p: float, spread: float) -> Law:
    """Twelve rounds, each right with chance `p`, which is spread over episodes as a beta is."""

    def draw(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
        each = rng.beta(p * spread, (1 - p) * spread, shape) if spread else p
        return rng.binomial(12, each, shape).astype(np.float64)

    name = f"12 rounds, {p:.0%} right" + (", spread over episodes" if spread else "")
    return Law(name, 12 * p, Bounds(0, 12), draw)


def won(game: str, p: float, low: float) -> Law:
    """1 with chance `p`, else `low`."""

    def draw(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
        return np.where(rng.binomial(1, p, shape), 1.0, low)

    return Law(f"{game}, won in {p:.0%}", p + (1 - p) * low, Bounds(low, 1), draw)


def _bandit(p: float) -> Law:
    """Fifty pulls: about 42 of the better arm where it is found, about 20 where it is not."""

    def draw(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
        found = rng.random(shape) < p
        return np.where(found, 36 + rng.binomial(12, 0.5, shape), 10 + rng.binomial(20, 0.5, shape))

    return Law(f"bandit, arm found in {p:.0%}", p * 42 + (1 - p) * 20, Bounds(0, 50), draw)


def _crafter(spread: float) -> Law:
    def draw(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
        return 800 * np.exp(rng.normal(0, spread, shape))

    name = f"Crafter, logarithm spread by {spread}"
    return Law(name, 800 * math.exp(spread**2 / 2), Bounds(0, 220_000, distant=True), draw)


def _hanoi() -> Law:
    def draw(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
        return rng.choice(4, shape, p=[0.1, 0.6, 0.2, 0.1]).astype(np.float64)

    return Law("Hanoi, 0 to 3 disks", 1.3, Bounds(0, 3), draw)


LAWS = [
    *(doors(p, spread) for p, spread in ((0.6, 0), (0.9, 8), (0.98, 0))),
    *(won("Messenger", p, -1) for p in (0.5, 0.95)),
    *(won("Minecraft", p, 0) for p in (0.03, 0.61, 0.8)),
    *map(_bandit, (0.3, 0.5, 0.7, 0.85)),
    *map(_crafter, LOG_SPREADS),
    _hanoi(),
]


def betas(a: float, b: float) -> Law:
    """Shares with a beta distribution: a and b below 1 heap them at the ends."""
    return Law(f"beta({a:g}, {b:g})", a / (a + b), Bounds(0, 1), lambda rng, at: rng.beta(a, b, at))


def lumps(*chances: float) -> Law:
    """Evenly spaced scores from 0 to 1 with these chances."""
    values = np.linspace(0, 1, len(chances))

    def draw(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
        return rng.choice(values, shape, p=chances)

    name = f"{len(chances)} scores: {', '.join(f'{chance:.0%}' for chance in chances)}"
    return Law(name, float(values @ chances), Bounds(0, 1), draw)


def mostly_none(p: float) -> Law:
    """0, but for a share of episodes whose scores lie around a half."""

    def draw(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
        return np.where(rng.random(shape) < p, rng.beta(2, 2, shape), 0.0)

    return Law(f"nothing in {1 - p:.0%}, else beta(2, 2)", p / 2, Bounds(0, 1), draw)


def failing(p: float, else_: float, spread: float) -> Law:
    """0 with chance `p`, else normal scores, none above 1."""

    def draw(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
        others = np.clip(rng.normal(else_, spread, shape), 0, 1)
        return np.where(rng.random(shape) < p, 0.0, others)

    name = f"nothing in {p:.0%}, else {else_:g} ± {spread:g}"
    return Law(name, (1 - p) * else_, Bounds(0, 1), draw)


def pulls(number: int, p: float) -> Law:
    """So many pulls of one arm."""

    def draw(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
        return rng.binomial(number, p, shape).astype(np.float64)

    return Law(f"{number} pulls, {p:.0%} lucky", number * p, Bounds(0, number), draw)


HARDER = [
    *(
        betas(*ends)
        for ends in ((1, 1), (8, 2), (20, 0.5), (0.5, 10), (0.1, 2), (0.2, 0.2), (0.3, 0.1))
    ),
    *map(mostly_none, (0.3, 0.1)),
    lumps(0.2, 0.2, 0.2, 0.2, 0.2),
    lumps(0.7, 0.1, 0.1, 0.1),
    lumps(0.1, 0, 0.4, 0.5),
    lumps(0.05, 0.9, 0.05),
    lumps(0.02, 0.02, 0.02, 0.94),
]
FAILING = [failing(0.3, 0.8, 0.02), failing(0.1, 0.9, 0.05), failing(0.05, 0.98, 0.01)]
"""Agents that look steady until they fail."""
STEADY = [pulls(50, 0.4), pulls(200, 0.4)]
"""Agents that look like those but never fail."""
WHOLES = (
    ("capability: three games", (LAWS[0], LAWS[3], LAWS[8]), (2, 1, 3)),
    ("capability: Messenger twice", (LAWS[4], LAWS[3]), (2, 1)),
)
RETENTIONS = (
    (0.98, 0.98, 0),
    (0.95, 0.6, 0),
    (0.75, 0.25, 0),
    (0.75, 0.75, 0),
    (0.55, 0.3, 0),
    (0.9, 0.0, 0),
    (0.99, 0.9, 8),
)
"""Shares right over chance in the easy and the hard setting, and the latter's spread."""


def rows(samples: int) -> Iterator[Row]:
    """Measure everything, one law and number of episodes after the other."""
    for law in LAWS:
        for episodes in NUMBERS:
            yield measure(law, episodes, samples)
    for name, laws, weights in WHOLES:
        for episodes in NUMBERS:
            yield whole(name, laws, weights, episodes, samples)
    for shares in RETENTIONS:
        for episodes in NUMBERS:
            yield retention(*shares, episodes, samples)


def measure(law: Law, episodes: int, samples: int) -> Row:
    """How often the intervals of a law's samples hold its mean."""
    drawn = law.draw(np.random.default_rng(episodes), (samples, episodes))
    found = _intervals(drawn, law.bounds)
    held = [_holds(each, law.mean) for each in found]
    plain = _intervals(drawn, Bounds())
    return Row(
        law=law.name,
        episodes=episodes,
        held=float(np.mean(held)),
        below=_next_below(found, held),
        students=float(np.mean([_holds(each, law.mean) for each in plain])),
        width=float(np.mean([_width(each, law) for each in found]))
        / float(np.mean([_width(each, law) if each.low is not None else 0 for each in plain])),
    )


def whole(
    name: str, laws: tuple[Law, ...], weights: tuple[int, ...], episodes: int, samples: int
) -> Row:
    """How often the intervals of weighted means of games hold the true ones."""
    rng = np.random.default_rng(episodes)
    parts = [_intervals(law.draw(rng, (samples, episodes)), law.bounds) for law in laws]
    found = [weighted_interval(each, weights) for each in zip(*parts, strict=True)]
    scale = sum(weights)
    true = sum(w * law.mean for w, law in zip(weights, laws, strict=True)) / scale
    held = [_holds(each, true) for each in found]
    return Row(name, episodes, float(np.mean(held)), _next_below(found, held))


def retention(easy: float, hard: float, spread: float, episodes: int, samples: int) -> Row:
    """How often the intervals of hard over easy hold the true ratio.

    Student's figure is that of Fieller's theorem, which needs no ends to tell whether it holds it.
    """
    rng = np.random.default_rng(episodes)
    laws = doors(0.25 + 0.75 * hard, spread), doors(0.25 + 0.75 * easy, 0)
    sides = [(law.draw(rng, (samples, episodes)) - 3) / 9 for law in laws]
    bounds, true = laws[0].bounds.scaled(3, 12), hard / easy
    pairs = zip(*(np.sort(side, axis=1).tolist() for side in sides), strict=True)
    ratios = [ratio_interval(top, bottom, bounds, bounds) for top, bottom in pairs]
    found = [each for each in ratios if each is not None]
    held = [_holds(each, true) for each in found]
    (top, top_spread), (bottom, bottom_spread) = (
        (side.mean(axis=1), side.var(axis=1, ddof=1)) for side in sides
    )
    error = t_quantile(episodes - 1) ** 2 * (top_spread + true**2 * bottom_spread) / episodes
    students = (top - true * bottom) ** 2 <= error + 1e-9
    name = f"retention, {hard:g} of {easy:g} over chance" + (", spread" if spread else "")
    held_share = float(np.mean(held))
    return Row(name, episodes, held_share, _next_below(found, held), float(students.mean()))


def _intervals(drawn: Floats, bounds: Bounds) -> list[Interval]:
    """The interval of each sample; equal samples are computed once."""

    @cache
    def interval(values: tuple[float, ...]) -> Interval:
        return mean_interval(values, bounds)

    return [interval(tuple(sorted(sample))) for sample in drawn.tolist()]


def _holds(found: Interval, true: float) -> bool:
    """Whether an interval holds a value; one without ends says that nothing is known."""
    if found.low is None or found.high is None:
        return found.mean == true
    return found.low - 1e-9 <= true <= found.high + 1e-9


def _width(found: Interval, law: Law) -> float:
    if found.low is None or found.high is None:
        return 0.0
    low, high = law.bounds.low, law.bounds.high
    return min(found.high, math.inf if high is None else high) - max(found.low, low or 0.0)


def _next_below(found: list[Interval], held: list[bool]) -> float:
    """The share held if the outermost group of equal samples that is held were not."""
    inside = [(each.mean, each) for each, holds in zip(found, held, strict=True) if holds]
    means = [mean for mean, _ in inside]
    if not means:
        return 0.0
    edges = [[each for mean, each in inside if mean == edge] for edge in (min(means), max(means))]
    sizes = [max(group.count(each) for each in group) for group in edges]
    return (len(inside) - min(sizes)) / len(found)


def main() -> None:
    """Print the table."""
    samples = int(sys.argv[1]) if len(sys.argv) > 1 else SAMPLES
    print("| scores | episodes | held | next below | Student | width |")
    print("|---|---|---|---|---|---|")
    for row in rows(samples):
        students = "" if row.students is None else f"{100 * row.students:.1f}"
        width = "" if row.width is None else f"{row.width:.2f}"
        held, below = 100 * row.held, 100 * row.below
        print(f"| {row.law} | {row.episodes} | {held:.1f} | {below:.1f} | {students} | {width} |",
              flush=True)  # fmt: skip
    for laws in (HARDER, FAILING):
        print(f"\n| scores | {' | '.join(f'{number} episodes' for number in NUMBERS)} |")
        print("|---" * (len(NUMBERS) + 1) + "|")
        for law in laws:
            shares = (100 * measure(law, number, samples).held for number in NUMBERS)
            print(f"| {law.name} | {' | '.join(f'{share:.1f}' for share in shares)} |", flush=True)
    print(f"\n| width | {' | '.join(f'{number} episodes' for number in NUMBERS)} |")
    print("|---" * (len(NUMBERS) + 1) + "|")
    for law in STEADY:
        widths = (measure(law, number, samples).width for number in NUMBERS)
        print(f"| {law.name} | {' | '.join(f'{width:.2f}' for width in widths)} |", flush=True)


if __name__ == "__main__":
    main()
