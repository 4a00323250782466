"""Checks that need no game: does a record follow from the steps, and they from the replies?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from math import isclose

from smartplay.cards.card import GameCard
from smartplay.leaderboard.claims import STEP_DIGITS, Claim
from smartplay.leaderboard.problems import Problem, problem_of
from smartplay.parsing import Cause, parse_action
from smartplay.records import Attempt, EpisodeHeader, EpisodeRecord, StepRecord, Usage

TOLERANCE = 1e-9
_NUMBER = re.compile(r"-?[0-9]+")
_CAUSES = {cause.value for cause in Cause}


class Tally:
    """Counts what the replies of an episode cost while its steps are read."""

    def __init__(self) -> None:
        self.calls, self.usage = 0, Usage()

    def add(self, step: StepRecord) -> None:
        """Count a step's calls."""
        for attempt in step.attempts:
            for call in attempt.calls:
                self.calls += 1
                self.usage += call.usage


def check_steps(
    header: EpisodeHeader,
    steps: Iterable[StepRecord],
    problems: list[Problem],
    tally: Tally,
    replies: bool = True,
) -> Iterator[StepRecord]:
    """Pass steps on while checking each against its replies.

    Args:
        header: The steps file's first line.
        steps: The steps.
        problems: Where to put what is wrong; the steps end at the first problem.
        tally: Counts calls and tokens.
        replies: Whether to check that each reply means what is recorded of it.
    """
    for number, step in enumerate(steps, start=1):
        problem = _check_step(header, number, step, replies)
        if problem:
            problems.append(problem)
            return
        tally.add(step)
        yield step


def _check_step(
    header: EpisodeHeader, number: int, step: StepRecord, replies: bool
) -> Problem | None:
    wrong = partial(problem_of, header, step=number)
    if step.step != number:
        return wrong("the steps are not numbered in order", number, step.step)
    if not 0 <= step.action < len(header.actions):
        return wrong("there is no such action", f"0 to {len(header.actions) - 1}", step.action)
    if step.name != header.actions[step.action]:
        return wrong("the action has another name", header.actions[step.action], step.name)
    if not step.attempts:
        return wrong("no reply is recorded")
    if step.valid != (step.attempts[-1].cause is None):
        return wrong("the action is called valid, and its last reply is not, or the reverse")
    for attempt in step.attempts:
        chosen = step.action if attempt.cause is None else None
        if replies and not _follows(attempt, chosen, header.actions):
            return wrong(
                "the reply does not mean what is recorded of it",
                _reading(attempt, header.actions),
                attempt.cause or step.name,
            )
    return None


def _follows(attempt: Attempt, action: int | None, actions: Sequence[str]) -> bool:
    """Whether a reply gives the recorded action and cause, read whole or as cut off."""
    if action is not None and attempt.reply == actions[action]:
        return True
    if attempt.cause == Cause.UNPARSABLE and _NUMBER.fullmatch(attempt.reply):
        return not 0 <= int(attempt.reply[:12]) < len(actions)  # an index out of range
    for truncated in (False, True):
        parsed = parse_action(attempt.reply, actions, truncated, tuple(attempt.reasoning_tags))
        withheld = attempt.cause == Cause.WITHHELD and parsed.cause
        cause = Cause.WITHHELD if withheld else parsed.cause
        if (action, attempt.cause) == (parsed.action, cause and cause.value):
            return True
    return False


def _reading(attempt: Attempt, actions: Sequence[str]) -> str:
    parsed = parse_action(attempt.reply, actions, False, tuple(attempt.reasoning_tags))
    return parsed.cause.value if parsed.cause else actions[parsed.action or 0]


def check_claim(
    claim: Claim, record: EpisodeRecord, card: GameCard, retries: int, tally: Tally | None
) -> list[Problem]:
    """Hold an episode's record against its claim.

    Args:
        claim: What the steps say.
        record: The line of `episodes.jsonl`.
        card: The game's card.
        retries: How often the run complains of an invalid reply.
        tally: Calls and tokens of the steps, where their replies were kept.
    """
    replies = claim.causes.values()
    pairs: list[tuple[str, object, object]] = [
        ("number of steps", len(claim.actions), record.steps),
        ("seed in the steps", record.seed, claim.seed),
        ("agent's seed in the steps", record.agent_seed, claim.agent_seed),
        ("rewards", len(claim.actions), len(claim.rewards)),
        ("scores", len(claim.actions), len(claim.scores)),
        ("observations", len(claim.actions) * STEP_DIGITS, len(claim.observations)),
        ("invalid answers", _count(causes[-1] for causes in replies if causes), record.invalid),
        ("rejected replies", _count(chain.from_iterable(replies)), record.rejected),
    ]
    if tally is not None:
        pairs += [
            ("calls", tally.calls, record.calls),
            ("tokens", tally.usage, record.usage),
        ]
    problems = [_differs(record, *pair) for pair in pairs if pair[1] != pair[2]]
    problems += _check_causes(claim, record, card, retries)
    return problems


def _check_causes(
    claim: Claim, record: EpisodeRecord, card: GameCard, retries: int
) -> Iterator[Problem]:
    for step, causes in claim.causes.items():
        wrong = partial(problem_of, record, step=step)
        known = all(cause is None or cause in _CAUSES for cause in causes)
        if not causes or None in causes[:-1] or not known or not 1 <= step <= len(claim.actions):
            yield wrong("impossible causes of invalid replies", "", causes)
        elif len(causes) > retries + 1:
            yield wrong("more replies than the run allows", retries + 1, len(causes))
        elif causes[-1] is not None and len(causes) <= retries:
            yield wrong("an invalid reply was not complained of")
        elif causes[-1] is not None and claim.actions[step - 1] != card.fallback:
            what = "no reply named an action, and the one played is not the game's fallback"
            yield wrong(what, card.fallback, claim.actions[step - 1])


def check_sums(record: EpisodeRecord) -> list[Problem]:
    """Check what a record says of itself."""
    if record.status == "unscored":
        fits = record.score is None and bool(record.error)
    else:
        fits = record.score is not None and record.error is None
    if fits:
        return []
    what = "a scored episode has a score and no error, an unscored one the reverse"
    return [problem_of(record, what)]


def same(one: float, other: float) -> bool:
    """Whether two numbers are equal but for the last digits, in which machines may differ."""
    try:
        return isclose(one, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    except OverflowError:  # a whole number that is too large for any machine's
        return one == other


def differences(
    expected: object, found: object, place: str = "", strict: bool = False
) -> Iterator[tuple[str, object, object]]:
    """Where two JSON values differ; numbers that differ by their last digits do not.

    Args:
        expected: What should be found.
        found: What is.
        place: What to call the place of the two.
        strict: Whether a field that is not found differs. If not, it claims nothing and is passed
            over: an older version may not have written it yet.

    Yields:
        The place, such as `games.0.score.mean`, and the two values there.
    """
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in dict.fromkeys([*expected, *found] if strict else found):
            below = f"{place}.{key}".lstrip(".")
            yield from differences(expected.get(key), found.get(key), below, strict)
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for index, (one, other) in enumerate(zip(expected, found, strict=True)):
            yield from differences(one, other, f"{place}.{index}".lstrip("."), strict)
    elif not _same_leaf(expected, found):
        yield place, expected, found


def _same_leaf(one: object, other: object) -> bool:
    numbers = (int, float)
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, numbers) and isinstance(other, numbers):
        return same(one, other)
    return one == other


def _differs(record: EpisodeRecord, what: str, expected: object, found: object) -> Problem:
    what = f"the record does not follow from the steps: {what}"
    return problem_of(record, what, expected, found)


def _count(causes: Iterable[str | None]) -> dict[str, int]:
    return dict(Counter(cause for cause in causes if cause))
