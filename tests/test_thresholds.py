"""Thresholds, as pure functions: levels, intervals, sentences, differences."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import combinations

import msgspec
import numpy as np
import pytest

from smartplay.cards.card import Dial
from smartplay.core.errors import RunFolderError
from smartplay.records import EpisodeRecord, Measurement
from smartplay.report.thresholds import curves_by_game, psychometric
from smartplay.scores import thresholds as module
from smartplay.scores.threshold_gaps import Gap, threshold_gaps
from smartplay.scores.thresholds import (
    RULE,
    LevelData,
    Threshold,
    Track,
    best_level,
    choices,
    next_sweep,
    posteriors,
    thresholds,
)
from tools.measurement import Population, simulate

LEVELS = [float(level) for level in range(1, 13)]
ENOUGH = Measurement(width=0.5, calls=900, rule=RULE)


def dial(values: Sequence[float] = LEVELS, capability: str = "reasoning") -> Dial:
    return Dial(capability, "follows {} facts in a row", list(values), 12, 0.25)


def measured(*data: tuple[int, int, int], values: Sequence[float] = LEVELS) -> Threshold:
    track = Track(dial(values), data=[LevelData(*each) for each in data])
    track.episodes = 1
    return thresholds({"game": track})[0]


@pytest.mark.slow
def test_an_interval_keeps_its_word_and_the_calls_suffice() -> None:
    inside = simulate(Population("", (1, 10)), 30, ENOUGH, np.random.default_rng(7))
    assert inside.half_width <= 0.8, "the mean over 400 agents is below .75"
    assert inside.coverage >= 0.93
    assert abs(inside.bias) < 0.1
    assert inside.error < 0.5
    assert inside.calls[1] <= ENOUGH.calls


@pytest.mark.slow
def test_slips_are_no_threshold() -> None:
    slipping = simulate(Population("", (1, 12), slips=0.5), 15, ENOUGH, np.random.default_rng(8))
    assert slipping.coverage >= 0.93
    assert slipping.calls[1] <= ENOUGH.calls


@pytest.mark.slow
def test_slips_may_differ_from_capability_to_capability() -> None:
    apart = Population("", (1, 12), slips=0.5, apart=True)
    found = simulate(apart, 24, ENOUGH, np.random.default_rng(103))
    assert found.coverage >= 0.93


@pytest.mark.parametrize("theta", [3, 5, 8])
def test_steps_each_of_which_may_fail_are_no_lapses(theta: int) -> None:
    """The others of an agent tell so: of one by itself, both are thought possible."""
    share = {level: 0.25 + 0.75 * 2 ** (-level / theta) for level in (1, 3, 5, 7, 9, 11)}
    data = [LevelData(level, round(12 * right), 12) for level, right in share.items()]
    alike = {str(k): Track(dial(), data=data) for k in range(9)}
    for track in alike.values():
        track.episodes = len(data)
    for found in thresholds(alike):
        assert found.level.mean is not None
        assert found.level.low is not None
        assert found.level.low < theta < found.level.mean < theta + 1.5
        assert found.level.high is None or found.level.high > theta
        assert found.lapse.mean < 0.1


def test_what_lies_beyond_the_dial_is_held_by_a_one_sided_interval() -> None:
    for ends in ((-30, -20), (40, 50)):
        found = simulate(Population("", ends), 4, ENOUGH, np.random.default_rng(9))
        assert found.coverage == 1
        assert math.isnan(found.bias), "no estimate is made of what cannot be measured"
        assert found.calls[1] < ENOUGH.calls, "the rest would teach nothing"


def test_good_and_bad_episodes_look_like_thresholds() -> None:
    """Why reports and docs/measuring.md warn of such agents: no measurement shows them."""
    rng, found = np.random.default_rng(0), list[Threshold]()
    for _ in range(3):
        tracks = {str(place): Track(dial()) for place in range(9)}
        while sweep := next_sweep(list(tracks.values()), ENOUGH):
            for place, level in sweep.items():
                right = 12 if rng.random() < 0.5 else int(rng.binomial(12, 0.25))
                tracks[str(place)].add(level, right)
        found += thresholds(tracks)
    known = [each.level for each in found]
    halves = [(k.high - k.low) / 2 for k in known if k.high is not None and k.low is not None]
    assert {each.beyond for each in found} == {"", "below", "beyond"}
    assert np.mean(halves) < 0.5
    assert max(track.episodes for track in tracks.values()) <= 5


def test_the_next_level_is_the_one_that_leaves_the_least_entropy() -> None:
    """Held against a plain enumeration of what an episode could come to."""
    track = Track(dial(), data=[LevelData(6, 9, 12), LevelData(8, 4, 12)])
    (posterior,) = posteriors([track])
    flat = posterior.reshape(len(posterior), -1)
    right = module._model(12, 12, 0.25).right
    left = []
    for level in range(12):
        expected = 0.0
        for k in range(13):
            p = right[level]
            joint = flat * math.comb(12, k) * p**k * (1 - p) ** (12 - k)
            chance, theta = joint.sum(), joint.sum(axis=1) / joint.sum()
            expected -= chance * float((theta * np.log(theta + 1e-300)).sum())
        left.append(expected)
    assert best_level(track.dial, posterior) == int(np.argmin(left)) + 1


def test_ties_take_the_lower_level(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DIGITS", -3)
    assert best_level(dial(), posteriors([Track(dial())])[0]) == 1


def test_the_last_bit_of_a_posterior_decides_nothing() -> None:
    rng = np.random.default_rng(0)
    (posterior,) = posteriors([Track(dial(), data=[LevelData(5, 7, 12)])])
    level = best_level(dial(), posterior)
    for _ in range(5):
        shaken = posterior * (1 + 1e-12 * rng.standard_normal(posterior.shape))
        assert best_level(dial(), shaken) == level


def test_all_are_begun_alike_and_those_that_are_known_are_left_alone() -> None:
    known = [LevelData(level, 60, 60) for level in (1, 2, 3)]
    known += [LevelData(4, 56, 60), LevelData(5, 35, 60), LevelData(6, 17, 60)]
    tracks = [Track(dial()) for _ in range(3)]
    assert set(next_sweep(tracks, ENOUGH)) == {0, 1, 2}
    tracks[1] = Track(dial(), data=known)
    tracks[1].episodes = 30
    assert set(next_sweep(tracks, ENOUGH)) == {0, 2}


@pytest.mark.parametrize(("calls", "played"), [(11, 0), (12, 1), (35, 2), (36, 3), (900, 3)])
def test_no_more_is_played_than_may_be(calls: int, played: int) -> None:
    tracks = [Track(dial()) for _ in range(3)]
    limits = Measurement(width=0.5, calls=calls, rule=RULE)
    assert len(next_sweep(tracks, limits)) == played


def test_practice_counts_as_calls() -> None:
    tracks = [Track(dial(), calls=19), Track(dial(), calls=12)]
    assert set(next_sweep(tracks, Measurement(width=0.5, calls=18, rule=RULE))) == {1}


def test_agents_whose_other_capabilities_slip_are_thought_to_slip() -> None:
    """What one capability leaves open, the others' lapses tell."""
    own = [LevelData(1, 8, 12), LevelData(6, 3, 12)]
    steady = Track(dial(), data=[LevelData(1, 60, 60), LevelData(9, 15, 60)])
    slipping = Track(dial(), data=[LevelData(1, 40, 60), LevelData(9, 15, 60)])
    lapses = [
        thresholds({"a": _played(Track(dial(), data=own)), "b": _played(other)})[0].lapse.mean
        for other in (steady, slipping)
    ]
    assert lapses[1] > lapses[0] + 0.1


def _played(track: Track) -> Track:
    track.episodes = 1
    return track


INSIDE = ((1, 24, 24), (3, 23, 24), (4, 14, 24), (5, 8, 24), (7, 6, 24))
BELOW = ((1, 12, 48), (2, 11, 48))
BEYOND = ((10, 36, 36), (12, 36, 36))


def test_a_threshold_is_told_in_the_unit_of_the_dial() -> None:
    plain = measured(*INSIDE)
    assert plain.beyond == ""
    level = plain.level
    assert level.mean is not None
    assert level.low is not None
    assert level.high is not None
    assert 3.5 < level.low < level.mean < level.high < 5
    assert plain.value == level
    ends = f"{level.mean:.1f} facts in a row [{level.low:.1f}, {level.high:.1f}]"
    assert plain.sentence == f"follows {ends}"
    assert str(plain) == f"Reasoning: {plain.sentence}"
    doubling = measured(*INSIDE, values=[100.0 * 2**k for k in range(12)])
    assert doubling.level == level
    below = int(level.mean)
    between = 100 * 2 ** (below - 1) * (1 + level.mean - below)
    assert doubling.value.mean == pytest.approx(between)
    assert f"follows {between:.0f} facts" in doubling.sentence


def test_below_and_beyond_the_range_are_said_as_such() -> None:
    below, beyond = measured(*BELOW), measured(*BEYOND)
    assert (below.beyond, beyond.beyond) == ("below", "beyond")
    assert below.level.mean is None
    assert below.level.low is None
    assert below.level.high is not None
    assert beyond.level.mean is None
    assert beyond.level.low is not None
    assert beyond.level.high is None
    assert below.sentence.startswith("follows under 1.")
    assert below.sentence.endswith("(below the range)")
    assert beyond.sentence.startswith("follows over 1")
    assert beyond.sentence.endswith("(beyond the range)")


def test_other_braces_of_a_phrase_stay() -> None:
    dial = msgspec.structs.replace(measured(*INSIDE).dial, phrase="knows {} of {n} sets {1}")
    assert dial.phrased("3") == "knows 3 of {n} sets {1}"


def test_nothing_is_said_to_be_under_0() -> None:
    known = measured(*BELOW, values=[0.0, *LEVELS[:-1]])
    assert known.value.high == 0
    assert (
        known.sentence == "less than the lowest level: follows 0.0 facts in a row (below the range)"
    )


def test_an_end_beyond_the_range_is_left_open() -> None:
    edge = measured((1, 9, 12), (2, 4, 12))
    assert edge.level.mean is not None
    assert edge.level.low is None
    assert "[under 1.0, " in edge.sentence
    top = measured((11, 12, 12), (12, 9, 12))
    assert top.level.high is None
    assert top.level.low is not None
    assert top.sentence.endswith("over 12.0]") or top.beyond


@pytest.mark.parametrize("data", [INSIDE, BELOW, BEYOND, ((1, 9, 12), (2, 4, 12)), ((6, 0, 12),)])
def test_no_interval_is_a_point(data: Sequence[tuple[int, int, int]]) -> None:
    plain = msgspec.to_builtins(measured(*data))
    for each in (plain["level"], plain["value"], plain["lapse"]):
        if each["low"] is not None and each["high"] is not None:
            assert each["low"] < each["high"]
        assert not any(isinstance(v, float) and math.isnan(v) for v in each.values())


def gap(first: Threshold, second: Threshold) -> Gap:
    found = threshold_gaps([[first], [second]], [(0, 1)], np.random.default_rng(0))
    return found[0, 1, "game"]


def test_two_agents_differ_by_their_thresholds() -> None:
    better = measured((3, 24, 24), (7, 24, 24), (8, 12, 24), (9, 8, 24), (11, 6, 24))
    found = gap(better, measured(*INSIDE))
    assert better.level.mean is not None
    assert found.mean == pytest.approx(better.level.mean - (measured(*INSIDE).level.mean or 0))
    assert found.low is not None
    assert found.high is not None
    assert 2.5 < found.low < found.mean < found.high < 5.5
    assert found.test.p < 1e-4
    assert found.test.p <= found.test.corrected < 0.001
    back = gap(measured(*INSIDE), better)
    assert back.mean == pytest.approx(-found.mean)
    assert back.low == pytest.approx(-found.high, abs=0.05)


def test_runs_that_were_measured_on_one_dial_share_a_picture() -> None:
    """Each with a curve and dots of its own, its interval above that of the run before."""
    runs = [measured((3, 24, 24), (7, 24, 24), (8, 12, 24)), measured(*INSIDE)]
    (together,) = curves_by_game([[run] for run in runs])
    picture = str(psychometric(together))
    assert all(run.sentence in picture for run in runs)
    feet = []
    for place, run in enumerate(runs):
        assert picture.count(f'class="trail s{place}"') == 1
        assert picture.count(f'class="dot s{place}"') == len(run.data)
        (reach,) = re.findall(rf'y1="([\d.]+)" [^>]*class="reach s{place}"', picture)
        feet.append(float(reach))
    assert feet[0] > feet[1]
    assert len(curves_by_game([[runs[0]], [msgspec.structs.replace(runs[1], game="other")]])) == 2


def test_gaps_hold_together() -> None:
    runs = [[measured((3, 24, 24), (4 + k, 12, 24), (11, 6, 24))] for k in range(5)]
    pairs = list(combinations(range(5), 2))
    together = threshold_gaps(runs, pairs, np.random.default_rng(0))
    for a, b in pairs:
        alone, one = gap(runs[a][0], runs[b][0]), together[a, b, "game"]
        assert None not in (alone.low, alone.high, one.low, one.high)
        assert (one.high or 0) - (one.low or 0) > (alone.high or 0) - (alone.low or 0)
        assert one.test.p == pytest.approx(alone.test.p)
        assert ((alone.low or 0) > 0 or (alone.high or 0) < 0) == (alone.test.p < 0.05)
        assert one.test.corrected >= one.test.p
    assert together[0, 4, "game"].test.corrected < 0.05 < together[0, 1, "game"].test.corrected


def test_alike_agents_are_seldom_told_apart() -> None:
    """Family-wise, over ten pairs of agents with the same threshold."""
    rng, found = np.random.default_rng(3), 0
    for _ in range(40):
        chances = [(level, 0.25 + 0.75 / (1 + math.exp(level - 5))) for level in (2, 4, 5, 6, 8)]
        runs = [
            [measured(*((level, int(rng.binomial(24, p)), 24) for level, p in chances))]
            for _ in range(5)
        ]
        gaps = threshold_gaps(runs, list(combinations(range(5), 2)), rng)
        held = all((g.low or -99) <= 0 <= (g.high or 99) for g in gaps.values())
        found += min(each.test.corrected for each in gaps.values()) < 0.05 or not held
    assert found <= 6, "5 % of 40 are 2, and 7 or more of them come once in a hundred times"


def test_an_agent_does_not_differ_from_itself() -> None:
    found = gap(measured(*INSIDE), measured(*INSIDE))
    assert found.mean == pytest.approx(0)
    assert found.test.p == pytest.approx(1)


def test_a_difference_from_beyond_the_range_has_one_end() -> None:
    found = gap(measured(*BEYOND), measured(*INSIDE))
    assert found.high is None
    assert found.low is not None
    assert found.low > 5
    assert found.test.p < 1e-4
    both = gap(measured(*BEYOND), measured(*BEYOND))
    assert (both.low, both.high) == (None, None)
    assert both.test.p > 0.5


def test_other_dials_are_not_compared() -> None:
    other = measured(*INSIDE, values=[2.0 * level for level in LEVELS])
    runs = [[measured(*INSIDE)], [other]]
    assert threshold_gaps(runs, [(0, 1)], np.random.default_rng(0)) == {}


def record(episode: int, level: int, score: float) -> EpisodeRecord:
    return EpisodeRecord(
        game="game", episode=episode, seed=0, agent_seed=0, status="scored", score=score,
        level=level,
    )  # fmt: skip


def test_levels_follow_from_the_records_whatever_their_order() -> None:
    played: list[EpisodeRecord] = []
    for _ in range(4):
        missing = choices({"game": Track(dial())}, ENOUGH, played).missing
        ((key, level),) = missing.items()
        played.append(record(key[1], level, float(12 - level)))
    forward = choices({"game": Track(dial())}, ENOUGH, played)
    assert forward == choices({"game": Track(dial())}, ENOUGH, played[::-1])
    assert [forward.made["game", r.episode] for r in played] == [r.level for r in played]


@pytest.mark.parametrize(("level", "score"), [(0, 3.0), (13, 3.0), (4, 13.0), (4, -1.0), (4, 2.5)])
def test_what_cannot_be_is_refused(level: int, score: float) -> None:
    with pytest.raises(RunFolderError, match=r"not one of|not within"):
        Track(dial()).add_record(record(0, level, score))
