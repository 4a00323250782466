"""Checks of one episode: against its replies, its claim, and its replay.

The values in a run have bounds far beyond any honest run; values outside them are refused.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from math import isclose
from typing import Any

import msgspec

from smartplay import parsing
from smartplay.cards.card import GameCard
from smartplay.core import printable
from smartplay.leaderboard.claims import STEP_DIGITS, Claim, start_digest, step_digest
from smartplay.parsing import Cause
from smartplay.records import (
    LONGEST,
    Attempt,
    EpisodeHeader,
    EpisodeRecord,
    GameHeader,
    RoleUse,
    StepRecord,
    Usage,
)
from smartplay.records.replay import Moment, Replay, told_by_game

TOLERANCE = 1e-9
LONGEST_TEXT = 2000
_NUMBER = re.compile(r"-?[0-9]+")
_CAUSES = {cause.value for cause in Cause}
VALUE = 120


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One contradiction.

    Attributes:
        what: What contradicts, or why the run is refused.
        game: The full id; empty if the problem concerns the whole run.
        episode: The episode's number within the game.
        repeat: Which play of the episode.
        step: The step of the episode, from 1.
        expected: The value by replay, by the rules or by the card.
        found: The value in the run.
    """

    what: str
    game: str = ""
    episode: int | None = None
    repeat: int = 0
    step: int | None = None
    expected: str = ""
    found: str = ""

    def __str__(self) -> str:
        """The problem as one line of printable characters."""
        place = [printable.line(self.game.split("/")[-1], VALUE)] if self.game else []
        place += [] if self.episode is None else [f"episode {self.episode}"]
        place += [f"repeat {self.repeat}"] if self.repeat else []
        place += [] if self.step is None else [f"step {self.step}"]
        parts = [", ".join(place)] if place else []
        parts.append(printable.line(self.what, 1000))
        if self.expected or self.found:
            values = (printable.line(value, VALUE) for value in (self.expected, self.found))
            parts.append("expected {}, found {}".format(*values))
        return ": ".join(parts)


def problem_of(
    record: Any, what: str, expected: Any = "", found: Any = "", step: int | None = None
) -> Problem:
    """A problem of the episode that a record, a claim or a header of steps names."""
    return Problem(
        what=what,
        game=record.game,
        episode=record.episode,
        repeat=record.repeat,
        step=step,
        expected=describe(expected),
        found=describe(found),
    )


def describe(value: Any) -> str:
    """A value as text, cut where it becomes too long to be useful."""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= printable.TEXT else f"{text[: printable.TEXT]}..."


class Tally:
    """Counts what the replies of an episode cost while its steps are read."""

    def __init__(self) -> None:
        self.calls, self.usage = 0, Usage()

    def add(self, step: StepRecord) -> None:
        """Count a step's calls."""
        for call in step.calls:
            self.calls += 1
            self.usage += call.usage


def check_steps(
    header: EpisodeHeader,
    steps: Iterable[StepRecord],
    problems: list[Problem],
    tally: Tally,
    replies: bool,
) -> Iterator[StepRecord]:
    """Yield the steps while checking each against its replies.

    Args:
        header: The steps' first line.
        steps: The steps.
        problems: Receives the problems; the steps end at the first.
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
    calls = step.calls
    if not all(0 <= seconds <= LONGEST for seconds in (step.seconds, *(c.seconds for c in calls))):
        return wrong("impossible seconds", f"0 to {LONGEST:g}", step.seconds)
    if not all(call.usage.is_plausible() for call in calls):
        return wrong("impossible tokens of a call")
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
        outside = not 0 <= int(attempt.reply[:12]) < len(actions)
        if outside:  # the index of no action; else a text, to be read as any other
            return True
    for truncated in (False, True):
        parsed = parsing.parse_action(
            attempt.reply, actions, truncated, tuple(attempt.reasoning_tags)
        )
        withheld = attempt.cause == Cause.WITHHELD and parsed.cause
        cause = Cause.WITHHELD if withheld else parsed.cause
        if (action, attempt.cause) == (parsed.action, cause and cause.value):
            return True
    return False


def _reading(attempt: Attempt, actions: Sequence[str]) -> str:
    parsed = parsing.parse_action(attempt.reply, actions, False, tuple(attempt.reasoning_tags))
    return parsed.cause.value if parsed.cause else actions[parsed.action or 0]


def check_claim(
    claim: Claim, record: EpisodeRecord, card: GameCard, retries: int, tally: Tally | None
) -> list[Problem]:
    """Check an episode's record against its claim.

    Args:
        claim: What the steps say.
        record: The line of `episodes.jsonl`.
        card: The game's card.
        retries: How often the agent is asked again after an invalid reply.
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
    if tally is not None and not _failed_after(tally, record):
        pairs += [
            ("calls", tally.calls, record.calls),
            ("tokens", tally.usage, record.usage),
        ]
    problems = [_unlike(record, *pair) for pair in pairs if pair[1] != pair[2]]
    problems += _check_causes(claim, record, card, retries)
    return problems


def _failed_after(tally: Tally, record: EpisodeRecord) -> bool:
    """Whether an episode failed after more calls than those of its steps: in the midst of one."""
    more = record.calls > tally.calls and record.usage.total >= tally.usage.total
    return record.status == "unscored" and more


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
            yield wrong("the agent was not asked again after an invalid reply")
        elif causes[-1] is not None and claim.actions[step - 1] != card.fallback:
            what = "no reply named an action, and the one played is not the game's fallback"
            yield wrong(what, card.fallback, claim.actions[step - 1])


def check_bounds(record: EpisodeRecord) -> Iterator[Problem]:
    """Check that the values of a record are plausible and consistent."""
    wrong = partial(problem_of, record)
    if record.status == "unscored":
        fits = record.score is None and bool(record.error)
    else:
        fits = record.score is not None and record.error is None
    if not fits:
        yield wrong("a scored episode has a score and no error, an unscored one the reverse")
    if not 0 <= record.seconds <= LONGEST:
        yield wrong("impossible seconds", f"0 to {LONGEST:g}", record.seconds)
    total = RoleUse("", record.calls, record.usage, record.reused)
    for role, use in [("", total), *record.roles.items()]:
        if not _is_plausible(use):
            name = f" in the role {printable.line(role, VALUE)}" if role else ""
            yield wrong(f"impossible calls or tokens{name}", "", [use.calls, use.usage, use.reused])
    uses = record.roles.values()
    summed = [sum(use.calls for use in uses), sum((use.usage for use in uses), Usage())]
    if record.roles and summed != [record.calls, record.usage]:
        yield wrong("calls or tokens are not the sum of their roles", summed, record.calls)
    texts = [record.error or "", record.engine, *record.scores, *record.unlocked, *record.roles]
    if max(map(len, texts)) > LONGEST_TEXT:
        yield wrong(f"a text of more than {LONGEST_TEXT} characters")


def _is_plausible(use: RoleUse) -> bool:
    """Whether calls and tokens are plausible, and those of a cache a part of them."""
    reused, usage = use.reused, use.usage
    part = reused.prompt <= usage.prompt and reused.completion <= usage.completion
    return part and usage.is_plausible(use.calls) and reused.is_plausible(use.calls)


def same(one: float, other: float) -> bool:
    """Whether two numbers are equal up to the last digits, in which machines may differ."""
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
        strict: Whether a missing field counts as a difference. If not, it is skipped, as an older
            version may not have written it yet.

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


def _unlike(record: EpisodeRecord, what: str, expected: object, found: object) -> Problem:
    what = f"the record does not follow from the steps: {what}"
    return problem_of(record, what, expected, found)


def _count(causes: Iterable[str | None]) -> dict[str, int]:
    return dict(Counter(cause for cause in causes if cause))


def compare_with_replay(
    plan: GameHeader, record: EpisodeRecord, claim: Claim, seed: int
) -> list[Problem]:
    """Play an episode again and compare it with what the run says of it.

    The comparison ends at the first step that differs: all after it would differ as well.

    Args:
        plan: What the run played of the game.
        record: The episode's line in `episodes.jsonl`.
        claim: What its steps say.
        seed: The seed of the world; of a private suite the record does not tell it.

    Returns:
        What differs; nothing if the episode is as it says.
    """
    try:
        with Replay(record.game, plan, seed, claim.actions, guarded=True) as replay:
            return list(_compare(replay, record, claim))
    except Exception as failure:
        text = f"{type(failure).__name__}: {failure}"
        return [problem_of(record, "the game fails when it is replayed", "", text)]


def _compare(replay: Replay, record: EpisodeRecord, claim: Claim) -> Iterator[Problem]:
    total = 0.0
    for moment in replay:
        total += moment.reward
        problem = _differs(record, claim, moment) or _cannot_go_on(record, claim, moment)
        if problem:
            yield problem
            return
    yield from _end_differs(record, total, replay.moment)


def _differs(record: EpisodeRecord, claim: Claim, moment: Moment) -> Problem | None:
    number, info = moment.number, moment.info
    wrong = partial(problem_of, record, step=number)
    if number == 0:
        start = start_digest(info["manual"], info["actions"], moment.text)
        what = "manual, actions or first observation differ"
        return None if start == claim.start else wrong(what, start, claim.start)
    if step_digest(moment.text) != claim.observation(number):
        found = f"a text with digest {claim.observation(number)}"
        return wrong("the observation differs", moment.text, found)
    for name, value, claimed in (
        ("reward", moment.reward, claim.rewards[number - 1]),
        ("score", moment.score, claim.scores[number - 1]),
    ):
        if not same(value, claimed):
            return wrong(f"the {name} differs", value, claimed)
    return None


def _cannot_go_on(record: EpisodeRecord, claim: Claim, moment: Moment) -> Problem | None:
    if moment.number == len(claim.actions):
        return None
    wrong = partial(problem_of, record, step=moment.number + 1)
    action = claim.actions[moment.number]
    if moment.over:
        return wrong("the episode was over before this step")
    if not 0 <= action < len(moment.info["actions"]):
        return wrong("there is no such action", "", action)
    return None


def _end_differs(record: EpisodeRecord, total: float, end: Moment) -> Iterator[Problem]:
    scored = record.status == "scored"
    if scored and not end.over:
        yield problem_of(record, "the episode is scored, but it stopped before its end")
        return
    facts: dict[str, tuple[Any, Any]] = {
        "return": (total, record.return_),
        "terminated": (end.terminated, record.terminated),
        "truncated": (end.truncated, record.time_limit),
    }
    if scored:
        facts["score"] = (end.score, record.score)
    said = told_by_game(end.info)
    facts |= {name: (value, getattr(record, name)) for name, value in said.items()}
    for name, (expected, found) in facts.items():
        for place, one, other in differences(expected, found, name, strict=True):
            yield problem_of(record, f"the episode's {place} differs", one, other)
