"""Agents behind filters: what stands between an agent and its game, and changes what passes.

A lesion takes something away in this manner, a variant of the prompt tells the same differently.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from smartplay.agents.base import Agent, AgentFactory, Observation, Reply


class Filter:
    """What stands between an agent and its game; this one lets everything pass.

    Made once per episode.

    Args:
        actions: Names of the actions.

    Attributes:
        forgets: Whether the agent is made anew before each step.
    """

    forgets = False

    def __init__(self, actions: list[str]) -> None:
        self.actions = actions

    def manual(self, text: str) -> str:
        """What the agent reads as the manual."""
        return text

    def observation(self, seen: Observation) -> Observation:
        """What the agent reads as the observation."""
        return seen

    def reply(self, text: str) -> str:
        """What the game is told."""
        return text

    def index(self, number: int) -> int:
        """What the game is told by an agent that replies with an action's index."""
        return number


class LesionedFactory:
    """Makes agents that read through filters.

    Args:
        factory: Makes the whole agents.
        filters: What stands between an agent and its game, nearest to the game first.
    """

    def __init__(self, factory: AgentFactory, filters: Iterable[type[Filter]]) -> None:
        self._factory, self._filters = factory, list(filters)

    def __call__(self, manual: str, actions: list[str], seed: int) -> Agent:
        """Make the agent of one episode."""
        filters = []
        for kind in self._filters:
            filters.append(kind(actions))
            manual, actions = filters[-1].manual(manual), filters[-1].actions
        make = lambda: self._factory(manual=manual, actions=list(actions), seed=seed)  # noqa: E731
        return LesionedAgent(make, filters)

    def __getattr__(self, name: str) -> Any:
        """Everything else (`concurrency`, `aclose`, …) is the whole factory's."""
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._factory, name)


class LesionedAgent:
    """An agent behind filters.

    Args:
        make: Makes the whole agent.
        filters: What stands between it and the game, nearest to the game first.
    """

    def __init__(self, make: Callable[[], Agent], filters: list[Filter]) -> None:
        self._make, self._filters = make, filters
        self._forgets = any(kind.forgets for kind in filters)
        self._agent = make()

    def act(self, observation: Observation) -> Any:
        """Let the agent act on what it is shown."""
        if self._forgets and not observation.complaint:
            self._agent = self._make()
        for each in self._filters:
            observation = each.observation(observation)
        reply: Any = self._agent.act(observation)
        return self._later(reply) if inspect.isawaitable(reply) else self._told(reply)

    async def _later(self, reply: Any) -> Any:
        return self._told(await reply)

    def _told(self, reply: Any) -> Any:
        for each in reversed(self._filters):
            if isinstance(reply, Reply):
                reply = msgspec.structs.replace(reply, text=each.reply(reply.text))
            elif isinstance(reply, str):
                reply = each.reply(reply)
            elif isinstance(reply, int) and not isinstance(reply, bool):
                reply = each.index(reply)
        return reply
