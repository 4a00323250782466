"""A debate: copies of a model answer, read each other's answers, and answer again."""

from __future__ import annotations

from smartplay.agents.context import Reply
from smartplay.agents.methods.method import SAMPLED, Arm, Few, Method, elected
from smartplay.agents.methods.turn import CHOOSE, Turn
from smartplay.models.base import together

OTHERS = "These are the answers that other players give to the same question:"
AGAIN = f"Weigh them against your own answer. {CHOOSE}"


class Debate(Method):
    """Lets copies of a model answer in rounds, and takes the majority of the last round.

    Attributes:
        copies: How many copies.
        rounds: How often each answers; from the second round on after it has read the others.
    """

    summary = "copies of a model that read each other's answers, and their majority"
    defaults = SAMPLED
    copies: Few = 3
    rounds: Few = 2

    async def choose(self, turn: Turn) -> Reply:
        """Answer, read, answer again, vote."""
        calls = await turn.sample(turn.conversation(), self.copies)
        talks = [turn.conversation() for _ in calls]
        for number in range(2, self.rounds + 1):
            for own, (talk, call) in enumerate(zip(talks, calls, strict=True)):
                if number == 2:
                    talk.hear(call)
                others = [turn.said(each) for k, each in enumerate(calls) if k != own]
                talk.say("\n\n".join([OTHERS, *others, AGAIN]))
            label = f"round {number}"
            asked = [turn.ask(talk, label=label, decides=True) for talk in talks]
            calls = await together(asked)
        return elected(turn, calls)[1]

    def controls(self) -> list[Arm]:
        """One call, and votes of as many samples as there are calls, and as there are copies."""
        calls = self.copies * self.rounds
        return [
            Arm("one call", "direct"),
            Arm("majority of the copies", "majority", {"samples": self.copies}),
            Arm("majority, equal calls", "majority", {"samples": calls}),
        ]
