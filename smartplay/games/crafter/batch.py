"""Many worlds of Crafter at once, played by compiled kernels: for training.

It takes numba, the extra `fast`. Every world is the `crafter` package's, bit for bit, as those of
`engine` are; `python -m tests.crafter_batch_proof` shows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from smartplay.core.errors import MissingPackageError, UsageError
from smartplay.games.crafter.engine import daylight, episode_seed
from smartplay.games.crafter.env import CrafterEnv, checked_pair
from smartplay.games.crafter.fast import compiled_kernels
from smartplay.games.crafter.outcome import Moment
from smartplay.games.crafter.record import empty_worlds
from smartplay.games.crafter.rules import (
    ACHIEVEMENTS,
    ACTIONS,
    ARROW,
    FLYING,
    ITEMS,
    NAMES,
    PLANT,
    PLAYER,
    RIPE_PLANT,
)
from smartplay.games.crafter.text import moment_text, view_text
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
        world, margin, (width, height) = self._world, int(self._world["margin"]), self.grid
        return Moment(
            world[f"{when}seen"].tobytes(),
            width // 2 * height + height // 2,
            height,
            (int(world[f"{when}x"]) - margin, int(world[f"{when}y"]) - margin),
            int(world[f"{when}facing"]),
            bool(world[f"{when}sleeping"]),
            dict(zip(ITEMS, world[f"{when}inventory"].tolist(), strict=True)),
            bytes(world[f"{when}inventory"].tolist()),
            dict(zip(ACHIEVEMENTS, world[f"{when}achievements"].tolist(), strict=True)),
        )


class CrafterBatch:
    """Many worlds of Crafter, played on one core by compiled kernels.

    Every world is that of a `CrafterEnv` of the same settings: the same observations, rewards and
    ends, bit for bit, at a fraction of the cost. Its text and picture are made when asked for.

    ```python
    batch = CrafterBatch(256)
    observations = batch.reset(seed=0)
    while training:
        actions = policy(observations["view"], observations["inventory"])
        observations, rewards, terminations, truncations = batch.step(actions)
    ```

    Where an episode ends, the next step ignores the action and begins the next episode: reward 0,
    no end (Gymnasium's `AutoresetMode.NEXT_STEP`). Until then all is still there to see and read.
    The episodes of a world are those that `CrafterEnv.reset()` begins one after the other.

    Observations are a dict of new arrays, the first axis of which is the world: `view` (uint8,
    [worlds, columns, rows], what each cell of the local view shows by `rules.NAMES`), `inventory`
    (uint8, [worlds, items]), `facing` (int64), `sleeping` (int64) and `daylight` (float32,
    [worlds, 1]), as `CrafterEnv` describes them.

    Copies and pickles go on in the same way. `worlds` holds all there is to a world as one record
    of a structured array: `worlds[i].copy()` keeps a moment, `worlds[i] = kept` goes back to it.

    Args:
        num_envs: How many worlds.
        area: Width and height of the map in cells. For each size the kernels are compiled once,
            in about a minute; numba keeps them on disk.
        view: Width and height of the picture in cells, the inventory's rows included.
        length: Step after which an episode is truncated; None for never.

    Attributes:
        worlds: The worlds, of `record.world_type`.
        num_envs: How many there are.

    Raises:
        MissingPackageError: Without numba.
        UsageError: If a number or size cannot be played with.
    """

    def __init__(
        self,
        num_envs: int,
        area: Sequence[int] | int = (64, 64),
        view: Sequence[int] | int = (9, 9),
        length: int | None = None,
    ) -> None:
        if compiled_kernels() is None:
            raise MissingPackageError("CrafterBatch needs numba; pip install smartplay[fast]")
        if num_envs < 1:
            raise UsageError(f"a batch of {num_envs} worlds cannot be played; make at least 1")
        from smartplay.games.crafter import compiled_worldgen

        self._kernels = compiled_worldgen
        shape = CrafterEnv(area, view, length)
        self.num_envs, self._view, self._length = num_envs, shape.view, length
        self._unit = shape.game.unit
        self.worlds = empty_worlds(num_envs, shape.game)
        self._room = compiled_worldgen.room_for(shape.area)
        self._lights = np.array([daylight(step) for step in range(1024)])
        self._running = False

    def reset(self, seed: int | Sequence[int] | None = None) -> dict[str, Array]:
        """Begin an episode in every world.

        Args:
            seed: A seed for each world, or one: then world i has `seed` + i. None for the next
                episode of the seeds before.

        Returns:
            The observations.

        Raises:
            UsageError: If there are too many or too few seeds, or negative ones.
        """
        worlds = self.worlds
        if seed is None and not self._running:
            seed = int(np.random.default_rng().integers(2**31))
        if seed is not None:
            given: Any = seed
            if np.ndim(given) == 0:
                given = range(given, given + self.num_envs)
            seeds = [int(each) for each in given]
            if len(seeds) != self.num_envs or min(seeds) < 0:
                raise UsageError(
                    f"{len(seeds)} seeds from {min(seeds)} on do not fit {self.num_envs} worlds; "
                    "give a seed of at least 0 for each, or one"
                )
            worlds["seed"], worlds["episode"] = seeds, 0
            worlds["next_seed"] = [episode_seed(each, 1) for each in seeds]
        everywhere = np.ones(self.num_envs, np.bool_)
        self._kernels.generate_all(worlds, self._room, everywhere)
        self._begun(everywhere)
        worlds["over"] = False
        self._running = True
        return self._observe()

    def step(self, actions: Any) -> tuple[dict[str, Array], Array, Array, Array]:
        """Take an action in every world.

        Args:
            actions: Their indices in `rules.ACTIONS`, shape [worlds].

        Returns:
            The observations; the rewards (float64), terminations (bool) and truncations (bool),
            each of shape [worlds].

        Raises:
            UsageError: If these are no such actions, or before the first reset.
        """
        actions = np.asarray(actions)
        if actions.shape != (self.num_envs,) or actions.dtype.kind not in "iu":
            raise UsageError(f"a step takes {self.num_envs} integers, one action for each world")
        if not 0 <= actions.min() <= actions.max() < len(ACTIONS):
            raise UsageError(f"an action is an integer from 0 to {len(ACTIONS) - 1}")
        if not self._running:
            raise UsageError("call reset before the first step")
        rewards = np.empty(self.num_envs)
        terminations, truncations, begun = np.empty((3, self.num_envs), np.bool_)
        while not self._kernels.step_all(
            self.worlds,
            self._room,
            actions.astype(np.int64),
            self._lights,
            self._length or 2**62,
            rewards,
            terminations,
            truncations,
            begun,
        ):
            more = range(len(self._lights), 2 * len(self._lights))
            self._lights = np.append(self._lights, [daylight(step) for step in more])
        self._begun(begun)
        return self._observe(), rewards, terminations, truncations

    def text(self, world: int, describe: str = "nearest") -> str:
        """What `smartplay/Crafter-v0` tells an agent at this moment.

        Args:
            world: The number of the world.
            describe: `"nearest"` for the nearest of each kind in view, `"full"` for every cell.
        """
        game = self.game(world)
        before, now = game.moments()
        old = self.worlds[world]["was_unlocked"]
        return moment_text(
            None if before is None else int(self.worlds[world]["action"]),
            before,
            now,
            game.player.unlocked[old:],
            game.daylight,
            view_text(now.view, game.grid, describe),
        )

    def picture(self, world: int, size: Sequence[int] | int = (576, 576)) -> Array:
        """The package's picture of this moment.

        Args:
            world: The number of the world.
            size: Width and height in pixels.

        Returns:
            Colours of shape [height, width, 3], uint8.
        """
        from smartplay.games.crafter.render import picture

        return picture(self.game(world), self._view, checked_pair("size", size, 1))

    def game(self, world: int) -> BatchWorld:
        """A world as the single environment's `game`, to be read: its map, player and things."""
        return BatchWorld(self.worlds[world], self._unit)

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"_kernels": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        from smartplay.games.crafter import compiled_worldgen

        vars(self).update(state, _kernels=compiled_worldgen)

    def _begun(self, where: Array) -> None:
        """Count the episodes that have begun, and prepare the next ones."""
        worlds = self.worlds
        for i in np.flatnonzero(where):
            worlds["episode"][i] += 1
            worlds["next_seed"][i] = episode_seed(
                int(worlds["seed"][i]), int(worlds["episode"][i]) + 1
            )

    def _observe(self) -> dict[str, Array]:
        worlds, number = self.worlds, self.num_envs
        views = np.empty((number, *worlds["seen"].shape[1:]), np.uint8)
        inventories = np.empty((number, len(ITEMS)), np.uint8)
        facings, sleepings = np.empty(number, np.int64), np.empty(number, np.int64)
        daylights = np.empty((number, 1), np.float32)
        self._kernels.observe(
            worlds, self._lights, views, inventories, facings, sleepings, daylights
        )
        return {
            "view": views,
            "inventory": inventories,
            "facing": facings,
            "sleeping": sleepings,
            "daylight": daylights,
        }
