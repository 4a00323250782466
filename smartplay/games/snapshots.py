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
CONTAINERS = frozenset({dict, list, tuple})
PLAIN = frozenset({bool, bytes, float, int, str, type(None)})


class State(NamedTuple):
    """What an environment and its describer hold.

    Attributes:
        pickled: The attributes that steps change.
        generators: The states of the `random.Random` among them.
        parts: What the environment's `PARTS` gave.
        kept: The environment's attributes that hold plain values, or are named in its `KEPT`.
        told: The describer's.
    """

    pickled: bytes
    generators: tuple[Any, ...]
    parts: tuple[Any, ...]
    kept: dict[str, Any]
    told: dict[str, Any]


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
    parts = _named(native, "PARTS")
    own, kept = _parted(native, NATIVE_LASTING, parts)
    words, told = _parted(describer, DESCRIBER_LASTING, ())
    generators: list[Any] = []
    return State(
        _pickled((own, words), generators) if own or words else b"",
        tuple(generators),
        tuple([getattr(native, part).state() for part in parts]),
        kept,
        told,
    )


def set_state(native: gym.Env[Any, Any], describer: object, state: State) -> None:
    """Bring an environment and its describer into the state that `state_of` gave."""
    parts = _named(native, "PARTS")
    _restoring.generators = state.generators
    own, words = pickle.loads(state.pickled) if state.pickled else ({}, {})
    _replace(vars(native), NATIVE_LASTING.union(parts), own, state.kept)
    _replace(vars(describer), DESCRIBER_LASTING, words, state.told)
    for part, value in zip(parts, state.parts, strict=True):
        getattr(native, part).set_state(value)


def _parted(
    owner: object, lasting: frozenset[str], parts: tuple[str, ...]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What to pickle of an object's attributes, and what to hold as it is."""
    changing, kept = {}, {}
    named = _named(owner, "KEPT")
    for name, value in vars(owner).items():
        if type(value) in PLAIN or name in named:
            if name not in lasting:
                kept[name] = value
        elif name not in lasting and name not in parts:
            changing[name] = value
    return changing, kept


def _pickled(changing: tuple[dict[str, Any], ...], generators: list[Any]) -> bytes:
    """Pickle all but the states of random numbers, which go into a list."""
    if all(type(value) in CONTAINERS for part in changing for value in part.values()):
        return pickle.dumps(changing, pickle.HIGHEST_PROTOCOL)  # most likely there are none

    def reduced(generator: Random) -> tuple[Callable[[int], Random], tuple[int]]:
        generators.append(generator.getstate())
        return _generator, (len(generators) - 1,)

    pickled = BytesIO()
    pickler = pickle.Pickler(pickled, pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = {**copyreg.dispatch_table, Random: reduced}
    pickler.dump(changing)
    return pickled.getvalue()


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


def _replace(
    attributes: dict[str, Any],
    lasting: frozenset[str],
    changing: dict[str, Any],
    kept: dict[str, Any],
) -> None:
    for name in attributes.keys() - lasting - changing.keys() - kept.keys():
        del attributes[name]
    attributes.update(changing)
    attributes.update(kept)
