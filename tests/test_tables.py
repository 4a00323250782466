"""Tables in a terminal: as much of them as there is room for, words and intervals whole."""

from __future__ import annotations

import pytest

from smartplay.cli.output import print_table
from smartplay.report.tables import Table

HEADER = ("Game", "Score", "Random", "Normalised", "Over chance")
ROWS = [
    ("BanditTwoArmedHighLowFixed-v0", "24.9 [22.1, 27.9]", "25.0", "0.554 [0.490, 0.619]", "0.00"),
    ("Hanoi3Disk-v0", "0.90 [0.35, 1.66]", "0.84", "0.30 [0.12, 0.55]", "0.03"),
]


def shown(width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    monkeypatch.setattr("smartplay.cli.output.PIPED_WIDTH", width)
    print_table("Games", HEADER, ROWS)
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= width
    return text


@pytest.mark.parametrize("width", [100, 80, 72, 60, 50, 31])
def test_what_is_shown_is_whole(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = shown(width, monkeypatch, capsys)
    table, _, missing = text.partition("No room here for: ")
    left_out = " ".join(missing.split()).split(", ") if missing else []
    kept = len(HEADER) - len(left_out)
    assert list(HEADER[kept:]) == left_out, "from the right"
    for row in ROWS:
        for cell in row[:kept]:
            mean, _, ends = cell.partition(" ")
            assert mean in table
            assert ends in table, "an interval is not broken"


def test_with_room_every_row_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = shown(120, monkeypatch, capsys).splitlines()
    assert len(lines) == 2 + len(ROWS)
    assert "No room" not in lines[-1]


def test_columns_that_say_nothing_are_left_out() -> None:
    table = Table("T", "about", ("Game", "Human", "Steps", "Price"), [("a", "-", "3", "-")], 3)
    assert table.filled() == Table("T", "about", ["Game", "Steps"], [("a", "3")], 2)
    assert Table("T", "", ("Game", "Human"), [("-", "-")], 2).filled().header == ["Game"]
