"""MiniGrid in words: what the player sees, and nothing else."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from minigrid.core.constants import DIR_TO_VEC, IDX_TO_COLOR, IDX_TO_OBJECT, STATE_TO_IDX
from smartplay.games.base import Describer, Description, Truth, Turn

LEFT, RIGHT, FORWARD, PICKUP, TOGGLE = 0, 1, 2, 3, 5
DIRECTIONS = ("east", "south", "west", "north")
SIGNS = {
    "unseen": "?", "empty": ".", "floor": ".", "wall": "#", "door": "D", "key": "K", "ball": "B",
    "box": "X", "goal": "G", "lava": "L",
}  # fmt: skip
DOORS = {state: name for name, state in STATE_TO_IDX.items()}
PLAIN = ("unseen", "empty", "floor", "wall")


class MiniGridText(Describer[Any]):
    """A grid as far as it is seen, drawn and told.

    The text follows from the native observation alone: the view of 7 by 7 squares, in which walls
    and closed doors hide what is behind them, the direction and the mission.
    """

    actions = ("Turn Left", "Turn Right", "Go Forward", "Pick Up", "Drop", "Use")
    truth: Truth | None = "informed"
    title = "MiniGrid"

    _before: tuple[bytes, int] | None = None

    def best_actions(self) -> frozenset[int] | None:
        """The first actions of the shortest ways to the end, for who knows the whole grid."""
        return shortest_ways(self.env)

    def manual(self, steps: int | None) -> str:
        """The rules."""
        limit = f" You have at most {steps} step{'s' * (steps != 1)}." if steps is not None else ""
        return (
            f"{self.title}\n\n"
            "You are in a world of squares and have a mission, which every observation repeats. "
            "You see up to 6 squares ahead and 3 to either side; walls and closed doors hide what "
            "is behind them. The map shows that view with your direction of sight upwards, so it "
            "turns with you:\n"
            "^ you, . free, # wall, ? not seen, D door, K key, B ball, X box, G goal, L lava.\n\n"
            "Turn Left and Turn Right turn you where you stand. Go Forward takes you one square "
            "ahead if that is free, an open door, a goal or lava; lava ends the game. Pick Up "
            "takes the key, ball or box directly ahead if you carry nothing. Drop puts what you "
            "carry on the free square directly ahead. Use opens or closes the door directly "
            "ahead, a locked one if you carry a key of its colour, and opens a box, which leaves "
            "what was in it. What cannot be done changes nothing.\n\n"
            f"Fulfilling the mission gives a score of 1 and ends the game.{limit}"
        )

    def describe(self, turn: Turn) -> Description:
        """Say what is in view."""
        image, direction = turn.observation["image"], int(turn.observation["direction"])
        seen = image.tobytes(), direction
        lines = [f"Mission: {turn.observation['mission']}."]
        if turn.action is not None:
            lines.append(f"You chose: {self.actions[turn.action]}.")
            if seen == self._before:
                lines.append("What you see is the same as before.")
        self._before = seen
        carried = _thing(image[_me(image)])
        lines.append(f"You face {DIRECTIONS[direction]} and carry {carried or 'nothing'}.")
        lines.append(_map(image))
        things = [f"{thing} {place}" for thing, place in _things(image)]
        lines.append(f"In view: {'; '.join(things) or 'nothing but squares and walls'}.")
        done = turn.terminated and turn.reward > 0
        return Description("\n".join(lines), float(done), done, self._truth())

    def _truth(self) -> dict[str, Any]:
        env = self.env
        column, row = (int(each) for each in env.agent_pos)
        carrying = env.carrying
        return {
            "column": column,
            "row": row,
            "direction": DIRECTIONS[int(env.agent_dir)],
            "carrying": f"{carrying.color} {carrying.type}" if carrying else "",
            "grid": [list(map(int, line)) for line in env.grid.encode()[:, :, 0].T],
        }


View = npt.NDArray[np.uint8]


def _me(image: View) -> tuple[int, int]:
    """Where you are in a view: in the middle of its last row."""
    return image.shape[0] // 2, image.shape[1] - 1


def _thing(cell: View) -> str:
    """What is on a square, such as `a locked red door`; empty for what the map tells alone."""
    kind = IDX_TO_OBJECT[int(cell[0])]
    if kind in PLAIN:
        return ""
    if kind == "lava":
        return "lava"
    words = [IDX_TO_COLOR[int(cell[1])], kind]
    if kind == "door":
        words.insert(0, DOORS[int(cell[2])])
    return f"{'an' if words[0][0] in 'aeiou' else 'a'} {' '.join(words)}"


def _map(image: View) -> str:
    width, height, _ = image.shape
    rows = [
        [SIGNS.get(IDX_TO_OBJECT[int(image[i, j, 0])], "?") for i in range(width)]
        for j in range(height)
    ]
    i, j = _me(image)
    rows[j][i] = "^"
    return "\n".join("".join(row) for row in rows)


def _things(image: View) -> Iterator[tuple[str, str]]:
    """What is in view and where, the nearest first."""
    own, last = _me(image)
    places = [
        (last - j + abs(i - own), last - j, i - own, _thing(image[i, j]))
        for i, j in np.ndindex(image.shape[:2])
        if (i, j) != (own, last)
    ]
    for _, ahead, aside, thing in sorted(places):
        if thing:
            parts = [f"{ahead} ahead"] if ahead else []
            if aside:
                parts.append(f"{abs(aside)} to the {'left' if aside < 0 else 'right'}")
            yield thing, " and ".join(parts)


class _State(NamedTuple):
    """What matters on the way to a goal."""

    place: tuple[int, int]
    direction: int
    carried: str
    opened: frozenset[tuple[int, int]]
    taken: frozenset[tuple[int, int]]


def shortest_ways(env: Any) -> frozenset[int] | None:
    """The first actions of all shortest ways to a goal, past lava, through doors, with keys.

    Args:
        env: A MiniGrid environment that ends on a goal square, or on `success_pos`.

    Returns:
        None if there is no way.
    """
    carried = env.carrying.color if env.carrying and env.carrying.type == "key" else ""
    here = (int(env.agent_pos[0]), int(env.agent_pos[1]))
    start = _State(here, int(env.agent_dir), carried, frozenset(), frozenset())
    first: dict[_State, set[int]] = {start: set()}
    depth = {start: 0}
    waiting, best, found = deque([start]), set[int](), -1
    while waiting:
        state = waiting.popleft()
        if 0 <= found <= depth[state]:
            break
        for action, after in _moves(env, state):
            if after not in depth:
                depth[after] = depth[state] + 1
                first[after] = set()
                waiting.append(after)
            if depth[after] == depth[state] + 1:
                first[after] |= first[state] or {action}
                if _is_goal(env, after):
                    found = depth[after]
                    best |= first[after]
    return frozenset(best) or None


def _is_goal(env: Any, state: _State) -> bool:
    success = getattr(env, "success_pos", None)
    if success is not None:
        return state.place == tuple(map(int, success))
    cell = env.grid.get(*state.place)
    return cell is not None and cell.type == "goal"


def _moves(env: Any, state: _State) -> Iterator[tuple[int, _State]]:
    yield LEFT, state._replace(direction=(state.direction - 1) % 4)
    yield RIGHT, state._replace(direction=(state.direction + 1) % 4)
    step = DIR_TO_VEC[state.direction]
    ahead = (state.place[0] + int(step[0]), state.place[1] + int(step[1]))
    cell = None if ahead in state.taken else env.grid.get(*ahead)
    is_open = cell is not None and cell.type == "door" and (cell.is_open or ahead in state.opened)
    failure = getattr(env, "failure_pos", None)
    if failure is not None and ahead == tuple(map(int, failure)):
        return
    if cell is None or is_open or cell.type in ("goal", "floor"):
        yield FORWARD, state._replace(place=ahead)
    elif cell.type == "door" and (not cell.is_locked or state.carried == cell.color):
        yield TOGGLE, state._replace(opened=state.opened | {ahead})
    elif cell.type == "key" and not state.carried and env.carrying is None:
        yield PICKUP, state._replace(carried=cell.color, taken=state.taken | {ahead})
