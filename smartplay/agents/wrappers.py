"""Agents behind filters: what stands between an agent and its game, and changes what passes.

An ablation takes something away, an aid adds something, and a variant of the prompt words the same
differently.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from smartplay.agents.context import Agent, AgentMaker, Context, Observation, Reply


class Filter:
    """Stands between an agent and its game; this base class lets everything pass.

    A run makes one per episode.

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
        """What the game gets as the reply."""
        return text

    def index(self, number: int) -> int:
        """What the game gets from an agent that replies with an action's index."""
        return number


def make_filtered(
    make: AgentMaker, filters: Sequence[Callable[[list[str]], Filter]], context: Context
) -> Agent:
    """Make an agent that plays through filters.

    Args:
        make: Makes the agent itself.
        filters: Each makes a filter from the actions' names; the one nearest to the game comes
            first.
        context: What the run gives.
    """
    made = []
    for kind in filters:
        made.append(kind(context.actions))
        manual, actions = made[-1].manual(context.manual), list(made[-1].actions)
        context = replace(context, manual=manual, actions=actions)
    # The filters keep lists of their own: an agent may spoil the one that it is given.
    return FilteredAgent(lambda: make(replace(context, actions=list(context.actions))), made)


class FilteredAgent:
    """An agent behind filters.

    Args:
        make: Makes the agent itself.
        filters: The filters; the one nearest to the game comes first.
    """

    def __init__(self, make: Callable[[], Agent], filters: list[Filter]) -> None:
        self._make, self._filters = make, filters
        self._forgets = any(each.forgets for each in filters)
        self._agent = make()

    def act(self, observation: Observation) -> Any:
        """Let the agent act on what it is shown."""
        if self._forgets and not observation.complaint:
            self._agent = self._make()
        for each in self._filters:
            observation = each.observation(observation)
        reply: Any = self._agent.act(observation)
        return self._later(reply) if inspect.isawaitable(reply) else self._filtered(reply)

    async def _later(self, reply: Any) -> Any:
        return self._filtered(await reply)

    def _filtered(self, reply: Any) -> Any:
        for each in reversed(self._filters):
            if isinstance(reply, Reply):
                reply = msgspec.structs.replace(reply, text=each.reply(reply.text))
            elif isinstance(reply, str):
                reply = each.reply(reply)
            elif isinstance(reply, int) and not isinstance(reply, bool):
                reply = each.index(reply)
        return reply
