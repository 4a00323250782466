"""Reasoning: boxes inside boxes; the asked one is one step or four steps from its door."""

from __future__ import annotations

from smartplay.games.contrast.house import DOORS, Drawn, permutation

MATERIALS = (
    "amber", "birch", "brass", "cedar", "clay", "copper", "cork", "cotton", "crystal", "ebony",
    "felt", "flint", "glass", "granite", "horn", "iron", "ivory", "jade", "leather", "linen",
    "maple", "marble", "nickel", "oak", "onyx", "opal", "paper", "pearl", "pewter", "pine",
    "quartz", "satin", "silk", "slate", "steel", "stone", "straw", "teak", "tin", "velvet",
    "walnut", "wax", "willow", "wool", "zinc",
)  # fmt: skip
DEPTH = 4


class Boxes(Drawn):
    """Behind each door four boxes, each inside the next; the facts are told in any order."""

    size = 2 * DEPTH * len(DOORS) + 1

    def _draw(self) -> None:
        names = self.rng.sample(MATERIALS, DEPTH * len(DOORS))
        self._order = permutation(self.rng, len(names))
        self.right = self.rng.randrange(len(DOORS))
        self._names = names
        first = self.right * DEPTH
        self._asked = first if self.hard else first + DEPTH - 1

    def _holder(self, box: int) -> int:
        """The box around a box, or -1 - door."""
        return -1 - box // DEPTH if box % DEPTH == DEPTH - 1 else box + 1

    def _fact(self, box: int) -> str:
        holder = self._holder(box)
        place = (
            f"behind the {DOORS[-1 - holder]} door"
            if holder < 0
            else f"inside the {self._names[holder]} box"
        )
        return f"The {self._names[box]} box is {place}."

    def manual(self, rounds: str) -> str:
        """The rules."""
        return (
            f"{rounds} In each round you choose one of four doors, and one of them is right: the "
            "one behind which you find the box that is asked for, be it inside other boxes or not."
        )

    def text(self) -> str:
        """Sixteen facts and the question."""
        facts = " ".join(map(self._fact, self._order))
        return f"{facts} Behind which door is the {self._names[self._asked]} box?"

    def numbers(self) -> list[int]:
        """Box and holder of each fact (holder -1 - door if it is a door), then the asked box."""
        facts = [number for box in self._order for number in (box, self._holder(box))]
        return [*facts, self._asked]
