"""Gathers, crafts, eats, drinks, sleeps and explores in Crafter."""

from __future__ import annotations

import random
import re

from smartplay.agents.reference.crafter_chart import GROUND, WAYS, Cell, Chart
from smartplay.agents.reference.hints import Told, take_hints

DAY = 300
EVENING, DUSK, DAWN = 90, 135, 275
"""Steps of the day: time to fill up, to seek shelter, and to leave it."""

CARRY = {"wood": 9, "stone": 9, "coal": 2, "iron": 2}
"""How much to carry of what; less wood once the first tools are made."""

SOURCES = {"wood": "tree", "stone": "stone", "coal": "coal", "iron": "iron"}
SWORDS = ("wood sword", "stone sword", "iron sword")
Square = frozenset[Cell]


class CrafterReference:
    """Reaches the achievements in the order of what they need, and keeps itself alive meanwhile.

    It notes what it sees on a map of its own, finds ways on it, and reads from the manual what
    things cost. At night, or when it is weak, it walls itself in.

    Args:
        manual: The rules.
        actions: Names of the actions.
        seed: Where it turns when it does not know better.
        without: `axes`: finds its way along one axis only, east and west; `memory`: forgets what it
            has unlocked; `rules`: does not heed that tools are made beside a table; `lookahead`:
            does not gather what it will need later.
    """

    title = "Crafter"
    faculties = ("axes", "memory", "rules", "lookahead")

    def __init__(self, manual: str, actions: list[str], seed: int, without: str = "") -> None:
        self._random = random.Random(seed)
        self._without = without
        self._uses = _uses(manual)
        self._told = Told()
        self._chart = Chart(manual)
        self._step = self._searches = self._patience = 0
        self._goal: Cell | None = None
        self._errand: Cell | None = None
        self._errand_left = 0
        self._home: Square | None = None

    def act(self, observation: str) -> str:
        """Look, note, and do what is most pressing."""
        self._step += 1
        text, self._told = take_hints(observation)
        self._chart.note(text)
        self._uses |= _uses(self._told["excerpt"])
        if self._without == "memory":
            self._chart.done.clear()
        if unlocked := re.search(r"unlocked: ([a-z, ]+)\.", self._told["digest"]):
            self._chart.done.update(unlocked[1].split(", "))
        if self._chart.sight.asleep:
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
        return next((action for need in needs if (action := need())), "Noop")

    def _hour(self) -> int:
        return self._step % DAY

    def _fight(self) -> str | None:
        """Hit what is beside; go for monsters not yet defeated."""
        chart = self._chart
        for foe in ("zombie", "skeleton"):
            if foe not in chart.sight.nearest:
                continue
            where = chart.absolute(chart.sight.nearest[foe])
            fit = chart.has("health") >= 5 and any(chart.has(sword) for sword in SWORDS)
            eager = fit and f"defeat {foe}" not in chart.done and chart.distance(where) <= 5
            if eager or chart.distance(where) == 1:
                return self._approach(where)
        return None

    def _survive(self) -> str | None:
        """Drink and eat before it is too late, and before the night."""
        chart, evening = self._chart, EVENING < self._hour() < 150
        thirsty = chart.has("drink") <= (3 if self._hour() > 150 else 5)
        sipping = evening or "collect drink" not in chart.done
        water = chart.find("water", 25 if evening else 60)
        if water and (thirsty or (sipping and chart.has("drink") <= 8)):
            return self._approach(water)
        hungry = chart.has("food") <= (7 if evening else 5) or "eat cow" not in chart.done
        for kind in ("ripe plant", "cow"):
            if hungry and kind in chart.sight.nearest:
                return self._approach(chart.absolute(chart.sight.nearest[kind]))
        if chart.cow is not None and chart.has("food") <= 4:
            if chart.distance(chart.cow) > 2:
                return self._travel(chart.cow)
            chart.cow = None
        seeking = chart.has("food") <= 3 or (chart.has("drink") <= 3 and water is None)
        return self._explore() if seeking and not DUSK < self._hour() < DAWN else None

    def _shelter(self) -> str | None:
        """Wall in a square of four cells for the night, or while weak, and stay there."""
        chart = self._chart
        dark = DUSK < self._hour() < DAWN
        weak = chart.has("health") <= 4 or chart.has("energy") <= 2
        recovering = chart.has("health") <= 6 or chart.has("energy") <= 5
        needed = dark or weak or (self._home is not None and recovering)
        if not needed or not chart.has("food") or not chart.has("drink"):
            self._home = None
            return None
        if self._home is None or chart.at not in self._home:
            self._home = self._site()
        return self._wall_in(self._home) if self._home else None

    def _site(self) -> Square | None:
        """The square around the agent that takes the fewest stones, if it has enough of them."""
        chart = self._chart
        squares = [
            frozenset(chart.absolute((dx + i, dy + j)) for i in (0, 1) for j in (0, 1))
            for dx in (-1, 0)
            for dy in (-1, 0)
        ]
        options = [
            (len(self._gaps(square)), sorted(square), square)
            for square in squares
            if all(chart.open(cell) or chart.kinds[cell] == "stone" for cell in square)
        ]
        if not options or not chart.has("wood pickaxe"):
            return None
        gaps, _, square = min(options)
        return square if gaps <= chart.has("stone") else None

    def _gaps(self, square: Square) -> list[tuple[Cell, str]]:
        """The open sides of a square: a cell of it and the way out."""
        return [
            (cell, way)
            for cell in sorted(square)
            for way in WAYS
            if (out := self._chart.beyond(cell, way)) not in square and self._chart.open(out)
        ]

    def _wall_in(self, square: Square) -> str | None:
        """Close the open sides, each by walking towards it inside the square; then sleep."""
        chart, gaps = self._chart, self._gaps(square)
        if not gaps:
            return "Sleep" if chart.has("energy") < 9 else "Noop"
        if not chart.has("stone"):
            self._home = None
            return None
        if (chart.at, chart.sight.facing) in gaps:
            return "Place Stone"
        back = {"west": "east", "east": "west", "north": "south", "south": "north"}
        starts = [(chart.beyond(cell, back[way]), way) for cell, way in gaps]
        start, way = min(starts, key=lambda entry: (chart.distance(entry[0]), entry))
        if start != chart.at:
            return self._travel(start)
        inner = chart.beyond(start, way)
        return self._move(way) if chart.open(inner) else self._approach(inner)

    def _rest(self) -> str | None:
        """Sleep by day when tired, and early on for the achievement."""
        chart = self._chart
        if any(foe in chart.sight.nearest for foe in ("zombie", "skeleton", "arrow")):
            return None
        nap = "wake up" not in chart.done and chart.has("energy") < 9 and self._hour() < 120
        tired = chart.has("energy") <= 2 and not DUSK < self._hour() < DAWN
        return "Sleep" if nap or tired else None

    def _craft(self) -> str | None:
        """Place or make whatever is new and possible."""
        chart = self._chart
        front = chart.sight.front
        if subgoal := re.search(r"subgoal: (Place Table)\.", self._told["subgoal"]):
            return self._place(subgoal[1])
        if self._due("Place Plant") and front == "grass":
            return "Place Plant"
        if self._due("Place Stone") and front in (*GROUND, "water"):
            return "Place Stone"
        tools = [name for name in self._uses if name.startswith("Make") and self._due(name)]
        if not tools and "make stone pickaxe" in chart.done and self._due("Place Furnace"):
            table = chart.find("table", 25)
            if chart.beside("table") or table is None:
                return self._place("Place Furnace") if table else None
            return self._travel(table)
        return self._make(tools) if tools else None

    def _make(self, tools: list[str]) -> str | None:
        """Make one of the tools that can be afforded; go or build where it can be made."""
        chart = self._chart
        if self._without == "rules" and "needs a table" not in self._told["rules"]:
            return tools[0]
        if not chart.beside("table"):
            if table := chart.find("table", 25):
                return self._travel(table)
            wood = self._uses.get("Place Table", {}).get("wood", 9) + self._uses[tools[0]].get(
                "wood", 0
            )
            return self._place("Place Table") if chart.has("wood") >= wood else None
        for tool in tools:
            if "Iron" not in tool or chart.beside("furnace"):
                return tool
        return self._place("Place Furnace") if self._affords("Place Furnace") else None

    def _due(self, name: str) -> bool:
        """Whether an action would reach an achievement that can be afforded now."""
        return name.lower() not in self._chart.done and self._affords(name)

    def _affords(self, name: str) -> bool:
        uses = self._uses.get(name)
        return uses is not None and all(self._chart.has(it) >= count for it, count in uses.items())

    def _place(self, name: str) -> str | None:
        """Place something, or first turn to where there is room."""
        chart = self._chart
        if chart.sight.front in GROUND:
            return name
        ways = [way for way in WAYS if chart.kinds.get(chart.beyond(chart.at, way)) in GROUND]
        return next((move for way in ways if (move := self._move(way))), None)

    def _gather(self) -> str | None:
        """Fetch what the next tools need, as far as it is on the map."""
        chart = self._chart
        if "collect sapling" not in chart.done and chart.sight.front == "grass":
            self._searches += 1
            if self._searches <= 60:
                return "Do"
        wanted = self._wanted()
        self._errand_left -= 1
        if (
            self._errand is None
            or self._errand_left <= 0
            or chart.kinds.get(self._errand) not in wanted
        ):
            found = (where for kind in wanted if (where := chart.find(kind, 30)))
            self._errand, self._errand_left = next(found, None), 30
        return None if self._errand is None else self._approach(self._errand)

    def _wanted(self) -> list[str]:
        """Materials worth fetching now, the most wanted first."""
        has = self._chart.has
        if told := re.search(r"first have (.+?)\.", self._told["subgoal"]):
            return [SOURCES[item] for item in re.findall(r"\d+ (\w+)", told[1]) if item in SOURCES]
        if self._without == "lookahead":
            return []
        tooled = bool(has("wood pickaxe"))
        conditions = {
            "stone": tooled and has("stone") < CARRY["stone"] and self._hour() > EVENING,
            "diamond": has("iron pickaxe"),
            "iron": has("stone pickaxe") and has("iron") < CARRY["iron"],
            "coal": tooled and has("coal") < CARRY["coal"],
            "tree": has("wood") < (5 if tooled else CARRY["wood"]),
        }
        wanted = [kind for kind, condition in conditions.items() if condition]
        return [*wanted, "stone"] if tooled and has("stone") < CARRY["stone"] else wanted

    def _explore(self) -> str | None:
        """Head for somewhere new, and for somewhere else when that takes too long."""
        self._patience -= 1
        if self._goal is None or self._patience <= 0 or self._goal == self._chart.at:
            self._goal, self._patience = self._somewhere(), 40
        action = self._travel(self._goal)
        if action is None:
            self._goal = None
            moves = [move for way in WAYS if (move := self._move(way))]
            return self._random.choice(moves) if moves else None
        return action

    def _somewhere(self) -> Cell:
        """Of some places around, the one farthest from where the agent has been."""
        spread, been = range(-16, 17), list(self._chart.visited)[-400::4]
        offsets = [(self._random.choice(spread), self._random.choice(spread)) for _ in range(12)]
        return max(
            map(self._chart.absolute, offsets),
            key=lambda place: min(abs(place[0] - x) + abs(place[1] - y) for x, y in been),
        )

    def _approach(self, target: Cell) -> str | None:
        """Go beside a cell, face it, and act on it."""
        chart = self._chart
        there = chart.front() == target
        if self._without == "axes":
            there = there or chart.sight.front == chart.kinds.get(target)
        return "Do" if there else self._travel(target)

    def _travel(self, target: Cell) -> str | None:
        """The next action on the cheapest way to a cell, through what can be dug or bridged."""
        chart = self._chart
        way = self._one_axis(target) if self._without == "axes" else chart.way_to(target)
        if way is None:
            return None
        step = chart.beyond(chart.at, way)
        if step == target or chart.open(step) or chart.front() != step:
            return self._move(way)
        return "Place Stone" if chart.kinds[step] == "water" else "Do"

    def _one_axis(self, target: Cell) -> str:
        """The way that it is told, else east or west, and any way if that is not it."""
        kind, east = self._chart.kinds.get(target), target[0] - self._chart.at[0]
        if told := re.search(rf"to {kind}: go (\w+)", self._told["map"]):
            return told[1]
        return "east" if east > 0 else "west" if east < 0 else self._random.choice(list(WAYS))

    def _move(self, way: str) -> str | None:
        return f"Move {way.capitalize()}" if self._chart.safe(way) else None


def _uses(text: str) -> dict[str, dict[str, int]]:
    """What each action uses up, by a manual or a part of one."""
    return {
        name: {item: int(count) for count, item in re.findall(r"(\d+) (\w+)", uses)}
        for name, uses in re.findall(r"((?:Place|Make) [A-Z][\w ]+): uses (.+?);", text)
    }
