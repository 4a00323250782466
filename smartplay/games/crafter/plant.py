"""What grows in the world."""

from __future__ import annotations

from smartplay.games.crafter.rules import COW, PLANT, RIPE_PLANT, SKELETON, ZOMBIE
from smartplay.games.crafter.world import Thing, World

RIPE_AFTER = 300
"""A plant is ripe when it has grown for more steps than this."""

TRAMPLES = (ZOMBIE, SKELETON, COW)


class Plant(Thing):
    """A sapling that grows, and dies where creatures trample it."""

    __slots__ = ("grown",)
    code = PLANT

    def __init__(self, world: World, x: int, y: int) -> None:
        super().__init__(world, x, y, health=1)
        self.grown = 0

    @property
    def ripe(self) -> bool:
        """Whether it can be eaten."""
        return self.grown > RIPE_AFTER

    @property
    def look(self) -> int:
        """The plant, ripe or not."""
        return RIPE_PLANT if self.ripe else PLANT

    @property
    def texture(self) -> str:
        """The name of its picture."""
        return "plant-ripe" if self.ripe else "plant"

    def update(self) -> None:
        """Grow; die if hurt or if a creature stands beside it."""
        world = self.world
        self.grown += 1
        for delta in world.deltas[:4]:
            if world.shown[self.cell + delta] in TRAMPLES:
                self.hurt(1)
                break
        if self.health <= 0:
            world.remove(self)
