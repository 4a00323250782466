"""Plays an episode again from its seed and its actions, without any agent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gymnasium as gym

from smartplay.card import GameCard
from smartplay.leaderboard.checks import differences, same
from smartplay.leaderboard.claims import Claim, start_digest, step_digest
from smartplay.leaderboard.problems import Problem, told
from smartplay.records import EpisodeRecord, GameHeader
from smartplay.runner.episode import told_by_game


def replay(card: GameCard, plan: GameHeader, record: EpisodeRecord, claim: Claim) -> list[Problem]:
    """Play an episode again and compare it with what the run says of it.

    The first step that differs is told and ends the replay: all after it would differ as well.

    Args:
        card: The game, as this version ships it.
        plan: What the run played of it.
        record: The episode's line in `episodes.jsonl`.
        claim: What its steps say.

    Returns:
        What differs; nothing if the episode is as it says.
    """
    settings = {key: value for key, value in plan.settings.items() if key != "observation"}
    try:
        env = gym.make(card.id, max_episode_steps=plan.steps, disable_env_checker=True, **settings)
        try:
            return list(_compare(env, record, claim))
        finally:
            env.close()
    except Exception as failure:
        text = f"{type(failure).__name__}: {failure}"
        return [_problem(record, None, "the game fails when it is replayed", "", text)]


def _compare(env: gym.Env[Any, Any], record: EpisodeRecord, claim: Claim) -> Iterator[Problem]:
    _, info = env.reset(seed=record.seed)
    start = start_digest(info["manual"], info["actions"], info["obs"])
    if start != claim.start:
        what = "manual, actions or first observation differ"
        yield _problem(record, 0, what, start, claim.start)
        return
    total, terminated, truncated = 0.0, False, False
    for number, action in enumerate(claim.actions, start=1):
        if terminated or truncated:
            yield _problem(record, number, "the episode was over before this step")
            return
        if not 0 <= action < len(info["actions"]):
            yield _problem(record, number, "there is no such action", "", action)
            return
        _, reward, terminated, truncated, info = env.step(action)
        total += float(reward)
        differing = _step_differs(record, claim, number, info["obs"], float(reward), info["score"])
        if differing:
            yield differing
            return
    yield from _end_differs(record, total, terminated, truncated, info)


def _step_differs(
    record: EpisodeRecord, claim: Claim, number: int, text: str, reward: float, score: float
) -> Problem | None:
    if step_digest(text) != claim.observation(number):
        found = f"a text with digest {claim.observation(number)}"
        return _problem(record, number, "the observation differs", text, found)
    if not same(reward, claim.rewards[number - 1]):
        return _problem(record, number, "the reward differs", reward, claim.rewards[number - 1])
    if not same(score, claim.scores[number - 1]):
        return _problem(record, number, "the score differs", score, claim.scores[number - 1])
    return None


def _end_differs(
    record: EpisodeRecord, total: float, terminated: bool, truncated: bool, info: dict[str, Any]
) -> Iterator[Problem]:
    scored = record.status == "scored"
    if scored and not (terminated or truncated):
        yield _problem(record, None, "the episode is scored, but it stopped before its end")
        return
    facts: dict[str, tuple[Any, Any]] = {"return": (total, record.return_)}
    facts |= {
        "terminated": (terminated, record.terminated),
        "truncated": (truncated, record.time_limit),
    }
    if scored:
        facts["score"] = (info["score"], record.score)
        facts |= {name: (v, getattr(record, name)) for name, v in told_by_game(info).items()}
    for name, (expected, found) in facts.items():
        for place, one, other in differences(expected, found, name, strict=True):
            yield _problem(record, None, f"the episode's {place} differs", one, other)


def _problem(
    record: EpisodeRecord, step: int | None, what: str, expected: Any = "", found: Any = ""
) -> Problem:
    return Problem(
        what=what,
        game=record.game,
        episode=record.episode,
        step=step,
        expected=told(expected),
        found=told(found),
    )
