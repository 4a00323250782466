"""Moments of an episode that can be kept and gone back to, as tree search needs them.

A snapshot holds what steps change: the attributes of the native environment and of its describer,
pickled together, so that objects they share stay shared. What stays as it is, and what can be had
more cheaply, is left out; values that nothing changes are held as they are.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from functools import lru_cache
from random import Random
from typing import Any, NamedTuple

import gymnasium as gym

NATIVE_LASTING = frozenset(
    {"spec", "observation_space", "action_space", "render_mode", "_np_random"}
)
DESCRIBER_LASTING = frozenset({"env", "actions"})
WRAPPER_LASTING = frozenset(
    {"env", "_action_space", "_cached_spec", "_metadata", "_observation_space", "_saved_kwargs"}
)
PLAIN = frozenset({bool, bytes, float, int, str, type(None)})


class Part:
    """A part of an environment, named in its `PARTS`, with random numbers of its own.

    Snapshots hold the values of its attributes as they are: a subclass replaces them and changes
    none in place, or says in `state` and `set_state` what is to be copied. They hold the generator
    as it is, too, since copying its 625 numbers takes longer than all the rest: whoever draws next
    draws from a copy.

    Args:
        rng: Draws everything.
    """

    def __init__(self, rng: Random) -> None:
        self._rng: Random | _Frozen = rng

    @property
    def rng(self) -> Random:
        """The generator, to be drawn from at once and not to be kept."""
        if isinstance(self._rng, _Frozen):
            self._rng = self._rng.copy()
        return self._rng

    def state(self) -> dict[str, Any]:
        """What a snapshot holds."""
        if not isinstance(self._rng, _Frozen):
            self._rng = _Frozen(self._rng)
        return vars(self).copy()

    def set_state(self, state: dict[str, Any]) -> None:
        """Go back to what `state` gave."""
        vars(self).clear()
        vars(self).update(state)


class _Frozen:
    """A generator that nobody draws from any more."""

    __slots__ = ("_numbers", "_rng")

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._numbers: tuple[Any, ...] | None = None

    def copy(self) -> Random:
        """One that draws the same."""
        if self._numbers is None:
            self._numbers = self._rng.getstate()
        made = Random.__new__(Random, 0)  # type: ignore[call-arg]
        made.setstate(self._numbers)
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy starts from the generator alone."""
        return _Frozen, (self._rng,)


class State(NamedTuple):
    """What an environment and its describer hold.

    Attributes:
        pickled: The attributes that steps change, those of the environment's own wrappers too.
        parts: What the environment's `PARTS` gave.
        kept: The environment's attributes that hold plain values, or are named in its `KEPT`.
        told: The describer's.
    """

    pickled: bytes
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


Wrappers = Sequence[gym.Wrapper[Any, Any, Any, Any]]


def state_of(native: gym.Env[Any, Any], describer: object, wrappers: Wrappers) -> State:
    """What steps change of an environment, its describer and the wrappers it comes in."""
    parts, *names = _names(type(native), NATIVE_LASTING)  # type: ignore[arg-type]
    own, kept = _parted(native, *names)
    _, *names = _names(type(describer), DESCRIBER_LASTING)  # type: ignore[arg-type]
    words, told = _parted(describer, *names)
    around = [
        {k: v for k, v in vars(each).items() if k not in WRAPPER_LASTING and not callable(v)}
        for each in wrappers
    ]
    some = own or words or around
    return State(
        pickle.dumps((own, words, around), pickle.HIGHEST_PROTOCOL) if some else b"",
        tuple([getattr(native, part).state() for part in parts]),
        kept,
        told,
    )


def set_state(
    native: gym.Env[Any, Any], describer: object, wrappers: Wrappers, state: State
) -> None:
    """Bring an environment and what is around it into the state that `state_of` gave."""
    parts, lasting, _ = _names(type(native), NATIVE_LASTING)  # type: ignore[arg-type]
    own, words, around = pickle.loads(state.pickled) if state.pickled else ({}, {}, [])
    for wrapper, held in zip(wrappers, around, strict=True):
        vars(wrapper).update(held)
    _replace(vars(native), lasting, own, state.kept)
    _replace(vars(describer), DESCRIBER_LASTING, words, state.told)
    for part, value in zip(parts, state.parts, strict=True):
        getattr(native, part).set_state(value)


@lru_cache
def _names(
    kind: type, lasting: frozenset[str]
) -> tuple[tuple[str, ...], frozenset[str], frozenset[str]]:
    """The `PARTS` of a class, with them what stays as it is, and its `KEPT`."""
    parts: tuple[str, ...] = getattr(kind, "PARTS", ())
    return parts, lasting.union(parts), frozenset(getattr(kind, "KEPT", ()))


def _parted(
    owner: object, lasting: frozenset[str], named: frozenset[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What to pickle of an object's attributes, and what to hold as it is."""
    changing, kept = {}, {}
    for name, value in vars(owner).items():
        if name not in lasting:
            if type(value) in PLAIN or name in named:
                kept[name] = value
            else:
                changing[name] = value
    return changing, kept


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
    for name in [*attributes]:
        if name not in kept and name not in lasting and name not in changing:
            del attributes[name]
    attributes.update(changing)
    attributes.update(kept)
