"""Language models whose laws are known, so that what a method makes of them can be computed.

A synthetic model reads the page it is sent, finds out the right action as the scripted reference
agent does, and answers by its law. What it draws depends on its seed and on what it is asked, not
on when. The fixture `synthetic` makes `synthetic:NAME` a model like any other, here and in threads.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Iterator
from functools import lru_cache
from importlib.metadata import EntryPoint, EntryPoints
from typing import Any, ClassVar

import pytest

from smartplay import models
from smartplay.agents.context import Observation
from smartplay.agents.reference import reference
from smartplay.models.base import Seed, Settings
from smartplay.models.pace import Pace
from smartplay.records import Call, Message, ToolCall, Usage

_STEP = re.compile(r"(?:^|\n\n)Step (\d+):\n")
_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
_TAKEN = re.compile(r"Your actions under it so far: (.+)\.$", re.MULTILINE)
_PRINTED = re.compile(r"The program prints:\n\n(.+)\n")
_SHOWN = re.compile(r"Lessons you drew|that was won:")
_FIELD = re.compile(
    r"\[\[ ## (rules|seen|actions) ## \]\]\n(.*?)(?=\n\n\[\[ ##|\n\nRespond)", re.DOTALL
)
_LISTED = re.compile(r"^\d+\. (.+)$", re.MULTILINE)


class Laws(Settings, frozen=True, kw_only=True):
    """What a synthetic model does.

    Attributes:
        p: How often it is right.
        hard: How often it is right in every third step, if it is another share; below 0: `p`.
        sure: Whether it is always wrong in the same way.
        hard_sure: The same of every third step; None: `sure`.
        mends: How often a review makes a wrong answer right.
        spoils: How often a review makes a right answer wrong.
        shown: How often it is right when a demonstration is in the prompt; below 0: `p`.
        stops: Whether its replies end before the last part that it is asked for.
        coding: Whether it writes a program wherever it may; then it answers what that prints.
        predicts: How often it is right about what its program prints.
        reads: Whether it follows the last signed notice that it is shown on what is asked for.
        plan: What it plans.
        musing: What it says in reviews, lessons and examples.
        patience: How often it acts under a policy before it says that this is done.
    """

    temperature: float | None = 0.0
    seed: Seed = "episode"
    p: float = 0.6
    hard: float = -1.0
    sure: bool = False
    hard_sure: bool | None = None
    mends: float = 0.0
    spoils: float = 0.0
    shown: float = -1.0
    stops: bool = False
    coding: bool = False
    predicts: float = 1.0
    reads: bool = False
    plan: str = "1. reach: the door\n2. Use: the key"
    musing: str = "I have thought about it."
    patience: int = 2


class Synthetic:
    """A model that obeys its laws."""

    kind, summary, needs_name = "synthetic", "a model whose law is known", True
    settings_type = Laws
    concurrency = 64
    asked: ClassVar[list[tuple[str, str]]] = []
    """Name and label of every call that was made."""

    def __init__(self, name: str, settings: Laws) -> None:
        self.name, self.settings = f"synthetic:{name}", settings
        self.notes: list[str] = []
        self.pace = Pace()

    async def chat(
        self,
        messages: list[Message],
        *,
        seed: int | None = None,
        label: str = "",
        tools: Any = None,
        **_: Any,
    ) -> list[Call]:
        Synthetic.asked.append((self.name, label))
        told = json.dumps([self.name, seed, label, messages]).encode()
        draw = random.Random(hashlib.sha256(told).digest())
        text = self._say(messages, label, draw)
        read = sum(len(str(message["content"])) for message in messages) // 4
        cut = "length" if self.settings.stops else "stop"
        usage = Usage(read, 0, len(text) // 4 + 1)
        called = []
        if tools:
            given = json.dumps({"action": text.removeprefix("Answer: ")})
            called, text, cut = [ToolCall("call_1", tools[0]["name"], given)], "", "tool"
        return [Call(messages=messages, text=text, finish=cut, usage=usage, tools=called)]

    async def aclose(self) -> None:
        pass

    def _say(self, messages: list[Message], label: str, draw: random.Random) -> str:
        laws, asked = self.settings, str(messages[-1]["content"])
        if fields := dict(_FIELD.findall(asked)):
            return self._filled_in(fields, len(messages) > 2, draw)
        step, right, actions = truth(messages[0]["content"], _page(messages))
        if label == "revise":
            return f"Answer: {self._revised(messages, right, actions, draw)}"
        if label == "predict":
            return drawn(right, actions, laws.predicts, False, draw)
        if label == "plan":
            return laws.plan
        if label in ("review", "lessons", "examples"):
            return laws.musing
        if taken := _TAKEN.search(asked):
            done = 0 if taken[1] == "none" else len(taken[1].split(", "))
            if done >= laws.patience:
                return "Answer: DONE"
        if printed := _PRINTED.findall("\n".join(str(m["content"]) for m in messages)):
            return f"Answer: {printed[-1]}"
        if laws.coding and "```python" in asked:
            place = actions.index(right)
            return f"So:\n```python\nk = len('{'x' * place}')\nprint(actions[k])\n```"
        if laws.reads and "once more" in asked:
            return f"Answer: {last_notice(asked, actions)}"
        hard = step % 3 == 2
        p = laws.hard if hard and laws.hard >= 0 else laws.p
        p = laws.shown if laws.shown >= 0 and _SHOWN.search(asked) else p
        sure = laws.sure if not hard or laws.hard_sure is None else laws.hard_sure
        answer = f"Answer: {drawn(right, actions, p, sure, draw)}"
        *parts, last = _HEADING.findall(asked) or [""]
        if not last:
            return answer
        told = [f"## {part}\nFor example, Answer: {actions[0]}" for part in parts]
        return "\n\n".join(told if laws.stops else [*told, f"## {last}\n{answer}"])

    def _filled_in(self, fields: dict[str, str], shown: bool, draw: random.Random) -> str:
        """A reply in DSPy's layout; demonstrations are earlier messages."""
        laws, actions = self.settings, json.loads(fields["actions"])
        listed = "\n".join(f"{k}. {name}" for k, name in enumerate(actions, 1))
        _, right, _ = truth(f"{fields['rules']}\n\nYour actions:\n{listed}", fields["seen"])
        p = laws.shown if shown and laws.shown >= 0 else laws.p
        name = drawn(right, actions, p, laws.sure, draw)
        if laws.stops:
            return f"I take {name}"
        return f"[[ ## reasoning ## ]]\nSo.\n\n[[ ## action ## ]]\n{name}\n\n[[ ## completed ## ]]"

    def _revised(
        self, messages: list[Message], right: str, actions: list[str], draw: random.Random
    ) -> str:
        said = [
            m["content"]
            for m in messages
            if m["role"] == "assistant" and "Answer: " in m["content"]
        ]
        last = said[-1].partition("Answer: ")[2]
        if last == right:
            return drawn(right, actions, 1 - self.settings.spoils, False, draw)
        return right if draw.random() < self.settings.mends else last


def last_notice(asked: str, actions: list[str]) -> str:
    """What the last signed notice says; that there is no such thing, if there is none."""
    question = asked.rpartition("Today is ")[2].partition("\n")[0]
    asks = r"for the ([a-z ]+)\?|(?:is|door is) the ([a-z ]+?)(?: behind)?\?"
    [thing] = re.findall(asks, question)
    name = thing[0] or thing[1]
    shown = asked.rpartition("once more")[2]
    told = [line for line in shown.split("\n") if name in line and ", signed" in line]
    doors = re.findall(r"the (\w+) door", told[-1]) if told else []
    return next((each for each in actions if doors and doors[0] in each), actions[-1])


def drawn(right: str, actions: list[str], p: float, sure: bool, draw: random.Random) -> str:
    """An answer that is right so often."""
    if draw.random() < p:
        return right
    wrong = [action for action in actions if action != right]
    return wrong[0] if sure else draw.choice(wrong)


def _page(messages: list[Message]) -> str:
    """The last message that tells what is seen."""
    told = [str(m["content"]) for m in messages if m["role"] in ("user", "tool")]
    return [text for text in told if _STEP.search(text)][-1]


@lru_cache(maxsize=256)
def truth(system: str, page: str) -> tuple[int, str, list[str]]:
    """The step of a page, what is right at it, and the actions."""
    actions = _LISTED.findall(system.partition("Your actions:\n")[2].partition("\n\n")[0])
    *_, last = _STEP.finditer(page)
    agent = reference(system.partition("\n\nYour actions:")[0], actions, 0)
    seen = page[last.end() :].partition("\n\n")[0]  # what follows is the method's
    return int(last[1]), str(agent.act(Observation(seen))), actions


@pytest.fixture
def synthetic(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, str]]]:
    """Make synthetic models known; gives the list of the calls that are made."""
    entry = EntryPoint("synthetic", f"{__name__}:Synthetic", models.GROUP)
    found = EntryPoints([entry])
    monkeypatch.setattr(models, "plugins", lambda group: list(found.select(group=group)))
    Synthetic.asked.clear()
    yield Synthetic.asked
    Synthetic.asked.clear()
