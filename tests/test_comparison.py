"""Paired differences, corrected p-values, ties, improvement, and the front of cost and score."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartplay.cards.bounds import Bounds
from smartplay.scores.comparison import (
    Comparison,
    Difference,
    compare,
    cost_points,
    improvement,
    letters,
    overall_ties,
    tie_letters,
)
from smartplay.scores.entries import Entry
from smartplay.scores.intervals import Interval
from smartplay.scores.sign_flips import least_p

GAME, OTHER = "smartplay/G-v0", "smartplay/H-v0"


def entry(name: str, played: list[float], cost: float | None = None, **more: object) -> Entry:
    by_seed = dict(enumerate(played))
    fields: dict[str, object] = {
        "scores": {GAME: by_seed},
        "normalized": {GAME: by_seed},
        "conditions": {GAME: {"steps": "9", "card": "abc"}},
        "units": {GAME: 1.0},
        "weights": {"Planning": {GAME: 2}},
        "overall": float(np.mean(played)) if played else None,
    }
    return Entry(name=name, cost=cost, **(fields | more))  # type: ignore[arg-type]


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


def only(comparison: Comparison) -> Difference:
    return comparison.games[0].differences[0]


def test_only_common_seeds_are_compared_and_what_is_left_out_is_said() -> None:
    some, fewer = entry("a", [1.0, 2.0, 3.0]), entry("b", [1.0, 1.0])
    found = compare([some, fewer])
    assert only(found).pairs == found.overall.differences[0].pairs == 2
    assert found.notes == [
        "G-v0: two runs are compared on the episodes that both have a score of. Of 3 episodes "
        "1 was scored in one run only."
    ]
    late = entry("c", [], scores={GAME: {1: 0.5, 2: 0.5, 3: 0.5}})
    found = compare([some, fewer, late])
    assert [d.pairs for d in found.games[0].differences] == [2, 2, 1]
    assert "b lacks 1, c lacks 1, 1 was scored in one run only" in found.notes[-1]
    elsewhere = entry("d", [], scores={GAME: {99: 1.0}})
    found = compare([some, elsewhere])
    assert only(found).mean is None
    assert "--seed" in found.notes[0]


def test_runs_that_played_otherwise_are_not_compared_and_how_is_said() -> None:
    some = entry("a", [1.0, 2.0, 3.0])
    shorter = entry("c", [1.0] * 3, conditions={GAME: {"steps": "5", "card": "abc"}})
    found = compare([some, shorter])
    assert found.overall.differences[0].mean is None
    assert found.overall.ties == ["", ""]
    assert found.improvements[0].games == []
    assert "G-v0 was not played alike" in found.notes[0]
    assert found.notes[0].endswith("compared on it: steps 9 (a), 5 (c).")
    alike = entry("e", [0.0] * 3, conditions={GAME: {"steps": "5", "card": None}})
    found = compare([some, shorter, alike])
    assert [d.pairs for d in found.games[0].differences] == [0, 0, 3]
    assert "steps 9 (a), 5 (c, e)" in found.notes[-1]


def test_other_games_are_not_mixed() -> None:
    both = {GAME: {0: 1.0, 1: 1.0}, OTHER: {0: 0.0, 1: 0.0}}
    two = entry("two", [], scores=both, normalized=both, conditions={})
    one = entry("one", [1.0, 1.0], conditions={})
    found = compare([two, one, two])
    assert [d.mean.mean for d in found.overall.differences if d.mean] == [0.0, 0.0, 0.0]
    assert [d.pairs for d in found.overall.differences] == [2, 4, 2]
    assert "the same games in common" in found.notes[0]
    assert "H-v0 was not played by one." in found.notes
    none = entry("none", [], scores={}, normalized={})
    assert compare([one, none]).overall.differences[0].mean is None


def test_games_without_a_normalised_score_are_left_out_of_the_mean_and_it_is_said() -> None:
    both = {GAME: {0: 1.0, 1: 1.0}, OTHER: {0: 0.0, 1: 0.0}}
    some = [entry(name, [1.0, 1.0], scores=both, conditions={}) for name in "ab"]
    found = compare(some)
    assert [each.pairs for each in found.overall.differences] == [2]
    assert found.notes == [
        "The overall difference and those of capabilities leave out H-v0: as played, there is no "
        "normalised score."
    ]
    assert compare([entry(name, [1.0, 1.0]) for name in "ab"]).notes == []


def test_other_suites_have_no_pairs_and_it_is_said() -> None:
    public = entry("a", [1.0, 2.0], agent="a")
    private = entry("b", [], scores={GAME: {-5: 1.0, -9: 2.0}}, suite="0123456789")
    found = compare([public, private])
    assert only(found).mean is None
    assert found.notes == [
        "Runs on other suites met other episodes and have no pairs: public (a); "
        "private 01234567 (b)."
    ]


def test_an_unfinished_run_and_one_that_failed_everywhere() -> None:
    whole, empty = entry("whole", [1.0] * 6), entry("empty", [])
    found = compare([whole, empty])
    assert only(found).p is None
    assert only(found).least_p is None
    assert compare([empty, empty]).overall.ties == ["", ""]


def test_without_a_common_episode_nothing_is_told_from_the_baseline() -> None:
    found = only(compare([entry("whole", [1.0] * 6), entry("empty", [])], baseline=0))
    assert found.mean is None
    assert found.joint is None


@pytest.mark.parametrize("pairs", [2, 3, 5, 6])
def test_the_smallest_p_that_was_possible_is_said(pairs: int) -> None:
    found = only(compare([entry("a", [0.0] * pairs), entry("b", [9.0] * pairs)]))
    assert found.p == found.corrected == found.least_p == least_p(pairs)
    assert found.apart == (pairs == 6)


def test_equal_copies_are_alike_and_nothing_is_promised() -> None:
    copies = [entry(name, [0.0, 1.0, 0.5, 0.5]) for name in "abc"]
    found = compare(copies)
    assert found.overall.ties == ["a", "a", "a"]
    for difference in found.overall.differences:
        assert (difference.p, difference.corrected, difference.needed) == (1.0, 1.0, None)
        assert difference.mean == Interval(0.0)


@pytest.mark.parametrize("number", [1, 5, 20])
def test_scores_beyond_the_bounds_leave_the_mean_within_its_interval(number: int) -> None:
    rng, bounds = np.random.default_rng(7), {GAME: Bounds(0, 1)}
    runs = [entry("a", list(3 + rng.random(number)), bounds=bounds),
            entry("b", list(rng.random(number)), bounds=bounds)]  # fmt: skip
    found = compare(runs, baseline=1)
    for each in (only(found).mean, found.overall.differences[0].joint):
        assert each is not None
        assert each.low is None or each.low <= each.mean
        assert each.high is None or each.mean <= each.high


def test_differences_that_are_equal_but_for_rounding_have_no_spread() -> None:
    found = only(compare([entry("a", [0.1 * k for k in range(8)]),
                          entry("b", [0.1 * (k + 1) for k in range(8)])]))  # fmt: skip
    assert found.mean is not None
    assert (str(found.mean), found.needed) == ("-0.1 [unknown]", None)
    assert found.apart


def test_more_episodes_are_needed_for_smaller_differences_and_for_more_runs() -> None:
    rng = np.random.default_rng(6)
    runs = [entry(name, rng.normal(0, 0.3, 20).tolist()) for name in "abcd"]
    few = compare(runs[:2], 0.2).overall.differences[0].needed
    more = compare(runs[:2], 0.1).overall.differences[0].needed
    family = compare(runs, 0.1).overall.differences[0].needed
    assert few is not None
    assert more is not None
    assert family is not None
    assert 3 * few < more < family < 3 * more
    in_points = [
        entry(run.name, [], scores={GAME: {s: 50 * v for s, v in run.scores[GAME].items()}},
              units={GAME: 50.0})
        for run in runs[:2]
    ]  # fmt: skip
    assert only(compare(in_points, 0.1)).needed == more, "the scale's unit, not the game's"
    assert only(compare([entry("a", [1.0, 2.0], units={}), runs[0]])).needed is None


def test_bounds_give_equal_scores_an_interval() -> None:
    bounded = [entry(name, [0.5] * 8, bounds={GAME: Bounds(0.0, 1.0)}) for name in "ab"]
    mean = only(compare(bounded)).mean
    assert mean is not None
    assert mean.low is not None
    assert mean.high is not None
    assert -1 < mean.low < 0 < mean.high < 1


@given(
    st.lists(st.sampled_from([-1.0, -0.3, 0.0, 0.2, 0.25, 1.0]), min_size=2, max_size=14),
    st.sampled_from([Bounds(), Bounds(0.0, 1.0), Bounds(0.0, 900.0, distant=True)]),
)
def test_an_interval_leaves_out_0_exactly_if_the_test_does(
    differences: list[float], bounds: Bounds
) -> None:
    one = entry("a", differences, bounds={GAME: bounds})
    none = entry("b", [0.0] * len(differences), bounds={GAME: bounds})
    found = only(compare([one, none]))
    assert found.mean is not None
    assert found.p is not None
    low = -np.inf if found.mean.low is None else found.mean.low
    high = np.inf if found.mean.high is None else found.mean.high
    assert low <= found.mean.mean <= high
    if low > -np.inf or high < np.inf:
        assert (low > 0 or high < 0) == (found.p < 0.05)
    if len(differences) < 6 and bounds == Bounds(0.0, 1.0):
        assert (low, high) == (-1, 1), "so few episodes can tell nothing"


def test_intervals_that_hold_together_are_no_shorter_and_wider_the_more_there_are() -> None:
    rng = np.random.default_rng(2)
    bounds = {GAME: Bounds(0.0, 1.0)}
    scores = [entry(str(k), list(rng.random(20)), bounds=bounds) for k in range(9)]
    for runs in (scores[:2], scores):
        found = compare(runs, baseline=0).overall.differences
        for each in found:
            assert each.mean is not None
            assert each.joint is not None
            assert each.joint.mean == each.mean.mean
            (low, high), own = ends(each.joint), ends(each.mean)
            assert low <= own[0]
            assert own[1] <= high
    assert found[0].joint is not None
    first = compare(scores[:2], baseline=0).overall.differences[0].joint
    assert first is not None
    assert ends(found[0].joint)[0] < ends(first)[0]


def test_too_few_episodes_leave_joint_intervals_the_whole_range() -> None:
    runs = [entry(name, [level] * 5, bounds={GAME: Bounds(0.0, 1.0)})
            for name, level in (("a", 0.2), ("b", 0.9))]  # fmt: skip
    [found] = compare(runs, baseline=0).overall.differences
    assert found.joint is not None
    assert ends(found.joint) == (-1.0, 1.0)


def ends(interval: Interval) -> tuple[float, float]:
    assert interval.low is not None
    assert interval.high is not None
    return interval.low, interval.high


def test_the_overall_difference_is_that_of_the_capped_means() -> None:
    both = [
        {GAME: dict.fromkeys(range(8), 2.6), OTHER: dict.fromkeys(range(8), 0.5)},
        {GAME: dict.fromkeys(range(8), 0.8), OTHER: dict.fromkeys(range(8), 0.6)},
    ]
    runs = [entry(name, [], normalized=own) for name, own in zip("ab", both, strict=True)]
    found = compare(runs).overall.differences[0].mean
    assert found is not None
    assert found.mean == pytest.approx((1 + 0.5) / 2 - (0.8 + 0.6) / 2)
    above = [entry(name, [3.0 + k] * 8) for k, name in enumerate("ab")]
    over = compare(above).overall
    assert over.differences[0].mean == Interval(0.0)
    assert over.ties == ["a", "a"]


def test_letters_beyond_the_alphabet_are_numbers() -> None:
    assert letters("ab(27)(103)") == ["a", "b", "(27)", "(103)"]
    assert set(letters("z(27)")) & set(letters("(2)(7)")) == set()


@given(st.integers(2, 8), st.data())
def test_two_runs_share_a_letter_just_if_they_are_tied(runs: int, data: st.DataObject) -> None:
    pairs = list(combinations(range(runs), 2))
    p_values = data.draw(st.lists(st.sampled_from([0.01, 0.9, None]), min_size=len(pairs),
                                  max_size=len(pairs)))  # fmt: skip
    differences = [
        Difference(first=a, second=b, pairs=9, mean=None if p is None else Interval(b - a),
                   p=p, corrected=p)
        for (a, b), p in zip(pairs, p_values, strict=True)
    ]  # fmt: skip
    ties = [set(letters(each)) for each in tie_letters(runs, differences)]
    for (a, b), p in zip(pairs, p_values, strict=True):
        assert bool(ties[a] & ties[b]) == (p == 0.9)


def test_ties_by_themselves_are_those_of_the_comparison() -> None:
    rng = np.random.default_rng(7)
    for spread in (0.0, 0.3, 1.0):
        runs = [
            entry(f"{skill}", np.clip(skill / 8 + spread * rng.normal(size=9), -1, 2).tolist())
            for skill in range(8)
        ]
        runs += [runs[3], entry("absent", []), entry("short", [0.4, 0.4])]
        assert overall_ties(runs) == compare(runs).overall.ties
    assert overall_ties([]) == []


def test_twenty_runs_are_compared_in_one_go() -> None:
    rng = np.random.default_rng(7)
    luck = rng.normal(0, 1, 10)
    played = [(luck + 0.3 * k + rng.normal(0, 0.1, 10)) / 10 for k in range(20)]
    runs = [entry(f"r{k}", scores.tolist()) for k, scores in enumerate(played)]
    found = compare(runs)
    assert len(found.overall.differences) == 190
    assert sum(d.apart for d in found.overall.differences) > 170
    assert found.overall.ties[19].startswith("a")


def test_comparing_is_deterministic() -> None:
    rng = np.random.default_rng(4)
    entries = [entry(name, list(rng.normal(size=20))) for name in "abc"]
    assert compare(entries) == compare(entries)


def test_improvement_by_hand() -> None:
    sure = improvement([1, 2], [0, 0])
    assert sure.mean == 1.0
    assert sure.low is not None
    assert sure.low < 1.0, "four comparisons are no certainty"
    assert improvement([1, 1], [1, 1]).mean == 0.5
    assert improvement([3, 0], [1, 2]).mean == 0.5
    assert improvement([1], [0, 0]).low is None
    runs = [entry("a", [3.0, 0.0]), entry("b", [1.0, 2.0])]
    (found,) = compare(runs).improvements
    assert found.probability is not None
    assert found.probability.mean == 0.5


def test_an_improvement_is_a_probability() -> None:
    found = improvement([0, 1, 3], [0, 1, 2])
    assert found.low is not None
    assert found.high is not None
    assert 0 <= found.low < found.mean < found.high <= 1


def test_the_interval_of_an_improvement_holds_its_truth() -> None:
    rng = np.random.default_rng(8)
    held = 0
    for _ in range(200):
        interval = improvement(rng.normal(0.5, 1, 15).tolist(), rng.normal(0, 1, 15).tolist())
        assert interval.low is not None
        assert interval.high is not None
        held += interval.low <= 0.638 <= interval.high
    assert held >= 182


def test_the_front_holds_what_nothing_beats() -> None:
    runs = [
        entry("cheap", [1.0], 1.0),
        entry("dear", [3.0], 5.0),
        entry("wasteful", [2.0], 6.0),
        entry("unknown", [9.0]),
    ]
    assert [(b.run, b.front) for b in cost_points(runs)] == [(0, True), (1, True), (2, False)]
