"""The blocks of the embedded world: names, what can be walked through, colours on the map."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Block(NamedTuple):
    """One kind of block.

    Attributes:
        name: What people call it; never the name of a biome.
        solid: Whether a body is stopped by it.
        colour: Red, green and blue on the map.
    """

    name: str
    solid: bool
    colour: tuple[int, int, int]


_SOLID = {
    "stone": (128, 128, 128),
    "dirt": (134, 96, 67),
    "grass block": (104, 159, 70),
    "sand": (222, 207, 150),
    "gravel": (150, 144, 140),
    "clay": (160, 166, 178),
    "ice": (160, 200, 240),
    "packed ice": (120, 165, 225),
    "snow block": (240, 246, 250),
    "podzol": (110, 80, 45),
    "mud": (92, 82, 70),
    "red sand": (190, 102, 45),
    "terracotta": (152, 94, 68),
    "sandstone": (210, 195, 140),
    "mossy stone": (100, 120, 95),
    "oak log": (90, 70, 40),
    "oak leaves": (60, 120, 40),
    "birch log": (215, 215, 205),
    "birch leaves": (120, 160, 80),
    "spruce log": (70, 50, 30),
    "spruce leaves": (45, 85, 60),
    "acacia log": (120, 100, 90),
    "acacia leaves": (140, 150, 50),
    "kapok log": (95, 75, 30),
    "kapok leaves": (30, 135, 25),
    "willow log": (80, 75, 55),
    "willow leaves": (85, 105, 55),
    "cactus": (70, 130, 50),
    "melon": (120, 150, 40),
}
_SOFT = {
    "water": (50, 95, 190),
    "snow layer": (248, 250, 252),
    "vine": (50, 110, 35),
    "sugar cane": (150, 195, 110),
    "lily pad": (40, 115, 55),
    "coast grass": (175, 190, 120),
    "dead bush": (125, 95, 50),
    "dry grass": (185, 170, 90),
    "tall grass": (90, 150, 60),
    "fern": (70, 130, 60),
    "horsetail": (40, 120, 70),
    "berry bush": (120, 50, 60),
    "cornflower": (80, 110, 220),
    "poppy": (210, 50, 40),
    "hibiscus": (230, 90, 150),
    "aloe": (130, 190, 140),
    "brown mushroom": (145, 110, 85),
}

BLOCKS: tuple[Block, ...] = (
    Block("air", False, (200, 220, 240)),
    *(Block(name, True, colour) for name, colour in _SOLID.items()),
    *(Block(name, False, colour) for name, colour in _SOFT.items()),
)
NAMES = tuple(block.name for block in BLOCKS)
NUMBER = {name: number for number, name in enumerate(NAMES)}

AIR, WATER, ICE, STONE = (NUMBER[name] for name in ("air", "water", "ice", "stone"))

SOLID = bytes(BLOCKS[i].solid if i < len(BLOCKS) else True for i in range(256))
COLOURS = np.array([block.colour for block in BLOCKS], dtype=np.uint8)
