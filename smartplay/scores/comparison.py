"""Runs held against each other: pure functions of scores.

Two runs played with the same suite seed met the same episodes, so they are compared pair by pair:
the luck of an episode's seed falls out of the difference.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from itertools import combinations, islice

import msgspec
import numpy as np

from smartplay.cards.bounds import Bounds
from smartplay.core.shown import Shown, html_list, html_table
from smartplay.scores.intervals import (
    CONFIDENCE,
    Interval,
    difference_interval,
    mean_interval,
    weighted_interval,
)
from smartplay.scores.power import DETECT, episodes_needed
from smartplay.scores.sign_flips import least_p, sign_flip_tests
from smartplay.scores.threshold_gaps import threshold_gaps
from smartplay.scores.thresholds import Threshold

SEED = 0
ALPHA = 1 - CONFIDENCE
NAMED = 4  # runs that a note names

Samples = dict[str, dict[int, float]]
"""Values by game and seed."""

Pair = tuple[int, int]


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """How one run differs from another in something.

    Attributes:
        first: Place of the run that is subtracted from, in the order of the entries.
        second: Place of the other.
        pairs: Episodes that both played; 0 for thresholds, which are measured on episodes of each
            run's own.
        mean: Mean of first minus second; None without pairs. The intervals of thresholds hold
            together, all others each by itself.
        p: Probability of a difference at least this large if the two were alike: a sign-flip test
            on the pairs. For thresholds, twice the posterior probability of the other sign.
        corrected: The same, corrected for all differences of the table.
        least_p: The smallest p-value that so many pairs can come to; None for thresholds.
        needed: Episodes of each game with which a difference of `Comparison.detect` would be told
            apart in 8 of 10 cases, if differences spread as these do; None where that is not known.
    """

    first: int
    second: int
    pairs: int
    mean: Interval | None
    p: float | None
    corrected: float | None
    least_p: float | None = None
    needed: int | None = None

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
            private one: normalised where the game has such a scale, else as the game counts.
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


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A run, as far as a comparison needs it.

    Attributes:
        name: What to call it.
        normalized: Scores on the scale where 1 is human, by game and seed; only games with such a
            scale.
        scores: Scores by game and seed.
        conditions: By game, what must be equal for scores to be compared, by name; None for what
            cannot have mattered in this run.
        units: By game, how much of its score one unit of its scale is; only games with a scale.
        bounds: By game, the scores that an episode can end with, where that is known.
        weights: By capability, the weights of the games in its score.
        overall: The run's mean normalised score.
        cost: What it cost; None where that is not known.
        agent: Who played, where the same agent played more than once.
        suite: The hash of the private suite it was played on; empty for a public one.
        thresholds: Up to where its capabilities reach, where that was measured.
    """

    name: str
    normalized: dict[str, dict[int, float]]
    scores: dict[str, dict[int, float]] = {}
    conditions: dict[str, dict[str, str | None]] = {}
    units: dict[str, float] = {}
    bounds: dict[str, Bounds] = {}
    weights: dict[str, dict[str, int]] = {}
    overall: float | None = None
    cost: float | None = None
    agent: str = ""
    suite: str = ""
    thresholds: list[Threshold] = []


Contest = Callable[[Pair], tuple[Samples, Mapping[str, int]]]
"""What two runs are compared by: differences by game and seed, and the games' weights."""


def compare(entries: Sequence[Entry], detect: float = DETECT) -> Comparison:
    """Compare two runs or more.

    A game counts for a pair of runs if both played it under equal conditions, on episodes with
    common seeds. p-values are corrected for the number of comparisons in each of the tables:
    overall, games, capabilities, thresholds.

    Args:
        entries: The runs.
        detect: The difference for which to say how many episodes it takes, on the scale of the
            scores; above 0.
    """
    games = list(dict.fromkeys(game for entry in entries for game in entry.scores))
    capabilities = list(dict.fromkeys(name for entry in entries for name in entry.weights))
    pairs = list(combinations(range(len(entries)), 2))
    scores = {pair: paired(*_of(entries, pair), "scores") for pair in pairs}
    normalized = {pair: paired(*_of(entries, pair), "normalized") for pair in pairs}
    table = _Table(entries, pairs, detect)

    def by_game(game: str) -> Contest:
        return lambda pair: (scores[pair], {game: 1})

    def by_capability(name: str) -> Contest:
        return lambda pair: (normalized[pair], entries[pair[0]].weights.get(name, {}))

    def altogether(pair: Pair) -> tuple[Samples, Mapping[str, int]]:
        return normalized[pair], dict.fromkeys(normalized[pair], 1)

    suites = suite_gaps(entries)
    return Comparison(
        runs=[entry.name for entry in entries],
        means=[entry.overall for entry in entries],
        overall=table.subjects({"overall": altogether}, scaled=True)[0],
        games=table.subjects({game: by_game(game) for game in games}, scaled=False),
        capabilities=table.subjects(
            {name: by_capability(name) for name in capabilities}, scaled=True
        ),
        improvements=[_improvement(entries, pair) for pair in pairs],
        cost_points=cost_points(entries),
        thresholds=_thresholds(entries, pairs),
        notes=_notes(entries, games, normalized) + [_gap_note(entries, gap) for gap in suites],
        suite_gaps=suites,
        detect=detect,
    )


def _of(entries: Sequence[Entry], pair: Pair) -> tuple[Entry, Entry]:
    return entries[pair[0]], entries[pair[1]]


def alike(a: Entry, b: Entry, game: str) -> bool:
    """Whether two runs played a game under conditions that let its scores be compared."""
    return not _unlike(a, b, game)


def _unlike(a: Entry, b: Entry, game: str) -> list[str]:
    """The conditions that differ."""
    first, second = a.conditions.get(game, {}), b.conditions.get(game, {})
    return [
        name
        for name in first | second
        if first.get(name) != second.get(name) and None not in (first.get(name), second.get(name))
    ]


def paired(a: Entry, b: Entry, field: str) -> Samples:
    """Differences of scores on common seeds, by game; games without a pair are left out."""
    own: Mapping[str, Mapping[int, float]] = getattr(a, field)
    others: Mapping[str, Mapping[int, float]] = getattr(b, field)
    found = {
        game: {s: scores[s] - others[game][s] for s in sorted(scores.keys() & others[game].keys())}
        for game, scores in own.items()
        if game in others and alike(a, b, game)
    }
    return {game: differences for game, differences in found.items() if differences}


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

    def subjects(self, contests: Mapping[str, Contest], scaled: bool) -> list[Subject]:
        """The rows of the table.

        Args:
            contests: What the runs are compared by, by the row's name.
            scaled: Whether differences are of normalised scores.
        """
        places = [(contest, pair) for contest in contests.values() for pair in self._pairs]
        contents = [contest(pair) for contest, pair in places]
        parts = [_parts(samples, weights) for samples, weights in contents]
        tests = sign_flip_tests(parts, np.random.default_rng(SEED))
        number = sum(test is not None for test in tests)
        raw = [
            Difference(
                first=pair[0],
                second=pair[1],
                pairs=len(part),
                mean=self._mean(pair, *content, scaled) if part else None,
                p=test and test.p,
                corrected=test and test.corrected,
                least_p=least_p(len(part)) if part else None,
                needed=self._needed(pair, *content, scaled, number) if part else None,
            )
            for (_, pair), content, part, test in zip(places, contents, parts, tests, strict=True)
        ]
        return _rows(contests, raw, len(self._entries), len(self._pairs))

    def _mean(
        self, pair: Pair, samples: Samples, weights: Mapping[str, int], scaled: bool
    ) -> Interval:
        games = [game for game in samples if weights.get(game)]
        means = [self._game_mean(pair, game, samples[game], scaled) for game in games]
        return weighted_interval(means, [weights[game] for game in games])

    def _game_mean(
        self, pair: Pair, game: str, differences: Mapping[int, float], scaled: bool
    ) -> Interval:
        key = pair, game, scaled
        if key not in self._means:
            entry = self._entries[pair[0]]
            bounds = entry.bounds.get(game, Bounds())
            reach = None
            if bounds.low is not None and bounds.high is not None:
                reach = (bounds.high - bounds.low) / (entry.units.get(game, 1.0) if scaled else 1.0)
            limits = Bounds() if reach is None else Bounds(-reach, reach)
            self._means[key] = mean_interval(list(differences.values()), limits)
        return self._means[key]

    def _needed(
        self,
        pair: Pair,
        samples: Samples,
        weights: Mapping[str, int],
        scaled: bool,
        comparisons: int,
    ) -> int | None:
        games = [game for game in samples if weights.get(game)]
        entry = self._entries[pair[0]]
        unit = 1.0 if scaled else entry.units.get(games[0])
        if unit is None or any(len(samples[game]) < 2 for game in games):
            return None
        spreads = [float(np.std(list(samples[game].values()), ddof=1)) for game in games]
        shares = [weights[game] for game in games]
        return episodes_needed(self._detect * unit, spreads, shares, comparisons)


def _parts(samples: Samples, weights: Mapping[str, int]) -> dict[Hashable, float]:
    """What each episode adds to the weighted mean of the games' mean differences."""
    total = sum(weights.get(game, 0) for game in samples)
    return {
        (game, seed): value * weights[game] / total / len(differences)
        for game, differences in samples.items()
        if weights.get(game)
        for seed, value in differences.items()
    }


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
    letters = [""] * runs
    for place, group in enumerate(groups):
        for run in group:
            letters[run] += chr(ord("a") + place) if place < 26 else f"({place + 1})"
    return letters


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
    x, y = np.asarray(first)[:, None], np.asarray(second)[None, :]
    wins = (x > y) + 0.5 * (x == y)
    share = Bounds(0.0, 1.0)
    over, under = (mean_interval(wins.mean(axis=axis).tolist(), share) for axis in (1, 0))
    found = _with_errors_of(over.mean, over, under)
    ends = (None if end is None else min(max(end, 0.0), 1.0) for end in (found.low, found.high))
    return Interval(found.mean, *ends)


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


def _notes(
    entries: Sequence[Entry], games: Sequence[str], normalized: Mapping[Pair, Samples]
) -> list[str]:
    """What was left out of the comparison, and why."""
    notes = []
    if len({frozenset(samples) for samples in normalized.values()}) > 1:
        notes.append(
            "Not all pairs of runs have the same games in common: the overall difference of a pair "
            "is the mean over its own. Compare pairs with one another game by game."
        )
    suites: dict[str, list[str]] = {}
    for entry in entries:
        suite = f"private {entry.suite[:8]}" if entry.suite else "public"
        suites.setdefault(suite, []).append(entry.name)
    if len(suites) > 1:
        told = "; ".join(f"{suite} ({_some(names)})" for suite, names in suites.items())
        notes.append(f"Runs on other suites met other episodes and have no pairs: {told}.")
    for game in games:
        notes += _game_notes(entries, game)
    return notes


def _game_notes(entries: Sequence[Entry], game: str) -> list[str]:
    players = [entry for entry in entries if game in entry.scores]
    name, notes = game.split("/")[-1], []
    if len(players) < len(entries):
        missing = [entry.name for entry in entries if game not in entry.scores]
        notes.append(f"{name} was not played by {_some(missing)}.")
    unlike = {each for a, b in combinations(players, 2) for each in _unlike(a, b, game)}
    if unlike:
        notes.append(
            f"{name} was not played alike, and only runs that agree in all of this are compared on "
            f"it: {'; '.join(_ways(players, game, each) for each in sorted(unlike))}."
        )
    played = [entry for entry in players if entry.scores[game]]
    by_suite: dict[str, list[Entry]] = {}
    for entry in played:
        by_suite.setdefault(entry.suite, []).append(entry)
    for group in by_suite.values():
        notes += _seed_notes(group, game, name)
    return notes


def _ways(players: Sequence[Entry], game: str, condition: str) -> str:
    """What a condition was in which runs, such as `steps 10 (a, b), 20 (c)`."""
    found: dict[str, list[str]] = {}
    for entry in players:
        value = entry.conditions.get(game, {}).get(condition)
        if value is not None:
            found.setdefault(value or "none", []).append(entry.name)
    told = [f"{value} ({_some(names)})" for value, names in found.items()]
    return f"{condition} {', '.join(told)}"


def _seed_notes(group: Sequence[Entry], game: str, name: str) -> list[str]:
    """Episodes without a partner, in runs of one suite."""
    times = Counter(seed for entry in group for seed in entry.scores[game])
    if len(group) < 2 or all(number == len(group) for number in times.values()):
        return []
    if max(times.values()) == 1:
        return [f"{name}: no two runs have a seed in common; play them with the same --seed."]
    shared = [seed for seed, number in times.items() if number > 1]
    lacking = {entry.name: sum(s not in entry.scores[game] for s in shared) for entry in group}
    told = [f"{who} lacks {number}" for who, number in lacking.items() if number]
    single = len(times) - len(shared)
    told += (
        [f"{single} {'was' if single == 1 else 'were'} scored in one run only"] if single else []
    )
    return [
        f"{name}: two runs are compared on the episodes that both have a score of. Of "
        f"{len(times)} episodes {_some(told)}."
    ]


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
