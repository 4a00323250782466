"""Moments of an episode that can be kept and gone back to, as tree search needs them.

A snapshot holds what steps change: the attributes of the native environment and of its describer,
pickled together, so that objects they share stay shared. What stays as it is, and what can be had
more cheaply, is left out.
"""

from __future__ import annotations

import pickle
from typing import Any, NamedTuple

import gymnasium as gym

NATIVE_LASTING = frozenset(
    {"spec", "observation_space", "action_space", "render_mode", "_np_random"}
)
DESCRIBER_LASTING = frozenset({"env", "actions"})


class Snapshot(NamedTuple):
    """A moment of an episode; nothing changes it, and it can be pickled.

    Unpickle snapshots only from whom you trust, as everything that is pickled.

    Attributes:
        game: What it is a moment of: an environment, its settings and its step limit.
        random: The state of the environment's `np_random`; None if it has drawn nothing yet.
        elapsed: The steps that step limits have counted.
        text: What the text wrapper holds.
        state: What the environment and its describer hold, pickled.
    """

    game: str
    random: Any
    elapsed: tuple[int, ...]
    text: tuple[Any, ...]
    state: bytes


def state_of(native: gym.Env[Any, Any], describer: object) -> bytes:
    """What steps change of an environment and its describer."""
    parts = getattr(native, "PARTS", ())
    changing = (
        _without(NATIVE_LASTING.union(parts), vars(native)),
        _without(DESCRIBER_LASTING, vars(describer)),
        [getattr(native, part).state() for part in parts],
    )
    return pickle.dumps(changing, pickle.HIGHEST_PROTOCOL)


def set_state(native: gym.Env[Any, Any], describer: object, state: bytes) -> None:
    """Bring an environment and its describer into the state that `state_of` gave."""
    own, words, states = pickle.loads(state)
    parts = getattr(native, "PARTS", ())
    _replace(NATIVE_LASTING.union(parts), vars(native), own)
    _replace(DESCRIBER_LASTING, vars(describer), words)
    for part, value in zip(parts, states, strict=True):
        getattr(native, part).set_state(value)


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
