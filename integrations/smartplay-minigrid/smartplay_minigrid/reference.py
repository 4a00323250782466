"""Plays both families from the text alone: a map of what was seen, and the shortest way in it."""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable, Collection, Iterator
from itertools import count
from typing import NamedTuple

Place = tuple[int, int]

DIRECTIONS = {"east": (1, 0), "south": (0, 1), "west": (-1, 0), "north": (0, -1)}
AROUND = list(DIRECTIONS.values())
LEFT, RIGHT, FORWARD = "Turn Left", "Turn Right", "Go Forward"
PICK_UP, DROP, USE = "Pick Up", "Drop", "Use"
THING = (
    r"(?:an?|the) (?:(\w+) )?(key|ball|box|door|object)"
    r"(?: (in front of you|behind you|on your left|on your right))?"
)
IN_THE_WAY = 30
"""What it costs, in actions, to carry off what only stands in the way."""


class Thing(NamedTuple):
    """What is on a square, such as `Thing("door", "red", "locked")`."""

    kind: str
    colour: str = ""
    state: str = ""

    @property
    def is_portable(self) -> bool:
        """Whether it can be picked up."""
        return self.kind in ("key", "ball", "box")


FREE, WALL, GOAL, LAVA = Thing("free"), Thing("wall"), Thing("goal"), Thing("lava")
SIGNS = {".": FREE, "#": WALL, "G": GOAL, "L": LAVA}


class Pose(NamedTuple):
    """Where one stands and which way one faces."""

    place: Place
    towards: Place

    def square(self, ahead: int, right: int) -> Place:
        """The square so many steps ahead and to the right."""
        (x, y), (dx, dy) = self
        return x + ahead * dx - right * dy, y + ahead * dy + right * dx

    @property
    def ahead(self) -> Place:
        """The next square."""
        return self.square(1, 0)

    def turned(self, by: int) -> Pose:
        """After so many turns to the right."""
        return self._replace(towards=AROUND[(AROUND.index(self.towards) + by) % 4])


class Wanted(NamedTuple):
    """A thing as a mission names it; what it does not say is empty."""

    colour: str
    kind: str
    where: str


class Order(NamedTuple):
    """A part of a mission: `go to`, `pick up`, `open`, `put`, `match`, or `goal`."""

    verb: str
    thing: Wanted = Wanted("", "", "")
    beside: Wanted = Wanted("", "", "")


class MiniGridReference:
    """Draws a map of what it sees and takes the shortest way to what the mission names.

    What it has not seen yet it looks for at the nearest square that it does not know. It never
    guesses, and knows what it did from what it reads.

    Args:
        manual: Not read.
        actions: Not read: all settings have the same.
        seed: Not used.
    """

    title = "MiniGrid"

    def __init__(self, manual: str, actions: list[str], seed: int) -> None:
        self._map: dict[Place, Thing] = {(0, 0): FREE}
        self._pose = self._start = Pose((0, 0), DIRECTIONS["east"])
        self._carried: Thing | None = None
        self._stages: list[list[Order]] = []
        self._last = ""

    def act(self, observation: str) -> str:
        """Take the first action of the shortest way."""
        before = self._carried
        self._see(observation)
        if self._last:
            self._stages[0] = [each for each in self._stages[0] if not self._done(each, before)]
        self._stages = [stage for stage in self._stages if stage]
        if not self._stages:
            self._stages = parts(re.findall(r"^Mission: (.+)\.$", observation, re.MULTILINE)[-1])
        self._last = next(filter(None, map(self._pursue, self._stages[0])), "") or self._explore()
        return self._last

    def _see(self, observation: str) -> None:
        facing, carried = re.findall(
            r"^You face (\w+) and carry (.+)\.$", observation, re.MULTILINE
        )[-1]
        moved = self._last == FORWARD and self._is_open(self._pose.ahead)
        place = self._pose.ahead if moved else self._pose.place
        self._pose = Pose(place, DIRECTIONS[facing])
        if not self._last:
            self._start = self._pose
        self._carried = None if carried == "nothing" else thing_of(carried)
        rows = re.findall(r"^[?.#DKBXGL^]{7}$", observation, re.MULTILINE)[-7:]
        for j, row in enumerate(rows):
            for i, sign in enumerate(row):
                if sign in SIGNS:
                    self._map[self._pose.square(6 - j, i - 3)] = SIGNS[sign]
        for told in re.findall(r"^In view: (.+)\.$", observation, re.MULTILINE)[-1].split("; "):
            if seen := re.fullmatch(
                r"(.+?)(?: (\d) ahead)?(?:(?: and)? (\d) to the (left|right))?", told
            ):
                thing, ahead, aside, side = seen.groups()
                if ahead or aside:
                    right = int(aside or 0) * (-1 if side == "left" else 1)
                    self._map[self._pose.square(int(ahead or 0), right)] = thing_of(thing)

    def _done(self, order: Order, before: Thing | None) -> bool:
        """Whether the last action fulfilled an order; `before` is what was carried then."""
        ahead = self._pose.ahead
        match order.verb:
            case "go to":
                return ahead in self._places(order.thing)
            case "open":
                return (
                    self._last == USE
                    and ahead in self._places(order.thing)
                    and self._map[ahead].state == "open"
                )
            case "pick up":
                return self._last == PICK_UP and _fits(self._carried, order.thing)
            case "put":
                return self._last == DROP and not self._carried and _fits(before, order.thing)
        return False

    def _pursue(self, order: Order) -> str:
        """The next action for an order; empty if there is no way to it yet."""
        places = self._places(order.thing)
        match order.verb:
            case "go to":
                stay = DROP if self._map.get(self._pose.ahead, WALL).state == "open" else FORWARD
                return self._way(lambda pose, held: pose.ahead in places, stay)
            case "open":
                return self._way(lambda pose, held: self._can_use(pose.ahead, places, held), USE)
            case "pick up":
                if self._carried:
                    return self._put_down()
                return self._way(lambda pose, held: pose.ahead in places and not held, PICK_UP)
            case "put":
                return self._put(order)
            case "match":
                return self._match()
        goals = {place for place, thing in self._map.items() if thing == GOAL}
        return self._way(lambda pose, held: pose.place in goals, FORWARD)

    def _put(self, order: Order) -> str:
        near = {each for place in self._places(order.beside) for each in _next_to(place)}
        if not _fits(self._carried, order.thing):
            places = self._places(order.thing) - near
            if self._carried:
                return self._put_down()
            return self._way(lambda pose, held: pose.ahead in places and not held, PICK_UP)
        return self._way(lambda pose, held: pose.ahead in near and self._is_free(pose.ahead), DROP)

    def _match(self) -> str:
        """Go beside that one of two things in the east which is like the one in the west."""
        things = sorted(place for place, thing in self._map.items() if thing.is_portable)
        if len(things) < 3:
            return self._explore({each for place in things for each in _next_to(place)})
        model, *ends = things
        (right,) = (place for place in ends if self._map[place] == self._map[model])
        return self._way(lambda pose, held: pose.place in _next_to(right), FORWARD)

    def _explore(self, avoided: Collection[Place] = ()) -> str:
        """Look at the nearest square that is not known; make room if there is no way to one."""
        looked = self._way(lambda pose, held: pose.ahead not in self._map, RIGHT, avoided)
        return looked or (self._put_down() if self._carried else "") or RIGHT

    def _put_down(self) -> str:
        """Drop what is carried, away from doors if that is possible."""
        doors = {place for place, thing in self._map.items() if thing.kind == "door"}
        beside = {each for place in doors for each in _next_to(place)}
        return self._way(
            lambda pose, held: self._is_free(pose.ahead) and pose.ahead not in beside, DROP
        ) or self._way(lambda pose, held: self._is_free(pose.ahead), DROP)

    def _places(self, wanted: Wanted) -> set[Place]:
        """Where things are that fit."""
        return {
            place
            for place, thing in self._map.items()
            if _fits(thing, wanted) and self._lies(place, wanted.where)
        }

    def _lies(self, place: Place, where: str) -> bool:
        """Whether a square is on that side of where the mission began."""
        (x, y), (dx, dy) = self._start
        ahead = (place[0] - x) * dx + (place[1] - y) * dy
        right = (place[1] - y) * dx - (place[0] - x) * dy
        sides = {"": True, "in front of you": ahead > 0, "behind you": ahead < 0}
        return (sides | {"on your left": right < 0, "on your right": right > 0})[where]

    def _is_open(self, place: Place) -> bool:
        thing = self._map.get(place, WALL)
        return thing in (FREE, GOAL) or thing.state == "open"

    def _is_free(self, place: Place) -> bool:
        return self._map.get(place) == FREE and place != self._pose.place

    def _can_use(self, place: Place, places: Collection[Place], held: Thing | None) -> bool:
        """Whether the door there is one of those and not locked, or its key is held."""
        door = self._map.get(place, WALL)
        return place in places and (door.state != "locked" or held == Thing("key", door.colour))

    def _way(
        self,
        there: Callable[[Pose, Thing | None], bool],
        then: str,
        avoided: Collection[Place] = (),
    ) -> str:
        """The first action of the shortest way to where a condition holds.

        Args:
            there: The condition, of a pose and what is held there.
            then: What is done there.
            avoided: Squares not to be entered.
        """
        order = count()
        waiting: list[tuple[int, int, Pose, Place | None, str]] = [
            (0, next(order), self._pose, None, "")
        ]
        known: set[tuple[Pose, Place | None]] = set()
        while waiting:
            cost, _, pose, taken, first = heapq.heappop(waiting)
            if (pose, taken) in known:
                continue
            known.add((pose, taken))
            held = self._map[taken] if taken else self._carried
            if there(pose, held):
                return first or then
            for action, more, after, gone in self._moves(pose, taken, held):
                if after.place not in avoided or after.place == pose.place:
                    step = (cost + more, next(order), after, gone, first or action)
                    heapq.heappush(waiting, step)
        return ""

    def _moves(
        self, pose: Pose, taken: Place | None, held: Thing | None
    ) -> Iterator[tuple[str, int, Pose, Place | None]]:
        """What can be done: the action, its cost, and what it leads to."""
        yield LEFT, 1, pose.turned(-1), taken
        yield RIGHT, 1, pose.turned(1), taken
        ahead = pose.ahead
        thing = FREE if ahead == taken else self._map.get(ahead, WALL)
        step = pose._replace(place=ahead)
        if self._is_open(ahead) or ahead == taken:
            yield FORWARD, 1, step, taken
        elif thing.kind == "door" and self._can_use(ahead, {ahead}, held):
            yield USE, 2, step, taken
        elif thing.is_portable and held is None:
            opens = thing.kind == "key" and Thing("door", thing.colour, "locked") in (
                self._map.values()
            )
            yield PICK_UP, 1 if opens else IN_THE_WAY, pose, ahead


class BabyAIReference(MiniGridReference):
    """The same for missions in words."""

    title = "BabyAI"


def parts(mission: str) -> list[list[Order]]:
    """The orders of a mission, in stages; those of one stage in any order."""
    if mission.startswith("go to the matching object"):
        return [[Order("match")]]
    stages = mission.split(", then ")
    if " after you " in mission:
        stages = mission.split(" after you ")[::-1]
    return [list(dict.fromkeys(map(order_of, stage.split(" and ")))) for stage in stages]


def order_of(words: str) -> Order:
    """The order that some words give; `goal` if they name none of the things."""
    for verb in ("go to", "pick up", "open"):
        if found := re.fullmatch(f"{verb} {THING}", words):
            return Order(verb, Wanted(*(each or "" for each in found.groups())))
    if found := re.fullmatch(f"put {THING} next to {THING}", words):
        told = [each or "" for each in found.groups()]
        return Order("put", Wanted(*told[:3]), Wanted(*told[3:]))
    return Order("goal")


def thing_of(words: str) -> Thing:
    """The thing that some words name, such as `a locked red door`."""
    *told, kind = words.removeprefix("an ").removeprefix("a ").split()
    if kind in ("goal", "lava"):
        return Thing(kind)
    return Thing(kind, told[-1], told[0] if len(told) > 1 else "")


def _fits(thing: Thing | None, wanted: Wanted) -> bool:
    return (
        thing is not None
        and (thing.kind == wanted.kind or (wanted.kind == "object" and thing.is_portable))
        and wanted.colour in ("", thing.colour)
    )


def _next_to(place: Place) -> list[Place]:
    return [(place[0] + dx, place[1] + dy) for dx, dy in AROUND]
