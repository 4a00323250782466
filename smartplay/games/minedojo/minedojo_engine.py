"""Adapter for those who have MineDojo (Minecraft 1.11.2) running.

Written from MineDojo's documentation and sources, and tested against observations of their shape
only: it has not met the real thing. MineDojo chooses the start, so the distance to the goal is not
known and `nearest` and `farthest` have no effect; a start in the goal is drawn anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import floor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smartplay.core.errors import GameError, MissingPackageError
from smartplay.games.minedojo.protocol import (
    AROUND,
    STRETCH_TICKS,
    VIEW_COLUMNS,
    VIEW_RANGE,
    VIEW_ROWS,
    Creature,
    Ground,
    ServedEngine,
    Sight,
    Stride,
    Walk,
    view_angles,
)

HINT = (
    "the minedojo engine needs MineDojo with a running Minecraft 1.11.2 (Java 8); install it as "
    "https://docs.minedojo.org says, or take engine='voxel', which needs nothing"
)
TASKS = {
    "plains": 0,
    "forest": 1,
    "ocean": 2,
    "beach": 4,
    "taiga": 5,
    "ice spikes": 7,
    "jungle": 8,
    "desert": 9,
}
# Minecraft 1.11.2's biome numbers; hills, mutations and colder kinds count with their land.
BIOME_NUMBERS: dict[str, tuple[int, ...]] = {
    "plains": (1, 129),
    "forest": (4, 18, 27, 28, 29, 132, 155, 156, 157),
    "ocean": (0, 10, 24),
    "beach": (16, 25, 26),
    "taiga": (5, 19, 30, 31, 32, 33, 133, 158, 160, 161),
    "ice spikes": (140,),
    "jungle": (21, 22, 23, 149, 151),
    "desert": (2, 17, 130),
}
_YAW = (180.0, -90.0, 0.0, 90.0)  # of north, east, south, west
_BIN = 15.0  # degrees per unit of MineDojo's camera actions; 12 stands for none
_STILL, _FORWARD, _JUMP, _SPRINT = 12, 1, 1, 3
_NOTHING = ("air", "null", "")
_STARTS = 20

GOALS = {
    "plains": "Plains are flat grass land with tall grass and flowers and hardly a tree.",
    "forest": "A forest is thick with oak or birch trees on grass.",
    "ocean": "An ocean is wide, deep water over gravel, sand or clay. Rivers are not ocean.",
    "beach": "A beach is the strip of sand, gravel or stone along the sea.",
    "taiga": "A taiga is a cold land thick with spruce trees and ferns.",
    "ice spikes": "Ice spikes are snow blocks as the ground with tall spikes of packed ice.",
    "jungle": "A jungle is thick with tall trees hung with vines, with melons and parrots.",
    "desert": "A desert is sand with cactuses and dead bushes, without grass or trees.",
}
LORE = (
    "Lands of like climate lie side by side: snowy lands near cold ones, hot and dry lands near "
    "each other, beaches between land and sea.",
    "The surface of the sea is at y = 63.",
)


class MinedojoEngine(ServedEngine):
    """MineDojo; see `protocol.Engine` for its methods.

    Args:
        make: What builds a MineDojo environment; `minedojo.make` by default.

    Raises:
        MissingPackageError: If MineDojo is not installed.
    """

    name = "minedojo"
    goals = GOALS
    lore: Sequence[str] = LORE

    def __init__(self, make: Callable[..., Any] | None = None) -> None:
        self._make = make or _minedojo_make()
        self.block_names: list[str] = ["air"]
        self._env: Any = None
        self._observation: dict[str, Any] = {}
        self._goal: tuple[int, ...] = ()
        self._heading = 0

    def reset(self, seed: int, goal: str, nearest: float, farthest: float) -> None:
        """Start Minecraft on the world of the seed; MineDojo chooses the place."""
        self._goal = BIOME_NUMBERS[goal]
        for attempt in range(_STARTS):
            self.close()
            self._env = self._make(
                task_id=f"creative:{TASKS[goal]}",
                image_size=(160, 256),
                seed=seed + attempt,
                world_seed=str(seed + attempt),
                use_voxel=True,
                voxel_size={f"{axis}{end}": _end(end) for axis in "xyz" for end in ("min", "max")},
                use_lidar=True,
                lidar_rays=[(pitch, yaw, float(VIEW_RANGE)) for pitch, yaw in view_angles()],
            )
            self._observation = self._env.reset()
            self._turn(0)
            if not self._found():
                return
        raise GameError(f"MineDojo started in {goal} {_STARTS} times; try another seed")

    def _found(self) -> bool:
        return int(self._observation["location_stats"]["biome_id"]) in self._goal

    def _step(self, forward: int = 0, side: int = 0, extra: int = 0, yaw: int = _STILL) -> None:
        action = self._env.action_space.no_op()
        action[0], action[1], action[2], action[4] = forward, side, extra, yaw
        self._observation, _, done, _ = self._env.step(action)
        if done and not self._found():
            raise GameError("MineDojo ended the episode before the goal was found; reset it")

    def _turn(self, heading: int) -> None:
        self._heading = heading
        yaw = float(np.ravel(self._observation["location_stats"]["yaw"])[0])
        aside = (_YAW[heading] - yaw + 180.0) % 360.0 - 180.0
        self._step(yaw=round((aside + 180.0) / _BIN))

    def walk(self, heading: int, gait: Sequence[Stride]) -> Walk:
        """Turn, then walk; jump where something is in the way, and in water."""
        self._turn(heading)
        ticks, moved = 0, 1.0
        for sprint, strafe in gait:
            for _ in range(STRETCH_TICKS):
                before = np.array(self._position())
                up = moved < 0.05 or self._in_water()
                extra = _JUMP if up else _SPRINT if sprint else 0
                self._step(_FORWARD, {-1: 1, 0: 0, 1: 2}[strafe], extra)
                ticks += 1
                moved = float(np.abs(np.array(self._position()) - before)[[0, 2]].sum())
                if self._found():
                    return Walk(ticks, True)
        return Walk(ticks, False)

    def _position(self) -> tuple[float, float, float]:
        x, y, z = (float(value) for value in self._observation["location_stats"]["pos"])
        return x, y, z

    def _in_water(self) -> bool:
        return "water" in str(self._observation["voxels"]["block_name"][AROUND, AROUND, AROUND])

    def look(self) -> Sight:
        """Put MineDojo's observation into the game's form."""
        position, rays = self._position(), self._observation["rays"]
        here = np.array([floor(value) for value in position])
        traced = [np.floor(rays[f"traced_block_{axis}"]) for axis in "xyz"]
        offsets = np.stack(traced, axis=-1) - here
        block_far = _far(rays["block_name"], rays["block_distance"])
        entity_far = _far(rays["entity_name"], rays["entity_distance"])
        meets, creatures = self._creatures(rays["entity_name"], entity_far, block_far)
        hit = np.isfinite(block_far) & (meets < 0)
        view = np.where(hit, self._numbers(rays["block_name"]), 0).astype(np.uint16)
        offsets = np.where(hit[:, None], offsets, 0).astype(np.int16)
        shape = (VIEW_ROWS, VIEW_COLUMNS)
        return Sight(
            position=position,
            heading=self._heading,
            around=self._numbers(self._observation["voxels"]["block_name"]),
            view=view.reshape(shape),
            offsets=offsets.reshape(*shape, 3),
            meets=meets.reshape(shape),
            creatures=creatures,
        )

    def _creatures(
        self, names: NDArray[Any], far: NDArray[np.float64], block_far: NDArray[np.float64]
    ) -> tuple[NDArray[np.int16], list[Creature]]:
        """Entities by kind: rays do not tell two of a kind apart, so the nearest stands for all."""
        meets = np.full(len(names), -1, dtype=np.int16)
        seen = np.flatnonzero(far < block_far)
        creatures: list[Creature] = []
        for ray in seen[np.argsort(far[seen], kind="stable")].tolist():
            name = _plain(names[ray])
            known = [creature.name for creature in creatures]
            if name not in known:
                creatures.append(Creature(name, self._along(ray, float(far[ray]))))
                known.append(name)
            meets[ray] = known.index(name)
        return meets, creatures

    def _along(self, ray: int, distance: float) -> tuple[int, int, int]:
        """The block at a distance along a ray, from the body's."""
        pitch, yaw = view_angles()[ray]
        yaw += np.radians(_YAW[self._heading])
        x, y, z = self._position()
        flat = distance * np.cos(pitch)
        place = (
            x - flat * np.sin(yaw),
            y + 1.62 - distance * np.sin(pitch),
            z + flat * np.cos(yaw),
        )
        dx, dy, dz = (floor(a) - floor(b) for a, b in zip(place, (x, y, z), strict=True))
        return dx, dy, dz

    def _numbers(self, names: NDArray[Any]) -> NDArray[np.uint16]:
        kinds, which = np.unique(np.asarray(names, dtype=str), return_inverse=True)
        numbers = np.array([self._number(kind) for kind in kinds.tolist()], dtype=np.uint16)
        return numbers[which].reshape(np.shape(names))

    def _number(self, kind: str) -> int:
        name = "air" if kind in _NOTHING else _plain(kind)
        if name not in self.block_names:
            self.block_names.append(name)
        return self.block_names.index(name)

    def biome(self) -> str:
        """Name of the goal's land the body is in, else Minecraft's number of the biome."""
        number = int(self._observation["location_stats"]["biome_id"])
        names = [name for name, numbers in BIOME_NUMBERS.items() if number in numbers]
        return names[0] if names else f"biome {number}"

    def goal_distance(self) -> float | None:
        """Not known; 0 in the goal."""
        return 0.0 if self._found() else None

    def ground(self, radius: int) -> Ground | None:
        """Not to be had."""
        return None

    def _running(self) -> bool:
        return self._env is not None

    def close(self) -> None:
        """Close Minecraft."""
        if self._env is not None:
            self._env.close()
            self._env = None


def _minedojo_make() -> Callable[..., Any]:
    try:
        import minedojo  # type: ignore[import-not-found]
    except ImportError as error:
        raise MissingPackageError(HINT) from error
    make: Callable[..., Any] = minedojo.make
    return make


def _end(end: str) -> int:
    return -AROUND if end == "min" else AROUND


def _far(names: NDArray[Any], distances: NDArray[Any]) -> NDArray[np.float64]:
    """Distances, infinite where a ray met nothing."""
    nothing = np.isin(np.asarray(names, dtype=str), _NOTHING) | (np.asarray(distances) < 0)
    return np.where(nothing, np.inf, np.asarray(distances, dtype=np.float64))


def _plain(name: str) -> str:
    return str(name).replace("_", " ")
