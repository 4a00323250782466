"""Makes text from outside safe to show: only this module decides what a reader sees of it.

Agents, games, services and untrusted folders may send any character: some move a terminal's
cursor, turn writing around, or show nothing at all. What cannot be seen is shown by its number,
such as `⟨202E⟩`; ordinary text of any script stays as it is.
"""

from __future__ import annotations

import re
import unicodedata

LINE = 300
"""The most characters of a name, a label or a short message."""
TEXT = 4000
"""The most characters of a longer explanation on one line."""
BLANK = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0\U00016fe4\U0001d159"
)
"""Characters that count as letters, marks or symbols, and show nothing."""
_BREAK = re.compile("[\t-\r\x1c-\x1f\x85\u2028\u2029]+")
_SPACE = re.compile("[\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_UNSEEN = ("Zs", "Mn", "Me")


def plural(number: int, name: str) -> str:
    """A number of things: `1 episode`, `2 episodes`."""
    return f"{number} {name}{'' if number == 1 else 's'}"


def is_seen(character: str) -> bool:
    """Whether a character is shown as itself, or is a space."""
    if character in BLANK:
        return False
    return character.isprintable() or unicodedata.category(character) == "Zs"


def is_clean(text: str) -> bool:
    """Whether a text is one line of which all is shown as it is."""
    return all(map(is_seen, text))


def is_blank(text: str) -> bool:
    """Whether nothing of a text can be seen."""
    return not any(is_seen(c) and unicodedata.category(c) not in _UNSEEN for c in text)


def block(text: str) -> str:
    """A text of several lines; tabs and newlines stay."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c in "\n\t" or is_seen(c) else f"\u27e8{ord(c):04X}\u27e9" for c in text)


def line(text: str, most: int = LINE) -> str:
    """A text as one line of printable characters.

    Args:
        text: The text; breaks in it become spaces.
        most: The most characters; what is longer is cut.
    """
    start = _SPACE.sub(" ", text[: 2 * most + 1])
    if _BREAK.search(start):
        start = " ".join(filter(None, (part.strip() for part in _BREAK.split(start))))
    shown = block(start)
    cut = len(shown) > most or len(text) > 2 * most + 1
    return f"{shown[: most - 3]}..." if cut else shown
