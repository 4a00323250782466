"""Agents that need no text: uniformly random play, and always the same action."""

from __future__ import annotations

import random

from smartplay.core.errors import UsageError


class RandomAgent:
    """Draws every action uniformly."""

    def __init__(self, manual: str, actions: list[str], seed: int) -> None:
        self._actions = actions
        self._random = random.Random(seed)

    def act(self, observation: str) -> str:
        """Name a random action."""
        return self._random.choice(self._actions)


class ConstantAgent:
    """Always takes the same action.

    Args:
        manual: Not read.
        actions: The actions' names.
        seed: Not used.
        action: The action's number in the list, from 1, or its name.
    """

    def __init__(self, manual: str, actions: list[str], seed: int, action: int | str = 1) -> None:
        if type(action) is int and 0 < action <= len(actions):
            action = actions[action - 1]
        if action not in actions:
            raise UsageError(f"no action {action!r}; the actions are: {', '.join(actions)}")
        self._name = str(action)

    def act(self, observation: str) -> str:
        """Name the action."""
        return self._name
