"""What grows and lies where: trees, ice spikes and boulders as templates, plants by climate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from smartplay.games.minedojo.voxel.blocks import NUMBER
from smartplay.games.minedojo.voxel.lands import BIOME, BIOMES
from smartplay.games.minedojo.voxel.noise import Floats, Hashes, fraction, mix

REACH = 4  # how far a template may reach sideways


class Template(NamedTuple):
    """A tree or the like, relative to the block above the ground it stands on.

    Attributes:
        soft: Offsets `(n, 3)` and block numbers `(n,)` that fill air only.
        hard: Offsets `(n, 3)` and block numbers `(n,)` that replace what is there.
    """

    soft: tuple[NDArray[np.int64], NDArray[np.uint8]]
    hard: tuple[NDArray[np.int64], NDArray[np.uint8]]


Cells = dict[tuple[int, int, int], str]


def _template(soft: Cells, hard: Cells) -> Template:
    def pack(cells: Cells) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        offsets = np.array(list(cells), dtype=np.int64).reshape(-1, 3)
        return offsets, np.array([NUMBER[name] for name in cells.values()], dtype=np.uint8)

    return Template(pack({c: n for c, n in soft.items() if c not in hard}), pack(hard))


def _disc(y: int, radius: int, name: str, corners: bool = False) -> Cells:
    span = range(-radius, radius + 1)
    limit = 2 * radius * radius if corners else radius * radius + 1
    return {(x, y, z): name for x in span for z in span if x * x + z * z <= limit}


def _trunk(height: int, name: str) -> Cells:
    return {(0, y, 0): name for y in range(height)}


def _round(wood: str, height: int, radius: int) -> Template:
    leaves: Cells = {}
    for y, r in ((-2, radius), (-1, radius), (0, radius - 1), (1, 1)):
        leaves |= _disc(height + y, r, f"{wood} leaves")
    return _template(leaves, _trunk(height + 1, f"{wood} log"))


def _cone(height: int) -> Template:
    leaves: Cells = {}
    for y in range(3, height + 1):
        radius = min(2, (height + 1 - y) // 2 + (height - y) % 2)
        leaves |= _disc(y, radius, "spruce leaves")
    return _template(leaves | {(0, height + 1, 0): "spruce leaves"}, _trunk(height, "spruce log"))


def _flat(height: int) -> Template:
    leaves = _disc(height, 3, "acacia leaves") | _disc(height + 1, 1, "acacia leaves")
    return _template(leaves, _trunk(height, "acacia log"))


def _giant(height: int) -> Template:
    leaves = _disc(height, 3, "kapok leaves", True) | _disc(height + 1, 2, "kapok leaves")
    vines = {(1, y, 0): "vine" for y in range(3, height)} | {(0, y, -1): "vine" for y in (2, 3, 4)}
    return _template(leaves | vines, _trunk(height + 1, "kapok log"))


def _bush() -> Template:
    leaves = _disc(0, 1, "kapok leaves", True) | _disc(1, 1, "kapok leaves")
    return _template(leaves, {(0, 0, 0): "kapok log"})


def _willow(height: int) -> Template:
    leaves = _disc(height - 1, 3, "willow leaves") | _disc(height, 2, "willow leaves")
    vines = {(x, y, 3): "vine" for x in (-1, 1) for y in (height - 2, height - 3)}
    return _template(leaves | vines, _trunk(height, "willow log"))


def _spike(height: int) -> Template:
    ice: Cells = {}
    for y in range(height):
        radius = 2 if y < height // 3 else 1 if y < 2 * height // 3 else 0
        ice |= _disc(y, radius, "packed ice")
    return _template({}, ice)


def _column(height: int, name: str) -> Template:
    return _template({}, _trunk(height, name))


TEMPLATES: dict[str, tuple[Template, ...]] = {
    "oak": (_round("oak", 5, 2), _round("oak", 6, 2), _round("oak", 6, 3)),
    "birch": (_round("birch", 5, 2), _round("birch", 6, 2), _round("birch", 7, 2)),
    "spruce": (_cone(7), _cone(8), _cone(10)),
    "acacia": (_flat(5), _flat(6), _flat(7)),
    "kapok": (_giant(7), _giant(9), _bush()),
    "willow": (_willow(5), _willow(6), _willow(6)),
    "spike": (_spike(5), _spike(9), _spike(15)),
    "cactus": (_column(1, "cactus"), _column(2, "cactus"), _column(3, "cactus")),
    "melon": (_column(1, "melon"), _column(1, "melon"), _column(1, "melon")),
    "boulder": (_column(1, "mossy stone"), _column(2, "mossy stone"), _column(1, "mossy stone")),
}
KINDS = tuple(TEMPLATES)


class Pieces(NamedTuple):
    """Parts of all templates in a row; templates have labels, three to a kind.

    Attributes:
        start: Where a template's soft parts start, by label; then the same of its hard parts.
        number: How many there are, likewise.
        offsets: From the block above the ground, shape `(n, 3)`.
        numbers: Block numbers, shape `(n,)`.
    """

    start: NDArray[np.int64]
    number: NDArray[np.int64]
    offsets: NDArray[np.int64]
    numbers: NDArray[np.uint8]


def _row_up(shapes: Sequence[tuple[NDArray[np.int64], NDArray[np.uint8]]]) -> Pieces:
    count = np.array([len(numbers) for _, numbers in shapes])
    offsets = np.concatenate([offsets for offsets, _ in shapes])
    numbers = np.concatenate([numbers for _, numbers in shapes])
    return Pieces(np.cumsum(count) - count, count, offsets, numbers)


_EVERY = [template for kind in KINDS for template in TEMPLATES[kind]]
PIECES = _row_up([template.soft for template in _EVERY] + [template.hard for template in _EVERY])

# Per biome: chance of something in each square of 5 x 5 blocks, and the kinds to draw from.
SPACING = 5
_STANDS: dict[str, tuple[float, tuple[str, str, str, str]]] = {
    "ice spikes": (0.22, ("spike",) * 4),
    "snowy tundra": (0.02, ("spruce", "boulder", "boulder", "spruce")),
    "snowy taiga": (0.42, ("spruce",) * 4),
    "taiga": (0.45, ("spruce", "spruce", "spruce", "boulder")),
    "steppe": (0.05, ("boulder", "spruce", "boulder", "boulder")),
    "mountains": (0.06, ("spruce", "boulder", "boulder", "spruce")),
    "plains": (0.012, ("oak",) * 4),
    "forest": (0.50, ("oak", "oak", "birch", "oak")),
    "heath": (0.05, ("birch", "birch", "boulder", "birch")),
    "scrub": (0.07, ("acacia", "oak", "boulder", "acacia")),
    "swamp": (0.30, ("willow",) * 4),
    "savanna": (0.10, ("acacia",) * 4),
    "jungle": (0.62, ("kapok", "kapok", "kapok", "melon")),
    "desert": (0.10, ("cactus",) * 4),
    "badlands": (0.05, ("cactus",) * 4),
}
CHANCE: Floats = np.array([_STANDS.get(name, (0.0,))[0] for name in BIOMES])
CHOICE = np.array(
    [
        [KINDS.index(kind) for kind in _STANDS[name][1]] if name in _STANDS else [0] * 4
        for name in BIOMES
    ]
)

# Ground plants: the share of columns that bear one, per biome.
_COVER = {
    "plains": 0.30,
    "forest": 0.14,
    "heath": 0.22,
    "scrub": 0.22,
    "swamp": 0.16,
    "savanna": 0.26,
    "jungle": 0.26,
    "taiga": 0.14,
    "steppe": 0.20,
    "snowy taiga": 0.05,
    "snowy tundra": 0.05,
    "mountains": 0.04,
    "desert": 0.02,
    "badlands": 0.02,
    "beach": 0.03,
}
_COVERED: Floats = np.array([_COVER.get(name, 0.0) for name in BIOMES])
_DRAWS = np.ceil(_COVERED * 2.0**32).astype(np.uint32)  # as many draws are below its share
BY_TEMPERATURE = ("berry bush", "cornflower", "poppy", "hibiscus", "aloe")
TEMPERATURES = (-0.22, 0.0, 0.18, 0.36)
BY_HUMIDITY = ("dead bush", "dry grass", "tall grass", "fern", "horsetail")
HUMIDITIES = (-0.30, -0.08, 0.12, 0.34)
COASTAL = 0.20  # coast grass grows below this many units of continental noise above the coast
_BY_TEMPERATURE = np.array([NUMBER[name] for name in BY_TEMPERATURE], dtype=np.uint8)
_BY_HUMIDITY = np.array([NUMBER[name] for name in BY_HUMIDITY], dtype=np.uint8)
_SHARES = np.array([0] * 4 + [1] * 5 + [2] * 6 + [3])
"""Out of sixteen ground plants: by the coast, by humidity, by temperature, and where it is odd."""

TABLES = (
    _COVERED, _BY_TEMPERATURE, np.array(TEMPERATURES), _BY_HUMIDITY, np.array(HUMIDITIES), COASTAL,
)  # fmt: skip


def cover(
    biome: NDArray[np.uint8],
    temperature: Floats,
    humidity: Floats,
    inland: Floats,
    draw: Hashes,
) -> NDArray[np.uint8]:
    """The plant or snow on each column of dry land; air where there is none.

    Args:
        biome: Index into `BIOMES` per cell, as all but the draw.
        temperature: As in `climate.Fields`.
        humidity: As in `climate.Fields`.
        inland: As in `climate.Fields`.
        draw: A 32-bit draw per column, a whole number of columns to a cell.

    Returns:
        Block numbers, of the draw's shape.
    """
    side = len(draw) // len(biome)

    def spread(cells: NDArray[Any]) -> NDArray[Any]:
        return cells.repeat(side, axis=1).repeat(side, axis=0)

    plant = np.zeros(draw.shape, dtype=np.uint8)
    # Snow thins out from everywhere at -0.38 to nowhere at -0.16.
    snow = (-0.16 - temperature) * (1.0 / 0.22)
    snow[(biome == BIOME["river"]) | (biome == BIOME["ice spikes"])] = 0.0
    if (snow > 0.0).any():
        plant[(1.0 - fraction(draw)) < spread(snow)] = NUMBER["snow layer"]
    columns = np.flatnonzero(draw < spread(_DRAWS.take(biome)))
    warm = _BY_TEMPERATURE.take(np.searchsorted(TEMPERATURES, temperature))
    wet = _BY_HUMIDITY.take(np.searchsorted(HUMIDITIES, humidity))
    coast = np.where(inland < COASTAL, np.uint8(NUMBER["coast grass"]), wet)
    odd = np.where(biome == BIOME["swamp"], np.uint8(NUMBER["brown mushroom"]), warm)
    kinds = np.array([coast, wet, warm, odd])
    kinds[:, biome == BIOME["beach"]] = NUMBER["coast grass"]
    which = _SHARES.take(mix(draw.take(columns)) & np.uint32(15))
    cell = spread(np.arange(biome.size).reshape(biome.shape)).take(columns)
    plant.reshape(-1)[columns] = kinds.reshape(-1).take(which * biome.size + cell)
    return plant
