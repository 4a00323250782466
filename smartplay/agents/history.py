"""How a language model is told the past: how much of it, each step whole or as a difference.

Providers charge little for the beginning of a prompt that they have read before. A history that
slides changes it at every step; one that is dropped in chunks keeps it for as many steps as a chunk
has.
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
    """How a language model is told the past.

    Attributes:
        history_chunk: How many steps are dropped at once. The prompt holds the game's history and
            up to one step less than a chunk before it. With 1 the history slides.
        history_diff: Whether each step but the oldest is told as its difference from the one
            before, line by line.
    """

    history_chunk: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 1
    history_diff: bool = False

    @property
    def legend(self) -> str:
        """What a reader must know to read steps; empty if they are told as they are."""
        return LEGEND if self.history_diff else ""

    def told(self, text: str, before: str | None, heading: str) -> str:
        """An observation as it stands under its heading.

        Args:
            text: The observation.
            before: The one that stands before it; None if none does.
            heading: What headings begin with, before their number.
        """
        return difference(text, before, heading) if self.history_diff else text


def difference(text: str, before: str | None, heading: str) -> str:
    """A text with marks in place of the lines that it has in common with the one before it.

    Both texts together make the first again: lines that read like a mark or a heading, or begin
    with a backslash, are told behind a backslash. Marks stand only where they are shorter.
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
