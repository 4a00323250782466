"""Our own engine: the same game as the `crafter` package, step by step, at a fraction of its cost.

Equal to the package with insertion-ordered chunks (see `package.py`) in every reward, end,
inventory, achievement, position, map and random number; `tests/crafter_proof.py` shows it.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from smartplay.games.crafter.creatures import (
    BALANCE_EVERY,
    KINDS,
    Hunter,
    Kind,
    creature,
)
from smartplay.games.crafter.outcome import Moment, middle_of
from smartplay.games.crafter.player import Player
from smartplay.games.crafter.rules import ARROW, COW, GRASS, ITEMS, PATH, PLANT, SKELETON, ZOMBIE
from smartplay.games.crafter.world import World
from smartplay.games.crafter.worldgen import generate

_DERIVED = ("_near", "_soon")


@lru_cache(20_000)
def daylight(step: int) -> float:
    """Daylight after that many steps, 0 to 1.

    The package's formula; the cosine is not NumPy's, which differs between its versions.
    """
    progress = (step / 300) % 1 + 0.3
    return float(1 - abs(math.cos(math.pi * progress)) ** 3)


def episode_seed(seed: int, episode: int) -> int:
    """What the package seeds an episode's world with: `hash((seed, episode)) % (2**31 - 1)`.

    Written out as CPython (3.8 and later, 64 bit) hashes a pair of integers, so that it holds on
    any interpreter.

    Args:
        seed: The environment's seed, not negative.
        episode: Number of the episode, from 1.
    """
    word, prime1, prime2, prime5 = (
        2**64 - 1,
        11400714785074694791,
        14029467366897019727,
        2870177450012600261,
    )
    total = prime5
    for lane in (seed % (2**61 - 1), episode):
        total = (total + lane * prime2) & word
        total = (total << 31 | total >> 33) & word
        total = (total * prime1) & word
    total = (total + (2 ^ (prime5 ^ 3527539))) & word
    signed = total - 2**64 if total >> 63 else total
    return (1546275796 if signed == -1 else signed) % (2**31 - 1)


class Objects:
    """What engines tell that play with objects.

    Attributes:
        player: The player.
        grid: Width and height of the local view in cells.
    """

    player: Any
    grid: tuple[int, int]

    @property
    def health(self) -> int:
        """The player's hit points."""
        return int(self.player.health)

    @property
    def unlocked(self) -> list[str]:
        """The achievements reached at least once, in that order."""
        unlocked: list[str] = self.player.unlocked
        return unlocked

    def look(self) -> bytes:
        """The codes in the local view, column by column; 0 outside the map."""
        raise NotImplementedError

    def objects(self) -> Objects:
        """Itself."""
        return self

    def scenery(self) -> Any:
        """What a picture is drawn from: itself."""
        return self

    def moment(self) -> Moment:
        """What the player can know now."""
        player = self.player
        return Moment(
            self.look(),
            middle_of(self.grid),
            self.grid[1],
            (player.x, player.y),
            player.facing,
            player.sleeping,
            player.inventory.copy(),
            bytes(player.inventory.values()),
            player.achievements.copy(),
        )


class Engine(Objects):
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
        unit: Width and height of a cell of the package's picture in pixels.
        reach: Things nearer to the player than this live; the others stand still.
        noise_words: Random words that a picture at night draws.
        noise_due: Random words that the last picture drew, to be skipped by the next step.
        paid_health: The health, and `paid_unlocked` the achievements, up to which rewards have
            been paid.
    """

    player: Player

    def __init__(self, area: tuple[int, int], view: tuple[int, int], size: tuple[int, int]) -> None:
        self.grid = view[0], view[1] - -(-len(ITEMS) // view[0])
        self.unit = size[0] // view[0], size[1] // view[1]
        self.steps = 0
        self.reach = 2 * max(view)
        self.noise_words = 2 * self.grid[0] * self.unit[0] * self.grid[1] * self.unit[1]
        self.world = World(area, margin=max(self.reach // 2, *(side // 2 for side in self.grid)))
        self._note_near()
        self._left = self.world.margin - self.grid[0] // 2
        self._top = self.world.margin - self.grid[1] // 2
        self._corner = (self.grid[0] // 2) * self.world.stride + self.grid[1] // 2

    @property
    def daylight(self) -> float:
        """From 0 (night) to 1 (noon)."""
        return self.world.daylight

    def reset(self, seed: int, episode: int) -> None:
        """Start the episode of that number (from 1) of that seed."""
        world = self.world
        self.steps = 0
        world.reset(episode_seed(seed, episode))
        world.daylight = daylight(0)
        self.player = Player(world, world.area[0] // 2, world.area[1] // 2)
        world.add(self.player)
        generate(world, self.player)
        self.paid_health, self.paid_unlocked = self.player.health, 0
        self.noise_due = 0
        self.gather()

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name not in _DERIVED}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._note_near()

    def _note_near(self) -> None:
        """Which differences of cells are within reach, now or until `gather` is called again."""
        stride, width = self.world.stride, self.world.area[0]
        self._near = _near_table(stride, width, self.reach)
        self._soon = _near_table(stride, width, self.reach + BALANCE_EVERY)

    def state(self) -> tuple[Any, ...]:
        """All that steps change, in values that nothing changes."""
        return (
            self.steps, self.paid_health, self.paid_unlocked, self.noise_due, self.world.state()
        )  # fmt: skip

    def set_state(self, state: tuple[Any, ...]) -> None:
        """Go back to what `state` gave."""
        self.steps, self.paid_health, self.paid_unlocked, self.noise_due, world = state
        self.world.set_state(world)
        player = self.world.things[0]
        assert isinstance(player, Player)
        self.player = player
        for thing in self.world.things:
            if isinstance(thing, Hunter):
                thing.player = player

    def step(self, action: int) -> float:
        """Take an action, by its index; return the reward."""
        world, player = self.world, self.player
        if self.noise_due:
            world.random.skip(self.noise_due)
        self.steps += 1
        light = world.daylight = daylight(self.steps)
        living = world.active.copy()
        player.act(action)
        here, near = player.cell, self._near
        for thing in living:
            if near[thing.cell - here]:
                thing.update()
        if self.steps % BALANCE_EVERY == 0:
            self._balance()
            self.gather()
        self.noise_due = self.noise_words if light < 0.5 else 0
        return self._reward()

    def look(self) -> bytes:
        """The codes in the local view, column by column; 0 outside the map."""
        x, y, (width, height) = self.player.x + self._left, self.player.y + self._top, self.grid
        view = self.world.grid[x : x + width, y : y + height].tobytes()
        return self._refine(view) if PLANT in view or ARROW in view else view

    def front(self) -> int:
        """The code of what the player faces; 0 outside the map."""
        return self._code(self.player.front())

    def semantic(self) -> np.ndarray[Any, np.dtype[np.uint8]]:
        """What each cell of the map shows, indexed [x, y]; a new array."""
        return self.world.semantic()

    def scene(self) -> tuple[bytes, list[tuple[int, int, str]]]:
        """What the package's picture shows: materials as in `look`, things with their textures."""
        (width, height), player = self.grid, self.player
        left, top = player.x - width // 2, player.y - height // 2
        things = [
            (thing.x - left, thing.y - top, thing.texture)
            for thing in self.world.things
            if 0 <= thing.x - left < width and 0 <= thing.y - top < height
        ]
        return b"".join([self.world.cells[at : at + height] for at in self._columns()]), things

    def night_noise(self) -> np.random.RandomState | None:
        """What the package's picture of this moment draws its noise from; None by day."""
        return self.world.random.copy() if self.noise_due else None

    def _columns(self) -> range:
        """Where the columns of the local view start."""
        stride, start = self.world.stride, self.player.cell - self._corner
        return range(start, start + self.grid[0] * stride, stride)

    def _refine(self, view: bytes) -> bytes:
        """Tell ripe plants from others and arrows by their direction."""
        refined, columns, height = bytearray(view), self._columns(), self.grid[1]
        for code in (PLANT, ARROW):
            place = view.find(code)
            while place >= 0:
                column, row = divmod(place, height)
                refined[place] = self._code(columns[column] + row)
                place = view.find(code, place + 1)
        return bytes(refined)

    def _code(self, cell: int) -> int:
        thing = self.world.at.get(cell)
        return self.world.shown[cell] if thing is None else thing.look

    def _reward(self) -> float:
        player = self.player
        health, unlocked = player.health, len(player.unlocked)
        reward = (health - self.paid_health) / 10
        if unlocked != self.paid_unlocked:
            reward += 1.0
        self.paid_health, self.paid_unlocked = health, unlocked
        return reward

    def gather(self) -> None:
        """Note which things may come within reach before this is done again.

        What is out of reach stands still, and the player takes one step at a time. Some that are
        farther away are among them: one difference of cells may stand for two offsets here.
        """
        here, soon = self.player.cell, self._soon
        self.world.active = [thing for thing in self.world.things[1:] if soon[thing.cell - here]]

    def _balance(self) -> None:
        """Spawn and remove creatures, chunk by chunk."""
        light = self.world.daylight
        dark, bright = int(3.5 - 3 * light), int(1.5 + light)
        counts = self.world.counts
        for number, (cows, zombies, skeletons) in list(self.world.chunks.items()):
            grass = counts[number][GRASS]
            least = dark if grass >= 50 else 0
            if not least <= zombies <= dark:
                self._adjust(number, zombies, ZOMBIE, least)
            least = 1 if counts[number][PATH] >= 6 else 0
            if not least <= skeletons <= 2:
                self._adjust(number, skeletons, SKELETON, least)
            least = 1 if grass >= 30 else 0
            if not least <= cows <= bright:
                self._adjust(number, cows, COW, least)

    def _adjust(self, chunk: int, population: int, code: int, least: int) -> None:
        """Maybe spawn one where there are fewer than the least, maybe remove one elsewhere."""
        kind, random = KINDS[code], self.world.random
        if population < least:
            if random.random() < kind.spawn:
                self._spawn(chunk, code, kind)
        elif random.random() < kind.despawn:
            thing = self.world.creatures(chunk, code)[random.below(population)]
            if self._distance(thing.x, thing.y) >= kind.despawn_distance:
                self.world.remove(thing)

    def _spawn(self, chunk: int, code: int, kind: Kind) -> None:
        world = self.world
        candidates = world.counts[chunk][kind.material]
        cell = world.find(chunk, kind.material, world.random.below(candidates))
        x, y = world.place(cell)
        if cell in world.at or self._distance(x, y) < kind.spawn_distance:
            return
        world.add(creature(code, world, x, y, self.player))

    def _distance(self, x: int, y: int) -> int:
        return abs(x - self.player.x) + abs(y - self.player.y)


@lru_cache(16)
def _near_table(stride: int, width: int, reach: int) -> bytes:
    """Whether cells are nearer to each other than `reach`, by the difference of their numbers.

    A difference stands for one offset only, as the margins of two columns together are as high as
    the reach. Negative ones index from the end.
    """
    table = bytearray(2 * stride * (width + 1))
    for dx in range(1 - reach, reach):
        for dy in range(abs(dx) + 1 - reach, reach - abs(dx)):
            if abs(dx) <= width and abs(dy) < stride:
                table[dx * stride + dy] = 1
    return bytes(table)
