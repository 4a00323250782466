"""Sign flips: exact p-values, family-wise error and power of many comparisons at once."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Hashable
from itertools import combinations, pairwise, product

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartplay.scores import sign_flips
from smartplay.scores.power import POWER, detectable, episodes_needed, least_episodes
from smartplay.scores.sign_flips import least_p, shift_ends, sign_flip_tests

Floats = npt.NDArray[np.float64]
Law = Callable[[np.random.Generator, tuple[int, int]], Floats]

LAWS: dict[str, Law] = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "skewed": lambda rng, shape: rng.lognormal(0, 1.5, shape),
    "lumpy": lambda rng, shape: rng.binomial(1, 0.6, shape).astype(np.float64),
    "nearly always won": lambda rng, shape: rng.binomial(1, 0.95, shape).astype(np.float64),
    "doors": lambda rng, shape: rng.binomial(12, 0.5, shape).astype(np.float64),
}


def family(
    table: Floats, played: npt.NDArray[np.bool_] | None = None
) -> list[dict[Hashable, float]]:
    """All pairwise differences of runs, shape (runs, episodes), where both were played."""
    there = np.ones_like(table, dtype=bool) if played is None else played
    return [
        {k: float(table[a, k] - table[b, k]) for k in np.flatnonzero(there[a] & there[b]).tolist()}
        for a, b in combinations(range(len(table)), 2)
    ]


def corrected(comparisons: list[dict[Hashable, float]]) -> list[float]:
    tests = sign_flip_tests(comparisons, np.random.default_rng(0))
    return [1.0 if test is None else test.corrected for test in tests]


@given(st.lists(st.integers(-5, 5).map(float), min_size=1, max_size=7))
def test_the_signs_of_few_episodes_are_enumerated(values: list[float]) -> None:
    sums = [abs(sum(s * v for s, v in zip(signs, values, strict=True)))
            for signs in product((-1, 1), repeat=len(values))]  # fmt: skip
    (test,) = sign_flip_tests([dict(enumerate(values))], np.random.default_rng(0))
    assert test is not None
    assert test.p == pytest.approx(np.mean([total >= abs(sum(values)) - 1e-9 for total in sums]))
    assert test.corrected == test.p, "a single comparison pays nothing"
    assert test.p >= least_p(len(values)) - 1e-12


@given(st.lists(st.integers(-9, 9).map(float), min_size=6, max_size=9))
def test_intervals_invert_the_test(values: list[float]) -> None:
    """Inside of them a shift of all differences leaves a p of 5 % or more, outside less."""

    def p_of(shift: float) -> float:
        shifted: dict[Hashable, float] = {k: v - shift for k, v in enumerate(values)}
        (test,) = sign_flip_tests([shifted], np.random.default_rng(0))
        assert test is not None
        return test.p

    parts: dict[Hashable, float] = {k: v / len(values) for k, v in enumerate(values)}
    weights: dict[Hashable, float] = dict.fromkeys(parts, 1 / len(values))
    ((low, high),) = shift_ends([parts], [weights], np.random.default_rng(0))
    assert low <= sum(parts.values()) + 1e-9
    assert p_of(low - 1e-6) < 0.05 <= p_of(low + 1e-6) or low == high
    assert p_of(high + 1e-6) < 0.05 <= p_of(high - 1e-6) or low == high


def test_too_few_episodes_leave_both_ends_open() -> None:
    parts: dict[Hashable, float] = dict.fromkeys(range(5), 1.0)
    assert shift_ends([parts], [parts], np.random.default_rng(0)) == [(-np.inf, np.inf)]


def test_many_episodes_are_drawn_and_their_p_is_never_zero() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(0.5, 1.0, 40)
    sure, some, none = sign_flip_tests(
        [dict.fromkeys(range(60), 1.0), dict(enumerate(values.tolist())), {}], rng
    )
    assert sure is not None
    assert sure.p == pytest.approx(least_p(60)) == 1e-4
    assert some is not None
    z = abs(values.sum()) / np.sqrt((values**2).sum())
    normal = 2 * (1 - 0.5 * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3))))
    assert some.p == pytest.approx(normal, abs=0.01)
    assert none is None


@given(
    st.lists(
        st.lists(st.integers(-3, 3).map(float), min_size=6, max_size=6), min_size=1, max_size=5
    )
)
def test_a_correction_never_lowers_and_keeps_the_order(rows: list[list[float]]) -> None:
    tests = sign_flip_tests([dict(enumerate(row)) for row in rows], np.random.default_rng(0))
    found = sorted(test for test in tests if test is not None)
    assert all(test.p <= test.corrected <= 1 for test in found)
    statistics = [abs(sum(r)) / (sum(v * v for v in r) ** 0.5 or 1) for r in rows]
    by_statistic = sorted(zip(statistics, (t.corrected for t in tests if t), strict=True))
    values = [p for _, p in by_statistic]
    assert all(p >= q - 1e-9 for p, q in pairwise(values))


def test_equal_comparisons_cost_nothing_and_others_little() -> None:
    one: dict[Hashable, float] = dict.fromkeys(range(8), 1.0)
    assert corrected([one]) == corrected([one] * 50)[:1]
    rng = np.random.default_rng(2)
    others = family(rng.normal(size=(7, 8)))
    assert 2 * 2**-7 >= min(corrected([one, *others])) >= 2**-7


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize(("runs", "episodes"), [(2, 6), (5, 8), (15, 6), (20, 6)])
def test_alike_runs_are_told_apart_no_more_often_than_promised(
    law: str, runs: int, episodes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any pair of them, by the family-wise p: 5 %, and the noise of 40 trials."""
    monkeypatch.setattr(sign_flips, "DRAWS", 999)
    rng, trials = np.random.default_rng(runs * 100 + episodes), 40
    found = sum(
        min(corrected(family(LAWS[law](rng, (runs, episodes))))) < 0.05 for _ in range(trials)
    )
    assert found <= 6, "7 or more of 40 come once in 300 times at 5 %"


@pytest.mark.parametrize("runs", [2, 5])
def test_a_run_ahead_of_alike_ones_does_not_make_them_differ(
    runs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_flips, "DRAWS", 999)
    rng, trials, found = np.random.default_rng(4), 40, 0
    for _ in range(trials):
        table = LAWS["skewed"](rng, (runs + 1, 11)) + rng.normal(size=11)
        table[-1] += 50.0
        played = rng.random(table.shape) < 0.8
        among = family(table, played)
        null = [k for k, (_, b) in enumerate(combinations(range(runs + 1), 2)) if b < runs]
        among_null = corrected(among)
        found += min(among_null[k] for k in null) < 0.05
    assert found <= 6


@pytest.mark.parametrize("episodes", [2, 3, 4, 5])
def test_few_episodes_can_tell_nothing(episodes: int) -> None:
    table = np.zeros((2, episodes))
    table[1] = 1000.0
    assert corrected(family(table)) == [least_p(episodes)]
    assert least_p(episodes) >= 0.05
    assert least_episodes(1) == 6


@pytest.mark.parametrize("runs", [2, 15, 20])
def test_six_episodes_tell_every_pair_apart_that_never_crosses(runs: int) -> None:
    """By Holm's correction fifteen runs needed thirteen episodes, twenty fourteen."""
    table = np.arange(runs)[:, None] * 10.0 + np.linspace(0, 1, 6)
    assert max(corrected(family(table))) == 2**-5


def test_fifteen_runs_are_told_apart_at_twenty_episodes() -> None:
    """Fourteen at .3 of 12 doors and one at .98: the case where Holm's correction had no power."""
    rng = np.random.default_rng(5)
    table = rng.binomial(12, 0.3, (15, 20)).astype(np.float64)
    table[-1] = rng.binomial(12, 0.98, 20)
    pairs = list(combinations(range(15), 2))
    told = {pair for pair, p in zip(pairs, corrected(family(table)), strict=True) if p < 0.05}
    assert {pair for pair in pairs if 14 in pair} <= told


@pytest.mark.parametrize(("spread", "runs"), [(0.2, 2), (0.25, 5)])
def test_the_episodes_that_are_said_to_be_needed_suffice(
    spread: float, runs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_flips, "DRAWS", 999)
    comparisons = runs * (runs - 1) // 2
    needed = episodes_needed(0.1, [spread], [1], comparisons)
    assert needed is not None
    rng, trials, found = np.random.default_rng(6), 60, 0
    for _ in range(trials):
        table = rng.normal(0, spread / 2**0.5, (runs, needed))
        table[0] += 0.1
        found += corrected(family(table))[0] < 0.05
    assert POWER - 0.16 < found / trials < POWER + 0.16


def test_what_is_needed_and_what_is_detectable_agree() -> None:
    for comparisons in (1, 190):
        for spread in (0.1, 0.5):
            needed = episodes_needed(0.2, [spread], [1], comparisons)
            assert needed is not None
            found = detectable(needed, spread, comparisons)
            assert found is not None
            assert found == pytest.approx(0.2, rel=0.1)
            assert found <= 0.2
    assert detectable(5, 0.1, 1) is None
    assert episodes_needed(0.1, [0.0, 0.0], [1, 1], 1) is None, "no spread, nothing to reckon with"
    assert episodes_needed(1e-9, [1.0], [1], 1) is None, "beyond all that can be played"
    many, few = episodes_needed(0.1, [0.3] * 7, [1] * 7, 1), episodes_needed(0.1, [0.3], [1], 1)
    assert many is not None
    assert few is not None
    assert many < few / 5
    assert episodes_needed(5.0, [0.1], [1], 1) == 8


def test_what_is_held_in_memory_changes_no_result(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(7)
    families = [family(rng.normal(size=(6, episodes))) for episodes in (8, 20)]
    whole = [corrected(each) for each in families]
    monkeypatch.setattr(sign_flips, "_AT_ONCE", 1_000)
    assert [corrected(each) for each in families] == whole


@pytest.mark.slow
def test_many_episodes_take_little_memory() -> None:
    """Of 5 000 episodes the signs alone would take 400 MB."""
    draw = np.random.default_rng(1)
    parts: list[dict[Hashable, float]] = [dict(enumerate(draw.normal(size=5000).tolist()))]
    weights: list[dict[Hashable, float]] = [dict.fromkeys(range(5000), 1 / 5000)]
    tracemalloc.start()
    sign_flip_tests(parts, np.random.default_rng(1))
    shift_ends(parts, weights, np.random.default_rng(1))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 50e6
