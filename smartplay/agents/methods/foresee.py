"""Foresee and reflect: what will the others do next, and would it help to act now?"""

from __future__ import annotations

from typing import Literal

from smartplay.agents.context import Reply
from smartplay.agents.methods.method import Arm, Method, Sections
from smartplay.agents.methods.turn import ANSWER, Turn

FORESIGHT = {
    "own": (
        "For everyone and everything in the game that acts or changes: what is it likely to do "
        "next, and what trouble may come of it?"
    ),
    "unrelated": (
        "For three people at a market that you make up: what is each likely to do next, and what "
        "trouble may come of it?"
    ),
    "misleading": (
        "For everyone and everything in the game that acts or changes: suppose that next it does "
        "the opposite of what it seems about to do, and say what trouble may come of that."
    ),
}
REFLECTION = ("Reflection", "For each of these: would one of your actions, taken now, help?")


class Foresee(Method):
    """Asks for foresight, reflection and the choice in one reply.

    Attributes:
        foresight: Whose: `"own"` of the game, `"unrelated"` or `"misleading"` as controls, or
            `"none"`.
        reflection: Whether it is asked what an action would help.
    """

    summary = "what others will do next and whether acting now helps, then the choice"
    defaults = {"max_tokens": 2048}
    foresight: Literal["own", "unrelated", "misleading", "none"] = "own"
    reflection: bool = True

    async def choose(self, turn: Turn) -> Reply:
        """Ask; a complaint carries on the conversation."""
        parts = []
        if self.foresight != "none":
            parts.append(("Foresight", FORESIGHT[self.foresight]))
        sections = Sections([*parts, *([REFLECTION] if self.reflection else [])])
        return sections.reply(turn, await turn.ask(turn.carry_on(sections.words), label=ANSWER))

    def controls(self) -> list[Arm]:
        """Each part left out, and foresight of the wrong things."""
        return [
            Arm("one call", "direct"),
            Arm("reasons first", "think"),
            Arm("without foresight", "foresee", {"foresight": "none"}),
            Arm("without reflection", "foresee", {"reflection": False}),
            Arm("misleading foresight", "foresee", {"foresight": "misleading"}),
            Arm("unrelated foresight", "foresee", {"foresight": "unrelated"}),
        ]
