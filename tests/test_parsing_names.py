"""Names of actions, however they are spelt."""

from __future__ import annotations

from smartplay.parsing import Cause, Parsed, parse_action
from tests.replies import (
    AMBIGUOUS,
    ARROWS,
    BANDIT,
    CRAFTER,
    GRID,
    HANOI,
    NESTED,
    SHORT,
    TWELVE,
    TWINS,
    UNPARSABLE,
    Cases,
    by_rule,
    named,
)

SPELLING: Cases = [
    (SHORT, "A->B", "A to B"),
    (SHORT, "A → B", "A to B"),
    (SHORT, "a=>b", "A to B"),
    (SHORT, "A --> B.", "A to B"),
    (SHORT, "Answer: B→A", "B to A"),
    (SHORT, "I will play C->B.", "C to B"),
    (SHORT, "D to B", UNPARSABLE),
    (ARROWS, "A to B", "A->B"),
    (ARROWS, "A → B", "A->B"),
    (ARROWS, "Action => A->B", "A->B"),
    (HANOI, "Move the top disk of rod A to the top of rod B.", HANOI[0]),
    (HANOI, "move top disk of rod B to top of rod A", HANOI[2]),
    (HANOI, "I will move the top disk of rod A to the top of rod C.", HANOI[1]),
    (TWELVE, "I will pull slot machine 12.", "Pull slot machine 12"),
    (BANDIT, "I will pull slot machine 12.", UNPARSABLE),
    (BANDIT, "Pull slot machine 1.5", UNPARSABLE),
    (NESTED, "Do nothing", "Do Nothing"),
    (NESTED, "I will do nothing else.", "Do Nothing Else"),
    (CRAFTER, "I will make a stone pickaxe.", "Make Stone Pickaxe"),
    (GRID, "Ｍｏｖｅ　Ｎｏｒｔｈ", "Move North"),
    (GRID, "Move\u00a0North", "Move North"),
    (GRID, "Mo\u200bve\u00ad North\ufeff", "Move North"),
    (GRID, "Answer：‘Move North’", "Move North"),
    (GRID, "“Move North”", "Move North"),
    (GRID, "Answer: ②", "Move East"),
    (GRID, "I’ll move north.", "Move North"),
    (["Don't move", "Move"], "don’t move", "Don't move"),
    (["Don't move", "Move"], "I will move.", "Move"),
    (["St. Ives", "London"], "I choose St. Ives. London is far.", "St. Ives"),
    (TWINS, "go", "go"),
    (TWINS, "GO", "GO"),
    (TWINS, "Go!", "Go!"),
    (TWINS, "Answer: 'GO'", "GO"),
    (TWINS, "gO", AMBIGUOUS),
    (TWINS, "I choose GO now.", "GO"),
    (TWINS, "I choose gO now.", AMBIGUOUS),
    (["a", "b"], "A", "a"),
    (SHORT, "A→B→C", AMBIGUOUS),
    (SHORT, "Move A to B.", "A to B"),
    (SHORT, "I will move A to B, then A to C.", AMBIGUOUS),
]


BERTHS = [f"Berth {number}" for number in range(1, 5)]
ARMS = ["left arm", "middle arm", "right arm"]
SHORTENED: Cases = [
    (BERTHS, "Berth 1, 2 or 3", AMBIGUOUS),
    (BERTHS, "I will take Berth 1 / 2.", AMBIGUOUS),
    (BERTHS, "I choose Berth 1 and 2", AMBIGUOUS),
    (BERTHS, "Berth 1 to 3", AMBIGUOUS),
    (BERTHS, "I take Berth 1-3.", AMBIGUOUS),
    (BERTHS, "I take Berth 1 (or 2).", AMBIGUOUS),
    (BERTHS, "Berth 1 or 2.\n\nAnswer: Berth 2", "Berth 2"),
    (BERTHS, "Berth 1, 2 and 3 are full. I choose Berth 4.", "Berth 4"),
    (BERTHS, "Not Berth 1 or 2 but Berth 3", "Berth 3"),
    (BERTHS, "I could take Berth 1 - 2.", UNPARSABLE),
    (BERTHS, "Not Berth 1, 2.", UNPARSABLE),
    (BERTHS, "Berth 1, no, 2", "Berth 2"),
    (BERTHS, "Answer: Berth 1. No, wait, 2.", "Berth 2"),
    (BERTHS, "In 2 or 3 steps I take Berth 1", "Berth 1"),
    (BERTHS, "I take Berth 1, 2 hours late.", "Berth 1"),
    (BERTHS, "Berth 3 (2 hours late)", "Berth 3"),
    (HANOI, f"{HANOI[0]} or C", AMBIGUOUS),
    (SHORT, "A to B, I mean C", AMBIGUOUS),
    (GRID, "Move North, east of the tree is a cow", "Move North"),
    (GRID, "I will move north, south is blocked.", "Move North"),
    (GRID, "I'll move north - wait, no, south.", "Move South"),
    (GRID, "Move North or East", AMBIGUOUS),
    (CRAFTER, "I will place table to make wood pickaxe.", "Place Table"),
    (ARMS, "I choose the left/right arm", AMBIGUOUS),
    (ARMS, "left, middle or right arm", AMBIGUOUS),
]
# What begins like a list of shortened names, but goes on as a remark.
REMARKS: Cases = [
    (BERTHS, "I take Berth 3 [1].", "Berth 3"),
    (BERTHS, "I take Berth 3, 2/4 are full.", "Berth 3"),
    (BERTHS, "Answer: Berth 3, 4:1 odds", "Berth 3"),
    (BERTHS, "Answer: Berth 1, 2 or 3 being full", "Berth 1"),
    (BERTHS, "Answer: Berth 1, 2 and 3 are full", "Berth 1"),
    (BERTHS, "I take Berth 1, 2 and 3 are full.", "Berth 1"),
    (BERTHS, "I take Berth 4. Berth 1, 2 and 3 are full.", "Berth 4"),
    (BERTHS, "I took Berth 1. Berth 1, 2 and 3 are full, so Berth 4.", "Berth 4"),
    (GRID, "Move North - south, east: walls", "Move North"),
    (GRID, "I'll move north, east or west next.", "Move North"),
    (CRAFTER, "Make Iron Pickaxe, wood, coal and iron are ready", "Make Iron Pickaxe"),
    (CRAFTER, "Make Wood Sword, pickaxe: done", "Make Wood Sword"),
    (SHORT, "The disk is on B, A to C", "A to C"),
    (ARMS, "All right, left arm", "left arm"),
]


@by_rule({"6 spelling": SPELLING, "6 shortened": SHORTENED, "6 remarks": REMARKS})
def test_a_whole_reply_means_what_a_reader_takes_it_to_mean(
    actions: list[str], reply: str, expected: str | Cause
) -> None:
    assert named(parse_action(reply, actions), actions) == expected


def test_actions_of_the_same_name_cannot_be_told_apart_except_by_number() -> None:
    assert parse_action("Go", ["Go", "Go"]) == Parsed(None, AMBIGUOUS)
    assert parse_action("2", ["Go", "Go"]) == Parsed(1, None)
