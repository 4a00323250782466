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
from smartplay.games.crafter.reading import BatchWorld
from smartplay.games.crafter.record import empty_worlds
from smartplay.games.crafter.rules import (
    ACTIONS,
    ITEMS,
)
from smartplay.games.crafter.text import moment_text, view_text

Array = np.ndarray[Any, np.dtype[Any]]


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
        from smartplay.games.crafter import compiled_batch
        from smartplay.games.crafter.room import room_for

        self._kernels = compiled_batch
        shape = CrafterEnv(area, view, length)
        self.num_envs, self._view, self._length = num_envs, shape.view, length
        self._unit = shape.game.unit
        self.worlds = empty_worlds(num_envs, shape.game)
        self._room = room_for(shape.area)
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
        from smartplay.games.crafter import compiled_batch

        vars(self).update(state, _kernels=compiled_batch)

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
