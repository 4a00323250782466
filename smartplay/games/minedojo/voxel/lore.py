"""What the manual says of the embedded world; true of how `climate` and `plants` make it."""

from __future__ import annotations

GOALS = {
    "plains": (
        "Plains are open grass land in mild and rather dry climate: grass blocks thick with dry "
        "grass and flowers, hardly a tree, with sheep, cows and horses."
    ),
    "forest": (
        "A forest is land of mild climate, neither dry nor the wettest, thick with oak trees and "
        "some birches on grass blocks, with deer, pigs and hens."
    ),
    "ocean": (
        "An ocean is the wide sea: salt water beyond the shore, over sand or gravel, frozen to ice "
        "where it is cold. Rivers are not ocean."
    ),
    "beach": (
        "A beach is the strip of sand along the sea, at the height of the water, bare but for some "
        "coast grass, or snow where it is cold, with turtles, gulls and crabs."
    ),
    "taiga": (
        "A taiga is a cold land thick with spruce trees, on podzol, grass blocks or snow, with "
        "wolves, foxes and moose."
    ),
    "ice spikes": (
        "Ice spikes are the coldest land of all: snow blocks as the ground, and spikes of packed "
        "ice that stand on it like trees, with polar bears."
    ),
    "jungle": (
        "A jungle is hot and very wet: kapok trees with vines stand close together, with melons, "
        "parrots and monkeys among them."
    ),
    "desert": (
        "A desert is hot and dry: sand on sandstone far and wide, with cactuses and camels."
    ),
}

LORE = (
    "Climate changes slowly, over hundreds of blocks, in warmth and in wetness, each for itself, "
    "and lands of like climate lie side by side. From the coldest to the hottest, each row from "
    "dry to wet: ice spikes; snowy tundra, snowy taiga; steppe, heath, taiga; steppe, plains, "
    "heath, forest, swamp; savanna, scrub, swamp; badlands, desert, savanna, jungle.",
    "Plants tell the climate. From cold to hot grow: berry bush, cornflower, poppy, hibiscus, "
    "aloe. From dry to wet grow: dead bush, dry grass, tall grass, fern, horsetail. A snow layer "
    "or ice means cold; the more snow, the colder. Acacia trees grow in savannas and willows in "
    "swamps.",
    "The land slopes down to the sea. Coast grass grows on low land, which mostly lies towards the "
    "sea. The surface of all water is at y = 63.",
)
