"""Collects what an episode leaves behind while it is played: its sums and its packed steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from smartplay.models.lending import EpisodeModel
from smartplay.records import Call, EpisodeHeader, RoleUse, StepRecord, Usage
from smartplay.records.folder import Trace


class EpisodeLog:
    """Takes in the steps of an episode one by one.

    It packs each step at once: a language model's conversations are long, and a thousand episodes
    may be under way.

    Attributes:
        steps: Steps so far.
    """

    def __init__(self) -> None:
        self.steps = 0
        self._roles: dict[str, RoleUse] = {}
        self._reward = 0.0
        self._invalid: Counter[str] = Counter()
        self._rejected: Counter[str] = Counter()
        self._trace: Trace | None = None

    def begin(self, header: EpisodeHeader) -> None:
        """Begin with what the agent reads before its first action."""
        self._trace = Trace(header)

    def add(self, step: StepRecord) -> None:
        """Take in a step.

        Raises:
            TypeError: If something in the step cannot be written as JSON.
        """
        assert self._trace is not None
        self._trace.add(step)
        self.steps += 1
        self._reward += step.reward
        self._rejected.update(attempt.cause for attempt in step.attempts if attempt.cause)
        if cause := step.attempts[-1].cause:
            self._invalid[cause] += 1

    def count(self, calls: Iterable[Call]) -> None:
        """Take in calls, also those of a step that never finished."""
        for call in calls:
            before = self._roles.get(call.role, RoleUse(call.asked))
            served = f"{call.model} ({call.fingerprint})" if call.fingerprint else call.model
            self._roles[call.role] = RoleUse(
                before.model,
                before.calls + 1,
                before.usage + call.usage,
                before.reused + (call.usage if call.reused else Usage()),
                before.served if served in before.served else [*before.served, served],
            )

    def sums(self, models: Mapping[str, EpisodeModel]) -> dict[str, Any]:
        """The sums, as fields of the episode's record.

        Args:
            models: The models that were lent, for their notes.
        """
        for role in self._roles.keys() & models.keys():
            notes = list(models[role].notes)
            self._roles[role] = msgspec.structs.replace(self._roles[role], notes=notes)
        uses = self._roles.values()
        return {
            "return_": self._reward,
            "steps": self.steps,
            "invalid": dict(sorted(self._invalid.items())),
            "rejected": dict(sorted(self._rejected.items())),
            "calls": sum(use.calls for use in uses),
            "usage": sum((use.usage for use in uses), Usage()),
            "reused": sum((use.reused for use in uses), Usage()),
            "roles": dict(sorted(self._roles.items())),
        }

    def packed(self) -> bytes:
        """The steps, packed; empty if the episode never began."""
        return self._trace.packed() if self._trace else b""
