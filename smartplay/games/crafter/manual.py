"""Crafter's manual: made from the package's data where it is data, else written here."""

from __future__ import annotations

from functools import lru_cache

from smartplay.core.printable import plural
from smartplay.games.crafter.env import CrafterEnv
from smartplay.games.crafter.plant import RIPE_AFTER
from smartplay.games.crafter.player import SWORDS
from smartplay.games.crafter.rules import (
    ACHIEVEMENTS,
    COLLECT,
    ITEM_MAX,
    MAKE,
    NAMES,
    PLACE,
    WALKABLE,
)
from smartplay.games.crafter.words import action_name, amounts, listed, one, plain

TITLE = "Crafter"


def manual(env: CrafterEnv, steps: int | None) -> str:
    """The rules of the world as it is set up.

    Args:
        env: The native environment.
        steps: The step limit, or None where there is none.
    """
    limits = [limit for limit in (steps, env.length) if limit is not None]
    return _rules(env.area, env.grid, min(limits) if limits else None, env.reach)


@lru_cache(16)
def _rules(area: tuple[int, int], grid: tuple[int, int], limit: int | None, reach: int) -> str:
    parts = [
        TITLE,
        _world(area, *grid),
        _goal(limit),
        _acting(),
        _section("What Do takes from a material you face:", _collecting()),
        _section("What the Place actions take:", _placing()),
        _section("What the Make actions take:", _making()),
        _creatures(reach),
        _living(),
        _night(),
        _section("The achievements:", [", ".join(plain(name) for name in ACHIEVEMENTS) + "."]),
        _advice(),
    ]
    return "\n\n".join(parts)


def _section(title: str, lines: list[str]) -> str:
    return "\n".join([title, *lines])


def _world(area: tuple[int, int], width: int, height: int) -> str:
    west, north = width // 2, height // 2
    return (
        f"You are in a world of {area[0]} by {area[1]} cells, seen from above, with a beginning in "
        f"its middle; every game has a new world. Each cell is of one material: "
        f"{listed(NAMES[1:13])}. You, animals, monsters, arrows and plants stand on cells, one on "
        f"each. You can walk on {listed(NAMES[code] for code in WALKABLE)}; everything else is in "
        f"the way, except lava, which kills whoever steps into it. You see the cells from {west} "
        f"west to {width - 1 - west} east and from {north} north to {height - 1 - north} south of "
        "you. Distances count steps: those west or east plus those north or south."
    )


def _goal(limit: int | None) -> str:
    count = len(ACHIEVEMENTS)
    end = f" It also ends after {plural(limit, 'step')}." if limit is not None else ""
    return (
        f"There are {count} achievements, listed below. In each step, your score grows by the "
        "number of different achievements you have unlocked so far: unlock many, unlock them "
        "early, and stay alive to go on earning. The reward is apart from the score: 1 in a step "
        "that unlocks an achievement, and 0.1 for each point of health gained or lost. The game "
        f"ends when your health is 0.{end}"
    )


def _acting() -> str:
    return (
        "You face one of four directions. A Move action turns you and, if the cell there is free, "
        "takes you one step into it. Do acts on what is in front of you: it takes from a material, "
        "hits a creature, or eats a ripe plant. The Place actions put something into the cell in "
        "front of you, where nothing else may stand. The Make actions craft a tool from what you "
        "carry; what must be beside you is one of the 8 cells around you, also diagonally (in the "
        "westernmost column and the northernmost row of the map nothing can be made). Noop does "
        "nothing. An action that cannot be carried out does nothing, and the step passes. You can "
        f"carry at most {max(ITEM_MAX.values())} of each item."
    )


def _collecting() -> list[str]:
    lines = []
    for code, info in COLLECT.items():
        rare = info.probability < 1
        chance = f" with a chance of {100 * info.probability:g} percent" if rare else ""
        need = f", if you have {listed(map(one, info.require))}" if info.require else ""
        becomes = f"; the cell becomes {NAMES[info.leaves]}" if info.leaves != code else ""
        lines.append(f"- {NAMES[code]}: {amounts(info.receive)}{chance}{need}{becomes}.")
    return lines


def _placing() -> list[str]:
    return [
        f"- {action_name('place_' + name)}: uses {amounts(info.uses)}; goes on "
        f"{listed((NAMES[code] for code in info.where), 'or')}."
        for name, info in PLACE.items()
    ]


def _making() -> list[str]:
    return [
        f"- {action_name('make_' + name)}: uses {amounts(info.uses)}; needs "
        f"{listed(one(NAMES[code]) for code in info.nearby)} beside you."
        for name, info in MAKE.items()
    ]


def _creatures(reach: int) -> str:
    swords = listed(f"{hits} with {one(sword)}" for sword, hits in reversed(SWORDS))
    return (
        f"Do takes 1 point from a creature in front of you without a sword, {swords}; the best "
        "sword you have counts. A cow has 3 points and wanders about; when it has none left you "
        "eat it, which gives 6 food. A zombie has 5 points. It is found on grass, comes for you, "
        "and when directly beside you strikes for 2 health, or 7 if you sleep, then waits 5 steps. "
        "A skeleton has 3 points. It is found on paths in caves and tunnels and shoots arrows, "
        "which fly straight and take 2 health; an arrow that hits a table or a furnace leaves a "
        "path there. A placed sapling is a plant. It becomes ripe after growing for more than "
        f"{RIPE_AFTER} steps; a ripe one gives 4 food and then grows anew. A cow, zombie or "
        "skeleton directly beside a plant destroys it, and so does an arrow. Creatures and plants "
        f"that are {reach} steps or more away from you stand still and do not grow."
    )


def _living() -> str:
    return (
        "You have health, food, drink and energy, each at most 9. Food falls by 1 every 26 steps, "
        "drink every 21, energy every 31; eating a cow and drinking start the count of food or "
        "drink anew. While food, drink and energy are all above 0, you gain 1 health every 26 "
        "steps; while one of them is 0, you lose 1 every 16 steps. The action Sleep sends you to "
        "sleep if your energy is below 9. While you sleep, your actions are not carried out, you "
        "gain 1 energy every 11 steps, food and drink fall half as fast, and health returns twice "
        "as fast. You wake up when your energy is 9, which is an achievement, or when you are "
        "hurt, which is not."
    )


def _night() -> str:
    return (
        "A day has 300 steps. The game begins in the morning. It is night from about step 150 to "
        "about step 270 of each day, darkest at step 210. The darker it is, the more zombies "
        "appear on open grass, at least 6 steps away from you. Skeletons appear on paths and cows "
        "on grass, a few at a time, wherever there is enough of either."
    )


def _advice() -> str:
    wood, stone = _total("wood"), _total("stone")
    return (
        f"Advice. Everything on the list together takes {wood} wood and {stone} stone, with one "
        "table and one furnace, if both stand beside you whenever you craft. So begin with wood "
        "for a table, a pickaxe and a sword, and try grass for a sapling on the way. Then dig "
        "stone and make the stone tools at the table, place the furnace beside it, and look for "
        "coal and iron in the mountains. Drink and eat before a value comes near 0. Plant the "
        "sapling early and wall it in with stone, as it takes long to ripen. Before you sleep, "
        "wall yourself in too: stand in a tunnel you dug and put stone on every open side, for a "
        "zombie's blow on a sleeper can kill. Keep away from lava in the dark of caves."
    )


def _total(item: str) -> int:
    """How much of an item it takes to place and make one of each."""
    uses = [place.uses for place in PLACE.values()] + [make.uses for make in MAKE.values()]
    return sum(used.get(item, 0) for used in uses)
