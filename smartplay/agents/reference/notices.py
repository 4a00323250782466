"""Plays Notice Board: believes the newest signed notice on the thing that is asked for."""

from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple

from smartplay.games.notices import MONTHS

_LINE = re.compile(r"^- (?:(\d+) (\w+) (\d+)|no date), (signed|unsigned).*?: (.+)\.$", re.MULTILINE)


class _Notice(NamedTuple):
    day: date
    signed: bool
    says: str


class NoticesReference:
    """Reads dates and signatures.

    Args:
        manual: Not read.
        actions: Names of the actions.
        seed: Not used.
        without: `sources`: believes unsigned notices, too; `premise`: takes for granted that what
            is asked for is there, and if no notice is on it, believes the newest on another thing.
    """

    title = "Notice Board"
    faculties = ("sources", "premise")

    def __init__(self, manual: str, actions: list[str], seed: int, without: str = "") -> None:
        self._doors = {name.split()[-2]: name for name in actions[:-1]}
        self._none = actions[-1]
        self._without = without

    def act(self, observation: str) -> str:
        """Choose what the notice says that counts."""
        asked = re.search(r"(?:is|for) the (\w+ \w+)(?: behind)?\?", observation)
        notices = [
            _Notice(_date(*found[:3]), found[3] == "signed", found[4])
            for found in _LINE.findall(observation)
        ]
        counts = [notice for notice in notices if notice.signed or self._without == "sources"]
        own = [notice for notice in counts if asked and f"the {asked[1]}" in _plain(notice.says)]
        if self._without == "premise":
            own = [notice for notice in own or counts if self._door(notice.says)]
        return (self._door(max(own).says) if own else "") or self._none

    def _door(self, says: str) -> str:
        found = re.search(r"the (\w+) door", says)
        return self._doors[found[1]] if found else ""


def _plain(says: str) -> str:
    return says.replace("there is no ", "the ")


def _date(day: str, month: str, year: str) -> date:
    return date(int(year), MONTHS.index(month) + 1, int(day)) if day else date.min
