"""Error/Mistake Handling: a tug's steps on slippery water, of which three went astray."""

from __future__ import annotations

from smartplay.games.harbor.kind import MOVES, Kind

STEPS = 24
ORDERS = ("north", "south", "east", "west", "wait")
MOVED = ((0, 1), (0, -1), (1, 0), (-1, 0), (0, 0))
WIDTH = 26
GUESSED = range(8, 19)
"""Among so many steps in doubt a guess at one of them would be better than chance."""
ASKED = (1, 2, 0)
"""Which of the three is to be named in each move: the second can be told once two are found."""
CHECKED = (
    "Steps {first} to {last} have not been checked yet; three of them went astray.",
    "Nobody has checked steps {first} to {last} yet, and three of them went astray.",
    "Three steps went astray, all of them among steps {first} to {last}.",
)


class Drift(Kind):
    """The orders of 24 steps and the squares after each; three of them are not where ordered.

    Only as many steps as the level says are open to doubt, and they may lie anywhere; the second of
    the three is as likely at one place as at another. All orders are given equally often. The three
    were carried out in each other's place, so neither counts of orders and moves nor the way from
    the first to the last square tell them.
    """

    actions = tuple(f"Order: {order}" for order in ORDERS)
    values = (3, 4, 5, 6, 8, 10, 12, 14, 16, 18, 21, 24)
    size = STEPS + 2 * (STEPS + 1) + 2
    rules = (
        "A tug moves on a chart of squares, columns A to Z from west to east, rows 1 to 26 from "
        "south to north. Each order moves it by one square or lets it wait, but in this current a "
        "step may go astray, and then the tug moves otherwise than ordered, or stays, or moves "
        "when it should wait; later steps go on from there. You look for the three steps that went "
        "astray and give their orders once more, one in each move: first the order of the second "
        "of the three, then that of the third, then that of the first."
    )

    def draw(self) -> None:
        """Draw the orders, where they led, and which went astray."""
        rng, doubtful = self.rng, int(self.value)
        self._first = rng.randrange(STEPS - doubtful + 1)
        while True:
            self._orders = [k % len(ORDERS) for k in rng.sample(range(STEPS + 1), STEPS)]
            second = self._first + rng.randrange(1, doubtful - 1)
            before, after = range(self._first, second), range(second + 1, self._first + doubtful)
            astray = [rng.choice(before), second, rng.choice(after)]
            plan = [self._orders[step] for step in astray]
            if len(set(plan)) < MOVES or self._tells(plan[1]):
                continue
            turn, done = rng.choice((1, 2)), list(self._orders)
            for k, step in enumerate(astray):
                done[step] = plan[(k + turn) % MOVES]
            self._squares = [(rng.randrange(8, 18), rng.randrange(8, 18))]
            for move in done:
                x, y = self._squares[-1]
                self._squares.append((x + MOVED[move][0], y + MOVED[move][1]))
            if all(0 <= part < WIDTH for square in self._squares for part in square):
                break
        self.plan = [plan[k] for k in ASKED]
        self._form = rng.randrange(len(CHECKED))

    def _tells(self, asked: int) -> bool:
        """Whether an order is among those in doubt so often, by its share, that it may be guessed.

        One case in two is let pass, so that a rare order is no better guess.
        """
        doubtful = self._orders[self._first : self._first + int(self.value)]
        often = doubtful.count(asked) * len(ORDERS) > len(doubtful)
        return often and len(doubtful) in GUESSED and self.rng.randrange(2) == 0

    def text(self) -> str:
        """Orders, squares, what is open to doubt, and the orders given again so far."""
        orders = ", ".join(f"{k} {ORDERS[order]}" for k, order in enumerate(self._orders, start=1))
        start, *after = [f"{chr(65 + x)}{y + 1}" for x, y in self._squares]
        squares = ", ".join(f"{k} {square}" for k, square in enumerate(after, start=1))
        last = self._first + int(self.value)
        checked = CHECKED[self._form].format(first=self._first + 1, last=last)
        given = ", ".join(ORDERS[order] for order in self.done)
        return (
            f"The tug began at {start}.\nOrders: {orders}.\nSquares after each: {squares}.\n"
            f"{checked} Given once more so far: {given or 'none'}."
        )

    def numbers(self) -> list[int]:
        """The orders, column and row of the squares, and the first and last step in doubt."""
        squares = [part for square in self._squares for part in square]
        return [*self._orders, *squares, self._first, self._first + int(self.value) - 1]
