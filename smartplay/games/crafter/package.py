"""The `crafter` package itself behind the interface of our engine.

Unpatched, the package's games differ from run to run: a chunk keeps its objects in a set, which
Python iterates in the order of memory addresses. Here the sets keep the order of insertion; that
is the canonical game. Only the environment built here is changed, never the package.
"""

from __future__ import annotations

import collections
import copy
from collections.abc import Iterator
from typing import Any

import crafter
import numpy as np
from crafter import engine, objects

from smartplay.games.crafter.rules import RIPE_PLANT
from smartplay.games.crafter.world import DIRECTIONS


class OrderedSet:
    """The part of a set that chunks use, iterated in the order of insertion."""

    def __init__(self) -> None:
        self._members: dict[Any, None] = {}

    def add(self, member: Any) -> None:
        """Add a member at the end."""
        self._members[member] = None

    def remove(self, member: Any) -> None:
        """Remove a member."""
        del self._members[member]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)


class OrderedWorld(engine.World):  # type: ignore[misc]
    """The package's world with insertion-ordered chunks."""

    def reset(self, seed: int | None = None) -> None:
        """Empty the world."""
        super().reset(seed)
        self._chunks = collections.defaultdict(OrderedSet)


def make_ordered(**settings: Any) -> crafter.Env:
    """The package's environment with insertion-ordered chunks."""
    env = crafter.Env(**settings)
    env._world.__class__ = OrderedWorld
    return env
