"""The embedded engine: an endless world out of a seed, in NumPy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from smartplay.games.minedojo.voxel import lore
from smartplay.games.minedojo.voxel.animals import Animal, animals
from smartplay.games.minedojo.voxel.blocks import COLOURS, NAMES, SOLID, STONE, WATER
from smartplay.games.minedojo.voxel.lands import BIOMES
from smartplay.games.minedojo.voxel.start import find_start, goal_numbers
from smartplay.games.minedojo.voxel.terrain import Terrain
from smartplay.games.minedojo.voxel.walking import Area, WalkingEngine
from smartplay.games.minedojo.voxel.world import Matter, World

MATTER = Matter(SOLID, WATER, STONE, COLOURS)


class VoxelEngine(WalkingEngine):
    """The embedded engine; see `protocol.Engine` for its methods."""

    name = "voxel"
    block_names: Sequence[str] = NAMES
    goals = lore.GOALS
    lore: Sequence[str] = lore.LORE

    def __init__(self) -> None:
        super().__init__()
        self._number = 0
        self._drawn_from: tuple[int, str, float, float] | None = None

    def reset(self, seed: int, goal: str, nearest: float, farthest: float) -> None:
        """Put the body at a start drawn from the seed."""
        self._drawn_from = seed, goal, nearest, farthest
        start = find_start(seed, goal, nearest, farthest)
        self._number = start.world
        world = World(Terrain(start.world), MATTER)
        numbers = frozenset(goal_numbers(goal).tolist())
        self._begin(world, BIOMES, start.goals, (start.x, start.z), numbers)

    def state(self) -> tuple[Any, ...]:
        """Where the body is, and what the world is made from; blocks can be made again."""
        return self._drawn_from, self._drawn_from and self._posture()

    def set_state(self, state: tuple[Any, ...]) -> None:
        """Go back to what `state` gave."""
        drawn_from, posture = state
        if drawn_from != self._drawn_from:
            self.reset(*drawn_from)
        if drawn_from:
            self._take(posture)

    def __getstate__(self) -> tuple[Any, ...]:
        return self.state()

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        VoxelEngine.__init__(self)
        self.set_state(state)

    def _creatures(self, area: Area) -> Iterable[Animal]:
        return animals(self._world, self._number, self._steps, *area)
