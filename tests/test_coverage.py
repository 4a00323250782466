"""How often intervals hold the true mean: the table of `docs/intervals.md`, measured again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.coverage import (
    HARDER,
    LAWS,
    NUMBERS,
    RETENTIONS,
    WHOLES,
    Law,
    Row,
    measure,
    retention,
    whole,
)

SAMPLES = 2000
ERROR = 0.017
"""Three standard errors of a share of 93 % in so many samples."""
MOST_ERROR = 0.0095
"""Likewise of a share of 98 %."""
LEAST_OF_OTHERS = 0.89
"""What intervals hold of laws for which they were not made, from five episodes on."""
TABLE = Path(__file__).parents[1] / "docs" / "intervals.md"


def holds(row: Row) -> None:
    """Above 98 % only where one group of equal samples less would leave less than 93 %."""
    assert row.held >= 0.93 - ERROR, row
    assert row.held <= 0.98 + MOST_ERROR or row.below < 0.93 + ERROR or lossless(row), row
    if row.episodes >= 20 and row.width is not None and (row.students or 0) >= 0.93:
        assert row.width <= 1.6


def lossless(row: Row) -> bool:
    """Of a retention of few episodes with next to no loss, even Student's hold nearly all."""
    return row.law.startswith("retention") and (row.students or 0) >= 0.97


@pytest.mark.slow
@pytest.mark.parametrize("law", LAWS, ids=lambda law: str(law.name))
def test_intervals_of_scores_keep_their_word(law: Law) -> None:
    for number in (5, 10, 20):
        holds(measure(law, number, SAMPLES))


@pytest.mark.slow
@pytest.mark.parametrize("law", HARDER, ids=lambda law: str(law.name))
def test_intervals_of_other_scores_nearly_do(law: Law) -> None:
    for number in (5, 10, 20):
        row = measure(law, number, SAMPLES)
        assert row.held >= LEAST_OF_OTHERS - ERROR, row


@pytest.mark.slow
@pytest.mark.parametrize("kind", WHOLES, ids=lambda kind: str(kind[0]))
def test_intervals_of_capabilities_keep_their_word(
    kind: tuple[str, tuple[Law, ...], tuple[int, ...]],
) -> None:
    for number in (5, 20):
        holds(whole(*kind, number, SAMPLES))


@pytest.mark.slow
@pytest.mark.parametrize("shares", RETENTIONS, ids=str)
def test_intervals_of_retentions_keep_their_word(shares: tuple[float, float, float]) -> None:
    for number in (5, 10, 20):
        holds(retention(*shares, number, SAMPLES))


def test_the_table_in_the_docs_keeps_the_word_in_every_row() -> None:
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    rows = [row for row in cells if len(row) == 6 and row[1].isdigit()]
    assert len(rows) == (len(LAWS) + len(WHOLES) + len(RETENTIONS)) * len(NUMBERS)
    for name, number, held, below, students, width in rows:
        assert float(held) >= 93, name
        row = Row(name, int(number), 0.0, 0.0, float(students) / 100 if students else None)
        assert float(held) <= 98 or float(below) < 93 or lossless(row), name
        if int(number) >= 20 and width and float(students) >= 93:
            assert float(width) <= 1.6, name


def test_the_table_of_other_laws_is_as_the_text_says() -> None:
    cells = [line.split("|")[1:-1] for line in TABLE.read_text(encoding="utf-8").splitlines()]
    rows = [row for row in cells if row and row[0].strip() in {law.name for law in HARDER}]
    assert len(rows) == len(HARDER)
    for name, *shares in rows:
        assert min(map(float, shares)) >= 100 * LEAST_OF_OTHERS, name
