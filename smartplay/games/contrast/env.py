"""The native environment of Four Doors, and its describer."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
from gymnasium import spaces

from smartplay.core.errors import known_name
from smartplay.games.base import Describer, Description, Turn
from smartplay.games.contrast.boxes import Boxes
from smartplay.games.contrast.cues import Cues
from smartplay.games.contrast.house import DOORS, Kind
from smartplay.games.contrast.log import Log
from smartplay.games.contrast.offers import Offers
from smartplay.games.contrast.rooms import Rooms
from smartplay.games.contrast.rules import Rules
from smartplay.games.contrast.story import Story
from smartplay.games.contrast.walks import Walks
from smartplay.games.contrast.words import Words
from smartplay.games.native import NativeEnv, checked_action, checked_level, text_codes
from smartplay.games.rounds import rounds_told

TITLE = "Four Doors"
KINDS: dict[str, type[Kind]] = {
    "long_text_understanding": Story,
    "reasoning": Boxes,
    "instruction_following": Rules,
    "planning": Rooms,
    "generalization": Words,
    "understanding_the_odds": Offers,
    "learning_from_interactions": Cues,
    "error_handling": Log,
    "spatial_reasoning": Walks,
}
COUNTED = 12


class ContrastEnv(NativeEnv[Any, Any]):
    """Rounds in each of which one of four doors is right.

    The observation is the story, if there is one, and what the round tells, as codes of characters
    (uint8, shape (n,), 0 after the end). Action k chooses door k; the right one pays 1, but in
    practice rounds nothing. The game ends after `COUNTED` rounds that count.

    Args:
        capability: The capability that is demanded, as cards spell it.
        level: How much of it, from 1 (hardly any) to 12.
        render_mode: `"rgb_array"` or None.

    Attributes:
        kind: The rounds of this episode.
        rounds: Rounds played.
        score: Counted rounds in which the right door was chosen.
        chosen: The doors chosen so far.

    Raises:
        UnknownNameError: If there is no such capability.
        UsageError: If there is no such level.
    """

    metadata = NativeEnv.metadata | {"render_fps": 2}
    PARTS = ("kind",)
    KEPT = ("_kind", "chosen")

    def __init__(
        self, capability: str = "reasoning", level: int = 1, render_mode: str | None = None
    ) -> None:
        self.capability = known_name("capability", capability, KINDS)
        super().__init__(render_mode)
        self._kind = KINDS[capability]
        self.level = checked_level(level, len(self._kind.values))
        self.observation_space = spaces.Box(0, 255, (self._kind.size,), np.uint8)
        self.action_space = spaces.Discrete(len(DOORS))
        self._begin(0)

    def _begin(self, seed: int) -> None:
        """Draw an episode; those of one seed have nothing in common at different levels."""
        rng = random.Random(f"{seed} {self.capability} {self.level}")
        self.kind = self._kind(rng, self.level)
        self.chosen: tuple[int, ...] = ()
        self.score = self.rounds = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Draw an episode."""
        super().reset(seed=seed, options=options)
        self._begin(int(self.np_random.integers(2**63)))
        return self._observation(), {"outcome": ""}

    def step(self, action: int) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Choose a door."""
        door = checked_action(action, len(DOORS))
        right = door == self.kind.right and self.rounds >= self.kind.practice
        self.score += right
        self.rounds += 1
        self.chosen = (*self.chosen, door)
        outcome = self.kind.choose(door)
        over = self.rounds >= self.length
        return self._observation(), float(right), over, False, {"outcome": outcome}

    @property
    def length(self) -> int:
        """Rounds of an episode."""
        return self.kind.practice + COUNTED

    @property
    def counted(self) -> int:
        """Rounds played that count."""
        return max(0, self.rounds - self.kind.practice)

    def _observation(self) -> Any:
        return text_codes(f"{self.kind.story}\n{self.kind.text()}", self._kind.size)

    def picture(self) -> Any:
        """A picture of the doors, the last choice and the choices so far."""
        from smartplay.games.contrast.picture import doors_picture

        return doors_picture(self.chosen)


class ContrastText(Describer[ContrastEnv]):
    """The rounds in words."""

    truth = "right"

    def __init__(self, env: ContrastEnv) -> None:
        super().__init__(env)
        self.actions = [f"Choose the {door} door" for door in DOORS]
        self._limit: int | None = None

    def best_actions(self) -> frozenset[int] | None:
        """The right door; in practice there is none."""
        counts = self.env.rounds >= self.env.kind.practice
        return frozenset({self.env.kind.right}) if counts else None

    def manual(self, steps: int | None) -> str:
        """The rules of this episode."""
        self._limit = self.env.length if steps is None else min(steps, self.env.length)
        return f"{TITLE}\n\n{self.env.kind.manual(rounds_told(self._limit))}"

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
        completed = 0 < env.counted == env.score
        return Description("\n".join(parts), float(env.score), completed, {"right": env.kind.right})
