"""Language models as agents, by name: one factory for a run, whose episodes share the model."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any, get_args

import msgspec

from smartplay.agents.llm import LLMAgent, Protocols
from smartplay.agents.prompts import PLAIN, find_variant
from smartplay.errors import RunFolderError, UnknownNameError
from smartplay.models import open_model
from smartplay.models.base import Model
from smartplay.models.pace import Pace
from smartplay.models.replies import (
    FarReplies,
    Meter,
    RecordedModel,
    Replies,
    Store,
    episode_key,
)
from smartplay.records import Usage


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
        try:
            self._stores = [own] if cache is None else [own, Replies(cache, shared=True)]
        except RunFolderError:
            own.close()
            raise

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
    protocol = settings.pop("protocol", "direct")
    if protocol not in get_args(Protocols):
        raise UnknownNameError("protocol", str(protocol), get_args(Protocols))
    prompt = str(settings.pop("prompt", "plain"))
    find_variant(prompt)
    return LLMFactory(open_model(f"{kind}:{model}", **settings), protocol, prompt)
