"""`python -m tests.pictures` draws each dossier's picture: a state a few steps into a game."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
from PIL import Image

from smartplay.validity.conformance import SEED, recorded
from tests.golden import GAMES, all_cards, golden_path

STEPS = 12


def main() -> None:
    """Draw the first id of each family after the first moves of its golden playthrough."""
    drawn: set[str] = set()
    for card in all_cards():
        if card.family in drawn:
            continue
        drawn.add(card.family)
        env = gym.make(card.id, render_mode="rgb_array")
        _, info = env.reset(seed=SEED)
        _, names = recorded(golden_path(card).read_text())
        for name in names[: min(STEPS, len(names) // 2)]:
            env.step(info["actions"].index(name))
        picture = np.asarray(env.render(), dtype=np.uint8)
        path = GAMES / card.family / "picture.png"
        Image.fromarray(picture).save(path, optimize=True)
        env.close()
        print(path)


if __name__ == "__main__":
    main()
