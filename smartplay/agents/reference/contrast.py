"""Reads Four Doors, all nine kinds of it at every level, with one mind.

The agent does not know which setting it plays. It looks for whatever forms of sentences a round
holds and thinks about what it finds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from smartplay.agents.reference import contrast_reading as reading
from smartplay.agents.reference import contrast_thinking as think
from smartplay.agents.reference.faculties import Faculties, Mind, Task, reaching
from smartplay.cards.capabilities import Capability

WITHOUT: dict[str, Faculties] = {
    "inferences": {Capability.REASONING: reaching(think.boxes, 1)},
    "rules": {Capability.INSTRUCTION_FOLLOWING: reaching(think.rules, 1)},
    "lookahead": {Capability.PLANNING: reaching(think.rooms, 1)},
    "names": {Capability.GENERALIZATION: think.in_company},
    "odds": {Capability.UNDERSTANDING_THE_ODDS: think.largest_prize},
    "checking": {Capability.ERROR_HANDLING: reaching(think.log, 0)},
    "axes": {Capability.SPATIAL_REASONING: reaching(think.walk, 0)},
}


class ContrastReader:
    """Reads rounds, and remembers what came of practice.

    Args:
        manual: The rules, and the story if there is one.
        actions: Names of the actions.
    """

    def __init__(self, manual: str, actions: list[str]) -> None:
        self.round = ""
        self._actions = {name.split()[-2]: name for name in actions}
        self._doors = tuple(self._actions)
        self._ring = reading.ring(manual, self._doors)
        self._story = manual.partition("\n\n")[2].partition("\n\n")[2]
        self._heard: list[tuple[str, dict[str, int]]] = []

    def read(self, observation: str) -> Task | None:
        """What the round demands, by the forms of its sentences."""
        before, _, now = observation.rpartition("Round ")
        self.round = now.partition(".")[0]
        heard = reading.bells(before)
        if heard is not None:
            self._heard.append(heard)
        forms: dict[Capability, Callable[[], Any]] = {
            Capability.LONG_TEXT_UNDERSTANDING: lambda: self._sign(now),
            Capability.LEARNING_FROM_INTERACTIONS: lambda: self._mask(now),
            Capability.REASONING: lambda: reading.boxes(now),
            Capability.INSTRUCTION_FOLLOWING: lambda: reading.rules(now, self._ring),
            Capability.PLANNING: lambda: reading.rooms(now, self._doors),
            Capability.GENERALIZATION: lambda: reading.call(now, self._doors, self._ring),
            Capability.UNDERSTANDING_THE_ODDS: lambda: reading.offers(now, self._doors),
            Capability.ERROR_HANDLING: lambda: reading.log(now),
            Capability.SPATIAL_REASONING: lambda: reading.walk(now),
        }
        for capability, told_by in forms.items():
            if told := told_by():
                return Task(capability, told)
        return None

    def _sign(self, now: str) -> reading.Story | None:
        shown = reading.sign(now)
        if not shown or "keeper" in now:
            return None
        return reading.Story(self._story, self._doors, shown)

    def _mask(self, now: str) -> reading.Lesson | None:
        shown = reading.sign(now)
        if not shown or "keeper" not in now:
            return None
        return reading.Lesson(self._heard, self._ring, shown, reading.pointed(now))

    def action(self, task: Task, value: Any) -> str | None:
        """The action that chooses a door."""
        return self._actions.get(value)


class ContrastReference(Mind):
    """Remembers what hangs or belongs where, and works out the rest in each round.

    Args:
        manual: The rules.
        actions: Names of the actions.
        seed: Decides guesses, where nothing is known.
        without: The faculty that is missing; empty for none. Then it

            - `inferences`: follows one fact only;
            - `rules`: obeys the first rule only;
            - `lookahead`: looks one move ahead only;
            - `names`: knows words in the company only in which it was shown them;
            - `odds`: compares prizes without their odds;
            - `checking`: knows of errors only what it is told;
            - `axes`: sees one axis only, so it never turns.
    """

    title = "Four Doors"
    faculties = tuple(WITHOUT)

    def __init__(self, manual: str, actions: list[str], seed: int, without: str = "") -> None:
        faculties = {**think.FACULTIES, **WITHOUT.get(without, {})}
        super().__init__(ContrastReader(manual, actions), actions, seed, faculties)
