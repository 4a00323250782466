"""Planning: a market where things are bartered; what is wanted is 1 to 12 trades away."""

from __future__ import annotations

import random
from typing import NamedTuple

from smartplay.games.harbor.kind import MOVES, Kind, capital, shuffled

TRADERS = ("baker", "cooper", "miller", "potter", "tanner", "weaver")
THINGS = (
    "almonds", "amber", "anise", "apples", "barley", "beans", "beeswax", "bricks", "butter",
    "candles", "canvas", "cheese", "cider", "cinnamon", "clay", "cloves", "coal", "cocoa",
    "coffee", "copper", "coral", "cork", "cotton", "dates", "eels", "feathers", "felt", "figs",
    "flax", "flour", "furs", "ginger", "glass", "glue", "grapes", "hemp", "herring", "hides",
    "honey", "indigo", "ink", "iron", "ivory", "lace", "leather", "lemons", "linen", "malt",
    "marble", "mustard", "nails", "nutmeg", "oats", "olives", "onions", "paint", "paper", "pears",
    "pearls", "pepper", "pewter", "pitch", "plums", "quills", "raisins", "resin", "rice", "ropes",
    "rum", "rye", "saffron", "salt", "seeds", "silk", "silver", "soap", "sponges", "starch",
    "sugar", "tallow", "tar", "tea", "tiles", "timber", "tin", "turnips", "twine", "vinegar",
    "wheat", "wine", "wool", "yarn",
)  # fmt: skip
FAR = 12
TAKERS = 3
"""Traders who take a thing; all of them take what the sailor has."""
LINES = (
    "The {trader} gives {trades}.",
    "At the {trader}'s one gets {trades}.",
    "From the {trader}: {trades}.",
    "The {trader} barters {trades}.",
)
ASKED = (
    "A sailor has {has} and wants {wanted}. Whom does he see first?",
    "{wanted} for a sailor who has {has}: with whom does he begin?",
    "One has {has} and would like {wanted}. Who is the first trader?",
)


class Thing(NamedTuple):
    """A thing by its branch, which is the trader who begins the way to it, and its depth.

    What the sailor has is of depth 0 and belongs to no branch.
    """

    branch: int
    depth: int


HAD = Thing(0, 0)


class Market(Kind):
    """Six branches of trades that are alike, `FAR` trades deep; three sailors begin with one thing.

    Each thing can be bartered for one that lies deeper in its branch; what else is given for it
    lies in any branch and no deeper than itself. So there is one shortest way to each thing, by
    things of its own branch alone, and nothing but the way itself tells the branch of what is
    wanted from another.
    """

    actions = tuple(f"See the {trader}" for trader in TRADERS)
    values = tuple(range(1, FAR + 1))
    size = 2 + 3 * len(TRADERS) * (1 + TAKERS * FAR)
    rules = (
        "In each move you advise a sailor who has one thing and wants another. Six traders barter: "
        "each gives one thing for another as the market of the round tells, and nothing else. "
        "Right is the trader whom the sailor sees first on the shortest way from what he has to "
        "what he wants, counted in trades."
    )

    def draw(self) -> None:
        """Draw the market, and what three sailors want."""
        rng = self.rng
        things = [HAD, *(Thing(b, d) for b in range(len(TRADERS)) for d in range(1, FAR + 1))]
        named = dict(zip(things, rng.sample(range(len(THINGS)), len(things)), strict=True))
        self._trades = [
            (trader, named[given], named[things[k]])
            for k in shuffled(rng, len(things))
            for trader, given in _given(rng, things[k], things)
        ]
        self.plan = [rng.randrange(len(TRADERS)) for _ in range(MOVES)]
        depth = int(self.value)
        self._had, self._wanted = named[HAD], [named[Thing(b, depth)] for b in self.plan]
        self._forms = [rng.choice(ASKED) for _ in range(MOVES)]
        self._told = self._tell()

    def _tell(self) -> str:
        lines = []
        for trader in shuffled(self.rng, len(TRADERS)):
            trades = [
                f"{THINGS[given]} for {THINGS[taken]}"
                for k, given, taken in self._trades
                if k == trader
            ]
            form = self.rng.choice(LINES)
            lines.append(form.format(trader=TRADERS[trader], trades=", ".join(trades)))
        return "\n".join(["The market:", *lines])

    def text(self) -> str:
        """The market, and the present sailor."""
        move = len(self.done)
        wanted = THINGS[self._wanted[move]]
        asked = self._forms[move].format(has=THINGS[self._had], wanted=wanted)
        return f"{self._told}\n{capital(asked)}"

    def numbers(self) -> list[int]:
        """What the sailor has and wants, then per trade the trader, what is given, and for what."""
        trades = [number for trade in self._trades for number in trade]
        return [self._had, self._wanted[len(self.done)], *trades]


def _given(rng: random.Random, thing: Thing, things: list[Thing]) -> list[tuple[int, Thing]]:
    """Who gives what for a thing."""
    if thing == HAD:
        return [(branch, Thing(branch, 1)) for branch in range(len(TRADERS))]
    deeper = [Thing(thing.branch, thing.depth + 1)] if thing.depth < FAR else []
    others = [other for other in things if other.depth <= thing.depth and other != thing]
    given = [*deeper, *rng.sample(others, TAKERS - len(deeper))]
    return list(zip(rng.sample(range(len(TRADERS)), TAKERS), given, strict=True))
