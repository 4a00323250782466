"""Thinking for Doing: from who saw what moved, choose whom to tell.

Each of three people needs one of two things, and has last seen both somewhere. Every one of them is
mistaken about exactly one of the two. Who needs what is drawn after what happened, in such a way
that each of the four answers is equally likely whatever happened, and also whatever is needed: only
who puts the two together knows anything.

The task is that of Zhou et al. 2023 (arXiv 2310.03051). There, only false beliefs were converted,
so that whoever left first was always the answer. No story or word of it or its sources is used.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple

from smartplay.games.rounds import Round, RoundsEnv, RoundsText

PEOPLE = ("baker", "painter", "piper")
CARETAKER = len(PEOPLE)
NOBODY = len(PEOPLE)
BOXES = ("chest", "basket", "cupboard", "trunk", "drawer", "barrel", "crate", "locker", "hamper",
         "bin")  # fmt: skip
THINGS = ("lamp", "map", "ladle", "compass", "whistle", "hammer", "candle", "umbrella", "kettle",
          "brush", "ruler", "bell", "sponge", "needle", "mirror", "flute", "sieve", "chisel",
          "lantern", "scarf")  # fmt: skip
ROOMS = ("pantry", "workshop", "hall", "attic", "cellar", "library", "barn", "porch", "kitchen",
         "study")  # fmt: skip
MOVES = (2, 3)
"""How often each of the two things is moved."""
BACK_AGAIN = 0.6
"""The chance that a thing is moved back to where it was before, which makes beliefs true again."""
MOVED = (
    "{who} moved the {thing} from the {old} to the {new}.",
    "{who} took the {thing} out of the {old} and put it into the {new}.",
    "the {thing} was moved from the {old} to the {new} by {who}.",
    "into the {new} went the {thing}, which {who} had taken out of the {old}.",
)
LEFT = ("{who} left the {room}.", "{who} went out.", "out went {who}.", "{who} walked away.")
BACK = (
    "{who} came back.",
    "{who} returned to the {room}.",
    "back came {who}.",
    "{who} came in again.",
)
NEEDED = (
    "{who} will soon need the {thing}.",
    "soon {who} is going to fetch the {thing}.",
    "{who} wants to use the {thing} tonight.",
    "before long {who} will look for the {thing}.",
)


class Move(NamedTuple):
    """A thing is moved.

    Attributes:
        mover: Who moves it, a place in `PEOPLE`, or `CARETAKER`.
        thing: Which of the two, 0 or 1.
        old: The box it was in.
        new: The box it comes into.
    """

    mover: int
    thing: int
    old: int
    new: int


class Story(NamedTuple):
    """What happened, and who needs what.

    Attributes:
        start: The box of each thing at the beginning, which everyone sees.
        moves: What was moved, in order.
        present: Per person, whether they were there at each move, and at the end.
        needs: Per person, the thing they need.
    """

    start: tuple[int, int]
    moves: list[Move]
    present: list[list[bool]]
    needs: list[int]

    def places(self, person: int | None = None) -> list[int]:
        """The box in which a person believes each thing to be; None for where it is."""
        found = list(self.start)
        for number, move in enumerate(self.moves):
            if person is None or self.present[person][number]:
                found[move.thing] = move.new
        return found

    def mistaken(self, person: int) -> list[bool]:
        """Per thing, whether a person believes it to be where it is not."""
        pairs = zip(self.places(person), self.places(), strict=True)
        return [believed != true for believed, true in pairs]

    def kind(self, person: int) -> str:
        """What a person knows of the thing they need: `false` or `true` belief, or `reversed`.

        It is reversed if its last move was not seen, but it is again where it was seen last.
        """
        thing = self.needs[person]
        last = max(k for k, move in enumerate(self.moves) if move.thing == thing)
        if self.mistaken(person)[thing]:
            return "false"
        return "true" if self.present[person][last] else "reversed"

    @property
    def right(self) -> int:
        """Who is mistaken about the thing they need; `NOBODY` if no one is."""
        for person, thing in enumerate(self.needs):
            if self.mistaken(person)[thing]:
                return person
        return NOBODY


def draw_story(rng: random.Random) -> Story:
    """Draw a story; each answer is equally likely."""
    start = (rng.randrange(3), rng.randrange(3))
    moves = _moves(rng, start)
    story = Story(start, moves, [[] for _ in PEOPLE], [])
    wrong = [rng.randrange(2) for _ in PEOPLE]
    for person, thing in enumerate(wrong):
        while not story.present[person] or story.mistaken(person) != [thing == 0, thing == 1]:
            own = [move.mover == person for move in moves]
            story.present[person][:] = [rng.random() < 0.5 or moved for moved in [*own, False]]
    right = rng.randrange(len(PEOPLE) + 1)
    needs = [thing if person == right else 1 - thing for person, thing in enumerate(wrong)]
    return story._replace(needs=needs)


def _moves(rng: random.Random, start: tuple[int, int]) -> list[Move]:
    """Draw them. The caretaker makes the last move of each thing: who made it would know it."""
    left = [rng.randint(*MOVES) for _ in start]
    order = [thing for thing, number in enumerate(left) for _ in range(number)]
    rng.shuffle(order)
    places, moves = list(start), []
    before: list[int | None] = [None for _ in start]
    for thing in order:
        left[thing] -= 1
        mover = rng.randrange(len(PEOPLE) + 1) if left[thing] else CARETAKER
        old, back = places[thing], before[thing]
        other = (old + rng.randint(1, 2)) % 3
        before[thing] = old
        places[thing] = back if back is not None and rng.random() < BACK_AGAIN else other
        moves.append(Move(mover, thing, old, places[thing]))
    return moves


class T4DEnv(RoundsEnv):
    """Rounds of a story each; the right choice is whom to tell. See `RoundsEnv`."""

    ACTIONS = (*(f"Tell the {name}" for name in PEOPLE), "Tell nobody")

    @staticmethod
    def draw(rng: random.Random) -> Round:
        """Draw a story and put it into words."""
        story = draw_story(rng)
        boxes, things = rng.sample(BOXES, 3), rng.sample(THINGS, 2)
        text = " ".join(_sentences(rng, story, boxes, things))
        needs = {name: things[story.needs[k]] for k, name in enumerate(PEOPLE)}
        kinds = {name: story.kind(k) for k, name in enumerate(PEOPLE)}
        return Round(text, story.right, {"needs": needs, "kinds": kinds})


def _sentences(
    rng: random.Random, story: Story, boxes: list[str], things: list[str]
) -> Iterator[str]:
    room = rng.choice(ROOMS)
    people = [f"the {name}" for name in (*PEOPLE, "caretaker")]
    one, other = (boxes[box] for box in story.start)
    yield (
        f"At first {', '.join(rng.sample(people[:-1], len(PEOPLE)))} and the caretaker were in the "
        f"{room}, and all saw that the {things[0]} was in the {one} and the {things[1]} in the "
        f"{other}."
    )
    there = [True] * len(PEOPLE)
    for number in range(len(story.moves) + 1):
        for person in rng.sample(range(len(PEOPLE)), len(PEOPLE)):
            if there[person] != story.present[person][number]:
                there[person] = not there[person]
                form = rng.choice(BACK if there[person] else LEFT)
                yield _capital(form.format(who=people[person], room=room))
        for move in story.moves[number : number + 1]:
            words = {"thing": things[move.thing], "old": boxes[move.old], "new": boxes[move.new]}
            yield _capital(rng.choice(MOVED).format(who=people[move.mover], **words))
    for person in rng.sample(range(len(PEOPLE)), len(PEOPLE)):
        thing = things[story.needs[person]]
        yield _capital(rng.choice(NEEDED).format(who=people[person], thing=thing))


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


class T4DText(RoundsText):
    """The story in words."""

    TITLE = "Thinking for Doing"
    RULES = (
        "In each round you are told what happened in a room, and who of three people, the baker, "
        "the painter and the piper, will need which of two things. A caretaker is in the room all "
        "the time.\n\n"
        "The things lie in closed boxes, so nobody sees where a thing is, but everyone in the room "
        "sees each move that is made there. Who is out of the room learns nothing of the moves "
        "made meanwhile, not even after coming back, and nobody speaks of them. Each of the "
        "three will look for what they need where, as far as they know, it was put last.\n\n"
        "At most one of the three would look in the wrong place. You may tell one of them where "
        "things are. Right is to tell the one who would look in the wrong place for the thing they "
        "need; if none of them would, right is to tell nobody. What you choose in one round has no "
        "effect on the next, and you are not told whether it was right. Your score is the number "
        "of rounds in which you chose right."
    )
