"""What the manual says of Minetest's world; true of minetest_game's biomes."""

from __future__ import annotations

GOALS = {
    "plains": (
        "Plains are open grass land in mild, rather dry climate: grass blocks with grass and "
        "flowers, and no trees but a few bushes."
    ),
    "forest": (
        "A forest is land of mild, wet climate: apple and aspen trees on grass blocks, or pines on "
        "needle litter. Pines on snow are no forest in this sense."
    ),
    "ocean": "An ocean is the sea: water that lies on sand beyond the shore.",
    "beach": (
        "A beach is the strip of sand, gravel or bare dirt along the sea, hardly higher than the "
        "water."
    ),
    "taiga": "A taiga is a cold, wet land: pine trees on snowy dirt.",
    "jungle": (
        "A jungle is hot and wet: kapok trees stand close together on leaf litter, with broad "
        "grass between them."
    ),
    "desert": (
        "A desert is dry: red sand, or plain sand, or silver sand far from the sea, with dead "
        "bushes and, where it is hot, cactuses."
    ),
}

LORE = (
    "Climate changes slowly, over hundreds of blocks, in warmth and in wetness, each for itself, "
    "and lands of like climate lie side by side. From the coldest to the hottest, each row from "
    "dry to wet: tundra (permafrost), ice sheet (snow blocks and ice); snowy plains, taiga (both "
    "on snowy dirt); cold desert (silver sand), plains (grass blocks), coniferous forest (needle "
    "litter); sandstone desert (sand), deciduous forest (grass blocks with trees); desert (red "
    "sand), savanna (dry grass blocks with acacia trees), jungle (leaf litter).",
    "The land slopes down to the sea, whose surface is at y = 63. Marram grass grows near the sea.",
)
