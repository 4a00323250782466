"""The engine in compiled kernels, for a single environment of the size that nearly all play."""

from __future__ import annotations

from typing import Any

import numpy as np

from smartplay.games.crafter import compiled_single as kernels
from smartplay.games.crafter.compiled_single import TOLD
from smartplay.games.crafter.engine import daylight, episode_seed
from smartplay.games.crafter.outcome import Moment, middle_of
from smartplay.games.crafter.reading import BatchWorld
from smartplay.games.crafter.record import (
    PortableEngine,
    empty_worlds,
    fill,
    is_memory,
    memory_of,
    pack,
    revived,
    unpack,
)
from smartplay.games.crafter.room import room_for
from smartplay.games.crafter.rules import ACHIEVEMENTS, ITEMS


class CompiledEngine:
    """The same game as `Engine`, step by step, of which no objects can be had.

    Args:
        engine: An engine of the same sizes; it becomes the compiled one's.

    Attributes:
        grid: Width and height of the local view in cells.
        unit: Width and height of a cell of the package's picture in pixels.
        reach: Things nearer to the player than this live; the others stand still.
        steps: Steps since the reset; -1 before the first one.
        daylight: From 0 (night) to 1 (noon).
        unlocked: The achievements reached at least once, in that order.
        health: The player's hit points.
    """

    def __init__(self, engine: PortableEngine) -> None:
        self._engine = engine
        self.grid, self.unit, self.reach = engine.grid, engine.unit, engine.reach
        self._area = engine.world.area
        self._worlds = empty_worlds(1, engine)
        self._record = self._worlds[0]
        self._seen, self._goals = self._record["seen"], self._record["achievements"]
        margin, (wide, high) = int(self._record["margin"]), self._area
        self._map = self._record["shown"][margin : margin + wide, margin : margin + high]
        self._told = np.zeros(TOLD + len(ITEMS), np.uint8)
        self._middle = middle_of(self.grid)
        self.steps, self.daylight, self.health = -1, 0.0, 0
        self.unlocked: list[str] = []
        self._numbers = b""
        self._amounts, self._inventory = b"", dict.fromkeys(ITEMS, 0)
        self._achievements = dict.fromkeys(ACHIEVEMENTS, 0)

    def reset(self, seed: int, episode: int) -> None:
        """Start the episode of that number (from 1) of that seed."""
        kernels.begin(self._worlds, room_for(self._area), episode_seed(seed, episode))
        self._read()

    def step(self, action: int) -> float:
        """Take an action, by its index; return the reward."""
        self.steps += 1
        self.daylight = light = daylight(self.steps)
        reward: float = kernels.play(self._worlds, action, light, self._told)
        numbers = self._numbers = self._told.tobytes()
        self.health = numbers[TOLD]
        if numbers[4]:
            self._read_achievements()
        return reward

    def moment(self) -> Moment:
        """What the player can know now."""
        numbers = self._numbers
        amounts = numbers[TOLD:]
        if amounts != self._amounts:
            self._amounts = amounts
            self._inventory = dict(zip(ITEMS, amounts, strict=True))
        return Moment(
            self._seen.tobytes(),
            self._middle,
            self.grid[1],
            (numbers[0], numbers[1]),
            numbers[2],
            numbers[3] == 1,
            self._inventory,
            amounts,
            self._achievements,
        )

    def semantic(self) -> np.ndarray[Any, np.dtype[np.uint8]]:
        """What each cell of the map shows, indexed [x, y]; a new array."""
        shown: np.ndarray[Any, np.dtype[np.uint8]] = self._map.copy()
        if self._numbers[6]:
            kernels.simplify(self._worlds, shown)
        return shown

    def _read(self) -> None:
        """Learn again what is remembered of the record."""
        self.steps = int(self._record["steps"])
        self.daylight = daylight(self.steps)
        kernels.tell(self._worlds, self._told)
        self._numbers = self._told.tobytes()
        self.health = self._numbers[TOLD]
        self._read_achievements()

    def _read_achievements(self) -> None:
        self._achievements = dict(zip(ACHIEVEMENTS, self._goals.tolist(), strict=True))
        known = self._record["unlocked"][: self._numbers[5]].tolist()
        self.unlocked = [ACHIEVEMENTS[goal] for goal in known]

    def objects(self) -> PortableEngine:
        """An engine of objects at this moment; the same one each time."""
        if self.steps >= 0:
            unpack(self._record, self._engine)
        return self._engine

    def scenery(self) -> BatchWorld:
        """What a picture is drawn from."""
        return BatchWorld(self._record, self.unit)

    def state(self) -> tuple[bytes, bytes]:
        """All that steps change, in values that nothing changes."""
        return memory_of(self._worlds)

    def set_state(self, state: tuple[Any, ...]) -> None:
        """Go back to what `state` gave, or that of an `Engine`."""
        if is_memory(state):
            fill(self._worlds, state)
        else:
            self._engine.set_state(state)
            pack(self._engine, self._record)
        self._read()

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy may go where there is no numba."""
        return revived, (self._engine, self.state() if self.steps >= 0 else None)
