"""FrozenLake of Gymnasium as a SmartPlay game: one describer and one card are all it takes."""

from __future__ import annotations

from typing import Any

from smartplay.games.base import Describer, Description, Turn

SOONER = 0.99
"""What a move of waiting leaves of reaching the goal."""
TILES = {"S": "ice", "F": "ice", "H": "a hole", "G": "the goal"}


class FrozenLakeText(Describer[Any]):
    """A frozen lake in words."""

    actions = ("Move Left", "Move Down", "Move Right", "Move Up")
    truth = "right"

    _worth: list[list[float]] | None = None

    def best_actions(self) -> frozenset[int]:
        """The moves of greatest value, by value iteration with the discount `SOONER`."""
        self._worth = self._worth or _worth_of_moves(self.env.P)
        here = self._worth[int(self.env.s)]
        return frozenset(k for k, value in enumerate(here) if value > max(here) - 1e-7)

    def manual(self, steps: int | None) -> str:
        """The rules, with the map as it is."""
        rows = self._rows()
        outcomes = self.env.P[0][0]
        slip = (
            "The ice is slippery: instead of going where you want to, you may go to either side "
            f"of that direction; each of the {len(outcomes)} directions is equally likely."
            if len(outcomes) > 1
            else "You always go where you want to."
        )
        limit = f" You have at most {steps} move{'s' * (steps != 1)}." if steps is not None else ""
        return (
            "Frozen Lake\n\n"
            "You cross a frozen lake on a grid. The map, with row 1 at the top and column 1 at the "
            "left: S is the start, F is ice, H is a hole and G is the goal.\n"
            + "\n".join(rows)
            + f"\n\n{slip} At the edge of the lake you stay where you are. Falling into a hole "
            f"ends the game with a score of 0; reaching the goal ends it with a score of 1.{limit}"
        )

    def describe(self, turn: Turn) -> Description:
        """Say where the last move led."""
        rows = self._rows()
        row, column = divmod(int(turn.observation), len(rows[0]))
        tile = rows[row][column]
        where = f"You are in row {row + 1}, column {column + 1}, on {TILES[tile]}."
        if turn.action is not None:
            where = f"You chose: {self.actions[turn.action]}. {where}"
        return Description(where, turn.total, tile == "G", {"row": row, "column": column})

    def _rows(self) -> list[str]:
        return ["".join(tile.decode() for tile in row) for row in self.env.desc]


def _worth_of_moves(outcomes: Any) -> list[list[float]]:
    """What each move is worth from each place."""
    values = [0.0] * len(outcomes)
    while True:
        worth = [
            [
                sum(p * (pay + SOONER * values[to] * (not over)) for p, to, pay, over in ways)
                for ways in moves.values()
            ]
            for moves in outcomes.values()
        ]
        better = [max(each) for each in worth]
        if max(abs(a - b) for a, b in zip(better, values, strict=True)) < 1e-9:
            return worth
        values = better
