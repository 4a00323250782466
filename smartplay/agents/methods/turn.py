"""A step of an episode as a method sees it: what a model reads, and how it is asked.

The conversation of a step is

```
system      the manual, the numbered actions, how to answer
user        what has happened, oldest first, and the question
…           what was said after that
```

The system message stays the same for a whole episode, and the user message only grows at its end
until the game's history is full (the card's `history`; the benchmark's short games keep all of it).
So services that cache the beginnings of prompts read little more than the new observation at each
step. Once the history slides, they read all after the system message anew at every step; if it is
dropped in chunks, only once per chunk (`smartplay.agents.history`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from smartplay.agents.context import Context, Observation, Reply
from smartplay.agents.history import History, difference
from smartplay.agents.prompts import PLAIN, PromptStyle
from smartplay.core.errors import PromptTooLongError
from smartplay.models.images import with_picture
from smartplay.parsing import parse_action
from smartplay.parsing.turn import own_turn
from smartplay.records import Call, Message

ROLE = "player"
ANSWER = "answer"
"""The label of calls whose replies answer the question of a step; analyses read these."""

LINE = 'the line "Answer: " followed by the action, word for word'
HOW_TO_ANSWER = (
    "Each turn, choose exactly one of your actions. You may think first. "
    f"End your reply with {LINE}."
)
QUESTION = "What is your answer?"
CHOOSE = f"So what is your answer? Choose exactly one of your actions. Reply with {LINE}."
LEFT_OUT = "(The steps before are left out, as there is no room for them.)"
SLIDING = History()
NO_WORDS = "(no reply)"  # services do not take an empty message of the assistant


class Prompt:
    """Lays out what a model reads of an episode.

    Args:
        context: What the run gives.
        style: How the prompt is laid out.
        history: How the past is told.

    Attributes:
        step: The present step, counted from 0.
    """

    def __init__(
        self, context: Context, style: PromptStyle = PLAIN, history: History = SLIDING
    ) -> None:
        self.style, self.history = style, history
        self.step = -1
        self._manual, self._actions = context.manual, context.actions
        self._begin, self._past = 0, list[str]()  # the past that is told, and its first step
        self._first = 0  # the first step there is room for
        self._shown: tuple[int, list[str]] = (0, [])  # the steps on the last page, from which on,
        self._steps = ""  # and how they stood there
        self._observation = Observation("")

    def see(self, observation: Observation) -> None:
        """Go on to the next step."""
        self.step += 1
        self.observation = observation

    @property
    def observation(self) -> Observation:
        """The observation of the present step."""
        return self._observation

    @observation.setter
    def observation(self, seen: Observation) -> None:
        self._observation = seen
        history = list(seen.history)
        begin = self.step - len(history)
        extra, chunk = begin - self._begin, self.history.history_chunk
        # What was told before stays only if this history goes on from it: another attempt does not.
        known = self._past[extra:] if 0 <= extra <= len(self._past) else None
        if chunk == 1 or not history or known != history[: len(known or ())]:
            self._begin, self._past = begin, history
            return
        leaves = extra // chunk * chunk
        self._begin += leaves
        self._past = [*self._past[:extra], *history][leaves:]

    def system(self, how: str) -> Message:
        """The message that stands for a whole episode: the rules, and at its end how to answer."""
        listed = self.style.listed(self._actions)
        parts = {
            "before": [listed, self._manual],
            "after": [self._manual, listed],
            "end": [self._manual],
        }[self.style.order]
        told = filter(None, [*parts, self.history.legend, how])
        return message("system", "\n\n".join(told))

    def page(self, question: str, words: str = "") -> Message:
        """What has happened, a method's own words if it has any, and a question.

        Args:
            question: The question, unless the style has one of its own.
            words: What else to ask for.
        """
        oldest = self.oldest
        note = [LEFT_OUT] if 0 < oldest == self._first else []
        return self.seen("\n\n".join([*note, self._told(oldest), *self._asked(words, question)]))

    def entry(self, step: int, text: str, before: str | None, question: str) -> str:
        """One observation and a question, as an entry of a conversation that only grows.

        Args:
            step: The observation's step.
            text: The observation.
            before: The previous observation in the conversation; None if there is none.
            question: The question.
        """
        told = self.headed(step, text, before)
        return "\n\n".join([told, *self._asked("", question)])

    def seen(self, text: str) -> Message:
        """A message of the user with the picture of the present state, if there is one."""
        picture = self.observation.image
        return message("user", text if picture is None else with_picture(text, picture))

    def headed(self, step: int, text: str, before: str | None) -> str:
        """An observation under its number, as a difference from the one before if that is shown."""
        heading = self.style.step
        told = difference(text, before, heading) if self.history.history_diff else text
        return f"{heading} {step}:\n{told}"

    def shorten(self) -> bool:
        """Leave out the older half of the steps from now on; False if only one is left."""
        oldest = self.oldest
        if oldest >= self.step:
            return False
        self._first = oldest + (self.step - oldest + 1) // 2
        return True

    def _asked(self, words: str, question: str) -> list[str]:
        last = self.style.listed(self._actions) if self.style.order == "end" else ""
        return [each for each in (last, words, self.style.question or question) if each]

    @property
    def oldest(self) -> int:
        """The first step that the prompt shows."""
        return max(self._begin, self._first)

    def _told(self, oldest: int) -> str:
        """The steps from the oldest on. Mostly they are those of the last page and one more."""
        told = [*self._past, self.observation.text][oldest - self.step - 1 :]
        *past, present = told
        if self._shown == (oldest, told):  # another page of the same step
            return self._steps
        before = self._steps
        if self._shown != (oldest, past):
            pairs = zip(past, [None, *past], strict=False)
            before = "\n\n".join(self.headed(k, *pair) for k, pair in enumerate(pairs, oldest))
        self._shown = (oldest, told)
        last = self.headed(self.step, present, past[-1] if past else None)
        self._steps = "\n\n".join(filter(None, [before, last]))
        return self._steps


class Conversation:
    """A question about the present state, and what was said after it.

    Args:
        prompt: Lays out the question.
        question: What is asked.
        words: What else to ask for, before the question.
        how: How to answer.

    Attributes:
        after: The messages after the question.
    """

    def __init__(
        self, prompt: Prompt, question: str = QUESTION, words: str = "", how: str = HOW_TO_ANSWER
    ) -> None:
        self._prompt, self._question, self._words, self._how = prompt, question, words, how
        self.after: list[Message] = []

    @property
    def messages(self) -> list[Message]:
        """The whole conversation, as it is sent."""
        prompt = self._prompt
        page = prompt.page(self._question, self._words)
        return [prompt.system(self._how), page, *self.after]

    def say(self, text: str) -> None:
        """Add what the user says."""
        self.after.append(message("user", text))

    def hear(self, call: Call) -> None:
        """Add what the model said."""
        self.after.append(message("assistant", call.text.strip() or NO_WORDS))

    def shorten(self) -> bool:
        """Shorten the conversation; False if there is nothing to leave out."""
        return self._prompt.shorten()


class Turn:
    """One step; the method gets the same turn again after an invalid reply.

    Args:
        context: What the run gives.
        prompt: What models read.
        role: The role to ask unless another is named.

    Attributes:
        complaint: What was wrong with the last reply at this step; empty if nothing was.
        talk: The conversation that a complaint carries on; None if the step has none.
    """

    def __init__(self, context: Context, prompt: Prompt, role: str = ROLE) -> None:
        self.context, self.prompt, self._role = context, prompt, role
        self.complaint = ""
        self.talk: Conversation | None = None

    @property
    def actions(self) -> list[str]:
        """Names of the actions."""
        return self.context.actions

    def conversation(self, words: str = "") -> Conversation:
        """A conversation that plainly asks for an action, with `words` before the question."""
        return Conversation(self.prompt, words=words)

    def carry_on(self, words: str = "") -> Conversation:
        """The step's conversation with the complaint at its end, or a new one."""
        if self.complaint and self.talk:
            self.talk.say(self.complaint)
        else:
            self.talk = self.conversation(words)
        return self.talk

    async def ask(
        self,
        talk: Conversation,
        *,
        label: str = "",
        decides: bool = False,
        role: str = "",
        tools: Sequence[dict[str, Any]] | None = None,
    ) -> Call:
        """Ask for one reply and add it to the conversation.

        Args:
            talk: The conversation.
            label: What the call is for, as recorded; `ANSWER` by default if it decides.
            decides: Whether the reply is the action, which restricts `constrained` models.
            role: The role to ask.
            tools: The functions that the model may call.

        Raises:
            ModelError: If there is no reply.
        """
        [call] = await self.sample(talk, 1, label=label, decides=decides, role=role, tools=tools)
        talk.hear(call)
        return call

    async def sample(
        self,
        talk: Conversation,
        samples: int,
        *,
        label: str = "",
        decides: bool = True,
        role: str = "",
        tools: Sequence[dict[str, Any]] | None = None,
    ) -> list[Call]:
        """Ask for several replies, each independent of the others; shorten first if need be."""
        model = self.context.models[role or self._role]
        choices = self.actions if decides and model.settings.constrained else None
        label = label or (ANSWER if decides else "")
        while True:
            messages = talk.messages
            try:
                return await model.chat(
                    messages, samples=samples, choices=choices, label=label, tools=tools
                )
            except PromptTooLongError:
                # Of several conversations under way at once, the first one has made room for all.
                if talk.messages == messages and not talk.shorten():
                    raise

    def named(self, reply: Call | str, more: Sequence[str] = ()) -> str | None:
        """The action that a reply names, or one of the words in `more`; None if neither."""
        text, cut = (reply, False) if isinstance(reply, str) else (reply.text, cut_off(reply))
        known = [*self.actions, *more]
        found = parse_action(text, known, cut, self._tags())
        return None if found.action is None else known[found.action]

    def said(self, call: Call) -> str:
        """What a reply says; thoughts that the service left in it count only if all is thought."""
        return own_turn(call.text, self._tags())[0].strip() or call.text.strip()

    def reply(self, *calls: Call, text: str | None = None, reasoning: str = "") -> Reply:
        """The reply of the turn: the last call's text, with thoughts kept apart.

        Args:
            *calls: The calls of the turn, in order.
            text: Replaces the last call's text.
            reasoning: Further thoughts to record.
        """
        spoken = [call.text for call in calls[:-1]]
        thoughts = [*spoken, *(call.reasoning for call in calls), reasoning]
        return Reply(
            text=calls[-1].text if text is None else text,
            reasoning="\n\n".join(filter(None, thoughts)),
            truncated=cut_off(calls[-1]),
            withheld=calls[-1].finish == "withheld",
            reasoning_tags=self._tags(),
        )

    def _tags(self) -> list[str]:
        lent = self.context.models.values()
        return list(dict.fromkeys(tag for model in lent for tag in model.settings.reasoning_tags))


def cut_off(call: Call) -> bool:
    """Whether a reply ended at a limit of length."""
    return call.finish == "length"


def message(role: str, content: str | list[dict[str, Any]], **more: Any) -> Message:
    """A message in the chat format."""
    return {"role": role, "content": content, **more}
