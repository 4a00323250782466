"""Tower of Hanoi: move a tower from the first rod to the last, one disk at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces

from smartplay.core.errors import UsageError
from smartplay.core.printable import plural
from smartplay.games.base import Describer, Description, Turn
from smartplay.games.native import NativeEnv, checked_action, number

RODS = "ABC"
MOVES = ((0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1))
GOAL = 2

Rods = tuple[list[int], list[int], list[int]]


class HanoiEnv(NativeEnv[Any, Any]):
    """Disks on three rods: all on the first at the start, all on the last at the goal.

    The observation gives, for each disk from the smallest to the largest, the rod it is on (0 to
    2). Actions index `MOVES`. The move that reaches the goal earns 100 and ends the episode; a
    move that is not allowed costs 1 and changes nothing; every other move earns 0.

    Args:
        disks: Number of disks, 1 to 99.
        noise: Probability, from 0 to 1, that a move is replaced by one drawn evenly from all six.
        render_mode: `"rgb_array"` or None.

    Attributes:
        rods: Disks on each rod from bottom to top, by size; 1 is the smallest.
        move: The move that was played last, after noise; None before the first.
        allowed: Whether the last move was allowed.
        slipped: Whether noise replaced the last move by another.
    """

    KEPT = ("_rod_of",)

    def __init__(self, disks: int = 3, noise: float = 0.0, render_mode: str | None = None) -> None:
        if disks not in range(1, 100):
            raise UsageError(f"disks must be a whole number from 1 to 99, not {disks}")
        disks = int(disks)
        if not 0 <= number(noise) <= 1:
            raise UsageError(f"noise must be a probability from 0 to 1, not {noise!r}")
        super().__init__(render_mode)
        self.disks, self.noise = disks, noise
        self.observation_space = spaces.MultiDiscrete([3] * disks)
        self.action_space = spaces.Discrete(len(MOVES))
        self._start()

    def _start(self) -> None:
        self.rods: Rods = (list(range(self.disks, 0, -1)), [], [])
        self.move: tuple[int, int] | None = None
        self.allowed = True
        self.slipped = False
        self._rod_of = np.zeros(self.disks, dtype=np.int64)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray[Any, np.dtype[np.int64]], dict[str, Any]]:
        """Put all disks on the first rod."""
        super().reset(seed=seed, options=options)
        self._start()
        return self._rod_of.copy(), {}

    def step(
        self, action: int
    ) -> tuple[np.ndarray[Any, np.dtype[np.int64]], float, bool, bool, dict[str, Any]]:
        """Move the top disk of one rod to another."""
        action = checked_action(action, len(MOVES))
        self.slipped = False
        if self.noise and self.np_random.random() < self.noise:
            drawn = int(self.np_random.integers(len(MOVES)))
            self.slipped, action = drawn != action, drawn
        self.move = source, target = MOVES[action]
        pile, onto = self.rods[source], self.rods[target]
        self.allowed = bool(pile) and (not onto or onto[-1] > pile[-1])
        reward = -1.0
        if self.allowed:
            disk = pile.pop()
            onto.append(disk)
            self._rod_of = self._rod_of.copy()
            self._rod_of[disk - 1] = target
            reward = 100.0 if self.solved else 0.0
        return self._rod_of.copy(), reward, self.solved, False, {}

    @property
    def solved(self) -> bool:
        """Whether all disks are on the last rod."""
        return len(self.rods[GOAL]) == self.disks

    def picture(self) -> Any:
        """A picture of the rods."""
        from smartplay.games.pictures import hanoi_picture

        return hanoi_picture(self.rods, self.disks)


class HanoiText(Describer[HanoiEnv]):
    """Tower of Hanoi in words."""

    actions = tuple(f"Move the top disk of rod {RODS[a]} to rod {RODS[b]}" for a, b in MOVES)
    truth = "right"

    def best_actions(self) -> frozenset[int] | None:
        """The next move of the shortest way, of which there is one."""
        rods, goal = self.env.rods, GOAL
        best: int | None = None
        for disk in range(self.env.disks, 0, -1):
            rod = next(k for k, pile in enumerate(rods) if disk in pile)
            if rod != goal:
                best = MOVES.index((rod, goal))
                goal = 3 - rod - goal  # smaller disks have to be out of the way, on the third rod
        return None if best is None else frozenset({best})

    def manual(self, steps: int | None) -> str:
        """The rules of the puzzle as it is set up."""
        disks = self.env.disks
        parts = [
            "Tower of Hanoi",
            f"There are three rods, A, B and C, and {plural(disks, 'disk')} of different sizes, "
            f"numbered from 1 (the smallest) to {disks} (the largest). At the start all disks are "
            "on rod A, the largest at the bottom and the smallest on top."
            if disks > 1
            else "There are three rods, A, B and C, and 1 disk, which is on rod A at the start.",
            "Each move takes the top disk of one rod and puts it on top of another rod. A disk may "
            "never lie on a smaller one, and a disk cannot be taken from an empty rod. A move that "
            "breaks one of these rules changes nothing and costs 1 point of reward.",
            "Your goal is to bring all disks to rod C. The move that does so earns a reward of 100 "
            "and ends the game; every other allowed move earns 0. Your score is the number of "
            "disks on rod C.",
        ]
        if self.env.noise:
            parts.append(
                f"Your hand is unsteady: with a probability of {100 * self.env.noise:g} percent "
                "your move is replaced by one drawn evenly at random from all six moves, allowed "
                "or not. You are told which move was made."
            )
        if steps is not None:
            parts.append(f"You have at most {plural(steps, 'move')}.")
        return "\n\n".join(parts)

    def describe(self, turn: Turn) -> Description:
        """Say what the last move did and where the disks are."""
        env = self.env
        rods = env.rods
        lines = [_outcome(env, turn.action)] if turn.action is not None else []
        lines += [_rod_line(name, disks) for name, disks in zip(RODS, rods, strict=True)]
        return Description(
            "\n".join(lines),
            float(len(rods[GOAL])),
            env.solved,
            {"rods": {name: disks.copy() for name, disks in zip(RODS, rods, strict=True)}},
        )


def _outcome(env: HanoiEnv, chosen: int | None) -> str:
    assert env.move is not None
    assert chosen is not None
    source, target = (RODS[rod] for rod in env.move)
    told = f"You chose: {HanoiText.actions[chosen]}."
    if env.slipped:
        told += f" Your hand slipped, and the move made was from rod {source} to rod {target}."
    if env.allowed:
        disk = env.rods[env.move[1]][-1]
        done = " All disks are on rod C: the puzzle is solved." if env.solved else ""
        return f"{told} Disk {disk} moved from rod {source} to rod {target}.{done}"
    if not env.rods[env.move[0]]:
        return f"{told} That is not allowed: rod {source} is empty. Nothing moved."
    top, below = env.rods[env.move[0]][-1], env.rods[env.move[1]][-1]
    return f"{told} That is not allowed: disk {top} is larger than disk {below}. Nothing moved."


def _rod_line(name: str, disks: list[int]) -> str:
    if not disks:
        return f"Rod {name}: empty"
    return f"Rod {name}, from bottom to top: {', '.join(map(str, disks))}"
