"""The embedded model: llama.cpp's server inside this process, SmolLM2-135M by default.

It needs no key, no compiler and no network beyond the package registry. It uses one thread, holds
one conversation at a time and begins each episode with an empty cache. So an episode's replies
follow from its prompts alone, and a run repeats exactly on the same machine as long as its episodes
are played one after the other (`concurrency` tells the runner so).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from smartplay.core.errors import UsageError
from smartplay.core.loading import optional
from smartplay.models.base import Positive, Question, Retries, Seconds, Seed, Settings
from smartplay.models.pace import Pace
from smartplay.models.providers import openai
from smartplay.models.service import Service
from smartplay.models.weights import SMOLLM2, find_weights
from smartplay.records import Call

DEFAULT = "smollm2-135m"
CLOSING = 0.2  # seconds
OF_A_SERVICE = ("base_url", "api_key_env", "key_header", "headers", "query")


class LocalSettings(Settings, frozen=True, kw_only=True):
    """Settings of an embedded model.

    Attributes:
        context: Most tokens of prompt and reply together; SmolLM2 was trained for 8 192.
        threads: Threads of the model. Only 1 is repeatable; on a busy machine it is also fastest.
    """

    max_tokens: Positive | None = 24
    seed: Seed = "episode"
    timeout: Seconds = 600.0
    max_retries: Retries = 0
    context: Positive = 8192
    threads: Positive = 1


class Provider(openai.Provider):
    """A model that runs inside this process.

    Args:
        name: `"smollm2-135m"` (or nothing), or the path of a GGUF file.
        settings: How it is run and called.

    Raises:
        MissingPackageError: If `xllamacpp` is not installed.
        UsageError: If the weights cannot be fetched or loaded, or a setting makes no sense.
    """

    kind = "local"
    summary = "the embedded language model, fetched on first use"
    settings_type = LocalSettings
    needs_name = False
    concurrency = 1

    def __init__(self, name: str, settings: LocalSettings) -> None:
        changed = [setting for setting in OF_A_SERVICE if getattr(settings, setting)]
        if changed:
            raise UsageError(
                f"the embedded model has no address, no key and no headers ({changed[0]}); "
                "for a server use openai:MODEL"
            )
        needed = 'the embedded model needs the package "xllamacpp": pip install "smartplay[local]"'
        self._xllamacpp = optional("xllamacpp", needed)
        self._path = _weights(name or DEFAULT)
        self._server = self._start(settings)
        self._turns = Pace(most=1)
        super().__init__(name or DEFAULT, settings)
        self.settings: LocalSettings = settings

    @classmethod
    def resolved(cls, name: str, settings: Settings) -> tuple[str, Settings]:
        """The model's name, never empty, and its settings: the environment names no address."""
        return f"{cls.kind}:{name or DEFAULT}", settings

    async def _ask(self, question: Question) -> list[Call]:
        """Make one request; the others wait for their turn."""
        return await self._turns.call(self._ask_next, question)

    async def _ask_next(self, question: Question) -> list[Call]:
        if self._server is None:
            self._server = self._start(self.settings)
            self._service = self._reach(self._service.model)
        return await super()._ask(question)

    async def aclose(self) -> None:
        """Stop the server and free its memory, once it computes nothing for anyone."""
        await super().aclose()
        # The server waits for its connections. Calls that were cancelled or half read must
        # close theirs before it is ended, or it waits for ever.
        await asyncio.sleep(CLOSING)
        # Ending it waits for what it computes, and lets nothing else in Python run meanwhile. If
        # this is cancelled, the server ends with the process.
        while self._server is not None and await self._is_computing():
            await asyncio.sleep(CLOSING)
        self._server = None

    async def _is_computing(self) -> bool:
        address = urlsplit(self._server.listening_address)
        try:
            reader, writer = await asyncio.open_connection(address.hostname, address.port)
            with closing(writer.transport):
                writer.write(b"GET /slots HTTP/1.0\r\n\r\n")
                slots = json.loads((await reader.read()).partition(b"\r\n\r\n")[2])
        except (OSError, ValueError):  # it ended by itself
            return False
        return any(slot["is_processing"] for slot in slots)

    def _reach(self, name: str) -> Service:
        url = f"{self._server.listening_address}/v1{self.path}"
        return Service("the embedded model", name, url, self.settings, inside=True)

    def _start(self, settings: LocalSettings) -> Any:
        params = self._xllamacpp.CommonParams()
        params.model.path = str(self._path)
        params.model_alias = {self._path.stem}
        params.n_ctx, params.n_parallel = settings.context, 1
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = settings.threads
        params.hostnames, params.port, params.n_threads_http = ["127.0.0.1"], 0, 2
        params.verbosity, params.ui, params.warmup = -1, False, False
        try:
            server = self._xllamacpp.Server(params)
        except RuntimeError as error:
            raise UsageError(f"the embedded model cannot load {self._path}: {error}") from error
        _wait_for_answer(urlsplit(server.listening_address))
        return server

    def _own_fields(self, question: Question) -> dict[str, Any]:
        # Otherwise the last episode's cache would show in the last bits of this one's
        # probabilities, and sometimes in its words.
        fields: dict[str, Any] = {"cache_prompt": not question.fresh}
        if question.choices is not None and not question.tools:
            fields["grammar"] = choice_grammar(question.choices)
        return fields


def _wait_for_answer(address: SplitResult) -> None:
    """Wait until a server answers what its own loop must: ended earlier, it would never end."""
    assert address.hostname is not None
    with closing(HTTPConnection(address.hostname, address.port)) as connection:
        connection.request("GET", "/slots", headers={"Connection": "close"})
        connection.getresponse().read()


def choice_grammar(choices: Sequence[str]) -> str:
    """The grammar (GBNF) of the line `Answer: ` with one of the choices."""
    # JSON writes strings as GBNF does, as long as they are ASCII without control characters.
    return f'root ::= "Answer: " ({" | ".join(json.dumps(choice) for choice in choices)})'


def _weights(model: str) -> Path:
    if model == DEFAULT:
        return find_weights(SMOLLM2)
    path = Path(model).expanduser()
    if not path.is_file():
        raise UsageError(f"no model {model!r}: write {DEFAULT} or the path of a GGUF file")
    return path
