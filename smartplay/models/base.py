"""What a language model is to SmartPlay, and the settings all kinds share."""

from __future__ import annotations

import enum
import hashlib
import re
from collections.abc import Iterator, Sequence
from typing import Any, Literal, Protocol, TypeVar
from urllib.parse import urlsplit

import msgspec

from smartplay.errors import UnknownNameError, UsageError
from smartplay.models.pace import Pace
from smartplay.records import Call, Message

Seed = int | Literal["episode"] | None


class Unset(enum.Enum):
    """The type of `UNSET`."""

    UNSET = "unset"


UNSET = Unset.UNSET
"""Stands for an argument that is not given, where None says something."""


def sample_seed(seed: int, sample: int) -> int:
    """The seed of one of several samples, below 2**31; the first keeps the seed."""
    if sample == 0:
        return seed
    return int.from_bytes(hashlib.sha256(f"{seed} {sample}".encode()).digest()[:4], "big") >> 1


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
    samples_per_request: bool = False
    reasoning_tags: list[str] = []


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

    @property
    def pace(self) -> Pace:
        """How many calls are under way at once."""

    async def chat(
        self,
        messages: list[Message],
        *,
        samples: int = 1,
        temperature: float | Unset | None = UNSET,
        seed: int | None = None,
        choices: Sequence[str] | None = None,
        label: str = "",
        fresh: bool = False,
    ) -> list[Call]:
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


_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SECRET = re.compile(
    r"api_?key|secret|passw|authorization|(?:access|auth)_?token|bearer|headers", re.IGNORECASE
)


def refuse_secrets(settings: dict[str, Any]) -> None:
    """Make sure that nothing that looks like a key is among settings, as they are recorded.

    Raises:
        UsageError: If something does; the message does not repeat it.
    """
    variable, url = settings.get("api_key_env"), settings.get("base_url")
    if variable is not None and not _VARIABLE.fullmatch(str(variable)):
        raise UsageError("api_key_env must be the name of an environment variable, not a key")
    if url is not None:
        check_address(str(url))
    for name in _names_in(settings.get("extra")):
        if _SECRET.search(name):
            raise UsageError(
                f"extra must not hold {name!r}: settings are recorded with the run; put the key "
                "into an environment variable and name that in api_key_env"
            )


def check_address(url: str) -> None:
    """Make sure that an address is one and holds no secret, as it is recorded.

    Raises:
        UsageError: If it is not; the message does not repeat it.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https"):
        raise UsageError("base_url must be an address such as http://localhost:8000/v1")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise UsageError(
            "base_url must not hold a name, a password or parameters, as it is recorded with the "
            "run; put the key into an environment variable (api_key_env)"
        )


def _names_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, below in value.items():
            yield str(name)
            yield from _names_in(below)
    elif isinstance(value, list):
        for below in value:
            yield from _names_in(below)


SettingsT = TypeVar("SettingsT", bound=Settings)


def make_settings(settings_class: type[SettingsT], given: dict[str, Any]) -> SettingsT:
    """Check settings from a definition file or a caller.

    TOML knows no None: there, `"none"` stands for it.

    Raises:
        UnknownNameError: If there is no such setting.
        UsageError: If a value is of the wrong type.
    """
    refuse_secrets(given)
    known = settings_class.__struct_fields__
    for name in given:
        if name not in known:
            raise UnknownNameError("setting", name, known)
    given = {name: None if value == "none" else value for name, value in given.items()}
    try:
        return msgspec.convert(given, settings_class)
    except msgspec.ValidationError as error:
        raise UsageError(f"a setting of the language model is wrong: {error}") from error
