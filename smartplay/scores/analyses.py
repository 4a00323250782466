"""What a run's steps show once the right actions are known: pure functions of judged steps.

A step is judged by the game's truth (`Describer.best_actions`), and its answers by the actions they
name. Each game says what its truth means: with `right` an answer is right or wrong, with `informed`
or `agreement` the same words claim no more than that truth does.

Intervals and p-values treat steps as independent. That is true of games of independent rounds;
where one step leads to the next, intervals are too narrow.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

import msgspec
import numpy as np

from smartplay.cards.bounds import Bounds
from smartplay.records import Key
from smartplay.scores.comparison import compare
from smartplay.scores.entries import Entry
from smartplay.scores.intervals import Interval, mean_interval

SHARE = Bounds(0, 1)
Unit = Literal["characters", "tokens"]
UNITS: tuple[Unit, ...] = ("characters", "tokens")


class Answer(NamedTuple):
    """One reply to the first question of a step.

    Attributes:
        action: Index of the action it names; None if it names none.
        characters: Its length, reasoning included.
        tokens: Tokens written; 0 where the service does not say.
    """

    action: int | None
    characters: int
    tokens: int = 0


class JudgedStep(NamedTuple):
    """A step and the actions that would have been right.

    Attributes:
        episode: Game, episode and repeat.
        step: Its number, from 1.
        best: The right actions; None where they are unknown.
        action: Index of the action that a reply chose; None if the fallback was played.
        answers: The replies to the step's first question, all given in the same state.
    """

    episode: Key
    step: int
    best: frozenset[int] | None
    action: int | None
    answers: Sequence[Answer] = ()

    def is_right(self, action: int | None) -> bool:
        """Whether an action is one of the right ones; none at all is wrong."""
        return self.best is not None and action in self.best


class Right(msgspec.Struct, frozen=True, kw_only=True):
    """How often the action played was right.

    Attributes:
        steps: Steps that can be judged.
        share: Right steps over judged steps.
        first: The share of first answers that were right; None without any.
        by_step: For each step number: the number, how many steps were judged, how many were right.
    """

    steps: int
    share: Interval
    first: Interval | None
    by_step: list[tuple[int, int, int]]


def right_steps(steps: Iterable[JudgedStep]) -> Right | None:
    """Count right steps; None if no step can be judged."""
    judged = [step for step in steps if step.best is not None]
    if not judged:
        return None
    first = [step.is_right(step.answers[0].action) for step in judged if step.answers]
    numbers = Counter(step.step for step in judged)
    right = Counter(step.step for step in judged if step.is_right(step.action))
    return Right(
        steps=len(judged),
        share=mean_interval([step.is_right(step.action) for step in judged], SHARE),
        first=mean_interval(first, SHARE) if first else None,
        by_step=[(number, numbers[number], right[number]) for number in sorted(numbers)],
    )


class Flips(msgspec.Struct, frozen=True, kw_only=True):
    """What became of first answers.

    Attributes:
        right_right: Steps right at first and in the end.
        right_wrong: Steps right at first only.
        wrong_right: Steps right in the end only.
        wrong_wrong: Steps right neither time.
        kept: Share of steps whose final action is the first answer's.
        correction: wrong_right over all that were wrong at first; None without any.
        corruption: right_wrong over all that were right at first; None without any.
        break_even: The correction rate at which the share of right steps stays what it is:
            corruption * p / (1 - p), where p is the share of right first answers.
        p: Two-sided p-value of McNemar's exact test.
    """

    right_right: int
    right_wrong: int
    wrong_right: int
    wrong_wrong: int
    kept: float
    correction: float | None
    corruption: float | None
    break_even: float | None
    p: float


def flips(steps: Iterable[JudgedStep]) -> Flips | None:
    """Compare the first answer of each step with the action played; None without such steps."""
    pairs = [
        (step.answers[0].action, step.action, step)
        for step in steps
        if step.best is not None and step.answers
    ]
    if not pairs:
        return None
    counts = Counter((step.is_right(first), step.is_right(last)) for first, last, step in pairs)
    kept, lost = counts[True, True], counts[True, False]
    mended, failed = counts[False, True], counts[False, False]
    right, wrong = kept + lost, mended + failed
    corruption = lost / right if right else None
    return Flips(
        right_right=kept,
        right_wrong=lost,
        wrong_right=mended,
        wrong_wrong=failed,
        kept=sum(first == last for first, last, _ in pairs) / len(pairs),
        correction=mended / wrong if wrong else None,
        corruption=corruption,
        break_even=None if corruption is None or not wrong else corruption * right / wrong,
        p=mcnemar_p(lost, mended),
    )


def mcnemar_p(one: int, other: int) -> float:
    """The exact two-sided p-value that two kinds of flips are equally likely (McNemar 1947)."""
    from scipy.special import bdtr

    number = one + other
    return 1.0 if not number else min(1.0, 2 * float(bdtr(min(one, other), number, 0.5)))


class Votes(msgspec.Struct, frozen=True, kw_only=True):
    """The votes with the same number of samples and of agreeing samples.

    Attributes:
        samples: Samples of a vote.
        agree: How many of them named the winner.
        steps: How many votes there were.
        share: The share of votes whose winner was right.
    """

    samples: int
    agree: int
    steps: int
    share: Interval


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """How well the agreement of samples predicts that they are right.

    Attributes:
        votes: Degrees of agreement, by number of samples and of votes for the winner.
        agreement: Mean share of all samples, also those that named nothing, that named the winner.
        share: Share of votes whose winner was right.
        gap: agreement - share; above 0 the samples agree more than they are right.
        error: Mean over votes of the distance of agreement and share at that degree.
    """

    votes: list[Votes]
    agreement: float
    share: Interval
    gap: float
    error: float


def winner(answers: Sequence[Answer]) -> tuple[int | None, int]:
    """The action that most answers name, and its votes; the first named wins a tie."""
    counts = Counter(answer.action for answer in answers if answer.action is not None)
    found = counts.most_common(1)
    return found[0] if found else (None, 0)


def agreement(steps: Iterable[JudgedStep]) -> Agreement | None:
    """Compare the agreement of samples with whether their winner is right; None without votes."""
    groups: dict[tuple[int, int], list[bool]] = defaultdict(list)
    for step in steps:
        if step.best is not None and len(step.answers) > 1:
            action, votes = winner(step.answers)
            groups[len(step.answers), votes].append(step.is_right(action))
    if not groups:
        return None
    every = [right for found in groups.values() for right in found]
    number = len(every)
    mean = math.fsum(len(v) * agree / of for (of, agree), v in groups.items()) / number
    share = mean_interval(every, SHARE)
    apart = math.fsum(abs(len(v) * agree / of - sum(v)) for (of, agree), v in groups.items())
    return Agreement(
        votes=[
            Votes(samples=of, agree=agree, steps=len(v), share=mean_interval(v, SHARE))
            for (of, agree), v in sorted(groups.items())
        ],
        agreement=mean,
        share=share,
        gap=mean - share.mean,
        error=apart / number,
    )


class Length(msgspec.Struct, frozen=True, kw_only=True):
    """Whether longer replies are better.

    Attributes:
        unit: What a length is counted in.
        states: States with two replies or more.
        usable: The states in which both length and correctness vary; others have no r.
        within: Mean over usable states of the correlation r of length and correctness.
        replies: Replies in all states.
        pooled: The same r over all replies, whatever their state. It confounds long replies with
            hard states, and is here as a warning.
    """

    unit: Unit
    states: int
    usable: int
    within: Interval | None
    replies: int
    pooled: float | None


def lengths(steps: Iterable[JudgedStep], unit: Unit) -> Length | None:
    """Correlate length with correctness, within states and over all; None without replies."""
    states = [
        [(float(getattr(answer, unit)), float(step.is_right(answer.action))) for answer in answers]
        for step in steps
        if step.best is not None and (answers := step.answers)
    ]
    replies = [reply for state in states for reply in state]
    if not replies or not _known([length for length, _ in replies], unit):
        return None
    several = [state for state in states if len(state) > 1]
    found = [r for state in several if (r := correlation(state)) is not None]
    return Length(
        unit=unit,
        states=len(several),
        usable=len(found),
        within=mean_interval(found, Bounds(-1, 1)) if found else None,
        replies=len(replies),
        pooled=correlation(replies),
    )


class EpisodeLength(msgspec.Struct, frozen=True, kw_only=True):
    """Whether episodes with longer replies end better; across states, so no more than a hint.

    Attributes:
        unit: What a length is counted in.
        episodes: How many there are.
        r: The correlation of an episode's mean length of a reply and its return.
    """

    unit: Unit
    episodes: int
    r: float | None


def episode_lengths(
    steps: Iterable[JudgedStep], returns: Mapping[Key, float], unit: Unit
) -> EpisodeLength | None:
    """Correlate the mean length of replies with the return; None without replies."""
    found: dict[Key, list[float]] = defaultdict(list)
    for step in steps:
        found[step.episode] += [float(getattr(answer, unit)) for answer in step.answers]
    pairs = [(math.fsum(v) / len(v), returns[key]) for key, v in found.items() if v]
    if not pairs or not _known([length for length, _ in pairs], unit):
        return None
    return EpisodeLength(unit=unit, episodes=len(pairs), r=correlation(pairs))


def _known(lengths: Sequence[float], unit: Unit) -> bool:
    """Whether all lengths are known: a reply may be empty, but 0 tokens are an unknown number."""
    return unit == "characters" or all(lengths)


def correlation(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Pearson's r; None if either side does not vary."""
    x, y = (side - side.mean() for side in np.asarray(pairs, dtype=np.float64).T)
    norm = math.sqrt(float(x @ x) * float(y @ y))
    return max(-1.0, min(1.0, float(x @ y) / norm)) if norm > 1e-12 else None


class Played(NamedTuple):
    """A run of a game, as comparisons with others need it.

    Attributes:
        run: What it is called.
        seen: What the agent was shown: `text`, `image` or `both`, and whether the picture was not
            its own.
        scores: Scores by seed of the episode; the mean over repeats.
        bounds: The scores that an episode can end with, where they are known.
        agent: Who played, with all settings.
        completed: Whether the goal was reached, by seed; in every repeat.
        read: Tokens read, over all steps.
        tokens: Tokens read and written, by seed.
        steps: Steps of all episodes.
        cost: What they cost; None where that is not known.
    """

    run: str
    seen: str
    scores: Mapping[int, float]
    completed: Mapping[int, bool]
    tokens: Mapping[int, float]
    read: int
    steps: int
    cost: float | None = None
    bounds: Bounds = Bounds()
    agent: bytes = b""


class Modality(msgspec.Struct, frozen=True, kw_only=True):
    """The same game seen in two ways, on the same seeds.

    Attributes:
        first: What was shown in the one run.
        second: What was shown in the other.
        runs: Their names.
        pairs: Seeds in common.
        difference: Mean of the first score minus the second, as `compare` has it.
        p: Two-sided p-value of a sign-flip test; not corrected for the number of comparisons.
        read: Tokens read per step, of each; those of pictures as the service counts them.
        cost: What a step cost, of each; None where that is not known.
    """

    first: str
    second: str
    runs: tuple[str, str]
    pairs: int
    difference: Interval
    p: float | None
    read: tuple[float, float]
    cost: tuple[float | None, float | None]


def modality(one: Played, other: Played) -> Modality | None:
    """Compare two runs that differ in what is seen alone; None if they do not, or share no seed."""
    if one.seen == other.seen or one.agent != other.agent:
        return None
    entries = [
        Entry(
            name=each.run, normalized={}, scores={"": dict(each.scores)}, bounds={"": each.bounds}
        )
        for each in (one, other)
    ]
    (found,) = compare(entries).games[0].differences
    if found.mean is None:
        return None
    return Modality(
        first=one.seen,
        second=other.seen,
        runs=(one.run, other.run),
        pairs=found.pairs,
        difference=found.mean,
        p=found.p,
        read=(one.read / max(1, one.steps), other.read / max(1, other.steps)),
        cost=(_a_step(one), _a_step(other)),
    )


def _a_step(played: Played) -> float | None:
    return None if played.cost is None else played.cost / max(1, played.steps)


class Hierarchy(msgspec.Struct, frozen=True, kw_only=True):
    """What two agents score together if the second plays what the first did not complete.

    It follows from the two runs alone, since the second starts from scratch. It takes an oracle:
    the game says whether an episode was completed.

    Attributes:
        runs: Names of the two runs, the cheap one first.
        episodes: Seeds in common.
        completed: Share of them completed: by the first, the second, and both together.
        score: Mean score of the three.
        tokens: Tokens per episode of the three; those of a failed try are part of the third.
        passed_on: Share of episodes that the second had to play.
    """

    runs: tuple[str, str]
    episodes: int
    completed: tuple[float, float, float]
    score: tuple[float, float, float]
    tokens: tuple[float, float, float]
    passed_on: float


def hierarchy(cheap: Played, dear: Played) -> Hierarchy | None:
    """Let the second run take over where the first failed; None if they share no seed."""
    seeds = sorted(set(cheap.scores) & set(dear.scores))
    if not seeds:
        return None
    number = len(seeds)

    def means(first: Mapping[int, float], second: Mapping[int, float], added: bool = False
              ) -> tuple[float, float, float]:  # fmt: skip
        both = [
            first[seed] if cheap.completed[seed] else second[seed] + added * first[seed]
            for seed in seeds
        ]
        rows = ([first[seed] for seed in seeds], [second[seed] for seed in seeds], both)
        one, other, together = (math.fsum(row) / number for row in rows)
        return one, other, together

    return Hierarchy(
        runs=(cheap.run, dear.run),
        episodes=number,
        completed=means(cheap.completed, dear.completed),
        score=means(cheap.scores, dear.scores),
        tokens=means(cheap.tokens, dear.tokens, added=True),
        passed_on=sum(not cheap.completed[seed] for seed in seeds) / number,
    )
