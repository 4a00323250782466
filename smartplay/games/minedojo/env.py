"""Finding a biome: walk through a world of blocks until the land you look for is reached."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces

from smartplay.core.errors import UsageError
from smartplay.games.minedojo.engines import build_engine
from smartplay.games.minedojo.picture import RADIUS, draw_map
from smartplay.games.minedojo.protocol import (
    AROUND,
    HEADINGS,
    STRETCHES,
    VIEW_COLUMNS,
    VIEW_RANGE,
    VIEW_ROWS,
    Sight,
    Stride,
    Walk,
)
from smartplay.games.native import NativeEnv, checked_action, number

# How a stretch is walked: running half the time, drifting to each side a quarter of the time.
GAITS = tuple(Stride(sprint, strafe) for sprint in (False, True) for strafe in (-1, 0, 0, 1))
_WORLD_EDGE = 3.0e7


class MinedojoEnv(NativeEnv[Any, Any]):
    """Four actions: move north, east, south or west for up to 50 ticks of 1/20 s.

    A move turns the body and walks, running and drifting to a side at random. It ends early in the
    goal biome, which earns a reward of 1 and ends the episode; every other move earns 0. The
    observation holds what `protocol.Sight` describes, but for the creatures' names.

    Args:
        goal: The biome to find.
        engine: `"voxel"`, `"minetest"` or `"minedojo"`.
        nearest: The goal is at least this far from the start, in blocks.
        farthest: And at most this far.
        render_mode: `"rgb_array"` or None.

    Attributes:
        engine: The world; see `protocol.Engine`.
        engine_name: Its name.
        goal: The biome to find.
        sight: What the body sees now.
        last_walk: What came of the last move; None before the first.
        path: Position (x, y, z) at the start and after each move.
    """

    PARTS = ("engine",)
    KEPT = ("sight", "last_walk", "path")

    def __init__(
        self,
        goal: str = "plains",
        engine: str = "voxel",
        nearest: float = 200.0,
        farthest: float = 450.0,
        render_mode: str | None = None,
    ) -> None:
        near, far = number(nearest), number(farthest)
        if not 32 <= near < far <= 2000:
            raise UsageError(
                f"nearest and farthest must be distances with 32 <= nearest < farthest <= 2000, "
                f"not {nearest!r} and {farthest!r}"
            )
        super().__init__(render_mode)
        self.engine = build_engine(engine, goal)
        self.engine_name, self.goal = engine, goal
        self.nearest, self.farthest = nearest, farthest
        self.sight: Sight
        self.last_walk: Walk | None = None
        self.path: tuple[tuple[float, float, float], ...] = ()
        span, view = 2 * AROUND + 1, (VIEW_ROWS, VIEW_COLUMNS)
        self.action_space = spaces.Discrete(len(HEADINGS))
        self.observation_space = spaces.Dict(
            {
                "position": spaces.Box(-_WORLD_EDGE, _WORLD_EDGE, (3,), np.float64),
                "heading": spaces.Discrete(len(HEADINGS)),
                "around": spaces.Box(0, 65535, (span,) * 3, np.uint16),
                "view": spaces.Box(0, 65535, view, np.uint16),
                "offsets": spaces.Box(-2 * VIEW_RANGE, 2 * VIEW_RANGE, (*view, 3), np.int16),
                "meets": spaces.Box(-1, 999, view, np.int16),
            }
        )

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Start in a new world, at the stated distance from the goal."""
        super().reset(seed=seed, options=options)
        world = int(self.np_random.integers(2**31))
        self.engine.reset(world, self.goal, self.nearest, self.farthest)
        self.last_walk = None
        self.path = ()
        return self._observe(), {}

    def step(self, action: int) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """Move in a direction, by its index in `protocol.HEADINGS`."""
        heading = checked_action(action, len(HEADINGS))
        drawn = self.np_random.integers(len(GAITS), size=STRETCHES).tolist()
        self.last_walk = self.engine.walk(heading, [GAITS[number] for number in drawn])
        found = self.last_walk.found
        return self._observe(), float(found), found, False, {}

    def _observe(self) -> dict[str, Any]:
        self.sight = sight = self.engine.look()
        self.path = (*self.path, sight.position)
        return {
            "position": np.array(sight.position, dtype=np.float64),
            "heading": np.int64(sight.heading),
            "around": sight.around,
            "view": sight.view,
            "offsets": sight.offsets,
            "meets": sight.meets,
        }

    def picture(self) -> Any:
        """A map of the surroundings with the way walked, north at the top."""
        return draw_map(self.engine.ground(RADIUS), self.path, self.sight.heading, self.goal)

    def thumbnail(self, side: int) -> Any:
        """The map, drawn smaller."""
        ground = self.engine.ground(RADIUS)
        return draw_map(ground, self.path, self.sight.heading, self.goal, side)

    def close(self) -> None:
        """Free what the engine holds, such as a server."""
        self.engine.close()
