"""Intervals of means of few, bounded scores: what they hold, what they refuse, how they read."""

from __future__ import annotations

import math
from itertools import pairwise

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartplay.cards.bounds import Bounds, CardBounds
from smartplay.scores.intervals import (
    Interval,
    difference_interval,
    mean_interval,
    ratio_interval,
    share_interval,
    t_quantile,
    weighted_interval,
)

UNIT = Bounds(0, 1)
finite = st.floats(-1e3, 1e3)


def ends(found: Interval) -> tuple[float, float]:
    assert found.low is not None
    assert found.high is not None
    return found.low, found.high


# What is not known


@pytest.mark.parametrize("bounds", [Bounds(), UNIT, Bounds(0), Bounds(1, 1)])
def test_a_single_score_has_an_unknown_interval(bounds: Bounds) -> None:
    assert mean_interval([1.0], bounds) == Interval(1.0, None, None)


def test_equal_scores_without_bounds_have_an_unknown_interval() -> None:
    assert mean_interval([4.0, 4.0]) == Interval(4.0)
    assert mean_interval([0.0] * 20, Bounds(0)) == Interval(0.0)


def test_the_least_score_alone_leaves_open_how_much_a_rare_one_brings() -> None:
    low, high = ends(mean_interval([0.0] * 20, Bounds(0, 1000, distant=True)))
    chance = ends(mean_interval([0.0] * 20, UNIT))[1]
    assert (low, high) == pytest.approx((0, 1000 * chance))
    assert ends(mean_interval([0.0] * 20, Bounds(0, 1000, distant=True)).capped(1)) == (0, 1)


def test_skewed_scores_leave_the_upper_end_open_where_one_outweighs_all() -> None:
    rare = [1000.0, 0.0, 0.0, 0.0, 0.0]
    assert mean_interval(rare, Bounds(0)).high is None
    assert ends(mean_interval(rare, Bounds(0, 5000, distant=True)))[1] == 5000


@pytest.mark.parametrize("number", [2, 5, 20, 100])
def test_equal_scores_say_how_far_the_mean_may_be(number: int) -> None:
    low, high = ends(mean_interval([1.0] * number, UNIT))
    assert high == 1
    assert 0 < low < 1
    assert low**number <= 0.07 + 1e-3, "it is no chance that would lead to so many wins"
    mirrored = ends(mean_interval([0.0] * number, UNIT))
    assert mirrored == pytest.approx((0, 1 - low), abs=1e-6)


def test_scores_that_cannot_differ_are_no_measurement() -> None:
    assert mean_interval([0.0, 0.0, 0.0], Bounds(0, 0)) == Interval(0.0)


@given(finite, st.integers(1, 9))
def test_no_interval_is_without_width(value: float, number: int) -> None:
    for bounds in (Bounds(), Bounds(-1e3), Bounds(-1e3, 1e3)):
        found = mean_interval([value] * number, bounds)
        assert found.low is None or found.low < (found.high or math.inf)
    assert Interval(value, value, value) == Interval(value)
    assert msgspec.to_builtins(Interval(value, value, value))["low"] is None


# What is known


LONG = [pytest.param(number, marks=pytest.mark.slow) for number in (20, 50, 100, 120)]


@pytest.mark.parametrize("number", [5, 7, 10, *LONG])
def test_games_won_or_lost_have_intervals_that_hold_every_chance(number: int) -> None:
    """Exactly, not by simulation: at least 93 %, and above 98 % only if nothing is between."""
    from scipy.stats import binom  # a second, which other tests need not wait

    found = [
        ends(mean_interval([1.0] * wins + [0.0] * (number - wins), UNIT))
        for wins in range(number + 1)
    ]
    for chance in np.linspace(0.005, 0.995, 199).tolist():
        likely = binom.pmf(np.arange(number + 1), number, chance)
        held = [wins for wins, (low, high) in enumerate(found) if low <= chance <= high]
        together = likely[held].sum()
        assert together >= 0.925, "0.93 but for the steps in which chances are tried"
        if together > 0.985:
            least = min(likely[held[0]], likely[held[-1]])
            assert together - least < 0.95


def test_very_many_games_won_or_lost_have_wilsons_interval() -> None:
    """Exactly, not by simulation."""
    from scipy.stats import binom

    number = 121
    found = [ends(share_interval(wins / number, number)) for wins in range(number + 1)]
    for wins in (0, 90, number):
        scores = [1.0] * wins + [0.0] * (number - wins)
        assert ends(mean_interval(scores, UNIT)) == found[wins]
    for chance in np.linspace(0.02, 0.98, 97).tolist():
        likely = binom.pmf(np.arange(number + 1), number, chance)
        held = [low <= chance <= high for low, high in found]
        assert 0.93 < likely[held].sum() < 0.98


def test_students_interval_without_bounds() -> None:
    found = mean_interval([1, 2, 3, 4, 5])
    reach = 2.7764451 * math.sqrt(2.5) / math.sqrt(5)  # quantile .975 of t with 4 degrees
    assert ends(found) == pytest.approx((3 - reach, 3 + reach), abs=1e-6)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=30))
def test_bounded_intervals_hold_the_mean_and_stay_within(values: list[float]) -> None:
    found = mean_interval(values, UNIT)
    low, high = ends(found)
    assert -1e-9 <= low <= found.mean + 1e-6
    assert found.mean - 1e-6 <= high <= 1 + 1e-9


@pytest.mark.parametrize("values", [[0.0, 2.0, 1.0], [-1.0, 0.5, 1.0]])
def test_scores_outside_the_bounds_make_them_worthless(values: list[float]) -> None:
    assert mean_interval(values, UNIT) == mean_interval(values)


@given(st.lists(st.floats(-1, 2), min_size=2, max_size=20), finite, st.floats(0.1, 100))
def test_intervals_move_with_the_scale(values: list[float], zero: float, width: float) -> None:
    bounds = Bounds(-1, 2)
    there = mean_interval(values, bounds).scaled(zero, zero + width)
    here = mean_interval(
        [(value - zero) / width for value in values], bounds.scaled(zero, zero + width)
    )
    assert ends(there) == pytest.approx(ends(here), abs=1e-4)


def test_more_episodes_narrow_the_interval() -> None:
    samples = ([0.0, 0.5, 1.0, 1.0] * times for times in (1, 2, 5, 20))
    widths = [high - low for low, high in (ends(mean_interval(s, UNIT)) for s in samples)]
    assert all(wide > narrow for wide, narrow in pairwise(widths))


# Means of means


def test_a_single_part_keeps_its_interval() -> None:
    part = Interval(0.5, 0.2, 0.7)
    assert weighted_interval([part], [3]) == part
    assert weighted_interval([part, Interval(9.0)], [2, 0]) == part


def test_a_weighted_mean_agrees_with_its_parts() -> None:
    draw = np.random.default_rng(1)
    parts = [mean_interval(draw.random(n).tolist(), UNIT) for n in (50, 40)]
    found = weighted_interval(parts, [1, 3])
    assert found.mean == pytest.approx(0.25 * parts[0].mean + 0.75 * parts[1].mean)
    low, high = ends(found)
    assert min(ends(p)[0] for p in parts) < low < high < max(ends(p)[1] for p in parts)
    below = [w * (part.mean - ends(part)[0]) for w, part in zip((0.25, 0.75), parts, strict=True)]
    assert found.mean - low == pytest.approx(math.hypot(*below))


def test_a_part_that_is_unknown_leaves_the_whole_unknown() -> None:
    assert weighted_interval([Interval(0.5, 0.2, 0.7), Interval(1.0)], [1, 1]) == Interval(0.75)


def test_a_part_counts_no_more_than_the_most() -> None:
    human, crafter = Interval(0.5, 0.3, 0.7), Interval(2.64, 2.2, 3.1)
    found = weighted_interval([human, crafter], [1, 1], most=1)
    assert (found.mean, *ends(found)) == pytest.approx((0.75, 0.65, 0.85))
    half = weighted_interval([human, Interval(1.2, 0.6, 1.8)], [1, 1], most=1)
    assert half.mean == 0.75
    assert ends(half)[0] < 0.65, "the game may be worth less than 1"
    assert weighted_interval([crafter], [1], most=1) == Interval(1.0)


def test_a_difference_swaps_the_ends_of_what_is_taken_away() -> None:
    found = difference_interval(Interval(1.0, 0.9, 1.0 + 1e-12), Interval(0.5, 0.5 - 1e-12, 0.8))
    assert ends(found) == pytest.approx((0.5 - math.hypot(0.1, 0.3), 0.5), abs=1e-9)


# Ratios


CHANCE = Bounds(-1 / 3, 1.0)
EVEN = [0.5, 0.6, 0.7, 0.8, 0.9]


def test_a_ratio_has_fiellers_interval() -> None:
    """With Student's quantile, as long as neither side makes nearly all of the spread."""
    top, bottom = [0.3, 0.4, 0.5, 0.6, 0.7], EVEN
    found = ratio_interval(top, bottom, CHANCE, CHANCE)
    assert found is not None
    assert found.mean == pytest.approx(0.5 / 0.7)
    error = t_quantile(4) ** 2 * np.var(top, ddof=1) / 5
    for ratio in ends(found):
        assert (0.5 - ratio * 0.7) ** 2 == pytest.approx(error * (1 + ratio**2), rel=0.1)


def test_a_ratio_leaves_room_for_what_was_not_seen_where_one_side_makes_the_spread() -> None:
    rare, sure = [*[1.0] * 19, 0.5], [0.9, 0.91] * 10
    found = ratio_interval(rare, sure, CHANCE, CHANCE)
    assert found is not None
    assert ends(found)[0] == pytest.approx(ends(mean_interval(rare, CHANCE))[0] / 0.905, abs=1e-2)
    assert ends(found)[0] < ends(mean_interval(rare))[0] / 0.905 - 0.07


@pytest.mark.parametrize(("top", "bottom"), [([1.0] * 5, EVEN), (EVEN, [1.0] * 5)])
def test_a_ratio_of_what_does_not_vary_has_the_room_on_both_sides(
    top: list[float], bottom: list[float]
) -> None:
    found = ratio_interval(top, bottom, CHANCE, CHANCE)
    over, under = (mean_interval(side, CHANCE) for side in (top, bottom))
    assert found is not None
    for ratio, reach, other in zip(ends(found), ends(over), ends(under)[::-1], strict=True):
        error = (over.mean - reach) ** 2 + ratio**2 * (under.mean - other) ** 2
        assert (over.mean - ratio * under.mean) ** 2 == pytest.approx(error)


@pytest.mark.parametrize("bottom", [[1.0], [0.1, -0.1, 0.3], [0.0, 0.3, 0.1, 0.3]])
def test_a_ratio_to_what_may_be_nothing_is_none(bottom: list[float]) -> None:
    assert ratio_interval(EVEN, bottom, CHANCE, CHANCE) is None


def test_a_ratio_of_what_is_unknown_is_unknown() -> None:
    assert ratio_interval([0.5], [0.5, 0.4, 0.6], CHANCE, CHANCE) == Interval(1.0)


# How they read


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Interval(0.91234, 0.85, 0.97), "0.912 [0.850, 0.970]"),
        (Interval(5760.4, 4794.0, 6726.7), "5760 [4790, 6730]"),
        (Interval(247.3, 215.1, 279.5), "247 [215, 280]"),
        (Interval(16.731, 16.626, 16.835), "16.73 [16.63, 16.84]"),
        (Interval(5.0), "5 [unknown]"),
        (Interval(0.0), "0 [unknown]"),
        (Interval(0.8333), "0.833 [unknown]"),
        (Interval(-12345.6), "-12300 [unknown]"),
        (Interval(-1e-9, -0.2, 0.2), "0.00 [-0.20, 0.20]"),
        (Interval(1.0, 0.001, 1.998), "1.0 [0.0, 2.0]"),
        (Interval(1.0, 0.5, None), "1 [0.5, -]"),
        (Interval(12.0, 1.2531, None), "12 [1, -]"),
        (Interval(-5.61, None, -2.004), "-5.6 [-, -2]"),
        (Interval(1.0, 1 - 1e-8, 1 + 1e-8), "1.000000 [1.000000, 1.000000]"),
        (Interval(0.1, 0.1 - 1e-17, 0.1 + 2e-17), "0.1 [unknown]"),
    ],
)
def test_numbers_have_two_digits_of_their_uncertainty(value: Interval, text: str) -> None:
    assert str(value) == text
    assert f"{value.shown_mean} {value.shown_ends or '[unknown]'}" == text


def test_a_sign_and_digits_of_ones_own() -> None:
    assert f"{Interval(0.5, 0.25, 1):+}" == "+0.50 [+0.25, +1.00]"
    assert f"{Interval(0.5, 0.25, 1):.1f}" == "0.5 [0.2, 1.0]"


# What cards declare


def test_bounds_follow_steps_and_settings() -> None:
    assert CardBounds(low=0, high="disks").within(30, {"disks": 5}) == Bounds(0, 5)
    assert CardBounds(low=0, steps_per_point=1).within(7, {}) == Bounds(0, 7)
    assert CardBounds(low=0, points_per_step=22).within(7, {}) == Bounds(0, 154, distant=True)
    doors = CardBounds(low=0, high=12, steps_per_point=1)
    assert [doors.within(steps, {}).high for steps in (5, 12, 99)] == [5, 12, 12]
    assert CardBounds(high="disks").within(30, {"disks": "many"}) == Bounds()
