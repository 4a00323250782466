"""Instruction Following: one rule, or six that all have to be obeyed."""

from __future__ import annotations

from smartplay.games.contrast.house import DOORS, Drawn, listed, permutation

SIGNALS = (
    ("lamp", ("lit", "dark")),
    ("bell", ("ringing", "silent")),
    ("flag", ("up", "down")),
    ("gate", ("open", "shut")),
    ("clock", ("running", "stopped")),
    ("fire", ("burning", "out")),
)
ORDERS = (
    "While the {signal} is {state}, do not open the {door} door.",
    "Do not open the {door} door while the {signal} is {state}.",
    "Unless the {signal} is {state}, do not open the {door} door.",
    "Open the {door} door only if the {signal} is {state}.",
)
REMARKS = (
    "While the {signal} is {state}, the {door} door creaks a little.",
    "The {door} door creaks a little while the {signal} is {state}.",
    "Unless the {signal} is {state}, the {door} door creaks a little.",
    "The {door} door creaks only if the {signal} is {state}.",
)
BINDS_IF_TRUE = (True, True, False, False)


class Rules(Drawn):
    """Six signals and a sentence on each; three of the six rules of a hard round bind.

    Each wrong door is forbidden by exactly one rule, so the right door is found only by those who
    mind all six. In an easy round one sentence is a rule and names the right door; the others are
    remarks.
    """

    size = len(SIGNALS) * 5

    def _draw(self) -> None:
        rng = self.rng
        self.right = rng.randrange(len(DOORS))
        wrong = [door for door in range(len(DOORS)) if door != self.right]
        self._states = [rng.randrange(2) for _ in SIGNALS]
        idle = [self.right, rng.randrange(len(DOORS)), rng.randrange(len(DOORS))]
        doors = [*wrong, *idle]
        rng.shuffle(signals := list(range(len(SIGNALS))))
        forms = [rng.randrange(len(ORDERS)) for _ in SIGNALS]
        self._rules = []
        for k, (signal, form, door) in enumerate(zip(signals, forms, doors, strict=True)):
            told = self._states[signal]
            if (k < len(wrong)) != BINDS_IF_TRUE[form]:
                told = 1 - told
            self._rules.append((signal, told, form, door))
        self._order = permutation(rng, len(SIGNALS))
        self._single = rng.randrange(len(SIGNALS))

    def _sentence(self, place: int, rule: int) -> str:
        signal, state, form, door = self._rules[rule]
        name, states = SIGNALS[signal]
        if self.hard:
            kind, template = "Rule", ORDERS[form]
        elif place == self._single:
            state, door = self._states[signal], self.right
            kind, template = "Rule", "While the {signal} is {state}, open only the {door} door."
        else:
            kind, template = "Remark", REMARKS[form]
        told = template.format(signal=name, state=states[state], door=DOORS[door])
        return f"{kind}: {told}"

    def manual(self, rounds: str) -> str:
        """The rules of the rules."""
        rules = "any rule of the round" if self.hard else "the rule of the round"
        return (
            f"{rounds} In each round you choose one of four doors, and one of them is right: the "
            f"only one that can be opened without breaking {rules}. A remark is no rule."
        )

    def text(self) -> str:
        """The six signals and a sentence on each."""
        signals = [
            f"the {name} is {states[state]}"
            for (name, states), state in zip(SIGNALS, self._states, strict=True)
        ]
        sentences = [self._sentence(place, rule) for place, rule in enumerate(self._order)]
        return "\n".join([f"Now {listed(signals)}.", *sentences])

    def numbers(self) -> list[int]:
        """Six states (0 or 1), then per sentence: signal, state, door and form.

        The form is that of `ORDERS`; 4 stands for "open only", -1 for a remark.
        """
        found = list(self._states)
        for place, rule in enumerate(self._order):
            signal, state, form, door = self._rules[rule]
            if not self.hard and place == self._single:
                state, form, door = self._states[signal], len(ORDERS), self.right
            elif not self.hard:
                form = -1
            found += [signal, state, door, form]
        return found
