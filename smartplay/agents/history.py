"""How a prompt shows the past: how much of it, and each step whole or as a difference.

Providers charge little for the beginning of a prompt that they have read before. A sliding history
changes that beginning at every step; one that drops steps in chunks keeps it for as many steps as a
chunk has.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import Annotated

import msgspec

LEGEND = (
    'Where a step says "(line 3 as before)" or "(lines 3-5 as before)", these lines of the step '
    "before it stand there, word for word. A backslash at the beginning of a line is no part of it."
)
_MARK = r"\\|\(lines? \d"


class History(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a prompt shows the past.

    Attributes:
        history_chunk: How many steps are dropped at once. The prompt holds the game's history and,
            before it, at most one step less than a chunk. With 1 the history slides.
        history_diff: Whether each step but the oldest is shown as its difference from the one
            before, line by line.
    """

    history_chunk: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 1
    history_diff: bool = False

    @property
    def legend(self) -> str:
        """What a reader must know to read steps; empty if they are shown unchanged."""
        return LEGEND if self.history_diff else ""


def difference(text: str, before: str | None, heading: str) -> str:
    """A text with marks in place of the lines that it shares with the one before it.

    The result and `before` determine the text: lines that read like a mark or a heading, or begin
    with a backslash, get a backslash in front. Marks are used only where they are shorter.
    """
    lines = text.split("\n")
    earlier = [] if before is None else before.split("\n")
    escaped = re.compile(rf"{_MARK}|{re.escape(heading)} \d")
    told = list[str]()
    matcher = SequenceMatcher(None, earlier, lines, autojunk=False)
    for same, first, last, start, end in matcher.get_opcodes():
        kept = [f"\\{line}" if escaped.match(line) else line for line in lines[start:end]]
        if same == "equal":
            which = f"line {last}" if last == first + 1 else f"lines {first + 1}-{last}"
            mark = f"({which} as before)"
            kept = [mark] if len(mark) < len("\n".join(kept)) else kept
        told += kept
    return "\n".join(told)
