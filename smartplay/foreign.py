"""Judges the settings of a game that a stranger's run folder holds, before they are used."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import gymnasium as gym

from smartplay.card import GameCard
from smartplay.loading import load_object
from smartplay.text import GYM_ID, WRAPPER_SETTINGS, describer_settings

_WORD = re.compile(r"[A-Za-z0-9 _-]{0,64}")
_RESERVED = {"environment", "describer", "render_mode"}
_MOST_NUMBERS = 1000
_LARGEST, _MOST_DRAWN = 100, 100


def refused_setting(card: GameCard, settings: dict[str, Any]) -> str:
    """Why a game must not be built with settings a stranger wrote; empty if it may.

    A setting has to be one of the game's own, and plain data: numbers, words, lists of them.
    Paths, addresses and references to code are none of these.
    """
    if not settings:
        return ""
    if not card.playable:
        return "the game cannot be played in this version"
    built = gym.spec(card.id).kwargs
    known = {*built, *WRAPPER_SETTINGS, *describer_settings(load_object(built["describer"]))}
    known |= set(_defaults(built["environment"]))
    for key, value in settings.items():
        if key not in known - _RESERVED:
            return f"{key!r} is no setting of the game"
        if key == "observation" and value == "native":
            return "an agent reads no native observations"
        if value != card.settings.get(key) and not _is_plain(value):
            return f"the setting {key!r} is neither numbers nor plain words"
    return ""


def costly_setting(card: GameCard, settings: dict[str, Any]) -> str:
    """Why a game is not drawn with settings a stranger wrote; empty if it may be.

    Pictures are drawn in this process, which nobody stops when a world of nine million cells takes
    minutes. So beyond what `refused_setting` asks, there may be few numbers in a setting, and none
    far above the game's own.
    """
    reason = refused_setting(card, settings)
    if reason or not settings:
        return reason
    own = _own(card)
    for key, value in settings.items():
        most = max([_LARGEST, *map(abs, _numbers(own.get(key)))])
        numbers = list(_numbers(value))
        if len(numbers) > _MOST_DRAWN or any(abs(number) > most for number in numbers):
            return f"the setting {key!r} may ask for more than can be drawn"
    return ""


def other_engine(card: GameCard, settings: dict[str, Any]) -> str:
    """The engine that is to make a game's world, if it is not the game's own; some are servers."""
    engine = settings.get("engine")
    return "" if engine is None or engine == _own(card).get("engine") else str(engine)


def _own(card: GameCard) -> dict[str, Any]:
    """A game's settings as they are without a run's."""
    return _defaults(gym.spec(card.id).kwargs["environment"]) | card.settings


def _defaults(environment: str) -> dict[str, Any]:
    """The settings an environment's class takes, with their defaults."""
    if GYM_ID.fullmatch(environment):
        return {}
    parameters = inspect.signature(load_object(environment)).parameters
    return {name: parameter.default for name, parameter in parameters.items()}


def _numbers(value: Any) -> Iterator[int | float]:
    if isinstance(value, list | tuple):
        for item in value:
            yield from _numbers(item)
    elif isinstance(value, int | float):
        yield value


def _is_plain(value: Any, depth: int = 0) -> bool:
    if isinstance(value, list):
        few = len(value) <= _MOST_NUMBERS and depth < 3
        return few and all(_is_plain(item, depth + 1) for item in value)
    if isinstance(value, str):
        return bool(_WORD.fullmatch(value))
    return value is None or isinstance(value, bool | int | float)
