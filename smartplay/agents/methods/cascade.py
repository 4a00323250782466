"""A cascade: the strong model is asked where samples of a weak one do not agree."""

from __future__ import annotations

import math
from typing import Literal

from smartplay.agents.context import Reply
from smartplay.agents.methods.code import VALUES, program_in, values
from smartplay.agents.methods.method import Arm, Few, Method, Number, elected
from smartplay.agents.methods.sandbox import check_sandbox, run_program
from smartplay.agents.methods.turn import Turn
from smartplay.core.errors import UsageError
from smartplay.models.base import together
from smartplay.records import Call

SECONDS = 2.0  # for a program
PROGRAM = (
    "Do not answer yourself this time: write a program that works out the best action and prints "
    f"it, word for word, in a block that begins with ```python and ends with ```. {VALUES}"
)
STEPS = (
    "Before you answer, write down what you know, what each action would lead to, and why the "
    "best one is best."
)


class Cascade(Method):
    """Takes the weak model's answer if its samples agree, else the strong model's.

    The strong model does not see the weak one's answers.

    Attributes:
        samples: Samples of the weak model a step.
        agree: Of these, how many must name the same action to be accepted; a count, as shares
            that come to the same count are the same rule.
        rule: `"vote"` counts; `"verify"` asks half of the samples in other words instead, and
            accepts if the majorities of both halves are the same; `"mixture"` asks half of them
            for a program that prints the action, runs it in the sandbox, and counts.
        strong_samples: Samples of the strong model, of which the majority counts.
    """

    summary = "a weak model's samples if they agree, else a strong model"
    roles = {"weak": "", "strong": ""}
    defaults = {"temperature": 0.4}
    samples: Few = 10
    agree: Number = 6
    rule: Literal["vote", "verify", "mixture"] = "vote"
    strong_samples: Number = 3

    def check(self) -> None:
        """Make sure that so many can agree."""
        if self.agree > self.samples:
            raise UsageError(f"agree is {self.agree}, but there are only {self.samples} samples")
        if self.rule == "mixture":
            check_sandbox()

    async def choose(self, turn: Turn) -> Reply:
        """Ask the weak model, and the strong one if need be."""
        accepted, weak = await (self._verify(turn) if self.rule == "verify" else self._vote(turn))
        if accepted:
            return weak
        calls = await turn.sample(turn.conversation(), self.strong_samples, role="strong")
        return elected(turn, calls)[1]

    async def _vote(self, turn: Turn) -> tuple[bool, Reply]:
        programs = self.samples // 2 if self.rule == "mixture" else 0
        calls = await turn.sample(turn.conversation(), self.samples - programs, role="weak")
        names = [turn.named(call) for call in calls]
        if programs:
            talk = turn.conversation(PROGRAM)
            calls += await turn.sample(talk, programs, role="weak", label="program", decides=False)
            names += await together([_printed(turn, call) for call in calls[-programs:]])
        found, reply = elected(turn, calls, names)
        return found.votes >= self.agree, reply

    async def _verify(self, turn: Turn) -> tuple[bool, Reply]:
        half = self.samples // 2
        plain, stepwise = await together([
            turn.sample(turn.conversation(), self.samples - half, role="weak"),
            turn.sample(turn.conversation(STEPS), half, role="weak", label="in steps"),
        ])  # fmt: skip
        found, reply = elected(turn, plain)
        other, _ = elected(turn, stepwise)
        return found.winner is not None and found.winner == other.winner, reply

    def controls(self) -> list[Arm]:
        """Each model alone, and thresholds around the one that was chosen."""
        others = {each for each in (self.agree - 1, self.agree + 1) if 1 <= each <= self.samples}
        own = {"samples": self.samples, "strong_samples": self.strong_samples, "rule": self.rule}
        curve = [
            Arm(f"agree {each} of {self.samples}", "cascade", own | {"agree": each})
            for each in sorted(others)
            if self.rule != "verify"
        ]
        return [
            Arm("weak, one call", "direct", role="weak"),
            Arm("weak, majority", "majority", {"samples": self.samples}, role="weak"),
            Arm("strong, one call", "direct", models={"temperature": 0}, role="strong"),
            Arm("strong, majority", "majority", {"samples": 3}, role="strong"),
            *curve,
        ]


async def _printed(turn: Turn, call: Call) -> str | None:
    """The action that the program in a reply prints."""
    program = program_in(turn.said(call))
    if program is None:
        return None
    well, output = await run_program(program, values(turn), SECONDS)
    return turn.named(output) if well else None


def accepted_by_chance(actions: int, samples: int, agree: int) -> float:
    """How often samples that name actions at random are accepted by a count of votes.

    Args:
        actions: How many actions there are, equally likely.
        samples: How many samples.
        agree: Votes of one action that are needed.

    Returns:
        The probability that one action has so many votes: 1 less the share of the ways to deal
        the samples in which none has. With another action, n samples are dealt in as many ways as
        j of them can be chosen for it, for each j below `agree`, times the ways for the rest.
    """
    ways = [1, *(0 for _ in range(samples))]
    for _ in range(actions):
        ways = [
            sum(math.comb(n, j) * ways[n - j] for j in range(min(n + 1, agree)))
            for n in range(samples + 1)
        ]
    return 1 - float(ways[samples] / actions**samples)
