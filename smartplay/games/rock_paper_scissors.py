"""Rock, paper, scissors against an opponent with a habit: find it and use it."""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from gymnasium import spaces

from smartplay.core.errors import UsageError
from smartplay.core.printable import plural
from smartplay.games.base import Describer, Description, Turn
from smartplay.games.native import NativeEnv, checked_action, numbers

OPTIONS = ("Rock", "Paper", "Scissors")
NONE_YET = len(OPTIONS)


def beats(option: int, other: int) -> bool:
    """Whether `option` beats `other`; each option beats the one before it, rock beats scissors."""
    return (option - other) % 3 == 1


class RockPaperScissorsEnv(NativeEnv[Any, Any]):
    """An opponent that draws from a fixed distribution, shuffled at each reset.

    The observation is the opponent's last option (0 rock, 1 paper, 2 scissors), or 3 before the
    first round. A win earns the value of the own option, a loss costs the value of the opponent's,
    a tie is worth 0. The game has no end of its own.

    Args:
        distribution: The opponent's probabilities of three options, before shuffling.
        values: What a win with each of the three is worth; shuffled together with `distribution`.
        render_mode: `"rgb_array"` or None.

    Attributes:
        probabilities: The opponent's probability of each option in this episode.
        values: What a win with each option is worth in this episode.
        good: Whether each option has the highest expected reward.
        optimal: Index of one that has.
        score: Rounds so far in which an option with the highest expected reward was played.
        rounds: The options played so far, as pairs (own, opponent's).
    """

    KEPT = (
        "_cumulated",
        "_distribution",
        "_expected",
        "_values",
        "good",
        "probabilities",
        "rounds",
        "values",
    )

    def __init__(
        self,
        distribution: Sequence[float] = (0.2, 0.2, 0.6),
        values: Sequence[float] = (1, 1, 1),
        render_mode: str | None = None,
    ) -> None:
        self._distribution, self._values = numbers(distribution), numbers(values)
        sound = len(self._distribution) == 3 and all(0 <= part <= 1 for part in self._distribution)
        if not sound or abs(sum(self._distribution) - 1) > 1e-9:
            raise UsageError(f"distribution must be three probabilities of sum 1: {distribution!r}")
        if len(self._values) != 3 or not all(0 <= value < math.inf for value in self._values):
            raise UsageError(f"values must be three numbers of 0 or more, not {values!r}")
        super().__init__(render_mode)
        self.observation_space = spaces.Discrete(4)
        self.action_space = spaces.Discrete(3)
        self._start(self._distribution, self._values)

    def _start(self, probabilities: list[float], values: list[float]) -> None:
        self.probabilities, self.values = probabilities, values
        self._cumulated = list(accumulate(probabilities))[:-1]
        self._expected = [self._expected_reward(option) for option in range(3)]
        best = max(self._expected)
        self.good = [best - expected < 1e-12 for expected in self._expected]
        self.optimal = self.good.index(True)
        self.score = 0
        self.rounds: tuple[tuple[int, int], ...] = ()

    def _expected_reward(self, option: int) -> float:
        beaten, winner = (option - 1) % 3, (option + 1) % 3
        gain = self.values[option] * self.probabilities[beaten]
        return gain - self.values[winner] * self.probabilities[winner]

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Shuffle probabilities and values together."""
        super().reset(seed=seed, options=options)
        order = self.np_random.permutation(3)
        self._start([self._distribution[k] for k in order], [self._values[k] for k in order])
        return NONE_YET, {}

    def step(self, action: int) -> tuple[int, float, bool, bool, dict[str, Any]]:
        """Play one round."""
        action = checked_action(action, len(OPTIONS))
        opponent = bisect(self._cumulated, self.np_random.random())
        self.score += self.good[action]
        self.rounds = (*self.rounds, (action, opponent))
        reward = 0.0
        if beats(action, opponent):
            reward = self.values[action]
        elif action != opponent:
            reward = -self.values[opponent]
        return opponent, reward, False, False, {}

    def picture(self) -> Any:
        """A picture of the last round and the tally of the opponent's options."""
        from smartplay.games.pictures import rock_paper_scissors_picture

        return rock_paper_scissors_picture(self.rounds)


class RockPaperScissorsText(Describer[RockPaperScissorsEnv]):
    """Rock, paper, scissors in words."""

    actions = OPTIONS
    truth = "informed"

    def best_actions(self) -> frozenset[int]:
        """The options with the highest expected gain, which a player has to find out."""
        return frozenset(k for k, good in enumerate(self.env.good) if good)

    def manual(self, steps: int | None) -> str:
        """The rules, with what each win is worth in this episode."""
        lasts = f"The game lasts exactly {plural(steps, 'round')}. " if steps is not None else ""
        return (
            "Rock, Paper, Scissors\n\n"
            "In each round you and your opponent choose one of rock, paper and scissors at the "
            "same time. Rock beats scissors, scissors beat paper, and paper beats rock; two equal "
            "choices are a tie.\n\n"
            f"{_values_told(self.env.values)} A tie is worth nothing to either side. When you win, "
            "you gain what your option is worth; when your opponent wins, you lose what the "
            "opponent's option is worth.\n\n"
            "Your opponent does not react to you. In every round it draws its option by chance, "
            "with probabilities that stay the same throughout the game but are not told to you; "
            "they need not be equal.\n\n"
            f"{lasts}Your goal is to gain as many points as you can. Your score is the number of "
            "rounds in which you chose an option with the highest expected gain against this "
            "opponent."
        )

    def describe(self, turn: Turn) -> Description:
        """Say what both chose and who won."""
        env = self.env
        if turn.action is None:
            text = "No round has been played yet."
        else:
            own, other = turn.action, turn.observation
            text = (
                f"Round {turn.step}: you chose {OPTIONS[own]}, your opponent chose "
                f"{OPTIONS[other]}. {_outcome(turn.reward, own, other)}"
            )
        state = {
            "optimal": env.optimal,
            "probabilities": env.probabilities.copy(),
            "values": env.values.copy(),
        }
        return Description(text, float(env.score), False, state)


def _values_told(values: list[float]) -> str:
    if len(set(values)) == 1:
        return f"A win with any option is worth {_points(values[0])}."
    rock, paper, scissors = map(_points, values)
    return f"A win with rock is worth {rock}, with paper {paper} and with scissors {scissors}."


def _outcome(reward: float, own: int, other: int) -> str:
    if own == other:
        return "It is a tie: 0 points."
    if beats(own, other):
        return f"You won {_points(reward)}."
    return f"You lost {_points(-reward)}."


def _points(number: float) -> str:
    return f"{number:.15g} point" if number == 1 else f"{number:.15g} points"
