"""Slot machines with unknown chances of winning: find the best one and keep pulling it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gymnasium import spaces

from smartplay.core.errors import UsageError
from smartplay.core.printable import plural
from smartplay.games.base import Describer, Description, Turn
from smartplay.games.native import NativeEnv, checked_action, numbers

NOTHING_YET, LOST, WON = range(3)


class BanditEnv(NativeEnv[Any, Any]):
    """Machines that win with fixed probabilities, shuffled at each reset.

    The observation is 0 before the first pull, then 1 for a loss and 2 for a win. Action k pulls
    machine k + 1. A win pays 1, a loss costs 1. The game has no end of its own.

    Args:
        arms: Win probability of each machine, before shuffling; two machines or more.
        render_mode: `"rgb_array"` or None.

    Attributes:
        probabilities: Win probability of each machine in this episode.
        optimal: Index of a machine with the highest probability.
        score: Pulls of a machine with the highest probability so far.
        wins: Wins of each machine so far.
        pulls: Pulls of each machine so far.
    """

    KEPT = ("arms", "probabilities")

    def __init__(self, arms: Sequence[float] = (0.8, 0.2), render_mode: str | None = None) -> None:
        self.arms = numbers(arms)
        if len(self.arms) < 2 or not all(0 <= arm <= 1 for arm in self.arms):
            raise UsageError(f"arms must be two or more probabilities from 0 to 1, not {arms!r}")
        super().__init__(render_mode)
        self.observation_space = spaces.Discrete(3)
        self.action_space = spaces.Discrete(len(self.arms))
        self._start(self.arms)

    def _start(self, probabilities: list[float]) -> None:
        self.probabilities = probabilities
        self.optimal = probabilities.index(max(probabilities))
        self.score = 0
        self.pulls = [0] * len(probabilities)
        self.wins = [0] * len(probabilities)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Shuffle the machines."""
        super().reset(seed=seed, options=options)
        order = self.np_random.permutation(len(self.arms))
        self._start([self.arms[k] for k in order])
        return NOTHING_YET, {}

    def step(self, action: int) -> tuple[int, float, bool, bool, dict[str, Any]]:
        """Pull a machine."""
        action = checked_action(action, len(self.arms))
        probability = self.probabilities[action]
        won = self.np_random.random() < probability
        self.pulls[action] += 1
        self.wins[action] += won
        self.score += probability == self.probabilities[self.optimal]
        return (WON, 1.0, False, False, {}) if won else (LOST, -1.0, False, False, {})

    def picture(self) -> Any:
        """A picture of the machines with their wins and losses."""
        from smartplay.games.pictures import bandit_picture

        return bandit_picture(self.wins, self.pulls)


class BanditText(Describer[BanditEnv]):
    """Slot machines in words."""

    truth = "informed"

    def __init__(self, env: BanditEnv) -> None:
        super().__init__(env)
        self.actions = [f"Pull slot machine {k + 1}" for k in range(len(env.arms))]

    def best_actions(self) -> frozenset[int]:
        """The machines with the best chance, which a player has to find out."""
        chances = self.env.probabilities
        return frozenset(k for k, chance in enumerate(chances) if chance == max(chances))

    def manual(self, steps: int | None) -> str:
        """The rules for the number of machines there are."""
        number = len(self.env.arms)
        rounds = f"You have exactly {plural(steps, 'round')}. " if steps is not None else ""
        return (
            "Slot Machines\n\n"
            f"There are {number} slot machines in front of you, numbered from 1 to {number}. In "
            "each round you pull one of them, and it either wins or loses. A win gives you 1 "
            "point, a loss takes 1 point away.\n\n"
            "Each machine has its own chance of winning. The chances are not told to you and do "
            "not change during the game, but chance decides each single pull, so a good machine "
            "can lose and a bad one can win.\n\n"
            f"{rounds}Your goal is to win as many points as you can. Your score is the number of "
            "rounds in which you pulled a machine with the best chance of winning."
        )

    def describe(self, turn: Turn) -> Description:
        """Say how the last pull came out."""
        env = self.env
        if turn.action is None:
            text = "No slot machine has been pulled yet."
        else:
            outcome = "won 1 point" if turn.observation == WON else "lost 1 point"
            text = f"Round {turn.step}: you pulled slot machine {turn.action + 1} and {outcome}."
        state = {"optimal": env.optimal, "probabilities": env.probabilities.copy()}
        return Description(text, float(env.score), False, state)
