"""Language models whose laws are known, so that what a method makes of them can be computed.

A synthetic model reads the page it is sent, finds out the right action as the scripted reference
agent does, and answers by its law. What it draws depends on its seed and on what it is asked, not
on when. An arm of a study names one as `synthetic.py:Noisy`, with its law among the settings.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from functools import lru_cache
from typing import Any

from smartplay.agents.context import Observation
from smartplay.agents.reference import reference
from smartplay.models.base import Seed, Settings
from smartplay.models.pace import Pace
from smartplay.records import Call, Message, Usage

STEP = re.compile(r"(?:^|\n\n)Step (\d+):\n")
LISTED = re.compile(r"^\d+\. (.+)$", re.MULTILINE)
SHOWN = re.compile(r"Lessons you drew|that was won:")
HEADING = re.compile(r"^## (.+)$", re.MULTILINE)


class Laws(Settings, frozen=True, kw_only=True):
    """What a synthetic model does.

    Attributes:
        p: How often it is right; else it takes any wrong action.
        sure: Whether it always takes the same wrong action.
        hard: How often it is right in every third step; below 0: `p`.
        mends: How often a review makes a wrong answer right.
        spoils: How often a review makes a right answer wrong.
        shown: How often it is right when an example or a lesson is in the prompt; below 0: `p`.
    """

    seed: Seed = "episode"
    p: float = 0.6
    sure: bool = False
    hard: float = -1.0
    mends: float = 0.0
    spoils: float = 0.0
    shown: float = -1.0


class Noisy:
    """A model that obeys its laws."""

    kind, summary, needs_name = "synthetic", "a model whose law is known", True
    settings_type = Laws
    concurrency = 64

    def __init__(self, name: str, settings: Laws) -> None:
        self.name, self.settings = f"synthetic.py:{name}", settings
        self.notes: list[str] = []
        self.pace = Pace()

    async def chat(
        self, messages: list[Message], *, seed: int | None = None, label: str = "", **_: Any
    ) -> list[Call]:
        """Answer by the law."""
        told = json.dumps([self.name, seed, label, messages]).encode()
        text = self._say(messages, label, random.Random(hashlib.sha256(told).digest()))
        read = sum(len(str(message["content"])) for message in messages) // 4
        usage = Usage(prompt=read, completion=len(text) // 4 + 1)
        return [Call(messages=messages, text=text, usage=usage, label=label)]

    async def aclose(self) -> None:
        """There is nothing to free."""

    def _say(self, messages: list[Message], label: str, draw: random.Random) -> str:
        if label in ("review", "lessons"):
            return "I have thought about it."
        laws, asked = self.settings, str(messages[-1]["content"])
        step, right, actions = truth(str(messages[0]["content"]), page(messages))
        p = laws.hard if step % 3 == 2 and laws.hard >= 0 else laws.p
        if laws.shown >= 0 and SHOWN.search(asked):
            p = laws.shown
        if label == "revise":
            before = [str(m["content"]) for m in messages if m["role"] == "assistant"]
            if f"Answer: {right}" in before[-2:]:
                p = 1 - laws.spoils
            elif draw.random() >= laws.mends:
                return next(text for text in before[-2:] if "Answer: " in text)
            else:
                p = 1.0
        wrong = [action for action in actions if action != right]
        named = right if draw.random() < p else wrong[0] if laws.sure else draw.choice(wrong)
        parts = HEADING.findall(asked)
        told = [f"## {part}\nFor example, Answer: {actions[0]}" for part in parts[:-1]]
        return "\n\n".join([*told, *(f"## {part}" for part in parts[-1:]), f"Answer: {named}"])


class Weak(Noisy):
    """A cheap model."""


class Strong(Noisy):
    """A dear one."""


def page(messages: list[Message]) -> str:
    """The last message that tells what is seen."""
    told = [str(m["content"]) for m in messages if m["role"] == "user"]
    return [text for text in told if STEP.search(text)][-1]


@lru_cache(maxsize=256)
def truth(system: str, page: str) -> tuple[int, str, list[str]]:
    """The step of a page, what is right at it, and the actions."""
    actions = LISTED.findall(system.partition("Your actions:\n")[2].partition("\n\n")[0])
    *_, last = STEP.finditer(page)
    agent = reference(system.partition("\n\nYour actions:")[0], actions, 0)
    seen = page[last.end() :].partition("\n\n")[0]  # what follows is the method's
    return int(last[1]), str(agent.act(Observation(seen))), actions
