"""What Crafter's reference agent reads, and the map it draws of what it has read."""

from __future__ import annotations

import heapq
import re
from typing import NamedTuple

Cell = tuple[int, int]

WAYS: dict[str, Cell] = {"west": (-1, 0), "east": (1, 0), "north": (0, -1), "south": (0, 1)}
CREATURES = ("cow", "zombie", "skeleton", "arrow", "you")
GROUND = ("grass", "sand", "path")


class Sight(NamedTuple):
    """What an observation says.

    Attributes:
        nearest: For each kind in view, where the nearest one is, relative to the player.
        facing: The way the player faces.
        front: What is in front.
        amounts: The vitals and what is carried.
        asleep: Whether the player is asleep.
        moved: Whether the last action was a step that succeeded.
    """

    nearest: dict[str, Cell]
    facing: str
    front: str
    amounts: dict[str, int]
    asleep: bool
    moved: bool


def read(observation: str) -> Sight:
    """Take an observation apart."""
    nearest = {}
    for kind, place in re.findall(r"^- ([a-z ]+): \d+ steps? away \((.+?)\)", observation, re.M):
        parts = re.findall(r"(\d+) (\w+)", place)
        nearest[kind.split(" flying")[0]] = (
            sum(int(count) * WAYS[way][0] for count, way in parts),
            sum(int(count) * WAYS[way][1] for count, way in parts),
        )
    facing = re.search(r"^You face (\w+); in front of you: ([a-z ]+)\.", observation, re.M)
    vitals = re.search(r"^Of at most 9 each: (.+)\.$", observation, re.M)
    carried = re.search(r"^You carry: (.+)\.$", observation, re.M)
    amounts = {name: int(n) for name, n in re.findall(r"(\w+) (\d+)", vitals[1] if vitals else "")}
    for count, name in re.findall(r"(\d+) ([a-z ]+)", carried[1] if carried else ""):
        amounts[name] = int(count)
    return Sight(
        nearest,
        facing[1] if facing else "south",
        facing[2].split(" flying")[0] if facing else "",
        amounts,
        "You are asleep." in observation,
        "You moved one step" in observation,
    )


class Chart:
    """What the agent knows: the last sight, and a map of its own, which begins at (0, 0).

    Args:
        manual: The manual, for how far one sees.

    Attributes:
        sight: The last observation.
        at: Where the agent is.
        kinds: What is where, as far as it has been seen; creatures left out.
        visited: Where the agent has been, in the order of the first time.
        done: The achievements unlocked.
        cow: Where a cow was seen last.
    """

    def __init__(self, manual: str) -> None:
        far = re.search(r"(\d+) west to (\d+) east and from (\d+) north to (\d+) south", manual)
        west, east, north, south = map(int, far.groups()) if far else (4, 4, 3, 3)
        self._view = [(x, y) for x in range(-west, east + 1) for y in range(-north, south + 1)]
        self.sight = read("")
        self.at: Cell = (0, 0)
        self.kinds: dict[Cell, str] = {}
        self.visited: dict[Cell, None] = {}
        self.done: set[str] = set()
        self.cow: Cell | None = None

    def note(self, observation: str) -> None:
        """Bring everything up to date."""
        sight = self.sight = read(observation)
        self.done.update(re.findall(r"Achievement unlocked: ([a-z ]+)\.", observation))
        if sight.moved:
            self.at = self.beyond(self.at, sight.facing)
        for offset in self._view:
            cell = self.absolute(offset)
            if self._outdated(self.kinds.get(cell), abs(offset[0]) + abs(offset[1])):
                del self.kinds[cell]
        for kind, offset in sight.nearest.items():
            if kind == "cow":
                self.cow = self.absolute(offset)
            if kind not in CREATURES:
                self.kinds[self.absolute(offset)] = kind
        if sight.front not in CREATURES:
            self.kinds[self.front()] = sight.front
        self.kinds[self.at] = "path"
        self.visited[self.at] = None

    def _outdated(self, kind: str | None, distance: int) -> bool:
        """Whether something noted at that distance in view cannot be there any more."""
        if kind is None or kind in GROUND:
            return False
        seen = self.sight.nearest.get(kind)
        return seen is None or abs(seen[0]) + abs(seen[1]) > distance

    def has(self, item: str) -> int:
        """How much there is of a vital or an item."""
        return self.sight.amounts.get(item, 0)

    def beyond(self, cell: Cell, way: str) -> Cell:
        """The neighbour of a cell in a direction."""
        dx, dy = WAYS[way]
        return cell[0] + dx, cell[1] + dy

    def front(self) -> Cell:
        """The cell the agent faces."""
        return self.beyond(self.at, self.sight.facing)

    def absolute(self, offset: Cell) -> Cell:
        """The cell at an offset from the agent."""
        return self.at[0] + offset[0], self.at[1] + offset[1]

    def distance(self, cell: Cell) -> int:
        """Steps from the agent to a cell, as the crow flies."""
        return abs(cell[0] - self.at[0]) + abs(cell[1] - self.at[1])

    def open(self, cell: Cell) -> bool:
        """Whether one could stand on a cell, as far as known."""
        return self.kinds.get(cell, "grass") in GROUND

    def beside(self, kind: str) -> bool:
        """Whether a kind is among the nine cells around the agent."""
        around = [self.absolute((dx, dy)) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
        return any(self.kinds.get(cell) == kind for cell in around)

    def find(self, kind: str, limit: int) -> Cell | None:
        """The nearest known cell of a kind within so many steps."""
        known = [(self.distance(cell), cell) for cell, what in self.kinds.items() if what == kind]
        near = [entry for entry in known if entry[0] <= limit]
        return min(near)[1] if near else None

    def safe(self, way: str) -> bool:
        """Whether a move that way cannot end in lava."""
        lava = self.sight.nearest.get("lava")
        if lava is None or abs(lava[0]) + abs(lava[1]) > 1:
            return True
        return self.kinds.get(self.beyond(self.at, way), "lava") != "lava"

    def _cost(self, cell: Cell) -> float | None:
        """What crossing a cell costs, in steps; None where there is no way."""
        kind = self.kinds.get(cell)
        if kind is None:
            return 1.3
        if kind in GROUND:
            return 1.0
        costs = {"tree": 3.0}
        if self.has("wood pickaxe"):
            costs |= {"stone": 2.0, "coal": 2.0}
        if self.has("stone pickaxe"):
            costs["iron"] = 2.0
        if self.has("stone"):
            costs["water"] = 5.0
        return costs.get(kind)

    def way_to(self, target: Cell) -> str | None:
        """The direction of the first step on the cheapest way to a cell.

        The cell itself may be impassable; the way then ends beside it.
        """
        queue: list[tuple[float, float, Cell, str]] = [(0.0, 0.0, self.at, "")]
        reached: set[Cell] = set()
        while queue and len(reached) < 1500:
            _, cost, cell, first = heapq.heappop(queue)
            if cell == target:
                return first or None
            if cell in reached:
                continue
            reached.add(cell)
            for way in WAYS:
                beside = self.beyond(cell, way)
                price = 1.0 if beside == target else self._cost(beside)
                if price is None or beside in reached:
                    continue
                left = abs(beside[0] - target[0]) + abs(beside[1] - target[1])
                total = cost + price
                heapq.heappush(queue, (total + left, total, beside, first or way))
        return None
