"""How Crafter's things are called in texts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from smartplay.games.crafter.rules import ACTIONS

WAYS = ("west", "east", "north", "south")
"""Names of the four directions, in the engine's order."""

_MOVES = {"left": "West", "right": "East", "up": "North", "down": "South"}
_MASS = {"wood", "stone", "coal", "iron", "water", "grass", "sand", "lava", "path", "drink"}


def action_name(action: str) -> str:
    """The name an agent sees of one of the package's actions, such as "Make Wood Pickaxe"."""
    return " ".join(_MOVES.get(word, word.capitalize()) for word in action.split("_"))


ACTION_NAMES = tuple(action_name(action) for action in ACTIONS)


def plain(name: str) -> str:
    """An item, material or achievement without underscores."""
    return name.replace("_", " ")


def one(name: str) -> str:
    """A thing with its article: "a table", "an iron pickaxe", but "stone"."""
    name = plain(name)
    if name in _MASS:
        return name
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def amounts(items: Mapping[str, int]) -> str:
    """Such as "1 wood, 1 coal and 1 iron"."""
    return listed(f"{count} {plain(name)}" for name, count in items.items())


def listed(words: Iterable[str], last: str = "and") -> str:
    """Such as "a, b and c"."""
    *first, final = words
    return f"{', '.join(first)} {last} {final}" if first else final
