"""Self-correction: the model reviews its answer and answers again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from smartplay.agents.context import Reply
from smartplay.agents.methods.method import SAMPLED, Arm, Method, Number
from smartplay.agents.methods.turn import CHOOSE, ROLE, Turn
from smartplay.agents.reference import reference

CHECK = (
    "Does it fit the rules and all that has happened? Would another action serve your goal better?"
)
REVIEW = f"Review your answer. {CHECK} Say what is wrong with it, if anything is."
REVISE = f"Now answer again in the light of the review; keep your answer if it holds. {CHOOSE}"
CHECK_FIRST = f"Before you settle on an answer, review it. {CHECK}"


class Correct(Method):
    """Answers, reviews the answer and answers again: three calls, and two more per further round.

    Nobody tells the model whether its answer is right.

    Attributes:
        rounds: How often it reviews.
        by: `"review"`; `"again"` asks the same question anew without a review, and takes the last
            answer; `"oracle"` reviews only answers that differ from the scripted reference
            agent's, which no player could know.
    """

    summary = "an answer, a review of it, and another answer"
    roles = {ROLE: "", "reviewer": ROLE}
    rounds: Number = 1
    by: Literal["review", "again", "oracle"] = "review"
    _judge: Any = None

    def model_defaults(self) -> Mapping[str, Any]:
        """Asking the same again makes sense only for samples."""
        return SAMPLED if self.by == "again" else {}

    async def choose(self, turn: Turn) -> Reply:
        """Ask, review, ask again; a complaint carries on the conversation."""
        if self.by == "again":
            calls = await turn.sample(turn.conversation(), self.rounds + 1)
            return turn.reply(*calls)
        if turn.complaint and turn.talk:
            turn.talk.say(turn.complaint)
            return turn.reply(await turn.ask(turn.talk, decides=True))
        talk = turn.talk = turn.conversation()
        right = self._right(turn) if self.by == "oracle" else None
        calls = [await turn.ask(talk, decides=True)]
        for _ in range(self.rounds):
            if right is not None and turn.named(calls[-1]) == right:
                break
            talk.say(REVIEW)
            calls.append(await turn.ask(talk, label="review", role="reviewer"))
            talk.say(REVISE)
            calls.append(await turn.ask(talk, label="revise", decides=True))
        return turn.reply(*calls)

    def _right(self, turn: Turn) -> str | None:
        """What the reference agent does, which must see every step for that."""
        context = turn.context
        if self._judge is None:
            self._judge = reference(context.manual, list(context.actions), context.seed)
        told = self._judge.act(turn.prompt.observation)
        return context.actions[told] if isinstance(told, int) else turn.named(str(told))

    def controls(self) -> list[Arm]:
        """Fewer words, the same words in one call, sampling alone, and the upper line."""
        own = {"rounds": self.rounds}
        return [
            Arm("one call", "direct"),
            Arm("one call with the review's words", "direct", {"words": CHECK_FIRST}),
            Arm("again without a review", "correct", own | {"by": "again"}),
            Arm("majority, equal calls", "majority", {"samples": 2 * self.rounds + 1}),
            Arm("review until right", "correct", own | {"by": "oracle"}, oracle=True),
        ]
