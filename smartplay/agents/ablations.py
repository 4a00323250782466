"""Ablations: agents with one thing taken away, to see what their scores depend on.

Some ablations change what an agent reads or remembers, and fit any agent, language models too. The
others take a faculty away from the `reference` agent, whatever the game. Nine of them, one per
capability, are those of the ablation matrix (`NINE`).
"""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from smartplay.agents.context import Observation
from smartplay.agents.wrappers import Filter
from smartplay.cards.capabilities import Capability
from smartplay.core.errors import known_name

FIRST_WORDS = 60
INVENTED = (
    "blick", "dax", "fep", "glorp", "hirm", "jask", "kelf", "lome", "mib", "norg", "pell", "quist",
    "rusk", "spen", "toma", "ulb", "vask", "wug", "yalt", "zorp", "brem", "clus", "drof", "eshk",
)  # fmt: skip


class TruncatedManual(Filter):
    """Reads the first words of the manual only."""

    def manual(self, text: str) -> str:
        """Cut the manual after `FIRST_WORDS` words."""
        words = list(re.finditer(r"\S+", text))
        return text if len(words) <= FIRST_WORDS else text[: words[FIRST_WORDS - 1].end()]


class NoManual(Filter):
    """Reads the title of the manual only."""

    def manual(self, text: str) -> str:
        """Cut the manual after the first line."""
        return text.split("\n", 1)[0]


class NoHistory(Filter):
    """Remembers nothing: the agent is made anew before each step and reads no past observations."""

    forgets = True

    def observation(self, seen: Observation) -> Observation:
        """Leave the past out."""
        return Observation(seen.text, (), seen.complaint, seen.image)


class NoObservation(Filter):
    """Reads no observations."""

    def observation(self, seen: Observation) -> Observation:
        """Leave everything out but the complaint."""
        return Observation("(not shown)", (), seen.complaint)


class LateObservation(Filter):
    """Reads each observation one step late, and so does not see what its last action did."""

    def __init__(self, actions: list[str]) -> None:
        super().__init__(actions)
        self._now: Observation | None = None
        self._shown: Observation | None = None

    def observation(self, seen: Observation) -> Observation:
        """Show the previous observation; the first is shown twice."""
        if seen.complaint and self._shown is not None:
            shown = self._shown
        else:
            self._shown = shown = self._now or seen
            self._now = seen
        return Observation(shown.text, shown.history, seen.complaint, shown.image)


class MaskedNumbers(Filter):
    """Reads `#` for every number, except in the names of the actions."""

    def manual(self, text: str) -> str:
        """Mask numbers."""
        return re.sub(r"\d+(\.\d+)?", "#", text)

    def observation(self, seen: Observation) -> Observation:
        """Mask numbers, in the past as well."""
        return _map(seen, self.manual)


class Renamed(Filter):
    """Reads invented words, everywhere the same, for those that tell the actions apart.

    The manual and the observations still show what the words stand for. So an agent loses nothing
    but what it took from the usual meaning of the names.
    """

    def __init__(self, actions: list[str]) -> None:
        named = [set(_words(name)) for name in actions]
        common = set.intersection(*named) if named else set()
        telling = dict.fromkeys(
            word for name in actions for word in _words(name) if word not in common
        )
        taken = {word for words in named for word in words}
        free = [word for word in _invented(len(telling) + len(taken)) if word not in taken]
        self._there = dict(zip(telling, free, strict=False))
        self._back = {new: old for old, new in self._there.items()}
        super().__init__([_replace(name, self._there) for name in actions])

    def manual(self, text: str) -> str:
        """Rename everything but the title."""
        title, line, rest = text.partition("\n")
        return title + line + _replace(rest, self._there)

    def observation(self, seen: Observation) -> Observation:
        """Rename, in the past as well."""
        return _map(seen, lambda text: _replace(text, self._there))

    def reply(self, text: str) -> str:
        """Translate the names back."""
        return _replace(text, self._back)


class Ablation(msgspec.Struct, frozen=True):
    """Something that can be taken away from an agent.

    Attributes:
        name: What the command line calls it.
        summary: What an agent with it does, in words.
        filter: What it puts between agent and game; None if it takes away a faculty of the
            reference agent.
        faculty: The faculty of the `reference` agent that it takes away; empty if none.
        capability: The capability it stands for in the ablation matrix, if for any.
    """

    name: str
    summary: str
    filter: type[Filter] | None = None
    faculty: str = ""
    capability: Capability | None = None


ABLATIONS: tuple[Ablation, ...] = (
    Ablation("truncate-manual", f"reads the first {FIRST_WORDS} words of the manual only",
           TruncatedManual, capability=Capability.LONG_TEXT_UNDERSTANDING),
    Ablation("one-inference", "follows one inference only",
           faculty="inferences", capability=Capability.REASONING),
    Ablation("first-rule", "knows the first rule only",
           faculty="rules", capability=Capability.INSTRUCTION_FOLLOWING),
    Ablation("one-move", "looks one move ahead only",
           faculty="lookahead", capability=Capability.PLANNING),
    Ablation("usual-names", "knows words only in the company in which it was shown them",
           faculty="names", capability=Capability.GENERALIZATION),
    Ablation("prizes-only", "compares prizes without their odds",
           faculty="odds", capability=Capability.UNDERSTANDING_THE_ODDS),
    Ablation("no-history", "forgets earlier rounds",
           NoHistory, capability=Capability.LEARNING_FROM_INTERACTIONS),
    Ablation("no-checking", "does not look whether its action worked",
           faculty="checking", capability=Capability.ERROR_HANDLING),
    Ablation("one-axis", "sees one axis only",
           faculty="axes", capability=Capability.SPATIAL_REASONING),
    Ablation("no-manual", "reads the title of the manual only", NoManual),
    Ablation("no-observation", "reads no observations", NoObservation),
    Ablation("late-observation", "reads each observation one step late", LateObservation),
    Ablation("mask-numbers", "reads # for every number", MaskedNumbers),
    Ablation("rename", "reads invented words for those that tell the actions apart", Renamed),
)  # fmt: skip
NINE: tuple[Ablation, ...] = tuple(
    ablation for ablation in ABLATIONS if ablation.capability is not None
)


def find_ablation(name: str) -> Ablation:
    """The ablation of that name.

    Raises:
        UnknownNameError: If there is none.
    """
    known = {ablation.name: ablation for ablation in ABLATIONS}
    return known[known_name("ablation", name, known)]


def _map(seen: Observation, change: Callable[[str], str]) -> Observation:
    past = [change(text) for text in seen.history]
    return Observation(change(seen.text), past, seen.complaint, seen.image)


def _words(text: str) -> list[str]:
    """Its words of two letters or more, in lower case."""
    return [word.lower() for word in re.findall(r"[A-Za-z]{2,}", text)]


def _invented(number: int) -> list[str]:
    """`number` invented words; pairs are joined when the single ones are used up."""
    pairs = (first + second for first in INVENTED for second in INVENTED)
    return [*INVENTED, *(next(pairs) for _ in range(max(0, number - len(INVENTED))))]


def _replace(text: str, words: dict[str, str]) -> str:
    """Replace whole words, whatever their case; a capital at the beginning stays one."""

    def new(found: re.Match[str]) -> str:
        word = words.get(found[0].lower())
        if word is None:
            return found[0]
        return word.capitalize() if found[0][0].isupper() else word

    return re.sub(r"[A-Za-z]{2,}", new, text)
