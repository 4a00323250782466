"""A world's record with the interface of the engine, as far as it can be read."""

from __future__ import annotations

from typing import Any

import numpy as np

from smartplay.games.crafter.engine import daylight
from smartplay.games.crafter.outcome import Moment, middle_of
from smartplay.games.crafter.rules import (
    ACHIEVEMENTS,
    ARROW,
    FLYING,
    ITEMS,
    NAMES,
    PLANT,
    PLAYER,
    RIPE_PLANT,
)
from smartplay.games.crafter.world import SIDES

Array = np.ndarray[Any, np.dtype[Any]]

TEXTURES = (*NAMES[: PLANT + 1], "plant-ripe", *(f"arrow-{side}" for side in SIDES))
"""The name of the picture of everything a view can show, by code."""

BASE = np.arange(len(NAMES), dtype=np.uint8)
BASE[RIPE_PLANT], BASE[FLYING:] = PLANT, ARROW
"""What the package's semantic map shows for what a view can show, by code."""


class BatchPlayer:
    """The player of a world of a batch, with the attributes of `Player` that can be read.

    Args:
        world: The world's record.
    """

    def __init__(self, world: Any) -> None:
        self._world = world

    @property
    def x(self) -> int:
        """Column on the map."""
        return int(self._world["x"] - self._world["margin"])

    @property
    def y(self) -> int:
        """Row on the map."""
        return int(self._world["y"] - self._world["margin"])

    @property
    def facing(self) -> int:
        """Index into `DIRECTIONS`."""
        return int(self._world["facing"])

    @property
    def sleeping(self) -> bool:
        """Whether the player is asleep."""
        return bool(self._world["sleeping"])

    @property
    def health(self) -> int:
        """Hit points left."""
        return int(self._world["inventory"][0])

    @property
    def inventory(self) -> dict[str, int]:
        """How many of each item."""
        return dict(zip(ITEMS, self._world["inventory"].tolist(), strict=True))

    @property
    def achievements(self) -> dict[str, int]:
        """How often each achievement was reached."""
        return dict(zip(ACHIEVEMENTS, self._world["achievements"].tolist(), strict=True))

    @property
    def unlocked(self) -> list[str]:
        """The achievements reached at least once, in that order."""
        world = self._world
        return [ACHIEVEMENTS[goal] for goal in world["unlocked"][: world["unlocked_count"]]]


class BatchWorld:
    """A world of a batch, with the interface of `Engine` as far as it can be read.

    Args:
        world: The world's record.
        unit: Width and height of a cell of the package's picture in pixels.
    """

    def __init__(self, world: Any, unit: tuple[int, int]) -> None:
        self._world = world
        self.unit = unit
        self.grid: tuple[int, int] = world["seen"].shape
        self.player = BatchPlayer(world)

    @property
    def steps(self) -> int:
        """Steps since the reset."""
        return int(self._world["steps"])

    @property
    def daylight(self) -> float:
        """From 0 (night) to 1 (noon)."""
        return daylight(self.steps)

    def look(self) -> bytes:
        """The codes in the local view, column by column; 0 outside the map."""
        codes: bytes = self._world["seen"].tobytes()
        return codes

    def semantic(self) -> Array:
        """What each cell of the map shows, indexed [x, y]; a new array."""
        margin = self._world["margin"]
        codes: Array = BASE[self._world["shown"][margin:-margin, margin:-margin]]
        return codes

    def scene(self) -> tuple[bytes, list[tuple[int, int, str]]]:
        """What the package's picture shows: materials as in `look`, things with their textures."""
        world, (width, height), player = self._world, self.grid, self.player
        left, top = world["x"] - width // 2, world["y"] - height // 2
        side = "sleep" if player.sleeping else SIDES[player.facing]
        things = [
            (x, y, f"player-{side}" if code == PLAYER else TEXTURES[code])
            for (x, y), code in np.ndenumerate(world["seen"])
            if code >= PLAYER
        ]
        return world["materials"][left : left + width, top : top + height].tobytes(), things

    def night_noise(self) -> np.random.RandomState | None:
        """What the package's picture of this moment draws its noise from; None by day."""
        if not self._world["noise_due"]:
            return None
        twin = np.random.RandomState(0)
        *key, position = self._world["words"].tolist()
        twin.set_state(("MT19937", key, position, 0, 0.0))
        return twin

    def moments(self) -> tuple[Moment | None, Moment]:
        """The moment before the last step, None at the beginning, and this one."""
        now = self._moment("")
        return (None if self._world["action"] < 0 else self._moment("was_")), now

    def _moment(self, when: str) -> Moment:
        world, margin = self._world, int(self._world["margin"])
        return Moment(
            world[f"{when}seen"].tobytes(),
            middle_of(self.grid),
            self.grid[1],
            (int(world[f"{when}x"]) - margin, int(world[f"{when}y"]) - margin),
            int(world[f"{when}facing"]),
            bool(world[f"{when}sleeping"]),
            dict(zip(ITEMS, world[f"{when}inventory"].tolist(), strict=True)),
            bytes(world[f"{when}inventory"].tolist()),
            dict(zip(ACHIEVEMENTS, world[f"{when}achievements"].tolist(), strict=True)),
        )
