"""The player: what each action does, and what living costs."""

from __future__ import annotations

from typing import Any

from smartplay.games.crafter.plant import Plant
from smartplay.games.crafter.rules import (
    ACHIEVEMENTS,
    ACTIONS,
    COLLECT,
    COW,
    ITEM_MAX,
    ITEM_START,
    LAVA,
    MAKE,
    PLACE,
    PLAYER,
    SKELETON,
    WALKABLE,
    WATER,
    ZOMBIE,
)
from smartplay.games.crafter.world import SIDES, Thing, World

SWORDS = (("iron_sword", 5), ("stone_sword", 3), ("wood_sword", 2))
PASSES = tuple(code in (*WALKABLE, LAVA) for code in range(256))
DEFEATS = {ZOMBIE: "defeat_zombie", SKELETON: "defeat_skeleton", COW: "eat_cow"}
_PLANS = tuple((*name.split("_", 1), "")[:2] for name in ACTIONS)


class Player(Thing):
    """The player.

    Attributes:
        facing: Index into `DIRECTIONS`.
        sleeping: Whether the player is asleep.
        inventory: How many of each item, the four vitals included; 0 to 9.
        achievements: How often each achievement was reached.
        unlocked: The achievements reached at least once, in that order.
        felt_health: The health at the end of the player's last step.
        hunger: Points towards the next loss of food, like `thirst`, `fatigue` and `recover`.
    """

    __slots__ = (
        "_changed",
        "achievements",
        "facing",
        "fatigue",
        "felt_health",
        "hunger",
        "inventory",
        "recover",
        "sleeping",
        "thirst",
        "unlocked",
    )
    code = PLAYER
    _apart = (*Thing._apart, "achievements", "health", "inventory", "unlocked")

    def __init__(self, world: World, x: int, y: int) -> None:
        self.inventory = dict(ITEM_START)
        super().__init__(world, x, y, self.inventory["health"])
        self.facing = 3
        self.achievements = dict.fromkeys(ACHIEVEMENTS, 0)
        self.unlocked: list[str] = []
        self.sleeping = False
        self.felt_health = self.health
        self.hunger = self.thirst = self.fatigue = self.recover = 0.0
        self._changed = False

    @property
    def health(self) -> int:
        """Hit points left, an entry of the inventory."""
        return self.inventory["health"]

    @health.setter
    def health(self, value: int) -> None:
        self.inventory["health"] = value

    def state(self) -> tuple[Any, ...]:
        """All that steps change."""
        copied = self.inventory.copy(), self.achievements.copy(), self.unlocked.copy()
        return *super().state(), *copied

    def set_state(self, values: tuple[Any, ...]) -> None:
        """Go back to what `state` gave."""
        super().set_state(values)
        inventory, achievements, unlocked = values[-3:]
        self.inventory, self.achievements = inventory.copy(), achievements.copy()
        self.unlocked = unlocked.copy()

    @property
    def texture(self) -> str:
        """The name of the player's picture."""
        return "player-sleep" if self.sleeping else f"player-{SIDES[self.facing]}"

    def act(self, action: int) -> None:
        """Live one step: carry out the action, unless asleep, and pay for living."""
        inventory = self.inventory
        verb, name = _PLANS[action]
        if self.sleeping:
            if inventory["energy"] < ITEM_MAX["energy"]:
                verb = "sleep"
            else:
                self.sleeping = False
                self._achieve("wake_up")
        if verb == "move":
            self._walk(SIDES.index(name))
        elif verb == "do":
            self._do()
        elif verb == "sleep":
            self.sleeping = self.sleeping or inventory["energy"] < ITEM_MAX["energy"]
        elif verb == "place":
            self._place(name)
        elif verb == "make":
            self._make(name)
        self._live()
        self._heal()
        if self._changed:
            self._changed = False
            for item, amount in inventory.items():
                inventory[item] = max(0, min(amount, ITEM_MAX[item]))
        health = inventory["health"]
        if health < self.felt_health:
            self.sleeping = False
        self.felt_health = health

    def front(self) -> int:
        """The number of the cell the player faces."""
        return self.cell + self.world.deltas[self.facing]

    def _achieve(self, name: str) -> None:
        if not self.achievements[name]:
            self.unlocked.append(name)
        self.achievements[name] += 1

    def _gain(self, item: str, amount: int) -> None:
        self.inventory[item] += amount
        self._changed = True

    def _walk(self, direction: int) -> None:
        self.facing = direction
        world = self.world
        cell = self.cell + world.deltas[direction]
        if PASSES[world.shown[cell]]:
            world.move(self, cell, direction)
            if world.cells[cell] == LAVA:
                self.inventory["health"] = 0

    def _do(self) -> None:
        cell = self.front()
        thing = self.world.at.get(cell)
        if thing is None:
            self._collect(cell)
        elif isinstance(thing, Plant):
            if thing.ripe:
                thing.grown = 0
                self._gain("food", 4)
                self._achieve("eat_plant")
        elif thing.code in DEFEATS:
            thing.hurt(next((hits for sword, hits in SWORDS if self.inventory[sword]), 1))
            if thing.health <= 0:
                if thing.code == COW:
                    self._gain("food", 6)
                    self.hunger = 0
                self._achieve(DEFEATS[thing.code])

    def _collect(self, cell: int) -> None:
        world = self.world
        material = world.cells[cell]
        if material == WATER:
            self.thirst = 0
        info = COLLECT.get(material)
        if info is None or self._lacks(info.require):
            return
        if info.leaves != material:
            world.set_material(cell, info.leaves)
        if world.random.random() <= info.probability:
            for item, amount in info.receive.items():
                self._gain(item, amount)
                self._achieve(f"collect_{item}")

    def _place(self, name: str) -> None:
        world, cell, info = self.world, self.front(), PLACE[name]
        if cell in world.at or world.cells[cell] not in info.where or self._lacks(info.uses):
            return
        for item, amount in info.uses.items():
            self.inventory[item] -= amount
        if info.material is None:
            world.add(Plant(world, *world.place(cell)))
        else:
            world.set_material(cell, info.material)
        self._achieve(f"place_{name}")

    def _make(self, name: str) -> None:
        info = MAKE[name]
        if not self.within_reach(info.nearby) or self._lacks(info.uses):
            return
        for item, amount in info.uses.items():
            self.inventory[item] -= amount
        self._gain(name, info.gives)
        self._achieve(f"make_{name}")

    def within_reach(self, materials: tuple[int, ...]) -> bool:
        """Whether all of these are among the nine cells around the player.

        On the map's first column and row nothing is: the package takes the corner of its square
        as a negative index there and looks at an empty one.
        """
        if not self.x or not self.y:
            return False
        stride, cells, corner = self.world.stride, self.world.cells, self.cell - 1
        around = [cells[corner + d : corner + d + 3] for d in (-stride, 0, stride)]
        return all(any(material in column for column in around) for material in materials)

    def _lacks(self, needs: dict[str, int]) -> bool:
        return any(self.inventory[item] < amount for item, amount in needs.items())

    def _live(self) -> None:
        pace = 0.5 if self.sleeping else 1
        self.hunger += pace
        if self.hunger > 25:
            self.hunger = 0
            self._gain("food", -1)
        self.thirst += pace
        if self.thirst > 20:
            self.thirst = 0
            self._gain("drink", -1)
        if self.sleeping:
            self.fatigue = min(self.fatigue - 1, 0)
        else:
            self.fatigue += 1
        if self.fatigue < -10:
            self.fatigue = 0
            self._gain("energy", 1)
        if self.fatigue > 30:
            self.fatigue = 0
            self._gain("energy", -1)

    def _heal(self) -> None:
        inventory = self.inventory
        well = inventory["food"] > 0 and inventory["drink"] > 0
        if well and (self.sleeping or inventory["energy"] > 0):
            self.recover += 2 if self.sleeping else 1
        else:
            self.recover -= 0.5 if self.sleeping else 1
        if self.recover > 25:
            self.recover = 0
            self._gain("health", 1)
        if self.recover < -15:
            self.recover = 0
            self.hurt(1)
