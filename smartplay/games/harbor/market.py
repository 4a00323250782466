"""Planning: a market where things are bartered; what is wanted is 1 to 12 trades away."""

from __future__ import annotations

import random

from smartplay.games.branches import FAR, START, Place, places_of, ways_from
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


class Market(Kind):
    """Six branches of trades that are alike, `FAR` trades deep; three sailors begin with one thing.

    What is given for a thing is drawn as the ways of `smartplay.games.branches`, so nothing but the
    way itself tells the branch of what is wanted from another.
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
        things = places_of(len(TRADERS))
        named = dict(zip(things, rng.sample(range(len(THINGS)), len(things)), strict=True))
        self._trades = [
            (trader, named[given], named[things[k]])
            for k in shuffled(rng, len(things))
            for trader, given in _given(rng, things[k], things)
        ]
        self.plan = [rng.randrange(len(TRADERS)) for _ in range(MOVES)]
        depth = int(self.value)
        self._had, self._wanted = named[START], [named[Place(b, depth)] for b in self.plan]
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


def _given(rng: random.Random, thing: Place, things: list[Place]) -> list[tuple[int, Place]]:
    """Who gives what for a thing."""
    if thing == START:
        return [(branch, Place(branch, 1)) for branch in range(len(TRADERS))]
    given = ways_from(rng, thing, things, TAKERS)
    return list(zip(rng.sample(range(len(TRADERS)), TAKERS), given, strict=True))
