"""One question a step, or two."""

from __future__ import annotations

from smartplay.agents.context import Reply
from smartplay.agents.methods.method import Arm, Method
from smartplay.agents.methods.turn import CHOOSE, Conversation, Turn

HOW_TO_THINK = (
    "Each turn you are asked two questions: first what you think of your next action, "
    "then which one action you choose."
)
THINK = (
    "Which action is best now? Think step by step: what do you know, what would each action "
    "lead to, and which one serves your goal best?"
)


class Direct(Method, omit_defaults=True, kw_only=True):
    """Asks once.

    Attributes:
        words: What else is asked for, before the question. The words of another method make this
            the control that shows what its words do by themselves.
    """

    summary = "asks once"
    words: str = ""

    async def choose(self, turn: Turn) -> Reply:
        """Ask; a complaint carries on the conversation."""
        return turn.reply(await turn.ask(turn.carry_on(self.words), decides=True))


class Think(Method):
    """Asks for reasons first and then for the choice."""

    summary = "asks first for reasons, then for the choice"

    async def choose(self, turn: Turn) -> Reply:
        """Ask twice; a complaint carries on the conversation."""
        calls = []
        if turn.complaint and turn.talk:
            turn.talk.say(turn.complaint)
        else:
            turn.talk = Conversation(turn.prompt, THINK, how=HOW_TO_THINK)
            calls.append(await turn.ask(turn.talk))
            turn.talk.say(CHOOSE)
        return turn.reply(*calls, await turn.ask(turn.talk, decides=True))

    def controls(self) -> list[Arm]:
        """One call."""
        return [Arm("one call", "direct")]
