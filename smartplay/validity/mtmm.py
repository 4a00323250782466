"""The multitrait-multimethod matrix of Campbell and Fiske (1959): pure functions of thresholds.

Nine traits are measured by two methods over many agents whose true thresholds are known. A trait
holds if its two measurements agree, if each agrees with the truth, and if neither goes along with
another trait.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import msgspec
import numpy as np

from smartplay.scores.intervals import Interval
from smartplay.scores.statistics import Floats

AGREE, TRUE, OFF = 0.75, 0.9, 0.2
"""At least so much must two methods agree, and a measurement with the truth; at most so much may
different traits go together."""
NORMAL = 1.959963984540054
"""The 97.5 % point of the normal distribution."""


class Trait(msgspec.Struct, frozen=True, kw_only=True):
    """What the matrix says of one capability.

    Attributes:
        capability: Its name.
        agree: Correlation of its two measurements.
        rival: The largest |r| of either measurement with a measurement of another trait.
        true: Per method, correlation of the measurement with the true threshold.
        stray: The largest |r| of either measurement with the true threshold of another trait.
        failures: What does not hold, in words; empty if all does.
    """

    capability: str
    agree: Interval
    rival: Interval
    true: list[Interval]
    stray: Interval
    failures: list[str]


class Mtmm(msgspec.Struct, frozen=True, kw_only=True):
    """A multitrait-multimethod matrix.

    Attributes:
        capabilities: The nine.
        methods: The two games.
        agents: How many agents it rests on.
        matrix: Correlations of measurements, 18 rows of 18: the nine of the first method, then
            those of the second.
        traits: Capability by capability.
    """

    capabilities: list[str]
    methods: list[str]
    agents: int
    matrix: list[list[Interval]]
    traits: list[Trait]

    @property
    def failing(self) -> dict[str, list[str]]:
        """The capabilities that fail, and why."""
        return {trait.capability: trait.failures for trait in self.traits if trait.failures}


def correlation(r: float, number: int) -> Interval:
    """An r of `number` pairs with Fisher's interval: tanh(artanh r ± 1.96 / √(number - 3))."""
    z, half = np.arctanh(np.clip(r, -1 + 1e-12, 1 - 1e-12)), NORMAL / np.sqrt(number - 3)
    return Interval(float(r), float(np.tanh(z - half)), float(np.tanh(z + half)))


def mtmm(
    capabilities: Sequence[str], methods: Sequence[str], true: Floats, measured: Floats
) -> Mtmm:
    """Work out the matrix.

    Args:
        capabilities: Names of the traits.
        methods: Names of the two methods.
        true: True thresholds, shape (agents, traits).
        measured: Measured ones, shape (2, agents, traits).
    """
    agents, number = true.shape
    both = np.hstack([measured[0], measured[1]])
    matrix = np.corrcoef(both, rowvar=False)
    with_true = np.corrcoef(np.hstack([both, true]), rowvar=False)[: 2 * number, 2 * number :]
    traits = []
    for k, capability in enumerate(capabilities):
        own = (k, k + number)
        others = [j for j in range(2 * number) if j not in own]
        rival = max((float(matrix[i, j]) for i, j in product(own, others)), key=abs)
        strays = [float(with_true[i, j]) for i in own for j in range(number) if j != k]
        trait = Trait(
            capability=capability,
            agree=correlation(float(matrix[own]), agents),
            rival=correlation(rival, agents),
            true=[correlation(float(with_true[i, k]), agents) for i in own],
            stray=correlation(max(strays, key=abs), agents),
            failures=[],
        )
        traits.append(msgspec.structs.replace(trait, failures=_failures(trait, methods)))
    return Mtmm(
        capabilities=list(capabilities),
        methods=list(methods),
        agents=agents,
        matrix=[[correlation(float(r), agents) for r in row] for row in matrix],
        traits=traits,
    )


def _failures(trait: Trait, methods: Sequence[str]) -> list[str]:
    found = []
    if trait.agree.mean < AGREE:
        found.append(f"the two methods agree by {trait.agree.shown_mean} only")
    if trait.agree.mean <= abs(trait.rival.mean):
        found.append("a measurement goes along more with another trait than with its own")
    found += [
        f"{method} agrees with the truth by {true.shown_mean} only"
        for method, true in zip(methods, trait.true, strict=True)
        if true.mean < TRUE
    ]
    if abs(trait.rival.mean) > OFF:
        found.append(
            f"a measurement goes along with that of another trait by {trait.rival.shown_mean}"
        )
    if abs(trait.stray.mean) > OFF:
        found.append(f"a measurement goes along with another trait by {trait.stray.shown_mean}")
    return found
