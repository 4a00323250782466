"""Messenger in words: the manual with its reports, and what happens on the grid."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

from smartplay.games.base import Describer, Description, Truth, Turn
from smartplay.games.messenger import manual
from smartplay.games.messenger.corpus import corpus
from smartplay.games.messenger.env import MessengerEnv
from smartplay.games.messenger.world import SIZE, Being, Contact, World

ACTIONS = ("Move North", "Move South", "Move West", "Move East", "Do Nothing")
_OUTCOMES = (
    "You moved one square north.",
    "You moved one square south.",
    "You moved one square west.",
    "You moved one square east.",
    "You stayed where you were.",
)
_BLOCKED = "The edge of the grid kept you where you were."


class MessengerText(Describer[MessengerEnv]):
    """Puts Messenger into words.

    Args:
        env: The native environment.
        texts: A JSON file of entity → role → movement → sentences to draw the reports from, or a
            folder with one for each split; None for our own.
    """

    actions = ACTIONS
    truth: Truth | None = "agreement"
    KEPT = ("_heads", "_lookup", "_movements", "_names")

    def __init__(self, env: MessengerEnv, texts: str | Path | None = None) -> None:
        super().__init__(env)
        self.truth = "right" if env.level == 1 else "agreement"
        self._lookup = corpus(env.split, texts)
        self._heads: dict[int | None, str] = {}
        self._steps: int | None = None
        self._names: dict[str, str] = {}
        self._movements: dict[str, str] = {}

    def best_actions(self) -> frozenset[int] | None:
        """On level 1, where nobody moves, the first moves of the shortest ways to the right one."""
        return self._world.shortest_moves() if self._world.level == 1 else None

    def manual(self, steps: int | None) -> str:
        """The rules, then the reports of this episode."""
        world = self._world
        self._steps = steps
        self._names = {being.role: _label(being) for being in world.beings}
        self._movements = {being.role: being.movement for being in world.beings}
        if steps not in self._heads:
            self._heads = self._heads | {steps: manual.head(world.level, steps)}
        told = manual.reports(world, self._lookup, Random(self.env.text_seed))
        return "\n- ".join([self._heads[steps], *told])

    def describe(self, turn: Turn) -> Description:
        """What the last action did, whether the agent has the message, and who is where."""
        world = self._world
        lines = []
        if turn.action is not None:
            lines.append(self._outcome(world, turn.action, turn.step))
            lines.extend([_contact(world, contact) for contact in world.contacts])
        if world.over:
            lines.append("The game is won." if world.won else "You died. The game is lost.")
        elif turn.step == self._steps:
            lines.append("Your steps are used up. The game is over.")
        if world.alive:
            lines.append(_HELD if world.has_message else _NOT_HELD)
        lines.append(_in_view(world))
        return Description("\n".join(lines), turn.reward, world.won, self._state(world, turn.total))

    @property
    def _world(self) -> World:
        world = self.env.world
        assert world is not None, "call reset first"
        return world

    def _outcome(self, world: World, action: int, step: int) -> str:
        limit = f"Step {step}" if self._steps is None else f"Step {step} of {self._steps}"
        outcome = _BLOCKED if world.blocked else _OUTCOMES[action]
        return f"{limit}. You chose: {ACTIONS[action]}. {outcome}"

    def _state(self, world: World, total: float) -> dict[str, Any]:
        cells = {"agent": [world.x // 2, world.y // 2]}
        lattice = {"agent": [world.x, world.y]}
        for being in world.beings:
            name, x, y = self._names[being.role], being.x, being.y
            cells[name] = [x // 2, y // 2]
            lattice[name] = [x, y]
        return {
            "return": total,
            "roles": self._names.copy(),
            "movements": self._movements.copy(),
            "cells": cells,
            "lattice": lattice,
        }


_HELD, _NOT_HELD = "You have the message.", "You do not have the message."


def _label(being: Being) -> str:
    """A name that no other being of the episode has."""
    return f"{being.name} decoy" if being.is_decoy else being.name


def _place(dx: int, dy: int) -> tuple[int, str]:
    distance = abs(dx) + abs(dy)
    if not distance:
        return 0, "on your square"
    vertical = "north" if dy < 0 else "south" if dy > 0 else ""
    horizontal = "west" if dx < 0 else "east" if dx > 0 else ""
    way = "-".join(part for part in (vertical, horizontal) if part)
    return distance, f"{distance} {'step' if distance == 1 else 'steps'} to the {way}"


_REACH = range(1 - SIZE, SIZE)
_PLACES = {(dx, dy): _place(dx, dy) for dx in _REACH for dy in _REACH}


def _in_view(world: World) -> str:
    x, y = world.x // 2, world.y // 2
    seen = []
    for being in world.beings:
        distance, place = _PLACES[being.x // 2 - x, being.y // 2 - y]
        seen.append((distance, being.name, place))
    seen.sort()
    return "\n".join(["You see:", *[f"- {name}, {place}" for _, name, place in seen]])


def _contact(world: World, contact: Contact) -> str:
    name, role = contact.being.name, contact.being.role
    if contact.kind == "reached":
        return f"You came to the {name}, the goal, with the message."
    if contact.kind == "taken":
        if world.alive:
            return f"You touched the {name} and took the message."
        return f"You touched the {name}, the one who kept the message."
    if role == "goal":
        return f"You touched the {name}, the goal, without the message."
    if role == "message":
        return f"You touched the {name}, the one who keeps the message, with it already in hand."
    kind = "a decoy" if contact.being.is_decoy else "an enemy"
    return f"You touched the {name}, {kind}."
