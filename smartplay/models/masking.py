"""Keeps keys out of everything that is recorded or shown."""

from __future__ import annotations

import base64
import html
import os
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, unquote

MASK = "…"

_WELL_KNOWN = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"(?:sk|rk)-[A-Za-z0-9_-]{8,}"
    r"|(?:gsk|xai|hf|pplx|nvapi|csk|ghp|gho|github_pat|glpat|r8|key)[_-][A-Za-z0-9_-]{20,}"
    r"|AIza[A-Za-z0-9_-]{30,}"
    r"|eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"
    r")"
)
_SECRET_NAME = re.compile(r"key|token|secret|passw|credential", re.IGNORECASE)
_ESCAPED = re.compile(r"[%=][0-9a-f]|\\|&[#a-z]", re.IGNORECASE)
_GAP = re.compile("[\\s\u200b-\u200f\u2060\ufeff]+")  # as where lines of Base64 are broken
_LEAST = 8  # characters of a key of which something is to be kept secret


def is_secret(value: str) -> bool:
    """Whether a value can be a key, rather than a plain word as local servers often take.

    Honest replies may hold a plain word too, so masking it would alter them.
    """
    mixed = any(c.isdigit() for c in value) and any(c.isalpha() for c in value)
    if len(value) >= _LEAST and (mixed or _WELL_KNOWN.match(value)):
        return True
    plain = value.isalpha() and (value[1:].islower() or value.isupper())
    return len(value) >= 20 or (len(value) >= 12 and not plain)


def holds_key(text: str, secrets: Iterable[str] = ()) -> bool:
    """Whether a text holds a key: one of the secrets, or anything of a known kind."""
    text = unquote(text)
    return bool(_WELL_KNOWN.search(text)) or Mask(secrets)(text) != text


def without_keys(text: str) -> str:
    """A text from an agent's own code, without the environment's keys and any of a known kind."""
    named = (value for name, value in os.environ.items() if _SECRET_NAME.search(name))
    return _WELL_KNOWN.sub(MASK, Mask(named)(text))


class Mask:
    """Replaces secrets in texts, however they are spelled there: a service may repeat a key.

    Args:
        secrets: The keys; plain words among them are no secrets.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        # The longest first, so that nothing is left of one that begins with another.
        found = sorted({s for s in secrets if is_secret(s)}, key=lambda s: (-len(s), s))
        self._secrets = found
        self._spellings = [spelling for secret in found for spelling in _spellings(secret)]
        self._escaped = [_escapable(secret) for secret in found]

    def __call__(self, text: str) -> str:
        """The text with a mark in place of each secret."""
        if not text:
            return text
        for spelling in self._spellings:
            if spelling in text:
                text = text.replace(spelling, MASK)
        text = self._without_spaced(text)
        if self._escaped and _ESCAPED.search(text):
            for pattern in self._escaped:
                text = pattern.sub(MASK, text)
        return self._without_beginning(text)

    def _without_spaced(self, text: str) -> str:
        """A text that has no secret with blanks in it; words that form one are left."""
        squeezed = _GAP.sub("", text) if self._spellings else text
        if len(squeezed) < len(text):
            for spelling in self._spellings:
                if spelling in squeezed and not spelling.isalpha():
                    text = re.sub(f"(?:{_GAP.pattern})?".join(map(re.escape, spelling)), MASK, text)
        return text

    def _without_beginning(self, text: str) -> str:
        """A text that does not end within a secret, as one may that was cut off."""
        for secret in self._secrets:
            for length in range(min(len(secret) - 1, len(text)), _LEAST - 1, -1):
                if text.endswith(secret[:length]):
                    return text[:-length] + MASK
        return text


def _spellings(secret: str) -> Iterator[str]:
    """The secret as it is, in hexadecimal digits, and the part of its Base64 that never varies."""
    data = secret.encode()
    yield secret
    yield data.hex()
    yield data.hex().upper()
    for before in range(3):  # bytes in front of it in a group of three
        whole = base64.b64encode(b"\0" * before + data).decode().rstrip("=")
        first = (0, 2, 3)[before]
        last = len(whole) - (1 if (before + len(data)) % 3 else 0)
        part = whole[first:last]
        yield part
        if set("+/") & set(part):
            yield part.replace("+", "-").replace("/", "_")
            yield quote(part, safe="")
            yield part.replace("/", r"\/")


def _escapable(secret: str) -> re.Pattern[str]:
    """Finds the secret with any of its characters escaped as URLs, JSON and HTML do."""
    return re.compile("".join(map(_character, secret)))


def _character(character: str) -> str:
    """Any spelling of a character; runs are bounded, or a long one would take for ever."""
    code = ord(character)
    octets = "".join(f"(?:%(?:25){{0,4}}|=){octet:02x}" for octet in character.encode())
    forms = [
        rf"\\{{1,8}}(?:u{code:04x}|u\{{0{{0,8}}{code:x}\}}|U{code:08x}|x{code:02x}|0?{code:03o})",
        f"&#x0{{0,8}}{code:x};",
    ]
    if not character.isalnum():
        forms += [rf"\\{{1,8}}{re.escape(character)}", re.escape(html.escape(character))]
    loose = "|".join([*forms, octets])
    return rf"(?:{re.escape(character)}|(?i:{loose})|&#0{{0,8}}{code};)"
