"""A body that walks, climbs one block, swims, falls, and is stopped by cliffs and trees."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor

import numpy as np

from smartplay.games.minedojo.protocol import STEPS, STRETCH_TICKS, Stride, Walk
from smartplay.games.minedojo.voxel.fast import compiled_kernels
from smartplay.games.minedojo.voxel.world import (
    CLIMB_TICKS,
    DRAG,
    GRAVITY,
    SWIMMING,
    World,
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
        ticks = 0
        for dx, dz in ways:
            for _ in range(STRETCH_TICKS):
                ticks += 1
                self._tick(dx, dz)
                if self.biome() in self.goal:
                    return Walk(ticks, True)
        return Walk(ticks, False)

    def biome(self) -> int:
        """Number of the biome of the column the body is in."""
        return self._world.land(floor(self.x), floor(self.z))

    def _tick(self, dx: float, dz: float) -> None:
        swims = self._in_water(0.3)
        if self._rest:
            self._rest -= 1
        else:
            share = SWIMMING if swims else 1.0
            stood = None if swims else (self.x, self.y - 0.05, self.z)
            if dx:
                self._push(dx * share, 0.0, stood)
            if dz:
                self._push(0.0, dz * share, stood)
        if swims:
            self._float()
        else:
            self._drop()

    def _push(self, dx: float, dz: float, stood: tuple[float, float, float] | None) -> None:
        """Go there; or climb there, if the body swims or what it stood on before holds it."""
        x, z, free = self.x + dx, self.z + dz, self._world.free
        if free(x, self.y, z):
            self.x, self.z = x, z
        elif not stood or not free(*stood):
            above = floor(self.y) + 1.0
            if free(self.x, above, self.z) and free(x, above, z):
                self.x, self.y, self.z = x, above, z
                self._rest = CLIMB_TICKS

    def _in_water(self, height: float) -> bool:
        place = floor(self.x), floor(self.y + height), floor(self.z)
        return self._world.block(*place) == self._world.matter.water

    def _float(self) -> None:
        self._fall = 0.0
        if self._in_water(0.5) and self._world.free(self.x, self.y + 0.2, self.z):
            self.y += 0.2

    def _drop(self) -> None:
        fall = (self._fall + GRAVITY) * DRAG
        y = self.y - fall
        if self._world.free(self.x, y, self.z):
            self.y, self._fall = y, fall
        elif self._fall or self.y != floor(self.y):
            self.y, self._fall = float(floor(self.y)), 0.0


def _way(heading: int, stride: Stride) -> tuple[float, float]:
    """How far a stride leads in a tick, in x and in z."""
    (ahead_x, ahead_z), (right_x, right_z) = STEPS[heading], STEPS[(heading + 1) % 4]
    speed = SPRINTING if stride.sprint else WALKING
    side = speed * STRAFING * stride.strafe
    return ahead_x * speed + right_x * side, ahead_z * speed + right_z * side
