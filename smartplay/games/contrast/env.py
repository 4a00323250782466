"""The native environment of the contrasts, and its describer."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
from gymnasium import spaces

from smartplay.core.errors import UnknownNameError
from smartplay.games.base import Describer, Description, Turn
from smartplay.games.contrast.boxes import Boxes
from smartplay.games.contrast.house import DOORS, Kind
from smartplay.games.contrast.log import Log
from smartplay.games.contrast.offers import Offers
from smartplay.games.contrast.rooms import Rooms
from smartplay.games.contrast.rules import Rules
from smartplay.games.contrast.signs import Cues, Signs
from smartplay.games.contrast.walks import Walks
from smartplay.games.contrast.words import Words
from smartplay.games.native import NativeEnv, checked_action

TITLE = "Four Doors"
KINDS: dict[str, type[Kind]] = {
    "long_text_understanding": Signs,
    "reasoning": Boxes,
    "instruction_following": Rules,
    "planning": Rooms,
    "generalization": Words,
    "understanding_the_odds": Offers,
    "learning_from_interactions": Cues,
    "error_handling": Log,
    "spatial_reasoning": Walks,
}
MOST = 1000


class ContrastEnv(NativeEnv[Any, Any]):
    """Rounds in each of which one of four doors is right.

    The observation is what the round tells, as numbers (int32, shape (n,), from -1000 to 1000; what
    they mean is said by each kind's `numbers`). Action k chooses door k; the right one pays 1, but
    in practice rounds nothing. The game has no end of its own.

    Args:
        capability: The capability the setting is about, as cards spell it.
        hard: Whether the setting demands it.
        render_mode: `"rgb_array"` or None.

    Attributes:
        kind: The rounds of this episode.
        rounds: Rounds played.
        score: Counted rounds in which the right door was chosen.
        chosen: The doors chosen so far.

    Raises:
        UnknownNameError: If there is no such capability.
    """

    metadata = NativeEnv.metadata | {"render_fps": 2}

    def __init__(
        self, capability: str = "reasoning", hard: bool = False, render_mode: str | None = None
    ) -> None:
        if capability not in KINDS:
            raise UnknownNameError("capability", capability, KINDS)
        super().__init__(render_mode)
        self._kind, self._hard = KINDS[capability], hard
        self.observation_space = spaces.Box(-MOST, MOST, (self._kind.size,), np.int32)
        self.action_space = spaces.Discrete(len(DOORS))
        self.kind = self._kind(random.Random(0), hard)
        self.chosen: list[int] = []
        self.score = self.rounds = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Draw an episode."""
        super().reset(seed=seed, options=options)
        self.kind = self._kind(random.Random(int(self.np_random.integers(2**63))), self._hard)
        self.chosen = []
        self.score = self.rounds = 0
        return self._observation(), {"outcome": ""}

    def step(self, action: int) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Choose a door."""
        door = checked_action(action, len(DOORS))
        right = door == self.kind.right and self.rounds >= self.kind.practice
        self.score += right
        self.rounds += 1
        self.chosen.append(door)
        outcome = self.kind.choose(door)
        return self._observation(), float(right), False, False, {"outcome": outcome}

    @property
    def counted(self) -> int:
        """Rounds played that count."""
        return max(0, self.rounds - self.kind.practice)

    def _observation(self) -> Any:
        return np.array(self.kind.numbers(), dtype=np.int32)

    def picture(self) -> Any:
        """A picture of the doors, the last choice and the choices so far."""
        from smartplay.games.contrast.picture import doors_picture

        return doors_picture(self.chosen)


class ContrastText(Describer[ContrastEnv]):
    """The rounds in words."""

    def __init__(self, env: ContrastEnv) -> None:
        super().__init__(env)
        self.actions = [f"Choose the {door} door" for door in DOORS]
        self._limit: int | None = None

    def manual(self, steps: int | None) -> str:
        """The rules of this setting and episode."""
        self._limit = steps
        rounds = "The rounds go on and on." if steps is None else f"There are {steps} rounds."
        return f"{TITLE}\n\n{self.env.kind.manual(rounds)}"

    def describe(self, turn: Turn) -> Description:
        """Say which door was chosen and what the next round tells."""
        env = self.env
        parts = []
        if turn.action is not None:
            outcome = turn.info["outcome"]
            chosen = f"Round {turn.step}: you chose the {DOORS[turn.action]} door."
            parts.append(f"{chosen} {outcome}" if outcome else chosen)
        over = turn.step == self._limit
        parts.append("The game is over." if over else f"Round {turn.step + 1}. {env.kind.text()}")
        state = {"right": env.kind.right, "numbers": env.kind.numbers()}
        completed = 0 < env.counted == env.score
        return Description("\n".join(parts), float(env.score), completed, state)
