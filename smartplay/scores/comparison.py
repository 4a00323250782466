"""Runs held against each other: pure functions of scores.

Two runs played with the same suite seed met the same episodes, so they are compared pair by pair:
the luck of an episode's seed falls out of the difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations, islice

import msgspec
import numpy as np

from smartplay.core.shown import Shown, html_list, html_table
from smartplay.scores.intervals import (
    CONFIDENCE,
    Interval,
    difference_interval,
    mean_interval,
    weighted_interval,
)
from smartplay.scores.statistics import holm, improvement, sign_flip_p
from smartplay.scores.thresholds import Threshold, gaps

SEED = 0
ALPHA = 1 - CONFIDENCE

Samples = dict[str, list[float]]


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """How one run differs from another in something.

    Attributes:
        first: Place of the run that is subtracted from, in the order of the entries.
        second: Place of the other.
        pairs: Episodes that both played; 0 for thresholds, which are measured on episodes of each
            run's own.
        mean: Mean of first minus second; None without pairs.
        p: Probability of a difference at least this large if the two were alike: a sign-flip test
            on the pairs. For thresholds, twice the posterior probability of the other sign.
        corrected: The same after Holm's correction for all differences of the table.
    """

    first: int
    second: int
    pairs: int
    mean: Interval | None
    p: float | None
    corrected: float | None

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
        ties: Letters per run; runs that share one cannot be told apart. Empty where a run has no
            score to compare.
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
        overall: The mean normalised score over common games.
        games: Each game's score.
        capabilities: Each capability's score (weight: degree less one), over common games.
        improvements: Probabilities of improvement, per pair of runs.
        cost_points: Cost against score, of the runs that have both (`bargains` in the file).
        suite_gaps: Per agent with a public and a private run, how much better the public one is.
        notes: What could not be compared, and why.
        thresholds: Each capability's threshold, in levels; the intervals hold together.
    """

    runs: list[str]
    overall: Subject
    games: list[Subject]
    capabilities: list[Subject]
    improvements: list[Improvement]
    cost_points: list[CostPoint]
    notes: list[str]
    suite_gaps: list[SuiteGap] = []
    thresholds: list[Subject] = []

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
        conditions: By game, what must be equal for scores to be compared, as one text.
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
    conditions: dict[str, str] = {}
    weights: dict[str, dict[str, int]] = {}
    overall: float | None = None
    cost: float | None = None
    agent: str = ""
    suite: str = ""
    thresholds: list[Threshold] = []


Contest = Callable[[Entry, Entry], tuple[Samples, Mapping[str, int]]]
"""What two runs are compared by: differences by game, and the games' weights."""


def compare(entries: Sequence[Entry]) -> Comparison:
    """Compare two runs or more.

    A game counts for a pair of runs if both played it under equal conditions, on episodes with
    common seeds. p-values are corrected for the number of comparisons in each of the tables:
    overall, games, capabilities, thresholds. The intervals of the last hold together.
    """
    games = list(dict.fromkeys(game for entry in entries for game in entry.scores))
    capabilities = list(dict.fromkeys(name for entry in entries for name in entry.weights))

    def by_game(game: str) -> Contest:
        return lambda a, b: (paired(a, b, a.scores, b.scores), {game: 1})

    def by_capability(name: str) -> Contest:
        return lambda a, b: (paired(a, b, a.normalized, b.normalized), a.weights.get(name, {}))

    def altogether(a: Entry, b: Entry) -> tuple[Samples, Mapping[str, int]]:
        found = paired(a, b, a.normalized, b.normalized)
        return found, dict.fromkeys(found, 1)

    gaps = suite_gaps(entries)
    return Comparison(
        runs=[entry.name for entry in entries],
        overall=_table(entries, {"overall": altogether})[0],
        games=_table(entries, {game: by_game(game) for game in games}),
        capabilities=_table(entries, {name: by_capability(name) for name in capabilities}),
        improvements=[
            _improvement(entries, first, second)
            for first, second in combinations(range(len(entries)), 2)
        ],
        cost_points=cost_points(entries),
        thresholds=_thresholds(entries),
        notes=_notes(entries, games) + [_gap_note(entries, gap) for gap in gaps],
        suite_gaps=gaps,
    )


def paired(
    a: Entry,
    b: Entry,
    first: Mapping[str, Mapping[int, float]],
    second: Mapping[str, Mapping[int, float]],
) -> Samples:
    """Differences of scores on common seeds, by game; games without a pair are left out."""
    found: Samples = {}
    for game, scores in first.items():
        if a.conditions.get(game) != b.conditions.get(game):
            continue
        others = second.get(game, {})
        pairs = [scores[seed] - others[seed] for seed in sorted(scores) if seed in others]
        if pairs:
            found[game] = pairs
    return found


def _table(entries: Sequence[Entry], subjects: Mapping[str, Contest]) -> list[Subject]:
    pairs = list(combinations(range(len(entries)), 2))
    raw = [
        _difference(first, second, *contest(entries[first], entries[second]))
        for contest in subjects.values()
        for first, second in pairs
    ]
    return _subjects(subjects, raw, len(entries))


def _subjects(names: Iterable[str], raw: Sequence[Difference], runs: int) -> list[Subject]:
    """Correct the differences of a table, and sort them by subject."""
    adjusted = zip(raw, holm([difference.p for difference in raw]), strict=True)
    done = iter([msgspec.structs.replace(difference, corrected=p) for difference, p in adjusted])
    rows = [(name, list(islice(done, runs * (runs - 1) // 2))) for name in names]
    return [Subject(name=name, differences=own, ties=tie_letters(runs, own)) for name, own in rows]


def _difference(
    first: int, second: int, samples: Samples, weights: Mapping[str, int]
) -> Difference:
    values = [found for game, found in samples.items() if weights.get(game)]
    if not values:
        return Difference(first=first, second=second, pairs=0, mean=None, p=None, corrected=None)
    chosen = [weights[game] for game in samples if weights.get(game)]
    shares = [weight / sum(chosen) for weight in chosen]
    rng = np.random.default_rng(SEED)
    mean = weighted_interval(list(map(mean_interval, values)), shares)
    parts = [np.asarray(v) * share / len(v) for v, share in zip(values, shares, strict=True)]
    p = sign_flip_p(np.concatenate(parts), rng)
    number = sum(map(len, values))
    return Difference(first=first, second=second, pairs=number, mean=mean, p=p, corrected=None)


def _thresholds(entries: Sequence[Entry]) -> list[Subject]:
    pairs = list(combinations(range(len(entries)), 2))
    sides = [(entries[first].thresholds, entries[second].thresholds) for first, second in pairs]
    number = sum(len(gaps(*side, CONFIDENCE)) for side in sides)
    if not number:
        return []
    found = [gaps(*side, 1 - (1 - CONFIDENCE) / number) for side in sides]
    names = {each.game: each.capability for entry in entries for each in entry.thresholds}
    raw = [
        Difference(
            first=first,
            second=second,
            pairs=0,
            mean=None if gap is None else Interval(gap.mean, gap.low, gap.high),
            p=None if gap is None else gap.p,
            corrected=None,
        )
        for game in names
        for (first, second), gap in zip(pairs, (each.get(game) for each in found), strict=True)
    ]
    return _subjects(names.values(), raw, len(entries))


def tie_letters(runs: int, differences: Sequence[Difference]) -> list[str]:
    """Letters per run, best run first from `a`; runs that share a letter cannot be told apart.

    Runs are put in order by how many they exceed; each letter is a longest stretch of that order
    within which no corrected p-value is below 0.05.
    """
    compared = {run for d in differences if d.mean for run in (d.first, d.second)}
    apart: set[tuple[int, int]] = set()
    ahead = dict.fromkeys(range(runs), 0.0)
    for d in differences:
        if d.mean is not None:
            ahead[d.first] += d.mean.mean
            ahead[d.second] -= d.mean.mean
        if d.corrected is not None and d.corrected < ALPHA:
            apart |= {(d.first, d.second), (d.second, d.first)}
    order = sorted(compared, key=lambda run: (-ahead[run], run))
    letters = [""] * runs
    reached, letter = 0, 0
    for start in range(len(order)):
        end = start
        while end < len(order) and all((r, order[end]) not in apart for r in order[start:end]):
            end += 1
        if end > reached:
            for run in order[start:end]:
                letters[run] += chr(ord("a") + letter) if letter < 26 else f"({letter + 1})"
            reached, letter = end, letter + 1
    return letters


def _improvement(entries: Sequence[Entry], first: int, second: int) -> Improvement:
    a, b = entries[first], entries[second]
    games = [
        game
        for game, scores in a.scores.items()
        if scores and b.scores.get(game) and a.conditions.get(game) == b.conditions.get(game)
    ]
    samples = [(list(a.scores[game].values()), list(b.scores[game].values())) for game in games]
    probability = improvement(samples, np.random.default_rng(SEED)) if samples else None
    return Improvement(first=first, second=second, games=games, probability=probability)


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
    scaled, raw = _by_game(a, b, a.normalized, b.normalized), _by_game(a, b, a.scores, b.scores)
    gaps = {game: difference_interval(*map(mean_interval, pair)) for game, pair in raw.items()}
    gaps |= (own := {k: difference_interval(*map(mean_interval, v)) for k, v in scaled.items()})
    return SuiteGap(
        public=public,
        private=private,
        suite=b.suite,
        games=gaps,
        overall=weighted_interval(list(own.values()), [1.0] * len(own)) if own else None,
    )


def _by_game(
    a: Entry,
    b: Entry,
    first: Mapping[str, Mapping[int, float]],
    second: Mapping[str, Mapping[int, float]],
) -> dict[str, tuple[list[float], list[float]]]:
    return {
        game: (list(first[game].values()), list(second[game].values()))
        for game in first
        if first[game] and second.get(game) and a.conditions.get(game) == b.conditions.get(game)
    }


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


def _notes(entries: Sequence[Entry], games: Sequence[str]) -> list[str]:
    notes = []
    for game in games:
        players = [entry for entry in entries if game in entry.scores]
        name = game.split("/")[-1]
        if len(players) < len(entries):
            missing = [entry.name for entry in entries if game not in entry.scores]
            notes.append(f"{name} was not played by {', '.join(missing)}.")
        if len({entry.conditions.get(game) for entry in players}) > 1:
            notes.append(
                f"{name} was played under different conditions (card, settings, steps or history); "
                "such runs are not compared on it."
            )
        elif len({entry.suite for entry in players}) == 1 < len(players) and not set.intersection(
            *(set(entry.scores[game]) for entry in players)
        ):
            notes.append(
                f"{name}: not all runs have a seed in common; play them with the same --seed."
            )
    return notes
