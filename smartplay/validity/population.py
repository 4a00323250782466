"""A population of synthetic agents with known thresholds, measured by two games.

Every agent plays every episode it is measured by. Its nine thresholds are independent of one
another; each holds for both games, as a place on their dials.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import lru_cache, partial
from pathlib import Path

import msgspec
import numpy as np

from smartplay.agents.context import Agent, Context
from smartplay.cards.capabilities import Capability
from smartplay.cards.card import GameCard
from smartplay.core.errors import UsageError
from smartplay.games.registry import cards
from smartplay.scores.thresholds import Track, best_level, posteriors, thresholds
from smartplay.validity.minds import ARCHITECTURES, Limit, LimitedMind
from smartplay.validity.mtmm import Mtmm, mtmm
from smartplay.validity.study import in_processes, play

METHODS = ("contrast", "harbor")
"""Families of games with a dial for each capability."""
AGENTS, EPISODES, SEED = 400, 8, 2026
SLOPES, SLIPS = (0.3, 1.2), (0.0, 0.3)
STORED = Path(__file__).with_name("population.json")


class Synthetic(msgspec.Struct, frozen=True):
    """A synthetic agent.

    Attributes:
        architecture: How it is built, one of `smartplay.validity.minds.ARCHITECTURES`.
        seed: Seed of all that is random in it.
        places: Nine thresholds, as places on the dials from 0 (first level) to 1 (last).
        slopes: Nine slopes, in levels.
        slip: The share of rounds it spoils by carelessness.
    """

    architecture: str
    seed: int
    places: list[float]
    slopes: list[float]
    slip: float


class Population(msgspec.Struct, frozen=True, kw_only=True):
    """Synthetic agents and what was measured of them.

    Attributes:
        methods: The families of games.
        games: Digests of their cards, by id.
        episodes: Episodes per agent and dial.
        agents: The agents.
        measured: Per method and agent nine thresholds, as places on the dials.
    """

    methods: list[str]
    games: dict[str, str]
    episodes: int
    agents: list[Synthetic]
    measured: list[list[list[float]]]


def draw_population(size: int = AGENTS, seed: int = SEED) -> list[Synthetic]:
    """Draw agents, an equal share of each architecture."""
    rng = np.random.default_rng(seed)
    return [
        Synthetic(
            architecture=ARCHITECTURES[k % len(ARCHITECTURES)],
            seed=seed + k,
            places=np.round(rng.random(len(Capability)), 3).tolist(),
            slopes=np.round(rng.uniform(*SLOPES, len(Capability)), 3).tolist(),
            slip=round(float(rng.uniform(*SLIPS)), 3),
        )
        for k in range(size)
    ]


@lru_cache(maxsize=4)
def dial_cards(family: str) -> list[GameCard]:
    """A family's nine cards with a dial, in the order of `Capability`.

    Raises:
        UsageError: If it has none for some capability.
    """
    found = {card.dial.capability: card for card in cards() if card.family == family and card.dial}
    missing = [k.key for k in Capability if k.key not in found]
    if missing:
        raise UsageError(f"{family} has no dial for {', '.join(missing)}")
    return [found[k.key] for k in Capability]


def level_at(place: float, card: GameCard) -> float:
    """The level at a place of a card's dial."""
    assert card.dial
    return 1 + place * (len(card.dial.values) - 1)


def make_agent(agent: Synthetic, card: GameCard, context: Context) -> Agent:
    """The agent as it plays an episode of a game with a dial."""
    limits = {
        capability: Limit(level_at(place, own), slope, own.dial.values)
        for capability, place, slope, own in zip(
            Capability, agent.places, agent.slopes, dial_cards(card.family), strict=True
        )
        if own.dial
    }
    return LimitedMind(
        card.family,
        agent.architecture,
        context.manual,
        list(context.actions),
        context.seed,
        limits,
        agent.slip,
    )


def measure(agent: Synthetic, methods: Sequence[str], episodes: int) -> list[list[float]]:
    """Measure an agent: per method nine thresholds, as places on the dials.

    The level of each episode is chosen from those before it; thresholds beyond a dial's range are
    taken for its end.
    """
    return [[_place(agent, card, episodes) for card in dial_cards(family)] for family in methods]


def _place(agent: Synthetic, card: GameCard, episodes: int) -> float:
    assert card.dial
    track = Track(card.dial)
    for k in range(episodes):
        level = best_level(card.dial, posteriors([track])[0])
        drawn = random.Random(f"{agent.seed} {card.id} {k}")
        seeds = drawn.randrange(2**32), drawn.randrange(2**32)
        track.add(level, int(play(card, partial(make_agent, agent, card), *seeds, level)))
    (found,) = thresholds({card.id: track})
    ends = {"below": 0.0, "beyond": 1.0}
    if found.level.mean is None:
        return ends[found.beyond]
    return round((found.level.mean - 1) / (len(card.dial.values) - 1), 3)


def study_population(
    agents: Sequence[Synthetic],
    methods: Sequence[str] = METHODS,
    episodes: int = EPISODES,
    workers: int = 1,
) -> Population:
    """Measure a population.

    Args:
        agents: The agents.
        methods: Families of games.
        episodes: Episodes per agent and dial.
        workers: Processes to play in; the result is the same for any number.
    """
    one = partial(measure, methods=methods, episodes=episodes)
    found = in_processes(one, agents, workers=workers)
    return Population(
        methods=list(methods),
        games=_digests(methods),
        episodes=episodes,
        agents=list(agents),
        measured=[[each[k] for each in found] for k in range(len(methods))],
    )


def _digests(methods: Sequence[str]) -> dict[str, str]:
    return {card.id: card.digest for family in methods for card in dial_cards(family)}


def matrix_of(found: Population) -> Mtmm:
    """The multitrait-multimethod matrix of a population."""
    true = np.array([agent.places for agent in found.agents])
    return mtmm([str(k) for k in Capability], found.methods, true, np.array(found.measured))


def stored_population() -> Population:
    """The population that was last measured.

    Raises:
        UsageError: If none was, or with other games than these.
    """
    text = STORED.read_bytes() if STORED.is_file() else b"null"
    found = msgspec.json.decode(text, type=Population | None)
    if (
        found is None
        or found.games != _digests(METHODS)
        or not {agent.architecture for agent in found.agents} <= set(ARCHITECTURES)
    ):
        raise UsageError(
            "no synthetic agents were measured with the present games; "
            "measure them: smartplay validity --all"
        )
    return found


def failing_capabilities() -> dict[str, list[str]]:
    """The capabilities of which the stored figures say that they are not measured well, and why.

    Empty also where nothing fits the present games, for then nothing is known.
    """
    try:
        return matrix_of(stored_population()).failing
    except UsageError:
        return {}


def store_population(found: Population, path: Path) -> None:
    """Keep what was measured."""
    path.write_bytes(msgspec.json.encode(found) + b"\n")
