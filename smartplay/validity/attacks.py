"""Attacks: can a hard setting be played without what it demands?

Those of Four Doors are its contrasts' hard settings, those of Harbor Days the same level of its
dials. There the first move of each round is attacked.

Attackers read the texts and the names of the actions; learners are told the right doors of the
episodes they train on. None of them knows how rounds are drawn.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from functools import partial
from importlib import resources
from itertools import chain

import gymnasium as gym
import msgspec
import numpy as np

from smartplay.cards.bounds import Bounds
from smartplay.cards.capabilities import Capability
from smartplay.cards.card import GameCard
from smartplay.scores.intervals import Interval, mean_interval
from smartplay.validity import harbor_shortcuts, shortcuts
from smartplay.validity.learners import Data, learn
from smartplay.validity.population import dial_cards
from smartplay.validity.study import contrast_cards, in_processes
from smartplay.validity.tricks import general
from smartplay.validity.views import Shortcut, View

COUNTED, LEVEL = 12, 8
"""Rounds of an episode, and the level of the hard settings."""
TRAINING = 200
"""Episodes that learners train on."""
BOUND_OF_SHORTCUTS, BOUND_OF_LEARNERS = 0.05, 0.15
"""The most over chance that an attacker may reach on a hard setting."""
PLACE = re.compile(r"((?:Round \d+|Practice)(?:, move \d+)?)\. ")
STORED = "attacks.json"


class Attack(msgspec.Struct, frozen=True):
    """What an attacker reached.

    Attributes:
        name: What it does.
        score: Over chance (0 random play, 1 all right), with the interval over episodes.
    """

    name: str
    score: Interval


class Attacks(msgspec.Struct, frozen=True, kw_only=True):
    """The worst attacks on a setting.

    Attributes:
        capability: The capability the setting demands.
        game: The setting's id, or that of the dial.
        episodes: Episodes they were tested on.
        shortcut: The best of the shortcuts.
        learner: The best of the shallow learners, trained on `TRAINING` episodes.
        reported: The best of those that are reported and not bounded, as they do most of what is
            demanded: rules and learners that combine prize and chance, walks in a mirror.
    """

    capability: str
    game: str
    episodes: int
    shortcut: Attack
    learner: Attack | None = None
    reported: Attack | None = None

    @property
    def worst(self) -> Attack:
        """The best of all of them, bounded or not."""
        return _worst([each for each in (self.shortcut, self.learner, self.reported) if each])


class Episodes:
    """Rounds of episodes in which the doors were chosen at random.

    Attributes:
        views: What was read before each counted round.
        right: Which door was right.
    """

    def __init__(self, card: GameCard, seeds: Sequence[int]) -> None:
        level = {"level": LEVEL} if card.dial else {}
        env = gym.make(card.id, disable_env_checker=True, **level)
        self.views: list[View] = []
        self.right: list[int] = []
        for seed in seeds:
            views, right = _played(env, seed)
            self.views += views[-COUNTED:]
            self.right += right[-COUNTED:]
        env.close()

    def score(self, chosen: Sequence[int | None]) -> Interval:
        """Over chance, episode by episode; who does not choose guesses."""
        chance = 1 / len(self.views[0].doors)
        found = np.array(
            [chance if choice is None else choice == right
             for choice, right in zip(chosen, self.right, strict=True)],
            dtype=np.float64,
        )  # fmt: skip
        rates = found.reshape(-1, COUNTED).mean(axis=1)
        return mean_interval(
            ((rates - chance) / (1 - chance)).tolist(), Bounds(0, 1).scaled(chance, 1)
        )


def _played(env: gym.Env[object, int], seed: int) -> tuple[list[View], list[int]]:
    rng = random.Random(seed)
    text, info = env.reset(seed=seed)
    doors = _telling(info["actions"])
    views: list[View] = []
    right: list[int] = []
    told: list[str] = []
    over = False
    while not over:
        before, place, now = PLACE.split(str(text), maxsplit=1)
        told.append(before)
        if not place.endswith(("move 2", "move 3")) or "Practice" in place:
            views.append(View(info["manual"], "\n".join(told), now, doors, len(views)))
            right.append(info["state"]["right"])
        if "Practice" in place:
            told.append(now)
        text, _, terminated, truncated, info = env.step(rng.randrange(len(doors)))
        over = terminated or truncated
    return views, right


def _telling(actions: Sequence[str]) -> tuple[str, ...]:
    """The words that tell actions apart, of each the first if that is enough."""
    words = [re.findall(r"\w+", name.lower()) for name in actions]
    own = [[word for word in each if any(word not in other for other in words)] for each in words]
    first = [each[0] for each in own]
    alike = len(set(first)) < len(first)
    return tuple(" ".join(each) for each in own) if alike else tuple(first)


def study_attacks(seeds: int, workers: int = 1) -> list[Attacks]:
    """Let every attacker play the hard setting of every capability in both games.

    Args:
        seeds: Episodes per setting to test on; learners train on `TRAINING` others.
        workers: Processes to attack in; the result is the same for any number.
    """
    settings = [hard for _, hard in contrast_cards()] + dial_cards("harbor")
    demanded = [*Capability, *Capability]
    return in_processes(partial(attack, seeds=seeds), demanded, settings, workers=workers)


def attack(capability: Capability, card: GameCard, seeds: int, training: int = TRAINING) -> Attacks:
    """Let every attacker play a setting.

    Args:
        capability: What the setting demands.
        card: The setting.
        seeds: Episodes to test on.
        training: Episodes that learners train on; 0 for no learners.
    """
    test = Episodes(card, range(training, training + seeds))
    known = harbor_shortcuts if card.family == "harbor" else shortcuts
    reported = known.REPORTED.get(capability)
    beside = _tried(test, reported()) if reported else []
    taught: list[Attack] = []
    if training:
        train = Episodes(card, range(training))
        sides = Data(train.views, train.right), Data(test.views, test.right)
        if capability is Capability.UNDERSTANDING_THE_ODDS:
            beside += _taught(test, *sides)
            sides = sides[0].ranked(), sides[1].ranked()
        taught = _taught(test, *sides)
    return Attacks(
        capability=str(capability),
        game=card.id,
        episodes=seeds,
        shortcut=_worst(_tried(test, chain(general(), *(each() for each in known.BOUNDED)))),
        learner=_worst(taught) if taught else None,
        reported=_worst(beside) if beside else None,
    )


def _tried(test: Episodes, named: Iterable[tuple[str, Shortcut]]) -> list[Attack]:
    return [
        Attack(name, test.score([shortcut(view) for view in test.views]))
        for name, shortcut in named
    ]


def _taught(test: Episodes, seen: Data, held_out: Data) -> list[Attack]:
    return [
        Attack(name, test.score(chosen.tolist())) for name, chosen in learn(seen, held_out).items()
    ]


def _worst(attacks: Sequence[Attack]) -> Attack:
    return max(attacks, key=lambda each: each.score.mean)


def stored_attacks() -> list[Attacks]:
    """What `study_attacks` found when it was last run for this version."""
    text = resources.files("smartplay.validity").joinpath(STORED).read_bytes()
    return msgspec.json.decode(text, type=list[Attacks])
