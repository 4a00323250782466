"""Compares what a run says of an episode with its replay."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from smartplay.leaderboard.checks import differences, same
from smartplay.leaderboard.claims import Claim, start_digest, step_digest
from smartplay.leaderboard.problems import Problem, problem_of
from smartplay.records import EpisodeRecord, GameHeader
from smartplay.records.replay import Moment, Replay
from smartplay.runner.episode import told_by_game


def compare_with_replay(plan: GameHeader, record: EpisodeRecord, claim: Claim) -> list[Problem]:
    """Play an episode again and compare it with what the run says of it.

    The comparison ends at the first step that differs: all after it would differ as well.

    Args:
        plan: What the run played of the game.
        record: The episode's line in `episodes.jsonl`.
        claim: What its steps say.

    Returns:
        What differs; nothing if the episode is as it says.
    """
    try:
        with Replay(record.game, plan, record.seed, claim.actions, guarded=True) as replay:
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
