"""Plays whole and ablated reference agents over games, in this process and without a trace."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache, partial
from typing import Any, TypeVar

import gymnasium as gym
import numpy as np

from smartplay.agents.ablations import NINE, Ablation
from smartplay.agents.catalog import find_agent
from smartplay.agents.context import Agent, AgentMaker, Context, Observation
from smartplay.agents.reference import reference_class
from smartplay.cards.bounds import Bounds
from smartplay.cards.capabilities import Capability
from smartplay.cards.card import GameCard
from smartplay.core.errors import UsageError
from smartplay.games.registry import cards
from smartplay.runner.pool import WorkerPool
from smartplay.scores.scoring import Weights
from smartplay.scores.statistics import Floats
from smartplay.validity.anchors import play_episode
from smartplay.validity.matrix import (
    AblationMatrix,
    ClassicAblations,
    ablation_matrix,
    classic_ablations,
)

T = TypeVar("T")


def in_processes(study: Callable[..., T], *columns: Sequence[Any], workers: int = 1) -> list[T]:
    """What a study gives for each row of arguments; the same for any number of processes.

    However this one is ended, the others end at once.

    Args:
        study: A function that can be sent to another process.
        *columns: Its arguments, as for `map`.
        workers: Processes; 1 for this one.
    """
    if workers == 1:
        return list(map(study, *columns))
    pool = WorkerPool(workers, script=True)
    try:
        futures = [pool.submit(study, *row) for row in zip(*columns, strict=True)]
        return [future.result() for future in futures]
    finally:
        pool.close()


def contrast_cards() -> list[tuple[GameCard, GameCard]]:
    """The easy and the hard card of each capability, in the order of `Capability`."""
    found = {
        (card.contrast.capability, card.contrast.level): card for card in cards() if card.contrast
    }
    return [(found[k.key, "easy"], found[k.key, "hard"]) for k in Capability]


def reference_maker(ablation: Ablation | None = None) -> AgentMaker:
    """Makes reference agents, whole or with something taken away."""
    return find_agent("reference", {} if ablation is None else {"ablation": ablation.name}).make


@lru_cache(maxsize=256)
def _env(game: str, level: int | None) -> gym.Env[Any, Any]:
    return gym.make(game, disable_env_checker=True, **({} if level is None else {"level": level}))


def play(
    card: GameCard, make: AgentMaker, seed: int, agent_seed: int, level: int | None = None
) -> float:
    """The score of an episode, at a level of the game's dial if one is named."""
    return play_episode(_env(card.id, level), card, make, seed, agent_seed)


def play_scores(card: GameCard, make: AgentMaker, seeds: Sequence[int]) -> list[float]:
    """The scores of an agent, one per seed, which is its own as well."""
    return [play(card, make, seed, seed) for seed in seeds]


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


def study_ablations(seeds: int) -> AblationMatrix:
    """Play the nine ablated reference agents over the nine contrasts.

    Args:
        seeds: Episodes per setting, from seed 0 up.
    """
    pairs = contrast_cards()
    easy, hard = np.zeros((2, len(NINE), len(pairs), seeds))
    for row, ablation in enumerate(NINE):
        make = reference_maker(ablation)
        for column, (mild, demanding) in enumerate(pairs):
            easy[row, column] = over_chance(mild, make, seeds)
            hard[row, column] = over_chance(demanding, make, seeds)
    names = [ablation.name for ablation in NINE]
    return ablation_matrix(
        names, easy, hard, bounds_over_chance([card for pair in pairs for card in pair])
    )


def bounds_over_chance(games: Sequence[GameCard]) -> Bounds:
    """What scores over chance can be in all of some games; an end that one lacks is unknown."""
    found = [
        card.bounds_within(card.steps).scaled(*card.anchors.corrected)
        for card in games
        if card.anchors.corrected
    ]
    lows = [each.low for each in found if each.low is not None]
    highs = [each.high for each in found if each.high is not None]
    return Bounds(
        min(lows) if lows and len(lows) == len(found) else None,
        max(highs) if highs and len(highs) == len(found) else None,
        any(each.distant for each in found),
    )


def over_chance(card: GameCard, make: AgentMaker, seeds: int) -> Floats:
    """Scores on the scale from random play (0) to the best possible (1).

    Raises:
        UsageError: If the card lacks the anchors for that.
    """
    found = [card.corrected(score) for score in play_scores(card, make, range(seeds))]
    if None in found:
        raise UsageError(f"{card.id} has no random score or no optimum in its card")
    return np.array(found, dtype=np.float64)


def study_classic(episodes: int, weights: Weights) -> ClassicAblations:
    """Play the same ablations over the core games that have a reference agent.

    Games that take a worker process (Crafter) are left out: they would take hours. An agent that
    fails without what was taken away plays the card's fallback from there on.

    Args:
        episodes: Episodes per game, from seed 0 up.
        weights: The weighting of the capability scores.
    """
    games = [card for card in cards() if card.core and card.playable and not card.heavy]
    games = [card for card in games if reference_class(card.title) is not None]
    whole = [_normalized(card, None, episodes) for card in games]
    ablated = [
        [_normalized(card, ablation, episodes) if _has(card, ablation) else None for card in games]
        for ablation in NINE
    ]
    return classic_ablations(games, [value or 0.0 for value in whole], ablated, weights)


def _has(card: GameCard, ablation: Ablation) -> bool:
    """Whether the game's agent has what the ablation takes away."""
    if ablation.filter is not None:
        return True
    return ablation.faculty in getattr(reference_class(card.title), "faculties", ())


def _normalized(card: GameCard, ablation: Ablation | None, episodes: int) -> float | None:
    make = partial(Helpless, reference_maker(ablation))
    scores = play_scores(card, make, range(episodes))
    return card.normalized(float(np.mean(scores)))
