"""The nine capabilities a game can demand of an agent.

The names and the degrees are those of the SmartPlay paper (arXiv 2310.01557, section 2).
"""

from __future__ import annotations

from enum import StrEnum


class Capability(StrEnum):
    """One of the nine skills; its value is the name people read."""

    LONG_TEXT_UNDERSTANDING = "Long Text Understanding"
    REASONING = "Reasoning"
    INSTRUCTION_FOLLOWING = "Instruction Following"
    PLANNING = "Planning"
    GENERALIZATION = "Generalization"
    UNDERSTANDING_THE_ODDS = "Understanding the Odds"
    LEARNING_FROM_INTERACTIONS = "Learning from Interactions"
    ERROR_HANDLING = "Error/Mistake Handling"
    SPATIAL_REASONING = "Spatial Reasoning"

    @property
    def key(self) -> str:
        """The name as a card spells it, such as `long_text_understanding`."""
        return self.name.lower()

    @property
    def degrees(self) -> tuple[str, ...]:
        """What each degree means, from degree 1 up."""
        return _DEGREES[self]


_DEGREES: dict[Capability, tuple[str, ...]] = {
    Capability.LONG_TEXT_UNDERSTANDING: (
        "a few lines",
        "a few paragraphs",
        "with syntactic variation",
        "more than a page",
    ),
    Capability.REASONING: ("0 or 1 hop", "2 or 3 hops", "more than 3 hops"),
    Capability.INSTRUCTION_FOLLOWING: (
        "one game rule",
        "fewer than five rules",
        "five rules or more",
    ),
    Capability.PLANNING: (
        "fewer than 5 steps ahead",
        "5 steps ahead or more",
        "several objectives at once",
    ),
    Capability.GENERALIZATION: ("fixed environment", "random objective", "procedural world"),
    Capability.UNDERSTANDING_THE_ODDS: (
        "no randomness",
        "randomness present",
        "randomness at the core",
    ),
    Capability.LEARNING_FROM_INTERACTIONS: (
        "nothing to learn",
        "one thing to learn",
        "fewer than five kinds of things",
        "five kinds of things or more",
    ),
    Capability.ERROR_HANDLING: ("no mistakes to mend", "roll back", "replan"),
    Capability.SPATIAL_REASONING: ("0 or 1 dimension", "2 dimensions", "3 dimensions"),
}
