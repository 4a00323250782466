"""Bounds: the scores that an episode can end with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from smartplay.core.errors import CardError


class Bounds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A least and a greatest value.

    Attributes:
        low: The least; None if unknown.
        high: The greatest; None if unknown.
        distant: Whether the greatest is so great that no score comes near it.
    """

    low: float | None = None
    high: float | None = None
    distant: bool = False

    def scaled(self, zero: float, one: float) -> Bounds:
        """The same on the scale where `zero` is 0 and `one`, which is greater, is 1."""
        low, high = (
            None if end is None else (end - zero) / (one - zero) for end in (self.low, self.high)
        )
        return Bounds(low, high, self.distant)


class CardBounds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The bounds of a game's scores, as its card declares them.

    Attributes:
        low: The least score that an episode can end with, or the name of the setting that says so.
        high: The greatest, likewise.
        steps_per_point: The fewest steps that a point takes, where a score grows with the steps:
            then an episode of fewer steps ends with fewer points, counted from 0.
        points_per_step: The most points that a step can bring, counted from 0, where no score comes
            near so many.
    """

    low: float | str | None = None
    high: float | str | None = None
    steps_per_point: Annotated[int, msgspec.Meta(ge=1)] | None = None
    points_per_step: Annotated[float, msgspec.Meta(gt=0)] | None = None

    def within(self, steps: int, settings: Mapping[str, Any]) -> Bounds:
        """The bounds of an episode of at most `steps` steps with these settings."""
        low, high = (_number(end, settings) for end in (self.low, self.high))
        if self.steps_per_point is not None:
            most = float(steps // self.steps_per_point)
            high = most if high is None else min(high, most)
        if high is None and self.points_per_step is not None:
            return Bounds(low, self.points_per_step * steps, distant=True)
        return Bounds(low, high)


def _number(end: float | str | None, settings: Mapping[str, Any]) -> float | None:
    value = settings.get(end) if isinstance(end, str) else end
    return float(value) if isinstance(value, int | float) else None


def check_bounds(where: str, bounds: CardBounds, settings: Mapping[str, Any], steps: int) -> None:
    """Make sure that a card's bounds make sense.

    Raises:
        CardError: If they do not; `where` says where they stand.
    """
    for end in (bounds.low, bounds.high):
        if isinstance(end, str) and _number(end, settings) is None:
            raise CardError(f"{where}: bounds name {end!r}, which is not a numeric setting")
    found = bounds.within(steps, settings)
    if found.low is not None and found.high is not None and not found.low < found.high:
        raise CardError(f"{where}: bounds.low must be below bounds.high")
