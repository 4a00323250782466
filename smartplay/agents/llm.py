"""A language model as an agent: what it is told, and how its reply is asked for.

The conversation of a step is

```
system      the manual, the numbered actions, how to answer
user        what has happened, oldest first, and the question
assistant   (after an invalid reply) that reply
user        (after an invalid reply) what was wrong with it
```

The system message stays the same for a whole episode, and the user message grows at its end only
until the game's history is full (the card's `history`; the benchmark's short games keep all of
it). So services that cache the beginnings of prompts read each step little more than the new
observation. Once the history slides, all after the system message is read anew.
"""

from __future__ import annotations

from typing import Any, Literal

from smartplay.agents.context import Context, Observation, Reply
from smartplay.agents.prompts import PLAIN, PromptStyle
from smartplay.core.errors import PromptTooLongError
from smartplay.models.images import with_picture
from smartplay.records import Call, Message

Protocols = Literal["direct", "think"]
ROLE = "player"

ANSWER = 'the line "Answer: " followed by the action, word for word'
HOW_TO_ANSWER: dict[str, str] = {
    "direct": (
        "Each turn, choose exactly one of your actions. You may think first. "
        f"End your reply with {ANSWER}."
    ),
    "think": (
        "Each turn you are asked two questions: first what you think of your next action, "
        "then which one action you choose."
    ),
}
QUESTION: dict[str, str] = {
    "direct": "What is your answer?",
    "think": (
        "Which action is best now? Think step by step: what do you know, what would each action "
        "lead to, and which one serves your goal best?"
    ),
}
CHOOSE = f"So what is your answer? Choose exactly one of your actions. Reply with {ANSWER}."
LEFT_OUT = "(The steps before are left out, as there is no room for them.)"
NO_WORDS = "(no reply)"  # services do not take an empty message of the assistant


class LLMAgent:
    """Plays one episode with a language model, the one in the role `ROLE`.

    Args:
        context: What the run gives.
        protocol: `"direct"` asks once, `"think"` first for reasons and then for the choice.
        style: How the prompt is laid out.
    """

    def __init__(
        self, context: Context, protocol: Protocols = "direct", style: PromptStyle = PLAIN
    ) -> None:
        self._model, self._actions = context.models[ROLE], context.actions
        self._protocol, self._style = protocol, style
        self._choices = self._actions if self._model.settings.constrained else None
        system = system_text(context.manual, self._actions, protocol, style)
        self._system = _message("system", system)
        self._observation = Observation("")
        self._step = -1  # of the episode, as counted in the prompt
        self._first = 0  # the first step there is room for
        self._shown: tuple[int, list[str]] = (0, [])  # the steps on the last page, from which on,
        self._steps = ""  # and how they stood there
        self._talk: list[Message] = []

    async def act(self, observation: Observation) -> Reply:
        """Reply to an observation; a complaint carries on the conversation of its step.

        Raises:
            ModelError: If the model gives no reply.
        """
        calls: list[Call] = []
        if observation.complaint and self._talk:
            self._talk.append(_message("user", observation.complaint))
        else:
            self._step += 1
            self._observation = observation
            self._talk = [self._system, self._page()]
            if self._protocol == "think":
                calls.append(await self._ask(None))
                self._talk.append(_message("user", CHOOSE))
        calls.append(await self._ask(self._choices))
        return Reply(
            text=calls[-1].text,
            reasoning="\n\n".join(_thoughts(calls)),
            truncated=calls[-1].finish == "length",
            withheld=calls[-1].finish == "withheld",
            reasoning_tags=self._model.settings.reasoning_tags,
        )

    async def _ask(self, choices: list[str] | None) -> Call:
        """Send the conversation and add the reply to it; make room first if there is none."""
        try:
            (call,) = await self._model.chat(list(self._talk), choices=choices)
        except PromptTooLongError:
            oldest = self._oldest()
            if oldest >= self._step:
                raise
            self._first = oldest + (self._step - oldest + 1) // 2
            self._talk[1] = self._page()
            return await self._ask(choices)
        self._talk.append(_message("assistant", call.text.strip() or NO_WORDS))
        return call

    def _oldest(self) -> int:
        return max(self._step - len(self._observation.history), self._first)

    def _page(self) -> Message:
        oldest = self._oldest()
        style = self._style
        note = [LEFT_OUT] if 0 < oldest == self._first else []
        last = [style.listed(self._actions)] if style.order == "end" else []
        question = style.question or QUESTION[self._protocol]
        page = "\n\n".join([*note, self._told(oldest), *last, question])
        picture = self._observation.image
        return _message("user", page if picture is None else with_picture(page, picture))

    def _told(self, oldest: int) -> str:
        """The steps from the oldest on. Mostly they are those of the last page and one more."""
        *past, present = [*self._observation.history, self._observation.text][
            oldest - self._step - 1 :
        ]
        before = self._steps
        if self._shown != (oldest, past):
            before = "\n\n".join(self._headed(k, text) for k, text in enumerate(past, oldest))
        self._shown = (oldest, [*past, present])
        self._steps = "\n\n".join(filter(None, [before, self._headed(self._step, present)]))
        return self._steps

    def _headed(self, step: int, text: str) -> str:
        return f"{self._style.step} {step}:\n{text}"


def system_text(
    manual: str, actions: list[str], protocol: Protocols, style: PromptStyle = PLAIN
) -> str:
    """What a model is told once for a whole episode."""
    parts = {
        "before": [style.listed(actions), manual],
        "after": [manual, style.listed(actions)],
        "end": [manual],
    }[style.order]
    return "\n\n".join([*parts, HOW_TO_ANSWER[protocol]])


def _thoughts(calls: list[Call]) -> list[str]:
    """What the model thought: its first replies, and the reasoning the service gave apart."""
    spoken = [call.text for call in calls[:-1]]
    return [text for text in [*spoken, *(call.reasoning for call in calls)] if text]


def _message(role: str, content: str | list[dict[str, Any]]) -> Message:
    return {"role": role, "content": content}
