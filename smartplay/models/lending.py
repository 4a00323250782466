"""Lends the models of a run to its episodes: the only way from an agent to a model.

`RunModels` belongs to the run. The models that an episode is lent make no call twice, however often
it is interrupted and resumed, and stop the run when its budget is spent.

The key of a reply is made of the model with its settings, the episode (its agent's seed and the
number of the repeat), the role, the question, how often the episode asked the same before, and the
number of the sample. All of it is fixed before anything is awaited. So concurrent calls stay
distinct, whichever ends first; the same question twice is two calls; and an episode played again
gets the same replies, up to the first one that is missing.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import msgspec
from msgspec import UNSET
from msgspec import UnsetType as Unset

from smartplay.core.errors import AgentError, ModelError, UnknownNameError, UsageError
from smartplay.models.base import (
    Model,
    Settings,
    Tool,
    check_samples,
    longest_reply,
    sample_seed,
    together,
)
from smartplay.models.images import for_record, plain_texts
from smartplay.models.replies import Store, decode_call, digest, encode_call, lasting
from smartplay.models.usage import counted
from smartplay.records import Call, Message, Usage

UNBOUNDED = 8192
"""The most tokens that a reply without a limit of its own is assumed to take."""
PICTURE = 4096
"""The most tokens that a picture is assumed to take."""
AROUND = 64
"""The most tokens that a template is assumed to put around a message."""
REFUSING = 0.1
"""Seconds before a call is refused, so that an agent that asks again and again blocks nobody."""


class Meter(Protocol):
    """Counts what calls cost."""

    async def reserve(self, model: str, most: Callable[[], Usage]) -> Usage:
        """Wait until a call of so many tokens may be made; raise if no call may any more."""

    def settle(self, model: str, reserved: Usage, usage: Usage | None) -> None:
        """Replace a call's reservation by what it took; None if it brought no reply."""


class EpisodeModel:
    """A model in a role, for one episode.

    Args:
        role: The role.
        model: The model, asked for replies that are not recorded.
        lent: All models that the episode is lent.

    Attributes:
        name: The kind and the model, such as `"openai:gpt-4o-mini"`.
        settings: The settings as resolved.
        notes: What the user should know about how the model is called.
    """

    def __init__(self, role: str, model: Model, lent: EpisodeModels) -> None:
        self.name, self.settings, self.notes = model.name, model.settings, model.notes
        self._role, self._model, self._lent = role, model, lent
        known = digest([model.name, lasting(model.settings), *lent._identity, role])
        self._known = hashlib.blake2b(known, digest_size=32)  # twice as fast as SHA-256
        self._episode = _episode(model, lent._identity)
        self._kept: list[dict[bytes, bytes]] | None = None
        self._asked: Counter[bytes] = Counter()
        self._fresh = True

    async def chat(
        self,
        messages: list[Message],
        *,
        samples: int = 1,
        temperature: float | Unset | None = UNSET,
        seed: int | None = None,
        choices: Sequence[str] | None = None,
        label: str = "",
        tools: Sequence[Tool] | None = None,
    ) -> list[Call]:
        """Reply to a conversation; see `Model.chat`.

        Raises:
            AgentError: If the episode is over, or another event loop runs than that of `act`.
        """
        if self._lent.closed:
            await asyncio.sleep(REFUSING)
            raise AgentError(f"the episode to which the model {self._role!r} was lent is over")
        if self._lent.loop not in (None, asyncio._get_running_loop()):
            raise AgentError(  # it would wait for what only the other loop can tell it
                f"the model {self._role!r} was asked on another event loop than that of act; hand "
                "the chat to asyncio.run_coroutine_threadsafe with the loop of act there"
            )
        check_samples(samples, self.settings.temperature if temperature is UNSET else temperature)
        messages = plain_texts(messages)
        shown = for_record(messages)
        question: list[Any] = [label, choices, seed, shown]
        question += [] if temperature is UNSET else [temperature]
        question += [] if tools is None else [tools]
        more: dict[str, Any] = {} if tools is None else {"tools": tools}
        asked = self._known.copy()
        asked.update(msgspec.json.encode(question, order="sorted"))
        number = self._asked[asked.digest()]
        self._asked[asked.digest()] += 1
        keys = []
        for sample in range(samples):
            told = asked.copy()
            told.update(b"%d %d" % (number, sample))
            keys.append(told.digest())
        answers: list[Call | None] = [None] * samples
        lent = self._lent
        lent._calls.append(answers)
        seed = self._seed(number) if seed is None else seed

        async def ask(places: Sequence[int]) -> None:
            """Fill in the answers of these samples."""
            model, samples = self._model, len(places)
            reserved = await lent._meter.reserve(
                model.name, lambda: _most(shown, model.settings, samples)
            )
            fresh, self._fresh = self._fresh, False  # recorded replies warmed up no cache
            usage = None
            try:
                answered = await model.chat(
                    messages,
                    samples=samples,
                    temperature=temperature,
                    seed=None if seed is None else sample_seed(seed, places[0]),
                    choices=choices,
                    label=label,
                    fresh=fresh,
                    **more,  # as other people's models need not know of tools
                )
                calls = [
                    msgspec.structs.replace(
                        counted(call), sample=place, role=self._role, asked=model.name,
                        messages=shown, label=label,
                    )
                    for place, call in zip(places, _calls(model, answered, samples), strict=True)
                ]  # fmt: skip
                kept = [encode_call(call) for call in calls]
                usage = _told(calls)
            finally:
                lent._meter.settle(model.name, reserved, usage)
            for place, call, reply in zip(places, calls, kept, strict=True):
                answers[place] = call
                for store in lent._stores:
                    await store.keep(self._episode, keys[place], reply)

        task = _running_task()
        if task is not None:
            lent._tasks.add(task)
        try:
            for place, key in enumerate(keys):
                call = await self._find(key)
                answers[place] = call and msgspec.structs.replace(call, messages=shown)
            missing = [place for place, call in enumerate(answers) if call is None]
            if len(missing) == 1 or (missing and self.settings.samples_per_request):
                await ask(missing)
            else:
                await together([ask([place]) for place in missing])
        finally:
            if task is not None:
                lent._tasks.discard(task)
        return [call for call in answers if call is not None]

    def _seed(self, number: int) -> int | None:
        """The seed of a question that names none; it differs each time the same is asked."""
        set_seed = self.settings.seed
        if set_seed is None or (isinstance(set_seed, int) and number == 0):
            return set_seed
        told = [*self._lent._identity, self._role] if set_seed == "episode" else [set_seed]
        return int.from_bytes(digest([*told, number])[:4], "big") >> 1

    async def _find(self, key: bytes) -> Call | None:
        """A kept reply, which is then copied to all stores."""
        if self._kept is None:
            self._kept = [store.find(self._episode) for store in self._lent._stores]
        found = [kept.get(key) for kept in self._kept]
        reply = next(filter(None, found), None)
        if reply is None:
            return None
        call = decode_call(reply)
        if found[0] is None:  # another run paid for it
            call = msgspec.structs.replace(call, reused=True)
        for store, had in zip(self._lent._stores, found, strict=True):
            if had is None:
                await store.keep(self._episode, key, encode_call(call))
        return call


class EpisodeModels(Mapping[str, EpisodeModel]):
    """The models lent to one episode, by role.

    Args:
        models: The models.
        identity: What identifies the episode: its agent's seed and its repeat.
        meter: Counts the calls that are made.
        stores: As for `RunModels`.

    Attributes:
        loop: The event loop that the episode is played on, if any.
        closed: Whether the episode is over, so that all calls are refused.
    """

    def __init__(
        self,
        models: Mapping[str, Model],
        identity: list[int],
        meter: Meter,
        stores: Sequence[Store],
    ) -> None:
        self._identity, self._meter, self._stores = identity, meter, stores
        self.loop, self.closed = asyncio._get_running_loop(), False
        self._calls: list[list[Call | None]] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self._lent = {role: EpisodeModel(role, each, self) for role, each in models.items()}

    def __getitem__(self, role: str) -> EpisodeModel:
        """The model in a role.

        Raises:
            UsageError: If the run lends none in that role.
        """
        if role in self._lent:
            return self._lent[role]
        if self._lent:
            raise UnknownNameError("model role", str(role), self._lent)
        raise UsageError(
            f"the agent asks for a model in the role {role!r}, but was given none; name one in its "
            f'definition, [models.{role}] agent = "openai:NAME", or with --model {role}=openai:NAME'
        )

    def __contains__(self, role: object) -> bool:
        return role in self._lent

    def __iter__(self) -> Iterator[str]:
        return iter(self._lent)

    def __len__(self) -> int:
        return len(self._lent)

    def take(self) -> list[Call]:
        """The calls answered since the last `take`, in the order in which they were made.

        Those under way are left for the next time.
        """
        done = [calls for calls in self._calls if None not in calls]
        self._calls[:] = [calls for calls in self._calls if None in calls]
        return [call for calls in done for call in calls if call is not None]

    def close(self) -> None:
        """Refuse all further calls and cancel those under way; safe to call from any thread."""
        self.closed = True
        for task in list(self._tasks):
            task.get_loop().call_soon_threadsafe(task.cancel)

    async def end(self) -> list[Call]:
        """Refuse further calls, cancel those under way, return the answered ones not yet taken."""
        self.closed = True
        running = self._tasks - {_running_task()}
        for task in running:
            task.cancel()
        if running:
            await asyncio.gather(*running, return_exceptions=True)
        answered = [call for calls in self._calls for call in calls if call is not None]
        self._calls.clear()
        return answered


class RunModels:
    """The models of a run, by role, with the meter and the stores of their calls.

    Args:
        models: The models.
        meter: Counts the calls that are made.
        stores: Where replies are looked up, in this order, and kept; the first is the run's own.

    Attributes:
        models: As above.
    """

    def __init__(
        self, models: Mapping[str, Model], meter: Meter, stores: Sequence[Store] = ()
    ) -> None:
        self.models, self._meter, self._stores = models, meter, stores

    def lend(
        self, seed: int, repeat: int = 0, models: Mapping[str, Model] | None = None
    ) -> EpisodeModels:
        """Lend an episode's agent the models.

        Args:
            seed: The agent's seed, which tells episodes apart.
            repeat: Which of the repeats of the episode it is.
            models: Models with the same settings to lend instead of these.
        """
        return EpisodeModels(models or self.models, [seed, repeat], self._meter, self._stores)

    def recorded(self, seed: int, repeat: int) -> dict[int, dict[bytes, bytes]]:
        """All kept replies of an episode, by the store's number for it, for `PassedReplies`."""
        found: dict[int, dict[bytes, bytes]] = {}
        for model in self.models.values():
            episode = _episode(model, [seed, repeat])
            for store in self._stores[::-1]:
                own = store is self._stores[0]
                for key, reply in store.find(episode).items():
                    found.setdefault(episode, {})[key] = reply if own else _reused(reply)
        return found

    async def keep(self, replies: Sequence[tuple[int, bytes, bytes]]) -> None:
        """Keep the replies that an episode got in another process."""
        for store in self._stores:
            await asyncio.gather(*(store.keep(*reply) for reply in replies))


def _running_task() -> asyncio.Task[Any] | None:
    """The task that runs; None for a coroutine that is driven without an event loop."""
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None


def _calls(model: Model, answered: Any, samples: int) -> list[Call]:
    """What a model answered, which somebody else may have written."""
    listed = isinstance(answered, Sequence) and all(isinstance(each, Call) for each in answered)
    if not listed or len(answered) != samples:
        found = f"{len(answered)} calls" if listed else type(answered).__name__
        raise ModelError(
            f"the model {model.name} must return a list with one smartplay.records.Call for each "
            f"sample that it was asked for ({samples}), not {found}"
        )
    return list(answered)


def _told(calls: Sequence[Call]) -> Usage:
    """The tokens of a request; none if the service does not say how many it wrote."""
    usage = sum((call.usage for call in calls), Usage())
    wrote = any(call.text or call.reasoning or call.tools for call in calls)
    return Usage() if wrote and not usage.completion else usage


def _most(messages: list[Message], settings: Settings, samples: int) -> Usage:
    """The most tokens that a question can take: no token is shorter than a byte."""
    prompt = AROUND * (len(messages) + 1)
    for content in (message["content"] for message in messages):
        for part in [{"text": content}] if isinstance(content, str) else content:
            prompt += len(part["text"].encode("utf-8", "replace")) if "text" in part else PICTURE
    prompt += sum(len(msgspec.json.encode(m["tool_calls"])) for m in messages if "tool_calls" in m)
    longest = longest_reply(settings)
    return Usage(prompt, 0, samples * (UNBOUNDED if longest is None else longest))


def _episode(model: Model, identity: list[int]) -> int:
    """The number by which a store knows an episode: 64 bits, as SQLite takes them."""
    known = digest([model.name, lasting(model.settings), *identity])
    return int.from_bytes(known[:8], "big", signed=True)


def _reused(reply: bytes) -> bytes:
    return encode_call(msgspec.structs.replace(decode_call(reply), reused=True))
