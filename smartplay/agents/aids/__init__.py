"""Aids: filters that do one thing for an agent, to see what it lacks.

An aid reads what the agent reads (manual, actions, observations) and nothing else. It ends an
observation with a line such as `Hint (map): …`, and adds nothing where it has nothing to say. There
is one aid per capability, and a placebo, which says as much and helps nothing.

```
notes      what an aid has read so far
general    what can be told of any game
small messenger crafter biome    what can be told of single games
```
"""

from __future__ import annotations

import re

import msgspec

from smartplay.agents.aids.biome import BIOME
from smartplay.agents.aids.crafter import CRAFTER
from smartplay.agents.aids.general import GENERAL
from smartplay.agents.aids.messenger import MESSENGER
from smartplay.agents.aids.notes import Notes, Tellers
from smartplay.agents.aids.small import SMALL
from smartplay.agents.context import Observation
from smartplay.agents.wrappers import Filter
from smartplay.cards.capabilities import Capability
from smartplay.core.errors import known_name

GAMES: dict[str, Tellers] = SMALL | {
    "Messenger": MESSENGER,
    "Crafter": CRAFTER,
    "Finding a biome": BIOME,
}
"""The aids' words on single games, by the manual's title; `GENERAL` is for all others."""


class AidFilter(Filter):
    """An aid at work in one episode.

    Args:
        aid: The aid.
        actions: Names of the actions.
    """

    def __init__(self, aid: Aid, actions: list[str]) -> None:
        super().__init__(actions)
        self._aid = aid
        self._notes = Notes("", actions)
        self._hint = ""

    def manual(self, text: str) -> str:
        """Read it, and let it pass."""
        self._notes = Notes(text, self.actions)
        return text

    def observation(self, seen: Observation) -> Observation:
        """Add a hint, the same one again after an invalid reply."""
        if not seen.complaint or not self._notes.seen:
            self._notes.add(re.sub(r"\nHint \(\w+\): .*", "", seen.text))
            told = self._aid.tell(self._notes)
            self._hint = f"\nHint ({self._aid.name}): {told}" if told else ""
        text = seen.text + self._hint
        return Observation(text, seen.history, seen.complaint, seen.image) if self._hint else seen


class Aid(msgspec.Struct, frozen=True):
    """Help that an agent can get.

    Attributes:
        name: What the command line calls it.
        summary: What it tells.
        capability: The capability that it replaces; None for the placebo.
    """

    name: str
    summary: str
    capability: Capability | None = None

    def tell(self, notes: Notes) -> str:
        """What it says about the present; empty for nothing."""
        teller = GAMES.get(notes.title, {}).get(self.name) or GENERAL.get(self.name)
        return teller(notes) if teller else ""

    def filter(self, actions: list[str]) -> Filter:
        """The aid for one episode."""
        return AidFilter(self, actions)


AIDS: tuple[Aid, ...] = (
    Aid("excerpt", "the parts of the manual that matter now", Capability.LONG_TEXT_UNDERSTANDING),
    Aid("conclusions", "what follows from several facts together", Capability.REASONING),
    Aid("rules", "the instructions that apply now", Capability.INSTRUCTION_FOLLOWING),
    Aid("subgoal", "what to bring about next", Capability.PLANNING),
    Aid("glossary", "unknown names in terms of known ones", Capability.GENERALIZATION),
    Aid("odds", "chances, worked out from the history", Capability.UNDERSTANDING_THE_ODDS),
    Aid("digest", "what each action has brought so far", Capability.LEARNING_FROM_INTERACTIONS),
    Aid("check", "whether the last action had its effect", Capability.ERROR_HANDLING),
    Aid("map", "where things are, with coordinates", Capability.SPATIAL_REASONING),
)
"""One per capability, in the order of the capabilities."""

PLACEBO = Aid("placebo", "as many words, which help nothing")


def find_aid(name: str) -> Aid:
    """The aid of that name.

    Raises:
        UnknownNameError: If there is none.
    """
    known = {aid.name: aid for aid in (*AIDS, PLACEBO)}
    return known[known_name("aid", name, known)]
