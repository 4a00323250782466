"""What an episode leaves behind, kept while it is played: its sums and its packed steps."""

from __future__ import annotations

from collections import Counter
from typing import Any

from smartplay.records import EpisodeHeader, StepRecord, Usage
from smartplay.run_folder import Trace


class EpisodeLog:
    """Takes in the steps of an episode one by one.

    The steps themselves go into the trace at once: a language model's conversations are long, and
    a thousand episodes may be under way.

    Attributes:
        steps: Steps so far.
    """

    def __init__(self) -> None:
        self.steps = self._calls = 0
        self._usage = self._reused = Usage()
        self._reward = 0.0
        self._invalid: Counter[str] = Counter()
        self._rejected: Counter[str] = Counter()
        self._trace: Trace | None = None

    def begin(self, header: EpisodeHeader) -> None:
        """Start with what the agent reads before its first action."""
        self._trace = Trace(header)

    def add(self, step: StepRecord) -> tuple[int, Usage]:
        """Take in a step.

        Returns:
            The calls it took, and their tokens.

        Raises:
            TypeError: If something in it cannot be written down.
        """
        assert self._trace is not None
        self._trace.add(step)
        calls = [call for attempt in step.attempts for call in attempt.calls]
        usage = sum((call.usage for call in calls), Usage())
        self.steps += 1
        self._calls += len(calls)
        self._usage += usage
        self._reward += step.reward
        self._reused = sum((call.usage for call in calls if call.reused), self._reused)
        self._rejected.update(attempt.cause for attempt in step.attempts if attempt.cause)
        if cause := step.attempts[-1].cause:
            self._invalid[cause] += 1
        return len(calls), usage

    def sums(self) -> dict[str, Any]:
        """The sums, as fields of the episode's record."""
        return {
            "return_": self._reward,
            "steps": self.steps,
            "invalid": dict(sorted(self._invalid.items())),
            "rejected": dict(sorted(self._rejected.items())),
            "calls": self._calls,
            "usage": self._usage,
            "reused": self._reused,
        }

    def packed(self) -> bytes:
        """The content of the steps file; empty if the episode never began."""
        return self._trace.packed() if self._trace else b""
