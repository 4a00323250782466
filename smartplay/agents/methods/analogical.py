"""Analogical prompting: the model recalls examples of its own before it answers."""

from __future__ import annotations

from typing import Literal

from smartplay.agents.context import Reply
from smartplay.agents.methods.method import Arm, Method, Number, Sections
from smartplay.agents.methods.turn import ANSWER, Conversation, Turn

TUTORIAL = ("Tutorial", "The main ideas that the present position demands, in a few sentences.")
LIKE = (
    "{n} other positions, different from each other and from the present one, that are like it in "
    "what matters. For each: the position, the reasoning, the best action."
)
UNRELATED = (
    "{n} problems from everyday arithmetic, different from each other. For each: the problem, the "
    "reasoning, the solution."
)
ONCE = "This is asked once, before the game begins. You choose no action yet. Write {what}"
KEPT = "These examples you wrote before the game began:\n\n{examples}"


class Analogical(Method):
    """Asks for examples and the choice in one reply.

    Attributes:
        examples: How many.
        about: `"like"` the present position, or `"unrelated"`: the control without which it
            cannot be said that their likeness helps.
        tutorial: Whether the main ideas are asked for before the examples.
        per: `"step"` asks anew each step; `"episode"` once, and shows the examples at every step.
    """

    summary = "examples that the model recalls before it answers"
    defaults = {"max_tokens": 4096}
    examples: Number = 3
    about: Literal["like", "unrelated"] = "like"
    tutorial: bool = False
    per: Literal["step", "episode"] = "step"
    _written: str | None = None

    async def choose(self, turn: Turn) -> Reply:
        """Ask; a complaint carries on the conversation."""
        if self.per == "step":
            call = await turn.ask(turn.carry_on(self._sections.words), label=ANSWER)
            return self._sections.reply(turn, call)
        if self._written is None:
            self._written = await self._write(turn)
        talk = turn.carry_on(KEPT.format(examples=self._written) if self._written else "")
        return turn.reply(await turn.ask(talk, decides=True))

    async def _write(self, turn: Turn) -> str:
        told = "\n".join(what for _, what in self._sections.parts)
        talk = Conversation(turn.prompt, ONCE.format(what=told))
        return turn.said(await turn.ask(talk, label="examples"))

    @property
    def _sections(self) -> Sections:
        wanted = (LIKE if self.about == "like" else UNRELATED).format(n=self.examples)
        return Sections([*([TUTORIAL] if self.tutorial else []), ("Examples", wanted)])

    def controls(self) -> list[Arm]:
        """No examples, and examples of something else."""
        own = {"examples": self.examples, "tutorial": self.tutorial, "per": self.per}
        return [
            Arm("one call", "direct"),
            Arm("reasons first", "think"),
            Arm("unrelated examples", "analogical", own | {"about": "unrelated"}),
        ]
