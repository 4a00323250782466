"""The lands there are, and where the climate draws the lines between them."""

from __future__ import annotations

CELL = 4
SEA_LEVEL = 63  # the y of the water's surface: the highest water block is one below
COAST = -0.34  # continental noise below this is sea
SHORE = 0.026  # how much above it is beach

BIOMES = (
    "ocean",
    "deep ocean",
    "frozen ocean",
    "river",
    "beach",
    "ice spikes",
    "snowy tundra",
    "snowy taiga",
    "taiga",
    "steppe",
    "mountains",
    "heath",
    "plains",
    "forest",
    "scrub",
    "swamp",
    "savanna",
    "jungle",
    "desert",
    "badlands",
)
BIOME = {name: number for number, name in enumerate(BIOMES)}

HIGH = 43.0  # land this far above the sea is mountains
PEAK = 116.0  # no ground is higher
FROST = -0.34  # water freezes below this temperature
