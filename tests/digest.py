"""Digests of short playthroughs of every id and of a report's numbers.

Every version of Python and of the dependencies that the package admits must give those that
`tests/digests.txt` holds. `python -m tests.digest > tests/digests.txt` writes them anew, where a
game or a score is meant to change.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from typing import Any

import gymnasium as gym
import msgspec
import numpy as np

import smartplay
from smartplay.cards.card import GameCard
from smartplay.games.native import NativeEnv
from smartplay.report import build_report
from tests.golden import all_cards
from tests.test_conformance import plain, steps

SEED, STEPS, PICTURE_EACH = 13, 60, 6
RUN = "BanditTwoArmedHighLowFixed,Hanoi3Disk,RockPaperScissorBasic,MessengerL1,contrast"


def digests() -> Iterator[str]:
    """A line per id, and one for the scores of a run."""
    for card in all_cards():
        yield f"{card.id} {_digest(*_playthroughs(card))}"
    yield f"report {_digest(_report())}"


def _playthroughs(card: GameCard) -> Iterator[Any]:
    """What a text agent is given; of our own games also native observations and pictures.

    Others draw and count as their version does.
    """
    env = gym.make(card.id)
    yield from _played(env)
    if isinstance(env.unwrapped, NativeEnv):
        yield from _played(gym.make(card.id, observation="native"))
        pictured = gym.make(card.id, render_mode="rgb_array")
        for number, _ in enumerate(steps(pictured, SEED, STEPS)):
            if number % PICTURE_EACH == 0:
                yield np.asarray(pictured.render()).tobytes()
        pictured.close()


def _played(env: gym.Env[Any, Any]) -> Iterator[Any]:
    for observation, *between, info in steps(env, SEED, STEPS):
        yield plain(observation), between, plain(info)
    env.close()


def _report() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        run = smartplay.run("random", RUN, episodes=4, steps=20, out=folder, progress=False)
        report = build_report(run.path)
    games = [(game.game, game.score, game.normalized, game.corrected) for game in report.games]
    return msgspec.json.encode((games, report.capabilities, report.contrasts))


def _digest(*content: Any) -> str:
    return hashlib.sha256(repr(content).encode()).hexdigest()


if __name__ == "__main__":
    print(*digests(), sep="\n")
