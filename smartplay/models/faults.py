"""Turns every failure of a service into one clear sentence without the key."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from smartplay.core import printable
from smartplay.core.errors import ModelError, NoAccessError, PromptTooLongError, TransientError
from smartplay.models.codes import Complaint, Meaning, meaning_of
from smartplay.models.http import NoHTTPError, UnreachableError, reason
from smartplay.models.masking import Mask

DETAIL = 300  # characters of a service's own message that are passed on
PATIENCE = 2.5  # times a call's timeout; a service that is silent for longer is out of order
LONGEST_WAIT = 120.0  # seconds; a service that asks for more has spent the day's allowance


class RefusedRequestError(ModelError):
    """The service rejects a request as it stands; a changed one may succeed."""

    def __init__(self, message: str, complaint: Complaint) -> None:
        super().__init__(message)
        self.complaint = complaint


class WithheldError(ModelError):
    """The service refuses to reply to this prompt; the message is the service's."""


class Faults(NamedTuple):
    """Says what went wrong with a service.

    Attributes:
        title: The service in words.
        model: The model that is asked for.
        mask: Keeps the keys out of messages.
        key_env: The variable the key comes from.
        keyed: Whether a key is sent.
        timeout: Seconds that a call may take.
        proxy: The proxy in use, without its password; empty for none.
    """

    title: str
    model: str
    mask: Mask
    key_env: str
    keyed: bool
    timeout: float
    proxy: str = ""

    def silence(self, error: Exception, silent: float) -> ModelError:
        """The error for a call that brought no reply.

        Args:
            error: What the client raised.
            silent: Seconds for which the service has said nothing to anybody.
        """
        why = self.tidy(str(error))
        if isinstance(error, UnreachableError):
            through = f", as the proxy {self.proxy} fails" if self.proxy else ""
            return TransientError(f"cannot reach {self.title}{through}: {why}")
        through = f" (through the proxy {self.proxy})" if self.proxy else ""
        if isinstance(error, TimeoutError):
            told = f"{self.title} gave no whole reply within {self.timeout:g} seconds{through}"
            if silent > PATIENCE * self.timeout:
                return ModelError(f"{told}, and to nobody for {silent:.0f} seconds")
            return TransientError(told, busy=True)
        if isinstance(error, NoHTTPError):
            return TransientError(f"{self.title} does not answer as HTTP demands{through}: {why}")
        why = self.tidy(reason(error))
        return TransientError(f"the connection to {self.title}{through} broke: {why}")

    def unreadable(self, why: str) -> TransientError:
        """The error for a reply that cannot be read."""
        return TransientError(f"{self.title} sent a reply that cannot be read: {self.tidy(why)}")

    def too_large(self, limit: int) -> ModelError:
        """The error for a reply that exceeds the limit on its size."""
        return ModelError(
            f"{self.title} sent a reply of more than {limit:,} bytes (max_reply_bytes), "
            "so it was not read to its end"
        )

    def broken_off(self, complaint: Complaint) -> TransientError:
        """The error for a reply that the service did not finish."""
        busy = meaning_of(200, complaint) == Meaning.BUSY
        return TransientError(f"{self.title} broke its reply off{self._detail(complaint)}", busy)

    def refusal(self, status: int, headers: Mapping[str, str], complaint: Complaint) -> ModelError:
        """The error for a refusal.

        Args:
            status: Its status; 200 for an error that came as a reply.
            headers: Its headers.
            complaint: What its body says.
        """
        meaning, detail = meaning_of(status, complaint), self._detail(complaint)
        named = status if status >= 300 else complaint.status or status
        if meaning == Meaning.TOO_LONG:
            return PromptTooLongError(f"the prompt is too long for {self.title}{detail}")
        if meaning == Meaning.WITHHELD:
            if named in (401, 403):  # not known for certain to be the prompt's fault
                return ModelError(f"{self.title} withholds its reply (status {named}){detail}")
            return WithheldError(self.tidy(complaint.sentence))
        if meaning == Meaning.NO_ACCESS:
            return NoAccessError(self._no_access(named, complaint))
        if meaning == Meaning.NO_MODEL:
            return NoAccessError(
                f"{self.title} has no model {self.model!r} (or none at this address){detail}"
            )
        if meaning == Meaning.NO_CREDIT:
            return NoAccessError(f"the credit with {self.title} is spent{detail}")
        if named == 407:
            return NoAccessError(f"the proxy {self.proxy} wants a name and a password{detail}")
        if meaning == Meaning.REFUSED:
            place = self.tidy(headers.get("location", ""))
            leads = f", but leads to {place}" if 300 <= named < 400 and place else ""
            told = f"{self.title} does not take the request (status {named}){leads}{detail}"
            return RefusedRequestError(told, complaint)
        wait = _retry_after(headers)
        wait = complaint.wait if wait is None else wait
        if named == 429 or (named < 400 and meaning == Meaning.BUSY):
            told = f"{self.title} refuses more calls for now{detail}"
        else:
            told = f"{self.title} failed with status {named}{detail}"
        if wait is not None and wait > LONGEST_WAIT:
            return ModelError(f"{told} (it asks to wait {wait:.0f} seconds)")
        return TransientError(told, busy=meaning == Meaning.BUSY, wait=wait)

    def tidy(self, text: str) -> str:
        """A text as one printable line without keys."""
        return printable.line(" ".join(self.mask(text).split()), DETAIL)

    def _detail(self, complaint: Complaint) -> str:
        told = self.tidy(complaint.sentence)
        return f": {told}" if told else ""

    def _no_access(self, status: int, complaint: Complaint) -> str:
        said = self.tidy(complaint.sentence)
        if status == 403:
            told = f"{self.title} refuses access (status 403): "
            way = f"check {self.key_env}" if self.keyed else f"no key is set in {self.key_env}"
            return told + (f"{said} ({way})" if said else way)
        way = f"check {self.key_env}" if self.keyed else f"set {self.key_env} to one"
        return f"{self.title} wants another key: {way}" + (f" (it says: {said})" if said else "")


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait; services give them in milliseconds, in seconds or as a date."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        told = headers.get(name, "")
        try:
            seconds = float(told) * unit
        except ValueError:
            continue
        if math.isfinite(seconds):
            return max(0.0, seconds)
    try:
        return max(0.0, parsedate_to_datetime(told).timestamp() - time.time())
    except (TypeError, ValueError, OverflowError):
        return None
