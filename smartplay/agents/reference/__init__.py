"""Scripted agents that win a game from its text alone, so the text suffices for that.

Each module here holds the agents of one family; a class's `title` is the first line of the manuals
it can read. They see what a language model sees and nothing else.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from functools import lru_cache

from smartplay.agents.context import Agent
from smartplay.core.errors import AgentError
from smartplay.core.loading import load_object
from smartplay.games.registry import cards

Maker = Callable[..., Agent]


def reference(manual: str, actions: list[str], seed: int, without: str = "") -> Agent:
    """The scripted agent for the game whose manual this is.

    Args:
        manual: The rules.
        actions: Names of the actions.
        seed: Seed of the agent.
        without: A faculty to take away from it; an agent that has no such faculty stays whole.

    Raises:
        AgentError: If no scripted agent knows the game.
    """
    title = manual.split("\n", 1)[0]
    make = reference_class(title)
    if make is None:
        known = ", ".join(sorted(_by_title()))
        raise AgentError(f"there is no reference agent for {title!r}; there is one for: {known}")
    if without in getattr(make, "faculties", ()):
        return make(manual=manual, actions=actions, seed=seed, without=without)
    return make(manual=manual, actions=actions, seed=seed)


def reference_class(title: str) -> Maker | None:
    """The scripted agent for manuals of this title, if there is one."""
    own = (each.beside(each.reference) for each in cards() if each.title == title)
    return _by_title().get(title) or next(map(load_object, filter(None, own)), None)


@lru_cache(maxsize=1)
def _by_title() -> dict[str, Maker]:
    found = {}
    for info in pkgutil.iter_modules(__path__, f"{__name__}."):
        module = importlib.import_module(info.name)
        for value in vars(module).values():
            title = getattr(value, "title", None)
            if isinstance(title, str) and value.__module__ == module.__name__:
                found[title] = value
    return found
