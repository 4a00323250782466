"""Text from outside is shown as it is, or by number; it never steers what shows it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartplay.core import printable

HARMFUL = {
    "escape": "\x1b",
    "C1 control": "\x9b",
    "bell": "\x07",
    "override": "\u202e",
    "isolate": "\u2067",
    "zero width": "\u200b",
    "soft hyphen": "\xad",
    "byte order mark": "\ufeff",
    "tag": "\U000e0041",
    "surrogate": "\ud800",
    "private": "\ue000",
    "unassigned": "\u0378",
    "Hangul filler": "\u3164",
    "half-width filler": "\uffa0",
    "Braille blank": "\u2800",
    "grapheme joiner": "\u034f",
    "null note head": "\U0001d159",
}


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "Grüße, e\u0301",
        "你好、世界",
        "שלום",
        "سلام",
        "हिन्दी",
        "한국어",
        "👍🏽 ❤\ufe0f",
        "⠓⠑⠇",
        "a  b",
    ],
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert printable.line(text) == printable.block(text) == text
    assert printable.is_clean(text)
    assert not printable.is_blank(text)


@pytest.mark.parametrize("character", HARMFUL.values(), ids=HARMFUL)
def test_what_cannot_be_seen_is_shown_by_its_number(character: str) -> None:
    text = f"a{character}b"
    number = f"a\u27e8{ord(character):04X}\u27e9b"
    assert printable.line(text) == printable.block(text) == number
    assert not printable.is_clean(text)


def test_breaks_make_no_line_of_their_own() -> None:
    for end in ("\n", "\r\n", "\v", "\f", "\x1c", "\x85", "\u2028", "\u2029"):
        assert printable.line(f"{end}name {end} other: verified{end}") == "name other: verified"
    assert printable.line("tab\there, and\xa0a hard\u3000space") == "tab here, and a hard space"
    assert printable.block("a\n\tb\rc") == "a\n\tb\u27e8000D\u27e9c"


def test_a_line_has_a_bound() -> None:
    assert printable.line("x" * 3_000_000) == "x" * (printable.LINE - 3) + "..."
    assert printable.line("\x1b" * 3_000_000, 40)[-3:] == "..."
    assert printable.line("x" * 40, 40) == "x" * 40


@pytest.mark.parametrize(
    "name", ["", " ", "\u3164", "\u2800\u2800", "\u115f \u1160", "\u0301", "\n"]
)
def test_a_name_of_which_nothing_is_seen_is_blank(name: str) -> None:
    assert printable.is_blank(name)


@given(st.text(st.characters(exclude_categories=[]), max_size=50), st.integers(10, 60))
def test_any_text_is_one_bounded_line_and_stays_so(text: str, most: int) -> None:
    line = printable.line(text, most)
    assert line.isprintable()
    assert len(line) <= most
    assert printable.line(line, most) == line
