"""The model writes programs over what it sees, and reads their output before it answers."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

import msgspec

from smartplay.agents.context import Reply
from smartplay.agents.methods.method import Arm, Method, Number
from smartplay.agents.methods.sandbox import KNOWN, check_sandbox, run_program
from smartplay.agents.methods.turn import CHOOSE, Turn
from smartplay.records import Call

VALUES = (
    "In it, observation is the text of the present step, history the list of those before it, and "
    f"actions the list of your actions. It is Python without files and network: {KNOWN}."
)
WRITE = (
    "You may work with programs. Put one into a block that begins with ```python and ends with "
    f"```, and stop there: you will be told what it prints. {VALUES} Once you know enough, answer."
)
OUTPUT = "The program prints:\n\n{}\n\nGo on: another program, or your answer."
PREDICT = "Work out in your head what this program prints. Reply with its output and nothing else."
UNKNOWN = "The program is not run. Go on: another program, or your answer."
_BLOCK = re.compile(r"```(?:python|py)[^\n`]*\n(.*?)(?:```|\Z)", re.DOTALL | re.IGNORECASE)

Seconds = Annotated[float, msgspec.Meta(gt=0, le=60)]


class Code(Method):
    """Lets the model write programs before it answers.

    Attributes:
        blocks: Most programs a step.
        run: `"real"` runs them in the sandbox; `"predicted"` asks the model for their output;
            `"none"` tells it nothing of it.
        seconds: Time one of them may take.
    """

    summary = "programs over what is seen, whose output the model is told"
    defaults = {"max_tokens": 2048}
    blocks: Number = 3
    run: Literal["real", "predicted", "none"] = "real"
    seconds: Seconds = 2.0

    def check(self) -> None:
        """Make sure that programs can be run, if they are to be."""
        if self.run == "real":
            check_sandbox()

    async def choose(self, turn: Turn) -> Reply:
        """Go on as long as the model writes programs, at most `blocks` of them."""
        talk, calls = turn.talk, list[Call]()
        if talk is not None and turn.complaint:
            talk.say(turn.complaint)
            return turn.reply(await turn.ask(talk, decides=True))
        talk = turn.talk = turn.conversation(WRITE)
        kept: list[str] = []
        for _ in range(self.blocks):
            calls.append(await turn.ask(talk, label="program"))
            program = program_in(turn.said(calls[-1]))
            if program is None:
                return turn.reply(*calls)
            if self.run == "real":
                well, output = await run_program(program, values(turn), self.seconds, kept)
                kept += [program] if well else []
                talk.say(OUTPUT.format(output))
            elif self.run == "predicted":
                talk.say(PREDICT)
                predicted = await turn.ask(talk, label="predict")
                talk.say(OUTPUT.format(turn.said(predicted)))
                calls.append(predicted)
            else:
                talk.say(UNKNOWN)
        talk.say(CHOOSE)
        calls.append(await turn.ask(talk, decides=True))
        return turn.reply(*calls)

    def controls(self) -> list[Arm]:
        """No code, and code whose output the model makes up or never learns."""
        own = {"blocks": self.blocks, "seconds": self.seconds}
        others = [each for each in ("real", "predicted", "none") if each != self.run]
        return [
            Arm("one call", "direct"),
            Arm("reasons first", "think"),
            *(Arm(f"{each} output", "code", own | {"run": each}) for each in others),
        ]


def program_in(text: str) -> str | None:
    """The first program in a reply; a block that is not closed goes on to the reply's end."""
    found = _BLOCK.search(text)
    return found[1] if found and found[1].strip() else None


def values(turn: Turn) -> dict[str, Any]:
    """What programs may read: what the agent sees as text, and nothing else."""
    seen = turn.prompt.observation
    return {
        "observation": str.__str__(seen.text),
        "history": [str.__str__(text) for text in seen.history],
        "actions": list(turn.actions),
    }
