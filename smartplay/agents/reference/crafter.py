"""Gathers, crafts, eats, drinks, sleeps and explores in Crafter."""

from __future__ import annotations

import heapq
import random
import re
from typing import NamedTuple

Cell = tuple[int, int]

WAYS: dict[str, Cell] = {"west": (-1, 0), "east": (1, 0), "north": (0, -1), "south": (0, 1)}
DAY = 300
CREATURES = ("cow", "zombie", "skeleton", "arrow", "you")
GROUND = ("grass", "sand", "path")
WOOD_WANTED = 9
STONE_WANTED = 9


class Sight(NamedTuple):
    """What an observation says.

    Attributes:
        nearest: For each kind in view, where the nearest one is, relative to the player.
        facing: The way the player faces.
        front: What is in front.
        amounts: The vitals and what is carried.
        asleep: Whether the player is asleep.
        night: Whether it is night.
        moved: Whether the last action was a step that succeeded.
        said: The first line: what happened.
    """

    nearest: dict[str, Cell]
    facing: str
    front: str
    amounts: dict[str, int]
    asleep: bool
    night: bool
    moved: bool
    said: str


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
        "night." in observation,
        "You moved one step" in observation,
        observation.split("\n", 1)[0],
    )


class CrafterReference:
    """Reaches the achievements in the order of what they need, and keeps itself alive meanwhile.

    It notes what it sees on a map of its own, finds ways on it, and reads from the manual what
    things cost.
    """

    title = "Crafter"

    def __init__(self, manual: str, actions: list[str], seed: int) -> None:
        self._random = random.Random(seed)
        self._uses = {
            name: {item: int(n) for n, item in re.findall(r"(\d+) (\w+)", uses)}
            for name, uses in re.findall(r"^- ((?:Place|Make) [\w ]+): uses (.+?);", manual, re.M)
        }
        west, east, north, south = (
            int(n)
            for n in re.search(  # type: ignore[union-attr]
                r"from (\d+) west to (\d+) east and from (\d+) north to (\d+) south", manual
            ).groups()
        )
        self._view = (-west, east, -north, south)
        self._map: dict[Cell, str] = {}
        self._visited: dict[Cell, int] = {}
        self._at: Cell = (0, 0)
        self._done: set[str] = set()
        self._waypoint: Cell | None = None
        self._patience = 0
        self._step = 0
        self._tries = 0
        self._cow: Cell | None = None
        self._home: frozenset[Cell] | None = None
        self._sight = read("")

    def act(self, observation: str) -> str:
        """Look, note, and do what is most pressing."""
        self._step += 1
        self._note(observation)
        if self._sight.asleep:
            return "Noop"
        needs = (
            self._fight,
            self._survive,
            self._shelter,
            self._rest,
            self._craft,
            self._gather,
            self._explore,
        )
        for need in needs:
            action = need()
            if action:
                return action
        return "Noop"

    def _note(self, observation: str) -> None:
        """Bring map and memory up to date."""
        sight = self._sight = read(observation)
        self._done.update(re.findall(r"Achievement unlocked: ([a-z ]+)\.", observation))
        if sight.moved:
            dx, dy = WAYS[sight.facing]
            self._at = self._at[0] + dx, self._at[1] + dy
        west, east, north, south = self._view
        x, y = self._at
        for dx in range(west, east + 1):
            for dy in range(north, south + 1):
                kind = self._map.get((x + dx, y + dy))
                if kind is not None and self._outdated(kind, abs(dx) + abs(dy)):
                    del self._map[x + dx, y + dy]
        for kind, (dx, dy) in sight.nearest.items():
            if kind not in CREATURES:
                self._map[x + dx, y + dy] = kind
            elif kind == "cow":
                self._cow = x + dx, y + dy
        if sight.front not in CREATURES:
            self._map[self._front()] = sight.front
        self._map[self._at] = "path"
        self._visited[self._at] = self._visited.get(self._at, 0) + 1

    def _outdated(self, kind: str, distance: int) -> bool:
        """Whether something noted at that distance in view cannot be there any more."""
        if kind in GROUND:
            return False
        seen = self._sight.nearest.get(kind)
        return seen is None or abs(seen[0]) + abs(seen[1]) > distance

    def _front(self) -> Cell:
        dx, dy = WAYS[self._sight.facing]
        return self._at[0] + dx, self._at[1] + dy

    def _has(self, item: str) -> int:
        return self._sight.amounts.get(item, 0)

    def _fight(self) -> str | None:
        """Hit what is beside, go for monsters that are worth it."""
        for foe in ("zombie", "skeleton"):
            offset = self._sight.nearest.get(foe)
            if offset is None:
                continue
            distance = abs(offset[0]) + abs(offset[1])
            eager = f"defeat {foe}" not in self._done and self._has("health") >= 5
            if distance == 1 or (eager and distance <= 5 and self._armed()):
                return self._approach(self._absolute(offset))
        return None

    def _armed(self) -> bool:
        return bool(self._has("wood sword") or self._has("stone sword") or self._has("iron sword"))

    def _survive(self) -> str | None:
        """Drink, eat and sleep before it is too late, or early for the achievement."""
        evening = 90 < self._hour() < 150
        thirsty = 3 if self._hour() > 150 else 5
        if self._has("drink") <= thirsty or (
            self._has("drink") <= 8 and (evening or "collect drink" not in self._done)
        ):
            if action := self._use("water", limit=25 if evening else 60):
                return action
        if self._has("food") <= (6 if evening else 4) or "eat cow" not in self._done:
            for kind in ("ripe plant", "cow"):
                if kind in self._sight.nearest:
                    return self._approach(self._absolute(self._sight.nearest[kind]))
            if self._cow is not None and self._has("food") <= 3:
                if self._distance(self._cow) > 2:
                    return self._travel(self._cow)
                self._cow = None
        return None

    def _hour(self) -> int:
        """Steps since the start of the day; it is dark from 148 to 272."""
        return self._step % DAY

    def _distance(self, cell: Cell) -> int:
        return abs(cell[0] - self._at[0]) + abs(cell[1] - self._at[1])

    def _shelter(self) -> str | None:
        """Wall in a square of four cells for the night, or while weak, and stay there."""
        dark = self._hour() > 135 and self._hour() < 275
        weak = self._has("health") <= 4 or self._has("energy") <= 2
        if self._home and not (
            dark or weak or self._has("energy") <= 5 or self._has("health") <= 6
        ):
            self._home = None
        if not (dark or weak or self._home):
            return None
        starving = 0 in (self._has("food"), self._has("drink"))
        if starving:
            self._home = None
            return None
        if self._home is None or self._at not in self._home:
            self._home = self._site()
        return self._wall_in(self._home) if self._home else None

    def _site(self) -> frozenset[Cell] | None:
        """The square around the agent that takes the fewest stones, if it has enough of them."""
        x, y = self._at
        squares = [
            frozenset((x + dx + i, y + dy + j) for i in (0, 1) for j in (0, 1))
            for dx in (-1, 0)
            for dy in (-1, 0)
        ]
        options = [
            (len(self._gaps(square)), sorted(square), square)
            for square in squares
            if all(self._map.get(cell, "grass") in (*GROUND, "stone") for cell in square)
        ]
        if not options or not self._has("wood pickaxe"):
            return None
        gaps, _, square = min(options)
        return square if gaps <= self._has("stone") else None

    def _gaps(self, square: frozenset[Cell]) -> list[tuple[Cell, str]]:
        """The open sides of a square: a cell of it and the way out."""
        return [
            (cell, way)
            for cell in sorted(square)
            for way, (dx, dy) in WAYS.items()
            if (beside := (cell[0] + dx, cell[1] + dy)) not in square
            and self._map.get(beside, "grass") in GROUND
        ]

    def _wall_in(self, square: frozenset[Cell]) -> str | None:
        gaps = self._gaps(square)
        if not gaps:
            return "Sleep" if self._has("energy") < 9 else "Noop"
        if not self._has("stone"):
            self._home = None
            return None
        for cell, way in gaps:
            if cell == self._at and way == self._sight.facing:
                return "Place Stone"
        starts = []
        for cell, way in gaps:
            dx, dy = WAYS[way]
            starts.append(((cell[0] - dx, cell[1] - dy), way))
        starts.sort(key=lambda start: (self._distance(start[0]), start))
        start, way = starts[0]
        if start != self._at:
            return self._travel(start)
        dx, dy = WAYS[way]
        inner = (start[0] + dx, start[1] + dy)
        if self._map.get(inner, "grass") not in GROUND:
            return self._approach(inner)
        return f"Move {way.capitalize()}" if self._safe(way) else None

    def _rest(self) -> str | None:
        energy = self._has("energy")
        danger = any(foe in self._sight.nearest for foe in ("zombie", "skeleton", "arrow"))
        first = "wake up" not in self._done and energy < 9 and self._hour() < 120
        if danger or not (first or energy <= 2):
            return None
        return "Sleep"

    def _craft(self) -> str | None:
        """Make or place whatever is new and possible."""
        if (
            "place plant" not in self._done
            and self._has("sapling")
            and self._sight.front == "grass"
        ):
            return "Place Plant"
        if self._has("stone") and "place stone" not in self._done:
            if self._sight.front in (*GROUND, "water", "lava"):
                return "Place Stone"
        if (
            "place furnace" not in self._done
            and "make stone pickaxe" in self._done
            and self._beside("table")
            and self._affords("Place Furnace")
        ):
            return self._place("Place Furnace")
        wanted = [
            name
            for name in self._uses
            if name.startswith("Make") and name.lower() not in self._done and self._affords(name)
        ]
        if not wanted:
            return None
        if not self._beside("table"):
            if (table := self._find("table", 25)) is not None:
                return self._travel(table)
            reserve = sum(self._uses[name].get("wood", 0) for name in wanted[:1])
            if self._has("wood") >= self._uses["Place Table"]["wood"] + reserve:
                return self._place("Place Table")
            return None
        for name in wanted:
            if "Iron" not in name or self._beside("furnace"):
                return name
        if self._affords("Place Furnace"):
            return self._place("Place Furnace")
        return None

    def _affords(self, name: str) -> bool:
        return all(self._has(item) >= count for item, count in self._uses[name].items())

    def _place(self, name: str) -> str | None:
        if self._sight.front in GROUND:
            return name
        for way, (dx, dy) in WAYS.items():
            if self._map.get((self._at[0] + dx, self._at[1] + dy)) in GROUND and self._safe(way):
                return f"Move {way.capitalize()}"
        return None

    def _beside(self, kind: str) -> bool:
        x, y = self._at
        around = [(x + dx, y + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
        return any(self._map.get(cell) == kind for cell in around)

    def _gather(self) -> str | None:
        """Fetch what the next tools need, as far as it is in sight or on the map."""
        for kind in self._shopping():
            if kind == "grass":
                if self._sight.front == "grass" and self._tries < 60:
                    self._tries += 1
                    return "Do"
                continue
            if action := self._use(kind, limit=30):
                return action
        return None

    def _shopping(self) -> list[str]:
        """Materials worth fetching now, the most wanted first."""
        wanted = []
        if "collect sapling" not in self._done:
            wanted.append("grass")
        if self._has("iron pickaxe"):
            wanted.append("diamond")
        if self._has("stone pickaxe") and self._has("iron") < 2:
            wanted.append("iron")
        if self._has("wood pickaxe") and self._has("coal") < 2:
            wanted.append("coal")
        if self._has("wood") < (5 if self._has("wood pickaxe") else WOOD_WANTED):
            wanted.append("tree")
        if self._has("wood pickaxe") and self._has("stone") < STONE_WANTED:
            wanted.append("stone")
        return wanted

    def _use(self, kind: str, limit: int) -> str | None:
        """Do something with the nearest known one of a kind."""
        target = self._find(kind, limit)
        return None if target is None else self._approach(target)

    def _find(self, kind: str, limit: int) -> Cell | None:
        x, y = self._at
        known = [
            (abs(cx - x) + abs(cy - y), (cx, cy))
            for (cx, cy), what in self._map.items()
            if what == kind
        ]
        near = [entry for entry in known if entry[0] <= limit]
        return min(near)[1] if near else None

    def _absolute(self, offset: Cell) -> Cell:
        return self._at[0] + offset[0], self._at[1] + offset[1]

    def _approach(self, target: Cell) -> str | None:
        """Go beside a cell, face it, and act on it."""
        if self._front() == target:
            return "Do"
        return self._travel(target)

    def _travel(self, target: Cell) -> str | None:
        """The next action on the cheapest way to a cell."""
        step = self._route(target)
        if step is None:
            return None
        way = next(
            name for name, (dx, dy) in WAYS.items() if (self._at[0] + dx, self._at[1] + dy) == step
        )
        if step == target or self._map.get(step, "grass") in GROUND:
            return f"Move {way.capitalize()}" if self._safe(way) else None
        if self._front() != step:
            return f"Move {way.capitalize()}" if self._safe(way) else None
        return "Place Stone" if self._map[step] == "water" else "Do"

    def _safe(self, way: str) -> bool:
        """Whether a move that way cannot end in lava."""
        lava = self._sight.nearest.get("lava")
        if lava is None or abs(lava[0]) + abs(lava[1]) > 1:
            return True
        dx, dy = WAYS[way]
        kind = self._map.get((self._at[0] + dx, self._at[1] + dy))
        return kind is not None and kind != "lava"

    def _cost(self, cell: Cell) -> float | None:
        """What crossing a cell costs, in steps; None where there is no way."""
        kind = self._map.get(cell)
        if kind is None:
            return 1.3
        if kind in GROUND:
            return 1.0
        if kind == "tree":
            return 3.0
        if kind in ("stone", "coal") and self._has("wood pickaxe"):
            return 2.0
        if kind == "iron" and self._has("stone pickaxe"):
            return 2.0
        if kind == "water" and self._has("stone"):
            return 5.0
        return None

    def _route(self, target: Cell) -> Cell | None:
        """The first cell on the cheapest way to a target, which itself may be impassable."""
        queue: list[tuple[float, float, Cell, Cell | None]] = [(0.0, 0.0, self._at, None)]
        reached: set[Cell] = set()
        while queue and len(reached) < 1500:
            _, cost, cell, first = heapq.heappop(queue)
            if cell == target:
                return first
            if cell in reached:
                continue
            reached.add(cell)
            for dx, dy in WAYS.values():
                beside = cell[0] + dx, cell[1] + dy
                price = 1.0 if beside == target else self._cost(beside)
                if price is None or beside in reached:
                    continue
                left = abs(beside[0] - target[0]) + abs(beside[1] - target[1])
                total = cost + price
                heapq.heappush(queue, (total + left, total, beside, first or beside))
        return None

    def _explore(self) -> str | None:
        """Head for somewhere new, and for somewhere else when that takes too long."""
        self._patience -= 1
        if self._waypoint is None or self._patience <= 0 or self._waypoint == self._at:
            self._waypoint = self._somewhere()
            self._patience = 40
        action = self._travel(self._waypoint)
        if action is None:
            self._waypoint = None
            safe = [way for way in WAYS if self._safe(way)]
            return f"Move {self._random.choice(safe).capitalize()}" if safe else "Noop"
        return action

    def _somewhere(self) -> Cell:
        """Of some places around, the one farthest from where the agent has been."""
        x, y = self._at
        places = [
            (x + self._random.randint(-16, 16), y + self._random.randint(-16, 16))
            for _ in range(12)
        ]
        been = list(self._visited)[-400::4]
        return max(
            places,
            key=lambda place: min(
                abs(place[0] - cell[0]) + abs(place[1] - cell[1]) for cell in been
            ),
        )
