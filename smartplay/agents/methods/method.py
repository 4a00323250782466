"""What a method is: how a model is asked in one step.

A method is a class: its public fields are its settings, its private ones keep its state from step
to step. Each episode gets a method of its own, which asks models only through the turn.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import (
    Annotated,
    Any,
    ClassVar,
    Literal,
    NamedTuple,
    get_args,
    get_origin,
    get_type_hints,
)

import msgspec

from smartplay.agents.context import Reply
from smartplay.agents.methods.turn import ROLE, Turn, cut_off
from smartplay.core.errors import UnknownNameError, known_name
from smartplay.models.base import converted
from smartplay.records import Call

Number = Annotated[int, msgspec.Meta(ge=1, le=1000)]
SAMPLED = {"temperature": 0.7}
"""Settings of models whose samples are to differ."""

Length = Annotated[int, msgspec.Meta(ge=100, le=1_000_000)]
"""Characters of a text."""

Few = Annotated[int, msgspec.Meta(ge=2, le=1000)]


class Arm(NamedTuple):
    """A way to play, shown beside a method's result.

    Attributes:
        name: What a table calls it.
        method: The name of its method.
        settings: The settings of that method, and those of any agent, such as `attempts`.
        models: Settings of the models that differ, such as a temperature.
        role: The role whose model plays it; empty for the method's first role.
        oracle: Whether it knows what a player cannot know; then it is never ranked.
    """

    name: str
    method: str
    settings: Mapping[str, Any] = {}
    models: Mapping[str, Any] = {}
    role: str = ""
    oracle: bool = False


class Method(msgspec.Struct, kw_only=True):
    """How a model is asked in one step.

    Class attributes:
        summary: One line for those who choose a method.
        roles: The roles it asks, each with a default. A model named as the agent fills the first
            role. Another role defaults to the model of the role named here; if none is named, the
            user must give it.
        defaults: Settings of its models, where the user gives none.
    """

    summary: ClassVar[str]
    roles: ClassVar[Mapping[str, str]] = {ROLE: ""}
    defaults: ClassVar[Mapping[str, Any]] = {}

    async def choose(self, turn: Turn) -> Reply:
        """Reply to a step; once more after an invalid reply, with `turn.complaint`.

        Raises:
            ModelError: If a model gives no reply.
        """
        raise NotImplementedError

    def check(self) -> None:
        """Make sure that its settings go together.

        Raises:
            UsageError: If they do not.
        """

    def model_defaults(self) -> Mapping[str, Any]:
        """Settings of its models, where the user gives none."""
        return self.defaults

    def game_settings(self) -> Mapping[str, Any]:
        """Settings of games that it is to be played with, unless the user gives others."""
        return {}

    def more_settings(self) -> Mapping[str, Any]:
        """What a run records of the method besides its settings."""
        return {}

    def controls(self) -> list[Arm]:
        """The arms without which a result of the method may not be shown."""
        return []


def settings_of(method: Method | type[Method]) -> dict[str, Any]:
    """The settings of a method; of a class, their defaults (or `...` for none)."""
    if isinstance(method, Method):
        told: dict[str, Any] = msgspec.to_builtins(method)
        return {name: value for name, value in told.items() if name[0] != "_"}
    fields = msgspec.structs.fields(method)
    return {field.name: field.default for field in fields if field.name[0] != "_"}


def make_method(name: str, kind: type[Method], settings: Mapping[str, Any]) -> Method:
    """A method with these settings.

    Raises:
        UnknownNameError: If it has no such setting.
        UsageError: If a value makes no sense.
    """
    known = settings_of(kind)
    for each in settings:
        known_name(f"setting of the method {name}", each, known)
    hints = get_type_hints(kind)
    for each, value in settings.items():
        if get_origin(hints[each]) is Literal and value not in get_args(hints[each]):
            raise UnknownNameError(
                f"{each} of the method {name}", str(value), get_args(hints[each])
            )
    method = converted(settings, kind)
    method.check()
    return method


class Vote(NamedTuple):
    """The outcome of a vote.

    Attributes:
        winner: The name with most votes; the first named wins a tie; None if no reply named one.
        votes: Its votes.
        told: The count of every name, in words.
    """

    winner: str | None
    votes: int
    told: str


def vote(names: Sequence[str | None]) -> Vote:
    """Count votes; None is a vote for nobody."""
    counts = Counter(names)
    told = ", ".join(f"{name or 'no action'}: {count}" for name, count in counts.most_common())
    found = Counter(name for name in names if name is not None).most_common(1)
    winner, votes = found[0] if found else (None, 0)
    return Vote(winner, votes, told)


def elected(
    turn: Turn, calls: Sequence[Call], names: Sequence[str | None] | None = None
) -> tuple[Vote, Reply]:
    """Let several replies vote; returns the vote and the turn's reply.

    If none names an action, the last reply is that of the turn.

    Args:
        turn: The step.
        calls: The replies.
        names: What they name, if that is not read from their texts.
    """
    found = vote([turn.named(call) for call in calls] if names is None else names)
    if found.winner is None:
        return found, turn.reply(calls[-1])
    return found, Reply(f"Answer: {found.winner}", reasoning=found.told)


class Sections(NamedTuple):
    """Parts to be written under headings in one reply, of which the last is the answer.

    Attributes:
        parts: Heading and what to write under it, in order.
    """

    parts: Sequence[tuple[str, str]]

    @property
    def words(self) -> str:
        """The words that ask for the parts."""
        told = "\n".join(f"## {heading}\n{what}" for heading, what in [*self.parts, LAST])
        return f"Write your reply in these parts, each under its heading:\n\n{told}"

    def reply(self, turn: Turn, call: Call) -> Reply:
        """The reply of the turn: the last part, or after a complaint whatever the model says."""
        start = list(_LAST.finditer(call.text))
        if start:
            at = start[-1]
            return turn.reply(call, text=call.text[at.end() :], reasoning=call.text[: at.start()])
        if turn.complaint:
            return turn.reply(call)
        # Whatever examples hold is no answer.
        return Reply(MISSING, reasoning=call.text, truncated=cut_off(call))


LAST = ("Choice", 'The line "Answer: " followed by the action you choose, word for word.')
MISSING = "(the reply has no part with a choice)"
_LAST = re.compile(
    rf"^(?:[#*]|[^\S\n])*{LAST[0]}[*:\s]*?(?:\n|$|(?=Answer))", re.IGNORECASE | re.MULTILINE
)
