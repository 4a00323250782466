"""Paired differences, corrected p-values, ties, improvement, and the front of cost and score."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartplay.scores.comparison import Difference, Entry, compare, cost_points, tie_letters
from smartplay.scores.intervals import Interval
from smartplay.scores.statistics import holm, improvement, sign_flip_p

probabilities = st.floats(0, 1, allow_nan=False)


def entry(name: str, played: list[float], cost: float | None = None, **more: object) -> Entry:
    by_seed = dict(enumerate(played))
    fields: dict[str, object] = {
        "scores": {"smartplay/G-v0": by_seed},
        "normalized": {"smartplay/G-v0": by_seed},
        "conditions": {"smartplay/G-v0": "as the card says"},
        "weights": {"Planning": {"smartplay/G-v0": 2}},
        "overall": float(np.mean(played)) if played else None,
    }
    return Entry(name=name, cost=cost, **(fields | more))  # type: ignore[arg-type]


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, None]) == pytest.approx([0.03, 0.06, 0.06, None])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([]) == []


@given(st.lists(probabilities, min_size=1, max_size=8))
def test_holm_never_lowers_and_keeps_the_order(values: list[float]) -> None:
    corrected = [p for p in holm(values) if p is not None]
    assert all(p <= q <= 1 for p, q in zip(values, corrected, strict=True))
    assert sorted(range(len(values)), key=lambda k: (values[k], k)) == sorted(
        range(len(values)), key=lambda k: (corrected[k], values[k], k)
    )


@given(st.lists(st.integers(-5, 5).map(float), min_size=1, max_size=7))
def test_sign_flips_are_enumerated(values: list[float]) -> None:
    parts = np.array(values)
    sums = [abs(sum(s * v for s, v in zip(signs, values, strict=True)))
            for signs in product((-1, 1), repeat=len(values))]  # fmt: skip
    expected = np.mean([total >= abs(parts.sum()) - 1e-9 for total in sums])
    assert sign_flip_p(parts, np.random.default_rng(0)) == pytest.approx(expected)


def test_drawn_sign_flips_are_near_the_exact_ones_and_never_zero() -> None:
    rng = np.random.default_rng(1)
    assert sign_flip_p(np.ones(60), rng) == pytest.approx(1e-4)
    values = rng.normal(0.5, 1.0, 40)
    z = abs(values.sum()) / np.sqrt((values**2).sum())
    normal = 2 * (1 - 0.5 * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3))))
    assert sign_flip_p(values, rng) == pytest.approx(normal, abs=0.01)


def test_alike_runs_are_found_different_no_more_often_than_promised() -> None:
    rng = np.random.default_rng(2)
    found = [sign_flip_p(rng.normal(size=8), rng) < 0.05 for _ in range(400)]
    assert np.mean(found) < 0.085


def test_pairs_remove_the_luck_of_the_seed() -> None:
    luck = np.random.default_rng(3).normal(0, 100, 12)
    better, worse = entry("a", list(luck + 1)), entry("b", list(luck))
    found = compare([better, worse]).overall.differences[0]
    assert found.pairs == 12
    assert found.mean is not None
    assert found.mean.mean == pytest.approx(1)
    assert found.corrected is not None
    assert found.corrected < 0.05


def test_equal_runs_tie_and_better_ones_do_not() -> None:
    result = compare([entry("low", [0.0] * 8), entry("high", [5.0] * 8), entry("too", [5.0] * 8)])
    assert result.overall.ties == ["b", "a", "a"]
    assert result.games[0].ties == ["b", "a", "a"]
    assert result.capabilities[0].name == "Planning"


def test_a_run_between_two_may_tie_with_both() -> None:
    def difference(first: int, second: int, mean: float, p: float) -> Difference:
        interval = Interval(mean)
        return Difference(first=first, second=second, pairs=9, mean=interval, p=p, corrected=p)

    chain = [difference(0, 1, 1, 0.2), difference(1, 2, 1, 0.3), difference(0, 2, 2, 0.01)]
    assert tie_letters(3, chain) == ["a", "ab", "b"]


def test_only_common_seeds_and_equal_conditions_count() -> None:
    some = entry("a", [1.0, 2.0, 3.0])
    fewer = entry("b", [1.0, 1.0])
    assert compare([some, fewer]).overall.differences[0].pairs == 2
    other = entry("c", [1.0, 1.0, 1.0], conditions={"smartplay/G-v0": "fewer steps"})
    result = compare([some, other])
    assert result.overall.differences[0].mean is None
    assert result.overall.ties == ["", ""]
    assert "different conditions" in result.notes[0]
    elsewhere = entry("d", [], scores={"smartplay/G-v0": {99: 1.0}})
    assert "--seed" in compare([some, elsewhere]).notes[0]
    assert "was not played by e" in compare([some, entry("e", [], scores={})]).notes[0]


def test_comparing_is_deterministic() -> None:
    rng = np.random.default_rng(4)
    entries = [entry(name, list(rng.normal(size=20))) for name in "abc"]
    assert compare(entries) == compare(entries)


def test_improvement_by_hand() -> None:
    rng = np.random.default_rng(5)
    assert improvement([([1, 2], [0, 0])], rng) == Interval(1.0, 1.0, 1.0)
    assert improvement([([1, 1], [1, 1])], rng).mean == 0.5
    assert improvement([([3, 0], [1, 2]), ([1, 1], [0, 0])], rng).mean == pytest.approx(0.75)
    assert improvement([([1], [0, 0])], rng).low is None


def test_the_front_holds_what_nothing_beats() -> None:
    runs = [
        entry("cheap", [1.0], 1.0),
        entry("dear", [3.0], 5.0),
        entry("wasteful", [2.0], 6.0),
        entry("unknown", [9.0]),
    ]
    assert [(b.run, b.front) for b in cost_points(runs)] == [(0, True), (1, True), (2, False)]
