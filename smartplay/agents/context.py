"""What an agent is: anything with `act(observation)`, made once per episode.

```python
class MyAgent:
    def __init__(self, manual: str, actions: list[str], seed: int) -> None: ...
    def act(self, observation: Observation) -> str: ...
```

`act` may be `async`. A plain function from the prompt (all an agent reads, as one text) to the
reply is an agent too. The reply is a text that names an action, a `Reply`, or the action's index.

A constructor or function that has a parameter `context` is given the episode's `Context`, and in it
the models that the run lends the agent:

```python
async def agent(prompt, context):
    calls = await context.models["player"].chat([{"role": "user", "content": prompt}])
    return calls[0].text
```

A class with a static method `learn(memory, trajectory) -> bytes` remembers: its episodes of one
game are played one after the other, and each begins with what `learn` made of those before it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

import msgspec

from smartplay.core.errors import AgentError
from smartplay.models.lending import EpisodeModel
from smartplay.records import Call


@dataclass(frozen=True, kw_only=True)
class Context:
    """What a run gives the agent of one episode.

    Attributes:
        manual: The rules.
        actions: Names of the actions.
        seed: The agent's own seed; it reveals nothing of the game's.
        game: The full id.
        title: The game's name for people.
        episode: Number of the episode, from 0.
        repeat: Which of the repeats of the episode this is, from 0.
        steps: The step limit.
        models: The models lent to the agent, by role.
        memory: What the agent's `learn` made of the episodes before; None if there are none.
    """

    manual: str
    actions: list[str]
    seed: int
    game: str = ""
    title: str = ""
    episode: int = 0
    repeat: int = 0
    steps: int = 0
    models: Mapping[str, EpisodeModel] = field(default_factory=dict)
    memory: bytes | None = None


class Trajectory(msgspec.Struct, frozen=True, kw_only=True):
    """A finished episode as its agent knows it.

    Attributes:
        game: The full id.
        episode: Its number.
        manual: The rules.
        actions: Names of the actions.
        observations: The game's texts: the first, then one after each step.
        taken: The action of each step, by name.
        score: The score at the end.
        completed: Whether the game's goal was reached.
    """

    game: str
    episode: int
    manual: str
    actions: list[str]
    observations: list[str]
    taken: list[str]
    score: float
    completed: bool


class Reply(msgspec.Struct, frozen=True):
    """An agent's reply with what is worth recording beside its text.

    Attributes:
        text: What names the action.
        reasoning: Thoughts, kept apart from the text that is searched for an action.
        truncated: Whether the text was cut off before its end.
        calls: Calls to a language model other than those of the context, which are known anyway.
        withheld: Whether the service kept the reply back.
        reasoning_tags: Further tags whose contents in the text are thoughts.

    Raises:
        AgentError: If one of them is of another type.
    """

    text: str
    reasoning: str = ""
    truncated: bool = False
    calls: list[Call] = []
    withheld: bool = False
    reasoning_tags: Sequence[str] = ()

    def __post_init__(self) -> None:
        """Refuse what no record can hold here, as a traceback then names the agent's line."""
        for name, values, kind in (
            ("text", [self.text], str),
            ("reasoning", [self.reasoning], str),
            ("calls", self.calls, Call),
            ("reasoning_tags", self.reasoning_tags, str),
        ):
            for value in values:
                if not isinstance(value, kind):
                    found = type(value).__name__
                    raise AgentError(f"{name} of a reply takes {kind.__name__}, not {found}")


AnyReply: TypeAlias = str | int | Reply


class Observation(str):
    """The text an agent acts on; a `str`, with the parts it was made of.

    After an invalid reply the same observation comes again: `complaint` says what was wrong, and
    the text itself ends with it.

    Attributes:
        text: The game's observation alone.
        history: The observations before it, oldest first, as many as the game's card keeps.
        complaint: What was wrong with the last reply; empty if nothing was.
        image: The picture of the present state, uint8 of shape (height, width, 3), if the game is
            played with `observation="image"` or `"both"`; else None.
    """

    text: str
    history: Sequence[str]
    complaint: str
    image: Any

    def __new__(
        cls, text: str, history: Sequence[str] = (), complaint: str = "", image: Any = None
    ) -> Observation:
        """Join the text and the complaint."""
        self = super().__new__(cls, f"{text}\n\n{complaint}" if complaint else text)
        self.text, self.history, self.complaint, self.image = text, history, complaint, image
        return self


class Agent(Protocol):
    """Plays one episode."""

    def act(self, observation: Observation) -> AnyReply | Awaitable[AnyReply]:
        """Reply to an observation; called once per step, and again after an invalid reply."""


AgentMaker: TypeAlias = Callable[[Context], Agent]
"""Makes the agent of one episode."""


def prompt_pages(
    observation: Observation, steps: int, heading: str = "Step"
) -> list[tuple[str, str]]:
    """The observations that a prompt shows, the present one last, each with its heading.

    Args:
        observation: What the agent is to act on, with the observations before it.
        steps: Steps taken so far.
        heading: What each is called, before its number.
    """
    told = [*observation.history, str(observation)]
    first = steps - len(observation.history)
    return [(f"{heading} {k}", text) for k, text in enumerate(told, start=first)]


def page(heading: str, text: str) -> str:
    """An observation under its heading, which is left out where the text opens with it itself."""
    opens = text.startswith(heading) and not text[len(heading) :][:1].isalnum()
    return text if opens else f"{heading}:\n{text}"
