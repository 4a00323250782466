"""Instruction Following: boats go from berth to berth by standing orders, few or many of them."""

from __future__ import annotations

from smartplay.games.harbor.kind import MOVES, Kind, capital, listed, shuffled

BERTHS = 6
SIGNS = (
    ("lamp", ("lit", "dark")),
    ("flag", ("raised", "lowered")),
    ("hull", ("painted", "bare")),
    ("deck", ("wet", "dry")),
    ("anchor", ("bright", "rusty")),
    ("sail", ("patched", "new")),
    ("bell", ("ringing", "silent")),
    ("crew", ("singing", "quiet")),
    ("hold", ("full", "empty")),
    ("mast", ("bent", "straight")),
    ("rope", ("coiled", "loose")),
    ("net", ("torn", "mended")),
)
WAYS = (1, 2, 3, -2, -1)
NUMBERS = ("", "one", "two", "three")
FORMS = (
    "if the {sign} is {first}, {verb} {one}; if it is {second}, {two}.",
    "when the {sign} is {first}, {verb} {one}, and when it is {second}, {two}.",
    "{verb} {one} if the {sign} is {first}, but {two} if it is {second}.",
    "should the {sign} be {first}, {verb} {one}; should it be {second}, {two}.",
)
MOVE_FIRST = 2
"""The form that tells the move before the sign; the others tell the sign first."""


class Orders(Kind):
    """Twelve sentences on the twelve signs of a boat, as many of them orders as the level says.

    Both cases of an order move the berth, by different numbers, so each order decides; the other
    sentences are remarks of the same shape.
    """

    actions = tuple(f"Berth {k + 1}" for k in range(BERTHS))
    values = tuple(range(1, len(SIGNS) + 1))
    size = 6 * len(SIGNS) + 1
    rules = (
        "In each move a boat is called to one of six berths, which lie in a ring, berth 1 next to "
        "berth 6. You name the berth it has to go to after all orders of the round are obeyed, one "
        "after the other: on means from berth 1 to berth 2 and so on, back the other way. A remark "
        "is no order and changes nothing."
    )

    def draw(self) -> None:
        """Draw the orders, the remarks and three boats."""
        rng = self.rng
        self._order = shuffled(rng, len(SIGNS))
        ordering = set(rng.sample(range(len(SIGNS)), int(self.value)))
        forms = self._forms(ordering)
        self._rules = {}
        for sign in self._order:
            one, two = rng.sample(range(len(WAYS)), 2)
            self._rules[sign] = (int(sign in ordering), one, two, forms[sign])
        self._boats = [
            (rng.randrange(BERTHS), [rng.randrange(2) for _ in SIGNS]) for _ in range(MOVES)
        ]
        self.plan = [
            (start + sum(WAYS[self._rules[sign][1 + states[sign]]] for sign in ordering)) % BERTHS
            for start, states in self._boats
        ]

    def _forms(self, ordering: set[int]) -> list[int]:
        """A form for each sign, such that orders of one shape alone are not all orders."""
        while True:
            forms = [self.rng.randrange(len(FORMS)) for _ in SIGNS]
            if len(ordering) == 1 or len({forms[sign] == MOVE_FIRST for sign in ordering}) == 2:
                return forms

    def _sentence(self, sign: int) -> str:
        order, one, two, form = self._rules[sign]
        name, (first, second) = SIGNS[sign]
        told = FORMS[form].format(
            sign=name,
            first=first,
            second=second,
            verb="move the boat" if order else "expect the boat",
            one=_amount(one, order),
            two=_amount(two, order),
        )
        return f"{'Order' if order else 'Remark'}: {told}"

    def text(self) -> str:
        """The twelve sentences and the present boat."""
        start, states = self._boats[len(self.done)]
        signs = [
            f"the {name} is {each[state]}"
            for (name, each), state in zip(SIGNS, states, strict=True)
        ]
        lines = [self._sentence(sign) for sign in self._order]
        return "\n".join(
            [
                "On the board:",
                *lines,
                f"{capital(listed(signs))}. The boat is called to berth {start + 1}.",
            ]
        )

    def numbers(self) -> list[int]:
        """Per sentence: sign, whether it is an order, way in both cases, form; states; berth."""
        start, states = self._boats[len(self.done)]
        rules = [number for sign in self._order for number in (sign, *self._rules[sign])]
        return [*rules, *states, start]


def _amount(way: int, order: int) -> str:
    number = abs(WAYS[way])
    unit, (up, down) = ("berth", ("on", "back")) if order else ("hour", ("early", "late"))
    return f"{NUMBERS[number]} {unit}{'s' if number > 1 else ''} {up if WAYS[way] > 0 else down}"
