"""The manual: how the world works, in our own voice and always true, then the reports."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from smartplay.core.printable import plural
from smartplay.games.messenger import deal
from smartplay.games.messenger.corpus import Lookup
from smartplay.games.messenger.world import World

TITLE = "Messenger"
REPORTS = "Reports:"
"""The line after which each line is a report."""

UNTOLD_MOVEMENT = 0.15
"""Probability that a report of level 2 does not tell the movement."""

_WORDING = (
    "The others look like a dog, a ship or the like, and are listed by their plain names. Looks do "
    "not tell roles, which are dealt anew in every game: the reports at the end of this manual "
    "do, in many different words for the same look, the same role or the same way of moving."
)
_MOVING = (
    "In each step you move one square north, south, west or east, or do nothing. A move that would "
    "lead off the grid leaves you where you are."
)
_SEEING = (
    "You always see everyone on the grid. A distance in steps is the number of squares north or "
    "south plus the number of squares west or east. A direction such as north-east only says that "
    "someone is both north and east of you."
)
_PACE = """In the same step, just before you, the others move, each in its own way:
- Some chase you: they go half a square closer to where you are.
- Some flee from you: they go half a square farther away from where you are.
- Some never move.
The movers go straight north, south, west or east. Where two or more directions serve, \
chance decides. One that would leave the grid stays where it is for that step. Someone who stands \
between squares is listed on the square to the north or west."""
_TOUCH_END = (
    "You touch someone when your square and theirs overlap, even by a part. If you touch several "
    "at once, all of it counts, and the rewards are added up. The game ends when you die or reach "
    "the goal with the message."
)
_SCORE = "Your score is the reward of your last step."


def head(level: int, steps: int | None) -> str:
    """The manual without its reports.

    Args:
        level: 1, 2 or 3.
        steps: The step limit, or None where there is none.
    """
    number = "There is no limit to your steps."
    if steps is not None:
        number = f"You have {plural(steps, 'step')}."
    return "\n\n".join([TITLE, *_HEADS[level](), f"{number} {_SCORE}", _REPORTS[level]])


def reports(world: World, lookup: Lookup, rng: Random) -> list[str]:
    """Draw the reports of an episode, in random order.

    On level 1 half of the reports say that nothing moves; on level 2 some do not tell the movement.
    On level 3 all do, the decoys are described as enemies, and a false lead gives the enemy's
    look another role and another movement.
    """
    beings = world.beings
    facts = [(being.name, "enemy" if being.is_decoy else being.role) for being in beings]
    told = [_told(being.movement, world.level, rng) for being in beings]
    drawn = [
        rng.choice(lookup(*fact, movement)) for fact, movement in zip(facts, told, strict=True)
    ]
    if world.level == 3:
        enemy = beings[0]
        role = rng.choice(("message", "goal"))
        movement = rng.choice([m for m in deal.MOVEMENTS if m != enemy.movement])
        drawn.append(rng.choice(lookup(enemy.name, role, movement)))
    rng.shuffle(drawn)
    return drawn


def _told(movement: str, level: int, rng: Random) -> str:
    untold = (0.5, UNTOLD_MOVEMENT, 0.0)[level - 1]
    return deal.UNKNOWN if rng.random() < untold else movement


def _head_1() -> list[str]:
    return [
        "You are a messenger on a grid of 10 by 10 squares. Three others are on it with you: one "
        "is your enemy, one keeps a message, and one is the goal, which is to get the message.",
        _WORDING,
        "At the start, each of the others is two squares away from you: one of the four squares "
        "two north, two south, two west and two east of you stays empty. They never move. With "
        "a chance of one in five you start with the message already in hand; your observation "
        "says so.",
        _MOVING,
        """You touch someone by moving onto their square, and the first touch ends the game:
- Without the message, touch the one who keeps the message: you take it, win, and your reward is 1.
- With the message in hand, touch the goal: you win, and your reward is 1.
- Any other touch kills you: that of the enemy, that of the goal without the message, and that of \
the one who keeps the message when you already have it. Your reward is then -1.
All other steps have the reward 0.""",
        _SEEING,
    ]


def _head_2() -> list[str]:
    return [
        "You are a messenger on a grid of 10 by 10 squares. Three others are on it with you: one "
        "is your enemy, one keeps a message, and one is the goal. Take the message, then bring it "
        "to the goal.",
        _WORDING,
        "At the start, you and the others stand on the four squares where the third and the eighth "
        "row cross the third and the eighth column, in random order. You do not have the message.",
        f"{_MOVING} {_PACE}",
        _touches("The enemy kills you"),
        _SEEING,
    ]


def _head_3() -> list[str]:
    return [
        "You are a messenger on a grid of 10 by 10 squares. Five others are on it with you. Take "
        "the message from the one who keeps it, then bring it to the one who is the goal. The "
        "other three are enemies, and two of these are decoys: one looks just like the one who "
        "keeps the message, the other just like the goal. A decoy never moves in the same way as "
        "the one it looks like, and that is how to tell them apart.",
        _WORDING,
        "At the start, you and the others stand on six squares in random order. Counting columns "
        "from the west and rows from the north, they are: column 3, row 2; column 9, row 2; column "
        "6, row 5; column 2, row 7; column 10, row 7; column 6, row 10. You do not have the "
        "message.",
        f"{_MOVING} {_PACE}",
        _touches("An enemy, decoy or not, kills you"),
        _SEEING,
    ]


def _touches(enemy: str) -> str:
    """What a touch does where the message is to be taken and brought."""
    return f"""What a touch does:
- {enemy}: reward -1.
- The goal kills you as long as you do not have the message: reward -1.
- From the one who keeps the message you take it: reward 0.5. The keeper then vanishes.
- The goal, with the message in hand, is your success: reward 1.
All other steps have the reward 0. {_TOUCH_END}"""


_HEADS: dict[int, Callable[[], list[str]]] = {1: _head_1, 2: _head_2, 3: _head_3}
_REPORTS = {
    1: f"There is one report about each of the three, and all of them are true.\n\n{REPORTS}",
    2: f"There is one report about each of the three, and all of them are true.\n\n{REPORTS}",
    3: "There are six reports. Five are true, one about each of the five others; one is false. "
    f"Which one, you have to find out.\n\n{REPORTS}",
}
