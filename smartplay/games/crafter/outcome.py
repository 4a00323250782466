"""What an action did, or why it did nothing, told from the moments before and after it."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from smartplay.games.crafter.rules import (
    ACTIONS,
    COLLECT,
    COW,
    ITEM_MAX,
    ITEMS,
    LAVA,
    MAKE,
    NAMES,
    PLACE,
    PLANT,
    RIPE_PLANT,
    SKELETON,
    WATER,
    ZOMBIE,
)
from smartplay.games.crafter.words import ACTION_NAMES, WAYS, listed, one, plain

FOES = {ZOMBIE: "defeat_zombie", SKELETON: "defeat_skeleton", COW: "eat_cow"}


class Moment(NamedTuple):
    """What a player can know at one moment.

    Attributes:
        view: The codes in the local view, column by column.
        middle: Where the player stands in it.
        height: Rows of the view.
        position: Column and row on the map.
        facing: Index into `WAYS`.
        sleeping: Whether the player is asleep.
        inventory: How many of each item.
        amounts: The same as bytes, in the order of the items.
        achievements: How often each achievement was reached.
    """

    view: bytes
    middle: int
    height: int
    position: tuple[int, int]
    facing: int
    sleeping: bool
    inventory: dict[str, int]
    amounts: bytes
    achievements: dict[str, int]

    def beside(self, way: int) -> int:
        """The code of the neighbouring cell in a direction."""
        step = (-1 if way == 2 else 1) if way > 1 else self.height if way else -self.height
        return self.view[self.middle + step]

    def around(self) -> bytes:
        """The codes of the nine cells around the player."""
        middle, height = self.middle, self.height
        west, east, view = middle - height, middle + height, self.view
        return view[west - 1 : west + 2] + view[middle - 1 : middle + 2] + view[east - 1 : east + 2]


@lru_cache(16)
def middle_of(grid: tuple[int, int]) -> int:
    """Where the player stands in a view of so many columns and rows."""
    width, height = grid
    return width // 2 * height + height // 2


def outcome(action: int, before: Moment, after: Moment) -> str:
    """Tell in one or more sentences what an action did."""
    name = ACTION_NAMES[action]
    woke = ""
    if before.sleeping:
        if before.inventory["energy"] < ITEM_MAX["energy"]:
            end = "You sleep on." if after.sleeping else "You were hurt and woke up."
            return f"You chose {name}, but you were asleep, so it was not carried out. {end}"
        woke = " You woke up, fully rested."
    tell, thing = _PLANS[action]
    return f"You chose {name}.{woke} {tell(thing, before, after)}"


def _noop(_: str, before: Moment, after: Moment) -> str:
    return "You did nothing."


def _move(_: str, before: Moment, after: Moment) -> str:
    way = WAYS[after.facing]
    if after.position != before.position:
        lava = before.beside(after.facing) == LAVA
        return f"You moved one step {way}, into lava." if lava else f"You moved one step {way}."
    blocker = before.beside(after.facing)
    if blocker:
        return f"You now face {way}, but did not move: {one(NAMES[blocker])} is in the way."
    return f"You now face {way}, but did not move: that is the edge of the map."


def _do(_: str, before: Moment, after: Moment) -> str:
    target = before.beside(before.facing)
    if target in FOES:
        if not _rose(FOES[target], before, after):
            return f"You hit the {NAMES[target]}."
        return "You ate the cow." if target == COW else f"You defeated the {NAMES[target]}."
    if target == RIPE_PLANT:
        return "You ate the ripe plant."
    if target == PLANT:
        return "Nothing happened: the plant is not ripe yet."
    if target in COLLECT:
        return _collect(target, before, after)
    if not target:
        return "Nothing happened: there is nothing beyond the edge of the map."
    return f"Nothing happened: you can do nothing with {one(NAMES[target])}."


def _collect(material: int, before: Moment, after: Moment) -> str:
    info = COLLECT[material]
    missing = [one(item) for item, count in info.require.items() if before.inventory[item] < count]
    if missing:
        return f"Nothing happened: you need {listed(missing)} to collect {NAMES[material]}."
    (item,) = info.receive
    if not _rose(f"collect_{item}", before, after):
        return f"You found no {plain(item)} in the {NAMES[material]} this time."
    if material == WATER:
        return "You drank water."
    full = ITEM_MAX[item]
    if before.inventory[item] >= full:
        return f"You collected {plain(item)}, but you cannot carry more than {full}."
    return f"You collected {info.receive[item]} {plain(item)}."


def _sleep(_: str, before: Moment, after: Moment) -> str:
    if before.inventory["energy"] >= ITEM_MAX["energy"]:
        return "You stayed awake: your energy is full."
    return "You fell asleep." if after.sleeping else "You could not fall asleep: you were hurt."


def _place(thing: str, before: Moment, after: Moment) -> str:
    if _rose(f"place_{thing}", before, after):
        return "You planted a sapling." if thing == "plant" else f"You placed {one(thing)}."
    return _not_placed(thing, before.beside(before.facing), before.amounts)


@lru_cache(1024)
def _not_placed(thing: str, target: int, amounts: bytes) -> str:
    info, reasons = PLACE[thing], []
    if not target:
        reasons.append("you face the edge of the map")
    elif target not in info.where:
        grounds = listed((NAMES[code] for code in info.where), "or")
        reasons.append(f"you face {one(NAMES[target])}, and it takes {grounds}")
    reasons += _short(info.uses, amounts)
    return f"Nothing was placed: {'; '.join(reasons)}."


def _make(tool: str, before: Moment, after: Moment) -> str:
    if _rose(f"make_{tool}", before, after):
        return f"You made {one(tool)}."
    around = before.around()
    missing = tuple([code for code in MAKE[tool].nearby if code not in around])
    side = ""
    if 0 in before.position:
        side = "westernmost column" if before.position[0] == 0 else "northernmost row"
    return _not_made(tool, missing, side, before.amounts)


@lru_cache(1024)
def _not_made(tool: str, missing: tuple[int, ...], side: str, amounts: bytes) -> str:
    reasons = [f"there is no {NAMES[code]} beside you" for code in missing]
    if side and not reasons:
        reasons.append(f"nothing can be made in the map's {side}")
    reasons += _short(MAKE[tool].uses, amounts)
    return f"Nothing was made: {'; '.join(reasons)}."


def _short(uses: dict[str, int], amounts: bytes) -> list[str]:
    owned = dict(zip(ITEMS, amounts, strict=True))
    return [
        f"you need {count} {plain(item)} and have {owned[item]}"
        for item, count in uses.items()
        if owned[item] < count
    ]


def _rose(achievement: str, before: Moment, after: Moment) -> bool:
    return after.achievements[achievement] > before.achievements[achievement]


_TELLERS: dict[str, Callable[[str, Moment, Moment], str]] = {
    "noop": _noop,
    "move": _move,
    "do": _do,
    "sleep": _sleep,
    "place": _place,
    "make": _make,
}
_PLANS = [(_TELLERS[verb], thing) for verb, _, thing in (it.partition("_") for it in ACTIONS)]
