"""HeaP, version 1: a planner lists policies, and each is a prompt that acts until it says DONE."""

from __future__ import annotations

import re

from smartplay.agents.context import Reply
from smartplay.agents.methods.method import Arm, Method, Number
from smartplay.agents.methods.turn import ROLE, Conversation, Turn
from smartplay.records import Call

POLICIES = {
    "reach": "go to something and stop beside it",
    "avoid": "keep away from something",
    "explore": "find out what is not known yet",
    "collect": "get something",
    "make": "make or build something",
    "use": "use something, or give it to someone",
    "rest": "recover, or wait until something happens",
}
_LISTED = "\n".join(f"- {name}: {what}" for name, what in POLICIES.items())
DONE = "DONE"
PLAN = (
    "Make a plan, and choose no action yet. A plan is a list of policies, one a line, each with "
    f"an instruction: `policy: instruction`. The policies are:\n{_LISTED}\n\n"
    "Reply with the list alone. Leave it empty if there is nothing to do."
)
FOLLOW = (
    "You follow the policy {policy} ({what}), with this instruction: {instruction}\n"
    "Your actions under it so far: {taken}.\n"
    'If the instruction is carried out, end your reply with the line "Answer: DONE" instead of an '
    "action."
)
_LINE = re.compile(
    # What stands before a policy stands on its line, or many empty lines would take minutes.
    rf"^(?:[^\S\n]|[\d.*)`-])*({'|'.join(POLICIES)})\b[*`]*\s*:\s*(.+)$",
    re.MULTILINE | re.IGNORECASE,
)


class Heap(Method):
    """Plans, and follows the plan policy by policy; plans again when it is at its end.

    Each policy sees its instruction, what it did, and the game's observations.

    Attributes:
        patience: Most actions of one policy, after which it counts as done.
        replan: Whether there is another plan after the first; without one, the last policy goes on.
    """

    summary = "a planner that lists policies, and a prompt for each that acts until it is done"
    roles = {ROLE: "", "planner": ROLE}
    patience: Number = 20
    replan: bool = True
    _plan: list[tuple[str, str]] = []
    _plans: int = 0
    _taken: list[str] = []

    async def choose(self, turn: Turn) -> Reply:
        """Let the present policy act; go on to the next ones as long as they say DONE."""
        if turn.complaint and turn.talk:
            turn.talk.say(turn.complaint)
            return self._acted(turn, await self._ask(turn, turn.talk))
        planned = False
        while True:
            if not self._plan:
                if planned or (self._plans and not self.replan):
                    turn.talk = turn.conversation()  # there is nothing to follow
                    return turn.reply(await turn.ask(turn.talk, label="no plan", decides=True))
                await self._make_plan(turn)
                planned = True
                continue
            if len(self._taken) >= self.patience and (self.replan or self._plan[1:]):
                self._next()
                continue
            policy, instruction = self._plan[0]
            told = FOLLOW.format(
                policy=policy,
                what=POLICIES[policy],
                instruction=instruction,
                taken=", ".join(self._taken) or "none",
            )
            talk = turn.talk = turn.conversation(told)
            call = await self._ask(turn, talk)
            if turn.named(call, more=(DONE,)) != DONE:
                return self._acted(turn, call)
            self._next()

    async def _ask(self, turn: Turn, talk: Conversation) -> Call:
        return await turn.ask(talk, label=self._plan[0][0] if self._plan else "no plan")

    async def _make_plan(self, turn: Turn) -> None:
        """Ask the planner; once more if its list is empty though the game goes on."""
        for _ in range(2):
            talk = Conversation(turn.prompt, "What is your plan?", PLAN)
            call = await turn.ask(talk, label="plan", role="planner")
            self._plans += 1
            found = _LINE.findall(turn.said(call)) or _LINE.findall(call.text)
            self._plan = [(name.lower(), told.strip()) for name, told in found]
            self._taken = []
            if self._plan:
                return

    def _next(self) -> None:
        self._plan, self._taken = self._plan[1:], []

    def _acted(self, turn: Turn, call: Call) -> Reply:
        name = turn.named(call)
        if name is not None:
            self._taken = [*self._taken, name]
        return turn.reply(call)

    def controls(self) -> list[Arm]:
        """A flat prompt, and a plan that is never made anew."""
        own = {"patience": self.patience}
        return [
            Arm("one call", "direct"),
            Arm("reasons first", "think"),
            Arm("one plan", "heap", own | {"replan": False}),
        ]
