"""Instruction Following: of twelve rules, 1 to 12 have to be obeyed."""

from __future__ import annotations

from smartplay.games.contrast.house import DOORS, RING, Kind, along, shuffled

SENTENCES = 12
SIGNALS = (
    ("lamp", ("lit", "dark")), ("bell", ("ringing", "silent")), ("flag", ("up", "down")),
    ("gate", ("open", "shut")), ("clock", ("running", "stopped")), ("fire", ("burning", "out")),
    ("kettle", ("hot", "cold")), ("curtain", ("drawn", "parted")), ("floor", ("wet", "dry")),
    ("barrel", ("full", "empty")), ("mirror", ("clean", "dusty")), ("table", ("laid", "bare")),
    ("guard", ("awake", "asleep")), ("road", ("busy", "quiet")), ("pump", ("working", "broken")),
    ("oven", ("warm", "cool")),
)  # fmt: skip
OTHERS = ("cup", "cat", "dog", "hen", "hat", "jug", "pot", "toy", "rug", "box")
MOVES = ("stay where it is", "go one door on", "go two doors on", "go one door back")
"""What a rule may ask for; the place in the tuple is the number of doors along the ring."""
FORMS = (
    "If the {signal} is {state}, the {thing} has to {move}; if it is {other}, it has to {instead}.",
    "While the {signal} is {state}, the {thing} must {move}; while it is {other}, {instead}.",
    "The {thing} is to {move} when the {signal} is {state}, but to {instead} when it is {other}.",
    "Let the {thing} {move} if the {signal} is {state}, and {instead} if the {signal} is {other}.",
    "When the {signal} is {state}, let the {thing} {move}; when it is {other}, let it {instead}.",
    "The {thing} must {move} while the {signal} is {state}, and {instead} while it is {other}.",
)


class Rules(Kind):
    """A sentence on each of twelve signals, each with one move for either state.

    The moves add up and each is as likely as another, so who leaves one rule out knows nothing.
    The rules for other things than the key are of the same form.
    """

    values = tuple(range(1, SENTENCES + 1))

    def _draw(self) -> None:
        rng = self.rng
        start = rng.randrange(len(DOORS))
        self.right = start
        now, sentences = [], []
        for place, (signal, states) in enumerate(rng.sample(SIGNALS, SENTENCES)):
            state = rng.randrange(2)
            move = rng.randrange(len(MOVES))
            instead = along(move, rng.randrange(1, len(MOVES)))
            binds = place < self.value
            if binds:
                self.right = along(self.right, move)
            now.append(f"the {signal} is {states[state]}")
            branches = shuffled(rng, [(states[state], move), (states[1 - state], instead)])
            sentences.append(
                rng.choice(FORMS).format(
                    signal=signal,
                    thing="key" if binds else rng.choice(OTHERS),
                    state=branches[0][0],
                    move=MOVES[branches[0][1]],
                    other=branches[1][0],
                    instead=MOVES[branches[1][1]],
                )
            )
        self._text = "\n".join(
            [
                f"The key begins at the {DOORS[start]} door. Now {', '.join(shuffled(rng, now))}.",
                *shuffled(rng, sentences),
            ]
        )

    def manual(self, rounds: str) -> str:
        """The rules of the rules."""
        return (
            f"{rounds} Right is the door at which the key ends up when you obey every rule for the "
            f"key. Rules for other things do not move it. The doors stand in a ring: {RING}; on "
            "means along it, back against it."
        )

    def text(self) -> str:
        """The key's door, the signals, and a sentence on each."""
        return self._text
