"""Golden playthroughs: a readable transcript per id, replayed line by line by the tests.

`python -m tests.golden` plays and writes the missing ones; with ids, those again.
"""

from __future__ import annotations

import sys
from pathlib import Path

import gymnasium as gym

from smartplay.agents.context import Observation
from smartplay.agents.reference import reference
from smartplay.agents.simple import RandomAgent
from smartplay.cards.card import GameCard
from smartplay.core.errors import AgentError
from smartplay.games.registry import cards, register_cards

GAMES = Path(__file__).parents[1] / "games"
SEED, LONGEST = 0, 60
STEP = "--- step "


def all_cards() -> list[GameCard]:
    """Every playable card of the repository, the examples in `games/` included."""
    for path in sorted(GAMES.glob("*/*.toml")):
        register_cards(path)
    return [card for card in cards() if card.playable]


def golden_path(card: GameCard) -> Path:
    """Where a card's transcript is kept."""
    return GAMES / card.family / f"{card.id.split('/')[1]}.txt"


def transcript(card: GameCard, seed: int, played: list[str] | None = None) -> str:
    """Play an episode and write down all an agent sees.

    Args:
        card: The game.
        seed: Of the environment.
        played: Names of the actions; by default those of the reference agent, or of a random one
            where there is none, at most `LONGEST`.
    """
    env = gym.make(card.id, disable_env_checker=True)
    text, info = env.reset(seed=seed)
    names = info["actions"]
    agent = None if played is not None else _player(info["manual"], names)
    lines = [f"{card.id}, seed {seed}", "", info["manual"], "", "--- start", text]
    terminated = truncated = False
    number = 0
    while not (terminated or truncated) and number < (LONGEST if played is None else len(played)):
        name = played[number] if played is not None else _name(agent, text, info)
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


def _player(manual: str, actions: list[str]):  # type: ignore[no-untyped-def]
    try:
        return reference(manual, actions, SEED)
    except AgentError:
        return RandomAgent(manual, actions, SEED)


def _name(agent, text, info) -> str:  # type: ignore[no-untyped-def]
    return str(agent.act(Observation(text, info["history"])))


if __name__ == "__main__":
    for card in all_cards():
        path = golden_path(card)
        if not path.exists() or card.id in sys.argv or card.name in sys.argv:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(transcript(card, SEED))
            print(path)
