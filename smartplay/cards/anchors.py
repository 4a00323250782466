"""Anchors: the scores that results of a game are held against."""

from __future__ import annotations

import math
from itertools import chain
from typing import Annotated

import msgspec

from smartplay.cards.bounds import Bounds
from smartplay.core.errors import CardError

Count = Annotated[int, msgspec.Meta(ge=1)]


class Measured(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A mean score that was measured here.

    Attributes:
        mean: The mean score per episode.
        low: Lower end of the 95 % interval of the mean; None if it is unknown.
        high: Upper end; likewise.
        episodes: How many episodes were played.
    """

    mean: float
    low: float | None = None
    high: float | None = None
    episodes: Count


class GoalSteps(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many steps it takes to reach a game's goal.

    Attributes:
        mean: Mean steps of the episodes that reached it.
        solved: How many did.
        episodes: How many episodes were played.
    """

    mean: Annotated[float, msgspec.Meta(ge=0)]
    solved: Count
    episodes: Count


class Trivial(Measured, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The score of the best trivial policy, on other episodes than those that chose it.

    Attributes:
        policy: What it does.
        command: What measured it, with the version of SmartPlay; empty if it was measured on the
            spot.
    """

    policy: str
    command: str = ""


class Played(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What people score, as recorded by `smartplay play`.

    Attributes:
        mean: The mean of the players' mean scores.
        low: Lower end of the 95 % interval over players; None with a single player.
        high: Upper end; likewise.
        players: How many people.
        episodes: How many episodes they played in all.
    """

    mean: float
    low: float | None = None
    high: float | None = None
    players: Count = 1
    episodes: Count = 1


class Anchors(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The scores a result is held against, all in the game's own unit.

    Attributes:
        min: The lowest score of the scale (normalised 0).
        human: The human score (normalised 1), or None where no one has published one.
        human_source: Where the human score comes from.
        baseline: A human score of our own, from the recorded episodes in `games/`.
        optimum: The best possible expected score, where known.
        random: Uniformly random play.
        nothing: Play that always takes the card's `nothing` action.
        reference: The shipped scripted agent that reads only the text.
        reference_steps: The reference agent's steps to the goal.
        human_steps: The steps to the goal of the people in `baseline`.
        trivial: The best policy that needs no understanding, such as always the same action.
    """

    min: float = 0.0
    human: float | None = None
    human_source: str = ""
    baseline: Played | None = None
    optimum: float | None = None
    random: Measured | None = None
    nothing: Measured | None = None
    reference: Measured | None = None
    reference_steps: GoalSteps | None = None
    human_steps: GoalSteps | None = None
    trivial: Trivial | None = None

    @property
    def corrected(self) -> tuple[float, float] | None:
        """The ends of the scale from random play to the best known score, if there is one."""
        best = self.human if self.optimum is None else self.optimum
        if self.random is None or best is None or best <= self.random.mean:
            return None
        return self.random.mean, best


def check_anchors(where: str, anchors: Anchors, bounds: Bounds) -> None:
    """Make sure that the scores of a card make sense together, and within its bounds.

    Raises:
        CardError: If they do not; `where` says where they stand.
    """
    own = anchors.baseline
    means = (own, anchors.random, anchors.nothing, anchors.reference, anchors.trivial)
    measured = [each for each in means if each is not None]
    intervals = [
        [value for value in (each.low, each.mean, each.high) if value is not None]
        for each in measured
    ]
    steps = [each.mean for each in (anchors.reference_steps, anchors.human_steps) if each]
    points = [anchors.min, anchors.human, anchors.optimum, *chain(*intervals), *steps]
    if not all(point is None or math.isfinite(point) for point in points):
        raise CardError(f"{where}: anchors must be finite numbers")
    if any(interval != sorted(interval) for interval in intervals):
        raise CardError(f"{where}: a measured anchor must have low, mean, high in that order")
    for name, human in (("human", anchors.human), ("baseline", own.mean if own else None)):
        if human is not None and human <= anchors.min:
            raise CardError(f"{where}: anchors.{name} must be above anchors.min")
    low = -math.inf if bounds.low is None else bounds.low
    high = math.inf if bounds.high is None else bounds.high
    scores = [anchors.human, anchors.optimum, *(each.mean for each in measured)]
    if not all(score is None or low <= score <= high for score in scores):
        raise CardError(f"{where}: anchors must lie within the bounds, {low:g} to {high:g}")
