"""Reads Harbor Days, all nine kinds of it, with one mind.

The agent looks for the forms of sentences it knows, and does not know which kind it plays.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from smartplay.agents.reference import harbor_reading as reading
from smartplay.agents.reference import harbor_thinking as think
from smartplay.agents.reference.faculties import Mind, Task
from smartplay.cards.capabilities import Capability

_PLACE = re.compile(r"(Round \d+|Practice), move (\d+)\. ")
WITHOUT = {
    "inferences": Capability.REASONING,
    "rules": Capability.INSTRUCTION_FOLLOWING,
    "lookahead": Capability.PLANNING,
    "names": Capability.GENERALIZATION,
    "odds": Capability.UNDERSTANDING_THE_ODDS,
    "checking": Capability.ERROR_HANDLING,
    "axes": Capability.SPATIAL_REASONING,
}


class HarborReader:
    """Reads moves, and remembers what became of those of practice.

    Args:
        manual: The rules, and the log if there is one.
        actions: Names of the actions.
    """

    def __init__(self, manual: str, actions: list[str]) -> None:
        self.round, self._actions = "", actions
        self._log = reading.entries(manual.partition("The log:\n")[2])
        self._currents, self._directions = reading.currents(manual), reading.directions(manual)
        self._seen: list[tuple[str, int]] = []
        self._bird: str | None = None

    def read(self, observation: str) -> Task | None:
        """What the move demands; nothing in practice, where all is open."""
        before, place, told, now = _PLACE.split(observation, maxsplit=1)
        move = int(told) - 1
        self.round = f"{place} {move}" if place == "Practice" else place
        outcome = reading.outcome(before)
        if outcome and self._bird:
            self._seen.append((self._bird, sum(outcome) % len(self._actions)))
        self._bird = reading.bird(now)
        forms: dict[str, tuple[Capability, Callable[[], Any]]] = {
            "In which room": (Capability.LONG_TEXT_UNDERSTANDING, lambda: self._good(now)),
            "On which day": (Capability.REASONING, lambda: reading.calendar(now)),
            "called to berth": (Capability.INSTRUCTION_FOLLOWING, lambda: reading.board(now)),
            "The market:": (Capability.PLANNING, lambda: reading.market(now)),
            "Now ring": (Capability.GENERALIZATION, lambda: reading.word(now, move)),
            "From which urn": (Capability.UNDERSTANDING_THE_ODDS, lambda: reading.urns(now)),
            "went astray": (
                Capability.ERROR_HANDLING, lambda: reading.steps(now, self._currents, move)
            ),
            "starts facing": (
                Capability.SPATIAL_REASONING, lambda: reading.dive(now, self._directions)
            ),
        }  # fmt: skip
        for words, (capability, told_by) in forms.items():
            if words in now:
                return Task(capability, told_by())
        if place == "Practice":
            return None
        return Task(Capability.LEARNING_FROM_INTERACTIONS, reading.Practice(self._seen, self._bird))

    def _good(self, now: str) -> reading.Log:
        return reading.Log(*self._log, re.search(r"room is the (\w+)", now)[1])  # type: ignore[index]

    def action(self, task: Task, value: Any) -> str | None:
        """The action that gives an answer."""
        if value is None:
            return None
        names: dict[Capability, Callable[[], str]] = {
            Capability.LONG_TEXT_UNDERSTANDING: lambda: f"Look in the {value}",
            Capability.REASONING: lambda: self._later(task.told.day, value),
            Capability.INSTRUCTION_FOLLOWING: lambda: f"Berth {value % think.BERTHS + 1}",
            Capability.PLANNING: lambda: f"See the {value}",
            Capability.GENERALIZATION: lambda: f"Bell {value + 1}",
            Capability.UNDERSTANDING_THE_ODDS: lambda: f"Draw from the {value} urn",
            Capability.LEARNING_FROM_INTERACTIONS: lambda: self._actions[value],
            Capability.ERROR_HANDLING: lambda: f"Order: {value}",
            Capability.SPATIAL_REASONING: lambda: f"Point {value}",
        }
        return names[task.capability]()

    def _later(self, day: str, days: int) -> str:
        return self._actions[(self._actions.index(day) + days) % len(self._actions)]


class HarborReference(Mind):
    """Works out each move.

    Args:
        manual: The rules.
        actions: Names of the actions.
        seed: Decides guesses, where nothing is known.
        without: The faculty that is missing; empty for none. Where it is demanded, the agent
            guesses.
    """

    title = "Harbor Days"
    faculties = tuple(WITHOUT)

    def __init__(self, manual: str, actions: list[str], seed: int, without: str = "") -> None:
        missing = WITHOUT.get(without)
        faculties = {key: faculty for key, faculty in think.FACULTIES.items() if key != missing}
        super().__init__(HarborReader(manual, actions), actions, seed, faculties)
