"""Every failure of a service as one clear sentence, without the key."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

import msgspec

from smartplay.errors import ModelError, NoAccessError, PromptTooLongError, TransientError

DETAIL = 300  # characters of a service's own message that are passed on
PATIENCE = 2.5  # times the time of a call; a service that is silent for longer is out of order
LONGEST_WAIT = 120.0  # seconds; who asks for more has run out of a day's allowance

_TOO_LONG = re.compile(
    r"context.?(?:length|size|window)|prompt is too long|maximum context|too many input tokens",
    re.IGNORECASE,
)


class Faults(NamedTuple):
    """Says what went wrong with a service.

    Attributes:
        title: The service in words.
        model: The model that is asked for.
        key: The key, to keep it out of what is said; empty for none.
        key_env: The variable it comes from.
        timeout: Seconds that a call may take.
    """

    title: str
    model: str
    key: str
    key_env: str
    timeout: float

    def silence(self, error: Exception, silent: float) -> ModelError:
        """The error for a call that brought no reply.

        Args:
            error: What the client raised.
            silent: Seconds for which the service has said nothing to anybody.
        """
        import aiohttp

        if isinstance(error, aiohttp.ConnectionTimeoutError):
            return TransientError(f"cannot reach {self.title}: nobody answers there")
        if isinstance(error, TimeoutError):
            told = f"{self.title} gave no whole reply within {self.timeout:g} seconds"
            if silent > PATIENCE * self.timeout:
                return ModelError(f"{told}, and to nobody for {silent:.0f} seconds")
            return TransientError(told, busy=True)
        broken = aiohttp.ServerConnectionError, aiohttp.ClientPayloadError
        if isinstance(error, aiohttp.ClientConnectionError) and not isinstance(error, broken):
            return TransientError(f"cannot reach {self.title}: {self._tidy(_why(error))}")
        return TransientError(f"the connection to {self.title} broke: {self._tidy(_why(error))}")

    def unreadable(self, error: Exception) -> TransientError:
        """The error for a reply that is not what it should be."""
        told = self._tidy(str(error))
        return TransientError(f"{self.title} sent a reply that cannot be read: {told}")

    def refusal(self, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        """The error for a reply that is none, by its status."""
        message, code = _complaint(body)
        detail = f": {self._tidy(message)}" if message.strip() else ""
        if status in (401, 403):  # the service's own message may quote the key
            told = f"check {self.key_env}" if self.key else f"set {self.key_env} to one"
            return NoAccessError(f"{self.title} wants another key: {told}")
        if status == 404:
            return NoAccessError(
                f"{self.title} has no model {self.model!r} (or none at this address){detail}"
            )
        if status == 402 or code == "insufficient_quota":
            return NoAccessError(f"the credit with {self.title} is spent{detail}")
        if status in (400, 413, 422) and _TOO_LONG.search(message):
            return PromptTooLongError(f"the prompt is too long for {self.title}{detail}")
        if status not in (408, 409, 429) and status < 500:
            return ModelError(f"{self.title} does not take the request (status {status}){detail}")
        wait = _retry_after(headers)
        if status == 429:
            told = f"{self.title} refuses more calls for now{detail}"
        else:
            told = f"{self.title} failed with status {status}{detail}"
        if wait is not None and wait > LONGEST_WAIT:
            return ModelError(f"{told} (it asks to wait {wait:.0f} seconds)")
        return TransientError(told, busy=status in (408, 429, 503, 529), wait=wait)

    def _tidy(self, text: str) -> str:
        """One printable line without the key."""
        if self.key:
            text = text.replace(self.key, "…")
        printable = "".join(c if c.isprintable() else " " for c in text[: 4 * DETAIL])
        line = " ".join(printable.split())
        return line if len(line) <= DETAIL else line[: DETAIL - 1] + "…"


def _why(error: Exception) -> str:
    """What the operating system says of a failed connection, else the error itself."""
    cause = getattr(error, "os_error", error)
    if isinstance(cause, ConnectionError) and cause.errno:
        return os.strerror(cause.errno)
    return getattr(cause, "strerror", None) or str(cause) or type(error).__name__


class _Error(msgspec.Struct):
    message: str = ""
    code: Any = None


class _Complaint(msgspec.Struct):
    error: _Error | str = ""


def _complaint(body: bytes) -> tuple[str, Any]:
    """What a service says of a request it refuses, and its code for it.

    The clients' protocols say it in `error`; whatever else comes is told as it is.
    """
    try:
        error = msgspec.json.decode(body, type=_Complaint).error
    except (msgspec.MsgspecError, UnicodeDecodeError):
        error = ""
    if isinstance(error, _Error):
        return error.message, error.code
    return error or body[: 8 * DETAIL].decode(errors="replace"), None


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, which services give as a number or as a date."""
    told = headers.get("retry-after", "")
    try:
        return max(0.0, float(told))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(told).timestamp() - time.time())
    except (TypeError, ValueError, OverflowError):
        return None
