"""Generalization: calls in an unknown language, of 1 to 12 words never heard together before."""

from __future__ import annotations

import random

from smartplay.games.contrast.house import DOORS, RING, Kind, along, shuffled

PARTS = 12
NAMES, ENDINGS = 6, PARTS - 1
EXAMPLES = (
    '"{call}" means {door}.', '"{call}" is {door}.', '{door} is called "{call}".',
    'Who says "{call}" wants {door}.', '"{call}" stands for {door}.',
    'By "{call}" {door} is meant.',
)  # fmt: skip


class Words(Kind):
    """Names for doors and words that are added to them, each shown in one example.

    What a name means and how far each added word moves it is drawn anew in each round, and each
    outcome is as likely as another.
    """

    values = tuple(range(1, PARTS + 1))

    def _draw(self) -> None:
        rng = self.rng
        words = _invented(rng, NAMES + ENDINGS)
        names, endings = words[:NAMES], words[NAMES:]
        doors = {name: rng.randrange(len(DOORS)) for name in names}
        moves = {ending: rng.randrange(len(DOORS)) for ending in endings}
        shown = {ending: rng.choice(names) for ending in endings}
        examples = [(name, doors[name]) for name in names]
        examples += [(f"{n} {e}", along(doors[n], moves[e])) for e, n in shown.items()]
        added = rng.sample(endings, int(self.value) - 1)
        heard = shown[added[0]] if len(added) == 1 else ""
        called = rng.choice([name for name in names if name != heard])
        self.right = along(doors[called], sum(moves[ending] for ending in added))
        told = [
            _sentence(rng.choice(EXAMPLES), call, DOORS[door])
            for call, door in shuffled(rng, examples)
        ]
        rest = shuffled(rng, [word for word in words if word not in (called, *added)])
        self._text = (
            f"{' '.join(told)}\nNot used now: {', '.join(rest)}.\n"
            f'The call is: "{" ".join([called, *added])}".'
        )

    def manual(self, rounds: str) -> str:
        """The rules."""
        return (
            f"{rounds} Right is the door that is called, in a language you know from examples "
            "only. The first word names a door. Each word after it moves on from there, always by "
            f"the same number of doors: {RING}. Words differ each round."
        )

    def text(self) -> str:
        """The examples and the call."""
        return self._text


def _sentence(form: str, call: str, door: str) -> str:
    return form.format(call=call, door=door.capitalize() if form[0] == "{" else door)


def _invented(rng: random.Random, number: int) -> list[str]:
    """So many different words of four letters that mean nothing."""
    words: dict[str, None] = {}
    while len(words) < number:
        one, two = rng.choices("bdfgklmnprstvz", k=2)
        words[f"{one}{rng.choice('aeiou')}{two}{rng.choice('aiou')}"] = None
    return list(words)
