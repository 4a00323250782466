"""What a comparison of runs comes to: the content of `comparison.json`."""

from __future__ import annotations

import msgspec

from smartplay.core.shown import Shown, html_list, html_table
from smartplay.scores.statistics import Interval


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
        return f"{self.mean:+.2f}{p}"


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
