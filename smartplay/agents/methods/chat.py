"""Conversations that only grow: the model sees its own earlier replies, or its calls of tools."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from smartplay.agents.context import Reply
from smartplay.agents.methods.method import Arm, Method
from smartplay.agents.methods.turn import (
    HOW_TO_ANSWER,
    LEFT_OUT,
    QUESTION,
    Conversation,
    Prompt,
    Turn,
    message,
)
from smartplay.models.base import choice_schema
from smartplay.models.images import with_picture
from smartplay.records import Call, Message

HOW_TO_CALL = (
    "Each turn, choose exactly one of your actions. You may think first. "
    "End your reply by calling the function act with the action, word for word."
)
NOT_TAKEN = "This call was not carried out: one action a turn."
PICTURE = "The picture shows the present state."


class Entry(NamedTuple):
    """An observation in a conversation.

    Attributes:
        begin: Its place among the messages.
        step: Its step.
        text: What was seen.
        question: What was asked.
    """

    begin: int
    step: int
    text: str
    question: str


class Transcript(Conversation):
    """All messages of an episode.

    Args:
        prompt: Lays out what is seen.
        how: How to answer.
    """

    def __init__(self, prompt: Prompt, how: str) -> None:
        super().__init__(prompt, how=how)
        self._entries: list[Entry] = []

    @property
    def messages(self) -> list[Message]:
        """The whole, as it is sent."""
        return [self._prompt.system(self._how), *self.after]

    def see(self, question: str = "") -> None:
        """Add the present observation, as the result of a call if there is one."""
        prompt, seen = self._prompt, self._prompt.observation
        before = self._entries[-1].text if self._entries else None
        self._entries.append(Entry(len(self.after), prompt.step, seen.text, question))
        text = prompt.entry(prompt.step, seen.text, before, question)
        if not self._answer(text):
            self.after.append(prompt.seen(text))
        elif seen.image is not None:  # results are texts
            self.after.append(message("user", with_picture(PICTURE, seen.image)))
        if prompt.history.history_chunk > 1:
            self._leave_out(sum(entry.step < prompt.oldest for entry in self._entries))

    def say(self, text: str) -> None:
        """Add the user's words, as the result of a call if there is one."""
        if not self._answer(text):
            super().say(text)

    def hear(self, call: Call) -> None:
        """Add what the model said or called."""
        if not call.tools:
            return super().hear(call)
        calls = [
            {
                "id": each.id or f"call{len(self.after)}.{k}",
                "type": "function",
                "function": {"name": each.name, "arguments": each.arguments},
            }
            for k, each in enumerate(call.tools)
        ]
        self.after.append(message("assistant", call.text, tool_calls=calls))
        return None

    def shorten(self) -> bool:
        """Leave out the older half of the steps; False if there is but one."""
        if len(self._entries) < 2:
            return False
        self._leave_out((len(self._entries) + 1) // 2, f"{LEFT_OUT}\n\n")
        return True

    def _leave_out(self, entries: int, note: str = "") -> None:
        """Leave out the oldest entries; later ones stay, and the first of them is shown whole."""
        if not entries:
            return
        first, *later = self._entries[entries:]
        shown, *rest = self.after[first.begin :]
        whole = self._prompt.entry(first.step, first.text, None, first.question)
        content = shown["content"]
        if isinstance(content, str):
            content = note + whole
        else:
            parts = [part | {"text": whole} if "text" in part else part for part in content]
            content = [*([{"type": "text", "text": note}] if note else []), *parts]
        while rest and rest[0]["role"] == "tool":
            del rest[0]
        gone = len(self.after) - len(rest) - 1
        # It may have been the result of a call.
        self.after = [message("user", content), *rest]
        moved = [entry._replace(begin=entry.begin - gone) for entry in later]
        self._entries = [first._replace(begin=0), *moved]

    def _answer(self, text: str) -> bool:
        """Add the results of the calls that were made last; False if there were none."""
        calls = self.after[-1].get("tool_calls", []) if self.after else []
        for k, call in enumerate(calls):
            told = NOT_TAKEN if k else text
            self.after.append(message("tool", told, tool_call_id=call["id"]))
        return bool(calls)


class Chat(Method):
    """Tells each observation once; the model sees its own earlier replies."""

    summary = "a conversation that only grows, in which the model sees its own earlier replies"
    _talk: Any = None

    async def choose(self, turn: Turn) -> Reply:
        """Go on with the conversation."""
        talk = self._talk = self._talk or Transcript(turn.prompt, HOW_TO_ANSWER)
        talk.say(turn.complaint) if turn.complaint else talk.see(QUESTION)
        return turn.reply(await turn.ask(talk, decides=True))

    def controls(self) -> list[Arm]:
        """The same, told anew each step and without its own replies."""
        return [Arm("one call", "direct")]


class Tools(Method):
    """Lets the model act by calling a function; observations are the results of its calls."""

    summary = "actions are calls of a function, observations their results"
    _talk: Any = None

    async def choose(self, turn: Turn) -> Reply:
        """Go on with the conversation; a reply without a call is read as any other."""
        talk = self._talk = self._talk or Transcript(turn.prompt, HOW_TO_CALL)
        talk.say(turn.complaint) if turn.complaint else talk.see()
        call = await turn.ask(talk, decides=True, tools=[act(turn.actions)])
        if not call.tools:
            return turn.reply(call)
        return turn.reply(call, text=chosen(call.tools[0].arguments), reasoning=call.text)

    def controls(self) -> list[Arm]:
        """The same conversation with actions as text."""
        return [Arm("one call", "direct"), Arm("conversation", "chat")]


def act(actions: list[str]) -> dict[str, Any]:
    """The function by which a model acts."""
    return {
        "name": "act",
        "description": "Take one of your actions in the game.",
        "parameters": choice_schema(actions),
    }


def chosen(arguments: str) -> str:
    """The reply that a call of `act` amounts to; the bare arguments if they are no JSON."""
    try:
        given = msgspec.json.decode(arguments)
    except (msgspec.DecodeError, RecursionError):  # the latter if it is nested too deeply
        return arguments
    action = given.get("action") if isinstance(given, dict) else None
    return f"Answer: {action}" if isinstance(action, str | int) else arguments
