"""The native environment of Harbor Days, and its describer."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
from gymnasium import spaces

from smartplay.core.errors import known_name
from smartplay.core.printable import plural
from smartplay.games.base import Describer, Description, Turn
from smartplay.games.harbor.bells import Bells
from smartplay.games.harbor.calendar import Calendar
from smartplay.games.harbor.dive import Dive
from smartplay.games.harbor.drift import Drift
from smartplay.games.harbor.kind import MOVES, ROUNDS, Kind
from smartplay.games.harbor.market import Market
from smartplay.games.harbor.orders import Orders
from smartplay.games.harbor.pools import Pools
from smartplay.games.harbor.urns import Urns
from smartplay.games.harbor.voyage import Voyage
from smartplay.games.native import NativeEnv, checked_action, checked_level

TITLE = "Harbor Days"
KINDS: dict[str, type[Kind]] = {
    "long_text_understanding": Voyage,
    "reasoning": Calendar,
    "instruction_following": Orders,
    "planning": Market,
    "generalization": Bells,
    "understanding_the_odds": Urns,
    "learning_from_interactions": Pools,
    "error_handling": Drift,
    "spatial_reasoning": Dive,
}
MOST = 10_000


class HarborEnv(NativeEnv[Any, Any]):
    """Twelve rounds of three moves; a round whose moves are all right pays 1 with the last of them.

    The observation is what the present move tells, as numbers (int32, shape (n,), from -10 000 to
    10 000; each kind's `numbers` says what they mean), action k the kind's action k. The episode
    ends after the last round.

    Args:
        capability: The capability that is demanded, as cards spell it.
        level: The level of its dial, counted from 1.
        render_mode: `"rgb_array"` or None.

    Attributes:
        kind: The rounds of this episode.
        moves: Moves made, those of practice included.
        score: Rounds that were right.

    Raises:
        UnknownNameError: If there is no such capability.
        UsageError: If the dial has no such level.
    """

    metadata = NativeEnv.metadata | {"render_fps": 2}
    PARTS = ("kind",)
    KEPT = ("_kind",)

    def __init__(
        self, capability: str = "reasoning", level: int = 1, render_mode: str | None = None
    ) -> None:
        self._kind = KINDS[known_name("capability", capability, KINDS)]
        self._level = checked_level(level, len(self._kind.values))
        super().__init__(render_mode)
        self.observation_space = spaces.Box(-MOST, MOST, (self._kind.size,), np.int32)
        self.action_space = spaces.Discrete(len(self._kind.actions))
        self._begin(0)

    def _begin(self, seed: int) -> None:
        self.kind = self._kind(random.Random(seed), self._level)
        self.moves = self.score = 0
        self._whole = True

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Draw an episode."""
        super().reset(seed=seed, options=options)
        self._begin(int(self.np_random.integers(2**63)))
        return self._observation(), {"outcome": ""}

    def step(self, action: int) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Make a move."""
        move = checked_action(action, len(self._kind.actions))
        right = move == self.kind.right
        outcome = self.kind.move(move)
        self.moves += 1
        reward = 0.0
        if self.counted > 0:
            self._whole = (self._whole or self.counted % MOVES == 1) and right
            if self.counted % MOVES == 0:
                self.score += self._whole
                reward = float(self._whole)
        return self._observation(), reward, self.over, False, {"outcome": outcome}

    @property
    def counted(self) -> int:
        """Moves made that count; below 0 as long as there is practice to come."""
        return self.moves - self._kind.practice

    @property
    def over(self) -> bool:
        """Whether all rounds were played."""
        return self.counted == MOVES * ROUNDS

    def _observation(self) -> Any:
        return np.array(self.kind.numbers(), dtype=np.int32)

    def picture(self) -> Any:
        """A picture of the harbor: how many rounds and moves were made."""
        from smartplay.games.harbor.picture import harbor_picture

        return harbor_picture(*divmod(max(0, self.counted), MOVES), self.kind.actions)


class HarborText(Describer[HarborEnv]):
    """The moves in words."""

    truth = "right"

    def __init__(self, env: HarborEnv) -> None:
        super().__init__(env)
        self.actions = list(env.kind.actions)

    def best_actions(self) -> frozenset[int] | None:
        """The right move; in practice there is none."""
        return frozenset({self.env.kind.right}) if self.env.counted >= 0 else None

    def manual(self, steps: int | None) -> str:
        """The rules of this setting and episode."""
        kind = self.env.kind
        whole = kind.practice + MOVES * ROUNDS
        rounds = (
            f"There are {ROUNDS} rounds of {MOVES} moves each. A round counts if all its moves are "
            "right."
        )
        if steps is not None and steps < whole:
            rounds += f" After {plural(steps, 'move')} the game is stopped."
        return f"{TITLE}\n\n{rounds} {kind.manual()}"

    def describe(self, turn: Turn) -> Description:
        """Say which move was made and what is told before the next."""
        env = self.env
        parts = []
        if turn.action is not None:
            told = f"Your move was: {self.actions[turn.action]}."
            parts.append(f"{told} {turn.info['outcome']}".rstrip())
        if turn.terminated:
            parts.append("The game is over.")
        else:
            parts.append(f"{self._place()} {env.kind.text()}")
        state = {"right": env.kind.right, "numbers": env.kind.numbers()}
        completed = turn.terminated and env.score == ROUNDS
        return Description("\n".join(parts), float(env.score), completed, state)

    def _place(self) -> str:
        counted = self.env.counted
        if counted < 0:
            return f"Practice, move {self.env.moves + 1}."
        return f"Round {counted // MOVES + 1}, move {counted % MOVES + 1}."
