"""A population of synthetic agents with known thresholds, measured by two games.

Every agent plays every episode it is measured by. Its nine thresholds are independent of one
another; each holds for both games, as a place on their dials.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import gymnasium as gym
import msgspec
import numpy as np

from smartplay.agents.ablations import NINE
from smartplay.agents.catalog import find_agent
from smartplay.agents.context import Agent, Context, Observation
from smartplay.agents.reference import reference_class
from smartplay.cards.capabilities import Capability
from smartplay.cards.card import GameCard
from smartplay.core.errors import UsageError
from smartplay.games.registry import cards
from smartplay.scores.thresholds import Track, best_level, posteriors, thresholds
from smartplay.validity.mtmm import Mtmm, mtmm

METHODS = ("contrast", "harbor")
"""Families of games with a dial for each capability."""
AGENTS, EPISODES, SEED = 400, 8, 2026
SLOPES, SLIPS = (0.3, 1.2), (0.0, 0.3)
ARCHITECTURES = ("graded", "limited", "shallow")
STORED = Path(__file__).with_name("population.json")


class Synthetic(msgspec.Struct, frozen=True):
    """A synthetic agent.

    Attributes:
        architecture: How it is built: `graded` is the reference agent, which guesses where a
            faculty fails; `limited` goes as far as a capacity reaches; `shallow` puts a rule of
            thumb in the place of a faculty.
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


class Overloaded:
    """Plays like one agent where its capacity suffices, and like another where it does not.

    Args:
        whole: The agent that can do it.
        foil: The one that cannot.
        enough: The chance that capacity suffices in a round of one move.
        slip: The chance that it does something else altogether.
        context: Names the actions, and seeds what is random.
    """

    def __init__(
        self, whole: Agent, foil: Agent, enough: float, slip: float, context: Context
    ) -> None:
        self._whole, self._foil, self._enough, self._slip = whole, foil, enough, slip
        self._actions, self._random = context.actions, random.Random(context.seed)

    def act(self, observation: Observation) -> Any:
        """Ask both and choose."""
        answers = [self._foil.act(observation), self._whole.act(observation)]
        if self._random.random() < self._slip:
            return self._random.choice(self._actions)
        return answers[self._random.random() < self._enough]


class LastNamed:
    """A rule of thumb: takes what was named last."""

    def __init__(self, context: Context) -> None:
        self._actions, self._random = context.actions, random.Random(context.seed)
        words = [set(name.lower().split()) for name in context.actions]
        common = set.intersection(*words)
        self._telling = [
            [word for word in name.lower().split() if word not in common] or [name.lower()]
            for name in context.actions
        ]

    def act(self, observation: Observation) -> str:
        """The action whose telling word stands last in the text; any one if none does."""
        text = str(observation).lower()
        last = [max(map(text.rfind, words)) for words in self._telling]
        if max(last) < 0:
            return self._random.choice(self._actions)
        return self._actions[last.index(max(last))]


def make_agent(agent: Synthetic, card: GameCard, level: int, context: Context) -> Agent:
    """The agent as it plays one episode of a game at a level of its dial."""
    assert card.dial
    k = [capability.key for capability in Capability].index(card.dial.capability)
    graded = {
        capability.key: (level_at(place, card), slope)
        for capability, place, slope in zip(Capability, agent.places, agent.slopes, strict=True)
    }
    reference = reference_class(card.title)
    assert reference is not None
    make = partial(reference, context.manual, list(context.actions), context.seed)
    if card.family == "harbor":
        style = {"graded": "lapse", "limited": "capacity"}.get(agent.architecture, "shallow")
        return make(thresholds=graded, slip=agent.slip, style=style)
    if agent.architecture == "graded":
        return make(thresholds=graded, slip=agent.slip)
    if agent.architecture == "limited":
        foil = find_agent("reference", {"ablation": NINE[k].name}).make(context)
    else:
        foil = LastNamed(context)
    threshold, slope = graded[card.dial.capability]
    enough = 1 / (1 + math.exp(min((level - threshold) / slope, 500)))
    return Overloaded(make(), foil, enough, agent.slip, context)


@lru_cache(maxsize=256)
def _env(game: str, level: int) -> gym.Env[Any, Any]:
    return gym.make(game, level=level, disable_env_checker=True)


def play(
    card: GameCard, level: int, make: Callable[[Context], Agent], seed: int, agent_seed: int
) -> int:
    """The rounds an agent has right in an episode at a level."""
    env = _env(card.id, level)
    text, info = env.reset(seed=seed)
    actions = info["actions"]
    agent = make(Context(manual=info["manual"], actions=list(actions), seed=agent_seed))
    over = False
    while not over:
        action = actions.index(agent.act(Observation(text, info["history"])))
        text, _, terminated, truncated, info = env.step(action)
        over = terminated or truncated
    return int(info["score"])


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
        make = partial(make_agent, agent, card, level)
        right = play(card, level, make, drawn.randrange(2**32), drawn.randrange(2**32))
        track.add(level, right)
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
    if workers == 1:
        found = list(map(one, agents))
    else:
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            found = list(pool.map(one, agents, chunksize=4))
    return Population(
        methods=list(methods),
        games=_digests(methods),
        episodes=episodes,
        agents=list(agents),
        measured=[[each[k] for each in found] for k in range(len(methods))],
    )


def _digests(methods: Sequence[str]) -> dict[str, str]:
    return {card.id: card.digest for family in methods for card in dial_cards(family)}


def matrix_of(found: Population, architecture: str | None = None) -> Mtmm:
    """The multitrait-multimethod matrix of a population, or of one architecture in it."""
    kept = [k for k, a in enumerate(found.agents) if architecture in (None, a.architecture)]
    true = np.array([found.agents[k].places for k in kept])
    measured = np.array(found.measured)[:, kept]
    return mtmm([str(k) for k in Capability], found.methods, true, measured)


def stored_population() -> Population:
    """The population that was last measured.

    Raises:
        UsageError: If none was, or with other games than these.
    """
    text = STORED.read_bytes() if STORED.is_file() else b"null"
    found = msgspec.json.decode(text, type=Population | None)
    if found is None or found.games != _digests(METHODS):
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
