"""Anchors measured on the spot, for exactly the settings and the length that were played."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import lru_cache
from typing import Any

import gymnasium as gym
import msgspec

from smartplay.agents.catalog import find_agent
from smartplay.agents.context import AgentMaker, Context, Observation
from smartplay.agents.reference import reference_class
from smartplay.cards.anchors import Anchors, Measured, Trivial
from smartplay.cards.bounds import Bounds
from smartplay.cards.card import GameCard
from smartplay.games.registry import get_card
from smartplay.records import GameHeader
from smartplay.records.replay import refusal
from smartplay.runner.jobs import episode_seeds
from smartplay.scores.intervals import mean_interval
from smartplay.validity.trivial import best_policy

STEPS = {"random": 2000, "reference": 200, "trivial": 500}
"""Steps that the episodes of an anchor take together at most, so that a report waits for none."""
MOST_EPISODES, LEAST_EPISODES = 40, 4
SEED = 2026
DECIMALS = 4


def anchors_of(card: GameCard, plan: GameHeader) -> Anchors:
    """Measure random play, the reference agent and trivial policies as a run played a game.

    Args:
        card: The game's card.
        plan: What the run plays of it. It may come from anyone, so what `replay` would not play
            again is not played here either.

    Returns:
        The anchors; none of slow games, of long episodes, and of what cannot be played.
    """
    few = plan.steps * LEAST_EPISODES <= STEPS["reference"]
    if card.heavy or not few or refusal(card.id, plan):
        return Anchors()
    settings = {key: value for key, value in plan.settings.items() if key != "observation"}
    return _measured(card.id, plan.steps, msgspec.json.encode(settings, order="sorted"))


@lru_cache(maxsize=256)
def _measured(game: str, steps: int, settings: bytes) -> Anchors:
    number = {name: min(MOST_EPISODES, most // steps) for name, most in STEPS.items()}
    try:
        return measure(get_card(game), steps, msgspec.json.decode(settings), number)
    except Exception:  # settings of a stranger may make a game that fails in any way
        return Anchors()


def measure(
    card: GameCard, steps: int, settings: Mapping[str, Any], episodes: Mapping[str, int]
) -> Anchors:
    """Play what a game is held against.

    The seeds follow from the id, so that they are others than those of any run.

    Args:
        card: The game.
        steps: The step limit.
        settings: Its settings, over the card's.
        episodes: How many to play for `random`, `reference` and `trivial`; what is left out is not
            measured, nor is the reference where there is none.
    """
    own = card.as_played(steps, settings)
    bounds = own.bounds_within(steps)
    most = max(episodes.values())
    seeds = [episode_seeds(SEED, f"anchors of {card.id}", k) for k in range(most)]
    with closing(
        gym.make(card.id, max_episode_steps=steps, disable_env_checker=True, **settings)
    ) as env:
        found = {}
        for name in ("random", "reference"):
            if episodes.get(name) and (name == "random" or reference_class(card.title)):
                make, own_seeds = find_agent(name, {}).make, seeds[: episodes[name]]
                scores = [play_episode(env, card, make, *pair) for pair in own_seeds]
                found[name] = _summed(scores, bounds)
        trivial: Trivial | None = None
        if episodes.get("trivial", 0) > 1:
            policy, scores = best_policy(env, [seed for seed, _ in seeds[: episodes["trivial"]]])
            facts = msgspec.structs.asdict(_summed(scores, bounds))
            trivial = Trivial(policy=policy, **facts)
    return Anchors(random=found.get("random"), reference=found.get("reference"), trivial=trivial)


def play_episode(
    env: gym.Env[Any, Any], card: GameCard, make: AgentMaker, seed: int, agent_seed: int
) -> float:
    """The score of an episode of an agent that replies at once and with an action's name."""
    text, info = env.reset(seed=seed)
    manual, actions, over = info["manual"], info["actions"], False
    agent = make(Context(manual=manual, actions=list(actions), seed=agent_seed, game=card.id))
    while not over:
        reply = agent.act(Observation(text, info["history"]))
        action = actions.index(reply) if reply in actions else card.fallback
        text, _, terminated, truncated, info = env.step(action)
        over = terminated or truncated
    return float(info["score"])


def _summed(scores: Sequence[float], bounds: Bounds) -> Measured:
    found = mean_interval(scores, bounds)
    mean, low, high = (
        None if value is None else round(value, DECIMALS)
        for value in (found.mean, found.low, found.high)
    )
    return Measured(mean=mean or 0.0, low=low, high=high, episodes=len(scores))
