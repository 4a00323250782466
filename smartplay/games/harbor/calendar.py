"""Reasoning: the days of events, told by other events; the asked one is some facts away."""

from __future__ import annotations

from smartplay.games.harbor.kind import MOVES, Kind, capital, shuffled

DAYS = ("Anchorday", "Bellday", "Crabday", "Driftday", "Eelday", "Foamday")
EVENTS = (
    "auction", "ball", "banquet", "bazaar", "blessing", "bonfire", "breakfast", "chess match",
    "choir practice", "christening", "circus", "concert", "contest", "debate", "dog show", "drill",
    "eclipse", "exhibition", "fair", "farewell", "feast", "fencing match", "flea market",
    "funeral", "harvest", "holiday", "inspection", "jubilee", "launch", "lecture", "lottery",
    "parade", "picnic", "play", "procession", "puppet show", "regatta", "rehearsal", "sale",
    "sermon", "supper", "swimming race", "trial", "tug of war", "unveiling", "visit", "wedding",
)  # fmt: skip
LONGEST = 12
SPANS = ("", "one day", "two days", "three days")
LATER = (
    "The {a} is {span} after the {b}.",
    "{Span} after the {b} comes the {a}.",
    "The {b} is followed by the {a} {span} later.",
    "The {a} takes place {span} later than the {b}.",
)
EARLIER = (
    "The {a} is {span} before the {b}.",
    "{Span} before the {b} comes the {a}.",
    "The {a} precedes the {b} by {span}.",
    "The {a} takes place {span} earlier than the {b}.",
)
SAME = (
    "The {a} is on the same day as the {b}.",
    "The {a} and the {b} share a day.",
    "On the day of the {b} comes the {a}.",
    "The {a} takes place on the day of the {b}.",
)
ROOTS = ("The {a} is on {day}.", "{day} is the day of the {a}.", "The {a} takes place on {day}.")


class Calendar(Kind):
    """Three chains of twelve facts from one event whose day is told; all are told in any order.

    A step along a chain moves the day by any number of the six with the same chance, so whoever
    misses one fact of the way knows nothing of the day.
    """

    actions = DAYS
    values = tuple(range(1, LONGEST + 1))
    size = 4 * MOVES * LONGEST + 3
    rules = (
        f"A week in this harbor has six days, {', '.join(DAYS)}, and then begins anew. In each "
        "move you name the day of the week on which the event that is asked for takes place. Count "
        "on from the last day of the week to the first, and back from the first to the last."
    )

    def draw(self) -> None:
        """Draw the chains; link k of chain c is the event c * LONGEST + k."""
        rng, number = self.rng, MOVES * LONGEST
        names = rng.sample(range(len(EVENTS)), number + 1)
        self._root, self._day = names.pop(), rng.randrange(len(DAYS))
        self._asked = [names[c * LONGEST + int(self.value) - 1] for c in range(MOVES)]
        self._facts, self.plan = [], []
        for chain in range(MOVES):
            before, day = self._root, self._day
            for place, event in enumerate(names[chain * LONGEST : (chain + 1) * LONGEST], start=1):
                step = rng.randrange(len(DAYS))
                day = (day + step) % len(DAYS)
                if rng.random() < 0.5:
                    fact = (event, before, step)
                else:
                    fact = (before, event, -step % len(DAYS))
                self._facts.append((*fact, rng.randrange(len(SAME))))
                before = event
                if place == self.value:
                    self.plan.append(day)
        self._order = shuffled(rng, len(self._facts))
        sentences = [_fact(*self._facts[k]) for k in self._order]
        root = rng.choice(ROOTS).format(a=EVENTS[self._root], day=DAYS[self._day])
        sentences.insert(rng.randrange(len(sentences) + 1), root)
        self._told = " ".join(sentences)

    def text(self) -> str:
        """The facts and the question."""
        asked = EVENTS[self._asked[len(self.done)]]
        return f"{self._told} On which day is the {asked}?"

    def numbers(self) -> list[int]:
        """Per fact: event, other event, days from that to it, form; the known event, day; asked."""
        facts = [number for k in self._order for number in self._facts[k]]
        return [*facts, self._root, self._day, self._asked[len(self.done)]]


def _fact(event: int, other: int, step: int, form: int) -> str:
    """That `event` is `step` days after `other`, in the week's round."""
    forms, days = (LATER, step) if step < 3 or (step == 3 and form < 2) else (EARLIER, 6 - step)
    span = SPANS[days]
    template = forms[form] if step else SAME[form]
    return template.format(a=EVENTS[event], b=EVENTS[other], span=span, Span=capital(span or " "))
