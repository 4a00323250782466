"""What a language model is to SmartPlay, and the settings that all kinds share."""

from __future__ import annotations

import asyncio
import hashlib
import math
import re
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Protocol, TypeVar
from urllib.parse import urlsplit

import msgspec
from msgspec import UNSET
from msgspec import UnsetType as Unset

from smartplay.core.errors import UnknownNameError, UsageError
from smartplay.models.masking import holds_key
from smartplay.models.pace import Pace
from smartplay.records import Call, Message

Seed = int | Literal["episode"] | None
Positive = Annotated[int, msgspec.Meta(ge=1)]
Retries = Annotated[int, msgspec.Meta(ge=0)]
Seconds = Annotated[float, msgspec.Meta(gt=0, le=10**7)]

Tool = dict[str, Any]
"""A function that a model may call: `name`, `description` and `parameters`, a JSON schema."""

UNCOUNTED = "{} reports no tokens, so limits of tokens and cost do not hold"
WITHOUT_EFFECT = (
    "timeout", "max_retries", "max_reply_bytes", "api_key_env", "key_header", "stream",
)  # fmt: skip
"""Settings on which no reply depends."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How a model is called. All of it is recorded with a run, so no key belongs in here.

    Attributes:
        temperature: 0 for the likeliest reply; None leaves it out of the request.
        max_tokens: Most tokens of one reply; None leaves it out of the request.
        seed: A number, `"episode"` for each episode's own, or None to leave it out.
        timeout: Seconds within which the whole reply must be there; each retry has as many.
        max_retries: How often a call is sent again after a fault of the service that may pass.
        max_reply_bytes: Most bytes of one reply, unpacked; a longer one is an error.
        base_url: Address of the service, where it is not the client's default.
        api_key_env: Name of the environment variable that holds the key.
        key_header: Header the key is sent in, such as `"api-key"`; None for the protocol's own.
        headers: Further headers of every call. `$NAME` stands for an environment variable, which
            is where secrets belong.
        query: Parameters of the address, such as `api-version`; `$NAME` as in `headers`.
        stream: Whether to ask for the reply piece by piece, as some servers require.
        system_role: Whether the model knows the role `system`; if not, the system message is put at
            the beginning of the user's first message.
        samples_per_request: Whether to ask for all samples of one question in one request (`n`), so
            that the prompt is billed once.
        constrained: Whether the service must restrict the choice to the offered actions.
        reasoning_tags: Names of the tags in which the model thinks, such as `"thought"`.
        extra: Further fields of the request, passed on as they are.
    """

    temperature: Annotated[float, msgspec.Meta(ge=0, le=100)] | None = 0.0
    max_tokens: Positive | None = 1024
    seed: Seed = None
    timeout: Seconds = 120.0
    max_retries: Retries = 5
    max_reply_bytes: Positive = 1_000_000
    base_url: str | None = None
    api_key_env: str | None = None
    key_header: str | None = None
    headers: dict[str, str] = {}
    query: dict[str, str] = {}
    stream: bool = False
    system_role: bool = True
    samples_per_request: bool = False
    constrained: bool = False
    reasoning_tags: list[str] = []
    extra: dict[str, Any] = {}


class Model(Protocol):
    """Anything that replies to a chat.

    Attributes:
        notes: What the user should know about how the model is called, one sentence each.
    """

    notes: list[str]

    @property
    def name(self) -> str:
        """The kind and the model's own name, with a colon between them."""

    @property
    def settings(self) -> Settings:
        """The settings as resolved."""

    @property
    def concurrency(self) -> int:
        """The most calls that should be under way at once."""

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
        tools: Sequence[Tool] | None = None,
    ) -> list[Call]:
        """Reply to a conversation.

        Args:
            messages: The conversation so far (`role`: system, user or assistant; `content`). With
                tools, messages may be as OpenAI's chat format has them: `tool_calls` of the
                assistant, and results in the role tool.
            samples: How many replies are wanted, each independent of the others.
            temperature: Replaces the setting; None leaves it out of the request.
            seed: The episode's seed, sent if the settings say so. Of several samples, each but the
                first has a seed of its own (`sample_seed`).
            choices: If given, the reply must choose one of these; with tools, it must be a call.
            label: What the call is for, recorded with it.
            fresh: Whether an episode begins: from here on, nothing that an earlier one left behind,
                such as a cache, may influence replies.
            tools: Functions that the model may call, one at a time; None for none.

        Returns:
            A call for each sample, in order.

        Raises:
            UsageError: If several samples are asked for at temperature 0, which would all be alike.
            PromptTooLongError: If the model cannot read that much.
            ModelError: If there is no reply; the message is one sentence and holds no key.
        """

    async def aclose(self) -> None:
        """Free what the model holds; the next call acquires it again."""


class Provider(Protocol):
    """A kind of language model: a class that makes a `Model` from a name and settings.

    Attributes:
        kind: What stands before the colon, as in `"openai:NAME"`.
        summary: One line for those who choose an agent.
        settings_type: The settings it takes.
        needs_name: Whether a name must follow the colon.
    """

    kind: str
    summary: str
    settings_type: type[Settings]
    needs_name: bool

    def __call__(self, name: str, settings: Any) -> Model:
        """Make the model.

        Raises:
            UsageError: If the name or a setting does not allow it.
        """


def longest_reply(settings: Settings) -> int | None:
    """The most tokens of a reply, also by the request's further fields; None for no bound."""
    named = (settings.extra.get(name) for name in ("max_tokens", "max_completion_tokens"))
    return max((n for n in (settings.max_tokens, *named) if isinstance(n, int)), default=None)


def sample_seed(seed: int, sample: int) -> int:
    """The seed with which a sample of a question is asked.

    Args:
        seed: The question's own seed, which the first sample keeps.
        sample: Number of the sample, from 0.

    Returns:
        A number from 0 to 2**31 - 1, for every sample but the first.
    """
    if sample == 0:
        return seed
    digest = hashlib.sha256(f"sample {sample} of {seed}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1


def choice_schema(choices: Sequence[str]) -> dict[str, Any]:
    """The JSON schema of a choice: an object whose `action` is one of the choices."""
    return {
        "type": "object",
        "properties": {"action": {"type": "string", "enum": list(choices)}},
        "required": ["action"],
        "additionalProperties": False,
    }


def check_samples(samples: int, temperature: float | None) -> None:
    """Make sure that several samples can differ.

    Raises:
        UsageError: If they cannot.
    """
    if samples < 1:
        raise UsageError(f"the number of samples must be 1 or more, not {samples}")
    if samples > 1 and temperature == 0:
        raise UsageError(
            f"{samples} samples at temperature 0 would all be the same reply; set a temperature "
            'above 0, or temperature = "none" to leave it to the service'
        )


class Question(NamedTuple):
    """What a model is asked, apart from its settings.

    Attributes:
        messages: The conversation.
        temperature: None leaves it out.
        seed: None leaves it out.
        choices: What the reply must be one of, if anything.
        fresh: Whether an episode begins.
        label: What the call is for.
        sample: Number of the first requested reply among the samples of the question.
        wanted: How many replies to ask for in one request.
        tools: Functions that the model may call.
    """

    messages: list[Message]
    temperature: float | None
    seed: int | None
    choices: Sequence[str] | None
    fresh: bool
    label: str = ""
    sample: int = 0
    wanted: int = 1
    tools: Sequence[Tool] = ()

    def of_sample(self, sample: int) -> Question:
        """The same question, asked for one more reply."""
        return self._replace(
            sample=sample,
            seed=None if self.seed is None else sample_seed(self.seed, sample),
            fresh=self.fresh and sample == 0,
        )


class AskedModel:
    """A model that is asked one question at a time; the subclass says how.

    Args:
        name: The kind and the model.
        settings: The settings as resolved.

    Attributes:
        name: As above.
        settings: As above.
        pace: How many calls are under way at once.
        notes: What the user should know of how the model is called.
    """

    concurrency: ClassVar[int] = 128

    def __init__(self, name: str, settings: Settings) -> None:
        self.name, self.settings, self.pace = name, settings, Pace()
        self.notes: list[str] = []
        self._noted: set[str] = set()

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
        tools: Sequence[Tool] | None = None,
    ) -> list[Call]:
        """Reply to a conversation; see `Model.chat`."""
        question = Question(
            messages,
            self._temperature(temperature),
            self.settings.seed if seed is None and self.settings.seed != "episode" else seed,
            choices,
            fresh,
            label,
            tools=tools or (),
        )
        check_samples(samples, question.temperature)
        return await self._answer(question, samples)

    async def _answer(self, question: Question, samples: int) -> list[Call]:
        """A call for each sample."""
        raise NotImplementedError

    def _temperature(self, asked: float | Unset | None) -> float | None:
        return self.settings.temperature if asked is UNSET else asked

    def _note(self, note: str, about: str = "") -> None:
        """Add a note once; of notes about the same matter only the first."""
        about = about or note
        if about not in self._noted:
            self._noted.add(about)
            self.notes.append(note)


T = TypeVar("T")


async def together(coroutines: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """Await all at once; as soon as one raises, cancel the others, await them and raise that."""
    tasks = [asyncio.ensure_future(each) for each in coroutines]
    try:
        if tasks:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        failed = (task for task in tasks if task.done() and not task.cancelled())
        for error in filter(None, (task.exception() for task in failed)):
            raise error
        return [task.result() for task in tasks]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SECRET = re.compile(
    r"api_?key|secret|passw|authorization|(?:access|auth)_?token|bearer|headers", re.IGNORECASE
)
_SECRET_HEADER = re.compile(
    r"auth|key\b|token|secret|passw|cookie|signature|credential", re.IGNORECASE
)
OWN_HEADERS = frozenset(
    ["content-length", "transfer-encoding", "connection", "upgrade", "expect", "te"]
)
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
FLAT = ("headers", "query")  # tables of texts


def refuse_secrets(settings: dict[str, Any]) -> None:
    """Make sure that no setting looks like a key, since settings are recorded.

    Raises:
        UsageError: If one does; the message does not repeat it.
    """
    variable, url = settings.get("api_key_env"), settings.get("base_url")
    if variable is not None and not _VARIABLE.fullmatch(str(variable)):
        raise UsageError("api_key_env must be the name of an environment variable, not a key")
    if url is not None:
        check_address(str(url))
    for name in FLAT:
        table = settings.get(name)
        for key, value in table.items() if isinstance(table, dict) else ():
            if holds_key(str(value)) or (_SECRET_HEADER.search(key) and "$" not in str(value)):
                raise UsageError(
                    f"{name}.{key} must not hold a secret, as settings are recorded with the run; "
                    f'put it into an environment variable and write {name}.{key} = "$VARIABLE"'
                )
    for name, value in _within(settings.get("extra")):
        if _SECRET.search(name) or holds_key(value):
            raise UsageError(
                f"extra must not hold {name!r}: settings are recorded with the run; put the key "
                "into an environment variable and name that in api_key_env or in headers"
            )


def check_address(url: str) -> None:
    """Make sure that an address is valid and holds no secret, since it is recorded.

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
    if parts.username or parts.password or parts.query or parts.fragment or holds_key(parts.path):
        raise UsageError(
            "base_url must not hold a name, a password, a key or parameters, as it is recorded "
            "with the run; put the key into an environment variable (api_key_env) and parameters "
            "into the setting query"
        )


def _within(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every name in a setting with its text, if it has one."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield str(key), ""
            yield from _within(below, str(key))
    elif isinstance(value, list):
        for below in value:
            yield from _within(below, name)
    elif isinstance(value, str):
        yield name, value


SettingsT = TypeVar("SettingsT", bound=Settings)


def make_settings(settings_class: type[SettingsT], given: dict[str, Any]) -> SettingsT:
    """Check settings from a definition file or a caller.

    TOML knows no None: there, `"none"` stands for it. A name may lead into a table:
    `extra.reasoning_effort`, `headers.x-title`.

    Raises:
        UnknownNameError: If there is no such setting.
        UsageError: If a value makes no sense.
    """
    known = settings_class.__struct_fields__
    for name in given:
        if name.partition(".")[0] not in known:
            raise UnknownNameError("setting", name, known)
    given = _gathered(given)
    refuse_secrets(given)
    _check_names(given)
    given = {name: None if value == "none" else value for name, value in given.items()}
    for name, value in given.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise UsageError(f"the setting {name} must be a finite number, not {value}")
    return converted(given, settings_class)


def converted(given: Mapping[str, Any], kind: type[T]) -> T:
    """Settings as an object of their kind.

    Raises:
        UsageError: If a value makes no sense.
    """
    try:
        return msgspec.convert(dict(given), kind)
    except msgspec.ValidationError as error:
        raise UsageError(wrong_setting(str(error))) from error


def _gathered(given: dict[str, Any]) -> dict[str, Any]:
    """The same settings, with dotted names such as `extra.top_p` put into their tables."""
    gathered = {name: value for name, value in given.items() if "." not in name}
    for name, value in given.items():
        first, *rest = name.split(".", 1 if name.startswith(FLAT) else -1)
        if not rest:
            continue
        table = gathered[first] = _table(gathered.get(first), name)
        for part in rest[:-1]:
            table[part] = _table(table.get(part), name)
            table = table[part]
        table[rest[-1]] = value
    for name in FLAT:
        if isinstance(gathered.get(name), dict):
            gathered[name] = {key: _as_text(value) for key, value in gathered[name].items()}
    return gathered


def _table(value: Any, name: str) -> dict[str, Any]:
    if value is not None and not isinstance(value, dict):
        raise UsageError(f"the setting {name} leads into a table, but a plain value is there")
    return dict(value or {})


def _as_text(value: Any) -> Any:
    """A number from the command line as the text it was."""
    return str(value).lower() if isinstance(value, int | float) else value


def _check_names(given: dict[str, Any]) -> None:
    headers = given.get("headers")
    names = list(headers) if isinstance(headers, dict) else []
    for name in [*names, given.get("key_header") or "x"]:
        if not _HEADER.fullmatch(str(name)) or str(name).lower() in OWN_HEADERS:
            raise UsageError(f"{name!r} cannot be set as a header of a call")


_WORDS = {
    "int": "a whole number", "float": "a number", "str": "a text", "bool": "true or false",
    "null": "none", "object": "a table", "array": "a list",
}  # fmt: skip
_BOUNDS = {">=": "of {} or more", ">": "above {}", "<=": "of {} or less", "<": "below {}"}


def wrong_setting(error: str) -> str:
    """A complaint of `msgspec` about a setting, in words that need no knowledge of it."""
    told, _, place = error.partition(" - at `$.")
    name = place.rstrip("`").replace("[...]", "") or "of the language model"
    if told.startswith("Invalid enum value"):
        return f'the setting {name} takes a whole number, "episode" or none'
    if match := re.fullmatch(r"Expected `([^`]*)`(?: (\S+) (\S+))?(?:, got `([^`]*)`)?", told):
        wanted = " or ".join(_WORDS.get(word, word) for word in match[1].split(" | "))
        bound = f" {_BOUNDS[match[2]].format(match[3])}" if match[2] in _BOUNDS else ""
        got = f", not {_WORDS.get(match[4], match[4])}" if match[4] else ""
        return f"the setting {name} takes {wanted}{bound}{got}"
    return f"the setting {name} is wrong: {told}"
