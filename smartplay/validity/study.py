"""Plays whole and lesioned reference agents over games, in this process and without a trace."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import partial

import gymnasium as gym
import numpy as np

from smartplay.agents.base import Agent, AgentMaker, Context, Observation
from smartplay.agents.catalog import find_agent
from smartplay.agents.lesions import NINE, Lesion
from smartplay.agents.reference import reference_class
from smartplay.capabilities import Capability
from smartplay.card import GameCard
from smartplay.errors import UsageError
from smartplay.registry import cards
from smartplay.scoring import Weights
from smartplay.statistics import Floats
from smartplay.validity.matrix import ClassicLesions, LesionMatrix, classic_lesions, lesion_matrix

RESAMPLING_SEED = 0


def contrast_cards() -> list[tuple[GameCard, GameCard]]:
    """The easy and the hard card of each capability, in the order of `Capability`."""
    found = {
        (card.contrast.capability, card.contrast.level): card for card in cards() if card.contrast
    }
    return [(found[k.key, "easy"], found[k.key, "hard"]) for k in Capability]


def reference_maker(lesion: Lesion | None = None) -> AgentMaker:
    """Makes reference agents, whole or with something taken away."""
    return find_agent("reference", {} if lesion is None else {"lesion": lesion.name}).make


def play_scores(card: GameCard, make: AgentMaker, seeds: Sequence[int]) -> list[float]:
    """The scores of an agent that replies at once and with an action's name, one per seed."""
    env = gym.make(card.id, disable_env_checker=True)
    scores = []
    for seed in seeds:
        text, info = env.reset(seed=seed)
        actions = info["actions"]
        agent = make(Context(manual=info["manual"], actions=list(actions), seed=seed))
        over = False
        while not over:
            reply = agent.act(Observation(text, info["history"]))
            action = actions.index(reply) if reply in actions else card.fallback
            text, _, terminated, truncated, info = env.step(action)
            over = terminated or truncated
        scores.append(info["score"])
    env.close()
    return scores


class Helpless:
    """An agent that gives no answer where what was taken away from it makes it fail."""

    def __init__(self, make: AgentMaker, context: Context) -> None:
        self._agent: Agent | None = None
        with suppress(Exception):
            self._agent = make(context)

    def act(self, observation: Observation) -> str:
        """What the agent answers, or nothing."""
        with suppress(Exception):
            return str(self._agent.act(observation)) if self._agent else ""
        return ""


def study_lesions(seeds: int) -> LesionMatrix:
    """Play the nine lesioned reference agents over the nine contrasts.

    Args:
        seeds: Episodes per setting, from seed 0 up.
    """
    pairs = contrast_cards()
    easy, hard = np.zeros((2, len(NINE), len(pairs), seeds))
    for row, lesion in enumerate(NINE):
        make = reference_maker(lesion)
        for column, (mild, demanding) in enumerate(pairs):
            easy[row, column] = over_chance(mild, make, seeds)
            hard[row, column] = over_chance(demanding, make, seeds)
    names = [lesion.name for lesion in NINE]
    return lesion_matrix(names, easy, hard, np.random.default_rng(RESAMPLING_SEED))


def over_chance(card: GameCard, make: AgentMaker, seeds: int) -> Floats:
    """Scores on the scale from random play (0) to the best possible (1).

    Raises:
        UsageError: If the card lacks the anchors for that.
    """
    found = [card.corrected(score) for score in play_scores(card, make, range(seeds))]
    if None in found:
        raise UsageError(f"{card.id} has no random score or no optimum in its card")
    return np.array(found, dtype=np.float64)


def study_classic(episodes: int, weights: Weights) -> ClassicLesions:
    """Play the same lesions over the core games that have a reference agent.

    Games that take a worker process (Crafter) are left out: they would take hours. An agent that
    fails without what was taken away plays the card's fallback from there on.

    Args:
        episodes: Episodes per game, from seed 0 up.
        weights: The weighting of the capability scores.
    """
    games = [card for card in cards() if card.core and card.playable and not card.heavy]
    games = [card for card in games if reference_class(card.title) is not None]
    whole = [_normalized(card, None, episodes) for card in games]
    lesioned = [
        [_normalized(card, lesion, episodes) if _has(card, lesion) else None for card in games]
        for lesion in NINE
    ]
    return classic_lesions(games, [value or 0.0 for value in whole], lesioned, weights)


def _has(card: GameCard, lesion: Lesion) -> bool:
    """Whether the game's agent has what the lesion takes away."""
    if lesion.filter is not None:
        return True
    return lesion.faculty in getattr(reference_class(card.title), "faculties", ())


def _normalized(card: GameCard, lesion: Lesion | None, episodes: int) -> float | None:
    make = partial(Helpless, reference_maker(lesion))
    scores = play_scores(card, make, range(episodes))
    return card.normalized(float(np.mean(scores)))
