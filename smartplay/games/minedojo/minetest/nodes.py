"""Minetest's nodes and biomes in the game's words.

Nodes get names that do not give a biome away. Biomes are those of minetest_game, but that a column
under the sea is `ocean` and sand along it `beach`, whatever the climate.
"""

from __future__ import annotations

import numpy as np

from smartplay.games.minedojo.voxel.world import Matter

_SOLID: dict[str, tuple[int, int, int]] = {
    "stone": (128, 128, 128),
    "dirt": (134, 96, 67),
    "dirt_with_grass": (104, 159, 70),
    "dirt_with_snow": (232, 238, 242),
    "dirt_with_rainforest_litter": (95, 85, 40),
    "dirt_with_coniferous_litter": (120, 90, 50),
    "dry_dirt": (150, 115, 75),
    "dry_dirt_with_dry_grass": (190, 165, 85),
    "sand": (222, 207, 150),
    "silver_sand": (205, 205, 200),
    "desert_sand": (225, 160, 100),
    "sandstone": (210, 195, 140),
    "silver_sandstone": (195, 195, 185),
    "desert_stone": (165, 105, 75),
    "gravel": (150, 144, 140),
    "clay": (160, 166, 178),
    "snowblock": (240, 246, 250),
    "ice": (160, 200, 240),
    "cave_ice": (150, 190, 230),
    "permafrost": (120, 110, 100),
    "permafrost_with_stones": (130, 125, 115),
    "permafrost_with_moss": (120, 135, 90),
    "tree": (90, 70, 40),
    "leaves": (60, 120, 40),
    "apple": (200, 60, 50),
    "aspen_tree": (215, 215, 205),
    "aspen_leaves": (150, 175, 80),
    "pine_tree": (70, 50, 30),
    "pine_needles": (45, 85, 60),
    "acacia_tree": (120, 100, 90),
    "acacia_leaves": (140, 150, 50),
    "jungletree": (95, 75, 30),
    "jungleleaves": (30, 135, 25),
    "cactus": (70, 130, 50),
    "bush_stem": (90, 70, 45),
    "bush_leaves": (75, 130, 50),
    "blueberry_bush_leaves": (75, 120, 70),
    "blueberry_bush_leaves_with_berries": (75, 110, 110),
    "acacia_bush_stem": (120, 100, 80),
    "acacia_bush_leaves": (140, 150, 60),
    "pine_bush_stem": (75, 55, 35),
    "pine_bush_needles": (50, 90, 65),
    "coral_brown": (150, 100, 70),
    "coral_orange": (230, 130, 60),
    "coral_skeleton": (225, 220, 205),
    "sand_with_kelp": (120, 140, 90),
    "unknown": (255, 0, 255),
}
_SOFT: dict[str, tuple[int, int, int]] = {
    "water_source": (50, 95, 190),
    "snow": (248, 250, 252),
    "grass": (90, 150, 60),
    "dry_grass": (185, 170, 90),
    "fern": (70, 130, 60),
    "junglegrass": (40, 140, 50),
    "marram_grass": (175, 190, 120),
    "dry_shrub": (125, 95, 50),
    "papyrus": (150, 195, 110),
    "cotton_wild": (225, 225, 215),
    "mushroom_brown": (145, 110, 85),
    "mushroom_red": (200, 60, 50),
    "chrysanthemum_green": (150, 200, 110),
    "dandelion_white": (235, 235, 225),
    "dandelion_yellow": (240, 210, 60),
    "geranium": (80, 110, 220),
    "rose": (210, 50, 60),
    "tulip": (235, 140, 60),
    "tulip_black": (60, 40, 60),
    "viola": (150, 100, 200),
    "waterlily": (40, 115, 55),
}
_WORDS = {
    "dirt_with_grass": "grass block",
    "dirt_with_snow": "snowy dirt",
    "dirt_with_rainforest_litter": "leaf litter",
    "dirt_with_coniferous_litter": "needle litter",
    "dry_dirt_with_dry_grass": "dry grass block",
    "desert_sand": "red sand",
    "desert_stone": "red stone",
    "snowblock": "snow block",
    "snow": "snow layer",
    "tree": "apple log",
    "leaves": "apple leaves",
    "aspen_tree": "aspen log",
    "pine_tree": "pine log",
    "acacia_tree": "acacia log",
    "jungletree": "kapok log",
    "jungleleaves": "kapok leaves",
    "junglegrass": "broad grass",
    "water_source": "water",
    "dry_shrub": "dead bush",
    "cotton_wild": "wild cotton",
    "blueberry_bush_leaves_with_berries": "blueberry bush leaves with berries",
    "unknown": "unknown block",
}
_LIKE = {
    "river_water_source": "water_source",
    "water_flowing": "water_source",
    "river_water_flowing": "water_source",
    "waterlily_waving": "waterlily",
    "kelp": "sand_with_kelp",
    "stone_with_coal": "stone",
    "coral_green": "water_source",  # thin growths under water
    "coral_pink": "water_source",
    "coral_cyan": "water_source",
}
_AIR = ("air", "ignore", "hidden_firefly", "firefly")

_KINDS = ("air", *_SOLID, *_SOFT)
NAMES = tuple(_WORDS.get(kind, kind.replace("_", " ")) for kind in _KINDS)
WATER = _KINDS.index("water_source")
MATTER = Matter(
    solid=bytes(number >= len(_KINDS) or _KINDS[number] in _SOLID for number in range(256)),
    water=WATER,
    rock=_KINDS.index("stone"),
    colours=np.array([(200, 220, 240), *_SOLID.values(), *_SOFT.values()], dtype=np.uint8),
)
LIGHT = np.array(  # what grows or floats on the ground, and so is not the ground
    [
        kind == "air"
        or kind in _SOFT
        or any(part in kind for part in ("tree", "leaves", "needles", "bush", "cactus", "apple"))
        for kind in _KINDS
    ]
)
SANDY = np.array([kind in ("sand", "silver_sand", "gravel", "dirt") for kind in _KINDS])


def number_of(node: str) -> int:
    """Block number of a node such as `default:dry_grass_3`."""
    kind = node.split(":")[-1]
    kind = _LIKE.get(kind, kind)
    if kind in _AIR or kind.startswith("butterfly"):
        return 0
    plain = kind.rstrip("0123456789").rstrip("_")
    for known in (kind, plain):
        if known in _KINDS:
            return _KINDS.index(known)
    return _KINDS.index("unknown")


# What a biome of minetest_game is called here; variants at other heights go with their land.
LANDS = {
    "icesheet": "ice sheet",
    "tundra": "tundra",
    "taiga": "taiga",
    "snowy_grassland": "snowy plains",
    "grassland": "plains",
    "coniferous_forest": "coniferous forest",
    "deciduous_forest": "deciduous forest",
    "desert": "desert",
    "sandstone_desert": "sandstone desert",
    "cold_desert": "cold desert",
    "savanna": "savanna",
    "rainforest": "jungle",
}
BIOMES = ("unknown", "ocean", "beach", "inland water", *LANDS.values())
OCEAN, BEACH, INLAND_WATER = 1, 2, 3
_VARIANTS = ("_highland", "_beach", "_ocean", "_under", "_dunes", "_shore", "_swamp")

GOAL_BIOMES: dict[str, tuple[str, ...]] = {
    "plains": ("plains",),
    "forest": ("deciduous forest", "coniferous forest"),
    "ocean": ("ocean",),
    "beach": ("beach",),
    "taiga": ("taiga",),
    "jungle": ("jungle",),
    "desert": ("desert", "sandstone desert", "cold desert"),
}


def land_of(biome: str) -> int:
    """Index into `BIOMES` of one of minetest_game's biomes, as if it were dry land."""
    for variant in _VARIANTS:
        biome = biome.removesuffix(variant)
    return BIOMES.index(LANDS[biome]) if biome in LANDS else 0


def by_sea(biome: str) -> bool:
    """Whether a biome of minetest_game is one of the sea or of its shore."""
    return biome.endswith(("_ocean", "_under", "_dunes", "_beach", "_shore", "_swamp"))
