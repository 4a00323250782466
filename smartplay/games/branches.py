"""Places in branches that are alike, for games of planning.

Every place has one way deeper into its branch; its other ways lead to places of any branch that are
no deeper than itself. So there is one shortest way to each place, through its own branch alone, and
nothing but the way itself tells its branch from another.
"""

from __future__ import annotations

import random
from typing import NamedTuple

FAR = 12
"""Steps to the end of a branch."""


class Place(NamedTuple):
    """A place by its branch, which is the first step of the way to it, and its depth.

    The start has depth 0 and belongs to no branch.
    """

    branch: int
    depth: int


START = Place(0, 0)


def places_of(branches: int) -> list[Place]:
    """The start, and the places of all branches."""
    return [START, *(Place(b, d) for b in range(branches) for d in range(1, FAR + 1))]


def ways_from(rng: random.Random, place: Place, places: list[Place], number: int) -> list[Place]:
    """Where so many ways lead from a place other than the start, the one deeper first."""
    deeper = [Place(place.branch, place.depth + 1)] if place.depth < FAR else []
    others = [other for other in places if other.depth <= place.depth and other != place]
    return [*deeper, *rng.sample(others, number - len(deeper))]
