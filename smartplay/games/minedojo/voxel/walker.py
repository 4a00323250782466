"""A body that walks, climbs one block, swims, falls, and is stopped by cliffs and trees."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import floor

import numpy as np

from smartplay.games.minedojo.protocol import STEPS, STRETCH_TICKS, Stride, Walk
from smartplay.games.minedojo.voxel.fast import compiled_kernels
from smartplay.games.minedojo.voxel.region import FLOOR
from smartplay.games.minedojo.voxel.world import (
    CLIMB_TICKS,
    DRAG,
    GRAVITY,
    SWIMMING,
    THREE_HIGH,
    TWO_HIGH,
    World,
    columns_under,
    fits,
)

# Blocks per tick, as in Minecraft: 4.3 blocks a second walking, 5.6 sprinting.
WALKING, SPRINTING = 0.216, 0.28
STRAFING = 0.5  # of the speed ahead


class Walker:
    """The body.

    Args:
        world: Where it is.
        x: Middle of the body.
        y: Height of its feet.
        z: Middle of the body.
        goal: Numbers of the biomes that are the goal.
    """

    def __init__(self, world: World, x: float, y: float, z: float, goal: frozenset[int]) -> None:
        self._world = world
        self.x, self.y, self.z = x, y, z
        self._fall = 0.0
        self._rest = 0
        self._stops = 0  # as `World.stops` tells of where it is; known while it walks in Python
        self.goal = goal
        self._goals = np.zeros(256, dtype=np.bool_)
        self._goals[list(goal)] = True

    def posture(self) -> tuple[float, float, float, float, int]:
        """All that walking changes."""
        return self.x, self.y, self.z, self._fall, self._rest

    def take(self, posture: tuple[float, float, float, float, int]) -> None:
        """Stand as `posture` told."""
        self.x, self.y, self.z, self._fall, self._rest = posture

    def walk(self, heading: int, gait: Sequence[Stride]) -> Walk:
        """Walk the gait's stretches; stop on reaching the goal."""
        ways = [_way(heading, stride) for stride in gait]
        kernels = compiled_kernels()
        if kernels:
            world = self._world
            ticks, found, posture = kernels.walk(
                world.blocks, world.biome, world.matter.stops, world.matter.water, self._goals,
                np.array(ways), STRETCH_TICKS, self.posture(),
            )  # fmt: skip
            self.take(posture)
            return Walk(ticks, found)
        self._stops = self._world.stops(self.x, self.z)
        ticks = 0
        for number, (dx, dz) in enumerate(ways, 1):
            while ticks < number * STRETCH_TICKS:
                ticks += self._stroll(dx, dz, number * STRETCH_TICKS - ticks)
                if ticks < number * STRETCH_TICKS:
                    ticks += 1
                    before = self.posture()
                    self._tick(dx, dz)
                    if self.biome() in self.goal:
                        return Walk(ticks, True)
                    if self.posture() == before:  # nor will it get on in the ticks to come
                        ticks = number * STRETCH_TICKS
        return Walk(ticks, False)

    def biome(self) -> int:
        """Number of the biome of the column the body is in."""
        return self._world.land(floor(self.x), floor(self.z))

    def _stroll(self, dx: float, dz: float, most: int) -> int:
        """Go on while nothing happens but that; return for how many ticks.

        That is over firm and dry ground of one height, or at the surface of water, outside of the
        goal, as most ways lead; or it is the rest after a climb.
        """
        bottom, swims = floor(self.y), self._in_water(0.3)
        steady = not self._in_water(0.5) if swims else self.y == bottom
        if not steady or self._fall or bottom <= FLOOR or self.biome() in self.goal:
            return 0
        feet = 8 * (bottom - FLOOR)
        if swims:  # at the surface its feet are in the middle of a block
            dx, dz, body, ground = dx * SWIMMING, dz * SWIMMING, THREE_HIGH << feet, 0
        else:
            body, ground = TWO_HIGH << feet, 1 << feet - 8
        world, stops, around = self._world, self._stops, body | ground
        if stops & around != ground:
            return 0
        if self._rest:
            ticks = min(self._rest, most)
            self._rest -= ticks
            return ticks
        x, z = self.x, self.z
        column, touched = (floor(x), floor(z)), columns_under(x, z)
        ticks = 0
        while ticks < most:
            to_x, to_z = x + dx, z + dz
            columns = columns_under(to_x, to_z)
            if columns != touched:
                west, north, east, south = columns
                there = world.stops_in(west, north, east, south)
                if there & around != ground:
                    break
                bends = dx and touched[1::2] != (north, south)  # it goes to the east or west first
                if bends and world.stops_in(west, touched[1], east, touched[3]) & body:
                    break
                touched, stops = columns, there
            middle = floor(to_x), floor(to_z)
            if middle != column and not self._leads_on(*middle, swims):
                break
            x, z, column = to_x, to_z, middle
            ticks += 1
        self.x, self.z, self._stops = x, z, stops
        return ticks

    def _leads_on(self, x: int, z: int, swims: bool) -> bool:
        """Whether a column is not the goal, and as wet or dry as the one the body is in."""
        world, water = self._world, self._world.matter.water
        wet = world.block(x, floor(self.y + 0.3), z) == water
        if wet != swims or world.land(x, z) in self.goal:
            return False
        return not swims or world.block(x, floor(self.y + 0.5), z) != water

    def _tick(self, dx: float, dz: float) -> None:
        swims = self._in_water(0.3)
        if self._rest:
            self._rest -= 1
        else:
            share = SWIMMING if swims else 1.0
            stands = swims or not fits(self._stops, self.y - 0.05)
            if dx:
                self._push(dx * share, 0.0, stands)
            if dz:
                self._push(0.0, dz * share, stands)
        if swims:
            self._float()
        else:
            self._drop()

    def _push(self, dx: float, dz: float, stands: bool) -> None:
        """Go there; or climb there, if the body swims or what it stood on before holds it."""
        x, y, z = self.x + dx, self.y, self.z + dz
        stops = self._world.stops(x, z)
        if not fits(stops, y):
            y = floor(y) + 1.0
            if not stands or not fits(self._stops, y) or not fits(stops, y):
                return
            self._rest = CLIMB_TICKS
        self.x, self.y, self.z, self._stops = x, y, z, stops

    def _in_water(self, height: float) -> bool:
        place = floor(self.x), floor(self.y + height), floor(self.z)
        return self._world.block(*place) == self._world.matter.water

    def _float(self) -> None:
        self._fall = 0.0
        if self._in_water(0.5) and fits(self._stops, self.y + 0.2):
            self.y += 0.2

    def _drop(self) -> None:
        fall = (self._fall + GRAVITY) * DRAG
        y = self.y - fall
        if fits(self._stops, y):
            self.y, self._fall = y, fall
        elif self._fall or self.y != floor(self.y):
            self.y, self._fall = float(floor(self.y)), 0.0


@lru_cache(maxsize=len(STEPS) * 6)
def _way(heading: int, stride: Stride) -> tuple[float, float]:
    """How far a stride leads in a tick, in x and in z."""
    (ahead_x, ahead_z), (right_x, right_z) = STEPS[heading], STEPS[(heading + 1) % 4]
    speed = SPRINTING if stride.sprint else WALKING
    side = speed * STRAFING * stride.strafe
    return ahead_x * speed + right_x * side, ahead_z * speed + right_z * side
