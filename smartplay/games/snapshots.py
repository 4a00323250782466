"""Moments of an episode that can be kept and gone back to, as tree search needs them.

A snapshot holds what steps change: the attributes of the native environment and of its describer,
pickled together, so that objects they share stay shared. What stays as it is, and what can be had
more cheaply, is left out; values that nothing changes are held as they are, and so are the states
of random numbers: pickling the 625 numbers of one takes longer than all the rest.
"""

from __future__ import annotations

import copyreg
import pickle
import threading
from collections.abc import Callable
from io import BytesIO
from random import Random
from typing import Any, NamedTuple

import gymnasium as gym

NATIVE_LASTING = frozenset(
    {"spec", "observation_space", "action_space", "render_mode", "_np_random"}
)
DESCRIBER_LASTING = frozenset({"env", "actions"})


class State(NamedTuple):
    """What an environment and its describer hold.

    Attributes:
        pickled: The attributes that steps change.
        generators: The states of the `random.Random` among them.
        parts: What the environment's `PARTS` gave.
        kept: The values of the environment's `KEPT`.
        told: The values of the describer's `KEPT`.
    """

    pickled: bytes
    generators: tuple[Any, ...]
    parts: tuple[Any, ...]
    kept: tuple[Any, ...]
    told: tuple[Any, ...]


class Snapshot(NamedTuple):
    """A moment of an episode; nothing changes it, and it can be pickled.

    Unpickle snapshots only from whom you trust, as everything that is pickled.

    Attributes:
        game: What it is a moment of: an environment, its settings and its step limit.
        random: The state of the environment's `np_random`; None if it has drawn nothing yet.
        elapsed: The steps that step limits have counted.
        text: What the text wrapper holds.
        state: What the environment and its describer hold, see `State`.
    """

    game: str
    random: Any
    elapsed: tuple[int, ...]
    text: tuple[Any, ...]
    state: State


def state_of(native: gym.Env[Any, Any], describer: object) -> State:
    """What steps change of an environment and its describer."""
    parts, kept, told = _named(native, "PARTS"), _named(native, "KEPT"), _named(describer, "KEPT")
    changing = (
        _without(NATIVE_LASTING.union(parts, kept), vars(native)),
        _without(DESCRIBER_LASTING.union(told), vars(describer)),
    )
    generators: list[Any] = []

    def reduced(generator: Random) -> tuple[Callable[[int], Random], tuple[int]]:
        generators.append(generator.getstate())
        return _generator, (len(generators) - 1,)

    pickled = BytesIO()
    pickler = pickle.Pickler(pickled, pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = {**copyreg.dispatch_table, Random: reduced}
    pickler.dump(changing)
    return State(
        pickled.getvalue(),
        tuple(generators),
        tuple([getattr(native, part).state() for part in parts]),
        tuple([getattr(native, name) for name in kept]),
        tuple([getattr(describer, name) for name in told]),
    )


def set_state(native: gym.Env[Any, Any], describer: object, state: State) -> None:
    """Bring an environment and its describer into the state that `state_of` gave."""
    parts, kept, told = _named(native, "PARTS"), _named(native, "KEPT"), _named(describer, "KEPT")
    _restoring.generators = state.generators
    own, words = pickle.loads(state.pickled)
    _replace(NATIVE_LASTING.union(parts, kept), vars(native), own)
    _replace(DESCRIBER_LASTING.union(told), vars(describer), words)
    vars(native).update(zip(kept, state.kept, strict=True))
    vars(describer).update(zip(told, state.told, strict=True))
    for part, value in zip(parts, state.parts, strict=True):
        getattr(native, part).set_state(value)


_restoring = threading.local()
"""What is being restored in this thread."""


def _generator(number: int) -> Random:
    made = Random.__new__(Random, 0)  # type: ignore[call-arg]
    made.setstate(_restoring.generators[number])
    return made


def _named(owner: object, kind: str) -> tuple[str, ...]:
    names: tuple[str, ...] = getattr(owner, kind, ())
    return names


def random_state(native: gym.Env[Any, Any]) -> Any:
    """The state of an environment's random numbers; None before it has any."""
    drawn = native._np_random
    return None if drawn is None else drawn.bit_generator.state


def set_random_state(native: gym.Env[Any, Any], state: Any) -> None:
    """Set an environment's random numbers to what `random_state` gave."""
    if state is None:
        native._np_random = None
    else:
        native.np_random.bit_generator.state = state


def _without(lasting: frozenset[str], attributes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if name not in lasting}


def _replace(lasting: frozenset[str], attributes: dict[str, Any], changing: dict[str, Any]) -> None:
    for name in attributes.keys() - lasting - changing.keys():
        del attributes[name]
    attributes.update(changing)
