"""What a language model is to SmartPlay, and the settings all kinds share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Protocol, TypeVar

import msgspec

from smartplay.errors import UnknownNameError, UsageError
from smartplay.records import Call, Message

Seed = int | Literal["episode"] | None

WITHOUT_EFFECT = ("timeout", "max_retries", "api_key_env")
"""Settings that no reply depends on."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How a model is called. All of it is recorded with a run, so no key belongs in here.

    Attributes:
        temperature: 0 for the likeliest reply; None leaves it out of the request, as some
            reasoning models demand.
        max_tokens: Most tokens of one reply; None leaves it out of the request.
        seed: A number, `"episode"` for each episode's own, or None to leave it out.
        timeout: Seconds within which the whole reply must be there; each retry has as many.
        max_retries: How often a call is sent again after a fault of the service that may pass.
        base_url: Address of the service, where it is not the client's default.
        api_key_env: Name of the environment variable that holds the key.
        constrained: Whether the service is to allow nothing but the offered actions as a choice.
        extra: Further fields of the request, passed on as they are.
    """

    temperature: float | None = 0.0
    max_tokens: int | None = 1024
    seed: Seed = None
    timeout: float = 120.0
    max_retries: int = 5
    base_url: str | None = None
    api_key_env: str | None = None
    constrained: bool = False
    extra: dict[str, Any] = {}


class Model(Protocol):
    """Anything that replies to a chat."""

    @property
    def name(self) -> str:
        """The kind and the model, such as `"openai:gpt-4o-mini"`."""

    @property
    def settings(self) -> Settings:
        """The settings as resolved."""

    @property
    def concurrency(self) -> int:
        """The most calls that do well under way at once."""

    async def chat(
        self,
        messages: list[Message],
        *,
        choices: Sequence[str] | None = None,
        seed: int | None = None,
        fresh: bool = False,
    ) -> Call:
        """Reply to a conversation.

        Args:
            messages: The conversation so far (`role`: system, user or assistant; `content`).
            choices: If given, the reply can be nothing but a choice of one of these.
            seed: The episode's seed, sent if the settings say so.
            fresh: Whether an episode begins: nothing an earlier one left behind, such as a
                cache, may show in the replies from here on.

        Raises:
            PromptTooLongError: If the model cannot read that much.
            ModelError: If there is no reply; the message is one sentence and holds no key.
        """

    async def aclose(self) -> None:
        """Free what the model holds; the next call would take it up again."""


SettingsT = TypeVar("SettingsT", bound=Settings)


def make_settings(settings_class: type[SettingsT], given: dict[str, Any]) -> SettingsT:
    """Check settings from a definition file or a caller.

    TOML knows no None: there, `"none"` stands for it.

    Raises:
        UnknownNameError: If there is no such setting.
        UsageError: If a value is of the wrong type.
    """
    known = settings_class.__struct_fields__
    for name in given:
        if name not in known:
            raise UnknownNameError("setting", name, known)
    given = {name: None if value == "none" else value for name, value in given.items()}
    try:
        return msgspec.convert(given, settings_class)
    except msgspec.ValidationError as error:
        raise UsageError(f"a setting of the language model is wrong: {error}") from error
