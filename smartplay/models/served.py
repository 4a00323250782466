"""A model behind a service: what the protocols have in common.

A protocol is a subclass that says how a question becomes a request (`_request`) and how a reply is
read (`_read`, and `_gather` if it comes piece by piece).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import msgspec

from smartplay.core import printable
from smartplay.models.base import UNCOUNTED, AskedModel, Question, Settings, together
from smartplay.models.codes import SYSTEM, Meaning, finish_of, refused_field
from smartplay.models.faults import RefusedRequestError, WithheldError
from smartplay.models.images import for_record
from smartplay.models.service import Service, read_key
from smartplay.models.stream import Gathering
from smartplay.records import Call, Message, ToolCall, Usage

REASON = 40  # characters of a finish reason that is not known
NAME = 200  # characters of the names a service gives its model


class Spoken(NamedTuple):
    """One reply as the service gave it.

    Attributes:
        text: Its text.
        reasoning: Its reasoning, where the service tells it apart.
        finish: Why it ended, in the service's word.
        withheld: Whether the text is a refusal of the service instead of a reply.
        tools: Whether the model calls tools.
        called: The calls.
    """

    text: str
    reasoning: str = ""
    finish: str = ""
    withheld: bool = False
    tools: bool = False
    called: Sequence[ToolCall] = ()


class Replied(NamedTuple):
    """A service's answer to one request."""

    spoken: list[Spoken]
    model: str = ""
    usage: Usage | None = None
    fingerprint: str = ""


class ServedModel(AskedModel):
    """A model behind a service; the subclass says which.

    The key is read from the environment. The service itself requires one; another address gets one
    if the variable is set.

    Args:
        name: The model as the service names it.
        settings: How it is called; `base_url` may also come from the environment.

    Raises:
        UsageError: If there is no key, or a secret stands where it would be recorded.
    """

    kind: ClassVar[str]
    summary: ClassVar[str]
    settings_type: ClassVar[type[Settings]] = Settings
    needs_name: ClassVar[bool] = True

    title: ClassVar[str]  # of the service at its own address
    address: ClassVar[str]
    variables: ClassVar[tuple[str, str]]  # of the key and of another address
    key_header: ClassVar[tuple[str, str]]  # its name, and what stands before the key
    path: ClassVar[str]
    optional: ClassVar[tuple[str, ...]] = (SYSTEM,)  # fields that some models refuse

    def __init__(self, name: str, settings: Settings) -> None:
        super().__init__(*self.resolved(name, settings))
        self._refused: set[str] = set()
        self._service = self._reach(name)
        self.pace = self._service.pace

    @classmethod
    def resolved(cls, name: str, settings: Settings) -> tuple[str, Settings]:
        """The model's name and its settings as runs record them."""
        key_env, url_env = cls.variables
        own = msgspec.structs.replace(
            settings,
            base_url=settings.base_url or os.environ.get(url_env) or None,
            api_key_env=settings.api_key_env or key_env,
        )
        return f"{cls.kind}:{name}", own

    async def _answer(self, question: Question, samples: int) -> list[Call]:
        if samples == 1:
            return await self._ask(question)
        calls: list[Call] = []
        if self.settings.samples_per_request and "n" not in self._refused:
            calls = await self._ask(question._replace(wanted=samples))
        rest = range(len(calls), samples)
        for found in await together([self._ask(question.of_sample(k)) for k in rest]):
            calls += found
        return calls

    async def aclose(self) -> None:
        """Close the connections."""
        await self._service.aclose()

    # --- What a protocol says

    def _request(self, question: Question) -> dict[str, Any]:
        """The fields of a request; those that are None are left out."""
        raise NotImplementedError

    def _read(self, reply: dict[str, Any]) -> Replied:
        """Read a reply.

        Raises:
            NoReplyError: If it holds no reply.
            BrokenOffError: If the service did not finish it.
        """
        raise NotImplementedError

    def _gather(self) -> Gathering:
        """The object that puts a streamed reply together."""
        raise NotImplementedError

    # --- What all of them do

    def _reach(self, name: str) -> Service:
        settings = self.settings
        url, variable = settings.base_url, settings.api_key_env or self.variables[0]
        title = f"the service at {url}" if url else self.title
        header, before = self.key_header
        if settings.key_header:
            header, before = settings.key_header.lower(), ""
        given = {name.lower() for name in settings.headers}
        key = read_key(variable, url is None and header not in given, title)
        headers = {header: before + key} if key else {}
        whole = (url or self.address).rstrip("/") + self.path
        return Service(title, name, whole, settings, key, headers)

    async def _ask(self, question: Question) -> list[Call]:
        """Make one request, without the fields that the model turns out to refuse."""
        while True:
            request = self._request(question)
            try:
                replied, seconds = await self._service.post(request, self._read, self._gather)
            except RefusedRequestError as refusal:
                if not self._adapt(refusal, request):
                    raise
            except WithheldError as error:
                replied, seconds = Replied([Spoken(str(error), withheld=True)], usage=Usage()), 0.0
                self._note(f"{self.name} withheld a reply: {error}", "withheld")
                break
            else:
                break
        if replied.usage is None:
            self._note(UNCOUNTED.format(self.name))
        return [
            self._call(question, k, spoken, replied, seconds)
            for k, spoken in enumerate(replied.spoken[: question.wanted])
        ]

    def _call(
        self, question: Question, place: int, spoken: Spoken, replied: Replied, seconds: float
    ) -> Call:
        mask = self._service.mask
        usage = replied.usage if place == 0 else None  # of the whole request
        return Call(
            messages=for_record(question.messages),
            text=mask(spoken.text),
            reasoning=mask(spoken.reasoning),
            finish=_finish(spoken, mask(spoken.finish)),
            model=mask(replied.model)[:NAME],
            usage=usage or Usage(),
            seconds=seconds,
            asked=self.name,
            label=question.label,
            sample=question.sample + place,
            fingerprint=mask(replied.fingerprint)[:NAME],
            tools=[ToolCall(*map(mask, msgspec.structs.astuple(each))) for each in spoken.called]
            if question.tools
            else [],
        )

    def _messages(self, question: Question) -> list[Message]:
        """The conversation in the form that this model takes."""
        if self.settings.system_role and SYSTEM not in self._refused:
            return question.messages
        return without_system(question.messages)

    def _adapt(self, refusal: RefusedRequestError, request: dict[str, Any]) -> bool:
        """From now on leave out the field that the model refused; False if the refusal names none.

        Each field is left out once, so calls are repeated a few times at most.
        """
        has_system = any(m["role"] == "system" for m in request["messages"])
        fields = [
            name
            for name in self.optional
            if (name in request and name not in self.settings.extra)
            or (name == SYSTEM and has_system)
        ]
        field = refused_field(refusal.complaint, fields)
        if field is None:
            return False
        if field not in self._refused:  # and not by a call that was under way
            self._refused.add(field)
            self._note(f"{self.name} {self._without(field)} ({refusal})")
        return True

    def _without(self, field: str) -> str:
        """What to do about a refused field, in words."""
        if field == SYSTEM:
            return "knows no role system, so that text opens the first message of the user"
        return f"does not take {field}, so it is left out"


def without_system(messages: list[Message]) -> list[Message]:
    """The same conversation with the system message at the head of the user's first message."""
    system = "\n\n".join(m["content"] for m in messages if m["role"] == "system")
    rest = [message for message in messages if message["role"] != "system"]
    if not system:
        return rest
    for place, message in enumerate(rest):
        if message["role"] == "user":
            content = message["content"]
            whole: Any = (
                f"{system}\n\n{content}"
                if isinstance(content, str)
                else [{"type": "text", "text": system}, *content]
            )
            return [*rest[:place], message | {"content": whole}, *rest[place + 1 :]]
    return [{"role": "user", "content": system}, *rest]


def _finish(spoken: Spoken, reason: str) -> str:
    """`Call.finish` of a reply; a reason that is not known is passed on."""
    if spoken.withheld:
        return Meaning.WITHHELD.value
    meaning = finish_of(reason)
    if meaning is None:
        return printable.line(reason, REASON)
    if meaning in (Meaning.TOOL, Meaning.DONE):  # services disagree which of them it is
        return "tool" if spoken.tools and not spoken.text.strip() else "stop"
    return meaning.value
