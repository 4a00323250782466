"""Variants of the prompt: the same facts in another order, numbering or wording.

An agent that reads one prompt (a plain function, a language model) gets a variant's `style`. An
agent that gets manual, actions and observations separately gets the same facts through a filter.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence
from typing import Any, Literal

import msgspec

from smartplay.agents.context import Context, Observation, page, prompt_pages
from smartplay.agents.wrappers import Filter
from smartplay.core.errors import known_name


class PromptStyle(msgspec.Struct, frozen=True):
    """How a prompt is laid out.

    Attributes:
        order: Where the list of actions stands: after the manual, before it, or at the very end.
        marks: How the actions are listed.
        heading: The line above the list.
        step: The word for a past observation.
        question: The question at the end; empty for none.
        backwards: Whether the actions are listed in reverse order.
    """

    order: Literal["after", "before", "end"] = "after"
    marks: Literal["1.", "a)", "-"] = "1."
    heading: str = "Your actions:"
    step: str = "Step"
    question: str = ""
    backwards: bool = False

    def listed(self, actions: Sequence[str]) -> str:
        """The actions with their heading, one per line."""
        named = actions[::-1] if self.backwards else actions
        lines = [f"{self.mark(k)} {name}" for k, name in enumerate(named)]
        return "\n".join([self.heading, *lines])

    def prompt(
        self, manual: str, actions: Sequence[str], observation: Observation, steps: int
    ) -> str:
        """All that an agent reads before an action, as one text; the plain style grows at its end.

        Args:
            manual: The rules.
            actions: Names of the actions.
            observation: The observation to act on, with those before it.
            steps: Steps taken so far.
        """
        pages = [page(*each) for each in prompt_pages(observation, steps, self.step)]
        told = [manual, *pages, *filter(None, [self.question])]
        place = {"before": 0, "after": 1, "end": len(told)}[self.order]
        told.insert(place, self.listed(actions))
        return "\n\n".join(told)

    def mark(self, place: int) -> str:
        """What stands before an action, by its place in the list from 0."""
        if self.marks == "1.":
            return f"{place + 1}."
        return f"{_letters(place)})" if self.marks == "a)" else "-"


PLAIN = PromptStyle()


class Variant(msgspec.Struct, frozen=True):
    """One way to give an agent the same facts.

    Attributes:
        name: What settings and reports call it.
        summary: What is different, in words.
        style: For agents that read one prompt.
        filter: For agents that get the parts separately.
        other_protocol: Whether language models play by the other of their two protocols; then that
            is the only difference.
    """

    name: str
    summary: str
    style: PromptStyle = PLAIN
    filter: type[Filter] = Filter
    other_protocol: bool = False


class Marked(Filter):
    """Names of actions with a mark before them."""

    style = PromptStyle(marks="-")

    def __init__(self, actions: list[str]) -> None:
        self._whole = {f"{self.style.mark(k)} {name}": name for k, name in enumerate(actions)}
        super().__init__(list(self._whole))

    def reply(self, text: str) -> str:
        """Leave the marks out again."""
        return self._whole.get(text, text)


class Lettered(Marked):
    """Names of actions with letters before them."""

    style = PromptStyle(marks="a)")


class Reversed(Filter):
    """The actions in reverse order; a reply by number counts from the other end."""

    def __init__(self, actions: list[str]) -> None:
        super().__init__(actions[::-1])

    def index(self, number: int) -> int:
        """The number of the same action in the game's order."""
        return len(self.actions) - 1 - number


class Repeated(Filter):
    """The manual comes again with each observation."""

    def manual(self, text: str) -> str:
        """Keep it."""
        self._manual = text
        return text

    def observation(self, seen: Observation) -> Observation:
        """Put the manual before it."""
        told = f"{self._manual}\n\n{seen.text}"
        return Observation(told, seen.history, seen.complaint, seen.image)


class Reworded(Filter):
    """The observation has a heading and a question."""

    def observation(self, seen: Observation) -> Observation:
        """Put both around it."""
        told = f"This is what you see now:\n{seen.text}\nSo what do you do next?"
        return Observation(told, seen.history, seen.complaint, seen.image)


class Told(Filter):
    """The manual ends with the list of actions."""

    def manual(self, text: str) -> str:
        """Add the list."""
        return f"{text}\n\n{PLAIN.listed(self.actions)}"


class Thoughtful(Filter):
    """Each observation asks for thoughts."""

    def observation(self, seen: Observation) -> Observation:
        """Ask."""
        told = f"{seen.text}\n\n{THINK}"
        return Observation(told, seen.history, seen.complaint, seen.image)


THINK = (
    "Think step by step: what do you know, and what would each action lead to? Then name the one "
    "action you choose."
)
VARIANTS: tuple[Variant, ...] = (
    Variant("plain", "as in every run"),
    Variant("actions-first", "order: the actions stand before the manual",
            PromptStyle(order="before"), Repeated),
    Variant("actions-last", "order: the actions stand at the very end",
            PromptStyle(order="end"), Told),
    Variant("lettered", "numbering: a), b), c)", Lettered.style, Lettered),
    Variant("bulleted", "numbering: none", Marked.style, Marked),
    Variant("reversed", "order: the list of actions is reversed, and has no numbers",
            PromptStyle(marks="-", backwards=True), Reversed),
    Variant("reworded", "wording: other headings, and a question at the end",
            PromptStyle(heading="What you can do is one of these:", step="Earlier, at step",
                        question="What do you do next? Name one of the things you can do."),
            Reworded),
    Variant("protocol", "protocol: think for direct, direct for think; else thoughts are asked for",
            PromptStyle(question=THINK), Thoughtful, other_protocol=True),
)  # fmt: skip


class FunctionAgent:
    """A plain function of the prompt as an agent.

    Args:
        call: Called with the prompt.
        context: What the run gives.
        style: How the prompt is laid out.
    """

    def __init__(
        self, call: Callable[[str], Any], context: Context, style: PromptStyle = PLAIN
    ) -> None:
        self._call, self._context, self._style = call, context, style
        self._steps = -1

    def act(self, observation: Observation) -> Any:
        """Call the function with the whole prompt."""
        self._steps += not observation.complaint
        manual, actions = self._context.manual, self._context.actions
        return self._call(self._style.prompt(manual, actions, observation, self._steps))


def find_variant(name: str) -> Variant:
    """The variant of that name.

    Raises:
        UnknownNameError: If there is none.
    """
    known = {variant.name: variant for variant in VARIANTS}
    return known[known_name("prompt", name, known)]


def _letters(place: int) -> str:
    """A letter; two of them from the 27th on."""
    first, second = divmod(place, len(string.ascii_lowercase))
    return (string.ascii_lowercase[first - 1] if first else "") + string.ascii_lowercase[second]
