"""Proof that our Crafter engine plays the game of the `crafter` package, step by step.

Both are played side by side and everything is compared after each step: reward, end, inventory,
achievements, position, facing, sleep, daylight, materials, semantic map and the state of the
world's random numbers; and the pictures on a sample of the steps. The tests play a short proof; a
long one is

    python -m tests.crafter_proof --steps 1000000 --worlds 200
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from crafter import objects

from smartplay.games.crafter import creatures
from smartplay.games.crafter.engine import Engine
from smartplay.games.crafter.package import OrderedEnv
from smartplay.games.crafter.plant import Plant
from smartplay.games.crafter.render import picture
from smartplay.games.crafter.rules import ACHIEVEMENTS, ACTIONS, CODE, ITEMS, VITALS
from smartplay.games.crafter.world import DIRECTIONS

ACT = {name: index for index, name in enumerate(ACTIONS)}
TOOLS = ITEMS[10:]


class Duel:
    """The package and our engine, playing the same game.

    Args:
        seed: The environment's seed.
        area: Size of the map.
        view: Size of the view.
        size: Size of the package's picture, in pixels.
        pictures: Every so many steps the pictures are compared.
    """

    def __init__(
        self,
        seed: int,
        area: tuple[int, int] = (64, 64),
        view: tuple[int, int] = (9, 9),
        size: tuple[int, int] = (64, 64),
        pictures: int = 50,
    ) -> None:
        self.seed, self.view, self.size, self.pictures = seed, view, size, pictures
        self.theirs = OrderedEnv(area=area, view=view, size=size, length=None, seed=seed)
        self.ours: Any = Engine(area, view, size)
        self.episode = 0
        self.seen: Counter[str] = Counter()

    def reset(self) -> None:
        """Start the next episode on both sides."""
        self.episode += 1
        frame = self.theirs.reset()
        self.ours.reset(self.seed, self.episode)
        self._compare("reset", frame)
        self.seen["worlds"] += 1

    def step(self, action: int) -> bool:
        """Take a step on both sides; return whether the player died."""
        frame, reward, done, _ = self.theirs.step(action)
        own_reward = self.ours.step(action)
        where = ACTIONS[action]
        assert own_reward == reward, f"{self._at(where)}: reward {own_reward}, not {reward}"
        dead = bool(self.ours.player.health <= 0)
        assert dead == bool(done), f"{self._at(where)}: end {dead}, not {done}"
        self._compare(where, frame)
        self._count(dead)
        return dead

    def _count(self, dead: bool) -> None:
        self.seen["steps"] += 1
        self.seen["night"] += self.ours.daylight < 0.5
        self.seen["asleep"] += self.ours.player.sleeping
        self.seen["deaths"] += dead

    def give(self, **items: int) -> None:
        """Set entries of the inventory on both sides."""
        self.theirs._player.inventory.update(items)
        self.ours.player.inventory.update(items)

    def put(self, material: str) -> None:
        """Change what the player faces to a material, on both sides."""
        if self._inside():
            self.theirs._world[self._front()] = material
            self.ours.world.set_material(self.ours.player.front(), CODE[material])

    def put_creature(self, name: str) -> None:
        """Put a creature in front of the player, where there is nothing, on both sides."""
        player = self.ours.player
        if not self._inside() or player.front() in self.ours.world.at:
            return
        x, y = self._front()
        theirs = () if name == "Cow" else (self.theirs._player,)
        ours = () if name == "Cow" else (player,)
        self.theirs._world.add(getattr(objects, name)(self.theirs._world, (x, y), *theirs))
        self.ours.world.add(getattr(creatures, name)(self.ours.world, x, y, *ours))

    def turn(self) -> None:
        """Face another way, on both sides."""
        self.ours.player.facing ^= 2
        self.theirs._player.facing = DIRECTIONS[self.ours.player.facing]

    def ripen(self) -> None:
        """Let a plant in front of the player grow ripe, on both sides."""
        plant = self.ours.world.at.get(self.ours.player.front())
        if isinstance(plant, Plant):
            plant.grown = self.theirs._world[self._front()][1].grown = 301

    def ahead(self, direction: int) -> int:
        """The material of the cell in a direction of the player."""
        world = self.ours.world
        return int(world.cells[self.ours.player.cell + world.deltas[direction]])

    def _front(self) -> tuple[int, int]:
        player = self.ours.player
        dx, dy = DIRECTIONS[player.facing]
        return player.x + dx, player.y + dy

    def _inside(self) -> bool:
        front = zip(self._front(), self.theirs._world.area, strict=True)
        return all(0 <= at < side for at, side in front)

    def _at(self, where: str) -> str:
        return f"seed {self.seed}, episode {self.episode}, step {self.ours.steps} ({where})"

    def _random(self) -> tuple[Any, int]:
        key = self.ours.world.random.key()
        return key[:-1], int(key[-1])

    def _materials(self) -> Any:
        margin, stride = self.ours.world.margin, self.ours.world.stride
        padded = np.frombuffer(self.ours.world.cells, np.uint8).reshape(-1, stride)
        return padded[margin:-margin, margin:-margin]

    def _compare(self, where: str, frame: Any) -> None:
        theirs, ours = self.theirs, self.ours
        world, player = theirs._world, theirs._player
        pairs = {
            "inventory": (ours.player.inventory, player.inventory),
            "achievements": (ours.player.achievements, player.achievements),
            "position": ((ours.player.x, ours.player.y), tuple(player.pos)),
            "facing": (DIRECTIONS[ours.player.facing], tuple(player.facing)),
            "sleeping": (ours.player.sleeping, player.sleeping),
            "daylight": (ours.daylight, world.daylight),
        }
        for name, (own, true) in pairs.items():
            assert own == true, f"{self._at(where)}: {name} {own}, not {true}"
        key, position = self._random()
        arrays: dict[str, tuple[Any, Any]] = {
            "map of materials": (self._materials(), world._mat_map),
            "semantic map": (ours.semantic(), theirs._sem_view()),
            "state of the random numbers": (key, theirs.before_picture[1]),
            "place in the random numbers": (position, theirs.before_picture[2]),
        }
        if ours.steps % self.pictures == 0:
            arrays["picture"] = (picture(ours, self.view, self.size), frame)
            self.seen["pictures"] += 1
        for name, (own_array, true_array) in arrays.items():
            assert np.array_equal(own_array, true_array), f"{self._at(where)}: {name} differs"


Player = Callable[[Duel, random.Random], Iterator[int]]


def at_random(duel: Duel, rng: random.Random) -> Iterator[int]:
    """Uniformly random play, as it comes."""
    while True:
        yield rng.randrange(len(ACTIONS))


def immortal(duel: Duel, rng: random.Random) -> Iterator[int]:
    """Random play with health given back, so that little but lava and sleep ends it."""
    while True:
        duel.give(health=9)
        yield rng.randrange(len(ACTIONS))


def careful(duel: Duel, rng: random.Random) -> Iterator[int]:
    """Random play that never steps into lava nor sleeps, with health given back: it never ends."""
    while True:
        duel.give(health=9, energy=9)
        action = rng.randrange(len(ACTIONS))
        if 1 <= action <= 4 and duel.ahead(action - 1) == CODE["lava"]:
            action = ACT["place_stone"]
        yield action


def rich(duel: Duel, rng: random.Random) -> Iterator[int]:
    """Walk straight, use and place whatever can be, with tools and materials given."""
    while True:
        duel.give(**{item: rng.randrange(10) for item in ITEMS[4:]})
        heading = rng.choice(("move_left", "move_right", "move_up", "move_down"))
        for _ in range(rng.randrange(1, 12)):
            duel.give(health=9)
            yield ACT[rng.choice((heading, heading, "do", rng.choice(ACTIONS)))]


def sleeper(duel: Duel, rng: random.Random) -> Iterator[int]:
    """Be tired often and then sleep."""
    while True:
        duel.give(health=9, food=9, drink=9, energy=rng.randrange(1, 8))
        for _ in range(rng.randrange(20, 90)):
            yield ACT["sleep"] if rng.random() < 0.8 else rng.randrange(len(ACTIONS))


def starving(duel: Duel, rng: random.Random) -> Iterator[int]:
    """Random play with vitals that run out."""
    while True:
        duel.give(**{vital: rng.randrange(3) for vital in VITALS[1:]})
        for _ in range(60):
            yield rng.randrange(len(ACTIONS))


def achiever(duel: Duel, rng: random.Random) -> Iterator[int]:
    """Reach all 22 achievements, with what it takes put in front of the player."""
    everything = dict.fromkeys(ITEMS, 9)
    unarmed = everything | dict.fromkeys(TOOLS, 0)
    while True:
        for material in ("tree", "stone", "coal", "iron", "diamond", "water", *["grass"] * 30):
            duel.give(**everything)
            duel.put(material)
            yield ACT["do"]
        for creature, hits in (("Cow", 3), ("Zombie", 5), ("Skeleton", 3)):
            for _ in range(hits):
                duel.give(**unarmed)
                duel.put("path")
                duel.put_creature(creature)
                yield ACT["do"]
        for thing in ("stone", "table", "furnace"):
            duel.give(**everything)
            duel.put("sand")
            yield ACT[f"place_{thing}"]
            duel.turn()
        for tool in TOOLS:
            duel.give(**everything)
            duel.put("table")
            duel.turn()
            duel.put("furnace")
            yield ACT[f"make_{tool}"]
        duel.put("grass")
        yield ACT["place_plant"]
        duel.ripen()
        yield ACT["do"]
        duel.give(**everything | {"energy": 8})
        for _ in range(40):
            duel.give(health=9)
            yield ACT["sleep"]
        yield ACT[rng.choice(("move_left", "move_right", "move_up", "move_down"))]


PLAYERS: tuple[Player, ...] = (at_random, careful, immortal, rich, sleeper, starving, achiever)


def play(duel: Duel, player: Player, steps: int) -> None:
    """Play that many steps, over as many episodes as they take."""
    duel.reset()
    actions = player(duel, random.Random(duel.seed))
    for _ in range(steps):
        if duel.step(next(actions)):
            duel.seen.update(duel.ours.player.unlocked)
            duel.reset()
            actions = player(duel, random.Random(duel.seed + duel.episode))
    duel.seen.update(duel.ours.player.unlocked)


def worlds(seeds: range) -> None:
    """Compare the first worlds of many seeds."""
    for seed in seeds:
        Duel(seed).reset()


SHAPES = (
    ((64, 64), (9, 9), (64, 64)),
    ((64, 64), (9, 9), (64, 64)),
    ((64, 64), (9, 9), (64, 64)),
    ((32, 48), (7, 7), (64, 64)),
    ((100, 70), (13, 11), (96, 80)),
    ((20, 20), (5, 9), (50, 50)),
    ((64, 64), (16, 6), (64, 64)),
)


def prove(steps: int, world_count: int, say: Callable[[str], None] = print) -> None:
    """Play the long proof; it stops at the first difference with an AssertionError."""
    began, seen, seed = time.perf_counter(), Counter[str](), 0
    worlds(range(world_count))
    say(f"{world_count} worlds equal ({time.perf_counter() - began:.0f} s)")
    while seen["steps"] < steps:
        area, view, size = SHAPES[seed % len(SHAPES)]
        duel = Duel(seed, area, view, size)
        length = 10_000 if seed % 10 == 1 else 1000
        play(duel, PLAYERS[seed % len(PLAYERS)], min(length, steps - seen["steps"]))
        seen += duel.seen
        seed += 1
        if seed % 20 == 0 or seen["steps"] >= steps:
            say(f"{seen['steps']} steps equal ({time.perf_counter() - began:.0f} s)")
    for name in ("worlds", "night", "asleep", "deaths", "pictures", *ACHIEVEMENTS):
        say(f"  {name}: {seen[name]}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--steps", type=int, default=100_000)
    parser.add_argument("--worlds", type=int, default=200)
    arguments = parser.parse_args()
    prove(arguments.steps, arguments.worlds)
