"""What holds for every game, to be checked for one of your own.

A golden playthrough is a readable transcript of an episode; played again it must give the same
lines, on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import zip_longest
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np

from smartplay.agents.context import Observation
from smartplay.agents.reference import reference, reference_class
from smartplay.agents.simple import RandomAgent
from smartplay.cards.card import GameCard
from smartplay.games.registry import get_card
from smartplay.parsing import parse_action
from smartplay.records.encoding import encode

SEED, LONGEST = 0, 60
STEP = "--- step "
TRIED = 200
"""Steps of pseudo-random play that a game is tried with."""

Result = tuple[str, float, bool, bool, dict[str, Any]]


def check_game(game: str, golden: str | Path | None = None) -> list[str]:
    """What is wrong with a game, in words; nothing if it holds what is asked of every game.

    Args:
        game: An id.
        golden: Its golden playthrough; None if it has none yet.

    Raises:
        UnknownNameError: If there is no such game.
    """
    card = get_card(game)
    problems: dict[str, None] = {}
    try:
        for find in (_wrong_with_names, _wrong_with_play, _wrong_with_copies, _wrong_with_dial):
            problems |= dict.fromkeys(find(card))
        if golden is not None:
            problems |= dict.fromkeys(_departures(card, Path(golden)))
    except Exception as error:  # a game in the making fails in any way
        problems[f"it cannot be played: {type(error).__name__}: {error}"] = None
    return list(problems)


def _wrong_with_names(card: GameCard) -> Iterator[str]:
    with closing(_make(card)) as env:
        _, info = env.reset(seed=SEED)
    if not info["manual"].startswith(f"{card.title}\n"):
        yield f"the manual's first line is not the title {card.title!r}"
    for number, name in enumerate(info["actions"]):
        if parse_action(f"Answer: {name}", info["actions"]).action != number:
            yield f"a reply cannot choose the action {name!r}; give it another name"
    if card.fallback >= len(info["actions"]):
        yield f"the fallback is action {card.fallback}, counted from 0, which there is not"


def _wrong_with_play(card: GameCard) -> Iterator[str]:
    bounds = card.bounds_within(card.steps)
    low = -math.inf if bounds.low is None else bounds.low
    high = math.inf if bounds.high is None else bounds.high
    with closing(_make(card)) as first, closing(_make(card)) as second:
        for (text, *_, info), again in zip(_played(first), _played(second), strict=True):
            if not first.observation_space.contains(text):
                yield f"the text is empty, too long or of other characters than ASCII: {text!r}"
            if not low <= info["score"] <= high:
                yield f"the score {info['score']:g} lies outside of the card's bounds"
            if encode(info) != encode(again[-1]):
                yield "the same seed and actions gave another episode"
            best = first.get_wrapper_attr("describer").best_actions()
            if best is not None and not best <= set(range(len(info["actions"]))):
                yield f"best_actions names actions that there are not: {sorted(best)}"


def _wrong_with_copies(card: GameCard) -> Iterator[str]:
    with closing(_make(card)) as env:
        env.reset(seed=SEED)
        kept = env.get_wrapper_attr("snapshot")()
        first = [encode(list(result)) for result in _steps(env, few=True)]
        env.get_wrapper_attr("restore")(kept)
        if first != [encode(list(result)) for result in _steps(env, few=True)]:
            yield "an episode that goes back to a snapshot goes on otherwise"


def _wrong_with_dial(card: GameCard) -> Iterator[str]:
    if card.dial is None:
        return
    right, rounds = 0.0, card.dial.rounds * len(card.dial.values)
    for level in range(1, len(card.dial.values) + 1):
        with closing(gym.make(card.id, disable_env_checker=True, level=level)) as env:
            env.reset(seed=SEED + level)
            ends = (info["score"] for *_, over, cut, info in _steps(env) if over or cut)
            score = next(ends, 0.0)
        if not (float(score).is_integer() and 0 <= score <= card.dial.rounds):
            yield (
                f"an episode of level {level} scored {score:g}, which is not a number of right "
                f"rounds from 0 to {card.dial.rounds}"
            )
            return
        right += score
    spread = math.sqrt(rounds * card.dial.chance * (1 - card.dial.chance))
    if abs(right - rounds * card.dial.chance) > 4 * spread + 1:
        yield (
            f"random play had {right:g} of {rounds} rounds right, which does not fit the dial's "
            f"chance of {card.dial.chance:g}"
        )


def _departures(card: GameCard, golden: Path) -> Iterator[str]:
    try:
        expected = golden.read_text(encoding="utf-8")
        seed, actions = recorded(expected)
        again = transcript(card, seed, actions)
    except (OSError, ValueError) as error:
        yield f"the golden playthrough cannot be played again: {error}"
        return
    lines = zip_longest(expected.splitlines(), again.splitlines())
    for number, (old, new) in enumerate(lines, start=1):
        if new != old:
            yield f"{golden.name}, line {number} was {old!r} and is {new!r}"
            return


def _make(card: GameCard) -> gym.Env[str, int]:
    return gym.make(card.id, disable_env_checker=True)


def _played(env: gym.Env[str, int]) -> Iterator[Result]:
    text, info = env.reset(seed=SEED)
    yield text, 0.0, False, False, info
    yield from _steps(env)


def _steps(env: gym.Env[str, int], few: bool = False) -> Iterator[Result]:
    """Pseudo-random steps: a few, or `TRIED` with new episodes where one ends."""
    draw, number = np.random.default_rng(SEED), int(env.action_space.n)  # type: ignore[attr-defined]
    for _ in range(10 if few else TRIED):
        text, reward, terminated, truncated, info = env.step(int(draw.integers(number)))
        yield text, float(reward), terminated, truncated, info
        if terminated or truncated:
            if few:
                return
            env.reset()


def transcript(card: GameCard, seed: int, played: list[str] | None = None) -> str:
    """Play an episode and write down all an agent sees.

    Args:
        card: The game.
        seed: Of the environment.
        played: Names of the actions; by default those of the reference agent, or of a random one
            where there is none, at most `LONGEST`.
    """
    env = _make(card)
    text, info = env.reset(seed=seed)
    names = info["actions"]
    choose = _player(card, info["manual"], names)
    lines = [f"{card.id}, seed {seed}", "", info["manual"], "", "--- start", text]
    terminated = truncated = False
    number = 0
    while not (terminated or truncated) and number < (LONGEST if played is None else len(played)):
        name = choose(text, info["history"]) if played is None else played[number]
        text, reward, terminated, truncated, info = env.step(names.index(name))
        number += 1
        lines += [f"{STEP}{number}: {name}", f"[reward {reward:g}, score {info['score']:g}]", text]
    end = "over" if terminated else "out of steps" if truncated else "the transcript stops here"
    env.close()
    return "\n".join([*lines, f"--- {end}"]) + "\n"


def recorded(text: str) -> tuple[int, list[str]]:
    """The seed and the actions of a transcript."""
    seed = int(text.split("\n", 1)[0].rpartition(" ")[2])
    steps = [line for line in text.splitlines() if line.startswith(STEP)]
    return seed, [line.partition(": ")[2] for line in steps]


def _player(card: GameCard, manual: str, actions: list[str]) -> Callable[[str, list[str]], str]:
    make = reference if reference_class(card.title) else RandomAgent
    agent = make(manual, actions, SEED)
    return lambda text, history: str(agent.act(Observation(text, history)))
