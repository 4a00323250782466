"""Reasoning: boxes inside boxes; the asked one is 1 to 12 facts away from its door."""

from __future__ import annotations

from itertools import pairwise

from smartplay.games.contrast.house import DOORS, Kind, shuffled

MATERIALS = (
    "amber", "bamboo", "birch", "bone", "brass", "bronze", "cedar", "cherry", "chrome", "clay",
    "copper", "coral", "cork", "cotton", "crystal", "denim", "ebony", "felt", "flint", "fur",
    "glass", "granite", "hazel", "hemp", "horn", "iron", "ivory", "jade", "lace", "larch",
    "leather", "linen", "mahogany", "maple", "marble", "nickel", "oak", "onyx", "opal", "paper",
    "pearl", "pewter", "pine", "plaster", "poplar", "quartz", "rattan", "reed", "rubber", "satin",
    "shell", "silk", "silver", "slate", "steel", "stone", "straw", "suede", "teak", "tin",
    "tweed", "velvet", "walnut", "wax", "wicker", "willow", "wool", "zinc",
)  # fmt: skip
DEPTH = 12
INSIDE = (
    "The {inner} box is inside the {outer} box.",
    "Inside the {outer} box is the {inner} box.",
    "The {outer} box holds the {inner} box.",
    "The {inner} box lies in the {outer} box.",
    "Open the {outer} box to find the {inner} box.",
    "The {inner} box was put into the {outer} box.",
    "In the {outer} box there is the {inner} box.",
    "The {outer} box contains the {inner} box.",
)
BEHIND = (
    "The {inner} box is behind the {door} door.",
    "Behind the {door} door is the {inner} box.",
    "The {door} door hides the {inner} box.",
    "The {inner} box stands behind the {door} door.",
)
QUESTIONS = (
    "Behind which door is the {asked} box?",
    "Which door is the {asked} box behind?",
    "Which door leads to the {asked} box?",
    "Where is the {asked} box, behind which door?",
)


class Boxes(Kind):
    """Behind each door `DEPTH` boxes, each inside the next; the facts are told in any order.

    The four stacks are alike and told whole at every level.
    """

    values = tuple(range(1, DEPTH + 1))

    def _draw(self) -> None:
        rng = self.rng
        self.right = rng.randrange(len(DOORS))
        names = rng.sample(MATERIALS, DEPTH * len(DOORS))
        stacks = [names[door * DEPTH : (door + 1) * DEPTH] for door in range(len(DOORS))]
        facts = []
        for door, stack in zip(DOORS, stacks, strict=True):
            facts.append(rng.choice(BEHIND).format(inner=stack[0], door=door))
            for outer, inner in pairwise(stack):
                facts.append(rng.choice(INSIDE).format(outer=outer, inner=inner))
        asked = stacks[self.right][int(self.value) - 1]
        question = rng.choice(QUESTIONS).format(asked=asked)
        self._text = " ".join([*shuffled(rng, facts), question])

    def manual(self, rounds: str) -> str:
        """The rules."""
        return (
            f"{rounds} In each round you choose one of four doors, and one of them is right: the "
            "one behind which you find the box that is asked for, be it inside other boxes or not."
        )

    def text(self) -> str:
        """The facts and the question."""
        return self._text
