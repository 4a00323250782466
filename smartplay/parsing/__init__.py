"""Finds which of the offered actions a reply chooses, or why it chooses none.

One pure function, `parse_action`. A reply is read as a person would read it: the last explicit
answer counts, not the first name that occurs; an action that is negated, weighed or merely listed
is not chosen; and where the reply does not say, neither do we.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from smartplay.core.later import later

if TYPE_CHECKING:
    from smartplay.parsing.reading import parse_action
    from smartplay.parsing.result import VERSION, Cause, Parsed

__getattr__ = later(
    __name__, {"reading": ("parse_action",), "result": ("VERSION", "Cause", "Parsed")}
)

__all__ = ["VERSION", "Cause", "Parsed", "parse_action"]
