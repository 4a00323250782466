"""What moves in the world besides the player, each kind with its behaviour."""

from __future__ import annotations

from typing import NamedTuple

from smartplay.games.crafter.player import Player
from smartplay.games.crafter.rules import (
    ARROW,
    COW,
    FLYING,
    FURNACE,
    GRASS,
    LAVA,
    PATH,
    SKELETON,
    TABLE,
    WALKABLE,
    WATER,
    ZOMBIE,
)
from smartplay.games.crafter.world import NOWHERE, SIDES, Thing, World

BALANCE_EVERY = 10
"""After how many steps the numbers of creatures are balanced."""


class Kind(NamedTuple):
    """How the number of one kind of creature is kept in balance.

    Attributes:
        material: What it spawns on.
        spawn_distance: How far from the player it must spawn.
        despawn_distance: How far from the player it must be to vanish.
        spawn: Chance of spawning where there are too few.
        despawn: Chance of vanishing where there are too many.
    """

    material: int
    spawn_distance: int
    despawn_distance: int
    spawn: float
    despawn: float


KINDS = {
    ZOMBIE: Kind(GRASS, 6, 0, 0.3, 0.4),
    SKELETON: Kind(PATH, 7, 7, 0.1, 0.1),
    COW: Kind(GRASS, 5, 5, 0.01, 0.1),
}

ARROW_PASSES = tuple(code in (*WALKABLE, WATER, LAVA) for code in range(256))


def toward(dx: int, dy: int, long_axis: bool) -> int:
    """The direction along one axis of an offset, `NOWHERE` where that part of it is zero."""
    if abs(dx) > abs(dy) if long_axis else abs(dx) <= abs(dy):
        return (1 if dx > 0 else 0) if dx else NOWHERE
    return (3 if dy > 0 else 2) if dy else NOWHERE


class Cow(Thing):
    """Wanders."""

    __slots__ = ()
    code = COW

    def __init__(self, world: World, x: int, y: int) -> None:
        super().__init__(world, x, y, health=3)

    def update(self) -> None:
        """Die if hit to death, else step in a random direction half of the time."""
        if self.health <= 0:
            self.world.remove(self)
        random = self.world.random
        if random.random() < 0.5:
            self.move(random.word() & 3)


class Hunter(Thing):
    """Something that goes for the player."""

    __slots__ = ("player", "wait")

    def __init__(self, world: World, x: int, y: int, player: Player, health: int) -> None:
        super().__init__(world, x, y, health)
        self.player = player
        self.wait = 0


class Zombie(Hunter):
    """Comes near and strikes."""

    __slots__ = ()
    code = ZOMBIE

    def __init__(self, world: World, x: int, y: int, player: Player) -> None:
        super().__init__(world, x, y, player, health=5)

    def update(self) -> None:
        """Approach within 8 cells, else wander; strike when adjacent, then pause 5 steps."""
        world, player = self.world, self.player
        if self.health <= 0:
            world.remove(self)
        random = world.random
        dx, dy = player.x - self.x, player.y - self.y
        distance = abs(dx) + abs(dy)
        if distance <= 8 and random.random() < 0.9:
            self.move(toward(dx, dy, random.random() < 0.8))
        else:
            self.move(random.word() & 3)
        if distance <= 2 and abs(player.x - self.x) + abs(player.y - self.y) <= 1:
            if self.wait:
                self.wait -= 1
            else:
                player.hurt(7 if player.sleeping else 2)
                self.wait = 5


class Skeleton(Hunter):
    """Keeps its distance and shoots."""

    __slots__ = ()
    code = SKELETON

    def __init__(self, world: World, x: int, y: int, player: Player) -> None:
        super().__init__(world, x, y, player, health=3)

    def update(self) -> None:
        """Back off within 3 cells, shoot within 5, approach within 8, else wander at times."""
        world, player = self.world, self.player
        if self.health <= 0:
            world.remove(self)
        if self.wait:
            self.wait -= 1
        random = world.random
        dx, dy = player.x - self.x, player.y - self.y
        distance = abs(dx) + abs(dy)
        if distance <= 3:
            away = toward(dx, dy, random.random() < 0.6)
            if self.move(away if away == NOWHERE else away ^ 1):
                return
        if distance <= 5 and random.random() < 0.5:
            self._shoot(toward(dx, dy, True))
        elif distance <= 8 and random.random() < 0.3:
            self.move(toward(dx, dy, random.random() < 0.6))
        elif random.random() < 0.2:
            self.move(random.word() & 3)

    def _shoot(self, direction: int) -> None:
        world = self.world
        if self.wait or direction == NOWHERE:
            return
        cell = self.cell + world.deltas[direction]
        if ARROW_PASSES[world.shown[cell]]:
            world.add(Arrow(world, *world.place(cell), direction))
            self.wait = 4


def creature(code: int, world: World, x: int, y: int, player: Player) -> Thing:
    """A new cow, zombie or skeleton, by its code."""
    if code == COW:
        return Cow(world, x, y)
    return (Zombie if code == ZOMBIE else Skeleton)(world, x, y, player)


class Arrow(Thing):
    """Flies straight until it hits something."""

    __slots__ = ("direction",)
    code = ARROW

    def __init__(self, world: World, x: int, y: int, direction: int) -> None:
        super().__init__(world, x, y)
        self.direction = direction

    @property
    def look(self) -> int:
        """The arrow with its direction."""
        return FLYING + self.direction

    @property
    def texture(self) -> str:
        """The name of its picture."""
        return f"arrow-{SIDES[self.direction]}"

    def update(self) -> None:
        """Fly on, or take 2 hit points from what is there, or break a table or furnace."""
        world = self.world
        cell = self.cell + world.deltas[self.direction]
        target = world.at.get(cell)
        if target is not None:
            target.hurt(2)
            world.remove(self)
        elif ARROW_PASSES[world.cells[cell]]:
            world.move(self, cell, self.direction)
        else:
            world.remove(self)
            if world.cells[cell] in (TABLE, FURNACE):
                world.set_material(cell, PATH)
