"""Action sets, and replies with what they mean: what the tests of the parser share."""

from __future__ import annotations

import pytest

from smartplay.parsing import Cause, Parsed

BANDIT = ["Pull slot machine 1", "Pull slot machine 2"]
TWELVE = [f"Pull slot machine {arm}" for arm in range(1, 13)]
RPS = ["Rock", "Paper", "Scissors"]
RODS = [("A", "B"), ("A", "C"), ("B", "A"), ("B", "C"), ("C", "A"), ("C", "B")]
HANOI = [f"Move the top disk of rod {a} to the top of rod {b}" for a, b in RODS]
SHORT = [f"{a} to {b}" for a, b in RODS]
ARROWS = [f"{a}->{b}" for a, b in RODS]
GRID = ["Move North", "Move East", "Move South", "Move West", "Do Nothing"]
CRAFTER = [
    "Noop",
    "Move West",
    "Move East",
    "Move North",
    "Move South",
    "Do",
    "Sleep",
    "Place Stone",
    "Place Table",
    "Place Furnace",
    "Place Plant",
    "Make Wood Pickaxe",
    "Make Stone Pickaxe",
    "Make Iron Pickaxe",
    "Make Wood Sword",
    "Make Stone Sword",
    "Make Iron Sword",
]
NUMBERS = ["1", "2", "3"]
NESTED = ["Do", "Do Nothing", "Do Nothing Else"]
SIGNS = ["-1", "0", "+1", "1"]
SYMBOLS = ["<", ">", "^", "v"]
TWINS = ["go", "GO", "Go!", "stay"]
ACTION_SETS = [BANDIT, TWELVE, RPS, HANOI, SHORT, ARROWS, GRID, CRAFTER, NUMBERS, NESTED, SIGNS]

EMPTY, TRUNCATED = Cause.EMPTY, Cause.TRUNCATED
UNPARSABLE, AMBIGUOUS = Cause.UNPARSABLE, Cause.AMBIGUOUS

Cases = list[tuple[list[str], str, str | Cause]]


def named(parsed: Parsed, actions: list[str]) -> str | Cause:
    """The action's name or the cause, for a message that can be read."""
    if parsed.cause is not None:
        assert parsed.action is None
        return parsed.cause
    assert parsed.action is not None
    return actions[parsed.action]


def by_rule(rules: dict[str, Cases]) -> pytest.MarkDecorator:
    """One test for each reply, named after the rule that decides what it means."""
    return pytest.mark.parametrize(
        ("actions", "reply", "expected"),
        [
            pytest.param(*case, id=f"{rule}: {case[1][:60]!r}")
            for rule, cases in rules.items()
            for case in cases
        ],
    )
