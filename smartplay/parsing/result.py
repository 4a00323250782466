"""What comes of reading a reply."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

VERSION = 2
"""The parser's version, recorded in every run: another version may read a reply differently.

- 1: the last explicit answer of a reply counts.
- 2: the reply ends where its turn does. Read besides: channels, more markup of thoughts, calls and
  decoration, tags of the user's naming. A correction in a sentence counts; the answer of an example
  and the field of a plan do not. A list whose names leave out what they share is a list.
"""


class Cause(StrEnum):
    """Why a reply names no action."""

    EMPTY = "empty"
    TRUNCATED = "truncated"
    UNPARSABLE = "unparsable"
    AMBIGUOUS = "ambiguous"
    WITHHELD = "withheld"
    """The service kept the reply back; only the service says so, never `parse_action`."""


class Parsed(NamedTuple):
    """What a reply means; exactly one of the two fields is None.

    Attributes:
        action: Index of the chosen action.
        cause: Why there is none.
    """

    action: int | None
    cause: Cause | None
