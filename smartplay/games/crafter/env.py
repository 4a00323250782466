"""The native Gymnasium environment of Crafter."""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from typing import Any

import numpy as np
from gymnasium import spaces

from smartplay.core.errors import UsageError, known_name
from smartplay.games.crafter.fast import compiled_kernels
from smartplay.games.crafter.outcome import Moment
from smartplay.games.crafter.record import PortableEngine
from smartplay.games.crafter.rules import ACTIONS, ITEM_MAX, ITEMS, NAMES
from smartplay.games.native import NativeEnv, checked_action, whole

AREA, VIEW = (64, 64), (9, 9)
"""The package's sizes, for which there are compiled kernels: they are compiled for each size."""

PACKAGE_SIZE = (64, 64)
"""The package's default picture, in pixels; the world's random numbers depend on it at night."""

ENGINES = ("smartplay", "crafter")
_SINGLE = Struct("f").pack  # an array of it is made in a third of the time
Observation = dict[str, Any]


class CrafterEnv(NativeEnv[Observation, np.int64]):
    """A procedural world to gather, craft and survive in.

    `reset(seed=s)` starts the world that `crafter.Env(seed=s)` starts on its first reset, and
    `reset()` after it the package's next ones. Actions index the package's `actions`. The reward is
    the package's: a tenth of the change in health, and 1 in a step that unlocks an achievement. The
    episode terminates when health is 0.

    The observation is numeric and cheap; the picture is `render`'s. It holds `view` (what each
    cell of the local view shows, indexed [x, y], by `rules.NAMES`), `inventory` (the amount of
    each of `rules.ITEMS`), `facing` (0 west, 1 east, 2 north, 3 south), `sleeping` (0 or 1) and
    `daylight` (0 to 1). `info` holds `inventory`, `achievements` (how often each was reached),
    `player_pos` ([x, y]) and `semantic` (the whole map as the package's `semantic`).

    Args:
        area: Width and height of the map in cells, or one number for both.
        view: Width and height of the picture in cells, or one number for both. The lower rows
            show the inventory; the rest is the local view.
        length: Step after which the episode is truncated; None for no limit of its own.
        size: Width and height of the rendered picture in pixels. It never changes the game.
        engine: `"smartplay"`, or `"crafter"` to play the package itself, equal and far slower.
        render_mode: `"rgb_array"` or None.

    Attributes:
        grid: Width and height of the local view in cells.
        now: What the player can know since the last reset or step.
        area: Width and height of the map.
        view: Width and height of the picture in cells.
        length: Step after which the episode is truncated, or None.
        reach: Things nearer to the player than this live; the others stand still.

    Raises:
        UsageError: If a size or length cannot be played with.
    """

    metadata = NativeEnv.metadata | {"render_fps": 10}
    PARTS = ("_playing",)
    KEPT = ("area", "grid", "now", "view", "_size")

    def __init__(
        self,
        area: Sequence[int] | int = AREA,
        view: Sequence[int] | int = VIEW,
        length: int | None = None,
        size: Sequence[int] | int = (576, 576),
        engine: str = "smartplay",
        render_mode: str | None = None,
    ) -> None:
        known_name("engine", engine, ENGINES)
        super().__init__(render_mode)
        self.view, self._size = checked_pair("view", view, 3), checked_pair("size", size, 1)
        self.area, self.reach = checked_pair("area", area, 3), 2 * max(self.view)
        most = min(PACKAGE_SIZE[0], self._size[0]), min(PACKAGE_SIZE[1], self._size[1])
        if self.view[0] > most[0] or self.view[1] > most[1]:
            raise UsageError(
                f"view {self.view} has more cells than its picture has pixels; at most {most}"
            )
        self.engine_name = engine
        playing = self._playing = _make_engine(engine, self.area, self.view)
        self.grid: tuple[int, int] = playing.grid
        if min(playing.grid) < 3:
            raise UsageError(
                f"view {self.view} leaves a local view of {playing.grid[0]} x {playing.grid[1]} "
                "cells; make it at least 3 x 3 above the inventory"
            )
        self.length = None if length is None else whole(length)
        if self.length is not None and self.length < 1:
            raise UsageError(
                f"length must be a whole number of at least 1, or None, not {length!r}"
            )
        self.action_space = spaces.Discrete(len(ACTIONS))
        self.observation_space = spaces.Dict(
            {
                "view": spaces.Box(0, len(NAMES) - 1, playing.grid, np.uint8),
                "inventory": spaces.Box(0, max(ITEM_MAX.values()), (len(ITEMS),), np.uint8),
                "facing": spaces.Discrete(4),
                "sleeping": spaces.Discrete(2),
                "daylight": spaces.Box(0, 1, (1,), np.float32),
            }
        )
        self._seed: int | None = None
        self._episode = 0
        self.now: Moment | None = None

    @property
    def game(self) -> Any:
        """The engine that plays, an `Engine` or `PackageEngine`.

        From the first time it is asked for, the game is played with these objects, also where
        compiled kernels would be faster: whoever has them may change them.
        """
        self._playing = self._playing.objects()
        return self._playing

    @property
    def daylight(self) -> float:
        """From 0 (night) to 1 (noon)."""
        return float(self._playing.daylight)

    @property
    def unlocked(self) -> list[str]:
        """The achievements reached at least once, in that order; a new list."""
        unlocked: list[str] = self._playing.unlocked
        return unlocked.copy()

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start a world: the first of `seed`, or without one the next of the seed before."""
        super().reset(seed=seed, options=options)
        if seed is not None:
            self._seed, self._episode = int(seed), 0
        elif self._seed is None:
            self._seed = int(self.np_random.integers(2**31 - 1))
        self._episode += 1
        self._playing.reset(self._seed, self._episode)
        return self._told()

    def step(self, action: int | np.int64) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Take an action."""
        game = self._playing
        reward = game.step(checked_action(action, len(ACTIONS)))
        over = self.length is not None and game.steps >= self.length
        observation, info = self._told()
        return observation, reward, game.health <= 0, over, info

    def picture(self) -> np.ndarray[Any, np.dtype[np.uint8]]:
        """The package's picture, of shape [height, width, 3]."""
        from smartplay.games.crafter.render import picture

        return picture(self._playing.scenery(), self.view, self._size)

    def thumbnail(self, side: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
        """The picture in cells that show each pixel of the textures alike, lit by such pixels."""
        from smartplay.games.crafter.render import TEXTURE, picture

        width, height = self.view
        grain = max(1, round(side / (max(width, height) * TEXTURE)))
        size = width * TEXTURE * grain, height * TEXTURE * grain
        return picture(self._playing.scenery(), self.view, size, grain)

    def _told(self) -> tuple[Observation, dict[str, Any]]:
        """The observation and the info of this moment."""
        game = self._playing
        now = self.now = game.moment()
        observation = {
            "view": np.ndarray(self.grid, np.uint8, now.view),
            "inventory": np.frombuffer(now.amounts, np.uint8),
            "facing": now.facing,
            "sleeping": int(now.sleeping),
            "daylight": np.frombuffer(_SINGLE(game.daylight), np.float32),
        }
        return observation, {
            "inventory": now.inventory.copy(),
            "achievements": now.achievements.copy(),
            "player_pos": list(now.position),
            "semantic": game.semantic(),
        }


def _make_engine(name: str, area: tuple[int, int], view: tuple[int, int]) -> Any:
    if name == "smartplay":
        engine = PortableEngine(area, view, PACKAGE_SIZE)
        if (area, view) != (AREA, VIEW) or not compiled_kernels():
            return engine
        from smartplay.games.crafter.single import CompiledEngine

        return CompiledEngine(engine)
    from smartplay.games.crafter.package import PackageEngine

    return PackageEngine(area, view, PACKAGE_SIZE)


def checked_pair(name: str, value: Sequence[int] | int, least: int) -> tuple[int, int]:
    """A size, given as one number for both sides or as two.

    Raises:
        UsageError: If it is not, or a side is less than `least`.
    """
    given: Any = value if np.iterable(value) else (value, value)
    pair = [whole(side) for side in given]
    if len(pair) != 2 or min(pair) < least:
        raise UsageError(f"{name} must be two whole numbers of at least {least}, not {value!r}")
    return pair[0], pair[1]
