"""Runs held against each other: pure functions of scores.

Two runs played with the same suite seed met the same episodes, so they are compared pair by pair:
the luck of an episode's seed falls out of the difference.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from itertools import combinations, islice
from typing import NamedTuple

import msgspec
import numpy as np

from smartplay.cards.bounds import Bounds
from smartplay.core.shown import Shown, html_list, html_table
from smartplay.scores.entries import Entry, Samples, alike, notes_on, paired
from smartplay.scores.intervals import (
    Interval,
    combined_interval,
    difference_interval,
    mean_interval,
    weighted_interval,
)
from smartplay.scores.power import DETECT, episodes_needed
from smartplay.scores.sign_flips import (
    ALPHA,
    Shares,
    joint_ends,
    least_p,
    shift_ends,
    sign_flip_tests,
)
from smartplay.scores.statistics import deviation, rounding
from smartplay.scores.threshold_gaps import threshold_gaps

SEED = 0
HUMAN = 1.0
"""The human score on the scale of normalised scores, and the most a game counts for in the mean."""

Pair = tuple[int, int]


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """How one run differs from another in something.

    Attributes:
        first: Place of the run that is subtracted from, in the order of the entries.
        second: Place of the other.
        pairs: Episodes that both played; 0 for thresholds, which are measured on episodes of each
            run's own.
        mean: Mean of first minus second; None without pairs. The intervals of thresholds hold
            together, all others each by itself: these leave 0 out exactly if `p` is below 5 %, or
            have no ends.
        p: Probability of a difference at least this large if the two were alike: a sign-flip test
            on the pairs. For thresholds, twice the posterior probability of the other sign.
        corrected: The same, corrected for all differences of the table.
        least_p: The smallest p-value that so many pairs can come to; None for thresholds.
        needed: Episodes of each game with which a difference of `Comparison.detect` would be told
            apart in 8 of 10 cases, if differences spread as these do; None where that is not known.
        joint: Over all games, where runs are compared with a baseline: the mean with an interval
            that holds together with those of the other runs (max-T).
    """

    first: int
    second: int
    pairs: int
    mean: Interval | None
    p: float | None
    corrected: float | None
    least_p: float | None = None
    needed: int | None = None
    joint: Interval | None = None

    @property
    def apart(self) -> bool:
        """Whether the two are told apart."""
        return self.corrected is not None and self.corrected < ALPHA

    def __str__(self) -> str:
        if self.mean is None:
            return "-"
        p = "" if self.corrected is None else f" (p {self.corrected:.2g})"
        return f"{self.mean:+}{p}"


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """The differences of all pairs of runs in one game, capability or overall.

    Attributes:
        name: The game's id or the capability; `overall` for the mean over games.
        differences: One per pair of runs.
        ties: Letters per run; two runs share one if and only if they were compared and cannot be
            told apart. Empty where a run was compared with none.
    """

    name: str
    differences: list[Difference]
    ties: list[str]


class Improvement(msgspec.Struct, frozen=True, kw_only=True):
    """How probable it is that an episode of one run ends better than one of another.

    Attributes:
        first: Place of the run that may be better.
        second: Place of the other.
        games: The games it is a mean over.
        probability: The probability; half of equal scores counts. None without common games.
    """

    first: int
    second: int
    games: list[str]
    probability: Interval | None


class CostPoint(msgspec.Struct, frozen=True, kw_only=True):
    """A run's cost against its score.

    Attributes:
        run: Its place.
        cost: Its cost.
        score: Its mean normalised score.
        front: Whether no other run is both cheaper (or as cheap) and better (or as good).
    """

    run: int
    cost: float
    score: float
    front: bool


class SuiteGap(msgspec.Struct, frozen=True, kw_only=True):
    """How much better an agent does on public episodes than on those of a private suite.

    Attributes:
        public: Place of the run on a public suite.
        private: Place of the same agent's run on a private one.
        suite: The private suite's hash.
        games: By game that both played alike, the mean score on the public suite minus that on the
            private one: normalised where the game has such a scale, else in the game's own unit.
        overall: The mean of the normalised differences, each game alike; None without any.
    """

    public: int
    private: int
    suite: str
    games: dict[str, Interval]
    overall: Interval | None


class Comparison(
    Shown, msgspec.Struct, frozen=True, kw_only=True, rename={"cost_points": "bargains"}
):
    """What `comparison.json` holds.

    Attributes:
        runs: Names of the runs.
        means: Their mean normalised scores, each over all games of the run; None where there is
            none.
        overall: The mean normalised score over common games.
        games: Each game's score.
        capabilities: Each capability's score (weight: degree less one), over common games.
        improvements: Probabilities of improvement, per pair of runs.
        cost_points: Cost against score, of the runs that have both (`bargains` in the file).
        suite_gaps: Per agent with a public and a private run, how much better the public one is.
        notes: What could not be compared, and why.
        thresholds: Each capability's threshold, in levels; the intervals hold together.
        detect: The difference that `Difference.needed` speaks of: in normalised score, or for a
            game without one, over chance.
    """

    runs: list[str]
    means: list[float | None] = []
    overall: Subject
    games: list[Subject]
    capabilities: list[Subject]
    improvements: list[Improvement]
    cost_points: list[CostPoint]
    notes: list[str]
    suite_gaps: list[SuiteGap] = []
    thresholds: list[Subject] = []
    detect: float = DETECT

    def __str__(self) -> str:
        return f"of {', '.join(self.runs)}: overall {', '.join(map(str, self.overall.differences))}"

    def _repr_html_(self) -> str:
        """A row for the mean of all games, for each game and each capability; then the notes."""
        pairs = [f"{self.runs[d.first]} - {self.runs[d.second]}" for d in self.overall.differences]
        subjects = [self.overall, *self.games, *self.capabilities]
        rows = [[subject.name, *map(str, subject.differences)] for subject in subjects]
        rows += [
            [f"{subject.name} (levels)", *map(str, subject.differences)]
            for subject in self.thresholds
        ]
        return html_table(["", *pairs], rows) + html_list(self.notes)


Contest = Callable[[Pair], tuple[Samples, Mapping[str, float]]]
"""What two runs are compared by: differences by game and seed, and the games' shares in the sum of
their means."""


def compare(
    entries: Sequence[Entry], detect: float = DETECT, baseline: int | None = None
) -> Comparison:
    """Compare two runs or more.

    A game counts for a pair of runs if both played it under equal conditions, on episodes with
    common seeds. p-values are corrected for the number of comparisons in each of the tables:
    overall, games, capabilities, thresholds.

    Args:
        entries: The runs.
        detect: The difference for which to say how many episodes it takes, on the scale of the
            scores; above 0.
        baseline: The place of the run that all others are compared with, in each difference the
            second; by default every run is compared with every other.
    """
    games = list(dict.fromkeys(game for entry in entries for game in entry.scores))
    capabilities = list(dict.fromkeys(name for entry in entries for name in entry.weights))
    places = range(len(entries))
    if baseline is None:
        pairs = list(combinations(places, 2))
    else:
        pairs = [(place, baseline) for place in places if place != baseline]
    scores = {pair: paired(*_of(entries, pair), "scores") for pair in pairs}
    normalized = {pair: paired(*_of(entries, pair), "normalized") for pair in pairs}
    table = _Table(entries, pairs, detect)

    def by_game(game: str) -> Contest:
        return lambda pair: (scores[pair], {game: 1.0} if game in scores[pair] else {})

    def by_capability(name: str) -> Contest:
        return lambda pair: (
            normalized[pair],
            _shares(normalized[pair], entries[pair[0]].weights.get(name, {})),
        )

    def altogether(pair: Pair) -> tuple[Samples, Mapping[str, float]]:
        return normalized[pair], _overall_shares(*_of(entries, pair), normalized[pair])

    suites = suite_gaps(entries)
    return Comparison(
        runs=[entry.name for entry in entries],
        means=[entry.overall for entry in entries],
        overall=table.subjects({"overall": altogether}, scaled=True, joint=baseline is not None)[0],
        games=table.subjects({game: by_game(game) for game in games}, scaled=False),
        capabilities=table.subjects(
            {name: by_capability(name) for name in capabilities}, scaled=True
        ),
        improvements=[_improvement(entries, pair) for pair in pairs],
        cost_points=cost_points(entries),
        thresholds=_thresholds(entries, pairs),
        notes=notes_on(entries, games, list(scores.values()), list(normalized.values()))
        + [_gap_note(entries, gap) for gap in suites],
        suite_gaps=suites,
        detect=detect,
    )


def overall_ties(entries: Sequence[Entry]) -> list[str]:
    """`compare(entries).overall.ties` without the intervals, which take most of the time."""
    pairs = list(combinations(range(len(entries)), 2))
    parts = []
    for a, b in (_of(entries, pair) for pair in pairs):
        samples = paired(a, b, "normalized")
        parts.append(_parts(samples, _overall_shares(a, b, samples)))
    tests = sign_flip_tests(parts, np.random.default_rng(SEED))
    differences = [
        Difference(
            first=first,
            second=second,
            pairs=len(part),
            mean=Interval(math.fsum(part.values()), None, None) if test else None,
            p=test and test.p,
            corrected=test and test.corrected,
        )
        for (first, second), part, test in zip(pairs, parts, tests, strict=True)
    ]
    return tie_letters(len(entries), differences)


def _of(entries: Sequence[Entry], pair: Pair) -> tuple[Entry, Entry]:
    return entries[pair[0]], entries[pair[1]]


class _Cell(NamedTuple):
    """Two runs in a row of a table.

    Attributes:
        pair: The runs.
        samples: Their differences by game and seed.
        shares: The games' shares in the sum of the mean differences.
        scaled: Whether differences are of normalised scores.
    """

    pair: Pair
    samples: Samples
    shares: Mapping[str, float]
    scaled: bool

    @property
    def counted(self) -> dict[str, float]:
        """The games that have a share."""
        return {game: share for game, share in self.shares.items() if share}


class _Table:
    """Tests the differences of a table together.

    Args:
        entries: The runs.
        pairs: Which are compared.
        detect: The difference that is to be told apart.
    """

    def __init__(self, entries: Sequence[Entry], pairs: Sequence[Pair], detect: float) -> None:
        self._entries, self._pairs, self._detect = entries, pairs, detect
        self._means: dict[tuple[Pair, str, bool], Interval] = {}

    def subjects(
        self, contests: Mapping[str, Contest], scaled: bool, joint: bool = False
    ) -> list[Subject]:
        """The rows of the table.

        Args:
            contests: What the runs are compared by, by the row's name.
            scaled: Whether differences are of normalised scores.
            joint: Whether to make intervals that hold together, too.
        """
        cells = [
            _Cell(pair, *contest(pair), scaled)
            for contest in contests.values()
            for pair in self._pairs
        ]
        parts = [_parts(cell.samples, cell.shares) for cell in cells]
        tests = sign_flip_tests(parts, np.random.default_rng(SEED))
        tested = [cell for cell, part in zip(cells, parts, strict=True) if part]
        families = list(filter(None, parts))
        weights = [_parts(_ones(cell.samples), cell.shares) for cell in tested]
        ends = iter(shift_ends(families, weights, np.random.default_rng(SEED)))
        wide = None
        if joint and tested:
            more = map(self._more, tested)
            shares = [Shares(*each) for each in zip(weights, more, strict=True)]
            wide = iter(joint_ends(families, shares, np.random.default_rng(SEED)))
        raw = []
        for cell, part, test in zip(cells, parts, tests, strict=True):
            mean = None if test is None else self._mean(cell, test.p, next(ends))
            raw.append(
                Difference(
                    first=cell.pair[0],
                    second=cell.pair[1],
                    pairs=len(part),
                    mean=mean,
                    joint=self._joint(cell, mean, next(wide)) if mean and wide else None,
                    p=test and test.p,
                    corrected=test and test.corrected,
                    least_p=least_p(len(part)) if part else None,
                    needed=self._needed(cell, len(tested)) if part else None,
                )
            )
        return _rows(contests, raw, len(self._entries), len(self._pairs))

    def _mean(self, cell: _Cell, p: float, ends: tuple[float, float]) -> Interval:
        """The sum of the games' means; its interval agrees with the test of it."""
        counted = cell.counted
        means = [self._game_mean(cell, game) for game in counted]
        own = combined_interval(means, list(counted.values()))
        return _agreeing(own, p, ends, self._most(cell))

    def _more(self, cell: _Cell) -> list[tuple[float, float]]:
        """One more episode of each game: its share, and its part at the end of the range."""
        found = []
        for game, share in cell.shares.items():
            seen = [abs(value) for value in cell.samples[game].values()]
            reach = self._reach(cell, game)
            own = share / len(seen)
            found.append((own, own * (reach if math.isfinite(reach) else max(seen))))
        return found

    def _joint(self, cell: _Cell, own: Interval, ends: tuple[float, float]) -> Interval:
        """The interval that holds together with the others; nowhere within the difference's own."""
        if own.low is None or own.high is None:
            return own
        most = self._most(cell)
        low, high = max(min(own.low, ends[0]), -most), min(max(own.high, ends[1]), most)
        return Interval(own.mean, *(end if math.isfinite(end) else None for end in (low, high)))

    def _most(self, cell: _Cell) -> float:
        """The greatest difference that there can be in the weighted mean."""
        return sum(self._reach(cell, game) * share for game, share in cell.counted.items())

    def _reach(self, cell: _Cell, game: str) -> float:
        """The greatest difference that there can be in a game; infinite if that is not known."""
        entry = self._entries[cell.pair[0]]
        bounds = entry.bounds.get(game, Bounds())
        if bounds.low is None or bounds.high is None or bounds.distant:
            return math.inf
        reach = (bounds.high - bounds.low) / (entry.units.get(game, 1.0) if cell.scaled else 1.0)
        seen = list(cell.samples[game].values())
        # Scores farther apart show that the bounds are not those of the game.
        return reach if max(map(abs, seen)) <= reach + rounding(seen) else math.inf

    def _game_mean(self, cell: _Cell, game: str) -> Interval:
        key = cell.pair, game, cell.scaled
        if key not in self._means:
            reach = self._reach(cell, game)
            limits = Bounds() if reach == math.inf else Bounds(-reach, reach)
            self._means[key] = mean_interval(list(cell.samples[game].values()), limits)
        return self._means[key]

    def _needed(self, cell: _Cell, comparisons: int) -> int | None:
        samples, shares = cell.samples, cell.shares
        unit = 1.0 if cell.scaled else self._entries[cell.pair[0]].units.get(next(iter(shares)))
        few = any(len(samples[game]) < 2 for game in shares)
        if unit is None or few or not any(shares.values()):
            return None
        spreads = [deviation(list(samples[game].values())) for game in shares]
        return episodes_needed(self._detect * unit, spreads, list(shares.values()), comparisons)


def _shares(samples: Samples, weights: Mapping[str, int]) -> dict[str, float]:
    """The shares of the games in their weighted mean."""
    counted = {game: weights[game] for game in samples if weights.get(game)}
    return {game: weight / sum(counted.values()) for game, weight in counted.items()}


def _overall_shares(a: Entry, b: Entry, differences: Samples) -> dict[str, float]:
    """The games' shares: equal ones, but for what a cap of the means at `HUMAN` takes away."""
    found = {}
    for game, each in differences.items():
        means = [sum(run.normalized[game][seed] for seed in each) / len(each) for run in (a, b)]
        whole, capped = means[0] - means[1], min(means[0], HUMAN) - min(means[1], HUMAN)
        found[game] = (capped / whole if whole else float(means[0] < HUMAN)) / len(differences)
    return found


def _ones(samples: Samples) -> Samples:
    return {game: dict.fromkeys(each, 1.0) for game, each in samples.items()}


def _parts(samples: Samples, shares: Mapping[str, float]) -> dict[Hashable, float]:
    """What each episode adds to the sum of the games' mean differences."""
    return {
        (game, seed): value * share / len(samples[game])
        for game, share in shares.items()
        for seed, value in samples[game].items()
    }


def _agreeing(own: Interval, p: float, ends: tuple[float, float], most: float) -> Interval:
    """The interval of a difference and that of its test together, where the test leaves out 0."""
    low, high = ends
    for end in (own.low, own.high):
        if end is not None and (p >= ALPHA or end * own.mean > 0):
            low, high = min(low, end), max(high, end)
    if p >= ALPHA:
        low, high = min(low, 0.0), max(high, 0.0)
    low, high = max(low, -most), min(high, most)
    return Interval(own.mean, *(end if math.isfinite(end) else None for end in (low, high)))


def _rows(
    names: Iterable[str], differences: Sequence[Difference], runs: int, pairs: int
) -> list[Subject]:
    """Sort the differences of a table by subject."""
    left = iter(differences)
    rows = [(name, list(islice(left, pairs))) for name in names]
    return [Subject(name=name, differences=own, ties=tie_letters(runs, own)) for name, own in rows]


def _thresholds(entries: Sequence[Entry], pairs: Sequence[Pair]) -> list[Subject]:
    found = threshold_gaps(
        [entry.thresholds for entry in entries], pairs, np.random.default_rng(SEED)
    )
    if not found:
        return []
    names = {each.game: each.capability for entry in entries for each in entry.thresholds}
    gaps = [(pair, found.get((*pair, game))) for game in names for pair in pairs]
    raw = [
        Difference(
            first=first,
            second=second,
            pairs=0,
            mean=None if gap is None else Interval(gap.mean, gap.low, gap.high),
            p=None if gap is None else gap.test.p,
            corrected=None if gap is None else gap.test.corrected,
        )
        for (first, second), gap in gaps
    ]
    return _rows(names.values(), raw, len(entries), len(pairs))


def tie_letters(runs: int, differences: Sequence[Difference]) -> list[str]:
    """Letters per run, best run first from `a`.

    Two runs share a letter if and only if they were compared and cannot be told apart. Each letter
    is a group without any two that are told apart, to which no run can be added; runs are put in
    order by how many they exceed.
    """
    ahead = dict.fromkeys(range(runs), 0.0)
    tied: dict[int, set[int]] = {}
    for d in differences:
        if d.mean is None:
            continue
        ahead[d.first] += d.mean.mean
        ahead[d.second] -= d.mean.mean
        for run, other in ((d.first, d.second), (d.second, d.first)):
            tied.setdefault(run, {run}).update(() if d.apart else (other,))
    order = sorted(tied, key=lambda run: (-ahead[run], run))
    groups: list[list[int]] = []
    for run in order:
        for other in order:
            if other in tied[run] and not any(run in g and other in g for g in groups):
                groups.append(_grown([run, other], order, tied))
    found = [""] * runs
    for place, group in enumerate(groups):
        for run in group:
            found[run] += chr(ord("a") + place) if place < 26 else f"({place + 1})"
    return found


def letters(ties: str) -> list[str]:
    """The letters of a run one by one; those after the 26th are numbers in brackets."""
    return re.findall(r"[a-z]|\(\d+\)", ties)


def _grown(group: Sequence[int], order: Sequence[int], tied: Mapping[int, set[int]]) -> list[int]:
    """A group of runs that are all tied, with every further one that is tied to all of it."""
    grown = list(dict.fromkeys(group))
    for run in order:
        if run not in grown and all(run in tied[other] for other in grown):
            grown.append(run)
    return grown


def _improvement(entries: Sequence[Entry], pair: Pair) -> Improvement:
    a, b = _of(entries, pair)
    games = [
        game
        for game, scores in a.scores.items()
        if scores and b.scores.get(game) and alike(a, b, game)
    ]
    found = [improvement(list(a.scores[g].values()), list(b.scores[g].values())) for g in games]
    probability = weighted_interval(found, [1.0] * len(found)) if found else None
    return Improvement(first=pair[0], second=pair[1], games=games, probability=probability)


def improvement(first: Sequence[float], second: Sequence[float]) -> Interval:
    """P(X > Y) + P(X = Y) / 2 of two samples, as Agarwal et al. 2021 (arXiv 2108.13264) define it.

    Its error is that of the mean over the X plus that over the Y (DeLong et al. 1988, Biometrics
    44:837), so the interval is put together of theirs.
    """
    share = Bounds(0.0, 1.0)
    over = mean_interval(_shares_below(second, first), share)
    under = mean_interval(_shares_below([-x for x in first], [-y for y in second]), share)
    found = _with_errors_of(over.mean, over, under)
    ends = (None if end is None else min(max(end, 0.0), 1.0) for end in (found.low, found.high))
    return Interval(found.mean, *ends)


def _shares_below(sample: Sequence[float], values: Sequence[float]) -> list[float]:
    """For each value the share of a sample that is less; what is equal counts half."""
    ordered = np.sort(np.asarray(sample))
    less, most = (np.searchsorted(ordered, values, side) for side in ("left", "right"))
    return ((less + most) / 2 / len(ordered)).tolist()  # type: ignore[no-any-return]


def _with_errors_of(mean: float, rising: Interval, other: Interval) -> Interval:
    """A sum of two independent parts, with the interval that theirs make together."""
    if rising.low is None or rising.high is None or other.low is None or other.high is None:
        return Interval(mean)
    below = math.hypot(rising.mean - rising.low, other.mean - other.low)
    above = math.hypot(rising.high - rising.mean, other.high - other.mean)
    return Interval(mean, mean - below, mean + above)


def suite_gaps(entries: Sequence[Entry]) -> list[SuiteGap]:
    """How much better each agent does on public suites than on private ones.

    The episodes differ, so games are paired and not seeds. An agent that knows nothing of the
    public episodes beforehand has a gap of about 0.
    """
    return [
        _suite_gap(entries, public, private)
        for public, a in enumerate(entries)
        for private, b in enumerate(entries)
        if a.agent == b.agent and not a.suite and b.suite
    ]


def _suite_gap(entries: Sequence[Entry], public: int, private: int) -> SuiteGap:
    a, b = entries[public], entries[private]
    games = {game: _drop(a, b, game) for game in a.scores if b.scores.get(game) and a.scores[game]}
    alike_ones = {game: drop for game, drop in games.items() if alike(a, b, game)}
    scaled = [drop for game, drop in alike_ones.items() if a.normalized.get(game)]
    return SuiteGap(
        public=public,
        private=private,
        suite=b.suite,
        games=alike_ones,
        overall=weighted_interval(scaled, [1.0] * len(scaled)) if scaled else None,
    )


def _drop(a: Entry, b: Entry, game: str) -> Interval:
    """How much higher the mean score of one run is than that of another, on other episodes."""
    sides = [entry.normalized.get(game) or entry.scores[game] for entry in (a, b)]
    one, other = (mean_interval(list(side.values())) for side in sides)
    return difference_interval(one, other)


def _gap_note(entries: Sequence[Entry], gap: SuiteGap) -> str:
    name = entries[gap.public].name
    told = [f"{game.split('/')[-1]} {value:+}" for game, value in gap.games.items()]
    if gap.overall is not None:
        told = [f"{gap.overall:+}, normalised, each game alike"]
    return (
        f"{name}: score on the public suite minus that on the private suite {gap.suite[:8]}, with "
        f"95 % interval: {', '.join(told) or 'no game was played alike in both'}."
    )


def cost_points(entries: Sequence[Entry]) -> list[CostPoint]:
    """Cost and score of the runs that have both, with the front of those that none beats."""
    points = [
        (place, entry.cost, entry.overall)
        for place, entry in enumerate(entries)
        if entry.cost is not None and entry.overall is not None
    ]
    return [
        CostPoint(
            run=place,
            cost=cost,
            score=score,
            front=not any(
                c <= cost and s >= score and (c, s) != (cost, score) for _, c, s in points
            ),
        )
        for place, cost, score in points
    ]
