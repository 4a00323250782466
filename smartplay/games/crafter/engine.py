"""Our own engine: the same game as the `crafter` package, step by step, at a fraction of its cost.

Equal to the package with insertion-ordered chunks (see `package.py`) in every reward, end,
inventory, achievement, position, map and random number; `tests/crafter_proof.py` shows it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from smartplay.games.crafter.creatures import Cow, Plant, Skeleton, Zombie
from smartplay.games.crafter.player import Player
from smartplay.games.crafter.rules import COW, GRASS, ITEMS, PATH, PLANT, RIPE_PLANT, SKELETON, ZOMBIE
from smartplay.games.crafter.world import DIRECTIONS, Chunk, Thing, World
from smartplay.games.crafter.worldgen import generate

BALANCE_EVERY = 10


class Kind(NamedTuple):
    """How the number of one kind of creature is kept in balance.

    Attributes:
        material: What it spawns on.
        space: A chunk with fewer such cells gets no new ones.
        spawn_distance: How far from the player it must spawn.
        despawn_distance: How far from the player it must be to vanish.
        spawn: Chance of spawning where there are too few.
        despawn: Chance of vanishing where there are too many.
    """

    material: int
    space: int
    spawn_distance: int
    despawn_distance: int
    spawn: float
    despawn: float


KINDS = {
    ZOMBIE: Kind(GRASS, 50, 6, 0, 0.3, 0.4),
    SKELETON: Kind(PATH, 6, 7, 7, 0.1, 0.1),
    COW: Kind(GRASS, 30, 5, 5, 0.01, 0.1),
}


@lru_cache(20_000)
def daylight(step: int) -> float:
    """Daylight after that many steps, 0 to 1; computed with NumPy's scalars as in the package."""
    progress = (step / 300) % 1 + 0.3
    return float(1 - np.abs(np.cos(np.pi * progress)) ** 3)


def episode_seed(seed: int, episode: int) -> int:
    """What the package seeds an episode's world with: `hash((seed, episode)) % (2**31 - 1)`.

    Written out as CPython (3.8 and later, 64 bit) hashes a pair of integers, so that it holds on
    any interpreter.

    Args:
        seed: The environment's seed, not negative.
        episode: Number of the episode, from 1.
    """
    word, prime1, prime2, prime5 = 2**64 - 1, 11400714785074694791, 14029467366897019727, 2870177450012600261
    total = prime5
    for lane in (seed % (2**61 - 1), episode):
        total = (total + lane * prime2) & word
        total = (total << 31 | total >> 33) & word
        total = (total * prime1) & word
    total = (total + (2 ^ (prime5 ^ 3527539))) & word
    signed = total - 2**64 if total >> 63 else total
    return (1546275796 if signed == -1 else signed) % (2**31 - 1)


class Engine:
    """A game of Crafter.

    Args:
        area: Width and height of the map.
        view: Width and height of the package's picture in cells; its lower rows show the
            inventory, the rest is the local view.
        size: Width and height of the package's picture in pixels. It belongs to the game: at
            night the package draws a random number for each pixel of the local view.

    Attributes:
        world: The map and what is on it.
        player: The player.
        steps: Steps since the reset.
        grid: Width and height of the local view in cells.
    """

    def __init__(self, area: tuple[int, int], view: tuple[int, int], size: tuple[int, int]) -> None:
        self.grid = view[0], view[1] - -(-len(ITEMS) // view[0])
        self.unit = size[0] // view[0], size[1] // view[1]
        self.steps = 0
        self._reach = 2 * max(view)
        self._noise_words = 2 * self.grid[0] * self.unit[0] * self.grid[1] * self.unit[1]
        self.world = World(area, margin=max(1, *(side // 2 for side in self.grid)))
        self._corner = (self.grid[0] // 2) * self.world.stride + self.grid[1] // 2

    def reset(self, seed: int, episode: int) -> None:
        """Start the episode of that number (from 1) of that seed."""
        world = self.world
        self.steps = 0
        world.reset(episode_seed(seed, episode))
        world.daylight = daylight(0)
        self.player = Player(world, world.area[0] // 2, world.area[1] // 2)
        world.add(self.player)
        generate(world, self.player)
        self._last_health, self._unlocked = self.player.health, 0
        self._noise_due = 0
        self._gather()

    def step(self, action: int) -> float:
        """Take an action, by its index; return the reward."""
        world, player = self.world, self.player
        if self._noise_due:
            world.random.skip(self._noise_due)
        self.steps += 1
        light = world.daylight = daylight(self.steps)
        player.act(action)
        x, y, reach = player.x, player.y, self._reach
        for thing in world.active.copy():
            if abs(thing.x - x) + abs(thing.y - y) < reach:
                thing.update()
        if self.steps % BALANCE_EVERY == 0:
            self._balance()
            self._gather()
        self._noise_due = self._noise_words if light < 0.5 else 0
        return self._reward()

    def look(self) -> bytes:
        """The codes in the local view, column by column; 0 outside the map."""
        stride, (width, height) = self.world.stride, self.grid
        shown, start = self.world.shown, self.player.cell - self._corner
        view = b"".join(
            [shown[at : at + height] for at in range(start, start + width * stride, stride)]
        )
        return self._ripen(view) if PLANT in view else view

    def front(self) -> int:
        """The code of what the player faces; 0 outside the map."""
        cell = self.player.front()
        return self._code_of(cell, self.world.shown[cell])

    def night_noise(self) -> np.random.RandomState | None:
        """What the package's picture of this moment draws its noise from, None by day."""
        return self.world.random.copy() if self._noise_due else None

    def _ripen(self, view: bytes) -> bytes:
        stride, height = self.world.stride, self.grid[1]
        start = self.player.cell - self._corner
        cells = (start + i // height * stride + i % height for i in range(len(view)))
        return bytes(self._code_of(cell, code) for cell, code in zip(cells, view, strict=False))

    def _code_of(self, cell: int, code: int) -> int:
        thing = self.world.at.get(cell)
        return RIPE_PLANT if isinstance(thing, Plant) and thing.ripe else code

    def _reward(self) -> float:
        player = self.player
        health, unlocked = player.health, len(player.unlocked)
        reward = (health - self._last_health) / 10
        if unlocked != self._unlocked:
            reward += 1.0
        self._last_health, self._unlocked = health, unlocked
        return reward

    def _gather(self) -> None:
        """Note who may come within reach before this is done again."""
        x, y, reach = self.player.x, self.player.y, self._reach + BALANCE_EVERY
        self.world.active = [
            thing
            for thing in self.world.things[1:]
            if abs(thing.x - x) + abs(thing.y - y) < reach
        ]

    def _balance(self) -> None:
        """Spawn and remove creatures, chunk by chunk."""
        light = self.world.daylight
        dark, bright = int(3.5 - 3 * light), int(1.5 + light)
        for chunk in list(self.world.chunks.values()):
            self._balance_kind(chunk, ZOMBIE, dark, dark)
            self._balance_kind(chunk, SKELETON, 1, 2)
            self._balance_kind(chunk, COW, 1, bright)

    def _balance_kind(self, chunk: Chunk, code: int, low: int, high: int) -> None:
        kind, random = KINDS[code], self.world.random
        members = chunk.members.get(code, ())
        least = 0 if chunk.counts[kind.material] < kind.space else low
        if len(members) < least and random.random() < kind.spawn:
            self._spawn(chunk, code, kind)
        elif len(members) > high and random.random() < kind.despawn:
            thing = list(members)[random.below(len(members))]
            if self._distance(thing.x, thing.y) >= kind.despawn_distance:
                self.world.remove(thing)

    def _spawn(self, chunk: Chunk, code: int, kind: Kind) -> None:
        world = self.world
        cells = [cell for cell in chunk.cells if world.cells[cell] == kind.material]
        cell = cells[world.random.below(len(cells))]
        x, y = world.place(cell)
        if cell in world.at or self._distance(x, y) < kind.spawn_distance:
            return
        if code == COW:
            world.add(Cow(world, x, y))
        else:
            world.add((Zombie if code == ZOMBIE else Skeleton)(world, x, y, self.player))

    def _distance(self, x: int, y: int) -> int:
        return abs(x - self.player.x) + abs(y - self.player.y)
