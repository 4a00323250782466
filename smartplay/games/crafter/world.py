"""The world: a grid of materials, the objects on it, and the chunks that count both.

Cells are numbered column by column, with a margin of nothing around the map, so that a neighbour
or a whole view is a plain index away, also at the border.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import repeat
from operator import attrgetter
from typing import Any, ClassVar, NamedTuple

import numpy as np

from smartplay.games.crafter.rules import COW, MATERIALS, NAMES, SKELETON, WALKABLE, ZOMBIE
from smartplay.games.crafter.twister import Twister

CHUNK = 12
DIRECTIONS = ((-1, 0), (1, 0), (0, -1), (0, 1))
"""West, east, north, south, in the package's order; flipping bit 0 of an index turns round."""

SIDES = ("left", "right", "up", "down")
"""The package's names of the directions."""

CREATURES = (COW, ZOMBIE, SKELETON)

_DERIVED = ("_layout", "_map", "at", "deltas", "grid", "stride")

NOWHERE = 4
"""The index of no direction in `World.deltas`: staying in place."""

FREE = tuple(code in WALKABLE for code in range(256))
"""Whether a creature can step on a cell that shows this code."""

CODE, X, Y, HEALTH, STATE, ARRIVAL = range(6)
"""Columns of the things of a world's record. The state is an arrow's direction, how long a plant
has grown, or how long a zombie or skeleton waits; the arrival counts who came into a chunk, to tell
who came first."""


class Thing:
    """Anything on the map that is not a material.

    Attributes:
        code: What a view shows for it.
        x: Column on the map.
        y: Row on the map.
        cell: Number of its cell in `World.cells`.
        health: Hit points left, never negative.
        removed: Whether it has left the world.
        arrival: Tells which of a chunk's creatures came into it first.
    """

    __slots__ = ("arrival", "cell", "health", "removed", "world", "x", "y")
    code: int
    _apart: ClassVar[tuple[str, ...]] = ("player", "world")
    _names: ClassVar[tuple[str, ...]]
    _values: ClassVar[Any]

    def __init_subclass__(cls) -> None:
        """Note the attributes of a kind that steps change, and what gets them all."""
        slots = [slot for base in cls.__mro__ for slot in getattr(base, "__slots__", ())]
        cls._names = tuple(slot for slot in slots if slot not in cls._apart)
        cls._values = attrgetter(*cls._names)

    def __init__(self, world: World, x: int, y: int, health: int = 0) -> None:
        self.world = world
        self.x, self.y = x, y
        self.cell = world.cell(x, y)
        self.health = health
        self.removed = False
        self.arrival = 0

    @property
    def look(self) -> int:
        """What an attentive view shows for it; more precise than `code` for some things."""
        return self.code

    @property
    def texture(self) -> str:
        """The name of its picture."""
        return NAMES[self.code]

    def state(self) -> tuple[Any, ...]:
        """All that steps change."""
        values: tuple[Any, ...] = self._values(self)
        return values

    def set_state(self, values: tuple[Any, ...]) -> None:
        """Go back to what `state` gave."""
        any(map(setattr, repeat(self), self._names, values))  # fast: setattr gives None

    def update(self) -> None:
        """Live one step."""

    def hurt(self, damage: int) -> None:
        """Lose hit points, to no less than none."""
        self.health = max(0, self.health - damage)

    def move(self, direction: int) -> bool:
        """Step into a direction if that cell is free; return whether it was."""
        world = self.world
        cell = self.cell + world.deltas[direction]
        if not FREE[world.shown[cell]]:
            return False
        if not self.removed:
            world.move(self, cell, direction)
        return True


class Layout(NamedTuple):
    """What follows from the size of the map alone.

    Attributes:
        chunk_of: For each cell, the number of its chunk.
        columns: For each chunk, where its columns start and end.
        chunk_map: `chunk_of` for the cells of the map, shape [width, height].
    """

    chunk_of: tuple[int, ...]
    columns: tuple[tuple[tuple[int, int], ...], ...]
    chunk_map: np.ndarray[Any, np.dtype[np.int64]]


@lru_cache(16)
def layout(width: int, height: int, margin: int) -> Layout:
    """Divide a map into chunks."""
    down = -(-height // CHUNK)
    columns, rows = np.arange(width) // CHUNK, np.arange(height) // CHUNK
    chunk_map = columns[:, None] * down + rows[None, :]
    padded = np.full((width + 2 * margin, height + 2 * margin), -1)
    padded[margin : margin + width, margin : margin + height] = chunk_map
    spans = []
    for number in range(chunk_map.max() + 1):
        cells = np.argwhere(padded == number)
        first, last = cells.min(0).tolist(), cells.max(0).tolist()
        starts = [x * padded.shape[1] for x in range(first[0], last[0] + 1)]
        spans.append(tuple((row + first[1], row + last[1] + 1) for row in starts))
    return Layout(tuple(padded.ravel().tolist()), tuple(spans), chunk_map)


class World:
    """Materials and things on a map of `area` cells.

    Args:
        area: Width and height of the map.
        margin: Cells of nothing on each side, at least 1.

    Attributes:
        cells: The material of each cell.
        shown: What each cell shows: the thing on it, else its material.
        grid: `shown` as an array, indexed [x, y] from the margin's corner.
        deltas: How far apart the numbers of neighbouring cells are, for each of `DIRECTIONS` and
            `NOWHERE`.
        things: All things, oldest first.
        active: Those that may be near the player, oldest first; others can be left alone.
        chunks: For each chunk in which there has been a thing, in the order of their first one, how
            many of each of `CREATURES` are in it.
        arrivals: How many times a creature has come into a chunk.
        counts: For each chunk, how many of its cells are of each material.
        random: The world's random numbers.
        daylight: From 0 (night) to 1 (noon).
    """

    def __init__(self, area: tuple[int, int], margin: int) -> None:
        self._arrange(area, margin)
        self.random = Twister(0)
        self.reset(0)

    def _arrange(self, area: tuple[int, int], margin: int) -> None:
        self.area = area
        self.margin = margin
        self.stride = area[1] + 2 * margin
        self.deltas = (-self.stride, self.stride, -1, 1, 0)
        self._layout = layout(*area, margin)

    def reset(self, seed: int) -> None:
        """Empty the world and seed its random numbers."""
        nothing = bytes(self.stride * (self.area[0] + 2 * self.margin))
        self.random.seed(seed)
        self.daylight = 0.0
        self._lay(nothing, nothing)
        self.things: list[Thing] = []
        self.active: list[Thing] = []
        self.at: dict[int, Thing] = {}
        self.chunks: dict[int, list[int]] = {}
        self.arrivals = 0
        self.counts = [[0] * len(MATERIALS) for _ in self._layout.columns]

    def _lay(self, cells: bytes, shown: bytes) -> None:
        self.cells = bytearray(cells)
        self.shown = bytearray(shown)
        self.grid = np.frombuffer(self.shown, np.uint8).reshape(-1, self.stride)
        m, (width, height) = self.margin, self.area
        self._map = self.grid[m : m + width, m : m + height]

    def fill(self, materials: np.ndarray[Any, np.dtype[np.uint8]]) -> None:
        """Cover the whole map with materials, shape [width, height], before anything is on it."""
        padded = np.pad(materials, self.margin)
        self.cells[:] = padded.tobytes()
        self.shown[:] = self.cells
        chunks, kinds = self._layout.chunk_map, len(MATERIALS)
        flat = np.bincount((chunks * kinds + materials).ravel(), minlength=len(self.counts) * kinds)
        for counts, row in zip(self.counts, flat.reshape(-1, kinds).tolist(), strict=True):
            counts[:] = row
        for thing in self.things:
            self.shown[thing.cell] = thing.code

    def cell(self, x: int, y: int) -> int:
        """The number of a cell of the map."""
        return (x + self.margin) * self.stride + y + self.margin

    def place(self, cell: int) -> tuple[int, int]:
        """Column and row of a cell on the map."""
        column, row = divmod(cell, self.stride)
        return column - self.margin, row - self.margin

    def set_material(self, cell: int, material: int) -> None:
        """Change the material of a cell."""
        counts = self.counts[self._layout.chunk_of[cell]]
        counts[self.cells[cell]] -= 1
        counts[material] += 1
        self.cells[cell] = material
        if cell not in self.at:
            self.shown[cell] = material

    def add(self, thing: Thing) -> None:
        """Put a thing on its cell, which is empty."""
        self.things.append(thing)
        self.active.append(thing)
        self.at[thing.cell] = thing
        self.shown[thing.cell] = thing.code
        self._enter(thing, self._layout.chunk_of[thing.cell])

    def remove(self, thing: Thing) -> None:
        """Take a thing out of the world."""
        if thing.removed:
            return
        cell = thing.cell
        self.things.remove(thing)
        if thing in self.active:
            self.active.remove(thing)
        del self.at[cell]
        self.shown[cell] = self.cells[cell]
        self._leave(thing, self._layout.chunk_of[cell])
        thing.removed = True

    def move(self, thing: Thing, cell: int, direction: int) -> None:
        """Move a thing to the neighbouring cell in that direction, which is free."""
        old = thing.cell
        shown, at, chunk_of = self.shown, self.at, self._layout.chunk_of
        shown[old] = self.cells[old]
        shown[cell] = thing.code
        del at[old]
        at[cell] = thing
        if chunk_of[old] != chunk_of[cell]:
            self._leave(thing, chunk_of[old])
            self._enter(thing, chunk_of[cell])
        dx, dy = DIRECTIONS[direction]
        thing.cell = cell
        thing.x += dx
        thing.y += dy

    def _enter(self, thing: Thing, number: int) -> None:
        population = self.chunks.get(number) or self.chunk(number)
        if thing.code in CREATURES:
            population[thing.code - CREATURES[0]] += 1
            thing.arrival = self.arrivals
            self.arrivals += 1

    def chunk(self, number: int) -> list[int]:
        """Begin to keep a chunk in balance, by its number; return its population."""
        population = self.chunks[number] = [0] * len(CREATURES)
        return population

    def _leave(self, thing: Thing, number: int) -> None:
        if thing.code in CREATURES:
            self.chunks[number][thing.code - CREATURES[0]] -= 1

    def creatures(self, number: int, code: int) -> list[Thing]:
        """Those of a kind in a chunk, in the order in which they came into it."""
        chunk_of = self._layout.chunk_of
        here = [it for it in self.things if it.code == code and chunk_of[it.cell] == number]
        return sorted(here, key=attrgetter("arrival"))

    def __getstate__(self) -> dict[str, Any]:
        """What cannot be derived: the map of a copy has to be a view of its own."""
        state = {name: value for name, value in vars(self).items() if name not in _DERIVED}
        return state | {"cells": bytes(self.cells), "shown": bytes(self.shown)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._arrange(self.area, self.margin)
        self._lay(state["cells"], state["shown"])
        self.at = {thing.cell: thing for thing in self.things}

    def state(self) -> tuple[Any, ...]:
        """All that steps change, in values that nothing changes."""
        place = {thing: number for number, thing in enumerate(self.things)}
        return (
            self.daylight,
            self.arrivals,
            self.random.state(),
            bytes(self.cells),
            bytes(self.shown),
            tuple(map(tuple, self.counts)),
            tuple([(type(thing), thing.state()) for thing in self.things]),
            tuple([place[thing] for thing in self.active]),
            tuple([(number, *population) for number, population in self.chunks.items()]),
        )

    def set_state(self, state: tuple[Any, ...]) -> None:
        """Go back to what `state` gave; a thing that was in its place already stays the same."""
        self.daylight, self.arrivals, *changing = state
        random, cells, shown, counts, things, active, chunks = changing
        self.random.set_state(random)
        self._lay(cells, shown)
        self.counts = list(map(list, counts))
        here, self.things = self.things, []
        for place, (kind, values) in enumerate(things):
            if place < len(here) and type(here[place]) is kind:
                thing = here[place]
                if thing.state() != values:
                    thing.set_state(values)
            else:
                thing = kind.__new__(kind)
                thing.world = self
                thing.set_state(values)
            self.things.append(thing)
        self.active = [self.things[place] for place in active]
        self.at = {thing.cell: thing for thing in self.things}
        self.chunks = {number: population for number, *population in chunks}

    def find(self, number: int, material: int, index: int) -> int:
        """The cell of a chunk that is, column by column, the `index`-th (from 0) of a material."""
        for first, end in self._layout.columns[number]:
            here = self.cells.count(material, first, end)
            if index < here:
                break
            index -= here
        for _ in range(index + 1):
            first = self.cells.index(material, first) + 1
        return first - 1

    def semantic(self) -> np.ndarray[Any, np.dtype[np.uint8]]:
        """A new array of what each cell of the map shows, indexed [x, y]."""
        return self._map.copy()

    def materials(self) -> np.ndarray[Any, np.dtype[np.uint8]]:
        """A new array of the material of each cell of the map, indexed [x, y]."""
        m, (width, height) = self.margin, self.area
        cells = np.frombuffer(bytes(self.cells), np.uint8).reshape(-1, self.stride)
        return cells[m : m + width, m : m + height]
