"""An agent that leaves behind what a language model leaves, good and bad, without one."""

from __future__ import annotations

import random

from smartplay.agents.context import Observation, Reply
from smartplay.records import Call, Usage

HOSTILE = (
    "</script></pre><script>window.hacked = 1</script><img src=x onerror='window.hacked = 2'>"
    "\x1b[31mred\x00 \u202egnirts {{ 7 * 7 }} ]]> <!-- &lt;b&gt;"
)


class Chatty:
    """Plays by luck, thinks aloud, now and then says nothing or something hostile, or fails."""

    def __init__(
        self, manual: str, actions: list[str], seed: int, hostile: bool = False, fails: bool = False
    ) -> None:
        self._manual, self._actions = manual, actions
        self._rng = random.Random(seed)
        self._hostile, self._fails = hostile, fails
        self._steps = 0

    def act(self, observation: Observation) -> Reply:
        """Reply with a recorded call."""
        self._steps += not observation.complaint
        if self._fails and self._steps == 4:
            raise RuntimeError(f"the service is down {HOSTILE if self._hostile else ''}")
        told = [*observation.history, str(observation)]
        page = "\n\n".join(f"Step {k}:\n{text}" for k, text in enumerate(told, self._first(told)))
        messages = [
            {"role": "system", "content": self._manual},
            {"role": "user", "content": f"{page}\n\nWhich action do you take now?"},
        ]
        text, truncated = self._words()
        size = (len(self._manual) + len(page)) // 4
        usage = Usage(size, size // 2, len(text) // 4 + 40, 40)
        thoughts = f"I have seen {len(told)} observations. Let me weigh {self._actions[0]!r}."
        call = Call(messages, text, thoughts, "length" if truncated else "stop", "chatty-1", usage)
        return Reply(text, thoughts, truncated, [call])

    def _first(self, told: list[str]) -> int:
        return self._steps - len(told)

    def _words(self) -> tuple[str, bool]:
        luck = self._rng.random()
        if luck < 0.03:
            return "", False
        if luck < 0.06:
            return "Well, let me think about this for a very long", True
        if luck < 0.09:
            return HOSTILE if self._hostile else "I would rather not.", False
        return f"It is hard to say.\nAnswer: {self._rng.choice(self._actions)}", False
