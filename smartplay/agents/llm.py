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

from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any, Literal, get_args

import msgspec

from smartplay.agents.base import Observation, Reply
from smartplay.agents.prompts import PLAIN, PromptStyle, find_variant
from smartplay.errors import PromptTooLongError, UnknownNameError, UsageError
from smartplay.models.base import Model, Settings, make_settings
from smartplay.models.images import with_picture
from smartplay.models.pace import Pace
from smartplay.models.replies import (
    FarReplies,
    Meter,
    RecordedModel,
    Replies,
    Store,
    episode_key,
)
from smartplay.records import Call, Message, Usage

Protocols = Literal["direct", "think"]

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
    """Plays one episode with a language model.

    Args:
        model: Where replies come from; shared between episodes.
        manual: The rules.
        actions: Names of the actions.
        seed: The episode's seed.
        protocol: `"direct"` asks once, `"think"` first for reasons and then for the choice.
        style: How the prompt is laid out.
    """

    def __init__(
        self,
        model: Model,
        manual: str,
        actions: list[str],
        seed: int,
        protocol: Protocols,
        style: PromptStyle = PLAIN,
    ) -> None:
        self._model, self._actions, self._seed = model, actions, seed
        self._protocol, self._style = protocol, style
        self._choices = actions if model.settings.constrained else None
        self._system = _message("system", system_text(manual, actions, protocol, style))
        self._observation = Observation("")
        self._step = -1  # of the episode, as counted in the prompt
        self._first = 0  # the first step there is room for
        self._talk: list[Message] = []
        self._fresh = True

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
            calls=calls,
        )

    async def _ask(self, choices: list[str] | None) -> Call:
        """Send the conversation and add the reply to it; make room first if there is none."""
        try:
            call = await self._model.chat(
                list(self._talk), choices=choices, seed=self._seed, fresh=self._fresh
            )
        except PromptTooLongError:
            oldest = self._oldest()
            if oldest >= self._step:
                raise
            self._first = oldest + (self._step - oldest + 1) // 2
            self._talk[1] = self._page()
            return await self._ask(choices)
        self._fresh = False
        self._talk.append(_message("assistant", call.text.strip() or NO_WORDS))
        return call

    def _oldest(self) -> int:
        return max(self._step - len(self._observation.history), self._first)

    def _page(self) -> Message:
        oldest = self._oldest()
        told = [*self._observation.history, self._observation.text][oldest - self._step - 1 :]
        style = self._style
        steps = [f"{style.step} {k}:\n{text}" for k, text in enumerate(told, start=oldest)]
        note = [LEFT_OUT] if 0 < oldest == self._first else []
        last = [style.listed(self._actions)] if style.order == "end" else []
        question = style.question or QUESTION[self._protocol]
        page = "\n\n".join([*note, *steps, *last, question])
        picture = self._observation.image
        return _message("user", page if picture is None else with_picture(page, picture))


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


class LLMFactory:
    """Makes an `LLMAgent` for each episode; all share one model.

    Attributes:
        settings: All settings as resolved, JSON-able and without secrets.
        asynchronous: The agents' `act` is a coroutine function.
        concurrency: The most episodes that do well at once.
        spreads: Whether several processes may call the model side by side.
        pace: How many calls are under way at once.
    """

    asynchronous = True

    def __init__(self, model: Model, protocol: Protocols, prompt: str = "plain") -> None:
        variant = find_variant(prompt)
        if variant.other_protocol:
            protocol = "direct" if protocol == "think" else "think"
        self._model, self._protocol = model, protocol
        self.pace: Pace = getattr(model, "pace", None) or Pace()
        self._stores: list[Store] = []
        self._meter: Meter | None = None
        self._style = PLAIN if variant.other_protocol else variant.style
        self.concurrency = model.concurrency
        self.spreads = self.concurrency > 1
        built_ins: dict[str, Any] = msgspec.to_builtins(model.settings)
        told = {} if prompt == "plain" else {"prompt": prompt}
        self.settings = {"model": model.name, "protocol": protocol, **told, **built_ins}

    def __call__(self, manual: str, actions: list[str], seed: int) -> LLMAgent:
        """Make the agent of one episode."""
        seed = _short(seed)
        model = RecordedModel(self._model, seed, self._stores, self._meter)
        return LLMAgent(model, manual, actions, seed, self._protocol, self._style)

    def __str__(self) -> str:
        """How many calls are under way at once."""
        return str(self.pace)

    def prepare(
        self, concurrency: int, meter: Meter, replies: Path, cache: Path | None = None
    ) -> Usage:
        """Get ready for a run.

        Args:
            concurrency: The most calls at once.
            meter: Who counts what calls cost.
            replies: The run's own file of replies; it lasts until the run is finished.
            cache: A file of replies to be kept beyond the run.

        Returns:
            The tokens of the replies that are recorded already.

        Raises:
            RunFolderError: If a file of replies cannot be used.
        """
        own = Replies(replies)
        self._prepare(concurrency, meter, own, cache)
        return own.usage()

    def prepare_apart(
        self,
        concurrency: int,
        meter: Meter,
        recorded: dict[int, dict[bytes, bytes]],
        send: Callable[[int, bytes, bytes], None],
        cache: Path | None = None,
    ) -> None:
        """Get ready for a part of a run whose replies another process keeps.

        Args:
            concurrency: The most calls at once.
            meter: Who counts what calls cost.
            recorded: What `recorded` says there.
            send: Takes a reply's episode, key and content to be given to `record` there.
            cache: A file of replies to be kept beyond the run.

        Raises:
            RunFolderError: If the cache cannot be used.
        """
        self._prepare(concurrency, meter, FarReplies(recorded, send), cache)

    def _prepare(self, concurrency: int, meter: Meter, own: Store, cache: Path | None) -> None:
        self.pace.set_most(concurrency)
        self._meter = meter
        self._stores = [own] if cache is None else [own, Replies(cache, shared=True)]

    def recorded(self, seeds: Iterable[int]) -> dict[int, dict[bytes, bytes]]:
        """The replies that the run's own file holds for episodes with these seeds of the agent."""
        keys = (episode_key(self._model, _short(seed)) for seed in seeds)
        found = ((key, self._stores[0].find(key)) for key in keys)
        return {key: replies for key, replies in found if replies}

    def record(self, episode: int, key: bytes, reply: bytes) -> Awaitable[None]:
        """Keep a reply of an episode that is played in another process."""
        return self._stores[0].keep(episode, key, reply)

    async def aclose(self) -> None:
        """Close the model and the files of replies."""
        stores, self._stores = self._stores, []
        try:
            for store in stores:
                store.close()
        finally:
            await self._model.aclose()


def _short(seed: int) -> int:
    return seed & 0x7FFFFFFF  # what services take


def llm_factory(kind: str, model: str = "", **settings: Any) -> LLMFactory:
    """A language model as an agent, by name.

    Args:
        kind: `"openai"` (any service that speaks its protocol), `"anthropic"` or `"local"`.
        model: The model as the service names it; `local` has a default.
        **settings: `protocol`, `prompt` (a variant of `smartplay.agents.prompts`), and those of
            `smartplay.models.base.Settings` (for `local`, of `LocalSettings`; for `anthropic`, of
            `AnthropicSettings`).

    Raises:
        UnknownNameError: If there is no such kind or setting.
        MissingPackageError: If the kind's package is not installed.
        UsageError: If a setting is wrong, a key is missing, or weights cannot be fetched.
    """
    if kind not in ("openai", "anthropic", "local"):
        raise UnknownNameError("kind of language model", kind, ["openai", "anthropic", "local"])
    if not model and kind != "local":
        raise UsageError(f"which model? Write {kind}:MODEL")
    protocol = settings.pop("protocol", "direct")
    if protocol not in get_args(Protocols):
        raise UnknownNameError("protocol", str(protocol), get_args(Protocols))
    prompt = str(settings.pop("prompt", "plain"))
    find_variant(prompt)
    return LLMFactory(_make_model(kind, model, settings), protocol, prompt)


def _make_model(kind: str, model: str, settings: dict[str, Any]) -> Model:
    if kind == "openai":
        from smartplay.models.openai import OpenAIModel

        return OpenAIModel(model, make_settings(Settings, settings))
    if kind == "anthropic":
        from smartplay.models.anthropic import AnthropicModel, AnthropicSettings

        return AnthropicModel(model, make_settings(AnthropicSettings, settings))
    from smartplay.models.local import LocalModel, LocalSettings

    return LocalModel(model, make_settings(LocalSettings, settings))
