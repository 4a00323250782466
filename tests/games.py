"""Writes a small game, its describer and its card into a folder, with a fault if asked for."""

from __future__ import annotations

from pathlib import Path

CODE = """
import time
import gymnasium as gym
import numpy as np
from smartplay.games.base import Describer, Description

FAULT = {fault!r}
time.sleep({slow_to_load})
if FAULT == "import":
    import no_such_package


class TicksEnv(gym.Env):
    metadata = {{"render_modes": []}}

    def __init__(self, render_mode=None):
        self.observation_space = gym.spaces.Discrete(100_000)
        self.action_space = gym.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        if FAULT == "reset":
            raise RuntimeError("reset")
        self.ticks = 0
        return 0, {{}}

    def step(self, action):
        if FAULT == "step":
            raise RuntimeError("step")
        self.ticks += 1
        return self.ticks, float("nan") if FAULT == "reward" else 1.0, False, False, {{}}


class TicksText(Describer):
    actions = ("Pull slot machine 1", "Wait")

    def manual(self, steps):
        return f"{title}\\n\\nA clock ticks."

    def describe(self, turn):
        score = float("inf") if FAULT == "score" else float(self.env.ticks)
        state = {{"ticks": self.env.ticks}}
        if FAULT == "further":
            state["scores"] = {{"ticks": np.float64(self.env.ticks)}}
        if FAULT == "state":
            state["scores"] = {{"ticks": object()}}
        return Description(f"Tick {{self.env.ticks}}.", score, False, state)
"""

CARD = """
[defaults]
title = "{title}"
family = "ticks"
{environment}
steps = {steps}
episodes = 3
history = {history}
fallback = {fallback}
heavy = {heavy}
score = "ticks"

[defaults.degrees]
long_text_understanding = 1
reasoning = 1
instruction_following = 1
planning = 1
generalization = 1
understanding_the_odds = 1
learning_from_interactions = 1
error_handling = 1
spatial_reasoning = 1

[ids.{name}]
{own}
"""


def write_game(
    folder: Path,
    *,
    name: str = "",
    title: str = "Ticks",
    environment: str = "ticks.py:TicksEnv",
    history: int = 10,
    fallback: int = 0,
    steps: int = 10,
    heavy: bool = False,
    fault: str = "",
    slow_to_load: float = 0.0,
    own: str = "",
) -> Path:
    """Write `ticks.py` and `ticks.toml`; the id is `name`, by default one for this folder alone."""
    name = name or unique(folder)
    code = CODE.format(fault=fault, slow_to_load=slow_to_load, title=title)
    (folder / "ticks.py").write_text(code)
    described = f'environment = "{environment}"\ndescriber = "ticks.py:TicksText"'
    card = CARD.format(
        name=name,
        title=title,
        environment=described if environment else "",
        history=history,
        fallback=fallback,
        steps=steps,
        heavy=str(heavy).lower(),
        own=own,
    )
    path = folder / "ticks.toml"
    path.write_text(card)
    return path


def unique(folder: Path) -> str:
    """An id that no other test's folder gives: cards stay registered."""
    return "Ticks" + "".join(c for c in str(folder) if c.isalnum()) + "-v0"
