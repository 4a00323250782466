"""A game with a dial, an agent whose threshold is known, and a card of them per capability."""

from __future__ import annotations

from pathlib import Path

from tests.games import CARD

ROUNDS, LEVELS, CHANCE = 12, 12, 0.25

CODE = """
import gymnasium as gym
from smartplay.games.base import Describer, Description


class StairsEnv(gym.Env):
    metadata = {"render_modes": []}

    def __init__(self, level=1, render_mode=None):
        self.level = level
        self.observation_space = gym.spaces.Discrete(100)
        self.action_space = gym.spaces.Discrete(4)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.score = self.rounds = 0
        self.right = int(self.np_random.integers(4))
        return 0, {}

    def step(self, action):
        reward = float(action == self.right)
        self.score += reward
        self.rounds += 1
        self.right = int(self.np_random.integers(4))
        return self.rounds, reward, False, False, {}


class StairsText(Describer):
    actions = ("red", "blue", "green", "yellow")

    def manual(self, steps):
        return "TITLE\\n\\nChoose the right door."

    def describe(self, turn):
        env = self.env
        text = f"Round {env.rounds}, level {env.level}: the right one is number {env.right}."
        return Description(text, float(env.score), False, {})
"""

AGENT = '''
import math, os, random, re
from pathlib import Path

HERE = Path(__file__).parent
THETAS = {thetas!r}


class Climber:
    """Reads the answer with a chance that falls with the level; else it guesses."""

    def __init__(self, context):
        self.random, self.context = random.Random(context.seed), context
        self.theta = THETAS[context.title]

    def act(self, observation):
        trouble = HERE / "kill"
        if trouble.exists() and random.random() < 0.1:
            trouble.unlink()
            os.kill(os.getpid(), 9)
        if (HERE / f"fail {{self.context.title}}").exists():
            raise RuntimeError("mine")
        level, right = map(int, re.findall(r"level (\\d+).*number (\\d+)", str(observation))[0])
        sees = self.random.random() < 1 / (1 + math.exp((level - self.theta) / 0.5))
        return right if sees else self.random.randrange(4)
'''


def write_dials(folder: Path, thetas: dict[str, float], prefix: str) -> tuple[str, str]:
    """Write a game per capability, and an agent that has the given thresholds on them.

    Args:
        folder: Where to.
        thetas: The thresholds in levels, by the capabilities' keys.
        prefix: How the ids begin; seeds follow from ids, so they are the same in any folder.

    Returns:
        The games, as for `smartplay measure --games`, and the agent.
    """
    folder.mkdir(parents=True, exist_ok=True)
    values = [float(level) for level in range(1, LEVELS + 1)]
    cards = []
    for capability in thetas:
        (folder / f"{capability}.py").write_text(CODE.replace("TITLE", capability))
        own = (
            f'dial = {{capability = "{capability}", phrase = "follows {{}} facts in a row", '
            f"values = {values}, rounds = {ROUNDS}, chance = {CHANCE}}}"
        )
        made = f"{capability}.py"
        card = CARD.format(
            name=f"{prefix}{capability.replace('_', '')}-v0",
            title=capability,
            environment=f'environment = "{made}:StairsEnv"\ndescriber = "{made}:StairsText"',
            history=2,
            fallback=0,
            steps=ROUNDS,
            heavy="false",
            own=own,
        )
        path = folder / f"{capability}.toml"
        path.write_text(card)
        cards.append(str(path))
    (folder / "climber.py").write_text(AGENT.format(thetas=thetas))
    return ",".join(cards), f"{folder / 'climber.py'}:Climber"
