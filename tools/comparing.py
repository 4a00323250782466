"""Measures the comparison of runs: `python -m tools.comparing [TRIALS]`.

Plays simulated runs on common episodes and prints Markdown tables: how often any of several alike
runs are told apart; how often runs are that have equal means but are not alike; how often the pairs
are that differ, and with the episodes that are said to be needed; and how often the interval of
pass^k holds the truth, and that of a difference.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Hashable, Iterator, Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

from smartplay.scores.comparison import compare
from smartplay.scores.entries import Entry
from smartplay.scores.power import episodes_needed
from smartplay.scores.repeats import tries
from smartplay.scores.sign_flips import sign_flip_tests
from smartplay.scores.statistics import Floats
from tools.coverage import Draw, Law, doors, won

Shape = tuple[int, int]

TRIALS = 400
ALPHA = 0.05
RUNS, EPISODES = (2, 5, 20), (5, 6, 8, 12)
LAWS: dict[str, Draw] = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "log-normal (σ 1.5)": lambda rng, shape: rng.lognormal(0, 1.5, shape),
    "0/1, won .6": won("", 0.6, 0).draw,
    "0/1, won .95": won("", 0.95, 0).draw,
    "12 doors, .5": doors(0.5, 0).draw,
}
DIFFERENT = (
    (doors(0.8, 0), doors(0.5, 0)),
    (doors(0.6, 0), doors(0.6, 0)),
    (won("game", 0.95, 0), won("game", 0.6, 0)),
    (won("game", 0.95, 0), won("game", 0.9, 0)),
)
PAIRED = (5, 6, 10, 20)
UNLIKE: dict[str, tuple[Draw, Draw]] = {
    "always .9 against 0/1 won .9": (
        lambda rng, shape: np.full(shape, 0.9),
        won("", 0.9, 0).draw,
    ),
    "log-normal (σ .8) against normal": (
        lambda rng, shape: rng.lognormal(-0.32, 0.8, shape),
        lambda rng, shape: rng.normal(1.0, 0.1, shape),
    ),
    "12 doors .5 against all or nothing": (
        doors(0.5, 0).draw,
        lambda rng, shape: rng.binomial(1, 0.5, shape) * 12.0,
    ),
}


def corrected(table: Floats, played: npt.NDArray[np.bool_], rng: np.random.Generator) -> Floats:
    """The family-wise p-values of all pairs of runs; 1 for a pair without a common episode."""
    family: list[dict[Hashable, float]] = [
        {k: float(table[a, k] - table[b, k]) for k in np.flatnonzero(played[a] & played[b])}
        for a, b in combinations(range(len(table)), 2)
    ]
    return np.array([1.0 if t is None else t.corrected for t in sign_flip_tests(family, rng)])


def false_alarms(
    laws: Sequence[Draw], shape: Shape, missing: float, trials: int, rng: np.random.Generator
) -> float:
    """How often any two of some runs are told apart, whose laws are taken in turn."""
    found = 0
    for _ in range(trials):
        rows = [laws[run % len(laws)](rng, (1, shape[1])) for run in range(shape[0])]
        played = rng.random(shape) >= missing
        found += corrected(np.concatenate(rows), played, rng).min() < ALPHA
    return found / trials


def told_apart(runs: int, episodes: int, trials: int, rng: np.random.Generator) -> float:
    """How often one run at .8 of 12 doors is told apart from each of the others at .5."""
    pairs = np.array([first == 0 for first, _ in combinations(range(runs), 2)])
    found = 0.0
    for _ in range(trials):
        table = rng.binomial(12, 0.5, (runs, episodes)) * 1.0
        table[0] = rng.binomial(12, 0.8, episodes)
        found += (corrected(table, np.ones(table.shape, bool), rng)[pairs] < ALPHA).mean()
    return found / trials


def power_as_planned(runs: int, spread: float, trials: int, rng: np.random.Generator) -> str:
    """How often a difference of .1 is told apart with the episodes that are said to be needed."""
    needed = episodes_needed(0.1, [spread], [1], runs * (runs - 1) // 2)
    assert needed is not None
    found = 0
    for _ in range(trials):
        table = rng.normal(0, spread / 2**0.5, (runs, needed))
        table[0] += 0.1
        found += corrected(table, np.ones(table.shape, bool), rng)[0] < ALPHA
    return f"{needed} | {_percent(found / trials)}"


def passes_held(a: float, b: float, episodes: int, trials: int, rng: np.random.Generator) -> str:
    """How often the interval of pass^k holds the truth, for k from 1 to 5 of 5 plays.

    The success rates of episodes are beta-distributed, so the truth is the k-th moment.
    """
    true = np.cumprod([(a + k) / (a + b + k) for k in range(5)])
    held = np.zeros(5)
    for _ in range(trials):
        rates = rng.beta(a, b, episodes)
        for place, each in enumerate(tries((rng.random((episodes, 5)) < rates[:, None]).tolist())):
            low, high = each.passed_all.low, each.passed_all.high
            held[place] += low is not None and high is not None and low <= true[place] <= high
    return " | ".join(map(_percent, held / trials))


def difference_held(first: Law, second: Law, episodes: int, trials: int) -> str:
    """How often the interval of a difference holds the true one, and has 0 outside."""
    rng = np.random.default_rng(episodes)
    held = apart = 0
    for _ in range(trials):
        entries = [
            Entry(
                name=law.name,
                normalized={},
                scores={"game": dict(enumerate(law.draw(rng, (1, episodes))[0].tolist()))},
                bounds={"game": law.bounds},
            )
            for law in (first, second)
        ]
        found = compare(entries).games[0].differences[0].mean
        assert found is not None
        low = -math.inf if found.low is None else found.low
        high = math.inf if found.high is None else found.high
        held += low <= first.mean - second.mean <= high
        apart += low > 0 or high < 0
    return f"{_percent(held / trials)} ({_percent(apart / trials)})"


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def _lines(trials: int) -> Iterator[str]:
    rng = np.random.default_rng(0)
    yield f"Alike runs, told apart in % of {trials} trials (any pair):\n"
    yield f"| runs | episodes | {' | '.join(LAWS)} | 12 doors, a fifth missing |"
    yield "|" + " --- |" * (len(LAWS) + 3)
    for runs in RUNS:
        for episodes in EPISODES:
            shape = runs, episodes
            cells = [false_alarms([law], shape, 0.0, trials, rng) for law in LAWS.values()]
            cells.append(false_alarms([LAWS["12 doors, .5"]], shape, 0.2, trials, rng))
            yield f"| {runs} | {episodes} | {' | '.join(map(_percent, cells))} |"
    yield "\nTwo runs with equal means that are not alike, told apart in %:\n"
    yield "| laws | 10 episodes | 20 | 100 |"
    yield "| --- | --- | --- | --- |"
    for name, laws in UNLIKE.items():
        cells = [false_alarms(laws, (2, n), 0.0, trials, rng) for n in (10, 20, 100)]
        yield f"| {name} | {' | '.join(map(_percent, cells))} |"
    yield "\nOne run at .8 of 12 doors and the others at .5, pairs that differ told apart in %:\n"
    yield f"| runs | {' | '.join(f'{n} episodes' for n in EPISODES)} |"
    yield "|" + " --- |" * (len(EPISODES) + 1)
    for runs in (2, 5, 15, 20):
        cells = [told_apart(runs, n, trials, rng) for n in EPISODES]
        yield f"| {runs} | {' | '.join(map(_percent, cells))} |"
    yield "\nA difference of .1, with the episodes that are said to be needed for 80 %:\n"
    yield "| runs | spread of the difference | episodes | told apart in % |"
    yield "| --- | --- | --- | --- |"
    for runs, spread in ((2, 0.1), (2, 0.3), (5, 0.2), (20, 0.2)):
        yield f"| {runs} | {spread:g} | {power_as_planned(runs, spread, trials, rng)} |"
    yield "\nIntervals of pass^k of 5 plays that hold the truth, in %; rates beta-distributed:\n"
    yield "| beta | episodes | pass^1 | pass^2 | pass^3 | pass^4 | pass^5 |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for a, b in ((1.0, 1.0), (0.3, 0.3), (8.0, 2.0), (1.0, 9.0)):
        for episodes in (5, 10, 20):
            cells_held = passes_held(a, b, episodes, trials, rng)
            yield f"| {a:g}, {b:g} | {episodes} | {cells_held} |"
    yield "\nIntervals of a difference that hold the true one, in % (that leave out 0):\n"
    yield f"| laws | {' | '.join(f'{n} episodes' for n in PAIRED)} |"
    yield "|" + " --- |" * (len(PAIRED) + 1)
    for first, second in DIFFERENT:
        shown = [difference_held(first, second, n, trials) for n in PAIRED]
        yield f"| {first.name} - {second.name} | {' | '.join(shown)} |"


if __name__ == "__main__":
    for line in _lines(int(sys.argv[1]) if len(sys.argv) > 1 else TRIALS):
        print(line, flush=True)
