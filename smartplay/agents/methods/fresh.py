"""Sorts dated notices, so that the newest stands next to the question."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from smartplay.agents.context import Reply
from smartplay.agents.methods.method import Arm, Method, Number
from smartplay.agents.methods.turn import Turn

SORTED = "The notices of the present step once more, {order}:\n\n{notices}"
ORDERS = {
    "ascending": "the newest last and those without a date first",
    "descending": "the newest first and those without a date last",
    "given": "as they were",
}
PREMISE = "First check whether what is asked for exists at all, by the notices that are not stale."
NO_NOTICES = "(no dated notices: asked as direct)"
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September",
          "October", "November", "December")  # fmt: skip
_DAY = rf"\d{{4}}-\d{{2}}-\d{{2}}|\d{{1,2}} (?:{'|'.join(MONTHS)}) \d{{4}}"
_DATED = re.compile(rf"^[^\w\n]*(?P<date>{_DAY})\b.*$", re.MULTILINE)
_UNDATED = re.compile(r"^[^\w\n]*(?:undated|no date)\b.*$", re.MULTILINE | re.IGNORECASE)


class Fresh(Method):
    """Repeats the dated notices of an observation, sorted and cut to the newest.

    A notice is a line that begins with a date, such as 2024-05-31 or 31 May 2024, or with the words
    undated or no date. A step without dated notices is asked as `direct`, and its record says so.

    Attributes:
        keep: How many notices are shown; the newest are.
        order: Their order.
        premise: Whether to ask first if the thing in question exists.
    """

    summary = "dated notices sorted, the newest next to the question"
    keep: Number = 5
    order: Literal["ascending", "descending", "given"] = "ascending"
    premise: bool = False

    async def choose(self, turn: Turn) -> Reply:
        """Ask; after a complaint, carry on the conversation."""
        notices = self.sorted(turn.prompt.observation.text)
        talk = turn.carry_on(self._words(notices))
        reply = turn.reply(await turn.ask(talk, decides=True))
        if notices:
            return reply
        return msgspec.structs.replace(reply, reasoning=f"{reply.reasoning}\n{NO_NOTICES}".strip())

    def sorted(self, text: str) -> list[str]:
        """The notices of a text to show, in order; empty if none has a date."""
        dated = [(_sortable(match["date"]), match[0].strip()) for match in _DATED.finditer(text)]
        if not dated:
            return []
        undated = [("", match[0].strip()) for match in _UNDATED.finditer(text)]
        newest = sorted([*undated, *dated], key=lambda each: each[0])[-self.keep :]
        if self.order == "given":
            newest.sort(key=lambda each: text.index(each[1]))
        told = [notice for _, notice in newest]
        return told[::-1] if self.order == "descending" else told

    def _words(self, notices: list[str]) -> str:
        if not notices:
            return ""
        told = SORTED.format(order=ORDERS[self.order], notices="\n".join(notices))
        return f"{told}\n\n{PREMISE}" if self.premise else told

    def controls(self) -> list[Arm]:
        """Other orders, and the newest notice alone."""
        own = {"keep": self.keep, "premise": self.premise}
        others = [order for order in ORDERS if order != self.order]
        return [
            Arm("one call", "direct"),
            *(Arm(f"{each} order", "fresh", own | {"order": each}) for each in others),
            Arm("the newest alone", "fresh", {"keep": 1, "premise": self.premise}),
            Arm("other premise check", "fresh", {"keep": self.keep, "premise": not self.premise}),
        ]


def _sortable(date: str) -> str:
    day, *rest = date.split(" ")
    if not rest:
        return date
    month, year = rest
    return f"{year}-{MONTHS.index(month) + 1:02}-{int(day):02}"
