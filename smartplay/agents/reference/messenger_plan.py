"""Plans a step in Messenger: look a few steps ahead, then trust a table.

The others move against the agent's position alone, so along one path of the agent each has a
distribution of its own. The search tries all paths of a few steps, follows these distributions, and
values their ends by how soon the target could be touched if no one else were there.

Positions are lattice positions (half squares, 0 to 18 each way), as in
`smartplay.games.messenger.world`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from smartplay.games.messenger.world import COMPASS, LAST, MOVES, SIZE, directions

DISCOUNT = 0.97
"""What waiting one step leaves of a success."""

WEARY = 0.98
"""What one more visit to a square leaves of its worth, so that the agent does not get stuck."""

Spot = tuple[str, int, int]
"""A movement and a lattice position."""

Belief = dict[Spot, float]
"""Probability of each movement and position of one being."""

Values = np.ndarray[Any, np.dtype[np.float64]]


class Scene(NamedTuple):
    """What is believed about an episode.

    Attributes:
        x: The agent's lattice column.
        y: The agent's lattice row.
        has_message: Whether the agent holds the message.
        message: Where the one who keeps the message is; empty once it is taken.
        goal: Where the goal is.
        enemies: Where each of the others is.
        visits: How often the agent has been on each square with its present task, in rows.
    """

    x: int
    y: int
    has_message: bool
    message: Belief
    goal: Belief
    enemies: tuple[Belief, ...]
    visits: Sequence[int]


def best_action(scene: Scene, depth: int) -> int:
    """Index of the best action into `MOVES`."""
    return max(_options(scene, depth), key=lambda option: option[0])[1]


def _options(scene: Scene, depth: int) -> list[tuple[float, int]]:
    """Value and index of each action that does not lead off the grid."""
    here = (scene.x, scene.y)
    message, goal = _move(scene.message, here), _move(scene.goal, here)
    enemies = [_move(enemy, here) for enemy in scene.enemies]
    found = []
    for action, (dx, dy) in enumerate(MOVES):
        x, y = scene.x + 2 * dx, scene.y + 2 * dy
        if 0 <= x <= LAST and 0 <= y <= LAST:
            after = scene._replace(x=x, y=y, message=message, goal=goal, enemies=tuple(enemies))
            found.append((_value_after(after, depth - 1), action))
    return found


def _value_after(scene: Scene, depth: int) -> float:
    """Value of a scene before its contacts acted: -1 for death, 1 for success now."""
    x, y = scene.x, scene.y
    alive, enemies = 1.0, []
    for enemy in scene.enemies:
        risk, rest = _split(enemy, x, y)
        alive *= 1 - risk
        enemies.append(rest)
    touch_goal, goal = _split(scene.goal, x, y)
    success = value = 0.0
    if scene.has_message:
        success, value = touch_goal, 1.0
    else:
        alive *= 1 - touch_goal
        success, _ = _split(scene.message, x, y)
        if success:
            after = scene._replace(has_message=True, message={}, goal=goal, enemies=tuple(enemies))
            value = DISCOUNT * _leaf(after)
    message = scene.message if scene.has_message else _split(scene.message, x, y)[1]
    rest_value = 0.0
    if alive * (1 - success) > 1e-4:
        after = scene._replace(message=message, goal=goal, enemies=tuple(enemies))
        best = _leaf(after) if depth == 0 else max(_options(after, depth))[0]
        rest_value = DISCOUNT * best
    return alive * (success * value + (1 - success) * rest_value) - (1 - alive)


def _leaf(scene: Scene) -> float:
    """Value of an undecided scene if no enemy were in the way, less where the agent often was."""
    here = square(scene.x, scene.y)
    worth = WEARY ** scene.visits[here]
    if scene.has_message:
        return worth * _nearness(here, scene.goal)
    if not scene.message:
        return 0.0
    _, x, y = max(scene.message, key=scene.message.__getitem__)
    afterwards = DISCOUNT * _nearness(square(x, y), scene.goal)
    return worth * _nearness(here, scene.message) * afterwards


def _nearness(here: int, target: Belief) -> float:
    return sum(p * float(_reach(m)[here, _spot(x, y)]) for (m, x, y), p in target.items())


def _split(belief: Belief, x: int, y: int) -> tuple[float, Belief]:
    """Probability of touching someone at (x, y), and the belief if it did not happen."""
    rest = {s: p for s, p in belief.items() if not (-2 < s[1] - x < 2 and -2 < s[2] - y < 2)}
    if len(rest) == len(belief):
        return 0.0, belief
    left = sum(rest.values())
    return 1 - left, {spot: p / left for spot, p in rest.items()} if left > 1e-9 else {}


def _move(belief: Belief, agent: tuple[int, int]) -> Belief:
    """The belief after the others have moved against an agent at that place."""
    moved: Belief = {}
    for spot, p in belief.items():
        ways = next_spots(spot, agent)
        share = p / len(ways)
        for way in ways:
            moved[way] = moved.get(way, 0.0) + share
    return moved


@cache
def next_spots(spot: Spot, agent: tuple[int, int]) -> tuple[Spot, ...]:
    """Where a being can be one step later, each with equal chance.

    Args:
        spot: Its movement and position.
        agent: The agent's position before its own move.
    """
    movement, x, y = spot
    ways = directions(movement, _sign(agent[0] - x), _sign(agent[1] - y))
    if not ways:
        return (spot,)
    places = [(x + dx, y + dy) for dx, dy in ways]
    inside = [(0 <= a <= LAST and 0 <= b <= LAST) for a, b in places]
    return tuple(
        (movement, *place) if fits else spot for place, fits in zip(places, inside, strict=True)
    )


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)


def square(x: int, y: int) -> int:
    """The number of the whole square at a lattice position, row by row."""
    return (y // 2) * SIZE + x // 2


def _spot(x: int, y: int) -> int:
    return y * (LAST + 1) + x


@cache
def _reach(movement: str) -> Values:
    """Discounted success of touching a being with no one else around, by value iteration.

    Returns:
        Shape (100, 361): by the agent's square and the being's lattice position.
    """
    agents = [(2 * column, 2 * row) for row in range(SIZE) for column in range(SIZE)]
    spots = [(movement, x, y) for y in range(LAST + 1) for x in range(LAST + 1)]
    # Where a being goes from each pair, as flat indices of pairs, and the chance of each way.
    following = np.zeros((len(agents), len(spots), len(COMPASS)), np.int64)
    chance = np.zeros(following.shape)
    touching = np.zeros((len(agents), len(spots)), bool)
    for a, agent in enumerate(agents):
        for s, spot in enumerate(spots):
            ways = next_spots(spot, agent)
            following[a, s, : len(ways)] = [a * len(spots) + _spot(x, y) for _, x, y in ways]
            chance[a, s, : len(ways)] = 1 / len(ways)
            touching[a, s] = -2 < spot[1] - agent[0] < 2 and -2 < spot[2] - agent[1] < 2
    values: Values = np.zeros(touching.shape)
    while True:
        arriving = np.where(touching, 1.0, DISCOUNT * values)
        worth = [
            (arriving[to].ravel().take(following) * chance).sum(axis=2)
            for to in _agent_moves(agents)
        ]
        best: Values = np.max(worth, axis=0)
        if np.abs(best - values).max() < 1e-3:
            return best
        values = best


def _agent_moves(agents: list[tuple[int, int]]) -> list[list[int]]:
    """For each action, the number of the square it leads to from each square."""
    moves = []
    for dx, dy in MOVES:
        targets = [(x + 2 * dx, y + 2 * dy) for x, y in agents]
        moves.append(
            [
                square(*target) if min(target) >= 0 and max(target) <= LAST else number
                for number, target in enumerate(targets)
            ]
        )
    return moves
