"""An agent of your own: copy this file and change `act`.

Run it with `smartplay run agents/my_agent.py:MyAgent`.
"""

from __future__ import annotations

from smartplay import Observation


class MyAgent:
    """Repeats the action that was followed by good news, else takes the next one in the list.

    One is made per episode, so whatever it keeps in `self` is forgotten afterwards.
    """

    def __init__(self, manual: str, actions: list[str], seed: int) -> None:
        self.actions = actions
        self.choice = 0

    def act(self, observation: Observation) -> str:
        """Reply with text that names an action; `Answer: …` makes sure it is understood."""
        if not any(word in observation for word in ("won", "moved", "solved")):
            self.choice = (self.choice + 1) % len(self.actions)
        return f"Answer: {self.actions[self.choice]}"
