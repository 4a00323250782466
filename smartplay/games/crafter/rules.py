"""Crafter's rules that are data: actions, materials, items, recipes, achievements.

They are read from the `crafter` package's own `data.yaml`, without importing the package (which
would import its picture libraries too).
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any, NamedTuple

import ruamel.yaml

from smartplay.core.errors import MissingPackageError


class Collect(NamedTuple):
    """What "do" on a material takes and gives.

    Attributes:
        require: Items that must be owned; they are not used up.
        receive: Items gained.
        probability: Chance of gaining them.
        leaves: The material that remains.
    """

    require: dict[str, int]
    receive: dict[str, int]
    probability: float
    leaves: int


class Place(NamedTuple):
    """What placing something takes.

    Attributes:
        uses: Items used up.
        where: The materials it can be placed on.
        material: The material that comes to be, or None where it is an object (the plant).
    """

    uses: dict[str, int]
    where: tuple[int, ...]
    material: int | None


class Make(NamedTuple):
    """What making an item takes.

    Attributes:
        uses: Items used up.
        nearby: The materials that must be among the nine cells around the player.
        gives: How many items are made.
    """

    uses: dict[str, int]
    nearby: tuple[int, ...]
    gives: int


def package_folder() -> Path:
    """The folder of the installed `crafter` package, which is not imported.

    Raises:
        MissingPackageError: If it is not installed.
    """
    spec = importlib.util.find_spec("crafter")
    if spec is None or not spec.submodule_search_locations:
        raise MissingPackageError("Crafter needs the package crafter; pip install crafter")
    return Path(spec.submodule_search_locations[0])


def _read() -> dict[str, Any]:
    text = (package_folder() / "data.yaml").read_text(encoding="utf-8")
    data: dict[str, Any] = ruamel.yaml.YAML(typ="safe", pure=True).load(text)
    return data


_data = _read()

ACTIONS: tuple[str, ...] = tuple(_data["actions"])
MATERIALS: tuple[str, ...] = ("", *_data["materials"])
"""Names of the materials by their code; code 0 is outside the map."""

CODE = {name: code for code, name in enumerate(MATERIALS)}
WATER, GRASS, STONE, PATH, SAND, TREE, LAVA = (CODE[name] for name in MATERIALS[1:8])
COAL, IRON, DIAMOND, TABLE, FURNACE = (CODE[name] for name in MATERIALS[8:13])

OBJECTS = ("player", "cow", "zombie", "skeleton", "arrow", "plant")
PLAYER, COW, ZOMBIE, SKELETON, ARROW, PLANT = range(len(MATERIALS), len(MATERIALS) + len(OBJECTS))
RIPE_PLANT = PLANT + 1
FLYING = RIPE_PLANT + 1
"""Codes of our own, for views only: a ripe plant, and from `FLYING` on the arrows by direction."""

NAMES = (
    *("edge of the map", *MATERIALS[1:], *OBJECTS, "ripe plant"),
    *(f"arrow flying {way}" for way in ("west", "east", "north", "south")),
)
"""Names of everything a view can show, by code."""

WALKABLE: tuple[int, ...] = tuple(CODE[name] for name in _data["walkable"])
ITEMS: tuple[str, ...] = tuple(_data["items"])
ITEM_MAX: dict[str, int] = {name: item["max"] for name, item in _data["items"].items()}
ITEM_START: dict[str, int] = {name: item["initial"] for name, item in _data["items"].items()}
VITALS = ITEMS[:4]
ACHIEVEMENTS: tuple[str, ...] = tuple(_data["achievements"])

COLLECT: dict[int, Collect] = {
    CODE[name]: Collect(
        info["require"], info["receive"], info.get("probability", 1), CODE[info["leaves"]]
    )
    for name, info in _data["collect"].items()
}
PLACE: dict[str, Place] = {
    name: Place(
        info["uses"],
        tuple(CODE[material] for material in info["where"]),
        CODE[name] if info["type"] == "material" else None,
    )
    for name, info in _data["place"].items()
}
MAKE: dict[str, Make] = {
    name: Make(info["uses"], tuple(CODE[it] for it in info["nearby"]), info["gives"])
    for name, info in _data["make"].items()
}
