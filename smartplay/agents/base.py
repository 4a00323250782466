"""What an agent is: anything with `act(observation)`, made once per episode.

```python
class MyAgent:
    def __init__(self, manual: str, actions: list[str], seed: int) -> None: ...
    def act(self, observation: Observation) -> str: ...
```

`act` may be `async`. A plain function from the prompt (all an agent reads, as one text) to the
reply is an agent too. The reply is a text that names an action, a `Reply`, or the action's index.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol, TypeAlias

import msgspec

from smartplay.records import Call


class Reply(msgspec.Struct, frozen=True):
    """An agent's reply with what is worth recording beside its text.

    Attributes:
        text: What names the action.
        reasoning: Thoughts, kept apart from the text that is searched for an action.
        truncated: Whether the text was cut off before its end.
        calls: The language model's calls behind it.
    """

    text: str
    reasoning: str = ""
    truncated: bool = False
    calls: list[Call] = []


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


AgentFactory = Callable[..., Agent]
"""Called with the keywords `manual` (str), `actions` (list of str) and `seed` (int)."""


def prompt_text(manual: str, actions: Sequence[str], observation: Observation, steps: int) -> str:
    """All that an agent reads before an action, as one text that grows at its end.

    Args:
        manual: The rules.
        actions: Names of the actions.
        observation: What the agent is to act on, with the observations before it.
        steps: Steps taken so far.
    """
    numbered = "\n".join(f"{k}. {name}" for k, name in enumerate(actions, start=1))
    told = [*observation.history, str(observation)]
    first = steps - len(observation.history)
    pages = [page(f"Step {k}", text) for k, text in enumerate(told, start=first)]
    return "\n\n".join([manual, f"Your actions:\n{numbered}", *pages])


def page(heading: str, text: str) -> str:
    """An observation under its heading, which is left out where the text opens with it itself."""
    opens = text.startswith(heading) and not text[len(heading) :][:1].isalnum()
    return text if opens else f"{heading}:\n{text}"


class FunctionAgent:
    """A plain function of the prompt as an agent."""

    compose: Callable[[str, Sequence[str], Observation, int], str] = staticmethod(prompt_text)

    def __init__(
        self, function: Callable[[str], Any], manual: str, actions: list[str], seed: int
    ) -> None:
        self._function, self._manual, self._actions = function, manual, actions
        self._steps = -1

    def act(self, observation: Observation) -> Any:
        """Call the function with the whole prompt."""
        self._steps += not observation.complaint
        prompt = self.compose(self._manual, self._actions, observation, self._steps)
        return self._function(prompt)
