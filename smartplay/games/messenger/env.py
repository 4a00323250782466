"""Messenger as a Gymnasium environment with numbers in and out."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
from gymnasium import spaces

from smartplay.games.messenger import deal
from smartplay.games.messenger.world import MOVES, SIZE, World
from smartplay.games.native import NativeEnv, checked_action

AGENT_ID = len(deal.ENTITIES) + 1
AGENT_WITH_MESSAGE_ID = AGENT_ID + 1

Grid = np.ndarray[Any, np.dtype[np.uint8]]


class MessengerEnv(NativeEnv[Grid, int]):
    """Bring the message to the goal and keep away from the enemy (Hanjie et al. 2021).

    The observation has the shape (10, 10, 4), on level 3 (10, 10, 6), indexed [y, x, layer]. Each
    of the others has a layer of its own, with the number of its look (1 to 12, `deal.ENTITIES`) on
    its square; layers are shuffled in every episode, so they tell no roles. The last layer holds
    the agent, as 13 or, with the message, 14; a dead agent is on no square. Actions: north, south,
    west, east, stay. Rewards are told in `world.World`.

    Args:
        level: 1 (nothing moves), 2 (they move) or 3 (they move, and there are two decoys).
        split: `"test"`, `"val"` or `"train"`: whose casts and movements are played.
        render_mode: `"rgb_array"` or None.

    Attributes:
        world: The engine; None before the first reset.
        text_seed: What a describer seeds its choice of words with; drawn anew in each episode.
    """

    PARTS = ("world",)
    KEPT = ("_layer_of",)

    def __init__(self, level: int = 2, split: str = "test", render_mode: str | None = None) -> None:
        deal.check(level, split)
        super().__init__(render_mode)
        self.level, self.split = level, split
        self.layers = (5 if level == 3 else 3) + 1
        self.observation_space = spaces.Box(
            0, AGENT_WITH_MESSAGE_ID, (SIZE, SIZE, self.layers), np.uint8
        )
        self.action_space = spaces.Discrete(len(MOVES))  # type: ignore[assignment]
        self._layer_of: dict[str, int] = {}
        self.text_seed = 0
        self.world: World | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Grid, dict[str, Any]]:
        """Deal a new episode."""
        super().reset(seed=seed, options=options)
        rng = Random(int(self.np_random.integers(2**62)))
        self.text_seed = rng.getrandbits(62)
        self.world = World(self.level, self.split, rng)
        order = list(range(self.layers - 1))
        rng.shuffle(order)
        self._layer_of = {
            being.role: layer for being, layer in zip(self.world.beings, order, strict=True)
        }
        return self._observe(self.world), {}

    def step(self, action: int) -> tuple[Grid, float, bool, bool, dict[str, Any]]:
        """Let the others move, then the agent."""
        world = self.world
        assert world is not None, "call reset before step"
        reward = world.step(checked_action(action, len(MOVES)))
        return self._observe(world), reward, world.over, False, {}

    def picture(self) -> Any:
        """The grid as an array of shape (400, 400, 3)."""
        assert self.world is not None, "call reset first"
        from smartplay.games.messenger.picture import draw

        return draw(self.world)

    def _observe(self, world: World) -> Grid:
        grid = np.zeros((SIZE, SIZE, self.layers), np.uint8)
        for being in world.beings:
            grid[being.y // 2, being.x // 2, self._layer_of[being.role]] = _NUMBER[being.name]
        if world.alive:
            look = AGENT_WITH_MESSAGE_ID if world.has_message else AGENT_ID
            grid[world.y // 2, world.x // 2, -1] = look
        return grid


_NUMBER = {name: number for number, name in enumerate(deal.ENTITIES, start=1)}
