"""What a study found: every number a reader sees is computed here, from the run folders."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
import numpy as np

from smartplay.cards.bounds import Bounds
from smartplay.core.errors import RunFolderError
from smartplay.core.shown import Shown
from smartplay.records import EpisodeRecord, StepRecord
from smartplay.records.folder import RunFolder
from smartplay.records.prices import Prices
from smartplay.report.analysis import GameAnalysis, analyze_runs
from smartplay.report.build import build_report
from smartplay.report.content import Report, entries_of
from smartplay.scores.comparison import Comparison, Difference, compare, cost_points
from smartplay.scores.entries import Entry
from smartplay.scores.intervals import Interval, mean_interval, weighted_interval
from smartplay.scores.power import Scale, scale_of
from smartplay.scores.repeats import RepeatScore
from smartplay.scores.scoring import spent
from smartplay.scores.sign_flips import ALPHA
from smartplay.studies.file import Study, StudyArm
from smartplay.studies.playing import Match, Opened, matches, price_of

DRAWS = 2_000
"""Resamples of the episodes for the interval of a ratio of costs."""

Costs = dict[tuple[str, int], float]
"""What each episode cost, by game and seed: the mean over repeats."""


class ArmResult(msgspec.Struct, frozen=True, kw_only=True):
    """An arm's part in a study.

    Attributes:
        name: What it is called.
        agent: Who played, as its run says.
        folder: Its run folder, within that of the study.
        kind: `"arm"` of the file, `"control"` that a method demands, `"matched"` vote.
        of: The arms that it is shown beside.
        oracle: Whether it knew what a player cannot know; then it is not ranked.
        episodes: Scored episodes.
        planned: Episodes it was to play.
        unscored: Failed episodes, by cause.
        problem: Why it could not be played; empty if it could.
        score: Its mean score over the games, on the study's scale; None if a game has no episode.
        difference: Its score minus that of the baseline, over the episodes that both have.
        corrected: The difference's interval, such that those of all arms hold together in 95 of
            100 studies.
        non_inferior: Whether the lower end of `corrected` is above minus the margin.
        calls: Calls to models per step; None without steps.
        read: Tokens read per step; likewise.
        cached: Of these, tokens from the service's cache.
        written: Tokens written per step.
        billed_once: Tokens per step, read and written, if the prompt of several samples of one
            question is billed once; None if steps could not be read.
        cost: Cost per episode; None if unknown.
        ratio: Cost over that of the baseline, on the same episodes, with a bootstrap interval.
        front: Whether no other arm is both cheaper and better.
        roles: Calls per step, by role.
        matches: The matched votes, for an arm of the file that asks models.
        expected: The share of right steps that the study expects.
        evidence: The analyses of its answers, by game.
        repeats: What repeated plays of the same episodes show.
    """

    name: str
    agent: str
    folder: str
    kind: Literal["arm", "control", "matched"]
    of: tuple[str, ...]
    oracle: bool
    episodes: int
    planned: int
    unscored: dict[str, int] = {}
    problem: str = ""
    score: Interval | None = None
    difference: Difference | None = None
    corrected: Interval | None = None
    non_inferior: bool | None = None
    calls: float | None = None
    read: float | None = None
    cached: float | None = None
    written: float | None = None
    billed_once: float | None = None
    cost: float | None = None
    ratio: Interval | None = None
    front: bool = False
    roles: dict[str, float] = {}
    matches: list[Match] = []
    expected: float | None = None
    evidence: list[GameAnalysis] = []
    repeats: list[RepeatScore] = []


class StudyResult(Shown, msgspec.Struct, frozen=True, kw_only=True):
    """What `study.json` holds.

    Attributes:
        title: What the study is called.
        digest: The digest of the plan fixed before it was played (`plan.json`).
        games: The games, with the scale of their scores.
        baseline: The arm that all are compared with.
        margin: How much lower than the baseline's a score may be and still count as not inferior.
        primary: The arm whose comparison is the study's question; may be empty.
        unit: What costs are counted in.
        arms: Those of the file, their controls, the matched votes.
        by_game: The differences to the baseline game by game; None before two arms have episodes.
        cheapest: The arm of least cost that is not inferior, or the baseline; empty if costs are
            unknown.
        stopped: Why it stopped before its end; None if it did not.
        notes: What a reader must know before quoting a number.
    """

    title: str
    digest: str
    games: dict[str, str]
    baseline: str
    margin: float
    primary: str
    unit: str
    arms: list[ArmResult]
    by_game: Comparison | None
    cheapest: str
    stopped: str | None
    notes: list[str]

    def __str__(self) -> str:
        best = f", cheapest non-inferior: {self.cheapest}" if self.cheapest else ""
        return f"{self.title}: {len(self.arms)} arms against {self.baseline}{best}"

    @property
    def unscored(self) -> int:
        """Episodes that failed."""
        return sum(sum(arm.unscored.values()) for arm in self.arms)


def result_of(
    opened: Opened, arms: Sequence[StudyArm], problems: Mapping[str, str], stopped: str | None
) -> StudyResult:
    """Score a study.

    Args:
        opened: The study.
        arms: All arms that play, as `play_study` returns them.
        problems: The arms that could not be played, with the reason.
        stopped: Why it stopped before its end.

    Raises:
        RunFolderError: If a run cannot be read.
    """
    prices = opened.study.read_prices()
    beside = matches(opened, arms)
    played = {arm.name: arm for arm in arms if opened.run_folder(arm).exists}
    reports = {n: build_report(opened.run_folder(arm).path, prices) for n, arm in played.items()}
    names = [name for name, report in reports.items() if report.episodes]
    costs = {name: _costs(opened, played[name], prices) for name in names}
    entries = _entries([reports[name] for name in names], names, costs)
    ranked = [name for name in names if not played[name].oracle]
    comparison, gaps = _against(entries, ranked, opened.study)
    oracles = [name for name in names if played[name].oracle]
    gaps |= _against(entries, [*oracles, opened.study.baseline], opened.study)[1]
    found = [
        _arm(opened, arm, reports.get(arm.name), entries.get(arm.name), gaps.get(arm.name))
        for arm in arms
    ]
    base = costs.get(opened.study.baseline) or {}
    front = {ranked[p.run] for p in cost_points([entries[name] for name in ranked]) if p.front}
    found = [
        msgspec.structs.replace(
            arm,
            problem=problems.get(arm.name, ""),
            matches=beside.get(arm.name, []),
            front=arm.name in front,
            ratio=_ratio(costs.get(arm.name) or {}, base),
            non_inferior=_is_non_inferior(arm, opened.study.margin),
        )
        for arm in found
    ]
    scales = _scales(reports[names[0]], entries[names[0]].bounds) if names else {}
    return StudyResult(
        title=opened.study.title,
        digest=opened.plan.digest,
        games={game: scale.name for game, scale in scales.items()},
        baseline=opened.study.baseline,
        margin=opened.study.margin,
        primary=opened.study.primary,
        unit=f"{prices.currency}, prices of {prices.date}" if prices else "tokens",
        arms=found,
        by_game=comparison,
        cheapest=_cheapest(found, opened.study.baseline),
        stopped=stopped,
        notes=_notes(found, comparison),
    )


def _scales(report: Report, bounds: Mapping[str, Bounds]) -> dict[str, Scale]:
    return {d.game: scale_of(d.anchors, bounds.get(d.game, Bounds())) for d in report.details}


def _entries(
    reports: Sequence[Report], names: Sequence[str], costs: Mapping[str, Costs | None]
) -> dict[str, Entry]:
    """The arms as comparisons take them: scores on the study's scale, cost per episode."""
    found = {}
    for name, report, entry in zip(names, reports, entries_of(reports), strict=True):
        scales = _scales(report, entry.bounds)
        scaled = {
            game: {seed: (score - scales[game].zero) / scales[game].unit
                   for seed, score in scores.items()}
            for game, scores in entry.scores.items() if scores
        }  # fmt: skip
        own, score = costs[name], _score(report, entry, scaled)
        found[name] = msgspec.structs.replace(
            entry, name=name, normalized=scaled, weights={}, agent="",
            overall=score and score.mean,
            # Games are set up alike for all, but for what is an arm's own affair.
            conditions={
                game: {name: value for name, value in own.items() if name != "settings"}
                for game, own in entry.conditions.items()
            },
            units={game: scale.unit for game, scale in scales.items()},
            cost=None if own is None else math.fsum(own.values()) / len(own),
        )  # fmt: skip
    return found


def _score(
    report: Report, entry: Entry, scaled: Mapping[str, Mapping[int, float]]
) -> Interval | None:
    """The mean over the games of the mean over their episodes; None if one of them has none."""
    if len(scaled) < len(report.run.games):
        return None
    scales = _scales(report, entry.bounds)
    parts = [
        mean_interval(list(own.values()), entry.bounds.get(g, Bounds()).scaled(*scales[g][:2]))
        for g, own in scaled.items()
    ]
    return weighted_interval(parts, [1.0] * len(parts))


def _against(
    entries: Mapping[str, Entry], names: Sequence[str], study: Study
) -> tuple[Comparison | None, dict[str, Difference]]:
    """Each arm against the baseline."""
    if study.baseline not in entries or len(names) < 2:
        return None, {}
    place = names.index(study.baseline)
    found = compare([entries[name] for name in names], study.margin, place)
    shown = (each for each in found.overall.differences if each.mean is not None)
    return found, {names[each.first]: each for each in shown}


def _is_non_inferior(arm: ArmResult, margin: float) -> bool | None:
    low = None if arm.corrected is None or arm.score is None else arm.corrected.low
    return None if low is None or arm.oracle else low > -margin


def _cheapest(arms: Sequence[ArmResult], baseline: str) -> str:
    """The arm of least cost that surely is not worse by more than the margin, or the baseline."""
    fit = [arm for arm in arms if arm.non_inferior or arm.name == baseline]
    costs = {arm.name: arm.cost for arm in fit if arm.cost is not None}
    # An arm that lacks dear episodes is not cheap for that: its ratio is of those that both have.
    costs |= {
        arm.name: arm.ratio.mean * costs[baseline]
        for arm in fit
        if baseline in costs and arm.ratio is not None
    }
    if baseline not in costs:
        return ""
    return min(costs, key=lambda name: (costs[name], name != baseline))


def _costs(opened: Opened, arm: StudyArm, prices: Prices | None) -> Costs | None:
    """What scored episodes cost; None where that of one is not known."""
    header, records = opened.records(arm)
    found: dict[tuple[str, int], list[float]] = defaultdict(list)
    for record in records:
        if header is None or record.score is None:
            continue
        cost = price_of(record, header, prices) if prices else float(record.usage.total)
        if cost is None or (record.calls and not record.usage.total):
            return None
        found[record.game, record.seed].append(cost)
    return {key: math.fsum(own) / len(own) for key, own in found.items()}


def _ratio(own: Costs, base: Costs) -> Interval | None:
    """One arm's cost over another's, with the percentile interval of resampled episodes."""
    shared = sorted(own.keys() & base.keys())
    pairs = np.array([(own[key], base[key]) for key in shared], dtype=np.float64)
    if not shared or not pairs[:, 1].all():
        return None
    above, below = pairs.sum(axis=0)
    drawn = np.random.default_rng(0).integers(len(pairs), size=(DRAWS, len(pairs)))
    sums = pairs[drawn].sum(axis=1)
    ends = np.quantile(sums[:, 0] / sums[:, 1], [ALPHA / 2, 1 - ALPHA / 2]).round(9).tolist()
    return Interval(float(above / below), *(ends if len(pairs) > 1 else ()))


def _arm(
    opened: Opened,
    arm: StudyArm,
    report: Report | None,
    entry: Entry | None,
    gap: Difference | None,
) -> ArmResult:
    """All of an arm that needs no other arm."""
    own = ArmResult(
        name=arm.name, agent=arm.source.name, folder=f"arms/{arm.folder}", kind=arm.kind,
        of=arm.of, oracle=arm.oracle, expected=arm.expected, episodes=0,
        planned=sum(opened.planned.values()),
    )  # fmt: skip
    if report is None:
        return own
    folder = opened.run_folder(arm)
    scored = [r for r in folder.results(report.run) if r.score is not None]
    own = msgspec.structs.replace(
        own, agent=report.agent, episodes=report.episodes, unscored=report.unscored
    )  # fmt: skip
    steps = sum(record.steps for record in scored)
    if entry is None or not steps:
        return own
    calls, usage = spent(scored)
    roles = Counter[str]()
    for record in scored:
        roles.update({role: use.calls for role, use in record.roles.items()})
    return msgspec.structs.replace(
        own,
        score=_score(report, entry, entry.normalized),
        difference=gap,
        corrected=gap and gap.joint,
        calls=calls / steps,
        read=usage.prompt / steps,
        cached=usage.cached / steps,
        written=usage.completion / steps,
        billed_once=_billed_once(folder, scored, steps) if calls else 0.0,
        cost=entry.cost,
        roles={role: made / steps for role, made in roles.items()},
        evidence=_evidence(folder) if calls else [],
        repeats=report.repeats,
    )


def _billed_once(folder: RunFolder, scored: Sequence[EpisodeRecord], steps: int) -> float | None:
    """Tokens per step, if of several samples of one question only the first reads the prompt."""
    total = sum(record.usage.total for record in scored)
    try:
        for record in scored:
            for step in folder.stream(record.key, record.steps, StepRecord)[1]:
                for attempt in step.attempts:
                    seen: list[tuple[str, Any]] = []
                    for call in attempt.calls:
                        question = (call.role, call.messages)
                        if question in seen:
                            total -= call.usage.prompt
                        else:
                            seen.append(question)
    except RunFolderError:
        return None
    return total / steps


def _evidence(folder: RunFolder) -> list[GameAnalysis]:
    """What an arm's answers say; nothing if its steps cannot be replayed."""
    try:
        return analyze_runs([folder.path]).runs[0].games
    except RunFolderError:
        return []


def _notes(arms: Sequence[ArmResult], comparison: Comparison | None) -> list[str]:
    """What a reader must know before quoting a number."""
    notes = list(comparison.notes) if comparison else []
    for arm in arms:
        missing = arm.planned - arm.episodes
        if arm.problem:
            notes.append(f"{arm.name} could not be played: {arm.problem}")
        elif missing:
            causes = "; ".join(arm.unscored) or "not played yet"
            notes.append(f"{arm.name} lacks {missing} of {arm.planned} episodes: {causes}.")
    return notes
