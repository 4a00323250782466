"""An engine's body and eyes, whatever its world's blocks come from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from math import floor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smartplay.games.minedojo.protocol import (
    AROUND,
    EYES,
    STEPS,
    VIEW_COLUMNS,
    VIEW_RANGE,
    VIEW_ROWS,
    Creature,
    Ground,
    Sight,
    Stride,
    Walk,
)
from smartplay.games.minedojo.voxel.animals import Animal
from smartplay.games.minedojo.voxel.sight import boxed, cast
from smartplay.games.minedojo.voxel.start import distance_to
from smartplay.games.minedojo.voxel.walker import Walker
from smartplay.games.minedojo.voxel.world import World

_WALK_AHEAD, _WALK_ASIDE = 16, 9  # blocks a single action can lead, at most
_SIGHT_ASIDE = 36  # half the width of the view at its far end

Area = tuple[int, int, int, int]  # west, north, east, south


class WalkingEngine:
    """Walks and looks; a subclass makes the world and says what lives there."""

    def __init__(self) -> None:
        self._world: World
        self._body: Walker
        self._biomes: Sequence[str] = ()
        self._known: NDArray[np.float64] = np.zeros((0, 2))
        self._heading = 0
        self._steps = 0

    def _begin(
        self,
        world: World,
        biomes: Sequence[str],
        known: NDArray[np.float64],
        place: tuple[int, int],
        goal: frozenset[int],
    ) -> None:
        """Put the body on the ground at the free column nearest to a place.

        Args:
            world: Where.
            biomes: Name of each biome number.
            known: Places (x, z) known to be the goal, shape `(n, 2)`.
            place: Column (x, z) of the start.
            goal: Numbers of the biomes that are the goal.
        """
        self._world, self._biomes, self._known = world, biomes, known
        self._heading = self._steps = 0
        x, z = place
        # What it sees first, too: land costs less at once than piece by piece.
        world.need(x - _SIGHT_ASIDE, z - VIEW_RANGE, x + _SIGHT_ASIDE, z + 8)
        span = range(-7, 8)
        columns = [(x + dx, z + dz) for dx in span for dz in span]
        columns.sort(key=lambda column: abs(column[0] - x) + abs(column[1] - z))
        for column_x, column_z in columns:
            y = world.ground(column_x, column_z) + 1.0
            if world.free(column_x + 0.5, y, column_z + 0.5):
                self._body = Walker(world, column_x + 0.5, y, column_z + 0.5, goal)
                return
        self._body = Walker(world, x + 0.5, float(world.top(x, z) + 1), z + 0.5, goal)

    def _posture(self) -> tuple[Any, ...]:
        """How the body stands."""
        return self._heading, self._steps, self._body.posture()

    def _take(self, posture: tuple[Any, ...]) -> None:
        """Bring the body back to how it stood."""
        self._heading, self._steps, body = posture
        self._body.take(body)

    def _creatures(self, area: Area) -> Iterable[Animal]:
        """The creatures in a rectangle of columns."""
        return ()

    def walk(self, heading: int, gait: Sequence[Stride]) -> Walk:
        """Turn and walk."""
        self._heading = heading
        self._steps += 1
        self._world.need(*self._stretch(_WALK_AHEAD, _WALK_ASIDE, 1))
        return self._body.walk(heading, gait)

    def _stretch(self, ahead: int, aside: int, behind: int) -> Area:
        """The rectangle (west, north, east, south) before the body, `aside` to either hand."""
        x, z = floor(self._body.x), floor(self._body.z)
        west, north, east, south = _reach(self._heading, ahead, aside, behind)
        return x + west, z + north, x + east, z + south

    def look(self) -> Sight:
        """Cast the rays and gather the neighbourhood."""
        body, world = self._body, self._world
        stretch = self._stretch(VIEW_RANGE, _SIGHT_ASIDE, AROUND)
        world.need(*stretch)
        x, y, z = floor(body.x), floor(body.y), floor(body.z)
        hits = cast(world, x, y + EYES, z, self._heading)
        numbers, limit = hits.numbers.astype(np.uint16), hits.distances
        meets = np.empty(len(numbers), dtype=np.int16)
        meets.fill(-1)
        creatures: list[Creature] = []
        for animal in self._nearby(stretch):
            dx, dy, dz = animal.x - x, animal.y - y, animal.z - z
            met = boxed(self._heading, (dx, dy - EYES, dz), limit)
            if met is not None:
                meets[met] = len(creatures)
                creatures.append(Creature(animal.name, (dx, dy, dz)))
                numbers[met], limit[met] = 0, 0.0
        hits.offsets[:, 1] += EYES
        shape = (VIEW_ROWS, VIEW_COLUMNS)
        return Sight(
            position=(body.x, body.y, body.z),
            heading=self._heading,
            around=world.box(x, y, z, AROUND).astype(np.uint16),
            view=numbers.reshape(shape),
            offsets=hits.offsets.reshape(*shape, 3),
            meets=meets.reshape(shape),
            creatures=creatures,
        )

    def _nearby(self, area: Area) -> list[Animal]:
        x, z = self._body.x, self._body.z
        return sorted(self._creatures(area), key=lambda a: (a.x - x) ** 2 + (a.z - z) ** 2)

    def biome(self) -> str:
        """Name of the biome the body is in."""
        self._stand()
        return self._biomes[self._body.biome()]

    def goal_distance(self) -> float | None:
        """Blocks to the nearest goal of the survey made at the start; 0 in the goal."""
        self._stand()
        if self._body.biome() in self._body.goal:
            return 0.0
        if not len(self._known):
            return None
        return distance_to(self._known, self._body.x, self._body.z)

    def _stand(self) -> None:
        """Make the land under the body, which a copy has not made yet."""
        x, z = self._body.x, self._body.z
        self._world.need(x, z, x, z)

    def nearest_goal(self) -> tuple[float, float]:
        """Return x and z of the nearest place surveyed that is the goal; for tests and analysis."""
        goals = self._known
        squares = (goals[:, 0] - self._body.x) ** 2 + (goals[:, 1] - self._body.z) ** 2
        x, z = goals[int(squares.argmin())].tolist()
        return x, z

    def ground(self, radius: int) -> Ground:
        """The surface about the body, seen from above."""
        x, z = floor(self._body.x), floor(self._body.z)
        area = x - radius, z - radius, x + radius, z + radius
        self._world.need(*area)
        tops, heights = self._world.from_above(x, z, radius)
        there = self._creatures(area)
        return Ground(
            self._world.matter.colours[tops], heights, [(a.x - x, a.z - z) for a in there]
        )

    def close(self) -> None:
        """Nothing is held that would have to be freed."""


@lru_cache(maxsize=8)
def _reach(heading: int, ahead: int, aside: int, behind: int) -> Area:
    """The rectangle before a body at the origin."""
    dx, dz = STEPS[heading]
    across, along = abs(dz) * aside, abs(dx) * aside
    west, east = sorted((-dx * behind, dx * ahead))
    north, south = sorted((-dz * behind, dz * ahead))
    return west - across, north - along, east + across, south + along
