"""Self-consistency: several samples of one question, and the action that most of them name."""

from __future__ import annotations

from smartplay.agents.context import Reply
from smartplay.agents.methods.method import SAMPLED, Arm, Few, Method, elected
from smartplay.agents.methods.turn import Turn


class Majority(Method):
    """Asks for several samples and takes the action that most of them name.

    Attributes:
        samples: How many; a tie goes to the action that was named first.
    """

    summary = "samples of one question, and the action that most of them name"
    defaults = SAMPLED
    samples: Few = 5

    async def choose(self, turn: Turn) -> Reply:
        """Sample and vote; after an invalid reply again, with new samples."""
        calls = await turn.sample(turn.conversation(), self.samples)
        return elected(turn, calls)[1]

    def controls(self) -> list[Arm]:
        """One call, as it is usual and as it is sampled here."""
        return [Arm("one call", "direct"), Arm("one sample", "direct", models=SAMPLED)]
