"""Proof that every world of a `CrafterBatch` is the `crafter` package's, step by step.

A batch and as many environments of the package are played side by side, by the players of
`crafter_proof`, and everything is compared after each step as there. The package draws its picture
on a sample of the steps only; on the others it is made to draw the picture's random numbers alone.

    python -m tests.crafter_batch_proof --steps 1000000
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter
from typing import Any

import numpy as np

from smartplay.games.crafter import compiled_step
from smartplay.games.crafter.batch import CrafterBatch
from smartplay.games.crafter.package import OrderedEnv
from smartplay.games.crafter.plant import RIPE_AFTER
from smartplay.games.crafter.rules import (
    ACHIEVEMENTS,
    ACTIONS,
    CODE,
    COW,
    ITEMS,
    PLANT,
    PLAYER,
    RIPE_PLANT,
    SKELETON,
    ZOMBIE,
)
from smartplay.games.crafter.world import DIRECTIONS, STATE
from tests.crafter_proof import PLAYERS, Duel

CREATURE = {"Cow": COW, "Zombie": ZOMBIE, "Skeleton": SKELETON}
EPISODE = 2000
"""Steps after which a world of the proof begins a new episode with a new player."""


class LeanEnv(OrderedEnv):
    """The package's environment, which draws a picture only every so many steps.

    Attributes:
        pictures: How many.
    """

    pictures = 50

    def _obs(self) -> Any:
        if self._step % self.pictures == 0:
            return super()._obs()
        self.before_picture = self._world.random.get_state()
        if self._world.daylight < 0.5:
            self._world.random.uniform(32, 127, self._local_view._grid * (self._size // self._view))
        return None


class BatchDuel(Duel):
    """The package and a world of a batch, playing the same game.

    Args:
        batch: The batch.
        index: The number of the world.
        seed: Its seed.
        area: Size of the map.
        view: Size of the view.
        pictures: Every so many steps the pictures are compared.
    """

    def __init__(
        self,
        batch: CrafterBatch,
        index: int,
        seed: int,
        area: tuple[int, int] = (64, 64),
        view: tuple[int, int] = (9, 9),
        pictures: int = 50,
    ) -> None:
        self.seed, self.view, self.size, self.pictures = seed, view, (64, 64), pictures
        self.theirs = LeanEnv(area=area, view=view, length=None, seed=seed)
        self.theirs.pictures = pictures
        self.ours = batch.game(index)
        self.world = batch.worlds[index]
        self.index, self.episode, self.over = index, 0, True
        self.seen: Counter[str] = Counter()

    def reset(self) -> None:
        """Follow the batch into the next episode."""
        self.episode += 1
        frame = self.theirs.reset()
        self._compare("reset", frame)
        self.seen["worlds"] += 1
        self.over = False

    def follow(self, action: int, reward: float, end: bool) -> None:
        """Do what the batch did: take the action, or begin the next episode after an end."""
        if self.over:
            assert (reward, end) == (0, False), f"{self._at('reset')}: reward {reward}, end {end}"
            self.reset()
            return
        frame, true_reward, done, _ = self.theirs.step(action)
        where = ACTIONS[action]
        assert reward == true_reward, f"{self._at(where)}: reward {reward}, not {true_reward}"
        assert end == bool(done), f"{self._at(where)}: end {end}, not {done}"
        self._compare(where, frame)
        self._count(end)
        self.over = end
        if end:
            self.seen.update(self.ours.player.unlocked)

    def give(self, **items: int) -> None:
        """Set entries of the inventory on both sides."""
        self.theirs._player.inventory.update(items)
        for item, amount in items.items():
            self.world["inventory"][ITEMS.index(item)] = amount

    def put(self, material: str) -> None:
        """Change what the player faces to a material, on both sides."""
        if self._inside():
            self.theirs._world[self._front()] = material
            compiled_step.set_material(self.world, *self._faced(), CODE[material])

    def put_creature(self, name: str) -> None:
        """Put a creature in front of the player, where there is nothing, on both sides."""
        from crafter import objects

        if not self._inside() or self.world["shown"][self._faced()] >= PLAYER:
            return
        theirs = () if name == "Cow" else (self.theirs._player,)
        creature = getattr(objects, name)(self.theirs._world, self._front(), *theirs)
        self.theirs._world.add(creature)
        compiled_step.add(self.world, CREATURE[name], *self._faced(), 0)

    def turn(self) -> None:
        """Face another way, on both sides."""
        self.world["facing"] ^= 2
        self.theirs._player.facing = DIRECTIONS[self.ours.player.facing]

    def ripen(self) -> None:
        """Let a plant in front of the player grow ripe, on both sides."""
        if self.world["shown"][self._faced()] in (PLANT, RIPE_PLANT):
            thing = compiled_step.find(self.world, *self._faced())
            self.world["things"][thing, STATE] = RIPE_AFTER + 1
            self.world["shown"][self._faced()] = RIPE_PLANT
            self.theirs._world[self._front()][1].grown = RIPE_AFTER + 1

    def ahead(self, direction: int) -> int:
        """The material of the cell in a direction of the player."""
        dx, dy = DIRECTIONS[direction]
        return int(self.world["materials"][self.world["x"] + dx, self.world["y"] + dy])

    def _faced(self) -> tuple[int, int]:
        dx, dy = DIRECTIONS[self.ours.player.facing]
        return int(self.world["x"] + dx), int(self.world["y"] + dy)

    def _random(self) -> tuple[Any, int]:
        return self.world["words"][:-1], int(self.world["words"][-1])

    def _materials(self) -> Any:
        margin = self.world["margin"]
        return self.world["materials"][margin:-margin, margin:-margin]


def prove(
    steps: int,
    worlds: int = 35,
    area: tuple[int, int] = (64, 64),
    view: tuple[int, int] = (9, 9),
    pictures: int = 50,
) -> Counter[str]:
    """Play that many steps, over all worlds together; return what was seen in them.

    Raises:
        AssertionError: At the first difference.
    """
    began, seen, first = time.perf_counter(), Counter[str](), 0
    batch = CrafterBatch(worlds, area, view)
    while seen["steps"] < steps:
        duels = [BatchDuel(batch, i, first + i, area, view, pictures) for i in range(worlds)]
        batch.reset([duel.seed for duel in duels])
        for duel in duels:
            duel.reset()
        rngs = [random.Random(duel.seed) for duel in duels]
        players = [PLAYERS[i % len(PLAYERS)](duel, rngs[i]) for i, duel in enumerate(duels)]
        for _ in range(EPISODE):
            if sum(duel.seen["steps"] for duel in duels) + seen["steps"] >= steps:
                break
            actions = [0 if d.over else next(p) for d, p in zip(duels, players, strict=True)]
            _, rewards, ends, _ = batch.step(np.array(actions))
            for i, duel in enumerate(duels):
                duel.follow(actions[i], float(rewards[i]), bool(ends[i]))
                if duel.over:
                    players[i] = PLAYERS[i % len(PLAYERS)](duel, rngs[i])
        for duel in duels:
            duel.seen.update(duel.ours.player.unlocked)
            seen += duel.seen
        first += worlds
        print(f"{seen['steps']} steps equal ({time.perf_counter() - began:.0f} s)", flush=True)
    return seen


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--steps", type=int, default=100_000)
    found = prove(parser.parse_args().steps)
    for name in ("worlds", "night", "asleep", "deaths", "pictures", *ACHIEVEMENTS):
        print(f"  {name}: {found[name]}")
