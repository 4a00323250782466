"""What games of independent rounds share: a text, a choice, and one choice that is right."""

from __future__ import annotations

import random
from abc import abstractmethod
from typing import Any, ClassVar, NamedTuple

import numpy as np
from gymnasium import spaces

from smartplay.core.printable import plural
from smartplay.games.base import Describer, Description, Turn
from smartplay.games.native import NativeEnv, checked_action, text_codes
from smartplay.games.snapshots import Part

ROUNDS = 12
SIZE = 2000


class Round(NamedTuple):
    """A round.

    Attributes:
        text: What is told.
        right: Index of the right action.
        state: What the round was made from, for analysis.
    """

    text: str
    right: int
    state: dict[str, Any]


class RoundsEnv(NativeEnv[Any, Any]):
    """`ROUNDS` rounds, drawn anew whatever was chosen before; the right choice pays 1.

    The observation is the round's text as codes of characters (uint8, shape (`SIZE`,), 0 after the
    end).

    Args:
        render_mode: `"rgb_array"` or None.

    Class attributes:
        ACTIONS: Names of the actions.

    Attributes:
        round: The present round.
        chosen: The actions chosen so far.
        score: Rounds so far in which the choice was right.
    """

    metadata = NativeEnv.metadata | {"render_fps": 2}
    PARTS = ("_drawing",)
    KEPT = ("chosen", "round")
    ACTIONS: ClassVar[tuple[str, ...]]

    def __init__(self, render_mode: str | None = None) -> None:
        super().__init__(render_mode)
        self.observation_space = spaces.Box(0, 255, (SIZE,), np.uint8)
        self.action_space = spaces.Discrete(len(self.ACTIONS))
        self._begin(0)

    @staticmethod
    @abstractmethod
    def draw(rng: random.Random) -> Round:
        """Draw a round."""

    def _begin(self, seed: int) -> None:
        self._drawing = Part(random.Random(seed))
        self.round = self.draw(self._drawing.rng)
        self.chosen: tuple[int, ...] = ()
        self.score = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Draw an episode."""
        super().reset(seed=seed, options=options)
        self._begin(int(self.np_random.integers(2**63)))
        return text_codes(self.round.text, SIZE), {}

    def step(self, action: int) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Choose, and go on to the next round if there is one."""
        action = checked_action(action, len(self.ACTIONS))
        right = action == self.round.right
        self.score += right
        self.chosen = (*self.chosen, action)
        over = len(self.chosen) >= ROUNDS
        if not over:
            self.round = self.draw(self._drawing.rng)
        return text_codes(self.round.text, SIZE), float(right), over, False, {}

    def picture(self) -> Any:
        """A picture of the actions and the choices so far."""
        from smartplay.games.pictures import choices_picture

        return choices_picture(self.ACTIONS, self.chosen)


def rounds_told(number: int) -> str:
    """How many rounds there are, as a sentence."""
    return f"There {'is' if number == 1 else 'are'} {plural(number, 'round')}."


class RoundsText(Describer[RoundsEnv]):
    """Rounds in words.

    Class attributes:
        TITLE: The first line of the manual.
        RULES: What follows it; a sentence on the number of rounds stands between them.
    """

    TITLE: ClassVar[str]
    RULES: ClassVar[str]
    truth = "right"

    def __init__(self, env: RoundsEnv) -> None:
        super().__init__(env)
        self.actions = env.ACTIONS
        self._limit = ROUNDS

    def best_actions(self) -> frozenset[int]:
        """The right one."""
        return frozenset({self.env.round.right})

    def manual(self, steps: int | None) -> str:
        """The rules."""
        self._limit = min(steps or ROUNDS, ROUNDS)
        return f"{self.TITLE}\n\n{rounds_told(self._limit)} {self.RULES}"

    def describe(self, turn: Turn) -> Description:
        """Name the last choice, not whether it was right, and tell the round."""
        env = self.env
        parts = []
        if turn.action is not None:
            parts.append(f"Round {turn.step}: you chose: {self.actions[turn.action]}.")
        over = turn.step == self._limit
        parts.append("The game is over." if over else f"Round {turn.step + 1}. {env.round.text}")
        completed = 0 < len(env.chosen) == env.score
        state = {"right": env.round.right, **env.round.state}
        return Description("\n".join(parts), float(env.score), completed, state)
