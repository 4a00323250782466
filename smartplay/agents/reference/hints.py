"""What an aid has told, for agents that take it in place of their own work.

An agent here uses a hint if it has a part that does the same work, whether that part is whole or
missing. It knows the sentences only, not who wrote them.
"""

from __future__ import annotations

import re

_HINT = re.compile(r"^Hint \((\w+)\): (.*)$", re.MULTILINE)


class Told(dict[str, str]):
    """The hints of an observation by their names; an empty text for those that are not there."""

    def __missing__(self, name: str) -> str:
        return ""


def take_hints(observation: str) -> tuple[str, Told]:
    """The observation without its hints, and the hints."""
    return _HINT.sub("", observation), Told(_HINT.findall(observation))
