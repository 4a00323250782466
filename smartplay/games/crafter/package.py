"""The `crafter` package itself behind the interface of our engine.

Unpatched, the package's games differ from run to run: a chunk keeps its objects in a set, which
Python iterates in the order of memory addresses. Here the sets keep the order of insertion; that
is the canonical game. Only the environment built here is changed, never the package.
"""

from __future__ import annotations

import collections
import pickle
from collections.abc import Iterator
from typing import Any

import crafter
import numpy as np
from crafter import engine, objects

from smartplay.games.crafter.engine import Objects
from smartplay.games.crafter.rules import FLYING, MATERIALS, OBJECTS, RIPE_PLANT
from smartplay.games.crafter.world import DIRECTIONS


class OrderedSet:
    """The part of a set that chunks use, iterated in the order of insertion."""

    def __init__(self) -> None:
        self._members: dict[Any, None] = {}

    def add(self, member: Any) -> None:
        """Add a member at the end."""
        self._members[member] = None

    def remove(self, member: Any) -> None:
        """Remove a member."""
        del self._members[member]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)


class OrderedWorld(engine.World):  # type: ignore[misc]
    """The package's world with insertion-ordered chunks."""

    def reset(self, seed: int | None = None) -> None:
        """Empty the world."""
        super().reset(seed)
        self._chunks: Any = collections.defaultdict(OrderedSet)


class OrderedEnv(crafter.Env):  # type: ignore[misc]
    """The package's environment with insertion-ordered chunks.

    Attributes:
        before_picture: State of the world's random numbers before the last picture was drawn.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._world.__class__ = OrderedWorld

    def _obs(self) -> Any:
        self.before_picture = self._world.random.get_state()
        return super()._obs()


class PackagePlayer:
    """The package's player with the attributes of ours.

    Args:
        player: The package's player.
    """

    def __init__(self, player: objects.Player) -> None:
        self._player = player
        self.unlocked: list[str] = []

    @property
    def x(self) -> int:
        """Column on the map."""
        return int(self._player.pos[0])

    @property
    def y(self) -> int:
        """Row on the map."""
        return int(self._player.pos[1])

    @property
    def facing(self) -> int:
        """Index into `DIRECTIONS`."""
        dx, dy = self._player.facing
        return DIRECTIONS.index((int(dx), int(dy)))

    @property
    def sleeping(self) -> bool:
        """Whether the player is asleep."""
        return bool(self._player.sleeping)

    @property
    def health(self) -> int:
        """Hit points left."""
        return int(self._player.health)

    @property
    def inventory(self) -> dict[str, int]:
        """How many of each item."""
        inventory: dict[str, int] = self._player.inventory
        return inventory

    @property
    def achievements(self) -> dict[str, int]:
        """How often each achievement was reached."""
        achievements: dict[str, int] = self._player.achievements
        return achievements


class PackageEngine(Objects):
    """The package's game with the interface of `Engine`; see there for arguments and methods."""

    player: PackagePlayer

    def __init__(self, area: tuple[int, int], view: tuple[int, int], size: tuple[int, int]) -> None:
        self.env = OrderedEnv(area=area, view=view, size=size, length=None, seed=0)
        width, height = self.env._local_view._grid
        self.grid = int(width), int(height)
        self.unit = size[0] // view[0], size[1] // view[1]
        self.steps = 0

    @property
    def daylight(self) -> float:
        """From 0 (night) to 1 (noon)."""
        return float(self.env._world.daylight)

    def reset(self, seed: int, episode: int) -> None:
        """Start the episode of that number (from 1) of that seed."""
        self.env._seed, self.env._episode = seed, episode - 1
        self.env.reset()
        self.steps = 0
        self.player = PackagePlayer(self.env._player)

    def state(self) -> bytes:
        """All of it."""
        return pickle.dumps(vars(self))

    def set_state(self, state: bytes) -> None:
        """Go back to what `state` gave."""
        vars(self).update(pickle.loads(state))

    def step(self, action: int) -> float:
        """Take an action, by its index; return the reward."""
        _, reward, _, _ = self.env.step(action)
        self.steps += 1
        unlocked, achievements = self.player.unlocked, self.player.achievements
        unlocked += [name for name in achievements if achievements[name] and name not in unlocked]
        return float(reward)

    def look(self) -> bytes:
        """The codes in the local view, column by column; 0 outside the map."""
        return bytes(self._look(x, y) for x, y in self._cells())

    def front(self) -> int:
        """The code of what the player faces; 0 outside the map."""
        dx, dy = DIRECTIONS[self.player.facing]
        return self._look(self.player.x + dx, self.player.y + dy)

    def semantic(self) -> np.ndarray[Any, np.dtype[np.uint8]]:
        """What each cell of the map shows, indexed [x, y]; a new array."""
        return self.env._sem_view()  # type: ignore[no-any-return]

    def scene(self) -> tuple[bytes, list[tuple[int, int, str]]]:
        """What the package's picture shows: materials as in `look`, things with their textures."""
        materials, things = bytearray(), []
        for place, (x, y) in enumerate(self._cells()):
            material, thing = self.env._world[x, y]
            materials.append(MATERIALS.index(material or ""))
            if thing is not None:
                things.append((*divmod(place, self.grid[1]), thing.texture))
        return bytes(materials), things

    def night_noise(self) -> np.random.RandomState | None:
        """What the package's picture of this moment draws its noise from; None by day."""
        if self.daylight >= 0.5:
            return None
        noise = np.random.RandomState(0)
        noise.set_state(self.env.before_picture)
        return noise

    def _cells(self) -> list[tuple[int, int]]:
        (width, height), player = self.grid, self.player
        left, top = player.x - width // 2, player.y - height // 2
        return [(x, y) for x in range(left, left + width) for y in range(top, top + height)]

    def _look(self, x: int, y: int) -> int:
        material, thing = self.env._world[x, y]
        if isinstance(thing, objects.Plant) and thing.ripe:
            return RIPE_PLANT
        if isinstance(thing, objects.Arrow):
            dx, dy = thing.facing
            return FLYING + DIRECTIONS.index((int(dx), int(dy)))
        if thing is not None:
            return len(MATERIALS) + OBJECTS.index(type(thing).__name__.lower())
        return MATERIALS.index(material or "")
