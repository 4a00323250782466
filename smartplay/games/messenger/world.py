"""The engine: positions, moves and contacts, on integers.

Positions are on a lattice of half squares: 20 by 20 of them make the grid of 10 by 10 squares, and
everyone covers 2 by 2. A lattice position is the north-west half square covered, 0 to 18 each way;
x grows to the east and y to the south.
"""

from __future__ import annotations

from random import Random
from typing import Any, NamedTuple

from smartplay.games.messenger import deal
from smartplay.games.snapshots import Part

SIZE = 10
LAST = 2 * SIZE - 2
"""The greatest lattice coordinate."""

Direction = tuple[int, int]
NORTH, SOUTH, WEST, EAST = (0, -1), (0, 1), (-1, 0), (1, 0)
COMPASS: tuple[Direction, ...] = (NORTH, SOUTH, WEST, EAST)
MOVES: tuple[Direction, ...] = (*COMPASS, (0, 0))
"""What the agent's actions do, in squares."""


class Being:
    """One of the others.

    Attributes:
        name: What it looks like, one of `deal.ENTITIES`.
        role: `"enemy"`, `"message"`, `"goal"`, `"message_decoy"` or `"goal_decoy"`.
        movement: `"chaser"`, `"fleeing"` or `"immovable"`.
        x: Lattice column.
        y: Lattice row.
    """

    __slots__ = ("movement", "name", "role", "x", "y")

    def __init__(self, name: str, role: str, movement: str, square: deal.Square) -> None:
        self.name, self.role, self.movement = name, role, movement
        self.x, self.y = 2 * square[0], 2 * square[1]

    def copy(self) -> Being:
        """Another one at the same place."""
        made = Being.__new__(Being)  # a tenth of what copy.copy takes
        made.name, made.role, made.movement = self.name, self.role, self.movement
        made.x, made.y = self.x, self.y
        return made

    @property
    def is_decoy(self) -> bool:
        """Whether it only looks like the message or the goal."""
        return self.role in deal.DECOYS


class Contact(NamedTuple):
    """What came of touching someone.

    Attributes:
        kind: `"killed"`, `"taken"` (the message) or `"reached"` (the goal, with the message).
        being: Whom the agent touched.
    """

    kind: str
    being: Being


def directions(movement: str, dx: int, dy: int) -> tuple[Direction, ...]:
    """Where a being may go, each with equal chance; whoever would leave the grid stays.

    A chaser comes nearer to the agent and a fleeing being gets away from it by one half square. If
    no direction does that, all four are open.

    Args:
        movement: How the being moves.
        dx: Lattice columns from the being to the agent, before the agent's move.
        dy: Lattice rows from the being to the agent.
    """
    if movement == "immovable":
        return ()
    wanted = -1 if movement == "chaser" else 1
    here = abs(dx) + abs(dy)
    fitting = tuple((x, y) for x, y in COMPASS if abs(dx - x) + abs(dy - y) - here == wanted)
    return fitting or COMPASS


_SIGNS = (-1, 0, 1)
_DIRECTIONS = {
    movement: {(x, y): directions(movement, x, y) for x in _SIGNS for y in _SIGNS}
    for movement in deal.MOVEMENTS
}


class World(Part):
    """One episode's positions and rules.

    Args:
        level: 1, 2 or 3.
        split: Whose casts and movements to draw from.
        rng: All chance in this episode.

    Attributes:
        beings: Those on the grid, in the order in which they move.
        x: The agent's lattice column.
        y: The agent's lattice row.
        has_message: Whether the agent holds the message.
        alive: Whether the agent lives.
        reached: Whether the message was brought to the goal.
        contacts: Whom the agent touched in the last step, in the order of the rules.
        blocked: Whether the last action would have led off the grid.
    """

    def __init__(self, level: int, split: str, rng: Random) -> None:
        super().__init__(rng)
        self.level = level
        self.cast = rng.choice(deal.casts(split))
        movements = rng.choice(deal.variants(level, split))
        squares, agent = deal.start(level, rng)
        names = (*self.cast, *self.cast[1:])
        roles = (*deal.ROLES, *deal.DECOYS)
        self.beings = [Being(*four) for four in zip(names, roles, movements, squares)]  # noqa: B905
        self.x, self.y = 2 * agent[0], 2 * agent[1]
        self.has_message = level == 1 and rng.random() < deal.START_WITH_MESSAGE
        self.alive, self.reached, self.blocked = True, False, False
        self.contacts: list[Contact] = []

    def state(self) -> dict[str, Any]:
        """What a snapshot holds: the others where they are now."""
        return super().state() | {"beings": [being.copy() for being in self.beings]}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go back to what `state` gave."""
        super().set_state(state)
        self.beings = [being.copy() for being in self.beings]

    @property
    def over(self) -> bool:
        """Whether the episode is decided."""
        if self.level == 1 and self.contacts:
            return True
        return self.reached or not self.alive

    @property
    def won(self) -> bool:
        """Whether the level's task is fulfilled and the agent lives.

        The task is to bring the message to the goal, and on level 1, for who starts without the
        message, to take it.
        """
        if self.level == 1 and self.contacts:
            return self.alive
        return self.reached and self.alive

    def shortest_moves(self) -> frozenset[int]:
        """Actions that begin a shortest way to the one who is wanted, past the others.

        As if nobody moved but the agent.
        """
        wanted = "goal" if self.has_message else "message"
        spots = {(being.x, being.y): being.role for being in self.beings}
        distance = {spot: 0 for spot, role in spots.items() if role == wanted}
        queue = list(distance)
        for x, y in queue:  # which grows meanwhile
            for dx, dy in COMPASS:
                spot = x - 2 * dx, y - 2 * dy
                inside = min(spot) >= 0 and max(spot) <= LAST
                if inside and spot not in distance and spot not in spots:
                    distance[spot] = distance[x, y] + 1
                    queue.append(spot)
        here = distance.get((self.x, self.y))
        nearer = {
            action
            for action, (dx, dy) in enumerate(MOVES)
            if here and distance.get((self.x + 2 * dx, self.y + 2 * dy)) == here - 1
        }
        return frozenset(nearer)

    def step(self, action: int) -> float:
        """Move the others, then the agent, and let all contacts act.

        Args:
            action: Index into `MOVES`.

        Returns:
            The reward of this step.
        """
        if self.level > 1:
            self._move_beings()
        dx, dy = MOVES[action]
        x, y = self.x + 2 * dx, self.y + 2 * dy
        self.blocked = not (0 <= x <= LAST and 0 <= y <= LAST)
        if not self.blocked:
            self.x, self.y = x, y
        return self._touch()

    def _move_beings(self) -> None:
        agent_x, agent_y, draw = self.x, self.y, self.rng.random
        for being in self.beings:
            movement = being.movement
            if movement == "immovable":
                continue
            dx, dy = agent_x - being.x, agent_y - being.y
            signs = (dx > 0) - (dx < 0), (dy > 0) - (dy < 0)
            ways = _DIRECTIONS[movement][signs]
            count = len(ways)
            step_x, step_y = ways[int(draw() * count)] if count > 1 else ways[0]
            x, y = being.x + step_x, being.y + step_y
            if 0 <= x <= LAST and 0 <= y <= LAST:
                being.x, being.y = x, y

    def _touch(self) -> float:
        x, y = self.x, self.y
        touched = [b for b in self.beings if -2 < x - b.x < 2 and -2 < y - b.y < 2]
        self.contacts = []
        if not touched:
            return 0.0
        if self.level == 1:
            return self._choose(touched[0])
        touched.sort(key=_in_order_of_contact)
        return sum(self._meet(being) for being in touched)

    def _choose(self, being: Being) -> float:
        """Level 1: the first contact decides."""
        wanted = "goal" if self.has_message else "message"
        if being.role != wanted:
            self.alive = False
            self.contacts.append(Contact("killed", being))
            return -1.0
        self.contacts.append(Contact("reached" if self.has_message else "taken", being))
        self.reached = self.has_message
        self.has_message = True
        return 1.0

    def _meet(self, being: Being) -> float:
        """Levels 2 and 3: every contact counts, even the dead agent's."""
        if being.role == "message":
            self.beings.remove(being)
            self.has_message = self.alive
            self.contacts.append(Contact("taken", being))
            return 0.5
        if being.role == "goal" and self.has_message:
            self.reached = True
            self.contacts.append(Contact("reached", being))
            return 1.0
        self.alive = False
        self.contacts.append(Contact("killed", being))
        return -1.0


def _in_order_of_contact(being: Being) -> int:
    return _CONTACT_ORDER[being.role]


_CONTACT_ORDER = {"enemy": 0, "message_decoy": 1, "goal_decoy": 2, "goal": 3, "message": 4}
