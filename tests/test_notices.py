"""Notice Board: one notice counts, and nothing but date, signature and name tells which."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

import pytest

from smartplay.agents.context import Observation
from smartplay.agents.reference import reference
from smartplay.games.notices import DOORS, NONE, NoticesEnv
from tests.small_games import make

CHANCE = 1 / (NONE + 1)
NUMBER = 4000


class Line(NamedTuple):
    day: datetime | None
    signed: bool
    thing: str
    says: int


class Board(NamedTuple):
    asked: str
    lines: list[Line]
    right: int
    premise: str


def read(text: str) -> tuple[str, list[Line]]:
    question, *lines = text.splitlines()
    noun = re.findall(r"the (\w+ \w+)(?: behind)?\?", question)[0]
    found = []
    for line in lines[1:]:
        when, signer, what = re.findall(r"^- (.+?), (\w+).*?: (.+)\.$", line)[0]
        doors = [DOORS.index(door) for door in DOORS if f"{door} door" in what]
        thing = re.findall(rf"\w+ {noun.split()[1]}", what)[0]
        day = None if when == "no date" else datetime.strptime(when, "%d %B %Y")
        found.append(Line(day, signer == "signed", thing, doors[0] if doors else NONE))
    return noun, found


@lru_cache(maxsize=1)
def boards() -> list[Board]:
    rng = random.Random(4)
    rounds = [NoticesEnv.draw(rng) for _ in range(NUMBER)]
    return [Board(*read(each.text), each.right, each.state["premise"]) for each in rounds]


@pytest.mark.slow
def test_each_answer_is_on_the_board_once_for_each_of_two_things() -> None:
    for board in boards()[:500]:
        assert len(board.lines) == 10
        things = Counter(line.thing for line in board.lines)
        assert len(things) == 2
        assert set(things.values()) == {5}
        for thing in things:
            assert {line.says for line in board.lines if line.thing == thing} == set(range(5))
        assert (board.asked not in things) == (board.premise == "never")
        days = [line.day for line in board.lines if line.day]
        assert len(set(days)) == len(days) == 8


@pytest.mark.slow
def test_answers_are_equally_likely() -> None:
    counts = Counter(board.right for board in boards())
    kinds = Counter(board.premise for board in boards())
    assert all(abs(count / NUMBER - CHANCE) < 0.03 for count in counts.values())
    for kind in ("never", "gone"):
        assert abs(kinds[kind] / NUMBER - CHANCE / 2) < 0.025


def dated(lines: list[Line]) -> list[Line]:
    return sorted([line for line in lines if line.day], key=lambda line: line.day or datetime.min)


def own(board: Board) -> list[Line]:
    return [line for line in board.lines if line.thing == board.asked] or board.lines


def common(board: Board, most: int) -> int:
    return Counter(line.says for line in own(board)).most_common()[most][0]


SHORTCUTS: dict[str, Callable[[Board], int]] = {
    "always the same door": lambda board: 0,
    "always none": lambda board: NONE,
    "first": lambda board: board.lines[0].says,
    "last": lambda board: board.lines[-1].says,
    "first on the thing": lambda board: own(board)[0].says,
    "last on the thing": lambda board: own(board)[-1].says,
    "most frequent": lambda board: Counter(line.says for line in board.lines).most_common(1)[0][0],
    "most frequent on the thing": lambda board: common(board, 0),
    "least frequent on the thing": lambda board: common(board, -1),
    "undated": lambda board: next(line.says for line in own(board) if not line.day),
    "unsigned": lambda board: next(line.says for line in own(board) if not line.signed),
    "first signed": lambda board: next(line.says for line in board.lines if line.signed),
    "last signed": lambda board: next(line.says for line in board.lines[::-1] if line.signed),
    "oldest": lambda board: dated(board.lines)[0].says,
    "none if any says so": lambda board: (
        NONE if any(line.says == NONE for line in board.lines) else 0
    ),
}

LADDER: dict[str, tuple[Callable[[Board], int], float]] = {
    # by formula: one half of the boards has a newer hearsay, one in ten a thing that never was
    "signed and dated, whichever comes first": (
        lambda board: next(line.says for line in own(board) if line.signed and line.day),
        0.9 / 3 + 0.1 * CHANCE,
    ),
    "newest": (lambda board: dated(board.lines)[-1].says, 0.34),
    "newest on the thing": (lambda board: dated(own(board))[-1].says, 0.9 * 0.5 + 0.1 * CHANCE),
    "newest signed on the thing": (
        lambda board: dated([line for line in own(board) if line.signed])[-1].says,
        0.9 + 0.1 * CHANCE,
    ),
}


def score(rule: Callable[[Board], int]) -> float:
    return sum(rule(board) == board.right for board in boards()) / NUMBER


@pytest.mark.parametrize("name", SHORTCUTS)
def test_a_shortcut_is_no_better_than_chance(name: str) -> None:
    assert score(SHORTCUTS[name]) < CHANCE + 0.05


@pytest.mark.parametrize("name", LADDER)
def test_readers_of_dates_climb_by_what_else_they_read(name: str) -> None:
    rule, expected = LADDER[name]
    assert score(rule) == pytest.approx(expected, abs=0.03)


def test_sorting_by_date_helps_a_reader_of_the_end() -> None:
    def last_of(order: Callable[[list[Line]], list[Line]]) -> float:
        return score(lambda board: order(own(board))[-1].says)

    assert last_of(lambda lines: lines) < CHANCE + 0.05
    assert last_of(lambda lines: [line for line in lines if not line.day] + dated(lines)) > 0.4
    assert last_of(lambda lines: dated(lines)[::-1]) < CHANCE + 0.05


@pytest.mark.parametrize(
    ("without", "least", "most"), [("", 1, 1), ("sources", 0.5, 0.6), ("premise", 0.75, 0.85)]
)
def test_the_reference_reads_the_text_alone(without: str, least: float, most: float) -> None:
    env = make("Notices")
    right = 0.0
    for seed in range(60):
        text, info = env.reset(seed=seed)
        player = reference(info["manual"], info["actions"], 0, without)
        over = False
        while not over:
            action = info["actions"].index(player.act(Observation(text)))
            text, reward, over, _, info = env.step(action)
            right += float(reward)
        assert info["completed"] == (info["score"] == 12)
    assert least <= right / (60 * 12) <= most
